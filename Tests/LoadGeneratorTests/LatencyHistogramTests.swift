import ByteKit
import LoadGenerator
import Testing

@Suite("Latency histogram")
struct LatencyHistogramTests {
    /// Durations of all sizes, from nanoseconds to minutes.
    private func durations(_ seed: UInt64, _ count: Int) -> [UInt64] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in random.next() >> UInt64(24 + random.below(40)) }
    }

    private static let percents = [0.001, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100]

    @Test("percentiles are those of the sorted durations, to a thousandth", arguments: [1, 2, 10, 1_000, 99_999])
    func percentiles(count: Int) {
        let seed = UInt64(count)
        let all = durations(seed, count).sorted()
        var histogram = LatencyHistogram()
        for duration in all.shuffled() { histogram.record(duration) }
        #expect(histogram.count == UInt64(count) && histogram.max == all[count - 1])
        for percent in Self.percents {
            // In whole thousandths of a percent, so that nothing is rounded.
            let rank = max(1, (count * Int((percent * 1_000).rounded()) + 99_999) / 100_000)
            let exact = all[rank - 1]
            let found = histogram.percentile(percent)
            #expect(found >= exact, "p\(percent), seed \(seed)")
            #expect(Double(found) <= Double(exact) * (1 + 1 / 1_024.0), "p\(percent), seed \(seed)")
        }
    }

    @Test("how many are longer is counted to the cell", arguments: [0, 2_047, 2_048, 1_000_000, 50_000_000_000])
    func above(bound: UInt64) {
        let all = durations(7, 20_000)
        var histogram = LatencyHistogram()
        for duration in all { histogram.record(duration) }
        // Those in the bound's own cell count as not longer.
        let certain = all.count { Double($0) > Double(bound) * (1 + 1 / 1_024.0) }
        let possible = all.count { $0 > bound }
        #expect((certain...possible).contains(Int(histogram.count(above: bound))))
        #expect(possible > 0)
    }

    @Test("mean and deviation are those of the durations")
    func moments() {
        let all = durations(3, 10_000).map { $0 % 100_000_000 }
        var histogram = LatencyHistogram()
        for duration in all { histogram.record(duration) }
        let mean = all.reduce(0.0) { $0 + Double($1) } / Double(all.count)
        let variance = all.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(all.count)
        #expect(abs(histogram.mean - mean) < 1e-6 * mean)
        #expect(abs(histogram.standardDeviation - variance.squareRoot()) < 1e-3 * variance.squareRoot())
    }

    @Test("histograms add up, and an empty one says nothing")
    func sums() {
        var (left, right, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for (index, duration) in durations(5, 3_000).enumerated() {
            if index % 3 == 0 { left.record(duration) } else { right.record(duration) }
            both.record(duration)
        }
        left += right
        for percent in Self.percents { #expect(left.percentile(percent) == both.percentile(percent)) }
        #expect(left.count == both.count && left.max == both.max)
        let empty = LatencyHistogram()
        #expect(empty.percentile(99) == 0 && empty.mean == 0 && empty.curve.isEmpty && empty.standardDeviation == 0)
    }

    @Test("what is longer than an hour and more counts as the longest there is")
    func longest() {
        var histogram = LatencyHistogram()
        histogram.record(.max)
        #expect(histogram.max == 1 << 42 - 1 && histogram.percentile(50) == 1 << 42 - 1)
    }

    @Test("the text form is HdrHistogram's")
    func text() {
        var histogram = LatencyHistogram()
        for milliseconds in [1, 2] { histogram.record(UInt64(milliseconds) * 1_000_000) }
        #expect(
            histogram.text == """
                       Value     Percentile TotalCount 1/(1-Percentile)

                       1.000 0.000000000000          1           1.00
                       1.000 0.100000000000          1           1.11
                       1.000 0.200000000000          1           1.25
                       1.000 0.300000000000          1           1.43
                       1.000 0.400000000000          1           1.67
                       1.000 0.500000000000          1           2.00
                       2.000 0.550000000000          2           2.22
                       2.000 1.000000000000          2
                #[Mean    =        1.500, StdDeviation   =        0.500]
                #[Max     =        2.000, Total count    =            2]
                #[Buckets =           32, SubBuckets     =         2048]

                """
        )
    }

    @Test("the curve rises, ends at the longest, and agrees with percentiles")
    func curve() throws {
        var histogram = LatencyHistogram()
        for duration in durations(11, 50_000) { histogram.record(duration) }
        let curve = histogram.curve
        for (before, after) in zip(curve, curve.dropFirst()) {
            #expect(
                before.share < after.share && before.milliseconds <= after.milliseconds && before.count <= after.count
            )
        }
        for point in curve {
            #expect(Double(point.count) >= point.share * 50_000 * (1 - 1e-12))
            #expect(histogram.count(above: UInt64((point.milliseconds * 1e6).rounded())) == 50_000 - point.count)
        }
        let last = try #require(curve.last)
        #expect(last.share == 1 && last.count == 50_000 && last.milliseconds == Double(histogram.max) / 1e6)
    }
}
