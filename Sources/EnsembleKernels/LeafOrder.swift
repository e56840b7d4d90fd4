import TreeEnsemble

/// A tree's leaves, numbered so that each inner node has its smaller side first.
///
/// A row that goes to a node's larger side cannot exit in the smaller one: the node clears those leaves. What a row has
/// not been cleared from, lowest number first, is where it exits: the walk's own leaf is never cleared, and each leaf
/// numbered before it lies on the small side of some node at which the row went to the large one.
///
/// One value orders tree after tree, so that its arrays are made once.
struct LeafOrder {
    /// The leaves of a node's smaller side.
    struct Side: BitwiseCopyable {
        var first: Int32
        var count: Int32
        var isLeft: Bool
    }

    /// By inner node: its smaller side.
    private(set) var smallSide: [Side] = []
    /// By leaf of the tree: its number.
    private(set) var number: [Int32] = []

    private var parentsFirst: [Int32] = []
    private var pending: [Int32] = []
    private var leavesBelow: [Int32] = []
    private var firstLeaf: [Int32] = []

    /// Orders a valid tree's leaves; not recursive, since trees may be deep.
    mutating func order(_ tree: Tree) {
        let nodes = tree.nodes.span
        Self.clear(&number, count: nodes.count + 1)
        smallSide.removeAll(keepingCapacity: true)
        guard nodes.count > 0 else { return }
        smallSide.append(contentsOf: repeatElement(Side(first: 0, count: 0, isLeft: true), count: nodes.count))
        Self.clear(&leavesBelow, count: nodes.count)
        Self.clear(&firstLeaf, count: nodes.count)
        findParentsFirst(nodes)
        Self.order(nodes, parentsFirst, &smallSide, &number, &leavesBelow, &firstLeaf)
    }

    private static func order(
        _ nodes: Span<Node>,
        _ parentsFirst: [Int32],
        _ smallSide: inout [Side],
        _ number: inout [Int32],
        _ leavesBelow: inout [Int32],
        _ firstLeaf: inout [Int32]
    ) {
        let order = parentsFirst.span
        var sides = smallSide.mutableSpan
        var numbers = number.mutableSpan
        var below = leavesBelow.mutableSpan
        var starts = firstLeaf.mutableSpan
        for at in order.indices.reversed() {
            let node = Int(order[at])
            let (left, right) = (nodes[node].left, nodes[node].right)
            let leftCount = left < 0 ? 1 : below[Int(left)]
            let rightCount = right < 0 ? 1 : below[Int(right)]
            below[node] = leftCount + rightCount
            let leftIsSmall = leftCount <= rightCount
            sides[node] = Side(first: 0, count: leftIsSmall ? leftCount : rightCount, isLeft: leftIsSmall)
        }
        for at in order.indices {
            let node = Int(order[at])
            let (first, count) = (starts[node], sides[node].count)
            sides[node].first = first
            let (left, right) = (nodes[node].left, nodes[node].right)
            let leftFirst = sides[node].isLeft ? first : first + count
            let rightFirst = sides[node].isLeft ? first + count : first
            if left < 0 { numbers[Int(~left)] = leftFirst } else { starts[Int(left)] = leftFirst }
            if right < 0 { numbers[Int(~right)] = rightFirst } else { starts[Int(right)] = rightFirst }
        }
    }

    /// An order in which all nodes stand before their children: mostly their own.
    private mutating func findParentsFirst(_ nodes: Span<Node>) {
        parentsFirst.removeAll(keepingCapacity: true)
        var isInOrder = true
        for index in nodes.indices {
            let (left, right) = (nodes[index].left, nodes[index].right)
            if left >= 0 && left <= index || right >= 0 && right <= index { isInOrder = false }
        }
        if isInOrder {
            parentsFirst.append(contentsOf: 0..<Int32(nodes.count))
            return
        }
        pending.append(0)
        while let node = pending.popLast() {
            parentsFirst.append(node)
            if nodes[Int(node)].left >= 0 { pending.append(nodes[Int(node)].left) }
            if nodes[Int(node)].right >= 0 { pending.append(nodes[Int(node)].right) }
        }
    }

    private static func clear(_ numbers: inout [Int32], count: Int) {
        numbers.removeAll(keepingCapacity: true)
        numbers.append(contentsOf: repeatElement(0, count: count))
    }
}
