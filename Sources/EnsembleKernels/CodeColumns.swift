internal import CShims
import TreeEnsemble

/// The code columns of an ensemble and where each node's test lies in them.
struct CodeColumns {
    let ranks: RankColumns
    let categories: CategoryColumns
    /// Columns in all; a row's codes are this many bytes.
    let count: Int
    /// A column's place in a pass takes 32 bits.
    static let countMax = (1 << 32) / Int(CShimsRowsMax)

    init(_ ensemble: Ensemble) throws(KernelError) {
        var next = 0
        ranks = RankColumns(ensemble, nextColumn: &next)
        categories = CategoryColumns(ensemble, nextColumn: &next)
        count = next
        guard next <= Self.countMax else {
            throw .tooLarge("\(next) code columns; at most \(Self.countMax) can be numbered")
        }
    }

    /// A column's place in a pass.
    static func place(_ column: Int) -> UInt32 { UInt32(column * Int(CShimsRowsMax)) }
}
