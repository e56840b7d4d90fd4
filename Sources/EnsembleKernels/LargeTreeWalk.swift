internal import CShims

/// Walks rows through large trees.
///
/// A step waits for memory, and steps of different rows, or of different trees, can wait together: with many rows, eight
/// of them walk one tree side by side, while the next tree is fetched; one row walks all trees side by side.
enum LargeTreeWalk {
    typealias Node = LargeTreePlan.Node
    typealias LargeTree = LargeTreePlan.LargeTree

    /// A pass's codes and a thread's working memory.
    @unsafe
    struct Rows {
        let codes: UnsafePointer<UInt8>
        let columnCount: Int
        /// In tiles, as ``WideRank`` fills them.
        let wideCodes: UnsafePointer<UInt16>
        /// At least 1.
        let wideColumnCount: Int
        let work: UnsafeMutableRawPointer

        /// A row's code in wide column 0; its others follow at multiples of ``WideRank/tileRows``.
        @inline(__always)
        func wide(_ row: Int) -> UnsafePointer<UInt16> {
            let inTile = row & (WideRank.tileRows &- 1)
            return unsafe wideCodes + ((row &- inTile) &* wideColumnCount &+ inTile)
        }
    }

    private static let rowsMax = Int(CShimsRowsMax)
    private static let lanes = 8
    /// Steps between two looks which rows have arrived.
    private static let stepsBetweenLooks = 3

    /// Bytes of working memory.
    static func workByteCount(_ plan: LargeTreePlan, columns: Int, trees: Int) -> Int {
        let few = TreeWalk.workByteCount(columns: columns, trees: trees) + 8 * trees + 8 * plan.treeCount
        return plan.treeCount == 0 ? 0 : max(few, 3 * rowsMax * 4)
    }

    // Many rows ----------------------------------------------------------------------------------------------------

    /// Adds some trees to the sums of the first `count` rows of a pass, tree by tree; the sums are of the plan's type.
    static func add<Sum: MarginSum>(
        _ plan: LargeTreePlan,
        _ trees: Range<Int>,
        _ rows: Rows,
        count: Int,
        _ sums: UnsafeMutablePointer<Sum>
    ) {
        // Safety: the plan's places stay inside its own blocks, whatever the codes are, so lanes without a row do no harm:
        // they are inside the pass, as are their sums. `sums` is a pass of the plan's outputs, `work` has
        // `workByteCount` bytes. One thread uses them.
        let places = unsafe rows.work.assumingMemoryBound(to: UInt32.self)
        let values = unsafe plan.values.assumingMemoryBound(to: Sum.self)
        for index in trees {
            let tree = unsafe plan.trees[index]
            if tree.hasMembers != 0 {
                for row in 0..<count { unsafe places[row] = memberWalk(plan, rows, row, from: tree.root) }
            } else {
                unsafe walk(index, plan, rows, count: count, places)
                if tree.blindSteps < tree.depth { unsafe finish(plan.nodes, tree, rows, count: count, places) }
            }
            let sums = unsafe sums + Int(tree.output) &* rowsMax
            let values = unsafe values + tree.valueOffset
            for row in 0..<count { unsafe sums[row] += values[Int(places[row])] }
        }
    }

    /// Takes the rows' first steps in a tree.
    private static func walk(
        _ index: Int,
        _ plan: LargeTreePlan,
        _ rows: Rows,
        count: Int,
        _ places: UnsafeMutablePointer<UInt32>
    ) {
        // Safety: see `add` of many rows.
        let (tree, nodes) = unsafe (plan.trees[index], plan.nodes)
        let steps = Int(tree.blindSteps)
        // This tree's leaves, and the next tree's nodes.
        let valueBytes = plan.valueByteCount
        var leaves = unsafe Prefetch(
            plan.values + (tree.valueOffset + Int(tree.firstLeaf)) * valueBytes,
            byteCount: Int(tree.leafPlaces) * valueBytes,
            rows: count
        )
        let following = unsafe plan.trees[min(index + 1, plan.treeCount - 1)]
        var nextNodes = unsafe Prefetch(
            nodes + Int(following.root),
            byteCount: Int(following.innerPlaces) * MemoryLayout<Node>.stride,
            rows: count
        )
        for first in stride(from: 0, to: count, by: lanes) {
            unsafe leaves.next(forRows: lanes)
            unsafe nextNodes.next(forRows: lanes)
            var eight = Eight(tree.root)
            let codes = unsafe rows.wide(first)
            for _ in 0..<steps { unsafe eight.step(nodes, codes) }
            unsafe eight.store(places + first)
        }
    }

    /// The places of eight rows side by side.
    private struct Eight {
        var (p0, p1, p2, p3): (UInt32, UInt32, UInt32, UInt32)
        var (p4, p5, p6, p7): (UInt32, UInt32, UInt32, UInt32)

        @inline(__always)
        init(_ root: UInt32) {
            (p0, p1, p2, p3) = (root, root, root, root)
            (p4, p5, p6, p7) = (root, root, root, root)
        }

        @inline(__always)
        mutating func step(_ nodes: UnsafePointer<Node>, _ codes: UnsafePointer<UInt16>) {
            // Safety: see `add` of many rows.
            unsafe p0 = LargeTreeWalk.step(nodes, p0, codes)
            unsafe p1 = LargeTreeWalk.step(nodes, p1, codes + 1)
            unsafe p2 = LargeTreeWalk.step(nodes, p2, codes + 2)
            unsafe p3 = LargeTreeWalk.step(nodes, p3, codes + 3)
            unsafe p4 = LargeTreeWalk.step(nodes, p4, codes + 4)
            unsafe p5 = LargeTreeWalk.step(nodes, p5, codes + 5)
            unsafe p6 = LargeTreeWalk.step(nodes, p6, codes + 6)
            unsafe p7 = LargeTreeWalk.step(nodes, p7, codes + 7)
        }

        @inline(__always)
        func store(_ places: UnsafeMutablePointer<UInt32>) {
            // Safety: see `add` of many rows.
            unsafe (places[0], places[1], places[2], places[3]) = (p0, p1, p2, p3)
            unsafe (places[4], places[5], places[6], places[7]) = (p4, p5, p6, p7)
        }
    }

    /// Walks on with those rows that have not arrived, again and again.
    private static func finish(
        _ nodes: UnsafePointer<Node>,
        _ tree: LargeTree,
        _ rows: Rows,
        count: Int,
        _ places: UnsafeMutablePointer<UInt32>
    ) {
        // Safety: see `add` of many rows; the list of rows is behind the places of a pass, and has room for three rows more.
        let walking = unsafe places + rowsMax
        for row in 0..<count { unsafe walking[row] = UInt32(row) }
        let leaves = tree.root + tree.innerPlaces
        var left = unsafe stillWalking(nodes, leaves, places, walking, count)
        while left > 0 {
            // Four rows side by side; the last one may be there several times.
            for extra in left..<left + 3 { unsafe walking[extra] = walking[left - 1] }
            for first in stride(from: 0, to: left, by: 4) {
                let r0 = Int(unsafe walking[first])
                let r1 = Int(unsafe walking[first + 1])
                let r2 = Int(unsafe walking[first + 2])
                let r3 = Int(unsafe walking[first + 3])
                let (c0, c1, c2, c3) = unsafe (rows.wide(r0), rows.wide(r1), rows.wide(r2), rows.wide(r3))
                var (p0, p1, p2, p3) = unsafe (places[r0], places[r1], places[r2], places[r3])
                for _ in 0..<stepsBetweenLooks {
                    unsafe p0 = step(nodes, p0, c0)
                    unsafe p1 = step(nodes, p1, c1)
                    unsafe p2 = step(nodes, p2, c2)
                    unsafe p3 = step(nodes, p3, c3)
                }
                unsafe places[r0] = p0
                unsafe places[r1] = p1
                unsafe places[r2] = p2
                unsafe places[r3] = p3
            }
            left = unsafe stillWalking(nodes, leaves, places, walking, left)
        }
    }

    /// Keeps those on a list whose place is not a leaf, without a branch to mispredict.
    ///
    /// From `leaves` on there are leaves alone, and these are not looked at: no step has loaded them.
    @inline(__always)
    private static func stillWalking(
        _ nodes: UnsafePointer<Node>,
        _ leaves: UInt32,
        _ places: UnsafePointer<UInt32>,
        _ walking: UnsafeMutablePointer<UInt32>,
        _ count: Int
    ) -> Int {
        // Safety: see the callers.
        var left = 0
        for index in 0..<count {
            let one = unsafe walking[index]
            unsafe walking[left] = one
            left &+= unsafe isLeaf(places[Int(one)], nodes, leaves) ? 0 : 1
        }
        return left
    }

    @inline(__always)
    private static func isLeaf(_ place: UInt32, _ nodes: UnsafePointer<Node>, _ leaves: UInt32) -> Bool {
        // Safety: see the callers; there is a node before the first of the leaves.
        let looked = unsafe nodes[Int(min(place, leaves &- 1))].key == LargeTreePlan.leafKey
        return place >= leaves || looked
    }

    /// One step; a leaf stays where it is.
    @inline(__always)
    private static func step(_ nodes: UnsafePointer<Node>, _ place: UInt32, _ codes: UnsafePointer<UInt16>) -> UInt32 {
        // Safety: see the callers.
        let node = unsafe nodes + Int(place)
        let code = unsafe codes[Int(node.pointee.column) &<< WideRank.tileShift]
        // A difference's sign: of a comparison the compiler may make a branch, to be mispredicted.
        let room = unsafe Int32(node.pointee.key) &- Int32(code)
        return unsafe node.pointee.child &+ UInt32(bitPattern: room) &>> 31
    }

    // Categorical nodes ----------------------------------------------------------------------------------------------

    /// The exit of one row in a tree with categorical nodes.
    private static func memberWalk(_ plan: LargeTreePlan, _ rows: Rows, _ row: Int, from root: UInt32) -> UInt32 {
        // Safety: see `add` of many rows.
        let codes = unsafe rows.wide(row)
        var place = root
        while true {
            let node = unsafe plan.nodes[Int(place)]
            if node.key == LargeTreePlan.leafKey { return place }
            if node.column == LargeTreePlan.memberColumn {
                unsafe place = memberStep(plan, plan.memberNodes[Int(node.child)], rows, row)
            } else {
                unsafe place = step(plan.nodes, place, codes)
            }
        }
    }

    /// The child of a categorical node.
    private static func memberStep(
        _ plan: LargeTreePlan,
        _ member: WalkPlan.MemberNode,
        _ rows: Rows,
        _ row: Int
    ) -> UInt32 {
        // Safety: see `add` of many rows.
        for index in 0..<Int(member.columnCount) {
            let code = unsafe rows.codes[(Int(member.firstColumn) &+ index) &* rowsMax &+ row]
            if unsafe plan.memberSets[Int(member.firstSet) &+ index] &>> UInt64(code & 63) & 1 == 1 {
                return member.child &+ 1
            }
        }
        return member.child
    }

    // One row --------------------------------------------------------------------------------------------------------

    /// Adds all trees, sliced ones as well, to one row's sums, which start at `sums` and lie `CShimsRowsMax` apart, in tree
    /// order; the sums are of the plan's type.
    static func add<Sum: MarginSum>(
        _ plan: LargeTreePlan,
        _ small: WalkPlan,
        _ rows: Rows,
        row: Int,
        _ sums: UnsafeMutablePointer<Sum>
    ) {
        // Safety: see `add` of many rows; `work` holds what sliced trees need, then an exit value for each tree, then a place and
        // a number for each large one. A large tree's place among the sliced ones' is that of any node.
        let smallPlaces = unsafe TreeWalk.exitPlaces(small, rows.codes + row, columns: rows.columnCount, rows.work)
        let smallBytes = unsafe TreeWalk.workByteCount(columns: rows.columnCount, trees: small.treeCount)
        let exits = unsafe (rows.work + smallBytes).assumingMemoryBound(to: Sum.self)
        let values = unsafe plan.values.assumingMemoryBound(to: Sum.self)
        let places = unsafe (rows.work + smallBytes + 8 * small.treeCount).assumingMemoryBound(to: UInt32.self)
        if plan.treeCount < small.treeCount {
            for tree in 0..<small.treeCount { unsafe exits[tree] = Sum(small.value(at: smallPlaces[tree])) }
        }
        unsafe walkAll(plan, rows, row, places)
        for index in 0..<plan.treeCount {
            let tree = unsafe plan.trees + index
            unsafe exits[Int(tree.pointee.tree)] = values[Int(places[index]) &+ tree.pointee.valueOffset]
        }
        let outputs = unsafe small.outputs
        for tree in 0..<small.treeCount { unsafe sums[Int(outputs[tree]) &* rowsMax] += exits[tree] }
    }

    /// Finds a row's exit leaf in each tree: all trees take a step before any takes the next.
    private static func walkAll(
        _ plan: LargeTreePlan,
        _ rows: Rows,
        _ row: Int,
        _ places: UnsafeMutablePointer<UInt32>
    ) {
        // Safety: see `add` of one row.
        let codes = unsafe rows.wide(row)
        let (trees, nodes) = unsafe (plan.trees, plan.nodes)
        let walking = unsafe places + plan.treeCount
        var left = 0
        var steps = UInt32.max
        for index in 0..<plan.treeCount {
            let tree = unsafe trees + index
            unsafe places[index] = tree.pointee.root
            if unsafe tree.pointee.hasMembers != 0 {
                unsafe places[index] = memberWalk(plan, rows, row, from: tree.pointee.root)
                continue
            }
            unsafe walking[left] = UInt32(index)
            left += 1
            steps = unsafe min(steps, tree.pointee.blindSteps)
        }
        var done: UInt32 = 0
        while left > 0 {
            for _ in 0..<steps {
                for index in 0..<left {
                    let at = Int(unsafe walking[index])
                    unsafe places[at] = step(nodes, places[at], codes)
                }
            }
            done += steps
            steps = 1
            var stay = 0
            for index in 0..<left {
                let at = unsafe walking[index]
                let tree = unsafe trees + Int(at)
                unsafe walking[stay] = at
                let leaves = unsafe tree.pointee.root &+ tree.pointee.innerPlaces
                let isAtEnd = unsafe done >= tree.pointee.depth
                stay += unsafe isAtEnd || isLeaf(places[Int(at)], nodes, leaves) ? 0 : 1
            }
            left = stay
        }
    }
}
