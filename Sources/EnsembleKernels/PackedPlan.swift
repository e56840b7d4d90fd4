internal import CShims
import TreeEnsemble

/// An ensemble packed for the kernels: immutable, in a few blocks of aligned memory.
///
/// Unchecked because of its pointers: they point into blocks that it owns, and nothing is written after `init`.
@safe
struct PackedPlan: ~Copyable, @unchecked Sendable {
    let arithmetic: Arithmetic
    let featureCount: Int
    let outputCount: Int
    /// Where each output's sum starts.
    let baseMargins: [Double]
    let sumScale: SumScale
    /// Outputs that no tree adds to keep their base margin as it is.
    let outputHasTree: [Bool]
    /// Byte columns.
    let columnCount: Int
    /// Wide columns, of two bytes.
    let wideColumnCount: Int
    /// The trees in slices.
    let sliced: SlicedPlan
    private(set) var ranks: RankerBlock
    let wideRanks: WideRankerBlock
    let categoryTables: [PackedCategories]
    /// Trees in all.
    let treeCount: Int
    /// The same trees for walking; nil if they have more columns than a walk can number.
    let walk: WalkPlan?
    /// The trees that are too large for slices.
    let large: LargeTreePlan
    /// The same trees for a few rows in lanes; nil where the kernel or the trees are not for that.
    let lanes: TreeLanes?
    /// Which form takes how many rows.
    var forms = FormTable()

    /// Bytes that evaluating touches.
    private(set) var byteCount: Int
    /// Bytes of working memory for whichever of the evaluators runs: ranking, clearing or walking.
    let temporaryByteCount: Int

    /// The plan of blocks whose numbers stay inside each other.
    init(_ blocks: PlanBlocks, _ shape: PlanShape) {
        arithmetic = shape.arithmetic
        featureCount = shape.featureCount
        outputCount = shape.outputCount
        baseMargins = shape.baseMargins
        sumScale = shape.sumScale
        outputHasTree = shape.outputHasTree
        columnCount = shape.columnCount
        wideColumnCount = shape.wideColumnCount
        treeCount = shape.treeCount
        sliced = SlicedPlan(blocks, maskCount: shape.maskCount)
        ranks = RankerBlock(blocks)
        wideRanks = WideRankerBlock(blocks, shape.arithmetic)
        categoryTables = [PackedCategories](blocks)
        walk = WalkPlan(blocks, columnCount: shape.columnCount)
        large = LargeTreePlan(blocks, shape.arithmetic)
        lanes = TreeLanes(blocks, columnCount: shape.columnCount, outputCount: shape.outputCount)
        byteCount = blocks.byteCount
        temporaryByteCount = max(
            slicedWorkByteCount,
            bucketRankWorkByteCount,
            treeLanesWorkByteCount,
            TreeWalk.workByteCount(columns: columnCount, trees: treeCount),
            LargeTreeWalk.workByteCount(large, columns: columnCount, trees: treeCount)
        )
    }

    /// Adds what only this kernel has, and measures which form is the fastest for how many rows, unless one is given.
    mutating func prepare(_ kernel: KernelName, _ form: EvaluationForm?) {
        if kernel.hasRankLookups { byteCount += ranks.addLookups() }
        if let form { forms = FormTable(form) } else { measureForms(kernel) }
    }

    /// By feature, whether there is a code column of it.
    func readsFeature(_ featureCount: Int) -> [Bool] {
        var reads = [Bool](repeating: false, count: featureCount)
        // Safety: the blocks live as long as this value.
        for index in unsafe ranks.rankers.indices { reads[Int(unsafe ranks.rankers[index].feature)] = true }
        for index in unsafe wideRanks.rankers.indices { reads[unsafe wideRanks.rankers[index].feature] = true }
        for table in categoryTables { reads[table.feature] = true }
        return reads
    }

    /// Packs a valid ensemble.
    ///
    /// - Parameters:
    ///   - ensemble: what to pack.
    ///   - kind: for which kernels; they differ in how leaves lie, and in having lanes.
    /// - Throws: ``KernelError/tooLarge(_:)``.
    init(_ ensemble: Ensemble, _ kind: PlanKind) throws(KernelError) {
        let blocks = PlanBlocks()
        let shape = try Self.pack(ensemble, kind, into: blocks)
        self.init(blocks, shape)
    }

    /// Fills in a plan's blocks, but for the head.
    ///
    /// - Parameters:
    ///   - ensemble: what to pack.
    ///   - kind: for which kernels.
    ///   - blocks: where it goes.
    /// - Returns: what is in none of the blocks.
    /// - Throws: ``KernelError/tooLarge(_:)``.
    static func pack(
        _ ensemble: Ensemble,
        _ kind: PlanKind,
        into blocks: PlanBlocks
    ) throws(KernelError) -> PlanShape {
        let columns = try CodeColumns(ensemble)
        RankerBlock.pack(columns.ranks.tables, ensemble.arithmetic, into: blocks)
        WideRankerBlock.pack(columns.wideRanks.tables, ensemble.arithmetic, into: blocks)
        columns.categories.tables.map { $0.packed }.put(into: blocks)
        try LargeTreePlan.pack(ensemble, columns, into: blocks)
        // Trees in lanes take a few rows sooner than walks do, and then these would only make the plan larger.
        if !kind.hasTreeLanes || !TreeLanes.pack(ensemble, columns, into: blocks) {
            try WalkPlan.pack(ensemble, columns, into: blocks)
        }
        let maskCount = SlicedPlan.pack(ensemble, columns, hasLookups: kind.hasLookups, into: blocks)
        var hasTree = [Bool](repeating: false, count: ensemble.outputCount)
        for tree in ensemble.trees { hasTree[tree.output] = true }
        return PlanShape(
            arithmetic: ensemble.arithmetic,
            featureCount: ensemble.featureCount,
            baseMargins: ensemble.baseMargins,
            sumScale: ensemble.sumScale,
            outputHasTree: hasTree,
            treeCount: ensemble.trees.count,
            columnCount: columns.count,
            wideColumnCount: columns.wideCount,
            maskCount: maskCount
        )
    }
}
