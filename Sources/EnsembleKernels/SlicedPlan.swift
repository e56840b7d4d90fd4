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
        let categories: AlignedBytes
        let runs: AlignedBytes
        let entries: AlignedBytes
        let groups: AlignedBytes
        let trees: AlignedBytes
        let steps: AlignedBytes
        let twigs: AlignedBytes
        let pairs: AlignedBytes
        let empties: AlignedBytes
        let levels: AlignedBytes
        let leaves: AlignedBytes
    }

    /// Packs a valid ensemble.
    ///
    /// - Parameters:
    ///   - ensemble: what to pack.
    ///   - columns: its code columns.
    ///   - hasLookups: whether the kernel looks leaves up byte by byte.
    init(_ ensemble: Ensemble, _ columns: CodeColumns, hasLookups: Bool) {
        var builder = SlicedBuilder(ensemble, columns, hasLookups: hasLookups)
        for index in ensemble.trees.indices { builder.add(index) }
        builder.finish()
        runs = builder.runs
        let masks = builder.masks
        maskCount = masks.count
        blocks = Blocks(
            forest: AlignedBytes(count: unsafe MemoryLayout<CShimsSlicedForest>.size),
            columns: AlignedBytes(copying: masks.columns),
            categories: AlignedBytes(copying: masks.categories),
            runs: AlignedBytes(copying: masks.runs),
            entries: AlignedBytes(copying: masks.entries),
            groups: AlignedBytes(copying: builder.groups),
            trees: AlignedBytes(copying: builder.trees),
            steps: AlignedBytes(copying: builder.steps),
            twigs: AlignedBytes(copying: builder.twigs),
            pairs: AlignedBytes(copying: builder.pairs),
            empties: AlignedBytes(copying: builder.empties),
            levels: AlignedBytes(copying: builder.levels),
            leaves: builder.takeLeaves()
        )
        // Safety: each block holds the array it was copied from, and lives as long as this value does.
        unsafe blocks.forest.start.initializeMemory(
            as: CShimsSlicedForest.self,
            to: CShimsSlicedForest(
                columns: UnsafePointer(blocks.columns.start.assumingMemoryBound(to: CShimsSlicedColumn.self)),
                categories: UnsafePointer(
                    blocks.categories.start.assumingMemoryBound(to: CShimsSlicedCategories.self)
                ),
                runs: UnsafePointer(blocks.runs.start.assumingMemoryBound(to: CShimsSlicedRun.self)),
                entries: UnsafePointer(blocks.entries.start.assumingMemoryBound(to: UInt16.self)),
                groups: UnsafePointer(blocks.groups.start.assumingMemoryBound(to: CShimsSlicedGroup.self)),
                trees: UnsafePointer(blocks.trees.start.assumingMemoryBound(to: CShimsSlicedTree.self)),
                steps: UnsafePointer(blocks.steps.start.assumingMemoryBound(to: CShimsStep.self)),
                twigs: UnsafePointer(blocks.twigs.start.assumingMemoryBound(to: CShimsTwig.self)),
                pairs: UnsafePointer(blocks.pairs.start.assumingMemoryBound(to: CShimsPair.self)),
                empties: UnsafePointer(blocks.empties.start.assumingMemoryBound(to: UInt32.self)),
                levels: UnsafePointer(blocks.levels.start.assumingMemoryBound(to: UInt32.self)),
                leaves: UnsafePointer(blocks.leaves.start.assumingMemoryBound(to: UInt8.self)),
                columnCount: UInt32(masks.columns.count),
                categoryCount: UInt32(masks.categories.count),
                maskCount: UInt32(masks.count),
                unused: 0
            )
        )
        unsafe forest = UnsafePointer(blocks.forest.start.assumingMemoryBound(to: CShimsSlicedForest.self))
        byteCount =
            blocks.columns.count + blocks.categories.count + blocks.runs.count + blocks.entries.count
            + blocks.groups.count + blocks.trees.count
            + blocks.steps.count + blocks.twigs.count + blocks.pairs.count + blocks.empties.count + blocks.levels.count
            + blocks.leaves.count
    }

    /// Whether a tree is sliced, or else walked.
    static func slices(_ tree: Tree) -> Bool { tree.leafValues.count <= SlicedTree.leavesMax }
}
