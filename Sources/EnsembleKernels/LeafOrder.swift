import TreeEnsemble

/// A tree's leaves, numbered so that each inner node has its smaller side first.
///
/// A row that goes to a node's larger side cannot exit in the smaller one: the node clears those leaves. What a row has
/// not been cleared from, lowest number first, is where it exits: the walk's own leaf is never cleared, and each leaf
/// numbered before it lies on the small side of some node at which the row went to the large one.
struct LeafOrder {
    /// By inner node: the first leaf of its smaller side, how many there are, and whether they lie left.
    private(set) var smallSide: [(first: Int, count: Int, isLeft: Bool)] = []
    /// By leaf of the tree: its number.
    private(set) var number: [Int]

    /// The order of a valid tree's leaves; not recursive, since trees may be deep.
    init(_ tree: Tree) {
        number = [Int](repeating: 0, count: tree.leafValues.count)
        guard !tree.nodes.isEmpty else { return }
        var parentsFirst: [Int] = []
        parentsFirst.reserveCapacity(tree.nodes.count)
        var pending = [0]
        while let node = pending.popLast() {
            parentsFirst.append(node)
            for child in [tree.nodes[node].left, tree.nodes[node].right] where child >= 0 {
                pending.append(Int(child))
            }
        }
        var leavesBelow = [Int](repeating: 0, count: tree.nodes.count)
        func leaves(_ child: Int32) -> Int { child < 0 ? 1 : leavesBelow[Int(child)] }
        for node in parentsFirst.reversed() {
            leavesBelow[node] = leaves(tree.nodes[node].left) + leaves(tree.nodes[node].right)
        }
        smallSide = [(first: Int, count: Int, isLeft: Bool)](repeating: (0, 0, true), count: tree.nodes.count)
        var firstLeaf = [Int](repeating: 0, count: tree.nodes.count)
        for node in parentsFirst {
            let (left, right) = (tree.nodes[node].left, tree.nodes[node].right)
            let leftIsSmall = leaves(left) <= leaves(right)
            let small = leftIsSmall ? left : right
            let large = leftIsSmall ? right : left
            let first = firstLeaf[node]
            let count = leaves(small)
            smallSide[node] = (first, count, leftIsSmall)
            for (child, start) in [(small, first), (large, first + count)] {
                if child < 0 { number[Int(~child)] = start } else { firstLeaf[Int(child)] = start }
            }
        }
    }
}
