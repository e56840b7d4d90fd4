internal import CShims
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
    /// Groups of the largest tree.
    let groupsMax: Int
    let forest: CShimsForest
    let rankers: UnsafeBufferPointer<CShimsRanker>
    let categoryTables: [CategoryTable]
    /// The same trees for a few rows; nil if they cannot be walked, or there is something better.
    let walk: WalkPlan?
    /// The same trees for a few rows on AVX-512; nil on other kernels and for trees that it does not take.
    let lanes: TreeLanes?
    /// By row of a block: where the kernel keeps its sum.
    let sumPlaces: [UInt8]

    private let trees: AlignedBytes
    private let records: AlignedBytes
    private let leaves: AlignedBytes
    private let matrices: AlignedBytes
    private let rankerRecords: AlignedBytes
    private let rankTables: AlignedBytes

    /// Bytes that evaluating touches.
    var byteCount: Int {
        trees.count + records.count + leaves.count + rankerRecords.count + rankTables.count
            + categoryTables.reduce(0) { $0 + $1.classes.count } + (walk?.byteCount ?? 0)
            + (lanes?.byteCount ?? 0)
    }

    /// Packs a valid ensemble of a size that ``checkSize(_:)`` lets pass.
    ///
    /// - Parameters:
    ///   - ensemble: what to pack.
    ///   - kernel: for which kernel; they differ in how leaves and sums lie.
    /// - Throws: ``KernelError/tooLarge(_:)``.
    init(_ ensemble: Ensemble, _ kernel: KernelName) throws(KernelError) {
        let splitDoubles = kernel == .avx512
        sumPlaces = Self.sumPlaces(ensemble.arithmetic, kernel)
        let columns = try CodeColumns(ensemble)
        lanes = kernel == .avx512 ? TreeLanes(ensemble, columns) : nil
        walk = lanes == nil ? WalkPlan(ensemble, columns) : nil
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

        var words: [UInt32] = []
        var leafBytes = LeafStorage()
        var treeRecords: [CShimsTree] = []
        treeRecords.reserveCapacity(ensemble.trees.count)
        var groupsMax = 1
        for tree in ensemble.trees {
            let packed = TreeRecords(tree, columns)
            let form = LeafStorage.form(ensemble.arithmetic, packed.leafValues.count, splitDoubles)
            treeRecords.append(
                CShimsTree(
                    recordOffset: UInt64(words.count * 4),
                    leafOffset: UInt64(leafBytes.append(packed.leafValues, form)),
                    groupCount: UInt32(packed.groupCount),
                    leafCount: UInt32(packed.leafValues.count),
                    output: UInt32(tree.output),
                    leafForm: form.rawValue
                )
            )
            packed.append(to: &words)
            groupsMax = max(groupsMax, packed.groupCount)
        }
        self.groupsMax = groupsMax
        // Safety: each block is as large as the array copied into it, and lives as long as this value does.
        trees = AlignedBytes(copying: treeRecords)
        records = AlignedBytes(copying: words)
        leaves = AlignedBytes(copying: leafBytes.words)
        matrices = AlignedBytes(copying: (0...255).map(Self.keepingMatrix))
        unsafe forest = CShimsForest(
            trees: UnsafePointer(trees.start.assumingMemoryBound(to: CShimsTree.self)),
            records: UnsafePointer(records.start.assumingMemoryBound(to: UInt8.self)),
            leaves: UnsafePointer(leaves.start.assumingMemoryBound(to: UInt8.self)),
            matrices: UnsafePointer(matrices.start.assumingMemoryBound(to: UInt64.self)),
            treeCount: UInt32(treeRecords.count)
        )
        let tables = columns.ranks.tables
        rankTables = AlignedBytes(count: tables.reduce(0) { $0 + Self.byteCount(of: $1) })
        unsafe rankerRecords = AlignedBytes(count: tables.count * MemoryLayout<CShimsRanker>.stride)
        unsafe Self.lay(out: tables, ensemble.arithmetic, in: rankTables.start, rankerRecords.start)
        unsafe rankers = UnsafeBufferPointer(
            start: rankerRecords.start.assumingMemoryBound(to: CShimsRanker.self),
            count: tables.count
        )
    }

    /// Refuses what the plan's numbers have no room for.
    static func checkSize(_ ensemble: Ensemble) throws(KernelError) {
        let leaves = ensemble.trees.reduce(0) { max($0, $1.leafValues.count) }
        guard leaves <= TreeRecords.leavesMax else {
            throw .tooLarge("a tree of \(leaves) leaves; at most \(TreeRecords.leavesMax) can be numbered")
        }
    }

    private static func sumPlaces(_ arithmetic: Arithmetic, _ kernel: KernelName) -> [UInt8] {
        var places = (0..<UInt8(CShimsBlockRows)).map { $0 }
        guard kernel == .avx512 else { return places }
        #if arch(x86_64)
        for place in 0..<Int(CShimsBlockRows) {
            let row = arithmetic.sum == .float32 ? rowOfFloatSum(place) : rowOfDoubleSum(place)
            places[row] = UInt8(place)
        }
        #endif
        return places
    }

    /// The 8 × 8 bit matrix that keeps these bits of a byte, as `gf2p8affineqb` reads it: bit i is row 7 - i's.
    private static func keepingMatrix(_ bits: Int) -> UInt64 {
        var matrix: UInt64 = 0
        for bit in 0..<8 where bits >> bit & 1 == 1 { matrix |= 1 << UInt64((7 - bit) * 8 + bit) }
        return matrix
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
                    place: TreeRecords.place(column.column),
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

/// Leaf values of all trees, each tree's at a multiple of 64 bytes.
private struct LeafStorage {
    private(set) var words: [UInt32] = []

    static func form(_ arithmetic: Arithmetic, _ leaves: Int, _ splitDoubles: Bool) -> CShimsLeafForm {
        switch arithmetic.sum {
        case .float32: CShimsLeavesFloat
        case .float64: splitDoubles && leaves <= 32 ? CShimsLeavesSplitDouble : CShimsLeavesDouble
        }
    }

    /// Appends a tree's leaves and returns where they start, in bytes.
    mutating func append(_ values: [Double], _ form: CShimsLeafForm) -> Int {
        let start = words.count * 4
        switch form {
        case CShimsLeavesFloat:
            for value in values { words.append(Float(value).bitPattern) }
        case CShimsLeavesSplitDouble:
            for shift: UInt64 in [0, 32] {
                for leaf in 0..<32 {
                    let bits = leaf < values.count ? values[leaf].bitPattern : 0
                    words.append(UInt32(truncatingIfNeeded: bits >> shift))
                }
            }
        default:
            for value in values {
                words.append(UInt32(truncatingIfNeeded: value.bitPattern))
                words.append(UInt32(truncatingIfNeeded: value.bitPattern >> 32))
            }
        }
        let line = form == CShimsLeavesDouble ? 32 : 16
        while !words.count.isMultiple(of: line) { words.append(0) }
        return start
    }
}
