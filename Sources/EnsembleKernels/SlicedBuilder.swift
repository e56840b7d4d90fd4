internal import CShims
import TreeEnsemble

/// Numbers the masks of the tests that sliced trees have.
struct SlicedMasks {
    private(set) var count = 0
    private(set) var columns: [CShimsSlicedColumn] = []
    private(set) var sets: [CShimsSlicedSet] = []
    private(set) var setBits: [UInt64] = []
    /// By code column its first mask.
    private var firstMaskOfColumn: [UInt32]
    /// By split and which of its rows pass: the mask plus one, or 0.
    private var maskOfSplit: [UInt32]

    init(_ ensemble: Ensemble, _ codes: CodeColumns) {
        var used = [Bool](repeating: false, count: codes.count)
        for (index, tree) in ensemble.trees.enumerated() where SlicedPlan.slices(tree) {
            let first = codes.firstNodes[index]
            for place in codes.places[first..<first + tree.nodes.count] where place.test == .comparison {
                used[Int(place.number)] = true
            }
        }
        firstMaskOfColumn = [UInt32](repeating: 0, count: codes.count)
        maskOfSplit = [UInt32](repeating: 0, count: codes.categories.splitCount * 2)
        for table in codes.ranks.tables {
            for column in table.columns.map(\.column) where used[column] {
                firstMaskOfColumn[column] = UInt32(count)
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
    mutating func mask(of place: NodePlace, _ codes: CodeColumns) -> UInt32 {
        if place.test == .comparison { return firstMaskOfColumn[Int(place.number)] + UInt32(place.key) }
        let key = Int(place.number) * 2 + (place.test == .membersRight ? 1 : 0)
        if maskOfSplit[key] > 0 { return maskOfSplit[key] - 1 }
        let columns = codes.categories.columns(ofSplit: Int(place.number))
        sets.append(
            CShimsSlicedSet(
                firstColumn: UInt32(columns.lowerBound),
                columnCount: UInt32(columns.count),
                firstSet: UInt32(setBits.count),
                mask: UInt32(count)
            )
        )
        codes.categories.appendSets(of: place, to: &setBits)
        count += 1
        maskOfSplit[key] = UInt32(count)
        return UInt32(count - 1)
    }
}

/// Packs trees for the sliced kernel, one after the other.
struct SlicedBuilder: ~Copyable {
    private let ensemble: Ensemble
    private let codes: CodeColumns
    private let hasLookups: Bool
    private(set) var masks: SlicedMasks
    private(set) var runs: [SlicedPlan.Run] = []
    private(set) var groups: [CShimsSlicedGroup] = []
    private(set) var trees: [CShimsSlicedTree] = []
    private(set) var steps: [CShimsStep] = []
    private(set) var twigs: [CShimsTwig] = []
    private var leaves: AlignedBytes
    private var leafByteCount = 0

    private var sliced = SlicedTree()
    /// The open group's trees, slots and steps; a step's level orders it.
    private var groupTrees = 0
    private var groupSlots = 0
    private var groupSteps: [CShimsStep] = []
    private var groupLevels: [UInt16] = []
    /// By level, where its next step goes.
    private var nextOfLevel: [Int] = []
    private var previous: Int?

    /// Slots that a group's trees should share: as many as stay in the nearest cache beside all else.
    private static let slotsWanted = 256
    private static let treesMax = 8

    init(_ ensemble: Ensemble, _ codes: CodeColumns, hasLookups: Bool) {
        self.ensemble = ensemble
        self.codes = codes
        self.hasLookups = hasLookups
        masks = SlicedMasks(ensemble, codes)
        let width = ensemble.arithmetic.sum == .float32 ? 4 : 8
        var leafBytes = 0
        var nodes = 0
        for tree in ensemble.trees where SlicedPlan.slices(tree) {
            leafBytes += Self.byteCount(leaves: tree.leafValues.count, width)
            nodes += tree.nodes.count
        }
        leaves = AlignedBytes(count: leafBytes)
        trees.reserveCapacity(ensemble.trees.count)
        steps.reserveCapacity(nodes)
        twigs.reserveCapacity(nodes / 2 + 1)
    }

    private static func byteCount(leaves: Int, _ width: Int) -> Int {
        (SlicedTree.codeCount(leaves: leaves) * width + 63) / 64 * 64
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
        if let previous, isAlike(tree, ensemble.trees[previous]), groupTrees > 0 {
            // The same tests as before, for another output: the exits are known, whatever the group's size.
            var again = trees[trees.count - 1]
            (again.leafOffset, again.leafForm) = appendLeaves(tree)
            again.output = UInt32(tree.output)
            again.exitsAsBefore = 1
            trees.append(again)
            groupTrees += 1
            return
        }
        sliced.slice(tree)
        if groupTrees >= Self.treesMax || groupTrees > 0 && groupSlots + sliced.slotCount > Self.slotsWanted {
            endGroup()
        }
        let firstTwig = twigs.count
        let firstNode = codes.firstNodes[index]
        for twig in sliced.twigs {
            let mask = masks.mask(of: codes.places[firstNode + Int(twig.node)], codes)
            twigs.append(CShimsTwig(reach: UInt32(groupSlots + Int(twig.slot)), mask: mask))
        }
        let firstSlot = UInt16(groupSlots)
        for step in sliced.steps {
            let mask = masks.mask(of: codes.places[firstNode + Int(step.node)], codes)
            groupLevels.append(step.level)
            groupSteps.append(
                CShimsStep(
                    reach: firstSlot + step.reach,
                    stays: firstSlot + step.stays,
                    passes: firstSlot + step.passes,
                    unused: 0,
                    mask: mask
                )
            )
        }
        let (leafOffset, leafForm) = appendLeaves(tree)
        trees.append(
            CShimsSlicedTree(
                leafOffset: leafOffset,
                firstTwig: UInt32(firstTwig),
                twigCount: UInt16(sliced.twigs.count),
                firstSlot: firstSlot,
                blockCount: UInt16(sliced.blockCount),
                usedSlotCount: UInt16(sliced.usedSlotCount),
                pairSlot: firstSlot + UInt16(sliced.pairSlot),
                partnerSlot: firstSlot + UInt16(sliced.slotCount - sliced.pairCount),
                pairCount: UInt16(sliced.pairCount),
                leafForm: leafForm,
                output: UInt32(tree.output),
                exitsAsBefore: 0
            )
        )
        groupTrees += 1
        groupSlots += sliced.slotCount
        previous = index
    }

    /// Closes the last group.
    mutating func finish() {
        endGroup()
        // What the kernel looks at behind the last step, and does not take.
        let ahead = CShimsStep(reach: 0, stays: 0, passes: 0, unused: 0, mask: 0)
        steps.append(contentsOf: repeatElement(ahead, count: Int(CShimsStepsAhead)))
    }

    /// Hands the leaves over; none are left.
    mutating func takeLeaves() -> AlignedBytes {
        var taken = AlignedBytes(count: 0)
        swap(&taken, &leaves)
        return taken
    }

    /// Whether trees differ in their leaves alone.
    private func isAlike(_ tree: Tree, _ other: Tree) -> Bool {
        tree.nodes == other.nodes && tree.categorySets == other.categorySets
    }

    private mutating func endGroup() {
        guard groupTrees > 0 else { return }
        let firstStep = steps.count
        appendStepsByLevel()
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
                stepCount: UInt32(groupSteps.count)
            )
        )
        (groupTrees, groupSlots) = (0, 0)
        groupSteps.removeAll(keepingCapacity: true)
        groupLevels.removeAll(keepingCapacity: true)
    }

    /// Appends the group's steps level by level: those of one level do not wait for each other.
    private mutating func appendStepsByLevel() {
        nextOfLevel.removeAll(keepingCapacity: true)
        nextOfLevel.append(contentsOf: repeatElement(0, count: Int(groupLevels.max() ?? 0) + 1))
        for level in groupLevels { nextOfLevel[Int(level)] += 1 }
        var next = steps.count
        for level in nextOfLevel.indices {
            let count = nextOfLevel[level]
            nextOfLevel[level] = next
            next += count
        }
        steps.append(contentsOf: groupSteps)
        for (index, level) in groupLevels.enumerated() {
            steps[nextOfLevel[Int(level)]] = groupSteps[index]
            nextOfLevel[Int(level)] += 1
        }
    }

    /// Appends the leaves of a tree that was sliced last, or is like it, by exit code, at a multiple of 64 bytes.
    private mutating func appendLeaves(_ tree: Tree) -> (offset: UInt64, form: UInt16) {
        let offset = leafByteCount
        let isFloat = ensemble.arithmetic.sum == .float32
        let width = isFloat ? 4 : 8
        let leafOfCode = sliced.leafOfCode
        let codes = leafOfCode.span
        let values = tree.leafValues.span
        let byByte = hasLookups && codes.count <= 64
        leafByteCount = offset + Self.byteCount(leaves: values.count, width)
        precondition(leafByteCount <= leaves.count, "leaves were counted before")
        // Safety: the block has zeroed room for every sliced tree's codes, as checked just above.
        let start = unsafe leaves.start + offset
        for code in codes.indices where codes[code] >= 0 {
            let value = values[Int(codes[code])]
            let bits = isFloat ? UInt64(Float(value).bitPattern) : value.bitPattern
            if byByte {
                for byte in 0..<width {
                    unsafe start.storeBytes(
                        of: UInt8(truncatingIfNeeded: bits >> UInt64(byte * 8)),
                        toByteOffset: byte * codes.count + code,
                        as: UInt8.self
                    )
                }
            } else if isFloat {
                unsafe start.storeBytes(of: UInt32(truncatingIfNeeded: bits), toByteOffset: code * 4, as: UInt32.self)
            } else {
                unsafe start.storeBytes(of: bits, toByteOffset: code * 8, as: UInt64.self)
            }
        }
        let form: CShimsSlicedLeafForm =
            switch (isFloat, byByte) {
            case (true, true): CShimsBytesOfFloats
            case (true, false): CShimsSlicedFloats
            case (false, true): CShimsBytesOfDoubles
            case (false, false): CShimsSlicedDoubles
            }
        return (UInt64(offset), UInt16(form.rawValue))
    }
}
