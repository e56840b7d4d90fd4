import Foundation
import LoadGenerator
import TLSTransport
import Testing

@Suite("Load reports")
struct LoadReportTests {
    private func makeReport(
        rate: Double? = 1_000,
        mix: String = "64:90%,5000:10%",
        milliseconds: Double = 1,
        change: (inout LoadFigures) -> Void = { _ in }
    ) throws -> LoadReport {
        let mix = try BatchMix(parsing: mix)
        let message = LoadMessage(rows: 1, bytes: [])
        var plan = LoadPlan(
            server: "https://127.0.0.1:8443",
            tls: TLSClientConfiguration(),
            pace: rate.map { .open(rate: $0, arrivals: .poisson) } ?? .closed(inFlight: 8),
            mix: mix,
            messages: mix.parts.map { _ in [message] }
        )
        plan.deadlineNanoseconds = 50_000_000
        var figures = LoadFigures()
        for index in 0..<1_000 {
            let nanoseconds = UInt64(milliseconds * 1e6) + UInt64(index) * 1_000
            figures.latency.record(nanoseconds)
            figures.service.record(nanoseconds / 2)
            figures.lateness.record(20_000)
        }
        figures.intended = 1_004
        figures.answered = 1_000
        figures.rows = 64_000
        figures.usefulRows = 63_000
        figures.errors = ["overloaded": 3, "timeout": 1]
        (figures.rowsSent, figures.bytesSent, figures.rowsReceived, figures.bytesReceived) = (100, 4_500, 50, 900)
        change(&figures)
        let leads = LoadLeads(
            columns: [],
            count: 0,
            model: "leads",
            fingerprint: 0xAB,
            asOfDays: 0,
            deadlineMicroseconds: 0
        )
        return LoadReport(
            LoadRun.Outcome(figures: figures, seconds: [], measuredSeconds: 2),
            setup: LoadReport.Setup(plan, leads: leads, modelVersion: "000001-0a0b0c0d", origin: "made up"),
            goal: try LatencyGoal(parsing: "p99=1500us"),
            environment: LoadEnvironment.here(version: "test"),
            started: "2026-11-28T00:00:00Z"
        )
    }

    @Test("figures become rates")
    func rates() throws {
        let report = try makeReport()
        #expect(report.offeredRate == 502 && report.achievedRate == 500 && report.leadsPerSecond == 32_000)
        #expect(report.goodLeadsPerSecond == 31_500 && report.failed == 4)
        #expect(report.bytesPerLeadSent == 45 && report.bytesPerLeadReceived == 18)
        #expect(report.setup.fingerprint == "00000000000000ab" && report.setup.deadlineMilliseconds == 50)
        #expect(abs(report.latency.p50Milliseconds - 1.499) < 0.002 && report.latency.maxMilliseconds == 1.999)
        #expect(report.goalMissed == ["p99=1500us"] && !report.nothingWorked && report.doubts.isEmpty)
        #expect(report.environment.processorsAllowed >= 1 && report.environment.kernel.contains("."))
    }

    @Test("a report reads back from its JSON as it was")
    func roundTrip() throws {
        for rate in [1_000.0, nil] {
            var report = try makeReport(rate: rate)
            report.search = [LoadReport.Step(rate: 3, held: false, reasons: ["no"], isDoubtful: true)]
            let bytes = try JSONEncoder().encode(report)
            #expect(try JSONDecoder().decode(LoadReport.self, from: bytes) == report)
        }
    }

    @Test("a generator that was busy or late is not trusted")
    func doubts() throws {
        let busy = try makeReport(rate: nil) { $0.busiestThread = 0.95 }
        #expect(busy.doubts.count == 1 && busy.doubts[0].contains("95 %"))
        let late = try makeReport { figures in for _ in 0..<20 { figures.lateness.record(900_000) } }
        #expect(late.doubts.count == 1 && late.doubts[0].contains("late"))
        // A tenth of the latencies is no matter.
        let slow = try makeReport(milliseconds: 20) { figures in for _ in 0..<20 { figures.lateness.record(900_000) } }
        #expect(slow.doubts.isEmpty)
        #expect(try makeReport { $0 = LoadFigures() }.nothingWorked)
    }

    @Test("reports that measured something else are not comparable, and are told why")
    func obstacles() throws {
        let report = try makeReport()
        #expect(ReportComparison.obstacles([report, report, report]).isEmpty)
        let otherMix = ReportComparison.obstacles([report, try makeReport(mix: "64:100%")])
        #expect(otherMix == ["batches: 64:90%,5000:10% and 64:100%"])
        #expect(ReportComparison.obstacles([report, try makeReport(rate: 2_000)]).count == 1)
        #expect(ReportComparison.obstacles([report, try makeReport(rate: nil)])[0].contains("8 requests in flight"))
        var moved = report
        moved.environment.processor = "another"
        moved.setup.connections = 9
        #expect(ReportComparison.obstacles([report, moved]).count == 2)
    }

    @Test("single runs have a difference, repeated ones an interval")
    func comparison() throws {
        func side(_ rates: [Double]) throws -> [LoadReport] {
            try rates.map { rate in
                var report = try makeReport()
                report.achievedRate = rate
                return report
            }
        }
        let single = ReportComparison(try side([100]), try side([110])).lines[0]
        #expect(single.before == 100 && single.after == 110 && single.interval == nil && !single.isClear)
        #expect(abs((single.changePercent ?? 0) - 10) < 1e-9)

        // By hand: means 100 and 110, variances 4 and 4 of three runs each: standard error sqrt(8/3), four degrees of freedom.
        let repeated = ReportComparison(try side([98, 100, 102]), try side([108, 110, 112])).lines[0]
        let half = 2.776 * (8.0 / 3).squareRoot()
        let interval = try #require(repeated.interval)
        #expect(abs(interval.lowerBound - (10 - half)) < 1e-9 && abs(interval.upperBound - (10 + half)) < 1e-9)
        #expect(repeated.isClear)
        let unclear = ReportComparison(try side([80, 100, 120]), try side([90, 110, 130])).lines[0]
        #expect(!unclear.isClear)
        // Runs that do not differ leave no doubt about their difference.
        let equal = ReportComparison(try side([100, 100]), try side([100, 100])).lines[0]
        #expect(equal.interval == 0...0 && !equal.isClear)
    }
}
