internal import ArgumentParser
internal import ByteKit
internal import EnsembleFormats
internal import Foundation
internal import LeadTable
internal import ModelStore
internal import ModelTraining

/// `leadline train`: from a history of leads to a bundle that can be served.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Learn from past leads which ones convert.",
        discussion: """
            Writes a model bundle, and tells how good it is on leads it has not seen. The file holds comma, semicolon, tab or bar separated values with a header line, UTF-8, plain or gzip. Numbers, \
            booleans, categories and dates are recognised; ids, free texts and constants are left out, and the report says so. \
            With --date the oldest 70 % of the leads train, the next 15 % decide, the latest 15 % test; without it the \
            parts are drawn at random. Leave out with --exclude what is known only after the outcome.

            Examples:
              leadline train leads.csv --label converted --id lead_id \\
                --date created_date --out models/leads
              leadline train bank-additional-full.csv --label y \\
                --exclude duration --missing unknown --out models/bank
            """
    )

    @Argument(help: "The history of leads.")
    var leads: String

    @Option(help: "The column that holds the outcome.")
    var label: String

    @Option(help: "The outcome that counts as converted, unless the column says 1/0, true/false or yes/no.")
    var positive: String?

    @Option(help: "The column that names a lead; never learned from.")
    var id: String?

    @Option(help: "The column that dates the leads, or a number that rises with time; splits them in time.")
    var date: String?

    @Option(parsing: .singleValue, help: "A column not to learn from; may be given several times.")
    var exclude: [String] = []

    @Option(
        parsing: .singleValue,
        help: "A text that means 'not known', besides the empty one; may be given several times."
    )
    var missing: [String] = []

    @Option(parsing: .unconditional, help: "Settles every random choice.")
    var seed: UInt64 = 1

    @Option(
        parsing: .unconditional,
        help: "Threads to learn with; when not given, one for 100,000 leads, at most the processors that are free."
    )
    var threads: Int?

    @Option(help: "Write row number (from 0), part, outcome, margin and probability of every lead to this file.")
    var writeSplit: String?

    @Option(help: "Write the held-back leads, all columns, to this file.")
    var testLeads: String?

    @Flag(help: "Print the report as JSON.")
    var json = false

    @Option(help: "The folder of the model's versions, for example models/leads; the last part is the model's name.")
    var out: String

    mutating func validate() throws {
        if let threads, !(1...256).contains(threads) { throw ValidationError("--threads must lie from 1 to 256.") }
        guard !out.isEmpty else { throw ValidationError("--out must name a folder, for example models/leads.") }
        for (option, column) in [("--id", id), ("--date", date)] + exclude.map({ ("--exclude", $0) })
        where column == label {
            throw ValidationError("\(option) '\(label)' is the label column.")
        }
    }

    mutating func run() throws {
        let place = URL(fileURLWithPath: out)
        let store = BundleStore(path: place.deletingLastPathComponent().path)
        try store.makeReady(name: place.lastPathComponent)
        for path in [writeSplit, testLeads].compactMap(\.self) { try checkWritable(path) }
        let table = try LeadTable(path: leads)
        var progress = ProgressLine("Growing trees")
        let started = ContinuousClock.now
        let model = try ModelTrainer.train(table, options(rows: table.rowCount)) { state in
            progress.update(state.round, atMost: state.roundsMax)
        }
        progress.finish()
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        if let writeSplit { try writeWholeFile(writeSplit, splitText(model)) }
        if let testLeads { try writeWholeFile(testLeads, table.separatedValues(rows: model.split[.test])) }
        let bundle = try store.write(draft(model), name: place.lastPathComponent)
        if json {
            try printJSONLine(
                Answer(model: bundle.name, version: bundle.version, path: bundle.path, report: model.report)
            )
        } else {
            try printText(model.report.text)
            try printText("Trained in \(String(format: "%.1f", seconds)) s. The bundle: \(bundle.path)")
        }
    }

    /// What `--json` prints.
    private struct Answer: Encodable {
        var model: String
        var version: String
        var path: String
        var report: TrainingReport
    }

    private func draft(_ model: TrainedModel) throws -> BundleDraft {
        let test = model.report.test
        var details = [
            "file": model.report.file, "seed": "\(seed)", "library": model.report.boosting.library,
            "rows": "\(model.report.rows)",
        ]
        if leads != "-" { details["sha256"] = SHA256Digest.hexadecimal(of: try readWholeFile(leads)) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        var draft = BundleDraft(
            modelBytes: model.modelBytes,
            recipe: model.recipe,
            source: .init(how: "trained", tool: "leadline \(Leadline.configuration.version)", details: details),
            report: [UInt8](try encoder.encode(model.report)) + [UInt8(ascii: "\n")],
            figures: [
                "auc": test.areaUnderCurve, "averagePrecision": test.averagePrecision,
                "logLoss": test.afterCalibration.logLoss, "brier": test.afterCalibration.brier,
                "expectedCalibrationError": test.afterCalibration.expectedCalibrationError,
                "testRows": Double(model.split[.test].count),
            ]
        )
        // Half of the golden rows are leads as they come, the other half sits on the trees' thresholds.
        let drawn = GoldenRows.drawColumns(
            for: model.recipe,
            try ModelFile.read(model.modelBytes, name: "model"),
            asOfDays: draft.goldenAsOfDays,
            rows: GoldenRows.rowsMax - (model.testColumns.first?.count ?? 0)
        )
        draft.goldenColumns = zip(model.testColumns, drawn).map { $0 + $1 }
        return draft
    }

    private func options(rows: Int) -> TrainingOptions {
        // XGBoost's threads wait for each other by spinning: where others need the processors too, two are slower than one (60,000
        // sample leads on a busy machine of two processors: 12 s against 3.6 s). OMP_WAIT_POLICY=passive in the environment helps.
        let free = ProcessInfo.processInfo.activeProcessorCount - othersAtWork()
        let helpful = max(1, min(free, rows / 100_000))
        return TrainingOptions(
            labelColumn: label,
            positiveValue: positive,
            idColumn: id,
            dateColumn: date,
            excludedColumns: exclude,
            missingTokens: missing,
            seed: seed,
            threads: threads ?? helpful
        )
    }

    /// How many processors were kept busy in the last minute, as far as the system tells.
    private func othersAtWork() -> Int {
        let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ").first
        return load.flatMap { Double($0) }.map { Int(min($0, 4_096).rounded()) } ?? 0
    }

    private func splitText(_ model: TrainedModel) -> [UInt8] {
        var text: [UInt8] = []
        SeparatedValuesText.appendLine(["row", "part", "label", "margin", "probability"], to: &text)
        for (row, lead) in model.leads.sorted(by: { $0.key < $1.key }) {
            SeparatedValuesText.appendLine(
                [
                    "\(row)", lead.part.rawValue, lead.converted ? "1" : "0", "\(Float(lead.margin))",
                    "\(lead.probability)",
                ],
                to: &text
            )
        }
        return text
    }
}
