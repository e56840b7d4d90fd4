import TreeEnsemble

/// The buckets by which a feature's values find their rank, as `CShimsEnsemblePlan.h` says.
///
/// A value's bucket tells how many thresholds lie in the buckets below; only those in the bucket itself are compared. The
/// map to buckets is monotone in floating point, so a value passes every threshold of a lower bucket and none of a higher
/// one, exactly. Equal widths suit some features in their values and others, spread over magnitudes, in their keys.
struct BucketTable {
    let isByKey: Bool
    let bucketCount: Int
    let compareCount: Int
    let low: Float
    let scale: Float
    /// Thresholds in the buckets below, by bucket.
    let bases: [UInt8]
    /// The key of the least value that passes each threshold, in order.
    let keys: [Int32]

    static let bucketsMax = 2048
    private static let bucketCounts = [16, 32, 64, 128, 256, 512, 1024, 2048]

    /// The cheapest buckets for sorted thresholds.
    init(_ table: RankTable, _ arithmetic: Arithmetic) {
        let keys = table.thresholds.map { threshold in
            let key = orderedKey(RankTable.narrowed(threshold))
            return arithmetic.comparison == .lessThan ? key : key + 1
        }
        self.init(keys: keys, bucketCounts: Self.bucketCounts)
    }

    /// The cheapest buckets, of one of these counts, for the sorted keys of least values; there is one at least.
    init(keys: [Int32], bucketCounts: [Int]) {
        self.keys = keys
        var best: Candidate?
        // A few thresholds far off would make all other buckets wide: they may share the first and last.
        for trimmed in Set([0, min(1, keys.count / 8), min(2, keys.count / 8), keys.count / 32]).sorted() {
            for byKey in [false, true] {
                for count in bucketCounts {
                    let least = best?.cost ?? .infinity
                    // Even with one compare in each, more buckets only cost more.
                    if Candidate.cost(compares: 1, buckets: count) >= least { break }
                    if let better = Candidate(keys.span, trimmed: trimmed, byKey, count, below: least) { best = better }
                }
            }
        }
        guard let best else { preconditionFailure("there are bucket counts to choose from") }
        isByKey = best.isByKey
        bucketCount = best.bucketCount
        compareCount = best.compareCount
        low = best.low
        scale = best.scale
        var bases = [UInt8](repeating: 0, count: best.bucketCount)
        for (index, key) in keys.enumerated() {
            let bucket = best.bucket(of: key)
            if bucket + 1 < best.bucketCount { bases[bucket + 1] = UInt8(index + 1) }
        }
        for bucket in bases.indices.dropFirst() { bases[bucket] = max(bases[bucket], bases[bucket - 1]) }
        self.bases = bases
    }

    private struct Candidate {
        let isByKey: Bool
        let bucketCount: Int
        let low: Float
        let scale: Float
        /// The most thresholds in a bucket.
        private(set) var compareCount = 0

        /// Nil unless it costs less than this.
        init?(_ keys: Span<Int32>, trimmed: Int, _ isByKey: Bool, _ bucketCount: Int, below most: Double) {
            self.isByKey = isByKey
            self.bucketCount = bucketCount
            let low = Self.number(keys[trimmed], isByKey)
            let width = Self.number(keys[keys.count - 1 - trimmed], isByKey) - low
            self.low = low
            scale = width > 0 ? Float(bucketCount - 1) / width : 1
            // Buckets never fall from one threshold to the next.
            var last = -1
            var run = 0
            for index in keys.indices {
                let bucket = bucket(of: keys[index])
                run = bucket == last ? run + 1 : 1
                last = bucket
                if run > compareCount {
                    compareCount = run
                    guard cost < most else { return nil }
                }
            }
        }

        @inline(__always)
        func bucket(of key: Int32) -> Int {
            let number = Self.number(key, isByKey)
            return number.isNaN
                ? bucketCount - 1 : Int(bucketNumber(number, low, scale, Float(bucketCount - 1)))
        }

        @inline(__always)
        private static func number(_ key: Int32, _ isByKey: Bool) -> Float {
            // The float of a key, NaN beyond infinity.
            isByKey ? Float(key) : Float(bitPattern: UInt32(bitPattern: key ^ (key >> 31 & 0x7fff_ffff)))
        }

        var cost: Double { Self.cost(compares: compareCount, buckets: bucketCount) }

        /// Compares, as many as are made at once, and a little for the table's place in the caches.
        static func cost(compares: Int, buckets: Int) -> Double {
            let made =
                switch compares {
                case ...2: compares
                case 3...4: 4
                case 5...8: 8
                default: 16
                }
            return Double(made) + Double(buckets) / 1024
        }
    }
}
