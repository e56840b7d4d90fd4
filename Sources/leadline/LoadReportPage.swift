internal import Foundation
internal import LoadGenerator

/// A load test's report as a page that needs nothing from elsewhere.
struct LoadReportPage {
    private let report: LoadReport

    init(_ report: LoadReport) { self.report = report }

    /// The page.
    var html: String {
        let words = LoadReportWords(report)
        let head = ["ms", "p50", "p90", "p99", "p99.9", "max", "mean", "count"]
        var body = "<h1>Load test of \(escaped(report.setup.model))</h1>\n"
        for doubt in report.doubts { body += "<p class=\"doubt\">Do not trust these figures: \(escaped(doubt)).</p>\n" }
        if report.wasInterrupted { body += "<p class=\"doubt\">Ended early.</p>\n" }
        if let goal = report.goal {
            let verdict = report.goalMissed.isEmpty ? "holds" : "is missed"
            body += "<p>The goal <b>\(escaped(goal))</b> \(verdict).</p>\n"
        }
        body += "<div class=\"wide\">\(table(head, words.latencies))</div>\n"
        body += note
        body += list(words.rates)
        if !words.errors.isEmpty { body += table(["failed", "requests"], words.errors) }
        if let search = report.search { body += steps(search) }
        for chart in [percentiles, throughput, overTime] {
            let drawing = chart.svg
            if !drawing.isEmpty {
                body += "<figure><figcaption>\(escaped(chart.title))</figcaption>\n\(drawing)</figure>\n"
            }
        }
        if !report.reloads.isEmpty {
            body += "<p>Dashed lines: a version was published.</p>\n"
        }
        body += "<h2>Circumstances</h2>\n" + list(words.setup)
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Load test of \(escaped(report.setup.model)), \(escaped(report.started))</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            \(body)</body>
            </html>

            """
    }

    private var note: String {
        report.setup.rate != nil
            ? "<p>Latency counts from the time a request was to be sent, service time from when it was.</p>\n"
            : "<p>A closed loop: requests waited for answers, so that stalls of the server are few among these times.</p>\n"
    }

    private func table(_ head: [String], _ rows: [[String]]) -> String {
        var html = "<table>\n<thead><tr>" + head.map { "<th>\(escaped($0))</th>" }.joined() + "</tr></thead>\n<tbody>\n"
        for row in rows {
            html +=
                "<tr><th>\(escaped(row[0]))</th>" + row.dropFirst().map { "<td>\(escaped($0))</td>" }.joined()
                + "</tr>\n"
        }
        return html + "</tbody>\n</table>\n"
    }

    private func list(_ items: [(name: String, value: String)]) -> String {
        "<dl>\n" + items.map { "<dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd>\n" }.joined() + "</dl>\n"
    }

    private func steps(_ steps: [LoadReport.Step]) -> String {
        let rows = steps.map { step in
            let doubts = step.isDoubtful ? ["the generator itself was too slow"] : []
            return [
                LoadReportText.rate(step.rate), step.held ? "holds" : "does not hold",
                (step.reasons + doubts).joined(separator: "; "),
            ]
        }
        return "<h2>Rates tried</h2>\n<div class=\"wide words\">" + table(["requests/s", "", ""], rows) + "</div>\n"
    }

    // MARK: Charts

    private var percentiles: LineChart {
        /// 0 is no nine, 90 % one, 99 % two.
        func nines(_ curve: [PercentilePoint]) -> [(x: Double, y: Double)] {
            guard let count = curve.last?.count, count > 0 else { return [] }
            return curve.map { (-log10(max(1 - $0.share, 1 / Double(count))), $0.milliseconds) }
        }
        let isOpen = report.setup.rate != nil
        var series = [LineChart.Series(name: "service", points: nines(report.serviceCurve))]
        if isOpen { series.insert(LineChart.Series(name: "latency", points: nines(report.latencyCurve)), at: 0) }
        let most = series.flatMap(\.points).map(\.x).max() ?? 1
        let labels = ["0", "90", "99", "99.9", "99.99", "99.999", "99.9999", "99.99999", "99.999999"]
        var ticks = [LineChart.Tick(value: 0, label: "0"), LineChart.Tick(value: -log10(0.5), label: "50")]
        for (nines, label) in labels.enumerated().dropFirst() where Double(nines) <= most {
            ticks.append(LineChart.Tick(value: Double(nines), label: label))
        }
        return LineChart(
            title: "Latency by percentile",
            xName: "percentile",
            yName: "ms",
            series: series,
            xTicks: ticks,
            isLogarithmic: true
        )
    }

    private var throughput: LineChart {
        LineChart(
            title: "Leads a second",
            xName: "seconds",
            yName: "leads/s",
            series: [LineChart.Series(name: "leads", points: whole { Double($0.leads) })],
            xTicks: evenTicks(0, max(report.measuredSeconds, 1), count: 6),
            marks: report.reloads.map(\.second)
        )
    }

    private var overTime: LineChart {
        LineChart(
            title: "Latency over time",
            xName: "seconds",
            yName: "ms",
            series: [
                LineChart.Series(name: "p99", points: whole(\.p99Milliseconds)),
                LineChart.Series(name: "p50", points: whole(\.p50Milliseconds)),
            ],
            xTicks: evenTicks(0, max(report.measuredSeconds, 1), count: 6),
            marks: report.reloads.map(\.second),
            isLogarithmic: true
        )
    }

    /// The seconds that were measured whole, each at its middle.
    private func whole(_ value: (LoadSecond) -> Double) -> [(x: Double, y: Double)] {
        report.seconds.filter { $0.second >= 0 && Double($0.second + 1) <= report.measuredSeconds + 0.001 }
            .map { (Double($0.second) + 0.5, value($0)) }
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #d0d7de; --a: #0b62c4; --b: #b3480a; --c: #2f7d32; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e6edf3; --paper: #0f1318; --faint: #3a424c; --a: #6cb0ff; --b: #ffa266; --c: #7ddc82; }
        }
        body { font: 16px/1.5 system-ui, "Liberation Sans", "DejaVu Sans", sans-serif; color: var(--ink); background: var(--paper);
          max-width: 46rem; margin: 0 auto; padding: 1rem; }
        h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
        .doubt { border-left: 4px solid var(--b); padding-left: .75rem; font-weight: 600; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--faint); white-space: nowrap; }
        tr > th:first-child { text-align: left; padding-left: 0; }
        .words td { text-align: left; }
        .words td:last-child { white-space: normal; }
        @media (max-width: 32rem) { table { font-size: .82rem; } th, td { padding: .25rem .3rem; } }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
        dt { opacity: .7; } dd { margin: 0; overflow-wrap: anywhere; }
        figure { margin: 2rem 0 0; break-inside: avoid; }
        figcaption { font-weight: 600; }
        svg { width: 100%; height: auto; display: block; }
        svg text { font-size: 12px; fill: var(--ink); }
        svg text.a { fill: var(--a); } svg text.b { fill: var(--b); } svg text.c { fill: var(--c); }
        .grid { stroke: var(--faint); stroke-width: 1; }
        .mark { stroke: var(--c); stroke-width: 1.5; stroke-dasharray: 4 3; }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
        .line.a { stroke: var(--a); } .line.b { stroke: var(--b); } .line.c { stroke: var(--c); }
        @media print {
          :root { color-scheme: light; --ink: #000; --paper: #fff; --faint: #bbb; --a: #0b62c4; --b: #b3480a; --c: #2f7d32; }
          body { max-width: none; padding: 0; font-size: 11pt; }
          figure { width: 75%; }
          .wide { overflow: visible; }
        }
        """
}
