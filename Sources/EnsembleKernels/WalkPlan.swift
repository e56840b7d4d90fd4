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

    /// Packs a valid ensemble; nil if it has too many columns to be walked.
    /// - Throws: ``KernelError/tooLarge(_:)`` if it has too many nodes to be numbered.
    init?(_ ensemble: Ensemble, _ columns: CodeColumns) throws(KernelError) {
        guard columns.count <= Self.columnsMax else { return nil }
        var builder = WalkBuilder()
        let small = ensemble.trees.filter(SlicedPlan.slices)
        let nodeCount = small.reduce(0) { $0 + $1.nodes.count + $1.leafValues.count }
        guard nodeCount < Int(UInt32.max) else { throw .tooLarge("\(nodeCount) nodes and leaves") }
        builder.nodes.reserveCapacity(nodeCount)
        builder.values.reserveCapacity(nodeCount)
        for (index, tree) in ensemble.trees.enumerated() { builder.add(tree, columns, columns.firstNodes[index]) }
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
    private var links: [Int32] = []

    /// Adds a tree's nodes, level by level, so that the first steps of all trees lie close together.
    ///
    /// Its nodes' places among the code columns start at `firstNode`.
    mutating func add(_ tree: Tree, _ columns: CodeColumns, _ firstNode: Int) {
        guard SlicedPlan.slices(tree) else {
            roots.append(0)
            outputs.append(UInt32(tree.output))
            return
        }
        if !tree.nodes.isEmpty { walkedTrees.append(UInt32(roots.count)) }
        let (root, count) = (nodes.count, tree.nodes.count + tree.leafValues.count)
        roots.append(UInt32(root))
        outputs.append(UInt32(tree.output))
        nodes.append(contentsOf: repeatElement(WalkPlan.Node(child: 0, column: 0, key: 0, flags: 0), count: count))
        values.append(contentsOf: repeatElement(0, count: count))
        links.removeAll(keepingCapacity: true)
        links.append(contentsOf: repeatElement(0, count: count))
        if tree.nodes.isEmpty { links[0] = ~0 }
        // Out of the struct and into locals, so that the loop below checks for no second owner.
        let places = columns.places[firstNode..<firstNode + tree.nodes.count]
        var (nodes, values, links): ([WalkPlan.Node], [Double], [Int32]) = ([], [], [])
        swap(&nodes, &self.nodes)
        swap(&values, &self.values)
        swap(&links, &self.links)
        addLevels(tree, places, columns, root: root, &nodes, &values, &links)
        swap(&nodes, &self.nodes)
        swap(&values, &self.values)
        swap(&links, &self.links)
    }

    /// Fills in a tree's nodes and leaves from its root's place on; `links` holds the first of a child a place.
    private mutating func addLevels(
        _ tree: Tree,
        _ places: ArraySlice<NodePlace>,
        _ columns: CodeColumns,
        root: Int,
        _ nodes: inout [WalkPlan.Node],
        _ values: inout [Double],
        _ links: inout [Int32]
    ) {
        let (treeNodes, leafValues, places) = (tree.nodes, tree.leafValues, places.span)
        var steps = nodes.mutableSpan
        var leaves = values.mutableSpan
        var pending = links.mutableSpan
        var next = 1
        for at in pending.indices {
            let link = pending[at]
            if link < 0 {
                leaves[root + at] = leafValues[Int(~link)]
                continue
            }
            let node = treeNodes[Int(link)]
            (pending[next], pending[next + 1]) = (node.left, node.right)
            steps[root + at] = step(node, places[Int(link)], columns, left: UInt32(root + next))
            next += 2
        }
    }

    private mutating func step(
        _ node: Node,
        _ place: NodePlace,
        _ columns: CodeColumns,
        left: UInt32
    ) -> WalkPlan.Node {
        let flags = (node.left < 0 ? WalkPlan.leftIsLeaf : 0) | (node.right < 0 ? WalkPlan.rightIsLeaf : 0)
        if place.test == .comparison {
            return WalkPlan.Node(child: left, column: UInt16(place.number), key: UInt8(place.key), flags: flags)
        }
        memberNodes.append(WalkPlan.MemberNode(place, columns, child: left, &memberSets))
        return WalkPlan.Node(child: UInt32(memberNodes.count - 1), column: 0, key: 0, flags: flags | WalkPlan.isMember)
    }
}

extension WalkPlan.MemberNode {
    /// The record of a categorical node; its sets are appended.
    init(_ place: NodePlace, _ columns: CodeColumns, child: UInt32, _ sets: inout [UInt64]) {
        let split = columns.categories.columns(ofSplit: Int(place.number))
        self.init(
            child: child,
            firstColumn: UInt32(split.lowerBound),
            firstSet: UInt32(sets.count),
            columnCount: UInt32(split.count)
        )
        columns.categories.appendSets(of: place, to: &sets)
    }
}
