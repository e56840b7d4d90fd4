internal import CShims
import TreeEnsemble

/// The code columns of an ensemble and where each node's test lies in them.
struct CodeColumns {
    /// For the comparisons of trees that are sliced: a byte a row.
    let ranks: RankColumns
    /// For the comparisons of larger trees: two bytes a row.
    let wideRanks: RankColumns
    /// For all lookups: a byte a row.
    let categories: CategoryColumns
    /// By node of all trees, one tree after the other; a comparison of a large tree is in a wide column.
    let places: [NodePlace]
    /// By tree, where its nodes start in ``places``.
    let firstNodes: [Int]
    /// Byte columns in all.
    let count: Int
    /// Columns of ``wideRanks``.
    let wideCount: Int
    /// A column's place in a pass takes 32 bits.
    static let countMax = (1 << 32) / Int(CShimsRowsMax)

    init(_ ensemble: Ensemble) throws(KernelError) {
        var firstNodes: [Int] = []
        firstNodes.reserveCapacity(ensemble.trees.count)
        var nodes = 0
        for tree in ensemble.trees {
            firstNodes.append(nodes)
            nodes += tree.nodes.count
        }
        guard nodes < Int(UInt32.max) else { throw .tooLarge("\(nodes) nodes") }
        var places = [NodePlace](repeating: .none, count: nodes)
        var next = 0
        ranks = RankColumns(ensemble, places: &places, nextColumn: &next, where: SlicedPlan.slices)
        categories = CategoryColumns(ensemble, places: &places, nextColumn: &next)
        count = next
        guard next <= Self.countMax else {
            throw .tooLarge("\(next) code columns; at most \(Self.countMax) can be numbered")
        }
        let tests = ranks.tables.reduce(2 * categories.splitCount) { $0 + $1.thresholds.count * $1.columns.count }
        guard tests <= SlicedMasks.countMax else {
            throw .tooLarge("\(tests) different tests; at most \(SlicedMasks.countMax) can be numbered")
        }
        var nextWide = 0
        wideRanks = RankColumns(
            ensemble,
            thresholdsMax: RankTable.wideThresholdsMax,
            places: &places,
            nextColumn: &nextWide,
            where: { !SlicedPlan.slices($0) }
        )
        self.places = places
        self.firstNodes = firstNodes
        wideCount = nextWide
        guard nextWide <= LargeTreePlan.columnsMax else {
            throw .tooLarge(
                "\(nextWide) code columns of large trees; at most \(LargeTreePlan.columnsMax) can be numbered"
            )
        }
    }

    /// A column's place in a pass.
    static func place(_ column: Int) -> UInt32 { UInt32(column * Int(CShimsRowsMax)) }
}
