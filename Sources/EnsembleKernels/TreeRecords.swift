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
}

/// A tree's records, as `CShimsEnsemblePlan.h` draws them.
struct TreeRecords {
    private struct Group {
        var above: [CShimsClear] = []
        var notAbove: [CShimsClear] = []
        var members: [CShimsMemberClear] = []
    }

    private var groups: [Group]
    /// Leaf values in the order of their numbers.
    let leafValues: [Double]

    var groupCount: Int { groups.count }

    /// A group's number takes three bytes in the kernels.
    static let leavesMax = 8 << 24

    init(_ tree: Tree, _ columns: CodeColumns) {
        let order = LeafOrder(tree)
        var values = tree.leafValues
        for (leaf, number) in order.number.enumerated() { values[number] = tree.leafValues[leaf] }
        leafValues = values
        groups = [Group](repeating: Group(), count: (values.count + 7) / 8)
        for (index, node) in tree.nodes.enumerated() {
            let small = order.smallSide[index]
            for group in small.first / 8...(small.first + small.count - 1) / 8 {
                let from = max(small.first - group * 8, 0)
                let to = min(small.first + small.count - group * 8, 8)
                add(node, of: tree, columns, smallIsLeft: small.isLeft, keeping: Self.bits(notIn: from..<to), to: group)
            }
        }
    }

    private static func bits(notIn cleared: Range<Int>) -> UInt32 {
        cleared.reduce(0xff) { $0 & ~(1 << UInt32($1)) }
    }

    private mutating func add(
        _ node: Node,
        of tree: Tree,
        _ columns: CodeColumns,
        smallIsLeft: Bool,
        keeping kept: UInt32,
        to group: Int
    ) {
        if case .threshold(let threshold) = node.test {
            let (column, key) = columns.ranks.place(of: node, threshold: threshold)
            let clear = CShimsClear(placeAndKeep: Self.place(column) | kept, keys: UInt32(key) * 0x0101_0101)
            // A row goes left if its code is not above the key.
            if smallIsLeft { groups[group].above.append(clear) } else { groups[group].notAbove.append(clear) }
            return
        }
        guard let (split, membersGoLeft) = CategoryColumns.split(node, tree) else { return }
        let table = columns.categories.table(of: split, feature: Int(node.feature))
        for column in 0..<table.columnCount {
            let codes = table.codes(of: split, members: membersGoLeft != smallIsLeft, column: column)
            guard codes != 0 else { continue }
            groups[group].members.append(
                CShimsMemberClear(
                    placeAndKeep: Self.place(table.firstColumn + column) | kept,
                    unused: 0,
                    codes: codes
                )
            )
        }
    }

    static func place(_ column: Int) -> UInt32 { UInt32(column) * UInt32(CShimsRowsMax) }

    /// Appends the records as 32-bit words.
    func append(to words: inout [UInt32]) {
        for group in groups.reversed() {
            words.append(UInt32(group.above.count))
            words.append(UInt32(group.notAbove.count))
            words.append(UInt32(group.members.count))
            words.append(0)
            for clear in group.above + group.notAbove {
                words.append(clear.placeAndKeep)
                words.append(clear.keys)
            }
            for clear in group.members {
                words.append(clear.placeAndKeep)
                words.append(0)
                words.append(UInt32(truncatingIfNeeded: clear.codes))
                words.append(UInt32(truncatingIfNeeded: clear.codes >> 32))
            }
        }
    }
}
