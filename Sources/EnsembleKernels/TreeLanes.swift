internal import CShims
import TreeEnsemble

/// An ensemble packed for a few rows at a time: lanes are trees, as `CShimsEnsemblePlan.h` draws them.
///
/// Unchecked because of its pointers: they point into blocks that it owns, and nothing is written after `init`.
@safe
final class TreeLanes: @unchecked Sendable {
    let forest: CShimsLaneForest

    private let blocks: PlanBlocks

    /// The lanes of a plan whose numbers stay inside its blocks; nil if it has none.
    init?(_ blocks: PlanBlocks, columnCount: Int, outputCount: Int) {
        let groups = unsafe blocks.elements(.laneGroups, of: CShimsLaneGroup.self)
        guard groups.count > 0 else { return nil }
        let categories = unsafe blocks.elements(.laneCategories, of: CShimsLaneCategories.self)
        self.blocks = blocks
        // Safety: each block holds elements of its type, and this object keeps them all.
        unsafe forest = CShimsLaneForest(
            groups: blocks.first(.laneGroups),
            slots: blocks.first(.laneSlots),
            leaves: blocks.start(.laneLeaves),
            outputs: blocks.first(.laneOutputs),
            tableColumns: blocks.first(.laneTableColumns),
            categories: blocks.first(.laneCategories),
            classes: blocks.first(.laneClasses),
            groupCount: UInt32(groups.count),
            columnCount: UInt32(columnCount),
            outputCount: UInt32(outputCount),
            categoryCount: UInt32(categories.count)
        )
    }

    /// Packs a valid ensemble; false, and nothing packed, if it has no tree, a row's codes do not fit a table in registers, a
    /// tree's leaves one byte, or what categories clear takes too much memory.
    static func pack(_ ensemble: Ensemble, _ columns: CodeColumns, into blocks: PlanBlocks) -> Bool {
        guard !ensemble.trees.isEmpty, columns.count <= Int(CShimsLaneColumnsMax),
            ensemble.trees.allSatisfy({ $0.leafValues.count <= 8 * Int(CShimsLanePlanesMax) }),
            let categories = LaneCategories(columns.categories, ensemble)
        else { return false }
        let tables = LaneTables(columns)
        var builder = LaneBuilder(tables: tables, categories: categories, leafCount: ensemble.leafCount)
        for first in stride(from: 0, to: ensemble.trees.count, by: Int(CShimsTreeLanes)) {
            let end = min(first + Int(CShimsTreeLanes), ensemble.trees.count)
            builder.add(ensemble.trees, first..<end, columns)
        }
        // Whatever a tree's slots clear, it exits inside its planes: they are all there, behind the last tree too.
        let leaves = builder.leaves + [Double](repeating: 0, count: leavesPerPlane)
        blocks.put(.laneGroups, builder.groups)
        blocks.put(.laneSlots, builder.slots)
        switch ensemble.arithmetic.sum {
        case .float32: blocks.put(.laneLeaves, leaves.map { Float($0) })
        case .float64: blocks.put(.laneLeaves, leaves)
        }
        blocks.put(.laneOutputs, ensemble.trees.map { UInt32($0.output) })
        blocks.put(.laneTableColumns, tables.columns)
        blocks.put(.laneCategories, builder.categories.features)
        blocks.put(.laneClasses, builder.categories.bytes)
        return true
    }

    /// Leaves that a plane has bits of.
    static let leavesPerPlane = 8
}
