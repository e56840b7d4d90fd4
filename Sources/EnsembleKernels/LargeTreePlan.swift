internal import CShims
import TreeEnsemble

/// The trees of an ensemble that are too large for slices, packed for walking.
///
/// Both children of a node lie side by side, so that a step is `child + (code > key)`, without a branch. A leaf is a node
/// that stays where it is: rows walk as many steps as their tree is deep, whichever leaf each reaches first.
///
/// Unchecked because of its pointers: they point into blocks that it owns, and nothing is written after `init`.
@safe
final class LargeTreePlan: @unchecked Sendable {
    /// One step of a walk.
    struct Node: BitwiseCopyable {
        /// The left child's place among all nodes, which the right one's follows; of a leaf, its own place; of a
        /// categorical node, its member node.
        var child: UInt32
        /// The tested wide column, or ``memberColumn``.
        var column: UInt16
        /// A row goes right if its code is above the key; no code is above a leaf's, ``leafKey``.
        var key: UInt16
    }

    static let leafKey = UInt16.max
    static let memberColumn = UInt16.max
    /// Columns that nodes can number.
    static let columnsMax = Int(UInt16.max)

    /// A tree among the large ones.
    struct LargeTree: BitwiseCopyable {
        /// The tree among all trees.
        var tree: UInt32
        var output: UInt32
        var root: UInt32
        /// Nodes on the longest way to a leaf.
        var depth: UInt32
        /// Steps before a look whether a row has arrived is worth its price: ``depth`` if it never is.
        var blindSteps: UInt32
        /// Whether any node is categorical.
        var hasMembers: UInt32
        /// A leaf's value is at its place plus this, among all values.
        var valueOffset: Int
        /// The place of the first leaf, and the places from there to the last.
        var firstLeaf: UInt32
        var leafPlaces: UInt32
        /// Places from the root on that hold all nodes, and some leaves.
        var innerPlaces: UInt32
        var unused: UInt32
    }

    let treeCount: Int
    let trees: UnsafePointer<LargeTree>
    let nodes: UnsafePointer<Node>
    /// Floats or doubles, as the sum is.
    let values: UnsafeRawPointer
    let valueByteCount: Int
    let memberNodes: UnsafePointer<WalkPlan.MemberNode>
    let memberSets: UnsafePointer<UInt64>
    private let blocks: PlanBlocks

    /// The large trees of a plan whose numbers stay inside its blocks.
    init(_ blocks: PlanBlocks, _ arithmetic: Arithmetic) {
        self.blocks = blocks
        // Safety: each block holds elements of its type, and this object keeps them all.
        let allTrees = unsafe blocks.elements(.largeTrees, of: LargeTree.self)
        treeCount = allTrees.count
        valueByteCount = arithmetic.sum == .float32 ? 4 : 8
        unsafe trees = blocks.first(.largeTrees)
        unsafe nodes = blocks.first(.largeNodes)
        unsafe values = blocks.start(.largeValues)
        unsafe memberNodes = blocks.first(.largeMembers)
        unsafe memberSets = blocks.first(.largeSets)
    }

    /// Packs the large trees of a valid ensemble.
    /// - Throws: ``KernelError/tooLarge(_:)`` if they have too many nodes to be numbered.
    static func pack(_ ensemble: Ensemble, _ columns: CodeColumns, into blocks: PlanBlocks) throws(KernelError) {
        let large = ensemble.trees.enumerated().filter { !SlicedPlan.slices($0.element) }
        // Of a line's eight places two are used at least.
        let nodeCount = large.reduce(0) { $0 + $1.element.nodes.count + $1.element.leafValues.count }
        guard nodeCount < Int(UInt32.max) / 8 else { throw .tooLarge("\(nodeCount) nodes and leaves of large trees") }
        var builder = LargeTreeBuilder()
        builder.nodes.reserveCapacity(nodeCount * 5 / 4)
        builder.values.reserveCapacity(nodeCount * 5 / 4)
        for (index, tree) in large { builder.add(tree, at: index, columns) }
        blocks.put(.largeTrees, builder.trees)
        blocks.put(.largeNodes, builder.nodes)
        switch ensemble.arithmetic.sum {
        case .float32: blocks.put(.largeValues, builder.values.map { Float($0) })
        case .float64: blocks.put(.largeValues, builder.values)
        }
        blocks.put(.largeMembers, builder.memberNodes)
        blocks.put(.largeSets, builder.memberSets)
    }
}

private struct LargeTreeBuilder {
    var trees: [LargeTreePlan.LargeTree] = []
    var nodes: [LargeTreePlan.Node] = []
    var values: [Double] = []
    var memberNodes: [WalkPlan.MemberNode] = []
    var memberSets: [UInt64] = []

    /// A node that has a place, and the nodes above it.
    private struct Placed {
        var node: Int32
        var place: Int
        var level: Int
    }

    /// Nodes of a cache line.
    private static let lineNodes = 8

    /// Adds a tree's nodes, a cache line for each few that a row meets one after the other: a node's children, and theirs.
    ///
    /// The leaves of nodes with two come behind all others: a row seldom looks at one.
    mutating func add(_ tree: Tree, at index: Int, _ columns: CodeColumns) {
        let membersBefore = memberNodes.count
        let firstNode = columns.firstNodes[index]
        startLine(for: Self.lineNodes)
        let root = appendPlaces(2)
        var tops = [Placed(node: 0, place: root, level: 0)]
        var twigs: [Placed] = []
        var leaves: [(place: Int, leaf: Int)] = []
        var depth = 0
        var next = 0
        while next < tops.count {
            // Nodes that hang together, until their children fill a line; the root itself is in its children's.
            let capacity = next == 0 ? Self.lineNodes / 2 - 1 : Self.lineNodes / 2
            var cluster: [Placed] = [tops[next]]
            next += 1
            var pairs = 0
            var at = 0
            var isStarted = false
            while at < cluster.count {
                let parent = cluster[at]
                at += 1
                let node = tree.nodes[Int(parent.node)]
                if node.left < 0, node.right < 0 {
                    twigs.append(parent)
                    continue
                }
                if pairs == capacity {
                    tops.append(parent)
                    continue
                }
                pairs += 1
                if !isStarted {
                    startLine(for: 2 * Self.pairs(of: parent.node, in: tree, capacity))
                    isStarted = true
                }
                let child = appendPlaces(2)
                nodes[parent.place] = step(columns.places[firstNode + Int(parent.node)], columns, child: child)
                depth = max(depth, parent.level + 1)
                for (side, place) in [(node.left, child), (node.right, child + 1)] {
                    if side < 0 {
                        leaves.append((place, Int(~side)))
                    } else {
                        cluster.append(Placed(node: side, place: place, level: parent.level + 1))
                    }
                }
            }
        }
        let twigLeaves = nodes.count
        for twig in twigs {
            let node = tree.nodes[Int(twig.node)]
            let child = appendPlaces(2)
            nodes[twig.place] = step(columns.places[firstNode + Int(twig.node)], columns, child: child)
            depth = max(depth, twig.level + 1)
            leaves.append((child, Int(~node.left)))
            leaves.append((child + 1, Int(~node.right)))
        }
        let firstLeaf = leaves.reduce(nodes.count) { min($0, $1.place) }
        let firstValue = values.count
        values += [Double](repeating: 0, count: nodes.count - firstLeaf)
        for (place, leaf) in leaves {
            nodes[place] = LargeTreePlan.Node(child: UInt32(place), column: 0, key: LargeTreePlan.leafKey)
            values[firstValue + place - firstLeaf] = tree.leafValues[leaf]
        }
        let least = Int.bitWidth - (tree.leafValues.count - 1).leadingZeroBitCount
        trees.append(
            LargeTreePlan.LargeTree(
                tree: UInt32(index),
                output: UInt32(tree.output),
                root: UInt32(root),
                depth: UInt32(depth),
                blindSteps: UInt32(depth - least <= 3 ? depth : least),
                hasMembers: memberNodes.count > membersBefore ? 1 : 0,
                valueOffset: firstValue - firstLeaf,
                firstLeaf: UInt32(firstLeaf),
                leafPlaces: UInt32(nodes.count - firstLeaf),
                innerPlaces: UInt32(twigLeaves - root),
                unused: 0
            )
        )
    }

    /// How many pairs of children hang together below a node, itself included, up to a number; not counting two leaves.
    private static func pairs(of top: Int32, in tree: Tree, _ capacity: Int) -> Int {
        var found: [Int32] = [top]
        var at = 0
        var pairs = 0
        while at < found.count, pairs < capacity {
            let node = tree.nodes[Int(found[at])]
            at += 1
            if node.left < 0, node.right < 0 { continue }
            pairs += 1
            found += [node.left, node.right].filter { $0 >= 0 }
        }
        return pairs
    }

    /// Starts a new cache line unless this one has room for so many nodes.
    private mutating func startLine(for count: Int) {
        let used = nodes.count % Self.lineNodes
        if used + count > Self.lineNodes { appendPlaces(Self.lineNodes - used) }
    }

    @discardableResult
    private mutating func appendPlaces(_ count: Int) -> Int {
        for _ in 0..<count { nodes.append(LargeTreePlan.Node(child: 0, column: 0, key: 0)) }
        return nodes.count - count
    }

    private mutating func step(_ place: NodePlace, _ columns: CodeColumns, child: Int) -> LargeTreePlan.Node {
        if place.test == .comparison {
            return LargeTreePlan.Node(child: UInt32(child), column: UInt16(place.number), key: place.key)
        }
        memberNodes.append(WalkPlan.MemberNode(place, columns, child: UInt32(child), &memberSets))
        return LargeTreePlan.Node(
            child: UInt32(memberNodes.count - 1),
            column: LargeTreePlan.memberColumn,
            key: 0
        )
    }
}
