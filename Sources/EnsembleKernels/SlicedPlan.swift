internal import CShims
import TreeEnsemble

/// An ensemble packed for the sliced kernel, as `CShimsSlicedPlan.h` draws it.
///
/// Unchecked because of its pointers: they point into blocks that it owns, and nothing is written after `init`.
@safe
final class SlicedPlan: @unchecked Sendable {
    /// Trees in order, as many at a time as one call takes.
    enum Run: Equatable {
        /// Groups that the sliced kernel adds.
        case groups(first: Int, count: Int)
        /// Trees that are walked, row by row: too large for slices.
        case walked(first: Int, count: Int)
    }

    let runs: [Run]
    /// Masks of all tests.
    let maskCount: Int
    /// Bytes of it all.
    let byteCount: Int
    /// What the kernel reads; valid while this object lives.
    let forest: UnsafePointer<CShimsSlicedForest>

    private let blocks: Blocks

    private struct Blocks: ~Copyable {
        let forest: AlignedBytes
        let columns: AlignedBytes
        let sets: AlignedBytes
        let setBits: AlignedBytes
        let groups: AlignedBytes
        let trees: AlignedBytes
        let steps: AlignedBytes
        let twigs: AlignedBytes
        let pairs: AlignedBytes
        let empties: AlignedBytes
        let levels: AlignedBytes
        let leaves: AlignedBytes
    }

    /// More masks would not stay in a processor's caches; trees are walked instead.
    private static let masksMax = 1 << 15

    /// Packs a valid ensemble.
    ///
    /// - Parameters:
    ///   - ensemble: what to pack.
    ///   - columns: its code columns.
    ///   - hasLookups: whether the kernel looks leaves up byte by byte.
    init(_ ensemble: Ensemble, _ columns: CodeColumns, hasLookups: Bool) {
        var builder = SlicedBuilder(ensemble, columns, hasLookups: hasLookups)
        for index in ensemble.trees.indices { builder.add(index) }
        builder.endGroup()
        runs = builder.runs
        maskCount = builder.masks.count
        blocks = Blocks(
            forest: AlignedBytes(count: unsafe MemoryLayout<CShimsSlicedForest>.size),
            columns: AlignedBytes(copying: builder.masks.columns),
            sets: AlignedBytes(copying: builder.masks.sets),
            setBits: AlignedBytes(copying: builder.masks.setBits),
            groups: AlignedBytes(copying: builder.groups),
            trees: AlignedBytes(copying: builder.trees),
            steps: AlignedBytes(copying: builder.steps + builder.stepsAhead),
            twigs: AlignedBytes(copying: builder.twigs),
            pairs: AlignedBytes(copying: builder.pairs),
            empties: AlignedBytes(copying: builder.empties),
            levels: AlignedBytes(copying: builder.levels),
            leaves: AlignedBytes(copying: builder.leaves)
        )
        // Safety: each block holds the array it was copied from, and lives as long as this value does.
        unsafe blocks.forest.start.initializeMemory(
            as: CShimsSlicedForest.self,
            to: CShimsSlicedForest(
                columns: UnsafePointer(blocks.columns.start.assumingMemoryBound(to: CShimsSlicedColumn.self)),
                sets: UnsafePointer(blocks.sets.start.assumingMemoryBound(to: CShimsSlicedSet.self)),
                setBits: UnsafePointer(blocks.setBits.start.assumingMemoryBound(to: UInt64.self)),
                groups: UnsafePointer(blocks.groups.start.assumingMemoryBound(to: CShimsSlicedGroup.self)),
                trees: UnsafePointer(blocks.trees.start.assumingMemoryBound(to: CShimsSlicedTree.self)),
                steps: UnsafePointer(blocks.steps.start.assumingMemoryBound(to: CShimsStep.self)),
                twigs: UnsafePointer(blocks.twigs.start.assumingMemoryBound(to: CShimsTwig.self)),
                pairs: UnsafePointer(blocks.pairs.start.assumingMemoryBound(to: CShimsPair.self)),
                empties: UnsafePointer(blocks.empties.start.assumingMemoryBound(to: UInt32.self)),
                levels: UnsafePointer(blocks.levels.start.assumingMemoryBound(to: UInt32.self)),
                leaves: UnsafePointer(blocks.leaves.start.assumingMemoryBound(to: UInt8.self)),
                columnCount: UInt32(builder.masks.columns.count),
                setCount: UInt32(builder.masks.sets.count),
                maskCount: UInt32(builder.masks.count),
                unused: 0
            )
        )
        unsafe forest = UnsafePointer(blocks.forest.start.assumingMemoryBound(to: CShimsSlicedForest.self))
        byteCount =
            blocks.columns.count + blocks.sets.count + blocks.setBits.count + blocks.groups.count + blocks.trees.count
            + blocks.steps.count + blocks.twigs.count + blocks.pairs.count + blocks.empties.count + blocks.levels.count
            + blocks.leaves.count
    }

    /// Whether a tree is sliced, or else walked.
    static func slices(_ tree: Tree) -> Bool { tree.leafValues.count <= SlicedTree.leavesMax }
}

/// Numbers the masks of the tests that sliced trees have.
private struct SlicedMasks {
    private(set) var count = 0
    private(set) var columns: [CShimsSlicedColumn] = []
    private(set) var sets: [CShimsSlicedSet] = []
    private(set) var setBits: [UInt64] = []
    private let codes: CodeColumns
    private var firstMaskOfColumn: [Int: Int] = [:]
    private var maskOfSplit: [SplitOfFeature: Int] = [:]

    private struct SplitOfFeature: Hashable {
        var feature: Int32
        var split: CategorySplit
        var membersPass: Bool
    }

    init(_ ensemble: Ensemble, _ codes: CodeColumns) {
        self.codes = codes
        var used = Set<Int>()
        for tree in ensemble.trees where SlicedPlan.slices(tree) {
            for node in tree.nodes {
                if case .threshold(let threshold) = node.test {
                    used.insert(codes.ranks.place(of: node, threshold: threshold).column)
                }
            }
        }
        for table in codes.ranks.tables {
            for (_, column) in table.columns where used.contains(column) {
                firstMaskOfColumn[column] = count
                columns.append(
                    CShimsSlicedColumn(
                        column: UInt32(column),
                        firstMask: UInt32(count),
                        count: UInt32(table.thresholds.count)
                    )
                )
                count += table.thresholds.count
            }
        }
    }

    /// The mask of a node's test, which rows pass that go right.
    mutating func mask(of node: Node, _ tree: Tree) -> Int {
        if case .threshold(let threshold) = node.test {
            let (column, key) = codes.ranks.place(of: node, threshold: threshold)
            guard let first = firstMaskOfColumn[column] else { preconditionFailure("a used column has masks") }
            return first + key
        }
        guard let (split, membersGoLeft) = CategoryColumns.split(node, tree) else {
            preconditionFailure("a node compares or looks up")
        }
        let key = SplitOfFeature(feature: node.feature, split: split, membersPass: !membersGoLeft)
        if let known = maskOfSplit[key] { return known }
        let table = codes.categories.table(of: split, feature: Int(node.feature))
        sets.append(
            CShimsSlicedSet(
                firstColumn: UInt32(table.firstColumn),
                columnCount: UInt32(table.columnCount),
                firstSet: UInt32(setBits.count),
                mask: UInt32(count)
            )
        )
        for column in 0..<table.columnCount {
            setBits.append(table.codes(of: split, members: !membersGoLeft, column: column))
        }
        maskOfSplit[key] = count
        count += 1
        return count - 1
    }
}

private struct SlicedBuilder {
    let ensemble: Ensemble
    let hasLookups: Bool
    var masks: SlicedMasks
    var runs: [SlicedPlan.Run] = []
    var groups: [CShimsSlicedGroup] = []
    var trees: [CShimsSlicedTree] = []
    var steps: [CShimsStep] = []
    var twigs: [CShimsTwig] = []
    var pairs: [CShimsPair] = []
    var empties: [UInt32] = []
    var levels: [UInt32] = []
    var leaves: [UInt8] = []

    /// The open group's trees, slots and steps; a step's level orders it.
    private var groupTrees = 0
    private var groupSlots = 0
    private var groupSteps: [(level: Int, step: CShimsStep)] = []
    /// Twigs and pairs with their turn.
    private var groupTwigs: [(turn: Int, twig: CShimsTwig)] = []
    private var groupPairs: [(turn: Int, pair: CShimsPair)] = []
    private var firstEmpty = 0
    private var previous: Int?

    /// Slots that a group's trees should share: as many as stay in the nearest cache beside all else.
    private static let slotsWanted = 256
    private static let treesMax = 8

    init(_ ensemble: Ensemble, _ columns: CodeColumns, hasLookups: Bool) {
        self.ensemble = ensemble
        self.hasLookups = hasLookups
        masks = SlicedMasks(ensemble, columns)
    }

    mutating func add(_ index: Int) {
        let tree = ensemble.trees[index]
        guard SlicedPlan.slices(tree) else {
            endGroup()
            previous = nil
            if case .walked(let first, let count) = runs.last {
                runs[runs.count - 1] = .walked(first: first, count: count + 1)
            } else {
                runs.append(.walked(first: index, count: 1))
            }
            return
        }
        let sliced = SlicedTree(tree)
        if let previous, isAlike(tree, ensemble.trees[previous]), groupTrees > 0 {
            // The same tests as before, for another output: the exits are known, whatever the group's size.
            var again = trees[trees.count - 1]
            (again.leafOffset, again.leafForm) = appendLeaves(tree, sliced)
            again.output = UInt32(tree.output)
            again.exitsAsBefore = 1
            trees.append(again)
            groupTrees += 1
            return
        }
        if groupTrees >= Self.treesMax || groupTrees > 0 && groupSlots + sliced.slotCount > Self.slotsWanted {
            endGroup()
        }
        let firstSlot = groupSlots
        let firstLevel = levels.count
        if sliced.isOblivious {
            for twig in sliced.twigs { levels.append(Self.bytes(masks.mask(of: tree.nodes[twig.node], tree))) }
        } else {
            add(sliced, tree, firstSlot: firstSlot)
        }
        let (leafOffset, leafForm) = appendLeaves(tree, sliced)
        trees.append(
            CShimsSlicedTree(
                leafOffset: leafOffset,
                firstSlot: Self.bytes(firstSlot),
                lowestSlot: Self.bytes(sliced.isOblivious ? firstSlot : firstSlot + sliced.lowestSlot),
                firstLevel: UInt32(firstLevel),
                levelCount: UInt16(levels.count - firstLevel),
                blockCount: UInt16(sliced.blockCount),
                leafForm: leafForm,
                exitsAsBefore: 0,
                output: UInt32(tree.output)
            )
        )
        groupTrees += 1
        groupSlots += sliced.slotCount
        previous = index
    }

    private static func bytes(_ slotOrMask: Int) -> UInt32 { UInt32(slotOrMask * Int(CShimsMaskBytes)) }

    /// What the kernel looks at behind the last step, and does not take.
    var stepsAhead: [CShimsStep] {
        [CShimsStep](
            repeating: CShimsStep(reach: 0, stays: 0, passes: 0, mask: 0),
            count: Int(CShimsStepsAhead)
        )
    }

    private mutating func add(_ sliced: SlicedTree, _ tree: Tree, firstSlot: Int) {
        let lowest = Self.bytes(firstSlot + sliced.lowestSlot)
        for (turn, twig) in sliced.twigs.enumerated() {
            let mask = masks.mask(of: tree.nodes[twig.node], tree)
            let reach = Self.bytes(firstSlot + twig.slot)
            groupTwigs.append((turn, CShimsTwig(reach: reach, lowest: lowest, mask: Self.bytes(mask))))
        }
        for step in sliced.steps {
            let mask = masks.mask(of: tree.nodes[step.node], tree)
            groupSteps.append(
                (
                    step.level,
                    CShimsStep(
                        reach: Self.bytes(firstSlot + step.reach),
                        stays: Self.bytes(firstSlot + step.stays),
                        passes: Self.bytes(firstSlot + step.passes),
                        mask: Self.bytes(mask)
                    )
                )
            )
        }
        for pair in 0..<sliced.pairCount {
            groupPairs.append(
                (
                    pair,
                    CShimsPair(
                        slot: Self.bytes(firstSlot + sliced.pairSlot + pair),
                        partner: Self.bytes(firstSlot + sliced.partnerSlot + pair),
                        lowest: lowest
                    )
                )
            )
        }
        for slot in sliced.usedSlotCount..<sliced.partnerSlot { empties.append(Self.bytes(firstSlot + slot)) }
        empties.append(lowest)
    }

    /// Whether trees differ in their leaves alone.
    private func isAlike(_ tree: Tree, _ other: Tree) -> Bool {
        tree.nodes == other.nodes && tree.categorySets == other.categorySets
    }

    /// Those of one level or turn do not wait for each other.
    private static func inOrder<Element>(_ elements: [(order: Int, element: Element)]) -> [Element] {
        elements.enumerated()
            .sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
            .map { $0.element.element }
    }

    mutating func endGroup() {
        guard groupTrees > 0 else { return }
        let (firstStep, firstTwig, firstPair) = (steps.count, twigs.count, pairs.count)
        steps += Self.inOrder(groupSteps.map { ($0.level, $0.step) })
        twigs += Self.inOrder(groupTwigs.map { ($0.turn, $0.twig) })
        pairs += Self.inOrder(groupPairs.map { ($0.turn, $0.pair) })
        if case .groups(let first, let count) = runs.last {
            runs[runs.count - 1] = .groups(first: first, count: count + 1)
        } else {
            runs.append(.groups(first: groups.count, count: 1))
        }
        groups.append(
            CShimsSlicedGroup(
                firstTree: UInt32(trees.count - groupTrees),
                treeCount: UInt32(groupTrees),
                firstStep: UInt32(firstStep),
                stepCount: UInt32(steps.count - firstStep),
                firstTwig: UInt32(firstTwig),
                twigCount: UInt32(twigs.count - firstTwig),
                firstPair: UInt32(firstPair),
                pairCount: UInt32(pairs.count - firstPair),
                firstEmpty: UInt32(firstEmpty),
                emptyCount: UInt32(empties.count - firstEmpty)
            )
        )
        firstEmpty = empties.count
        (groupTrees, groupSlots, groupSteps, groupTwigs, groupPairs) = (0, 0, [], [], [])
    }

    /// Appends a tree's leaves by exit code, at a multiple of 64 bytes.
    private mutating func appendLeaves(_ tree: Tree, _ sliced: SlicedTree) -> (offset: UInt64, form: UInt16) {
        let offset = UInt64(leaves.count)
        let values = sliced.leafOfCode.map { $0.map { tree.leafValues[$0] } ?? 0 }
        let isFloat = ensemble.arithmetic.sum == .float32
        let bytes =
            isFloat
            ? values.map { value in (0..<4).map { UInt8(truncatingIfNeeded: Float(value).bitPattern >> ($0 * 8)) } }
            : values.map { value in (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) } }
        let byByte = hasLookups && values.count <= 64
        if byByte {
            for byte in 0..<(isFloat ? 4 : 8) { leaves += bytes.map { $0[byte] } }
        } else {
            leaves += bytes.joined()
        }
        leaves += [UInt8](repeating: 0, count: (64 - leaves.count % 64) % 64)
        let form: CShimsSlicedLeafForm =
            switch (isFloat, byByte) {
            case (true, true): CShimsBytesOfFloats
            case (true, false): CShimsSlicedFloats
            case (false, true): CShimsBytesOfDoubles
            case (false, false): CShimsSlicedDoubles
            }
        return (offset, UInt16(form.rawValue))
    }
}
