internal import CShims
import TreeEnsemble

/// The code columns of an ensemble and where each node's test lies in them.
struct CodeColumns {
    let ranks: RankColumns
    let categories: CategoryColumns
    /// By node of all trees, one tree after the other.
    let places: [NodePlace]
    /// By tree, where its nodes start in ``places``.
    let firstNodes: [Int]
    /// Columns in all; a row's codes are this many bytes.
    let count: Int
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
        ranks = RankColumns(ensemble, places: &places, nextColumn: &next)
        categories = CategoryColumns(ensemble, places: &places, nextColumn: &next)
        count = next
        self.places = places
        self.firstNodes = firstNodes
        guard next <= Self.countMax else {
            throw .tooLarge("\(next) code columns; at most \(Self.countMax) can be numbered")
        }
    }

    /// A column's place in a pass.
    static func place(_ column: Int) -> UInt32 { UInt32(column * Int(CShimsRowsMax)) }
}
