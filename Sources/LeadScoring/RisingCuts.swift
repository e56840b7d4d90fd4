/// Numbers that do not fall, with a table that finds a place among them in a few steps.
///
/// The range from the first to the last is divided into equal buckets; a bucket knows which numbers are in it, and only
/// those are searched. Eight buckets a number leave one number or none in most. For example the cuts 0, 1, 5 and x = 4.9:
/// bucket `4.9 * 24 / 5 = 23` holds no number, two lie before it, so the answer is 2 without a comparison.
package struct RisingCuts: Sendable {
    /// The numbers.
    let cuts: [Double]
    /// For each bucket how many numbers lie in buckets before it; one more for the end.
    private let starts: [Int32]
    private let bucketsPerUnit: Double

    /// A table of finite numbers that do not fall.
    package init(_ cuts: [Double]) {
        self.cuts = cuts
        var bucketCount = max(1, min(8 * cuts.count, 1 << 16))
        var perUnit = Double(bucketCount) / ((cuts.last ?? 0) - (cuts.first ?? 0))
        // Equal numbers, or a range beyond what doubles can divide: one bucket, searched by halves.
        if !perUnit.isFinite || perUnit == 0 { (bucketCount, perUnit) = (1, 0) }
        bucketsPerUnit = perUnit
        var starts = [Int32](repeating: 0, count: bucketCount + 1)
        for cut in cuts {
            let bucket = Self.bucket(cut, cuts[0], perUnit, bucketCount)
            starts[bucket + 1] += 1
        }
        for bucket in 0..<bucketCount { starts[bucket + 1] += starts[bucket] }
        self.starts = starts
    }

    /// How many of the numbers are at most `x`; 0 for NaN.
    @inline(__always)
    package func countNotAbove(_ x: Double) -> Int {
        guard let first = cuts.first, x >= first else { return 0 }
        let bucket = Self.bucket(x, first, bucketsPerUnit, starts.count - 1)
        var low = Int(starts[bucket])
        var high = Int(starts[bucket + 1])
        // Rounding never turns the order of two buckets, so all before this one is below x, and all after it above.
        while low < high {
            let middle = (low + high) >> 1
            if cuts[middle] <= x { low = middle + 1 } else { high = middle }
        }
        return low
    }

    @inline(__always)
    private static func bucket(_ x: Double, _ first: Double, _ perUnit: Double, _ bucketCount: Int) -> Int {
        let place = (x - first) * perUnit
        return place < Double(bucketCount - 1) ? Int(place) : bucketCount - 1
    }
}
