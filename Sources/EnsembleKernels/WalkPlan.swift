internal import CShims
import TreeEnsemble

/// The trees of an ensemble that can be sliced, packed for walking.
///
/// A few rows reach their leaves sooner by going from node to node than in slices of many rows. ``LargeTreePlan`` has the
/// larger trees.
///
/// Both children of a node lie side by side, so that a step is `child + (code > key)`, without a branch.
///
/// Unchecked because of its pointers: they point into blocks that it owns, and nothing is written after `init`.
@safe
final class WalkPlan: @unchecked Sendable {
    /// One step of a walk.
    struct Node: BitwiseCopyable {
        /// The left child's place among all nodes, which the right one's follows; of a categorical node, its member node.
        var child: UInt32
        /// The tested column.
        var column: UInt16
        /// A row goes right if its code is above the key.
        var key: UInt8
        /// ``leftIsLeaf``, ``rightIsLeaf``, ``isMember``.
        var flags: UInt8
    }

    static let leftIsLeaf: UInt8 = 1
    static let rightIsLeaf: UInt8 = 2
    static let isMember: UInt8 = 4

    /// A categorical node: a row goes right if any of its columns holds a code of the column's set.
    struct MemberNode: BitwiseCopyable {
        var child: UInt32
        var firstColumn: UInt32
        var firstSet: UInt32
        var columnCount: UInt32
    }

    /// Walks have no room for more columns.
    static let columnsMax = 1 << 16

    /// Trees in all; those that are not sliced have no nodes here, and any place as their root.
    let treeCount: Int
    /// Trees that are more than a leaf.
    let walkedTreeCount: Int
    /// Whether any node looks a category up.
    let hasMembers: Bool
    /// All nodes, and the leaf value of each that is a leaf.
    let nodes: UnsafePointer<Node>
    let values: UnsafePointer<Double>
    /// By tree: its root, and the output it adds to.
    let roots: UnsafePointer<UInt32>
    let outputs: UnsafePointer<UInt32>
    let walkedTrees: UnsafePointer<UInt32>
    let memberNodes: UnsafePointer<MemberNode>
    let memberSets: UnsafePointer<UInt64>
    /// Bytes of it all.
    let byteCount: Int

    private let blocks: Blocks

    private struct Blocks: ~Copyable {
        let nodes: AlignedBytes
        let values: AlignedBytes
        let roots: AlignedBytes
        let outputs: AlignedBytes
        let walkedTrees: AlignedBytes
        let memberNodes: AlignedBytes
        let memberSets: AlignedBytes
    }

    /// Packs a valid ensemble.
    /// - Throws: ``KernelError/tooLarge(_:)`` if it has too many columns or nodes to be numbered.
    init(_ ensemble: Ensemble, _ columns: CodeColumns) throws(KernelError) {
        var builder = WalkBuilder()
        let small = ensemble.trees.filter(SlicedPlan.slices)
        let nodeCount = small.reduce(0) { $0 + $1.nodes.count + $1.leafValues.count }
        guard columns.count <= Self.columnsMax else {
            throw .tooLarge("\(columns.count) code columns; at most \(Self.columnsMax) can be numbered")
        }
        guard nodeCount < Int(UInt32.max) else { throw .tooLarge("\(nodeCount) nodes and leaves") }
        for tree in ensemble.trees { builder.add(tree, columns) }
        treeCount = ensemble.trees.count
        walkedTreeCount = builder.walkedTrees.count
        hasMembers = !builder.memberNodes.isEmpty
        blocks = Blocks(
            nodes: AlignedBytes(copying: builder.nodes),
            values: AlignedBytes(copying: builder.values),
            roots: AlignedBytes(copying: builder.roots),
            outputs: AlignedBytes(copying: builder.outputs),
            walkedTrees: AlignedBytes(copying: builder.walkedTrees),
            memberNodes: AlignedBytes(copying: builder.memberNodes),
            memberSets: AlignedBytes(copying: builder.memberSets)
        )
        // Safety: each block holds the array it was copied from, and lives as long as this value does.
        unsafe nodes = UnsafePointer(blocks.nodes.start.assumingMemoryBound(to: Node.self))
        unsafe values = UnsafePointer(blocks.values.start.assumingMemoryBound(to: Double.self))
        unsafe roots = UnsafePointer(blocks.roots.start.assumingMemoryBound(to: UInt32.self))
        unsafe outputs = UnsafePointer(blocks.outputs.start.assumingMemoryBound(to: UInt32.self))
        unsafe walkedTrees = UnsafePointer(blocks.walkedTrees.start.assumingMemoryBound(to: UInt32.self))
        unsafe memberNodes = UnsafePointer(blocks.memberNodes.start.assumingMemoryBound(to: MemberNode.self))
        unsafe memberSets = UnsafePointer(blocks.memberSets.start.assumingMemoryBound(to: UInt64.self))
        byteCount =
            blocks.nodes.count + blocks.values.count + blocks.roots.count + blocks.outputs.count
            + blocks.walkedTrees.count + blocks.memberNodes.count + blocks.memberSets.count
    }
}

private struct WalkBuilder {
    var nodes: [WalkPlan.Node] = []
    var values: [Double] = []
    var roots: [UInt32] = []
    var outputs: [UInt32] = []
    var walkedTrees: [UInt32] = []
    var memberNodes: [WalkPlan.MemberNode] = []
    var memberSets: [UInt64] = []

    /// Adds a tree's nodes, level by level, so that the first steps of all trees lie close together.
    mutating func add(_ tree: Tree, _ columns: CodeColumns) {
        guard SlicedPlan.slices(tree) else {
            roots.append(0)
            outputs.append(UInt32(tree.output))
            return
        }
        if !tree.nodes.isEmpty { walkedTrees.append(UInt32(roots.count)) }
        roots.append(UInt32(nodes.count))
        outputs.append(UInt32(tree.output))
        var pending: [(child: Int32, place: Int)] = [(tree.nodes.isEmpty ? ~0 : 0, appendPlace())]
        var next = 0
        while next < pending.count {
            let (child, place) = pending[next]
            next += 1
            if child < 0 {
                values[place] = tree.leafValues[Int(~child)]
                continue
            }
            let node = tree.nodes[Int(child)]
            let left = appendPlace()
            pending.append((node.left, left))
            pending.append((node.right, appendPlace()))
            nodes[place] = step(node, tree, columns, left: UInt32(left))
        }
    }

    private mutating func appendPlace() -> Int {
        nodes.append(WalkPlan.Node(child: 0, column: 0, key: 0, flags: 0))
        values.append(0)
        return nodes.count - 1
    }

    private mutating func step(_ node: Node, _ tree: Tree, _ columns: CodeColumns, left: UInt32) -> WalkPlan.Node {
        let flags = (node.left < 0 ? WalkPlan.leftIsLeaf : 0) | (node.right < 0 ? WalkPlan.rightIsLeaf : 0)
        if case .threshold(let threshold) = node.test {
            let (column, key) = columns.ranks.place(of: node, threshold: threshold)
            return WalkPlan.Node(child: left, column: UInt16(column), key: UInt8(key), flags: flags)
        }
        memberNodes.append(WalkPlan.MemberNode(node, tree, columns, child: Int(left), &memberSets))
        return WalkPlan.Node(child: UInt32(memberNodes.count - 1), column: 0, key: 0, flags: flags | WalkPlan.isMember)
    }
}

extension WalkPlan.MemberNode {
    /// The record of a categorical node; its sets are appended.
    init(_ node: Node, _ tree: Tree, _ columns: CodeColumns, child: Int, _ sets: inout [UInt64]) {
        guard let (split, membersGoLeft) = CategoryColumns.split(node, tree) else {
            preconditionFailure("a node compares or looks up")
        }
        let table = columns.categories.table(of: split, feature: Int(node.feature))
        self.init(
            child: UInt32(child),
            firstColumn: UInt32(table.firstColumn),
            firstSet: UInt32(sets.count),
            columnCount: UInt32(table.columnCount)
        )
        for column in 0..<table.columnCount {
            sets.append(table.codes(of: split, members: !membersGoLeft, column: column))
        }
    }
}
