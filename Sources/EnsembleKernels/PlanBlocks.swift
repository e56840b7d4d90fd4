/// The blocks of a packed plan, in their order in a file.
enum PlanBlock: Int, CaseIterable {
    case head
    case rankers, rankColumns, rankTables
    case wideRankers, wideRankColumns, wideRankTables
    case categories, classes
    case runs, maskColumns, maskCategories, maskRuns, maskEntries
    case groups, trees, steps, twigs, pairs, empties, levels, leaves
    case laneGroups, laneSlots, laneLeaves, laneOutputs, laneTableColumns, laneCategories, laneClasses
    case walkNodes, walkRoots, walkOutputs, walkedTrees, walkMembers, walkSets
    case largeTrees, largeNodes, largeValues, largeMembers, largeSets
}

/// A packed plan's memory: what packing made, or what lies in a stored plan.
///
/// The parts of a plan point into it, and keep it.
///
/// Unchecked because packing fills it in, block by block, before anything else knows of it; nothing is written after.
@safe
final class PlanBlocks: @unchecked Sendable {
    /// Memory that arrays cannot hold.
    private final class Block {
        let bytes: AlignedBytes

        init(_ bytes: consuming AlignedBytes) { self.bytes = bytes }
    }

    private var blocks: [Block]

    /// Empty blocks, to be filled in.
    init() { blocks = PlanBlock.allCases.map { _ in Block(AlignedBytes(count: 0)) } }

    /// The blocks of a stored plan.
    ///
    /// - Parameters:
    ///   - places: a place each, inside the plan, from a multiple of 64 on.
    ///   - plan: kept while the blocks are.
    init(_ places: [Range<Int>], of plan: StoredPlan) { blocks = places.map { Block(AlignedBytes($0, of: plan)) } }

    /// Fills in a block.
    func put<Element: BitwiseCopyable>(_ block: PlanBlock, _ elements: [Element]) {
        put(block, AlignedBytes(copying: elements))
    }

    /// Fills in a block.
    func put(_ block: PlanBlock, _ bytes: consuming AlignedBytes) { blocks[block.rawValue] = Block(bytes) }

    /// Bytes of all blocks but the head.
    var byteCount: Int { PlanBlock.allCases.dropFirst().reduce(0) { $0 + byteCount($1) } }

    /// Bytes of a block.
    func byteCount(_ block: PlanBlock) -> Int { blocks[block.rawValue].bytes.count }

    /// A block's first byte, aligned to 64; valid while the blocks are kept.
    func start(_ block: PlanBlock) -> UnsafeRawPointer {
        unsafe UnsafeRawPointer(blocks[block.rawValue].bytes.start)
    }

    /// A block's elements, of which any bits must be one; valid while the blocks are kept.
    func elements<Element: BitwiseCopyable>(
        _ block: PlanBlock,
        of _: Element.Type = Element.self
    ) -> UnsafeBufferPointer<Element> {
        // Safety: the block is aligned to 64 and holds this many.
        unsafe UnsafeBufferPointer(
            start: start(block).assumingMemoryBound(to: Element.self),
            count: byteCount(block) / MemoryLayout<Element>.stride
        )
    }

    /// A block's first element; valid while the blocks are kept.
    func first<Element: BitwiseCopyable>(_ block: PlanBlock) -> UnsafePointer<Element> {
        // Safety: as above.
        unsafe start(block).assumingMemoryBound(to: Element.self)
    }
}
