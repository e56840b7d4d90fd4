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

        /// A leaf's value in the place of a node.
        init(leaf: Double) {
            // Safety: both are eight bytes, and any bits are a node.
            unsafe self = unsafeBitCast(leaf, to: Self.self)
        }

        init(child: UInt32, column: UInt16, key: UInt8, flags: UInt8) {
            self.child = child
            self.column = column
            self.key = key
            self.flags = flags
        }
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
    /// All nodes; the place of a leaf holds its value.
    let nodes: UnsafePointer<Node>
    /// By tree: its root, and the output it adds to.
    let roots: UnsafePointer<UInt32>
    let outputs: UnsafePointer<UInt32>
    let walkedTrees: UnsafePointer<UInt32>
    let memberNodes: UnsafePointer<MemberNode>
    let memberSets: UnsafePointer<UInt64>
    private let blocks: PlanBlocks

    /// The walks of a plan whose numbers stay inside its blocks; nil if it has none, or more columns than a walk can number.
    init?(_ blocks: PlanBlocks, columnCount: Int) {
        guard columnCount <= Self.columnsMax, blocks.byteCount(.walkRoots) > 0 else { return nil }
        self.blocks = blocks
        // Safety: each block holds elements of its type, and this object keeps them all.
        let (allRoots, allWalked) = unsafe (
            blocks.elements(.walkRoots, of: UInt32.self), blocks.elements(.walkedTrees, of: UInt32.self)
        )
        treeCount = allRoots.count
        walkedTreeCount = allWalked.count
        hasMembers = blocks.byteCount(.walkMembers) > 0
        unsafe nodes = blocks.first(.walkNodes)
        unsafe roots = blocks.first(.walkRoots)
        unsafe outputs = blocks.first(.walkOutputs)
        unsafe walkedTrees = blocks.first(.walkedTrees)
        unsafe memberNodes = blocks.first(.walkMembers)
        unsafe memberSets = blocks.first(.walkSets)
    }

    /// The value of the leaf at a place.
    @inline(__always)
    func value(at place: UInt32) -> Double {
        // Safety: the place is one of the nodes', and any eight bytes are a double.
        unsafe UnsafeRawPointer(nodes + Int(place)).load(as: Double.self)
    }

    /// Packs a valid ensemble, unless it has too many columns to be walked.
    /// - Throws: ``KernelError/tooLarge(_:)`` if it has too many nodes to be numbered.
    static func pack(_ ensemble: Ensemble, _ columns: CodeColumns, into blocks: PlanBlocks) throws(KernelError) {
        guard columns.count <= Self.columnsMax else { return }
        var builder = WalkBuilder()
        let small = ensemble.trees.filter(SlicedPlan.slices)
        let nodeCount = small.reduce(0) { $0 + $1.nodes.count + $1.leafValues.count }
        guard nodeCount < Int(UInt32.max) else { throw .tooLarge("\(nodeCount) nodes and leaves") }
        builder.nodes.reserveCapacity(nodeCount)
        for (index, tree) in ensemble.trees.enumerated() { builder.add(tree, columns, columns.firstNodes[index]) }
        blocks.put(.walkNodes, builder.nodes)
        blocks.put(.walkRoots, builder.roots)
        blocks.put(.walkOutputs, builder.outputs)
        blocks.put(.walkedTrees, builder.walkedTrees)
        blocks.put(.walkMembers, builder.memberNodes)
        blocks.put(.walkSets, builder.memberSets)
    }
}

private struct WalkBuilder {
    var nodes: [WalkPlan.Node] = []
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
        links.removeAll(keepingCapacity: true)
        links.append(contentsOf: repeatElement(0, count: count))
        if tree.nodes.isEmpty { links[0] = ~0 }
        // Out of the struct and into locals, so that the loop below checks for no second owner.
        let places = columns.places[firstNode..<firstNode + tree.nodes.count]
        var (nodes, links): ([WalkPlan.Node], [Int32]) = ([], [])
        swap(&nodes, &self.nodes)
        swap(&links, &self.links)
        addLevels(tree, places, columns, root: root, &nodes, &links)
        swap(&nodes, &self.nodes)
        swap(&links, &self.links)
    }

    /// Fills in a tree's nodes and leaves from its root's place on; `links` holds the first of a child a place.
    private mutating func addLevels(
        _ tree: Tree,
        _ places: ArraySlice<NodePlace>,
        _ columns: CodeColumns,
        root: Int,
        _ nodes: inout [WalkPlan.Node],
        _ links: inout [Int32]
    ) {
        let (treeNodes, leafValues, places) = (tree.nodes, tree.leafValues, places.span)
        var steps = nodes.mutableSpan
        var pending = links.mutableSpan
        var next = 1
        for at in pending.indices {
            let link = pending[at]
            if link < 0 {
                steps[root + at] = WalkPlan.Node(leaf: leafValues[Int(~link)])
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
