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
    let ranks: RankerBlock
    let wideRanks: WideRankerBlock
    let categoryTables: [CategoryTable]
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
    var byteCount: Int {
        sliced.byteCount + ranks.byteCount + wideRanks.byteCount
            + categoryTables.reduce(0) { $0 + $1.classes.count } + (walk?.byteCount ?? 0) + large.byteCount
            + (lanes?.byteCount ?? 0)
    }

    /// Packs a valid ensemble.
    ///
    /// - Parameters:
    ///   - ensemble: what to pack.
    ///   - kernel: for which kernel; they differ in how leaves lie, and in having lanes.
    /// - Throws: ``KernelError/tooLarge(_:)``.
    init(_ ensemble: Ensemble, _ kernel: KernelName) throws(KernelError) {
        let columns = try CodeColumns(ensemble)
        let walkPlan = try WalkPlan(ensemble, columns)
        let largePlan = try LargeTreePlan(ensemble, columns)
        let functions = KernelFunctions.of(kernel)
        lanes = functions.hasTreeLanes ? TreeLanes(ensemble, columns) : nil
        treeCount = ensemble.trees.count
        large = largePlan
        walk = walkPlan
        sliced = SlicedPlan(ensemble, columns, hasLookups: functions.hasLookups)
        arithmetic = ensemble.arithmetic
        featureCount = ensemble.featureCount
        outputCount = ensemble.outputCount
        baseMargins = ensemble.baseMargins
        sumScale = ensemble.sumScale
        columnCount = columns.count
        wideColumnCount = columns.wideCount
        categoryTables = columns.categories.tables
        var hasTree = [Bool](repeating: false, count: ensemble.outputCount)
        for tree in ensemble.trees { hasTree[tree.output] = true }
        outputHasTree = hasTree

        ranks = RankerBlock(columns.ranks.tables, ensemble.arithmetic)
        wideRanks = WideRankerBlock(columns.wideRanks.tables, ensemble.arithmetic)
    }
}
