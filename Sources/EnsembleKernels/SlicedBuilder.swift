internal import CShims
import TreeEnsemble

/// Packs trees for the sliced kernel, one after the other.
struct SlicedBuilder: ~Copyable {
    private let ensemble: Ensemble
    private let codes: CodeColumns
    private let hasLookups: Bool
    let masks: SlicedMasks
    private(set) var runs: [SlicedPlan.Run] = []
    private(set) var groups: [CShimsSlicedGroup] = []
    private(set) var trees: [CShimsSlicedTree] = []
    private(set) var steps: [CShimsStep] = []
    private(set) var twigs: [CShimsTwig] = []
    private(set) var pairs: [CShimsPair] = []
    private(set) var empties: [UInt32] = []
    private(set) var levels: [UInt32] = []
    private var leaves: AlignedBytes
    private var leafByteCount = 0

    private var sliced = SlicedTree()
    /// The open group's trees, slots and steps, which their level orders.
    private var groupTrees = 0
    private var groupSlots = 0
    private var groupSteps = OrderedElements<CShimsStep>()
    /// Twigs and pairs by their turn.
    private var groupTwigs = OrderedElements<CShimsTwig>()
    private var groupPairs = OrderedElements<CShimsPair>()
    private var firstEmpty = 0
    private var previous: Int?

    /// Slots that a group's trees should share: as many as stay in the nearest cache beside all else.
    private static let slotsWanted = 256
    private static let treesMax = 8

    init(_ ensemble: Ensemble, _ codes: CodeColumns, hasLookups: Bool) {
        self.ensemble = ensemble
        self.codes = codes
        self.hasLookups = hasLookups
        masks = SlicedMasks(ensemble, codes)
        var leafBytes = 0
        var nodes = 0
        for tree in ensemble.trees where SlicedPlan.slices(tree) {
            leafBytes += LeafLayout(tree, ensemble.arithmetic, hasLookups: hasLookups).byteCount
            nodes += tree.nodes.count
        }
        leaves = AlignedBytes(count: leafBytes)
        trees.reserveCapacity(ensemble.trees.count)
        steps.reserveCapacity(nodes)
        twigs.reserveCapacity(nodes / 2 + 1)
    }

    private static func bytes(_ slotOrMask: Int) -> UInt32 { UInt32(slotOrMask * Int(CShimsMaskBytes)) }

    /// The place of a node's mask.
    private func mask(_ firstNode: Int, _ node: Int32) -> UInt32 {
        Self.bytes(Int(masks.mask(of: codes.places[firstNode + Int(node)])))
    }

    mutating func add(_ index: Int) {
        let tree = ensemble.trees[index]
        guard SlicedPlan.slices(tree) else {
            endGroup()
            previous = nil
            addRun(of: index, isWalked: true)
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
        let firstSlot = groupSlots
        let firstLevel = levels.count
        if sliced.isOblivious {
            for twig in sliced.twigs { levels.append(mask(codes.firstNodes[index], twig.node)) }
        } else {
            addSliced(firstNode: codes.firstNodes[index], firstSlot: firstSlot)
        }
        let (leafOffset, leafForm) = appendLeaves(tree)
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

    /// Adds the steps, twigs, pairs and empty slots of the tree that was sliced last.
    private mutating func addSliced(firstNode: Int, firstSlot: Int) {
        let lowest = Self.bytes(firstSlot + sliced.lowestSlot)
        for (turn, twig) in sliced.twigs.enumerated() {
            let mask = mask(firstNode, twig.node)
            let reach = Self.bytes(firstSlot + Int(twig.slot))
            groupTwigs.append(CShimsTwig(reach: reach, lowest: lowest, mask: mask), order: UInt16(turn))
        }
        for step in sliced.steps {
            let mask = mask(firstNode, step.node)
            groupSteps.append(
                CShimsStep(
                    reach: Self.bytes(firstSlot + Int(step.reach)),
                    stays: Self.bytes(firstSlot + Int(step.stays)),
                    passes: Self.bytes(firstSlot + Int(step.passes)),
                    mask: mask
                ),
                order: step.level
            )
        }
        for pair in 0..<sliced.pairCount {
            groupPairs.append(
                CShimsPair(
                    slot: Self.bytes(firstSlot + sliced.pairSlot + pair),
                    partner: Self.bytes(firstSlot + sliced.partnerSlot + pair),
                    lowest: lowest
                ),
                order: UInt16(pair)
            )
        }
        for slot in sliced.usedSlotCount..<sliced.partnerSlot { empties.append(Self.bytes(firstSlot + slot)) }
        empties.append(lowest)
    }

    /// Closes the last group.
    mutating func finish() {
        endGroup()
        // What the kernel looks at behind the last step and twig, and does not take.
        let step = CShimsStep(reach: 0, stays: 0, passes: 0, mask: 0)
        steps.append(contentsOf: repeatElement(step, count: Int(CShimsStepsAhead)))
        let twig = CShimsTwig(reach: 0, lowest: 0, mask: 0)
        twigs.append(contentsOf: repeatElement(twig, count: Int(CShimsStepsAhead)))
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
        let (firstStep, firstTwig, firstPair) = (steps.count, twigs.count, pairs.count)
        groupSteps.move(to: &steps)
        groupTwigs.move(to: &twigs)
        groupPairs.move(to: &pairs)
        addRun(of: groups.count, isWalked: false)
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
        (groupTrees, groupSlots) = (0, 0)
    }

    /// Adds a group, or a tree that is walked, to the run of those before it, or starts one.
    private mutating func addRun(of index: Int, isWalked: Bool) {
        let isWalked: UInt32 = isWalked ? 1 : 0
        if let last = runs.last, last.isWalked == isWalked {
            runs[runs.count - 1].count += 1
        } else {
            runs.append(SlicedPlan.Run(isWalked: isWalked, first: UInt32(index), count: 1))
        }
    }

    /// Appends the leaves of a tree that was sliced last, or is like it, by exit code.
    private mutating func appendLeaves(_ tree: Tree) -> (offset: UInt64, form: UInt16) {
        let offset = leafByteCount
        let layout = LeafLayout(tree, ensemble.arithmetic, hasLookups: hasLookups)
        leafByteCount = offset + layout.byteCount
        precondition(leafByteCount <= leaves.count, "leaves were counted before")
        let leafOfCode = sliced.leafOfCode
        precondition(leafOfCode.count == layout.codeCount, "the tree is the one that was sliced")
        // Safety: the block has zeroed room for every sliced tree's codes, as checked just above.
        unsafe layout.write(tree.leafValues.span, leafOfCode.span, to: leaves.start + offset)
        return (UInt64(offset), UInt16(layout.form.rawValue))
    }
}

/// How a sliced tree's leaves lie in memory.
private struct LeafLayout {
    let form: CShimsSlicedLeafForm
    let codeCount: Int
    private let width: Int

    init(_ tree: Tree, _ arithmetic: Arithmetic, hasLookups: Bool) {
        codeCount = SlicedTree.codeCount(leaves: tree.leafValues.count)
        let isFloat = arithmetic.sum == .float32
        width = isFloat ? 4 : 8
        form =
            switch (isFloat, hasLookups && codeCount <= 64) {
            case (true, true): CShimsBytesOfFloats
            case (true, false): CShimsSlicedFloats
            case (false, true): CShimsBytesOfDoubles
            case (false, false): CShimsSlicedDoubles
            }
    }

    private var isByByte: Bool { form == CShimsBytesOfFloats || form == CShimsBytesOfDoubles }

    /// Behind the values by byte are the plain ones.
    private var plainOffset: Int { isByByte ? codeCount * width : 0 }

    /// A multiple of 64.
    var byteCount: Int { (plainOffset + codeCount * width + 63) / 64 * 64 }

    /// Writes the leaves by exit code, to ``byteCount`` zeros.
    func write(_ values: Span<Double>, _ leafOfCode: Span<Int32>, to start: UnsafeMutableRawPointer) {
        // Safety: the caller's block is as large as said, and there are as many codes as counted.
        let (isByByte, plainOffset) = (isByByte, plainOffset)
        for code in leafOfCode.indices where leafOfCode[code] >= 0 {
            let value = values[Int(leafOfCode[code])]
            let bits = width == 4 ? UInt64(Float(value).bitPattern) : value.bitPattern
            if isByByte {
                for byte in 0..<width {
                    let place = byte * codeCount + code
                    unsafe start.storeBytes(
                        of: UInt8(truncatingIfNeeded: bits >> UInt64(byte * 8)),
                        toByteOffset: place,
                        as: UInt8.self
                    )
                }
            }
            let place = plainOffset + code * width
            if width == 4 {
                unsafe start.storeBytes(of: UInt32(truncatingIfNeeded: bits), toByteOffset: place, as: UInt32.self)
            } else {
                unsafe start.storeBytes(of: bits, toByteOffset: place, as: UInt64.self)
            }
        }
    }
}

/// What a group has of one kind, in the order of small numbers: those of one level or turn do not wait for each other.
private struct OrderedElements<Element: BitwiseCopyable> {
    private var elements: [Element] = []
    private var orders: [UInt16] = []
    /// By order, where its next element goes.
    private var next: [Int] = []

    mutating func append(_ element: Element, order: UInt16) {
        elements.append(element)
        orders.append(order)
    }

    /// Appends all to an array, in order, and as they came where that is the same; none are left.
    mutating func move(to array: inout [Element]) {
        next.removeAll(keepingCapacity: true)
        next.append(contentsOf: repeatElement(0, count: Int(orders.max() ?? 0) + 1))
        for order in orders { next[Int(order)] += 1 }
        var place = array.count
        for order in next.indices {
            let count = next[order]
            next[order] = place
            place += count
        }
        array.append(contentsOf: elements)
        for (index, order) in orders.enumerated() {
            array[next[Int(order)]] = elements[index]
            next[Int(order)] += 1
        }
        elements.removeAll(keepingCapacity: true)
        orders.removeAll(keepingCapacity: true)
    }
}
