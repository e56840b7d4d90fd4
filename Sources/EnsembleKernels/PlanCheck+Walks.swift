internal import CShims
import TreeEnsemble

// Safety: see `PlanCheck`.
extension PlanCheck {
    /// Lookups of categories: their columns and sets are there, and no two share a set, so that the time of a row is bounded.
    private func checkMembers(_ members: PlanBlock, sets: PlanBlock) throws(StoredPlanError) {
        let setCount = unsafe blocks.elements(sets, of: UInt64.self).count
        var next = 0
        let allMembers = unsafe blocks.elements(members, of: WalkPlan.MemberNode.self)
        for index in allMembers.indices {
            let member = unsafe allMembers[index]
            guard Self.isInside(member.firstColumn, member.columnCount, shape.columnCount),
                Int(member.firstSet) == next, Self.isInside(member.firstSet, member.columnCount, setCount)
            else { throw StoredPlanError("a lookup of a walk is outside") }
            next += Int(member.columnCount)
        }
    }

    func checkWalks() throws(StoredPlanError) {
        guard shape.columnCount <= WalkPlan.columnsMax, blocks.byteCount(.walkRoots) > 0 else { return }
        try checkMembers(.walkMembers, sets: .walkSets)
        let nodes = unsafe blocks.elements(.walkNodes, of: WalkPlan.Node.self)
        let roots = unsafe blocks.elements(.walkRoots, of: UInt32.self)
        let outputs = unsafe blocks.elements(.walkOutputs, of: UInt32.self)
        let largeCount = unsafe blocks.elements(.largeTrees, of: LargeTreePlan.LargeTree.self).count
        guard roots.count == shape.treeCount, outputs.count == shape.treeCount else {
            throw StoredPlanError("there are other trees to walk than the head says")
        }
        // Where all trees are large, nobody looks at their roots here.
        let rootEnd = largeCount == shape.treeCount ? 1 : nodes.count
        guard unsafe roots.allSatisfy({ Int($0) < rootEnd }),
            unsafe outputs.allSatisfy({ Int($0) < shape.outputCount })
        else { throw StoredPlanError("a walked tree is outside") }
        // By place, 1 if a walk goes on from there: elsewhere are leaves, whose values may be any bits.
        var isNode = [UInt8](repeating: 0, count: nodes.count + 2)
        // Each once: of two walks of one tree, the second would go on from the first one's leaf.
        var last = -1
        let walked = unsafe blocks.elements(.walkedTrees, of: UInt32.self)
        for index in walked.indices {
            let tree = unsafe Int(walked[index])
            guard tree > last, tree < roots.count, unsafe Int(roots[tree]) < nodes.count else {
                throw StoredPlanError("walked tree \(tree) is outside")
            }
            isNode[unsafe Int(roots[tree])] = 1
            last = tree
        }
        try unsafe checkWalkNodes(nodes, &isNode)
    }

    /// Each node's children stand behind it, and so every walk ends.
    ///
    /// Nodes and leaves take turns as no processor foresees, so that both take the same way, without a branch.
    private func checkWalkNodes(
        _ nodes: UnsafeBufferPointer<WalkPlan.Node>,
        _ isNode: inout [UInt8]
    ) throws(StoredPlanError) {
        let members = unsafe blocks.elements(.walkMembers, of: WalkPlan.MemberNode.self)
        let (count, columnCount, hasMembers) = (nodes.count, shape.columnCount, members.count > 0)
        var isNode = isNode.mutableSpan
        var outside: UInt8 = 0
        for index in 0..<count {
            let node = unsafe nodes[index]
            let walksOn = isNode[index]
            var (child, column) = (Int(node.child), Int(node.column))
            if hasMembers, walksOn != 0, node.flags & WalkPlan.isMember != 0 {
                guard child < members.count else { throw StoredPlanError("node \(index) of the walks is outside") }
                (child, column) = unsafe (Int(members[child].child), 0)
            }
            let isInside: UInt8 =
                (child > index ? 1 : 0) & (child + 1 < count ? 1 : 0) & (column < columnCount ? 1 : 0)
            let goes = walksOn & isInside
            outside |= walksOn ^ goes
            // Where no walk goes on there is nothing to mark: the two places behind the last one take it.
            let mask = 0 &- Int(goes)
            let target = child & mask | count & ~mask
            isNode[target] |= goes & ~(node.flags / WalkPlan.leftIsLeaf) & 1
            isNode[target + 1] |= goes & ~(node.flags / WalkPlan.rightIsLeaf) & 1
        }
        guard outside == 0 else { throw StoredPlanError("a node of the walks is outside") }
    }

    func checkLargeTrees() throws(StoredPlanError) {
        try checkMembers(.largeMembers, sets: .largeSets)
        let trees = unsafe blocks.elements(.largeTrees, of: LargeTreePlan.LargeTree.self)
        let nodeCount = unsafe blocks.elements(.largeNodes, of: LargeTreePlan.Node.self).count
        let valueCount = blocks.byteCount(.largeValues) / (isFloat ? 4 : 8)
        // By place, how many nodes are above it on the longest way there; -1 where no way leads.
        var levels: [Int32] = []
        var (next, lastTree) = (0, -1)
        for index in trees.indices {
            let tree = unsafe trees[index]
            let (root, end) = (Int(tree.root), Int(tree.firstLeaf) + Int(tree.leafPlaces))
            guard root >= next, root < Int(tree.firstLeaf), end <= nodeCount, tree.innerPlaces >= 1,
                root + Int(tree.innerPlaces) <= end, tree.blindSteps <= tree.depth,
                Int(tree.tree) > lastTree, Int(tree.tree) < shape.treeCount, Int(tree.output) < shape.outputCount,
                // Also where the offset is too large to be added to.
                (-nodeCount...valueCount).contains(tree.valueOffset), tree.valueOffset + Int(tree.firstLeaf) >= 0,
                tree.valueOffset + end <= valueCount
            else { throw StoredPlanError("large tree \(tree.tree) is outside") }
            try checkNodes(of: tree, root..<end, &levels)
            (next, lastTree) = (end, Int(tree.tree))
        }
    }

    /// Every way from the root leads on, to a leaf, in as many steps as the tree says at most.
    private func checkNodes(
        of tree: LargeTreePlan.LargeTree,
        _ places: Range<Int>,
        _ levels: inout [Int32]
    ) throws(StoredPlanError) {
        let nodes = unsafe blocks.elements(.largeNodes, of: LargeTreePlan.Node.self)
        let members = unsafe blocks.elements(.largeMembers, of: WalkPlan.MemberNode.self)
        levels.removeAll(keepingCapacity: true)
        levels.append(contentsOf: repeatElement(-1, count: places.count))
        levels[0] = 0
        var deepest: Int32 = 0
        for at in levels.indices where levels[at] >= 0 {
            let node = unsafe nodes[places.lowerBound + at]
            if node.key == LargeTreePlan.leafKey {
                guard Int(node.child) == places.lowerBound + at, Int(node.child) >= Int(tree.firstLeaf),
                    node.column == 0
                else { throw StoredPlanError("a leaf of large tree \(tree.tree) is outside") }
                continue
            }
            var child = Int(node.child)
            if node.column == LargeTreePlan.memberColumn {
                guard tree.hasMembers != 0, child < members.count else {
                    throw StoredPlanError("a lookup of large tree \(tree.tree) is outside")
                }
                child = unsafe Int(members[child].child)
            } else if Int(node.column) >= shape.wideColumnCount {
                throw StoredPlanError("large tree \(tree.tree) looks at a column that is not there")
            }
            child -= places.lowerBound
            guard at < Int(tree.innerPlaces), child > at, child + 1 < levels.count else {
                throw StoredPlanError("a node of large tree \(tree.tree) is outside")
            }
            let level = levels[at] + 1
            levels[child] = max(levels[child], level)
            levels[child + 1] = max(levels[child + 1], level)
            deepest = max(deepest, level)
        }
        guard Int(deepest) == Int(tree.depth) else {
            throw StoredPlanError("large tree \(tree.tree) is \(deepest) deep and not \(tree.depth)")
        }
    }
}
