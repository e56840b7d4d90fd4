/// Durations in nanoseconds, counted to three significant digits: the log-linear cells of HdrHistogram.
///
/// Below 2,048 each value has a cell of its own. Above, each doubling has 1,024 cells of one width, so that a cell is never
/// wider than a thousandth of what it holds: 5,000,000 lies among values that share 22 bits, less than 12, in a cell of 4,096.
/// Durations from 2^42 ns (73 minutes) on count as the longest there is.
public struct LatencyHistogram: Sendable, Equatable {
    /// How many cells a doubling has, and how many the first two together.
    static let cellsPerDoubling = 1_024, subBuckets = 2_048
    /// How many doublings there are, the first 2,048 values counted as one.
    static let buckets = 32
    private static let cells = (buckets + 1) * cellsPerDoubling
    private static let valueMax: UInt64 = 1 << 42 - 1

    private var counts = [UInt64](repeating: 0, count: cells)
    /// How many durations there are.
    public private(set) var count: UInt64 = 0
    /// The longest, exactly; 0 when there is none.
    public private(set) var max: UInt64 = 0
    private var sum = 0.0

    /// No durations.
    public init() {}

    /// The mean; 0 when there is none.
    public var mean: Double { count > 0 ? sum / Double(count) : 0 }

    /// The standard deviation, of the cells' middles.
    public var standardDeviation: Double {
        guard count > 0 else { return 0 }
        let mean = mean
        let squares = occupied.reduce(0.0) { total, cell in
            let middle = (Double(Self.lowest(cell.index)) + Double(Self.highest(cell.index))) / 2
            return total + (middle - mean) * (middle - mean) * Double(cell.count)
        }
        return (squares / Double(count)).squareRoot()
    }

    /// Counts one duration.
    public mutating func record(_ nanoseconds: UInt64) {
        let value = min(nanoseconds, Self.valueMax)
        counts[Self.index(value)] &+= 1
        count &+= 1
        sum += Double(value)
        if value > max { max = value }
    }

    /// Adds another histogram.
    public static func += (left: inout Self, right: Self) {
        for index in left.counts.indices { left.counts[index] &+= right.counts[index] }
        left.count &+= right.count
        left.sum += right.sum
        left.max = Swift.max(left.max, right.max)
    }

    /// The smallest duration that so great a part did not exceed, to the cell's upper end; 0 when there is none.
    ///
    /// - Parameter percent: From 0 to 100.
    /// - Returns: Nanoseconds.
    public func percentile(_ percent: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        // One step down: 99.9 % of 1,000 is 999, whatever the product is rounded to.
        let wanted = Swift.max(1, (percent.nextDown / 100 * Double(count)).rounded(.up))
        var seen: UInt64 = 0
        for cell in occupied {
            seen &+= cell.count
            if Double(seen) >= wanted { return Swift.min(Self.highest(cell.index), max) }
        }
        return max
    }

    /// How many durations are longer than this, to the cell.
    public func count(above nanoseconds: UInt64) -> UInt64 {
        let first = Self.index(Swift.min(nanoseconds, Self.valueMax)) + 1
        return counts[first...].reduce(0, &+)
    }

    /// The cells that hold something, in rising order.
    var occupied: some Sequence<(index: Int, count: UInt64)> {
        counts.indices.lazy.filter { counts[$0] > 0 }.map { (index: $0, count: counts[$0]) }
    }

    /// The cell of a value.
    static func index(_ value: UInt64) -> Int {
        guard value >= UInt64(subBuckets) else { return Int(value) }
        let shift = 53 - value.leadingZeroBitCount
        return shift * cellsPerDoubling + Int(value >> UInt64(shift))
    }

    /// The smallest value of a cell.
    static func lowest(_ index: Int) -> UInt64 {
        guard index >= subBuckets else { return UInt64(index) }
        let shift = index / cellsPerDoubling - 1
        return UInt64(index % cellsPerDoubling + cellsPerDoubling) << UInt64(shift)
    }

    /// The largest value of a cell.
    static func highest(_ index: Int) -> UInt64 {
        guard index >= subBuckets else { return UInt64(index) }
        return lowest(index) + (1 << UInt64(index / cellsPerDoubling - 1)) - 1
    }
}
