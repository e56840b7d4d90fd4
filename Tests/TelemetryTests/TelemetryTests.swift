import Telemetry
import Testing

private enum Key: Int, CaseIterable { case first, second }

@Suite("Telemetry")
struct TelemetryTests {
    @Test("a duration falls into the first bucket whose bound it does not pass")
    func bucketsHoldWhatTheySay() {
        for index in 0..<DurationBuckets.count {
            guard let bound = DurationBuckets.upperBoundNanoseconds(index) else { continue }
            #expect(DurationBuckets.index(nanoseconds: bound) == index)
            #expect(DurationBuckets.index(nanoseconds: bound + 1) == index + 1)
            #expect(DurationBuckets.index(nanoseconds: bound - 1) == index)
        }
        #expect(DurationBuckets.index(nanoseconds: 0) == 0)
        #expect(DurationBuckets.index(nanoseconds: .max) == DurationBuckets.count - 1)
        #expect(DurationBuckets.upperBoundNanoseconds(0) == 250 && DurationBuckets.upperBoundNanoseconds(1) == 375)
    }

    @Test("counters and histograms of several threads add up")
    func blocksAddUp() {
        let counters = [Counters<Key>(), Counters<Key>()]
        counters[0].add(.first)
        counters[1].add(.first, 41)
        #expect(counters.total(.first) == 42 && counters.total(.second) == 0)

        let histograms = [Histograms<Key>(), Histograms<Key>()]
        for value in 1...100 { histograms[value % 2].record(.second, nanoseconds: UInt64(value) * 1_000) }
        let merged = histograms.merged(.second)
        #expect(merged.count == 100 && merged.sumNanoseconds == 5_050_000)
        #expect(merged.quantileNanoseconds(0.5) == 64_000)
        #expect(histograms.merged(.first).quantileNanoseconds(0.5) == nil)
    }

    @Test("the page is what Prometheus expects, line by line")
    func exposition() {
        let histograms = Histograms<Key>()
        histograms.record(.first, nanoseconds: 300)
        histograms.record(.first, nanoseconds: 700)
        var page = PrometheusText()
        page.counter("leads_total", "Leads\nscored.", [([("model", #"a"b\c"# + "\n")], 7)])
        page.gauge("ratio", "A share.", 0.25)
        page.histogram("wait_seconds", "Waiting.", [([("stage", "read")], histograms.distribution(.first))])
        let lines = page.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(
            lines.prefix(10) == [
                #"# HELP leads_total Leads\nscored."#,
                "# TYPE leads_total counter",
                #"leads_total{model="a\"b\\c\n"} 7"#,
                "# HELP ratio A share.",
                "# TYPE ratio gauge",
                "ratio 0.25",
                "# HELP wait_seconds Waiting.",
                "# TYPE wait_seconds histogram",
                #"wait_seconds_bucket{stage="read",le="2.5e-07"} 0"#,
                #"wait_seconds_bucket{stage="read",le="3.75e-07"} 1"#,
            ]
        )
        #expect(
            lines.suffix(4) == [
                #"wait_seconds_bucket{stage="read",le="+Inf"} 2"#,
                #"wait_seconds_sum{stage="read"} 1e-06"#,
                #"wait_seconds_count{stage="read"} 2"#,
                "",
            ]
        )
        let buckets = lines.filter { $0.hasPrefix("wait_seconds_bucket") }
        #expect(buckets.count == DurationBuckets.count)
        let values = buckets.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
        #expect(values == values.sorted(), "buckets are cumulative")
    }
}
