/// The fixed buckets of every duration histogram: a quarter of a microsecond to 6.3 seconds in steps of a third to a half.
///
/// Upper bounds are 250 ns × 1, 1.5, 2, 3, 4, 6, 8, 12, …; the last bucket has none. 300 ns, for example, is above 250
/// and not above 375, so it falls into bucket 1.
public enum DurationBuckets {
    /// How many buckets there are, the unbounded one included.
    public static let count = 51

    /// The bucket that holds `nanoseconds`.
    @inlinable
    public static func index(nanoseconds: UInt64) -> Int {
        if nanoseconds <= 250 { return 0 }
        // In units of 125 ns, bounds are 2·2^k and 3·2^k; the smallest one that is not below the value.
        let below = (nanoseconds - 1) / 125
        let power = 63 - below.leadingZeroBitCount
        let half = Int(below >> UInt64(power - 1) & 1)
        return min(2 * (power - 1) + half + 1, count - 1)
    }

    /// The upper bound of a bucket in nanoseconds; nil for the last.
    public static func upperBoundNanoseconds(_ index: Int) -> UInt64? {
        guard index < count - 1 else { return nil }
        return 125 * (index % 2 == 0 ? 2 : 3) << UInt64(index / 2)
    }
}

/// Durations counted by bucket: a copy that can be added up and asked.
public struct DurationDistribution: Sendable, Equatable {
    /// How many durations fell into each of ``DurationBuckets``.
    public var counts = [UInt64](repeating: 0, count: DurationBuckets.count)
    /// All durations together.
    public var sumNanoseconds: UInt64 = 0

    /// No durations.
    public init() {}

    /// How many durations there are.
    public var count: UInt64 { counts.reduce(0, &+) }

    /// Adds another distribution.
    public static func += (left: inout Self, right: Self) {
        for index in left.counts.indices { left.counts[index] &+= right.counts[index] }
        left.sumNanoseconds &+= right.sumNanoseconds
    }

    /// An upper bound for the given share of all durations: the bound of the bucket it falls into; nil when there is none.
    public func quantileNanoseconds(_ share: Double) -> UInt64? {
        let wanted = max(1, (Double(count) * share).rounded(.up))
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if Double(seen) >= wanted { return DurationBuckets.upperBoundNanoseconds(index) }
        }
        return nil
    }
}
