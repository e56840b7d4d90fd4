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

    private static let bucketCounts = [16, 32, 64, 128, 256, 512, 1024, 2048]

    /// The cheapest buckets for sorted thresholds.
    init(_ table: RankTable, _ arithmetic: Arithmetic) {
        keys = table.thresholds.map { threshold in
            let key = orderedKey(RankTable.narrowed(threshold))
            return arithmetic.comparison == .lessThan ? key : key + 1
        }
        var best: Candidate?
        // A few thresholds far off would make all other buckets wide: they may share the first and last.
        for trimmed in Set([0, min(1, keys.count / 8), min(2, keys.count / 8), keys.count / 32]).sorted() {
            for isByKey in [false, true] {
                for count in Self.bucketCounts {
                    let candidate = Candidate(keys, trimmed: trimmed, isByKey: isByKey, bucketCount: count)
                    if best.map({ candidate.cost < $0.cost }) ?? true { best = candidate }
                    if candidate.compareCount <= 1 { break }
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
        for (index, bucket) in best.buckets.enumerated() where bucket + 1 < best.bucketCount {
            bases[bucket + 1] = UInt8(index + 1)
        }
        for bucket in bases.indices.dropFirst() { bases[bucket] = max(bases[bucket], bases[bucket - 1]) }
        self.bases = bases
    }

    private struct Candidate {
        let isByKey: Bool
        let bucketCount: Int
        let low: Float
        let scale: Float
        /// By threshold, which never falls.
        let buckets: [Int]
        let compareCount: Int

        init(_ keys: [Int32], trimmed: Int, isByKey: Bool, bucketCount: Int) {
            self.isByKey = isByKey
            self.bucketCount = bucketCount
            let top = Float(bucketCount - 1)
            func number(_ key: Int32) -> Float { isByKey ? Float(key) : Self.value(ofKey: key) }
            let low = number(keys[trimmed])
            let width = number(keys[keys.count - 1 - trimmed]) - low
            let scale = width > 0 ? top / width : 1
            self.low = low
            self.scale = scale
            buckets = keys.map { key in
                let number = number(key)
                return number.isNaN ? bucketCount - 1 : Int(bucketNumber(number, low, scale, top))
            }
            var longest = 0
            var run = 0
            for (index, bucket) in buckets.enumerated() {
                run = index > 0 && buckets[index - 1] == bucket ? run + 1 : 1
                longest = max(longest, run)
            }
            compareCount = longest
        }

        /// Compares, as many as are made at once, and a little for the table's place in the caches.
        var cost: Double {
            let compares =
                switch compareCount {
                case ...2: compareCount
                case 3...4: 4
                case 5...8: 8
                default: 16
                }
            return Double(compares) + Double(bucketCount) / 1024
        }

        /// The float of a key, NaN beyond infinity.
        private static func value(ofKey key: Int32) -> Float {
            Float(bitPattern: UInt32(bitPattern: key ^ (key >> 31 & 0x7fff_ffff)))
        }
    }
}
