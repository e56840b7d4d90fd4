internal import CShims
import TreeEnsemble

/// Rows as they lie in memory: element (row, feature) is at `row * rowStride + feature * featureStride`.
@unsafe
struct RowSource<Value> {
    let start: UnsafePointer<Value>
    let rowStride: Int
    let featureStride: Int
}

/// Turns double values and categories into codes, for any processor.
enum PortableQuantiser {
    /// Fills the rank columns from double values.
    static func rank(
        _ rows: RowSource<Double>,
        count: Int,
        _ rankers: UnsafeBufferPointer<CShimsRanker>,
        into codes: UnsafeMutablePointer<UInt8>
    ) {
        // Safety: the caller's rows hold `count` rows of every ranker's feature, and `codes` a pass of every column; a
        // table holds a power of two of thresholds, so that no step leaves it. Double rows of a float32 ensemble were narrowed before, so values pass only what is below.
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
            let isSpecial = unsafe isNaN || isZero && column.zeroSpecial != 0
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
        _ tables: [PackedCategories],
        lowest: Value,
        codeStride: Int = Int(CShimsRowsMax),
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
                let place = unsafe codes + table.firstColumn * codeStride
                for row in 0..<count {
                    let value = unsafe start[row * rows.rowStride]
                    var found = CategoryTable.unseenClass
                    if value.isNaN {
                        found = CategoryTable.missingClass
                    } else if value > lowest, value < end {
                        found = unsafe classes[Int(value)]
                    }
                    let home = Int(found) / CategoryTable.classesPerColumn
                    for column in 0..<columns {
                        unsafe place[column * codeStride + row] =
                            column == home
                            ? UInt8(Int(found) - home * CategoryTable.classesPerColumn)
                            : UInt8(CategoryTable.elsewhere)
                    }
                }
            }
        }
    }
}
