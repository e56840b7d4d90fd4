import TreeEnsemble

/// A tree as `CShimsSlicedPlan.h` draws it: which slot the rows of each node are in, and which leaf has which exit code.
///
/// One value slices tree after tree, so that its arrays are made once.
struct SlicedTree {
    /// An inner node whose rows are taken apart.
    struct Step: BitwiseCopyable {
        var node: Int32
        var reach: UInt16
        var stays: UInt16
        var passes: UInt16
        /// Splits above the node.
        var level: UInt16
    }

    /// A node with two leaves, and the slot of its rows.
    struct Twig: BitwiseCopyable {
        var node: Int32
        var slot: UInt16
    }

    /// More leaves do not fit a byte's exit codes.
    static let leavesMax = 256

    private(set) var steps: [Step] = []
    private(set) var twigs: [Twig] = []
    /// By exit code: the leaf, or -1 for codes that no row has.
    private(set) var leafOfCode: [Int32] = []
    /// Slots that rows can be in at the end, which are the tree's first.
    private(set) var usedSlotCount = 0
    /// Blocks of 16 slots: a power of two.
    private(set) var blockCount = 0
    /// The first slot with a partner, and how many have one; partners' slots follow the blocks.
    private(set) var pairSlot = 0
    private(set) var pairCount = 0

    /// Whether all nodes of a level share one test: a twig then stands for a level, the last level first.
    private(set) var isOblivious = false

    private var pending: [(node: Int32, slot: UInt16, level: UInt16)] = []
    private var level: [Int32] = []
    private var nextLevel: [Int32] = []

    /// Slots in all, the last of them for the lowest bits.
    var slotCount: Int { isOblivious ? 0 : blockCount * Self.blockSlots + pairCount + 1 }
    /// The first partner's slot.
    var partnerSlot: Int { blockCount * Self.blockSlots }
    /// The slot of the lowest bits of exit codes.
    var lowestSlot: Int { slotCount - 1 }

    private static let blockSlots = 16

    /// How many exit codes a tree of so many leaves has.
    ///
    /// Twigs take a slot for two leaves and so do pairs, whatever the tree's shape.
    static func codeCount(leaves: Int) -> Int {
        var slots = blockSlots
        while slots < (leaves + 1) / 2 { slots *= 2 }
        return 2 * slots
    }

    /// Slices a valid tree of at most ``leavesMax`` leaves; what was there before is gone.
    ///
    /// A row that passes a node's test goes right.
    mutating func slice(_ tree: Tree) {
        let nodes = tree.nodes.span
        let leafCount = nodes.count + 1
        var twigCount = 0
        for index in nodes.indices where nodes[index].left < 0 && nodes[index].right < 0 { twigCount += 1 }
        let singleCount = leafCount - 2 * twigCount
        let codeCount = Self.codeCount(leaves: leafCount)
        pairSlot = twigCount
        pairCount = singleCount / 2
        usedSlotCount = twigCount + (singleCount + 1) / 2
        blockCount = codeCount / 2 / Self.blockSlots
        steps.removeAll(keepingCapacity: true)
        twigs.removeAll(keepingCapacity: true)
        leafOfCode.removeAll(keepingCapacity: true)
        leafOfCode.append(contentsOf: repeatElement(-1, count: codeCount))
        isOblivious = false
        guard nodes.count > 0 else {
            leafOfCode[0] = 0
            return
        }
        if findLevels(nodes) {
            isOblivious = true
            return
        }
        twigs.removeAll(keepingCapacity: true)
        var singles = 0
        var slots: UInt16 = 1
        pending.append((0, 0, 0))
        while let (index, slot, level) = pending.popLast() {
            let (left, right) = (nodes[Int(index)].left, nodes[Int(index)].right)
            if left < 0, right < 0 {
                twigs.append(Twig(node: index, slot: slot))
                leafOfCode[2 * Int(slot)] = ~left
                leafOfCode[2 * Int(slot) + 1] = ~right
                continue
            }
            var (stays, passes) = (slot, slot)
            if left < 0 {
                stays = placeSingle(~left, &singles)
            } else {
                pending.append((left, slot, level + 1))
            }
            if right < 0 {
                passes = placeSingle(~right, &singles)
            } else if left >= 0 {
                passes = slots
                slots += 1
                pending.append((right, passes, level + 1))
            } else {
                pending.append((right, slot, level + 1))
            }
            steps.append(Step(node: index, reach: slot, stays: stays, passes: passes, level: level))
        }
    }

    /// The slot in which a single leaf's rows end.
    private mutating func placeSingle(_ leaf: Int32, _ singles: inout Int) -> UInt16 {
        let (pair, isPartner) = (singles / 2, singles % 2 == 1)
        singles += 1
        leafOfCode[2 * (pairSlot + pair) + (isPartner ? 1 : 0)] = leaf
        return UInt16(isPartner ? partnerSlot + pair : pairSlot + pair)
    }

    /// Makes a twig of each level and numbers the leaves from left to right, if all nodes of a level share one test.
    ///
    /// A passed test is a 1 of the exit code, the root's the highest bit.
    ///
    /// - Returns: false if the tree is not so; there may be twigs then.
    private mutating func findLevels(_ nodes: Span<Node>) -> Bool {
        let leafCount = nodes.count + 1
        guard leafCount.nonzeroBitCount == 1, leafCount > 2 else { return false }
        level.removeAll(keepingCapacity: true)
        level.append(0)
        while level[0] >= 0 {
            let node = nodes[Int(level[0])]
            twigs.append(Twig(node: level[0], slot: 0))
            nextLevel.removeAll(keepingCapacity: true)
            for index in level {
                guard index >= 0 else { return false }
                let other = nodes[Int(index)]
                guard other.feature == node.feature, other.test == node.test, other.missing == node.missing,
                    other.defaultLeft == node.defaultLeft
                else { return false }
                nextLevel.append(other.left)
                nextLevel.append(other.right)
            }
            swap(&level, &nextLevel)
        }
        guard level.allSatisfy({ $0 < 0 }) else { return false }
        for (code, leaf) in level.enumerated() { leafOfCode[code] = ~leaf }
        twigs.reverse()
        return true
    }
}
