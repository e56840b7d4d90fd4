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
    /// Byte columns in all.
    let count: Int
    /// Columns of ``wideRanks``.
    let wideCount: Int
    /// A column's place in a pass takes 32 bits.
    static let countMax = (1 << 32) / Int(CShimsRowsMax)

    init(_ ensemble: Ensemble) throws(KernelError) {
        var next = 0
        ranks = RankColumns(ensemble, nextColumn: &next, where: SlicedPlan.slices)
        categories = CategoryColumns(ensemble, nextColumn: &next)
        count = next
        guard next <= Self.countMax else {
            throw .tooLarge("\(next) code columns; at most \(Self.countMax) can be numbered")
        }
        var nextWide = 0
        wideRanks = RankColumns(ensemble, thresholdsMax: RankTable.wideThresholdsMax, nextColumn: &nextWide) { tree in
            !SlicedPlan.slices(tree)
        }
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
