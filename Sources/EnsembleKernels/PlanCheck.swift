internal import CShims
import TreeEnsemble

/// Checks every number of a stored plan, in time linear in its size.
///
/// What passes may score wrongly, but whatever the rows are, no number leads outside the blocks or the working memory, every
/// walk ends, and a row takes no longer, and working memory is no larger, than in proportion to the plan's size.
///
/// Safety of its files: blocks hold whole elements of their types, of which any bits are one, and indices are below their
/// counts.
struct PlanCheck {
    let blocks: PlanBlocks
    let shape: PlanShape
    let kind: PlanKind
    private let planByteCount: Int

    init(_ blocks: PlanBlocks, _ shape: PlanShape, _ kind: PlanKind, planByteCount: Int) {
        self.blocks = blocks
        self.shape = shape
        self.kind = kind
        self.planByteCount = planByteCount
    }

    var isFloat: Bool { shape.arithmetic.sum == .float32 }

    /// - Throws: ``StoredPlanError`` with the first thing that is wrong.
    func run() throws(StoredPlanError) {
        // Every column, mask and tree has that many bytes of records and tables.
        guard shape.columnCount <= min(CodeColumns.countMax, planByteCount / 16),
            shape.wideColumnCount <= min(LargeTreePlan.columnsMax, planByteCount / 16),
            shape.maskCount <= min(SlicedMasks.countMax, planByteCount / 4), shape.treeCount <= planByteCount / 32
        else { throw StoredPlanError("it has more columns, masks or trees than it has room for") }
        guard shape.featureCount <= Self.featuresMax else {
            throw StoredPlanError("it is for \(shape.featureCount) features")
        }
        try checkRankers()
        try checkWideRankers()
        try checkCategories()
        try checkWalks()
        try checkLargeTrees()
        try checkRuns()
        try checkMasks()
        try checkSlicedTrees()
        try checkTests()
        try checkLanes()
    }

    /// No format of a model file has more.
    static let featuresMax = 1 << 21

    /// Whether a part of something is inside it; none of the numbers is negative.
    static func isInside(_ first: UInt32, _ count: UInt32, _ whole: Int) -> Bool {
        Int(first) + Int(count) <= whole
    }

    /// Whether a table of a part of a block's lines is inside the block.
    private func hasTable(_ block: PlanBlock, line: UInt32, byteCount: Int) -> Bool {
        Int(line) * 64 + byteCount <= blocks.byteCount(block)
    }

    private func checkRankers() throws(StoredPlanError) {
        let rankers = unsafe blocks.elements(.rankers, of: StoredRanker.self)
        let columns = unsafe blocks.elements(.rankColumns, of: StoredRankColumn.self)
        var next = 0
        for index in rankers.indices {
            let ranker = unsafe rankers[index]
            let thresholds = Int(ranker.thresholdCount)
            // A value is asked for its bucket, for one more key than its bucket has, and for halves of a table.
            guard Int(ranker.feature) < shape.featureCount, (1...RankTable.thresholdsMax).contains(thresholds),
                (RankerBlock.paddedMin...256).contains(Int(ranker.paddedCount)),
                ranker.paddedCount.nonzeroBitCount == 1,
                (1...BucketTable.bucketsMax).contains(Int(ranker.bucketCount)),
                Int(ranker.compareCount) <= RankTable.thresholdsMax,
                hasTable(.rankTables, line: ranker.keysLine, byteCount: (thresholds + RankerBlock.keysBehind) * 4),
                hasTable(.rankTables, line: ranker.doublesLine, byteCount: Int(ranker.paddedCount) * 8),
                Int(ranker.firstColumn) == next, ranker.columnCount >= 1,
                Self.isInside(ranker.firstColumn, ranker.columnCount, columns.count)
            else { throw StoredPlanError("ranker \(index) is outside") }
            for at in next..<next + Int(ranker.columnCount) { unsafe try check(columns[at], of: ranker) }
            next += Int(ranker.columnCount)
        }
        guard next == columns.count else { throw StoredPlanError("a column belongs to no ranker") }
    }

    private func check(_ column: StoredRankColumn, of ranker: StoredRanker) throws(StoredPlanError) {
        // After the buckets come what NaN means, and zero.
        let count = Int(ranker.bucketCount) + 2
        guard Int(column.column) < shape.columnCount,
            hasTable(.rankTables, line: column.basesLine, byteCount: count)
        else { throw StoredPlanError("column \(column.column) of a ranker is outside") }
        let bases = unsafe blocks.start(.rankTables) + Int(column.basesLine) * 64
        var highest: UInt8 = 0
        for index in 0..<count {
            highest = unsafe max(highest, bases.load(fromByteOffset: index, as: UInt8.self))
        }
        guard Int(highest) <= Int(ranker.thresholdCount) else {
            throw StoredPlanError("column \(column.column) of a ranker begins behind its thresholds")
        }
    }

    private func checkWideRankers() throws(StoredPlanError) {
        let rankers = unsafe blocks.elements(.wideRankers, of: StoredWideRanker.self)
        let columns = unsafe blocks.elements(.wideRankColumns, of: WideRankColumn.self)
        var next = 0
        for index in rankers.indices {
            let ranker = unsafe rankers[index]
            let (thresholds, bases) = (Int(ranker.thresholdCount), Int(ranker.baseCount))
            guard Int(ranker.feature) < shape.featureCount, (1...RankTable.wideThresholdsMax).contains(thresholds),
                (1...WideBuckets.bucketsMax).contains(bases), ranker.steps <= WideBuckets.stepsMax,
                hasTable(.wideRankTables, line: ranker.thresholdsLine, byteCount: ranker.filledCount * 8),
                hasTable(.wideRankTables, line: ranker.keysLine, byteCount: ranker.filledCount * 4),
                hasTable(.wideRankTables, line: ranker.basesLine, byteCount: bases * 2),
                Int(ranker.firstColumn) == next,
                Self.isInside(ranker.firstColumn, ranker.columnCount, columns.count)
            else { throw StoredPlanError("wide ranker \(index) is outside") }
            // A search goes on from a base, or from what is special.
            var highest: UInt16 = 0
            let start = unsafe (blocks.start(.wideRankTables) + Int(ranker.basesLine) * 64)
                .assumingMemoryBound(to: UInt16.self)
            for bucket in 0..<bases { highest = unsafe max(highest, start[bucket]) }
            for at in next..<next + Int(ranker.columnCount) {
                let column = unsafe columns[at]
                highest = max(highest, column.specialCode)
                guard Int(column.column) < shape.wideColumnCount else {
                    throw StoredPlanError("column \(column.column) of a wide ranker is outside")
                }
            }
            guard Int(highest) <= thresholds else {
                throw StoredPlanError("wide ranker \(index) begins behind its thresholds")
            }
            next += Int(ranker.columnCount)
        }
        guard next == columns.count else { throw StoredPlanError("a column belongs to no wide ranker") }
    }

    private func checkCategories() throws(StoredPlanError) {
        var next = 0
        let tables = unsafe blocks.elements(.categories, of: StoredCategories.self)
        for index in tables.indices {
            let table = unsafe tables[index]
            guard Int(table.feature) < shape.featureCount,
                Int(table.classCount) <= blocks.byteCount(.classes) - next,
                Self.isInside(table.firstColumn, table.columnCount, shape.columnCount)
            else { throw StoredPlanError("the categories of feature \(table.feature) are outside") }
            next += Int(table.classCount)
        }
    }
}
