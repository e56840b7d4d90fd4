import TreeEnsemble

/// A tree as `CShimsSlicedPlan.h` draws it: which slot the rows of each node are in, and which leaf has which exit code.
struct SlicedTree {
    /// An inner node whose rows are taken apart.
    struct Step {
        var node: Int
        var reach: Int
        var stays: Int
        var passes: Int
        /// Splits above the node.
        var level: Int
    }

    /// A node with two leaves, and the slot of its rows.
    struct Twig {
        var node: Int
        var slot: Int
    }

    /// More leaves do not fit a byte's exit codes.
    static let leavesMax = 256

    private(set) var steps: [Step] = []
    private(set) var twigs: [Twig] = []
    /// By exit code: the leaf; nil for codes that no row has.
    private(set) var leafOfCode: [Int?]
    /// Slots that rows can be in at the end, which are the tree's first.
    let usedSlotCount: Int
    /// Blocks of 16 slots: a power of two.
    let blockCount: Int
    /// The first slot with a partner, and how many have one; partners' slots follow the blocks.
    let pairSlot: Int
    let pairCount: Int

    /// Whether all nodes of a level share one test: a twig then stands for a level, the last level first.
    private(set) var isOblivious = false

    /// Slots in all, the last of them for the lowest bits.
    var slotCount: Int { isOblivious ? 0 : blockCount * Self.blockSlots + pairCount + 1 }
    /// The first partner's slot.
    var partnerSlot: Int { blockCount * Self.blockSlots }
    /// The slot of the lowest bits of exit codes.
    var lowestSlot: Int { slotCount - 1 }

    private static let blockSlots = 16

    /// Slices a valid tree of at most ``leavesMax`` leaves.
    ///
    /// A row that passes a node's test goes right.
    init(_ tree: Tree) {
        let leafCount = tree.leafValues.count
        let twigCount = tree.nodes.count { $0.left < 0 && $0.right < 0 }
        let singleCount = leafCount - 2 * twigCount
        pairSlot = twigCount
        pairCount = singleCount / 2
        usedSlotCount = twigCount + (singleCount + 1) / 2
        var blocks = 1
        while blocks * Self.blockSlots < usedSlotCount { blocks *= 2 }
        blockCount = blocks
        leafOfCode = [Int?](repeating: nil, count: 2 * blocks * Self.blockSlots)
        let partnerSlot = blocks * Self.blockSlots
        var singles = 0
        var slots = 1

        /// The slot in which a single leaf's rows end.
        func placeSingle(_ leaf: Int32, _ leafOfCode: inout [Int?]) -> Int {
            let (pair, isPartner) = (singles / 2, singles % 2 == 1)
            singles += 1
            leafOfCode[2 * (twigCount + pair) + (isPartner ? 1 : 0)] = Int(~leaf)
            return isPartner ? partnerSlot + pair : twigCount + pair
        }

        guard !tree.nodes.isEmpty else {
            leafOfCode[0] = 0
            return
        }
        if let oblivious = ObliviousLevels(tree) {
            isOblivious = true
            twigs = oblivious.nodes.reversed().map { Twig(node: $0, slot: 0) }
            for (code, leaf) in oblivious.leaves.enumerated() { leafOfCode[code] = leaf }
            return
        }
        var pending: [(node: Int, slot: Int, level: Int)] = [(0, 0, 0)]
        while let (index, slot, level) = pending.popLast() {
            let node = tree.nodes[index]
            switch (node.left < 0, node.right < 0) {
            case (true, true):
                twigs.append(Twig(node: index, slot: slot))
                leafOfCode[2 * slot] = Int(~node.left)
                leafOfCode[2 * slot + 1] = Int(~node.right)
            case (true, false):
                let single = placeSingle(node.left, &leafOfCode)
                steps.append(Step(node: index, reach: slot, stays: single, passes: slot, level: level))
                pending.append((Int(node.right), slot, level + 1))
            case (false, true):
                let single = placeSingle(node.right, &leafOfCode)
                steps.append(Step(node: index, reach: slot, stays: slot, passes: single, level: level))
                pending.append((Int(node.left), slot, level + 1))
            case (false, false):
                steps.append(Step(node: index, reach: slot, stays: slot, passes: slots, level: level))
                pending.append((Int(node.left), slot, level + 1))
                pending.append((Int(node.right), slots, level + 1))
                slots += 1
            }
        }
    }
}

/// The levels of a tree all of whose nodes of a level share one test.
private struct ObliviousLevels {
    /// One node of each level, the root first.
    private(set) var nodes: [Int] = []
    /// Leaves from left to right: a passed test is a 1, the root's the highest bit.
    let leaves: [Int]

    /// The levels; nil if the tree is not so.
    init?(_ tree: Tree) {
        guard tree.leafValues.count.nonzeroBitCount == 1, tree.leafValues.count > 2 else { return nil }
        var level: [Int32] = [0]
        while let first = level.first, first >= 0 {
            let node = tree.nodes[Int(first)]
            nodes.append(Int(first))
            var next: [Int32] = []
            for index in level {
                guard index >= 0 else { return nil }
                let other = tree.nodes[Int(index)]
                guard other.feature == node.feature, other.test == node.test, other.missing == node.missing,
                    other.defaultLeft == node.defaultLeft
                else { return nil }
                next.append(other.left)
                next.append(other.right)
            }
            level = next
        }
        guard level.allSatisfy({ $0 < 0 }) else { return nil }
        leaves = level.map { Int(~$0) }
    }
}
