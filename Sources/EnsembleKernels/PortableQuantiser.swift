internal import CShims
import TreeEnsemble

/// Rows as they lie in memory: element (row, feature) is at `row * rowStride + feature * featureStride`.
@unsafe
struct RowSource<Value> {
    let start: UnsafePointer<Value>
    let rowStride: Int
    let featureStride: Int
}

/// Turns values into codes, for any processor: a branchless binary search a value.
enum PortableQuantiser {
    /// Fills the rank columns for rows `0..<count` of a pass of float values.
    ///
    /// `passesEqual` says whether a value equal to a threshold has passed it (XGBoost) or not (LightGBM).
    static func rank(
        _ rows: RowSource<Float>,
        count: Int,
        _ rankers: UnsafeBufferPointer<CShimsRanker>,
        passesEqual: Bool,
        into codes: UnsafeMutablePointer<UInt8>
    ) {
        let edge = Float(Arithmetic.zeroThreshold)
        // Safety: the caller's rows hold `count` rows of every ranker's feature, and `codes` a pass of every column; a
        // table holds a power of two of thresholds, so that no step leaves it.
        for index in rankers.indices {
            let ranker = unsafe rankers[index]
            let thresholds = unsafe ranker.floats + Int(CShimsSeparators)
            let start = unsafe rows.start + Int(ranker.feature) * rows.featureStride
            let steps = unsafe Int(ranker.paddedCount).trailingZeroBitCount
            for first in Swift.stride(from: 0, to: count, by: inStep) {
                let some = min(inStep, count - first)
                unsafe withUnsafeTemporaryAllocation(of: Search.self, capacity: inStep) { searches in
                    for row in 0..<some {
                        unsafe searches[row] = Search(value: start[(first + row) * rows.rowStride], rank: 0)
                    }
                    if passesEqual {
                        unsafe search(searches, some, thresholds, steps: steps) { $0 <= $1 }
                    } else {
                        unsafe search(searches, some, thresholds, steps: steps) { $0 < $1 }
                    }
                    for row in 0..<some {
                        let (value, rank) = unsafe (searches[row].value, Int(searches[row].rank))
                        unsafe store(rank, value.isNaN, abs(value) <= edge, ranker, first + row, codes)
                    }
                }
            }
        }
    }

    /// Values that are searched for in step, so that each step's loads can wait together.
    private static let inStep = 16

    private struct Search {
        var value: Float
        var rank: Int32
    }

    /// Ranks values by halves.
    ///
    /// An outcome is a bit added to a rank twice as large: no compiler makes a branch of that.
    @inline(__always)
    private static func search(
        _ searches: UnsafeMutableBufferPointer<Search>,
        _ count: Int,
        _ thresholds: UnsafePointer<Float>,
        steps: Int,
        isPassed: (_ threshold: Float, _ value: Float) -> Bool
    ) {
        // Safety: see `rank`; `count` is at most the searches' own.
        for step in (0..<steps).reversed() {
            for row in 0..<count {
                let search = unsafe searches[row]
                let twice = search.rank &+ search.rank
                let threshold = unsafe thresholds[Int((twice &+ 1) &<< Int32(step)) &- 1]
                unsafe searches[row].rank = twice &+ (isPassed(threshold, search.value) ? 1 : 0)
            }
        }
        // Ranks go up to the count itself.
        for row in 0..<count {
            let search = unsafe searches[row]
            let threshold = unsafe thresholds[Int(search.rank)]
            unsafe searches[row].rank = search.rank &+ (isPassed(threshold, search.value) ? 1 : 0)
        }
    }

    /// Fills the rank columns from double values.
    static func rank(
        _ rows: RowSource<Double>,
        count: Int,
        _ rankers: UnsafeBufferPointer<CShimsRanker>,
        into codes: UnsafeMutablePointer<UInt8>
    ) {
        // Safety: as above. Double rows of a float32 ensemble were narrowed before, so values pass only what is below.
        for index in rankers.indices {
            let ranker = unsafe rankers[index]
            guard let thresholds = unsafe ranker.doubles else { continue }
            let start = unsafe rows.start + Int(ranker.feature) * rows.featureStride
            for row in 0..<count {
                let value = unsafe start[row * rows.rowStride]
                var rank = 0
                var step = unsafe Int(ranker.paddedCount) / 2
                while step > 0 {
                    rank += unsafe thresholds[rank + step - 1] < value ? step : 0
                    step /= 2
                }
                rank += unsafe thresholds[rank] < value ? 1 : 0
                unsafe store(rank, value.isNaN, abs(value) <= Arithmetic.zeroThreshold, ranker, row, codes)
            }
        }
    }

    @inline(__always)
    private static func store(
        _ rank: Int,
        _ isNaN: Bool,
        _ isZero: Bool,
        _ ranker: CShimsRanker,
        _ row: Int,
        _ codes: UnsafeMutablePointer<UInt8>
    ) {
        // Safety: see the callers.
        for index in 0..<Int(unsafe ranker.columnCount) {
            let column = unsafe ranker.columns[index]
            let isSpecial = isNaN || isZero && column.zeroSpecial != 0
            unsafe codes[Int(column.place) + row] = UInt8(
                truncatingIfNeeded: isSpecial ? Int(column.specialCode) : rank
            )
        }
    }

    /// Fills the categorical columns.
    ///
    /// A category is its value truncated toward zero; a negative or too large one is in no set. XGBoost takes any
    /// negative number for one, LightGBM those from -1 down.
    static func classify<Value: BinaryFloatingPoint>(
        _ rows: RowSource<Value>,
        count: Int,
        _ tables: [CategoryTable],
        lowest: Value,
        into codes: UnsafeMutablePointer<UInt8>
    ) {
        for table in tables {
            // The least value of this type that is not below the count.
            var limit = Value(table.classes.count)
            if Int(limit) < table.classes.count { limit = limit.nextUp }
            let end = limit
            let columns = table.columnCount
            // Safety: the caller's rows hold `count` rows of the table's feature, and `codes` a pass of its columns; a
            // category is looked up only below the number of classes.
            unsafe table.classes.withUnsafeBufferPointer { classes in
                let start = unsafe rows.start + table.feature * rows.featureStride
                let place = unsafe codes + table.firstColumn * Int(CShimsRowsMax)
                for row in 0..<count {
                    let value = unsafe start[row * rows.rowStride]
                    var found = table.unseenClass
                    if value.isNaN {
                        found = CategoryTable.missingClass
                    } else if value > lowest, value < end {
                        found = unsafe classes[Int(value)]
                    }
                    let home = Int(found) / CategoryTable.classesPerColumn
                    for column in 0..<columns {
                        unsafe place[column * Int(CShimsRowsMax) + row] =
                            column == home
                            ? UInt8(Int(found) - home * CategoryTable.classesPerColumn)
                            : UInt8(CategoryTable.elsewhere)
                    }
                }
            }
        }
    }
}
