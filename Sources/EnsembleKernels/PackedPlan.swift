internal import CShims
internal import EnsembleKernelsAVX2
internal import EnsembleKernelsAVX512
import TreeEnsemble

/// An ensemble packed for the kernels: immutable, in a few blocks of aligned memory.
///
/// Unchecked because of its pointers: they point into blocks that it owns, and nothing is written after `init`.
@safe
struct PackedPlan: ~Copyable, @unchecked Sendable {
    let arithmetic: Arithmetic
    let featureCount: Int
    let outputCount: Int
    /// Where each output's sum starts.
    let baseMargins: [Double]
    let sumScale: SumScale
    /// Outputs that no tree adds to keep their base margin as it is.
    let outputHasTree: [Bool]
    /// Code columns, and so bytes a row.
    let columnCount: Int
    /// The trees in slices.
    let sliced: SlicedPlan
    let rankers: UnsafeBufferPointer<CShimsRanker>
    let categoryTables: [CategoryTable]
    /// The same trees for walking.
    let walk: WalkPlan
    /// The same trees for a few rows on AVX-512; nil on other kernels and for trees that it does not take.
    let lanes: TreeLanes?

    private let rankerRecords: AlignedBytes
    private let rankTables: AlignedBytes

    /// Bytes that evaluating touches.
    var byteCount: Int {
        sliced.byteCount + rankerRecords.count + rankTables.count
            + categoryTables.reduce(0) { $0 + $1.classes.count } + walk.byteCount
            + (lanes?.byteCount ?? 0)
    }

    /// Packs a valid ensemble of a size that ``checkSize(_:)`` lets pass.
    ///
    /// - Parameters:
    ///   - ensemble: what to pack.
    ///   - kernel: for which kernel; they differ in how leaves and sums lie.
    /// - Throws: ``KernelError/tooLarge(_:)``.
    init(_ ensemble: Ensemble, _ kernel: KernelName) throws(KernelError) {
        let columns = try CodeColumns(ensemble)
        let walkPlan = try WalkPlan(ensemble, columns)
        lanes = kernel == .avx512 ? TreeLanes(ensemble, columns) : nil
        walk = walkPlan
        sliced = SlicedPlan(ensemble, columns, hasLookups: kernel.hasLookups)
        arithmetic = ensemble.arithmetic
        featureCount = ensemble.featureCount
        outputCount = ensemble.outputCount
        baseMargins = ensemble.baseMargins
        sumScale = ensemble.sumScale
        columnCount = columns.count
        categoryTables = columns.categories.tables
        var hasTree = [Bool](repeating: false, count: ensemble.outputCount)
        for tree in ensemble.trees { hasTree[tree.output] = true }
        outputHasTree = hasTree

        // Safety: each block is as large as what is laid out in it, and lives as long as this value does.
        let tables = columns.ranks.tables
        rankTables = AlignedBytes(count: tables.reduce(0) { $0 + Self.byteCount(of: $1) })
        unsafe rankerRecords = AlignedBytes(count: tables.count * MemoryLayout<CShimsRanker>.stride)
        unsafe Self.lay(out: tables, ensemble.arithmetic, in: rankTables.start, rankerRecords.start)
        unsafe rankers = UnsafeBufferPointer(
            start: rankerRecords.start.assumingMemoryBound(to: CShimsRanker.self),
            count: tables.count
        )
    }

    private static let separators = Int(CShimsSeparators)

    private static func paddedCount(_ table: RankTable) -> Int {
        var count = separators
        while count < table.thresholds.count { count *= 2 }
        return count
    }

    private static func columnByteCount(_ table: RankTable) -> Int {
        (table.columns.count * MemoryLayout<CShimsRankColumn>.stride + 63) / 64 * 64
    }

    private static func steps(_ table: RankTable) -> SearchSteps {
        SearchSteps(table.thresholds.map(RankTable.narrowed))
    }

    private static func byteCount(of table: RankTable) -> Int {
        (separators + paddedCount(table)) * 4 + steps(table).entries.count * 4 + paddedCount(table) * 8
            + columnByteCount(table)
    }

    /// Lays out rank tables, each its floats, doubles and columns, and the records that point to them.
    private static func lay(
        out tables: [RankTable],
        _ arithmetic: Arithmetic,
        in start: UnsafeMutableRawPointer,
        _ records: UnsafeMutableRawPointer
    ) {
        var next = unsafe start
        for (index, table) in tables.enumerated() {
            let count = paddedCount(table)
            // Safety: the block has `byteCount(of:)` bytes for each table; every part is a multiple of 64 bytes, so that
            // all stay aligned.
            let floats = unsafe next.bindMemory(to: Float.self, capacity: separators + count)
            let search = steps(table)
            unsafe next += (separators + count) * 4
            let entries = unsafe next.bindMemory(to: Float.self, capacity: search.entries.count)
            for (at, entry) in search.entries.enumerated() { unsafe entries[at] = entry }
            unsafe next += search.entries.count * 4
            let doubles = unsafe next.bindMemory(to: Double.self, capacity: count)
            unsafe next += count * 8
            for at in 0..<count {
                let threshold = at < table.thresholds.count ? table.thresholds[at] : .nan
                unsafe doubles[at] = threshold
                unsafe floats[separators + at] = RankTable.narrowed(threshold)
            }
            for at in 0..<separators {
                let last = at * separators + separators - 1
                unsafe floats[at] = last < count ? floats[separators + last] : .nan
            }
            let columns = unsafe next.bindMemory(to: CShimsRankColumn.self, capacity: table.columns.count)
            unsafe next += columnByteCount(table)
            for (at, column) in table.columns.enumerated() {
                unsafe columns[at] = CShimsRankColumn(
                    place: CodeColumns.place(column.column),
                    zeroSpecial: column.special.includesZero ? 1 : 0,
                    specialCode: UInt32(table.code(of: column.special, arithmetic)),
                    unused: 0
                )
            }
            unsafe (records + index * MemoryLayout<CShimsRanker>.stride).initializeMemory(
                as: CShimsRanker.self,
                to: CShimsRanker(
                    floats: floats,
                    steps: entries,
                    doubles: doubles,
                    columns: columns,
                    order: search.order,
                    feature: UInt32(table.feature),
                    paddedCount: UInt32(count),
                    stepCount: UInt32(search.count),
                    columnCount: UInt32(table.columns.count),
                    zeroSpecial: table.columns.contains { $0.special.includesZero } ? 1 : 0,
                    unused: 0
                )
            )
        }
    }
}
