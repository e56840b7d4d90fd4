internal import ArgumentParser
internal import Foundation
internal import LeadTable
internal import ModelTraining

/// `leadline sample-leads`: a made-up history of leads to try the other commands on.
struct SampleLeads: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample-leads",
        abstract: "Write made-up B2B leads to try things on.",
        discussion: """
            Leads as a CRM holds them, with outcomes drawn from a known probability. They come in order of time, over 18 \
            months; about one in eight converts. The same seed gives the same file.

            Example:
              leadline sample-leads --rows 40000 --seed 7 -o leads.csv
              leadline train leads.csv --label converted --id lead_id \\
                --date created_date --out models/leads
            """
    )

    @Option(parsing: .unconditional, help: "How many leads.")
    var rows = 20_000

    @Option(parsing: .unconditional, help: "Settles every value.")
    var seed: UInt64 = 1

    @Option(
        parsing: .unconditional,
        help: "The share of the leads, the latest, whose outcome is left empty, from 0 to 1."
    )
    var openShare = 0.0

    @Flag(help: "Add each lead's true probability as the column 'true_probability' (never train on it).")
    var withTruth = false

    @Option(name: .shortAndLong, help: "The file to write; the standard output when not given.")
    var output: String?

    mutating func validate() throws {
        guard rows >= 1 else { throw ValidationError("--rows must be at least 1.") }
        guard openShare >= 0, openShare <= 1 else { throw ValidationError("--open-share must lie from 0 to 1.") }
    }

    mutating func run() throws {
        var generator = SampleLeadGenerator(rows: rows, seed: seed, openShare: openShare, withTruth: withTruth)
        let handle = try outputFile(output)
        var block: [UInt8] = []
        SeparatedValuesText.appendLine(generator.columnNames, to: &block)
        do {
            while generator.appendLead(to: &block) {
                if block.count >= 1 << 20 {
                    try handle.write(contentsOf: block)
                    block.removeAll(keepingCapacity: true)
                }
            }
            try handle.write(contentsOf: block)
            if output != nil { try handle.close() }
        } catch {
            throw Failure("\(output ?? "standard output") cannot be written: \(error.localizedDescription)")
        }
    }
}

/// The file to write to, made new, or the standard output.
private func outputFile(_ path: String?) throws -> FileHandle {
    guard let path else { return .standardOutput }
    try checkWritable(path)
    guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path)
    else { throw Failure("\(path) cannot be written; check the folder and its permissions") }
    return handle
}
