internal import ArgumentParser
internal import Foundation
internal import LeadClient
internal import LeadScoring
internal import LeadTable
internal import LeadWire
internal import ModelStore

extension ScoreFormat: ExpressibleByArgument {}

/// `leadline score`: leads from a file, scored here or by a server, with the same bytes either way.
struct Score: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score leads by a model in a bundle or by a server.",
        discussion: """
            LEADS is a file of separated values with a header line, plain or gzip; '-' is the standard input. Columns are \
            found by their names, in any order; further columns do not matter.

            Both ways make the same messages and give the same bytes. 'table' shows the best leads and the tiers; 'csv' \
            and 'json' (one object a line) have a line for each lead, in the order of the file, with numbers that read \
            back as the same numbers.

            Example:
              leadline score --model models/leads leads.csv
              leadline score --server https://127.0.0.1:8443 --ca certs/dev/ca.pem \\
                leads.csv.gz --format csv -o scores.csv
              leadline score --model models/leads leads.csv --save-requests requests
              h2load -n 1000 -c 1 -d requests/request-1.bin \\
                -H 'content-type: application/vnd.leadline.v1' \\
                https://127.0.0.1:8443/v1/score
            """
    )

    @Argument(help: ArgumentHelp("The leads.", valueName: "leads"))
    var leads: String

    @Option(help: ArgumentHelp("Score here, by this bundle.", valueName: "bundle"))
    var model: String?

    @Option(help: ArgumentHelp("Let this server score, for example https://127.0.0.1:8443.", valueName: "url"))
    var server: String?

    @OptionGroup(title: "Server")
    var access: ServerAccess

    @Option(parsing: .unconditional, help: "How many leads a message has.")
    var batch = 1_000

    @Option(parsing: .unconditional, help: "How many messages may be on their way to the server at once.")
    var inFlight = 4

    @Option(help: "table, csv or json (one object a line).")
    var format: ScoreFormat = .table

    @Option(parsing: .unconditional, help: "How many of the best leads the table shows.")
    var top = 20

    @Option(help: "The day on which the leads are looked at, yyyy-mm-dd; today (UTC) when not given.")
    var asOf: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where to write; the standard output when not given.", valueName: "file")
    )
    var output: String?

    @Flag(help: "Write the figures of the run to standard error as JSON.")
    var statsJson = false

    @Option(
        help: ArgumentHelp(
            "Also write each message to this folder, as request-1.bin and so on, for other tools to send.",
            valueName: "folder"
        )
    )
    var saveRequests: String?

    func validate() throws {
        guard (model == nil) != (server == nil) else {
            throw ValidationError(
                "give --model BUNDLE to score here, or --server URL to let a server score, and not both."
            )
        }
        if server == nil, access.isGiven {
            throw ValidationError("--name, --ca, --cert and --key belong to --server.")
        }
        guard batch >= 1 else { throw ValidationError("--batch must be at least 1.") }
        guard (1...64).contains(inFlight) else { throw ValidationError("--in-flight must lie from 1 to 64.") }
        guard top >= 0 else { throw ValidationError("--top must be at least 0.") }
        _ = try asOfDays()
    }

    func run() async throws {
        if let output { try checkWritable(output) }
        if let server {
            try await score(by: server)
        } else if let model {
            let bundle = try BundleStore.load(path: model)
            if let notice = bundle.notice { writeToStandardError("\(notice)\n") }
            let scorer = LocalScorer(bundle.model)
            try await score(try LeadTable(path: leads), with: scorer, scorer.target)
        }
    }

    private func score(by server: String) async throws {
        let client = try LeadClient(
            LeadClientConfiguration(
                server: server,
                tls: access.tls,
                requestsInFlightMax: inFlight
            )
        )
        defer { client.close() }
        let name = try await access.model(on: client, at: server)
        // One version scores all leads: a publication in between starts the run over, with the new one's schema. The leads
        // are read once: the standard input cannot be read again.
        let table = try LeadTable(path: leads)
        for attempt in 1...Self.attemptsMax {
            let description = try await client.schema(of: name)
            do {
                let scorer = RemoteScorer(client: client, messagesInFlightMax: inFlight)
                return try await score(table, with: scorer, ScoreTarget(description))
            } catch let change as VersionChanged {
                guard attempt < Self.attemptsMax else {
                    throw Failure("\(server) changed its model again and again; the last time to \(change.to)")
                }
                writeToStandardError("\(server) has put \(change.to) into service; scoring starts over.\n")
            }
        }
    }

    private static let attemptsMax = 3

    private func score(_ table: LeadTable, with scorer: some MessageScorer, _ target: ScoreTarget) async throws {
        guard batch <= target.rowsMax else {
            throw Failure("--batch \(batch): a message has at most \(target.rowsMax) leads")
        }
        let columns = try target.columns(of: table)
        let source = BatchSource(
            target: target,
            columns: columns,
            rows: table.rowCount,
            rowsPerBatch: batch,
            asOfDays: try asOfDays()
        )
        if let saveRequests { try save(source, in: saveRequests) }
        let idColumn = target.idColumn.flatMap { table.column(named: $0) }
        var scores = ScoreOutput(idName: idColumn == nil ? "row" : target.idColumn ?? "row", tiers: target.tiers)
        let figures = try await scoreAll(source, with: scorer, into: &scores)
        let bytes = scores.write(format, top: top) { row in
            idColumn.map { table.text(row: row, column: $0) } ?? "\(row + 1)"
        }
        if let output {
            try writeWholeFile(output, bytes)
        } else {
            try writeToStandardOutput(bytes)
        }
        try report(figures, unscored: scores.unscoredRows)
    }

    /// Writes the messages as they go to a server.
    private func save(_ source: BatchSource, in folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw Failure("--save-requests \(folder): \(error.localizedDescription)")
        }
        for batch in 0..<source.batchCount {
            try writeWholeFile("\(folder)/request-\(batch + 1).bin", try source.message(batch))
        }
    }

    private func report(_ figures: ScoreFigures, unscored: Int) throws {
        if unscored > 0 {
            writeToStandardError("\(grouped(unscored)) leads have a value that their column cannot hold; no score.\n")
        }
        if statsJson {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            writeToStandardError(String(decoding: try encoder.encode(figures), as: UTF8.self) + "\n")
        } else {
            writeToStandardError(figures.sentence)
        }
    }

    /// The whole day on which the leads are looked at.
    private func asOfDays() throws -> Double {
        guard let asOf else { return (Date().timeIntervalSince1970 / 86_400).rounded(.down) }
        let parts = asOf.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2],
            let number = dayNumber(year: year, month: month, day: day)
        else { throw ValidationError("--as-of '\(asOf)' is no date; write it as 2026-11-21.") }
        return Double(number)
    }
}
