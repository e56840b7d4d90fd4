internal import CShims
import TreeEnsemble

// Safety: see `PlanCheck`.
extension PlanCheck {
    /// Runs: their groups and large trees are there, each once, so that the time of a row is bounded.
    func checkRuns() throws(StoredPlanError) {
        let groups = unsafe blocks.elements(.groups, of: CShimsSlicedGroup.self).count
        let large = unsafe blocks.elements(.largeTrees, of: LargeTreePlan.LargeTree.self)
        var (nextGroup, nextLarge) = (0, 0)
        let runs = unsafe blocks.elements(.runs, of: SlicedPlan.Run.self)
        for index in runs.indices {
            let run = unsafe runs[index]
            guard run.isWalked != 0 else {
                guard Int(run.first) == nextGroup, Self.isInside(run.first, run.count, groups) else {
                    throw StoredPlanError("a run of groups is outside")
                }
                nextGroup += Int(run.count)
                continue
            }
            guard Int(run.count) <= large.count - nextLarge else {
                throw StoredPlanError("a run of large trees is outside")
            }
            for at in 0..<Int(run.count) {
                guard unsafe Int(large[nextLarge + at].tree) == Int(run.first) + at else {
                    throw StoredPlanError("a run of large trees is outside")
                }
            }
            nextLarge += Int(run.count)
        }
    }

    /// Masks: they are made from columns that there are.
    func checkMasks() throws(StoredPlanError) {
        let columns = unsafe blocks.elements(.maskColumns, of: CShimsSlicedColumn.self)
        for index in columns.indices {
            let column = unsafe columns[index]
            guard Int(column.column) < shape.columnCount, (1...255).contains(column.count),
                Self.isInside(column.firstMask, column.count, shape.maskCount)
            else { throw StoredPlanError("a column's masks are outside") }
        }
        try checkCategoryMasks()
    }

    /// Masks of categories one after the other, and their entries, so that the time of a pass is bounded.
    private func checkCategoryMasks() throws(StoredPlanError) {
        let runs = unsafe blocks.elements(.maskRuns, of: CShimsSlicedRun.self)
        let entries = unsafe blocks.elements(.maskEntries, of: UInt16.self)
        let categories = unsafe blocks.elements(.maskCategories, of: CShimsSlicedCategories.self)
        let columnsMax = CategoryTable.classesMax / CategoryTable.classesPerColumn
        var (nextRun, nextMask, nextEntry) = (0, 0, 0)
        for index in categories.indices {
            let feature = unsafe categories[index]
            guard (1...columnsMax).contains(Int(feature.columnCount)),
                Self.isInside(feature.firstColumn, feature.columnCount, shape.columnCount),
                Int(feature.firstRun) == nextRun, Self.isInside(feature.firstRun, feature.runCount, runs.count)
            else { throw StoredPlanError("masks of categories are outside") }
            for at in nextRun..<nextRun + Int(feature.runCount) {
                let run = unsafe runs[at]
                let (found, overflow) = Int(run.testCount).multipliedReportingOverflow(by: Int(run.entryCount))
                guard !overflow, run.firstEntry == UInt64(nextEntry), found <= entries.count - nextEntry,
                    Int(run.firstMask) >= nextMask, Self.isInside(run.firstMask, run.testCount, shape.maskCount)
                else { throw StoredPlanError("run \(at) of masks of categories is outside") }
                nextEntry += found
                nextMask = Int(run.firstMask) + Int(run.testCount)
            }
            nextRun += Int(feature.runCount)
        }
        var highest: UInt16 = 0
        for index in entries.indices { highest = unsafe max(highest, entries[index]) }
        guard Int(highest) < 256 * columnsMax else { throw StoredPlanError("an entry of a category's mask is outside") }
    }

    /// Groups one after the other, and their trees: slots are in the working memory, leaves in their block.
    func checkSlicedTrees() throws(StoredPlanError) {
        let groups = unsafe blocks.elements(.groups, of: CShimsSlicedGroup.self)
        let trees = unsafe blocks.elements(.trees, of: CShimsSlicedTree.self)
        let ahead = Int(CShimsStepsAhead)
        let stepCount = unsafe blocks.elements(.steps, of: CShimsStep.self).count - ahead
        let twigCount = unsafe blocks.elements(.twigs, of: CShimsTwig.self).count - ahead
        let pairCount = unsafe blocks.elements(.pairs, of: CShimsPair.self).count
        let emptyCount = unsafe blocks.elements(.empties, of: UInt32.self).count
        guard stepCount >= 0, twigCount >= 0 else { throw StoredPlanError("there are too few steps or twigs") }
        var (nextTree, nextStep, nextTwig, nextPair, nextEmpty) = (0, 0, 0, 0, 0)
        for index in groups.indices {
            let group = unsafe groups[index]
            guard Int(group.firstTree) == nextTree, Self.isInside(group.firstTree, group.treeCount, trees.count),
                Int(group.firstStep) == nextStep, Self.isInside(group.firstStep, group.stepCount, stepCount),
                Int(group.firstTwig) == nextTwig, Self.isInside(group.firstTwig, group.twigCount, twigCount),
                Int(group.firstPair) == nextPair, Self.isInside(group.firstPair, group.pairCount, pairCount),
                Int(group.firstEmpty) == nextEmpty, Self.isInside(group.firstEmpty, group.emptyCount, emptyCount)
            else { throw StoredPlanError("a group of trees is outside") }
            for at in nextTree..<nextTree + Int(group.treeCount) {
                // Exits can only be kept from a tree of the same group, as large.
                unsafe try check(trees[at], after: at > nextTree ? trees[at - 1] : nil)
            }
            nextTree += Int(group.treeCount)
            nextStep += Int(group.stepCount)
            nextTwig += Int(group.twigCount)
            nextPair += Int(group.pairCount)
            nextEmpty += Int(group.emptyCount)
        }
    }

    private func check(_ tree: CShimsSlicedTree, after last: CShimsSlicedTree?) throws(StoredPlanError) {
        let (blockCount, levelCount) = (Int(tree.blockCount), Int(tree.levelCount))
        let codeCount = 2 * Int(CShimsSlotsPerBlock) * blockCount
        let levels = blocks.byteCount(.levels) / MemoryLayout<UInt32>.stride
        guard [1, 2, 4, 8].contains(blockCount), Int(tree.output) < shape.outputCount,
            tree.exitsAsBefore == 0 || last?.blockCount == tree.blockCount,
            tree.firstSlot <= Self.placeMax, tree.lowestSlot <= Self.placeMax
        else { throw StoredPlanError("a sliced tree is outside") }
        if levelCount > 0 {
            guard (2...8).contains(levelCount), 1 << levelCount <= codeCount,
                Self.isInside(tree.firstLevel, UInt32(levelCount), levels)
            else { throw StoredPlanError("the levels of a sliced tree are outside") }
        } else {
            let lastSlot = Int(tree.firstSlot) + (blockCount * Int(CShimsSlotsPerBlock) - 1) * Int(CShimsMaskBytes)
            guard lastSlot <= Int(Self.placeMax) else {
                throw StoredPlanError("the slots of a sliced tree are outside")
            }
        }
        let plain = codeCount * (isFloat ? 4 : 8)
        let leafBytes: Int
        switch (CShimsSlicedLeafForm(rawValue: UInt32(tree.leafForm)), isFloat) {
        case (CShimsSlicedFloats, true), (CShimsSlicedDoubles, false): leafBytes = plain
        // Behind the bytes are the values themselves.
        case (CShimsBytesOfFloats, true) where kind.hasLookups && blockCount <= 2,
            (CShimsBytesOfDoubles, false) where kind.hasLookups && blockCount <= 2:
            leafBytes = 2 * plain
        default: throw StoredPlanError("a sliced tree has leaves of another form")
        }
        let allLeaves = blocks.byteCount(.leaves)
        guard tree.leafOffset % 64 == 0, tree.leafOffset <= UInt64(allLeaves),
            leafBytes <= allLeaves - Int(tree.leafOffset)
        else { throw StoredPlanError("the leaves of a sliced tree are outside") }
    }

    /// The last place that a slot can have.
    private static let placeMax = UInt32(CShimsSlotsMax - 1) * UInt32(CShimsMaskBytes)

    /// Steps, twigs, pairs, empty slots and levels: their masks and slots are there.
    func checkTests() throws(StoredPlanError) {
        // One comparison at the end, so that the loops are vector code.
        var (mask, slot) = (UInt32(0), UInt32(0))
        let steps = unsafe blocks.elements(.steps, of: CShimsStep.self)
        for index in steps.indices {
            let step = unsafe steps[index]
            mask = max(mask, step.mask)
            slot = max(max(slot, step.reach), max(step.stays, step.passes))
        }
        let twigs = unsafe blocks.elements(.twigs, of: CShimsTwig.self)
        for index in twigs.indices {
            let twig = unsafe twigs[index]
            mask = max(mask, twig.mask)
            slot = max(slot, max(twig.reach, twig.lowest))
        }
        let pairs = unsafe blocks.elements(.pairs, of: CShimsPair.self)
        for index in pairs.indices {
            let pair = unsafe pairs[index]
            slot = max(max(slot, pair.slot), max(pair.partner, pair.lowest))
        }
        let empties = unsafe blocks.elements(.empties, of: UInt32.self)
        for index in empties.indices { slot = unsafe max(slot, empties[index]) }
        let levels = unsafe blocks.elements(.levels, of: UInt32.self)
        for index in levels.indices { mask = unsafe max(mask, levels[index]) }
        // Without masks there are only the steps and twigs behind the last one, which nobody takes.
        let isUsed = steps.count > Int(CShimsStepsAhead) || twigs.count > Int(CShimsStepsAhead) || levels.count > 0
        let maskBytes = shape.maskCount * Int(CShimsMaskBytes)
        guard slot <= Self.placeMax, isUsed ? Int(mask) + Int(CShimsMaskBytes) <= maskBytes : mask == 0 else {
            throw StoredPlanError("a step, twig, pair or level is outside")
        }
    }
}
