internal import CShims

/// Walks a few rows through their trees.
///
/// All trees take a step before any takes the next: a step waits for memory, and steps of different trees can wait
/// together. Trees that have reached a leaf drop out of the list of those that walk, without a branch to mispredict.
enum TreeWalk {
    /// Bytes of working memory, a multiple of 64.
    static func workByteCount(columns: Int, trees: Int) -> Int { (columns + 63) / 64 * 64 + (trees * 8 + 63) / 64 * 64 }

    /// Adds all trees to one row's sums, which start at `sums` and lie `CShimsRowsMax` apart, in tree order.
    ///
    /// `codes` is the row's place in a pass of `columns` columns.
    static func add<Sum: MarginSum>(
        _ plan: WalkPlan,
        _ codes: UnsafePointer<UInt8>,
        columns: Int,
        work: UnsafeMutableRawPointer,
        _ sums: UnsafeMutablePointer<Sum>
    ) {
        // Safety: the plan's places stay inside its own blocks; `codes` and `sums` are a pass of the plan's columns and
        // outputs; `work` has `workByteCount` bytes. One thread uses them.
        let places = unsafe exitPlaces(plan, codes, columns: columns, work)
        let outputs = unsafe plan.outputs
        for tree in 0..<plan.treeCount {
            unsafe sums[Int(outputs[tree]) * Int(CShimsRowsMax)] += Sum(plan.value(at: places[tree]))
        }
    }

    /// The place of each sliced tree's exit leaf; in `work`, until the next call.
    static func exitPlaces(
        _ plan: WalkPlan,
        _ codes: UnsafePointer<UInt8>,
        columns: Int,
        _ work: UnsafeMutableRawPointer
    ) -> UnsafeMutablePointer<UInt32> {
        // Safety: see `add`.
        let row = unsafe work.assumingMemoryBound(to: UInt8.self)
        for column in 0..<columns { unsafe row[column] = codes[column &* Int(CShimsRowsMax)] }
        let places = unsafe (work + (columns + 63) / 64 * 64).assumingMemoryBound(to: UInt32.self)
        let walking = unsafe places + plan.treeCount
        unsafe places.update(from: plan.roots, count: plan.treeCount)
        unsafe walking.update(from: plan.walkedTrees, count: plan.walkedTreeCount)
        let nodes = unsafe plan.nodes
        if plan.hasMembers {
            unsafe walkTrees(plan, row, into: places)
            return unsafe places
        }
        var count = plan.walkedTreeCount
        while count > 0 {
            var left = 0
            for index in 0..<count {
                let tree = unsafe walking[index]
                let node = unsafe nodes[Int(places[Int(tree)])]
                let isRight: UInt32 = unsafe row[Int(node.column)] > node.key ? 1 : 0
                unsafe places[Int(tree)] = node.child &+ isRight
                unsafe walking[left] = tree
                left &+= Int(~(node.flags &>> UInt8(truncatingIfNeeded: isRight)) & WalkPlan.leftIsLeaf)
            }
            count = left
        }
        return unsafe places
    }

    /// Walks the trees one after the other.
    ///
    /// Where nodes look categories up a step is long, and waits for memory twice: a processor that guesses the way is
    /// then further ahead than one that takes all trees a step on.
    private static func walkTrees(
        _ plan: WalkPlan,
        _ row: UnsafePointer<UInt8>,
        into places: UnsafeMutablePointer<UInt32>
    ) {
        // Safety: see `add`.
        let (nodes, memberNodes, memberSets) = unsafe (plan.nodes, plan.memberNodes, plan.memberSets)
        for index in 0..<plan.walkedTreeCount {
            let tree = unsafe Int(plan.walkedTrees[index])
            var place = unsafe places[tree]
            var isLeaf = false
            while !isLeaf {
                let node = unsafe nodes[Int(place)]
                var child = node.child
                var isRight = false
                if node.flags & WalkPlan.isMember == 0 {
                    isRight = unsafe row[Int(node.column)] > node.key
                } else {
                    let member = unsafe memberNodes[Int(child)]
                    child = member.child
                    isRight = unsafe holdsMember(member, memberSets, row)
                }
                place = isRight ? child &+ 1 : child
                isLeaf = node.flags & (isRight ? WalkPlan.rightIsLeaf : WalkPlan.leftIsLeaf) != 0
            }
            unsafe places[tree] = place
        }
    }

    /// Whether any of a node's columns holds a code of the column's set.
    @inline(__always)
    private static func holdsMember(
        _ node: WalkPlan.MemberNode,
        _ sets: UnsafePointer<UInt64>,
        _ row: UnsafePointer<UInt8>
    ) -> Bool {
        // Safety: see `add`.
        var bits: UInt64 = 0
        for index in 0..<Int(node.columnCount) {
            let code = unsafe row[Int(node.firstColumn) &+ index]
            unsafe bits |= sets[Int(node.firstSet) &+ index] &>> UInt64(code)
        }
        return bits & 1 == 1
    }
}
