internal import CShims
import TreeEnsemble

// Safety: see `PlanCheck`.
extension PlanCheck {
    /// Slots look up by registers, whatever bits they have: their number, the leaves and the outputs are what counts.
    func checkLanes() throws(StoredPlanError) {
        let groups = unsafe blocks.elements(.laneGroups, of: CShimsLaneGroup.self)
        guard groups.count > 0 else { return }
        let outputs = unsafe blocks.elements(.laneOutputs, of: UInt32.self)
        let columns = unsafe blocks.elements(.laneTableColumns, of: UInt8.self)
        let columnsMax = Int(CShimsLaneColumnsMax)
        guard kind.hasTreeLanes, shape.columnCount <= columnsMax, columns.count == columnsMax,
            // A row's codes are read at these columns; what fills the tables up is the first.
            unsafe columns.allSatisfy({ Int($0) < max(1, shape.columnCount) })
        else { throw StoredPlanError("trees in lanes have other columns") }
        let leafCount = blocks.byteCount(.laneLeaves) / (isFloat ? 4 : 8)
        let classCount = try checkLaneCategories()
        var (trees, nextSlot) = (0, 0)
        for index in groups.indices {
            let group = unsafe groups[index]
            let planes = Int(group.planeCount)
            guard (1...Int(CShimsTreeLanes)).contains(Int(group.treeCount)),
                (1...Int(CShimsLanePlanesMax)).contains(planes)
            else { throw StoredPlanError("group \(index) of the lanes is outside") }
            var slotBytes = 0
            unsafe withUnsafeBytes(of: group.slotCounts) { bytes in
                let counts = unsafe bytes.bindMemory(to: UInt16.self)
                for at in 0..<planes * 2 { slotBytes += unsafe Int(counts[at]) * 3 * Int(CShimsTreeLanes) }
            }
            // An exit is at most the leaf behind a plane's last.
            let leavesUsed =
                (Int(group.treeCount) - 1) * Int(group.leafStride) + planes * TreeLanes.leavesPerPlane + 1
            guard group.slotOffset == UInt64(nextSlot), slotBytes <= blocks.byteCount(.laneSlots) - nextSlot,
                group.leafOffset <= UInt64(leafCount), leavesUsed <= leafCount - Int(group.leafOffset)
            else { throw StoredPlanError("group \(index) of the lanes is outside") }
            let classBytes = blocks.byteCount(.laneClasses)
            guard group.classOffset <= UInt64(classBytes),
                classCount * planes * Int(CShimsTreeLanes) <= classBytes - Int(group.classOffset)
            else { throw StoredPlanError("what categories clear in group \(index) of the lanes is outside") }
            if group.isOblivious != 0 { try checkLevels(index, planes, slots: nextSlot..<nextSlot + slotBytes) }
            trees += Int(group.treeCount)
            nextSlot += slotBytes
        }
        guard outputs.count == trees, unsafe outputs.allSatisfy({ Int($0) < shape.outputCount }) else {
            throw StoredPlanError("trees in lanes add to outputs that are not there")
        }
    }

    /// A group's bits of levels, of which any together are a leaf of its planes.
    private func checkLevels(_ index: Int, _ planes: Int, slots: Range<Int>) throws(StoredPlanError) {
        let all = unsafe blocks.elements(.laneSlots, of: UInt8.self)
        let lanes = Int(CShimsTreeLanes)
        var bits: UInt8 = 0
        for slot in stride(from: slots.lowerBound, to: slots.upperBound, by: 3 * lanes) {
            for lane in slot + 2 * lanes..<slot + 3 * lanes { unsafe bits |= all[lane] }
        }
        guard planes.nonzeroBitCount == 1, Int(bits) < planes * TreeLanes.leavesPerPlane else {
            throw StoredPlanError("the levels of group \(index) of the lanes have other leaves")
        }
    }

    /// Classes whatever the codes; returns how many of them a group has bits of.
    private func checkLaneCategories() throws(StoredPlanError) -> Int {
        let features = unsafe blocks.elements(.laneCategories, of: CShimsLaneCategories.self)
        var classCount = 0
        for index in features.indices {
            let feature = unsafe features[index]
            guard features.count <= Int(CShimsLaneCategoriesMax), feature.columnCount >= 1,
                Self.isInside(feature.firstColumn, feature.columnCount, shape.columnCount),
                feature.firstClass <= feature.lastClass, Int(feature.lastClass) < blocks.byteCount(.laneClasses)
            else { throw StoredPlanError("categories of trees in lanes are outside") }
            classCount = max(classCount, Int(feature.lastClass) + 1)
        }
        return classCount
    }
}
