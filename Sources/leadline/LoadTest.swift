internal import ArgumentParser
internal import Dispatch
internal import Foundation
internal import LeadClient
internal import LeadTable
internal import LeadTypes
internal import LoadGenerator
internal import Synchronization

/// What `leadline bench load` does, from the schema to the report.
struct LoadTest {
    private static let madeUpLeadsMin = 4_096
    private static let rateFirst = 1_000.0
    /// What a rate that holds must do besides keeping its goal: a part of the requests may fail, and few may be left over.
    private static let failedShareMax = 0.001
    private static let achievedShareMin = 0.97

    private let command: BenchLoad
    private let interruption: LoadInterruption
    private let started = ISO8601DateFormatter().string(from: Date())
    private let environment = LoadEnvironment.here(version: Leadline.configuration.version)

    init(_ command: BenchLoad, interruption: LoadInterruption) {
        self.command = command
        self.interruption = interruption
    }

    func run() throws {
        let mix = try command.batches()
        let description = try describe()
        let (leads, origin) = try leads(for: ScoreTarget(description), mix)
        var plan = LoadPlan(
            server: command.server,
            tls: command.access.tls,
            pace: command.concurrency.map { .closed(inFlight: $0) }
                ?? .open(rate: command.rate ?? Self.rateFirst, arrivals: command.arrivals.pattern),
            mix: mix,
            messages: try leads.messages(for: mix)
        )
        plan.connections = command.connectionCount
        plan.threads = command.threads
        plan.warmupSeconds = try command.seconds("--warmup", command.warmup, least: 0)
        plan.durationSeconds = try command.seconds("--duration", command.duration, least: 0)
        plan.deadlineNanoseconds = try command.deadlineNanoseconds()
        plan.timeoutNanoseconds = try command.timeoutNanoseconds()
        plan.seed = command.seed
        plan.verifies = command.verify
        if let admin = command.admin, let every = try command.reloadSeconds() {
            plan.reload = try ReloadPlan(
                admin: admin,
                tls: command.access.tls,
                model: description.name,
                everySeconds: every
            )
        }

        let measure = { (plan: LoadPlan) throws -> (LoadReport, LatencyHistogram) in
            let outcome = try LoadRun.run(plan, interruption: interruption, onSecond: progress())
            let setup = LoadReport.Setup(plan, leads: leads, modelVersion: description.version, origin: origin)
            let report = LoadReport(
                outcome,
                setup: setup,
                goal: try command.goal(),
                environment: environment,
                started: started
            )
            return (report, outcome.figures.latency)
        }
        let (report, latency) = try command.findRate ? search(plan, measure) : measure(plan)
        try write(report, latency)
        try judge(report)
    }

    /// Asks the server for the model.
    private func describe() throws -> ModelDescription {
        let (server, access) = (command.server, command.access)
        let client = try LeadClient(LeadClientConfiguration(server: server, tls: access.tls))
        defer { client.close() }
        let answer = Answer()
        // A command that waits for signals is no task itself: this thread is the one that blocks them.
        Task {
            do {
                let description = try await client.schema(of: try await access.model(on: client, at: server))
                answer.give(.success(description))
            } catch {
                answer.give(.failure(error))
            }
        }
        while true {
            if let result = answer.take(withinMilliseconds: 20) { return try result.get() }
            if interruption.isRequested { throw Failure("ended before anything was measured") }
        }
    }

    /// A description on its way from a task.
    private final class Answer: Sendable {
        private let result = Mutex<Result<ModelDescription, any Error>?>(nil)
        private let isThere = DispatchSemaphore(value: 0)

        func give(_ result: Result<ModelDescription, any Error>) {
            self.result.withLock { $0 = result }
            isThere.signal()
        }

        func take(withinMilliseconds time: Int) -> Result<ModelDescription, any Error>? {
            isThere.wait(timeout: .now() + .milliseconds(time)) == .success ? result.withLock { $0 } : nil
        }
    }

    /// Leads to send, and where they are from.
    private func leads(for target: ScoreTarget, _ mix: BatchMix) throws -> (LoadLeads, origin: String) {
        let largest = mix.parts.map(\.rows).max() ?? 1
        guard largest <= target.rowsMax else {
            throw Failure("batches of \(largest): the server takes at most \(target.rowsMax) leads in a message")
        }
        let asOfDays = (Date().timeIntervalSince1970 / 86_400).rounded(.down)
        let (columns, count): ([[Double]], Int)
        let origin: String
        if let path = command.leads {
            let table = try LeadTable(path: path)
            guard table.rowCount > 0 else { throw Failure("\(path) has no leads; leave it out to have some made up") }
            (columns, count) = (try target.columns(of: table), table.rowCount)
            origin = "\(grouped(count)) leads of \(path)"
        } else {
            count = max(Self.madeUpLeadsMin, min(target.rowsMax, 4 * largest))
            columns = MadeUpLeads(target.schema, count: count, asOfDays: asOfDays, seed: command.seed).columns
            origin = "\(grouped(count)) leads made up from the schema, seed \(command.seed)"
        }
        let deadline = try command.deadlineNanoseconds().map { UInt32(clamping: $0 / 1_000) } ?? 0
        let leads = LoadLeads(
            columns: columns,
            count: count,
            model: target.model,
            fingerprint: target.schema.fingerprint,
            asOfDays: asOfDays,
            deadlineMicroseconds: deadline
        )
        return (leads, origin)
    }

    private func progress() -> (LoadSecond) -> Void {
        guard command.progress || isatty(2) == 1 else { return { _ in } }
        return { writeToStandardError(LoadReportText.progress($0) + "\n") }
    }

    /// Searches the largest rate that holds; its report is the result.
    private func search(
        _ plan: LoadPlan,
        _ measure: (LoadPlan) throws -> (LoadReport, LatencyHistogram)
    ) throws -> (LoadReport, LatencyHistogram) {
        var search = RateSearch(from: command.rate ?? Self.rateFirst)
        var best: (report: LoadReport, latency: LatencyHistogram)?
        var steps: [LoadReport.Step] = []
        while let rate = search.next, !interruption.isRequested {
            var plan = plan
            plan.pace = .open(rate: rate, arrivals: command.arrivals.pattern)
            let (report, latency) = try measure(plan)
            if report.wasInterrupted { break }
            let reasons = reasonsAgainst(report)
            search.note(reasons.isEmpty)
            if reasons.isEmpty { best = (report, latency) }
            steps.append(
                LoadReport.Step(
                    rate: rate,
                    held: reasons.isEmpty,
                    reasons: reasons,
                    isDoubtful: !report.doubts.isEmpty
                )
            )
            writeToStandardError(LoadReportText.step(steps.count, report, reasons) + "\n")
        }
        guard let best else {
            let tried =
                steps.last.map { "not even \(LoadReportText.rate($0.rate)) requests/s hold" } ?? "nothing was measured"
            throw Failure("\(tried): \(steps.last?.reasons.joined(separator: "; ") ?? "ended early")")
        }
        var report = best.report
        if steps.contains(where: { $0.rate == search.failed && $0.isDoubtful }) {
            report.doubts.append("at the next larger rate the generator itself was too slow: the server may do more")
        }
        report.search = steps
        return (report, best.latency)
    }

    /// Why a rate does not hold; empty if it does.
    private func reasonsAgainst(_ report: LoadReport) -> [String] {
        var reasons = report.goalMissed.map { "\($0) is missed" }
        if Double(report.failed) > Self.failedShareMax * Double(report.intended) {
            reasons.append("\(grouped(Int(report.failed))) of \(grouped(Int(report.intended))) requests failed")
        }
        if report.achievedRate < Self.achievedShareMin * report.offeredRate {
            reasons.append("only \(LoadReportText.rate(report.achievedRate)) requests/s were answered")
        }
        return reasons
    }

    private func write(_ report: LoadReport, _ latency: LatencyHistogram) throws {
        try printText(LoadReportText(report).text)
        if let json = command.json { try writeWholeFile(json, try LoadReportFile.bytes(report)) }
        if let html = command.html { try writeWholeFile(html, Array(LoadReportPage(report).html.utf8)) }
        if let hgrm = command.hgrm { try writeWholeFile(hgrm, Array(latency.text.utf8)) }
    }

    /// Whether the command did what it was to do.
    private func judge(_ report: LoadReport) throws {
        if report.measuredSeconds == 0 { throw Failure("ended before anything was measured") }
        if report.nothingWorked {
            let kinds = report.errors.sorted { $0.value > $1.value }.map { "\($0.key) \(grouped(Int($0.value)))" }
            throw Failure(
                "no request was well answered: \(kinds.isEmpty ? "none was sent" : kinds.joined(separator: ", "))"
            )
        }
        if !report.goalMissed.isEmpty { throw Failure("--slo is missed: \(report.goalMissed.joined(separator: ", "))") }
    }
}

/// Reports as files.
enum LoadReportFile {
    static func bytes(_ report: LoadReport) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(report)) + [UInt8(ascii: "\n")]
    }

    /// Reads a report.
    /// - Throws: ``Failure`` that names the file and what is wrong with it.
    static func read(_ path: String) throws -> LoadReport {
        do {
            return try JSONDecoder().decode(LoadReport.self, from: Data(try readWholeFile(path)))
        } catch is DecodingError {
            throw Failure("\(path) is no report of leadline bench load --json")
        }
    }
}
