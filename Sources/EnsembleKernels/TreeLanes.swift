internal import CShims
import TreeEnsemble

/// An ensemble packed for a few rows at a time: lanes are trees, as `CShimsEnsemblePlan.h` draws them.
///
/// Unchecked because of its pointers: they point into blocks that it owns, and nothing is written after `init`.
@safe
final class TreeLanes: @unchecked Sendable {
    let forest: CShimsLaneForest
    /// Bytes of it all.
    let byteCount: Int

    private let blocks: Blocks

    private struct Blocks: ~Copyable {
        let groups: AlignedBytes
        let slots: AlignedBytes
        let leaves: AlignedBytes
        let outputs: AlignedBytes
        let tableColumns: AlignedBytes
        let categories: AlignedBytes
        let classes: AlignedBytes
    }

    /// Packs a valid ensemble; nil if a row's codes do not fit a table in registers, a tree's leaves one byte, or what
    /// categories clear takes too much memory.
    init?(_ ensemble: Ensemble, _ columns: CodeColumns) {
        guard !ensemble.trees.isEmpty, columns.count <= Int(CShimsLaneColumnsMax),
            ensemble.trees.allSatisfy({ $0.leafValues.count <= 8 * Int(CShimsLanePlanesMax) }),
            let categories = LaneCategories(columns.categories, ensemble)
        else { return nil }
        let tables = LaneTables(columns)
        var builder = LaneBuilder(tables: tables, categories: categories, leafCount: ensemble.leafCount)
        for first in stride(from: 0, to: ensemble.trees.count, by: Int(CShimsTreeLanes)) {
            let end = min(first + Int(CShimsTreeLanes), ensemble.trees.count)
            builder.add(ensemble.trees, first..<end, columns)
        }
        blocks = Blocks(
            groups: AlignedBytes(copying: builder.groups),
            slots: AlignedBytes(copying: builder.slots),
            leaves: ensemble.arithmetic.sum == .float32
                ? AlignedBytes(copying: builder.leaves.map { Float($0) }) : AlignedBytes(copying: builder.leaves),
            outputs: AlignedBytes(copying: ensemble.trees.map { UInt32($0.output) }),
            tableColumns: AlignedBytes(copying: tables.columns),
            categories: AlignedBytes(copying: builder.categories.features),
            classes: AlignedBytes(copying: builder.categories.bytes)
        )
        // Safety: each block holds the array it was copied from, and lives as long as this value does.
        unsafe forest = CShimsLaneForest(
            groups: UnsafePointer(blocks.groups.start.assumingMemoryBound(to: CShimsLaneGroup.self)),
            slots: UnsafePointer(blocks.slots.start.assumingMemoryBound(to: UInt8.self)),
            leaves: UnsafeRawPointer(blocks.leaves.start),
            outputs: UnsafePointer(blocks.outputs.start.assumingMemoryBound(to: UInt32.self)),
            tableColumns: UnsafePointer(blocks.tableColumns.start.assumingMemoryBound(to: UInt8.self)),
            categories: UnsafePointer(blocks.categories.start.assumingMemoryBound(to: CShimsLaneCategories.self)),
            classes: UnsafePointer(blocks.classes.start.assumingMemoryBound(to: UInt8.self)),
            groupCount: UInt32(builder.groups.count),
            columnCount: UInt32(columns.count),
            outputCount: UInt32(ensemble.outputCount),
            categoryCount: UInt32(builder.categories.features.count)
        )
        byteCount =
            blocks.groups.count + blocks.slots.count + blocks.leaves.count + blocks.outputs.count
            + blocks.tableColumns.count + blocks.categories.count + blocks.classes.count
    }
}
