internal import ArgumentParser
internal import Foundation
internal import LoadGenerator

/// Compares reports of load tests.
struct BenchCompare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare reports of leadline bench load.",
        discussion: """
            Two reports, or several runs of each side: with two or more on both, the change's 95 % interval is told (Welch's t \
            over the runs), and whether it leaves out zero. One run against another shows a difference, not that there is one.

            Reports of other batches, another pace, other connections or another machine are not compared unless --force \
            says so.

            Examples:
              leadline bench compare a.json b.json
              leadline bench compare --before a1.json a2.json a3.json --after b1.json b2.json b3.json
            """
    )

    @Argument(help: ArgumentHelp("Two reports: before and after.", valueName: "reports"))
    var reports: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Repeated runs of the first side.", valueName: "reports")
    )
    var before: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Repeated runs of the second side.", valueName: "reports")
    )
    var after: [String] = []

    @Flag(help: "Compare what is not comparable.")
    var force = false

    @Flag(help: "Print JSON, an object a figure.")
    var json = false

    func validate() throws {
        let isPair = reports.count == 2 && before.isEmpty && after.isEmpty
        let isRepeated = reports.isEmpty && !before.isEmpty && !after.isEmpty
        guard isPair || isRepeated else {
            throw ValidationError("give two reports, or --before REPORTS and --after REPORTS.")
        }
    }

    private struct Line: Encodable {
        var figure: String
        var before: Double
        var after: Double
        var changePercent: Double?
        var changePercentLow: Double?
        var changePercentHigh: Double?
    }

    func run() throws {
        let left = try (reports.isEmpty ? before : [reports[0]]).map(LoadReportFile.read)
        let right = try (reports.isEmpty ? after : [reports[1]]).map(LoadReportFile.read)
        let obstacles = ReportComparison.obstacles(left + right)
        guard obstacles.isEmpty || force else {
            throw Failure(
                "the reports are not comparable: \(obstacles.joined(separator: "; ")); compare them all the same with --force"
            )
        }
        for obstacle in obstacles { writeToStandardError("not comparable: \(obstacle)\n") }
        for doubt in Set((left + right).flatMap(\.doubts)).sorted() { writeToStandardError("doubtful: \(doubt)\n") }
        let lines = ReportComparison(left, right).lines
        if json {
            for line in lines {
                try printJSONLine(
                    Line(
                        figure: line.name,
                        before: line.before,
                        after: line.after,
                        changePercent: line.changePercent,
                        changePercentLow: line.interval?.lowerBound,
                        changePercentHigh: line.interval?.upperBound
                    )
                )
            }
            return
        }
        let isRepeated = left.count > 1 && right.count > 1
        var rows = [["", "before", "after", "change"] + (isRepeated ? ["95 % interval", ""] : [])]
        for line in lines { rows.append(cells(of: line, isRepeated)) }
        let runs = isRepeated ? "means of \(left.count) and \(right.count) runs\n\n" : ""
        try printText(runs + aligned(rows, leftColumns: [0, 5]).dropLast())
    }

    private func cells(of line: ReportComparison.Line, _ isRepeated: Bool) -> [String] {
        func percent(_ number: Double) -> String { String(format: "%+.1f %%", number) }
        func figure(_ number: Double) -> String {
            line.name.hasSuffix("/s") ? LoadReportText.rate(number) : String(format: "%.3f", number)
        }
        var cells = [line.name, figure(line.before), figure(line.after), line.changePercent.map(percent) ?? ""]
        guard isRepeated else { return cells }
        guard let interval = line.interval else { return cells + ["", ""] }
        cells.append("\(percent(interval.lowerBound)) to \(percent(interval.upperBound))")
        let isMore = (line.changePercent ?? 0) > 0
        cells.append(!line.isClear ? "no clear difference" : isMore == line.moreIsBetter ? "better" : "worse")
        return cells
    }
}
