internal import CShims
import TreeEnsemble

/// An ensemble packed for the sliced kernel, as `CShimsSlicedPlan.h` draws it.
///
/// Unchecked because of its pointers: they point into blocks that it owns, and nothing is written after `init`.
@safe
final class SlicedPlan: @unchecked Sendable {
    /// Trees that follow each other, as many as one call takes.
    struct Run: BitwiseCopyable {
        /// 1 for trees that are walked, row by row, since they are too large for slices; 0 for groups of sliced ones.
        var isWalked: UInt32
        /// The first group, or tree.
        var first: UInt32
        var count: UInt32
    }

    /// All trees in order.
    let runs: UnsafeBufferPointer<Run>
    /// Masks of all tests.
    let maskCount: Int
    /// What the kernel reads; valid while this object lives.
    let forest: UnsafePointer<CShimsSlicedForest>

    private let record: AlignedBytes
    private let blocks: PlanBlocks

    /// The slices of a plan whose numbers stay inside its blocks.
    init(_ blocks: PlanBlocks, maskCount: Int) {
        self.blocks = blocks
        self.maskCount = maskCount
        // Safety: each block holds elements of its type, and this object keeps them all.
        unsafe runs = blocks.elements(.runs)
        let columns = unsafe blocks.elements(.maskColumns, of: CShimsSlicedColumn.self)
        let categories = unsafe blocks.elements(.maskCategories, of: CShimsSlicedCategories.self)
        record = AlignedBytes(count: unsafe MemoryLayout<CShimsSlicedForest>.size)
        unsafe record.start.initializeMemory(
            as: CShimsSlicedForest.self,
            to: CShimsSlicedForest(
                columns: blocks.first(.maskColumns),
                categories: blocks.first(.maskCategories),
                runs: blocks.first(.maskRuns),
                entries: blocks.first(.maskEntries),
                groups: blocks.first(.groups),
                trees: blocks.first(.trees),
                steps: blocks.first(.steps),
                twigs: blocks.first(.twigs),
                pairs: blocks.first(.pairs),
                empties: blocks.first(.empties),
                levels: blocks.first(.levels),
                leaves: blocks.first(.leaves),
                columnCount: UInt32(columns.count),
                categoryCount: UInt32(categories.count),
                maskCount: UInt32(maskCount),
                unused: 0
            )
        )
        unsafe forest = UnsafePointer(record.start.assumingMemoryBound(to: CShimsSlicedForest.self))
    }

    /// Packs a valid ensemble.
    ///
    /// - Parameters:
    ///   - ensemble: what to pack.
    ///   - columns: its code columns.
    ///   - hasLookups: whether the kernel looks leaves up byte by byte.
    ///   - blocks: where it goes.
    /// - Returns: how many masks there are.
    static func pack(
        _ ensemble: Ensemble,
        _ columns: CodeColumns,
        hasLookups: Bool,
        into blocks: PlanBlocks
    ) -> Int {
        var builder = SlicedBuilder(ensemble, columns, hasLookups: hasLookups)
        for index in ensemble.trees.indices { builder.add(index) }
        builder.finish()
        let masks = builder.masks
        blocks.put(.runs, builder.runs)
        blocks.put(.maskColumns, masks.columns)
        blocks.put(.maskCategories, masks.categories)
        blocks.put(.maskRuns, masks.runs)
        blocks.put(.maskEntries, masks.entries)
        blocks.put(.groups, builder.groups)
        blocks.put(.trees, builder.trees)
        blocks.put(.steps, builder.steps)
        blocks.put(.twigs, builder.twigs)
        blocks.put(.pairs, builder.pairs)
        blocks.put(.empties, builder.empties)
        blocks.put(.levels, builder.levels)
        blocks.put(.leaves, builder.takeLeaves())
        return masks.count
    }

    /// Whether a tree is sliced, or else walked.
    static func slices(_ tree: Tree) -> Bool { tree.leafValues.count <= SlicedTree.leavesMax }
}
