internal import Foundation
internal import LoadGenerator

/// A load test's report for a terminal.
struct LoadReportText {
    private let report: LoadReport

    init(_ report: LoadReport) { self.report = report }

    /// All of it.
    var text: String {
        var text = ""
        for (name, value) in LoadReportWords(report).setup { text += "\(name): \(value)\n" }
        text += "\n" + aligned(LoadReportWords(report).rates.map { [$0.name, $0.value] }, leftColumns: [0, 1])
        let head = ["ms", "p50", "p90", "p99", "p99.9", "max", "mean", "count"]
        text += "\n" + aligned([head] + LoadReportWords(report).latencies, leftColumns: [0])
        let errors = LoadReportWords(report).errors
        if !errors.isEmpty { text += "\n" + aligned([["failed", "requests"]] + errors, leftColumns: [0]) }
        if let search = report.search {
            text += "\nlargest rate that holds \(report.goal ?? ""): \(Self.rate(report.setup.rate ?? 0)) requests/s"
            text += " (\(search.count) rates tried)\n"
        }
        for reload in report.reloads {
            if let problem = reload.problem { text += "\npublication of \(reload.version) failed: \(problem)\n" }
        }
        for doubt in report.doubts { text += "\nDO NOT TRUST THESE FIGURES: \(doubt).\n" }
        if report.wasInterrupted { text += "\nEnded early.\n" }
        text.removeLast()
        return text
    }

    /// A second, on one line.
    static func progress(_ second: LoadSecond) -> String {
        let time = second.second < 0 ? "warm-up" : "\(second.second + 1) s"
        return String(repeating: " ", count: max(0, 8 - time.count)) + time
            + ": \(grouped(Int(second.answered))) requests/s, \(grouped(Int(second.leads))) leads/s, "
            + "p50 \(milliseconds(second.p50Milliseconds)) ms, p99 \(milliseconds(second.p99Milliseconds)) ms, "
            + "\(grouped(second.inFlight)) on their way, \(grouped(Int(second.failed))) failed"
    }

    /// A step of a search, on one line.
    static func step(_ number: Int, _ report: LoadReport, _ reasons: [String]) -> String {
        let verdict = reasons.isEmpty ? "holds" : "does not hold: " + reasons.joined(separator: "; ")
        let doubt = report.doubts.isEmpty ? "" : " (the generator itself was too slow)"
        return "rate \(number): \(rate(report.setup.rate ?? 0)) requests/s, p50 "
            + "\(milliseconds(report.latency.p50Milliseconds)) ms, p99 \(milliseconds(report.latency.p99Milliseconds)) ms, "
            + verdict + doubt
    }

    /// A rate with a digit behind the point where it matters.
    static func rate(_ number: Double) -> String {
        number < 100 ? String(format: "%.1f", number) : grouped(Int(number.rounded()))
    }

    /// Milliseconds with three digits behind the point.
    static func milliseconds(_ number: Double) -> String { String(format: "%.3f", number) }
}

/// What a report says, in words that text and page share.
struct LoadReportWords {
    private let report: LoadReport

    init(_ report: LoadReport) { self.report = report }

    /// Under which circumstances.
    var setup: [(name: String, value: String)] {
        let setup = report.setup
        let pace: String
        if let rate = setup.rate {
            pace = "open loop, \(LoadReportText.rate(rate)) requests/s, \(setup.arrivals?.rawValue ?? "") arrivals"
        } else {
            pace = "closed loop, \(grouped(setup.inFlight ?? 0)) requests on their way"
        }
        let batches =
            setup.mix.parts.count == 1 ? "\(grouped(setup.mix.parts[0].rows)) leads a request" : setup.mix.description
        let deadline = setup.deadlineMilliseconds.map { ", deadline \(LoadReportText.milliseconds($0)) ms" } ?? ""
        let here = report.environment
        return [
            ("pace", "\(pace), seed \(setup.seed)\(deadline)"),
            ("batches", "\(batches); \(setup.leads)"),
            ("server", "\(setup.server), model \(setup.model) \(setup.modelVersion)"),
            (
                "client",
                "\(counted(setup.connections, "connection")), \(counted(setup.threads, "thread")), "
                    + (setup.verifies ? "answers decoded" : "heads of answers checked")
            ),
            (
                "measured",
                "\(String(format: "%.1f", report.measuredSeconds)) s after \(String(format: "%g", setup.warmupSeconds)) s "
                    + "of warm-up, began \(report.started)"
            ),
            (
                "machine",
                "\(here.processor), \(here.processorsAllowed) of \(here.processors) processors, Linux \(here.kernel), "
                    + "leadline \(here.version)"
            ),
        ]
    }

    /// How much.
    var rates: [(name: String, value: String)] {
        let isOpen = report.setup.rate != nil
        var rates = [
            (isOpen ? "offered" : "sent", "\(LoadReportText.rate(report.offeredRate)) requests/s"),
            ("achieved", "\(LoadReportText.rate(report.achievedRate)) requests/s"),
            ("leads", "\(LoadReportText.rate(report.leadsPerSecond)) /s"),
            ("goodput", "\(LoadReportText.rate(report.goodLeadsPerSecond)) leads/s\(late)"),
            ("failed", "\(grouped(Int(report.failed))) of \(grouped(Int(report.intended))) requests"),
            (
                "bytes a lead",
                String(format: "%.1f sent, %.1f received", report.bytesPerLeadSent, report.bytesPerLeadReceived)
            ),
            ("generator", "busiest thread \(String(format: "%.0f", report.busiestThread * 100)) % of a processor"),
        ]
        if report.heldBack > 0 {
            rates.append(("held back", "\(grouped(Int(report.heldBack))) requests, until a connection had room"))
        }
        if report.connectionFailures > 0 {
            rates.append(("connections", "\(grouped(Int(report.connectionFailures))) could not be made or were lost"))
        }
        if !report.reloads.isEmpty {
            let failed = report.reloads.count { $0.problem != nil }
            let longest = report.reloads.map(\.milliseconds).max() ?? 0
            rates.append(
                (
                    "publications",
                    "\(grouped(report.reloads.count)), answered within \(LoadReportText.milliseconds(longest)) ms, "
                        + "\(grouped(failed)) failed"
                )
            )
        }
        if report.unscoredLeads > 0 { rates.append(("unscored", "\(grouped(Int(report.unscoredLeads))) leads")) }
        return rates
    }

    private var late: String {
        guard let deadline = report.setup.deadlineMilliseconds else { return "" }
        return
            " within \(LoadReportText.milliseconds(deadline)) ms; \(grouped(Int(report.missedDeadlines))) answers came later"
    }

    /// Percentiles; in a closed loop a request is intended when it is sent.
    var latencies: [[String]] {
        let isOpen = report.setup.rate != nil
        let rows =
            isOpen
            ? [("latency", report.latency), ("service", report.service), ("sent late", report.lateness)]
            : [("service", report.service)]
        return rows.map { name, latencies in
            let times = [
                latencies.p50Milliseconds, latencies.p90Milliseconds, latencies.p99Milliseconds,
                latencies.p999Milliseconds,
                latencies.maxMilliseconds, latencies.meanMilliseconds,
            ]
            return [name] + times.map(LoadReportText.milliseconds) + [grouped(Int(latencies.count))]
        }
    }

    /// Failures by kind, the most frequent first.
    var errors: [[String]] {
        report.errors.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { [$0.key, grouped(Int($0.value))] }
    }
}

private func counted(_ number: Int, _ word: String) -> String { "\(grouped(number)) \(word)\(number == 1 ? "" : "s")" }
