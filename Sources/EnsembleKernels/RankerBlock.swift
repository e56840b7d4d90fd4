internal import CShims
import TreeEnsemble

/// The rank tables of an ensemble, laid out in one block with the records that point into it.
@safe
struct RankerBlock: ~Copyable {
    /// Valid while this value lives.
    let rankers: UnsafeBufferPointer<CShimsRanker>

    private let tables: AlignedBytes
    private let records: AlignedBytes

    /// Bytes of it all.
    var byteCount: Int { tables.count + records.count }

    /// Lays out the tables.
    init(_ rankTables: [RankTable], _ arithmetic: Arithmetic) {
        let parts = rankTables.map { RankerParts($0, arithmetic) }
        // Safety: the block has the bytes of all parts, each of which ends at a multiple of 64, so that all stay aligned;
        // the records' block has room for one a table.
        tables = AlignedBytes(count: parts.reduce(0) { $0 + $1.byteCount })
        unsafe records = AlignedBytes(count: parts.count * MemoryLayout<CShimsRanker>.stride)
        var next = unsafe tables.start
        for (index, part) in parts.enumerated() {
            let ranker = unsafe part.lay(&next)
            unsafe (records.start + index * MemoryLayout<CShimsRanker>.stride).initializeMemory(
                as: CShimsRanker.self,
                to: ranker
            )
        }
        unsafe rankers = UnsafeBufferPointer(
            start: records.start.assumingMemoryBound(to: CShimsRanker.self),
            count: parts.count
        )
    }
}

/// One feature's tables before they have a place.
private struct RankerParts {
    let feature: Int
    let columns: [(column: Int, isZeroSpecial: Bool, specialCode: Int)]
    let buckets: BucketTable
    /// By column.
    let bases: [[UInt8]]
    let keys: [Int32]
    let thresholdCount: Int
    let doubles: [Double]

    /// Doubles are searched by halves, in tables of at least this size.
    private static let paddedMin = 16

    init(_ table: RankTable, _ arithmetic: Arithmetic) {
        feature = table.feature
        columns = table.columns.map { special, column in
            (column, special.includesZero, table.code(of: special, arithmetic))
        }
        let zeroRank = table.rank(of: 0, arithmetic)
        let buckets = BucketTable(table, arithmetic)
        self.buckets = buckets
        bases = table.columns.map { column in
            let special = table.code(of: column.special, arithmetic)
            return buckets.bases + [UInt8(special), UInt8(column.special.includesZero ? special : zeroRank)]
        }
        // From any base on there are as many keys as a search may look at.
        keys = buckets.keys + [Int32](repeating: .max, count: 257)
        thresholdCount = table.thresholds.count
        var padded = Self.paddedMin
        while padded < table.thresholds.count { padded *= 2 }
        doubles = table.thresholds + [Double](repeating: .nan, count: padded - table.thresholds.count)
    }

    private static func lines<Element>(_ elements: [Element]) -> Int {
        lines(count: elements.count, MemoryLayout<Element>.stride)
    }

    private static func lines(count: Int, _ stride: Int) -> Int { (count * stride + 63) / 64 * 64 }

    var byteCount: Int {
        unsafe Self.lines(doubles) + Self.lines(count: columns.count, MemoryLayout<CShimsRankColumn>.stride)
            + bases.reduce(0) { $0 + Self.lines($1) } + Self.lines(keys)
    }

    /// Copies everything to its place, from `next` on, and returns the record that points to it.
    func lay(_ next: inout UnsafeMutableRawPointer) -> CShimsRanker {
        // Safety: the caller's block has `byteCount` bytes from `next` on.
        func place<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element> {
            let start = unsafe next.bindMemory(to: Element.self, capacity: elements.count)
            for (at, element) in elements.enumerated() { unsafe start[at] = element }
            unsafe next += Self.lines(elements)
            return unsafe UnsafePointer(start)
        }
        let placed = unsafe zip(columns, bases).map { column, bases in
            unsafe CShimsRankColumn(
                place: CodeColumns.place(column.column),
                zeroSpecial: column.isZeroSpecial ? 1 : 0,
                specialCode: UInt32(column.specialCode),
                unused: 0,
                bases: place(bases)
            )
        }
        return unsafe CShimsRanker(
            keys: place(keys),
            doubles: place(doubles),
            columns: place(placed),
            feature: UInt32(feature),
            thresholdCount: UInt32(thresholdCount),
            paddedCount: UInt32(doubles.count),
            columnCount: UInt32(columns.count),
            zeroSpecial: columns.contains { $0.isZeroSpecial } ? 1 : 0,
            bucketCount: UInt32(buckets.bucketCount),
            compareCount: UInt32(buckets.compareCount),
            bucketsByKey: buckets.isByKey ? 1 : 0,
            low: buckets.low,
            scale: buckets.scale
        )
    }
}
