internal import CShims
import TreeEnsemble

/// A ranker as a plan's blocks hold it: places in the tables stand for pointers.
struct StoredRanker: BitwiseCopyable {
    var feature: UInt32
    var thresholdCount: UInt32
    var paddedCount: UInt32
    /// Its first column among all rankers' columns.
    var firstColumn: UInt32
    var columnCount: UInt32
    var bucketCount: UInt32
    var compareCount: UInt32
    var bucketsByKey: UInt32
    var low: Float
    var scale: Float
    /// In lines of 64 bytes.
    var keysLine: UInt32
    var doublesLine: UInt32
}

/// A ranker's column as a plan's blocks hold it.
struct StoredRankColumn: BitwiseCopyable {
    var column: UInt32
    var zeroSpecial: UInt32
    var specialCode: UInt32
    /// In lines of 64 bytes.
    var basesLine: UInt32
}

/// The rank tables of an ensemble, and the records that point into them.
@safe
struct RankerBlock: ~Copyable {
    /// Valid while this value lives.
    let rankers: UnsafeBufferPointer<CShimsRanker>

    private let blocks: PlanBlocks
    private let records: AlignedBytes
    private let columns: AlignedBytes
    private var lookups: RankLookups?
    /// For one row at a time, where the kernel has that.
    private var groups: RankGroups?
    private var groupView: RankGroups.View?

    /// From any base on there are as many keys as a search may look at.
    static let keysBehind = 257
    /// Doubles are searched by halves, in tables of at least this size.
    static let paddedMin = 16

    /// The rankers of a plan whose numbers stay inside its blocks.
    init(_ blocks: PlanBlocks) {
        self.blocks = blocks
        // Safety: the blocks have room for a record each, places are inside the tables, and this value keeps them all.
        let stored = unsafe blocks.elements(.rankers, of: StoredRanker.self)
        let storedColumns = unsafe blocks.elements(.rankColumns, of: StoredRankColumn.self)
        let tables = unsafe blocks.start(.rankTables)
        unsafe records = AlignedBytes(count: stored.count * MemoryLayout<CShimsRanker>.stride)
        unsafe columns = AlignedBytes(count: storedColumns.count * MemoryLayout<CShimsRankColumn>.stride)
        let columnRecords = unsafe columns.start.bindMemory(to: CShimsRankColumn.self, capacity: storedColumns.count)
        for index in storedColumns.indices {
            let column = unsafe storedColumns[index]
            unsafe (columnRecords + index).initialize(
                to: CShimsRankColumn(
                    place: CodeColumns.place(Int(column.column)),
                    zeroSpecial: column.zeroSpecial,
                    specialCode: column.specialCode,
                    unused: 0,
                    bases: (tables + Int(column.basesLine) * 64).assumingMemoryBound(to: UInt8.self)
                )
            )
        }
        let rankerRecords = unsafe records.start.bindMemory(to: CShimsRanker.self, capacity: stored.count)
        for index in stored.indices {
            let ranker = unsafe stored[index]
            let own = Int(ranker.firstColumn)..<Int(ranker.firstColumn) + Int(ranker.columnCount)
            unsafe (rankerRecords + index).initialize(
                to: CShimsRanker(
                    keys: (tables + Int(ranker.keysLine) * 64).assumingMemoryBound(to: Int32.self),
                    doubles: (tables + Int(ranker.doublesLine) * 64).assumingMemoryBound(to: Double.self),
                    columns: columnRecords + own.lowerBound,
                    feature: ranker.feature,
                    thresholdCount: ranker.thresholdCount,
                    paddedCount: ranker.paddedCount,
                    columnCount: ranker.columnCount,
                    zeroSpecial: own.contains { unsafe storedColumns[$0].zeroSpecial != 0 } ? 1 : 0,
                    bucketCount: ranker.bucketCount,
                    compareCount: ranker.compareCount,
                    bucketsByKey: ranker.bucketsByKey,
                    low: ranker.low,
                    scale: ranker.scale,
                    lookups: nil
                )
            )
        }
        unsafe rankers = UnsafeBufferPointer(start: rankerRecords, count: stored.count)
    }

    /// Adds tables for lookups in registers.
    ///
    /// - Returns: their bytes.
    mutating func addLookups() -> Int {
        let added = unsafe RankLookups(rankers)
        // Safety: the records are this value's own, and nobody else has them yet.
        let own = unsafe records.start.assumingMemoryBound(to: CShimsRanker.self)
        for index in unsafe rankers.indices { unsafe own[index].lookups = added.ofRanker(index) }
        var bytes = added.byteCount
        lookups = consume added
        let (tables, tableBytes) = unsafe (blocks.start(.rankTables), blocks.byteCount(.rankTables))
        if let own = unsafe RankGroups(rankers, tables: tables, tableBytes: tableBytes) {
            bytes += own.byteCount
            unsafe groupView = own.view
            groups = consume own
        }
        return bytes
    }

    /// Whether one row's values can be ranked side by side.
    var hasGroups: Bool { unsafe groupView != nil }

    /// Stores the codes of one row, a byte a column, if ``hasGroups``; there is room for 32 more.
    func rankRow(
        _ row: RowSource<Float>,
        _ kernel: KernelName,
        zeroEdge: Float,
        into codes: UnsafeMutablePointer<UInt8>
    ) {
        guard let groupView = unsafe groupView else { preconditionFailure("there are groups") }
        unsafe kernel.rankOneRow(
            row.start,
            featureStride: row.featureStride,
            groupView,
            zeroEdge: zeroEdge,
            codes
        )
    }

    /// Lays out the tables.
    static func pack(_ rankTables: [RankTable], _ arithmetic: Arithmetic, into blocks: PlanBlocks) {
        var rankers: [StoredRanker] = []
        var columns: [StoredRankColumn] = []
        var tables = LineTables()
        for table in rankTables {
            let zeroRank = table.rank(of: 0, arithmetic)
            let buckets = BucketTable(table, arithmetic)
            var padded = paddedMin
            while padded < table.thresholds.count { padded *= 2 }
            let filling = [Double](repeating: .nan, count: padded - table.thresholds.count)
            rankers.append(
                StoredRanker(
                    feature: UInt32(table.feature),
                    thresholdCount: UInt32(table.thresholds.count),
                    paddedCount: UInt32(padded),
                    firstColumn: UInt32(columns.count),
                    columnCount: UInt32(table.columns.count),
                    bucketCount: UInt32(buckets.bucketCount),
                    compareCount: UInt32(buckets.compareCount),
                    bucketsByKey: buckets.isByKey ? 1 : 0,
                    low: buckets.low,
                    scale: buckets.scale,
                    keysLine: tables.append(buckets.keys + [Int32](repeating: .max, count: keysBehind)),
                    doublesLine: tables.append(table.thresholds + filling)
                )
            )
            for (special, column) in table.columns {
                let code = table.code(of: special, arithmetic)
                let ofNaNAndZero = [UInt8(code), UInt8(special.includesZero ? code : zeroRank)]
                columns.append(
                    StoredRankColumn(
                        column: UInt32(column),
                        zeroSpecial: special.includesZero ? 1 : 0,
                        specialCode: UInt32(code),
                        basesLine: tables.append(buckets.bases + ofNaNAndZero)
                    )
                )
            }
        }
        blocks.put(.rankers, rankers)
        blocks.put(.rankColumns, columns)
        blocks.put(.rankTables, tables.bytes)
    }
}

/// Tables one after the other, each from a multiple of 64 on.
struct LineTables {
    private(set) var bytes: [UInt8] = []

    /// Appends a table and returns its first line; there are fewer than 2³² of thresholds that a plan can number.
    mutating func append<Element: BitwiseCopyable>(_ elements: [Element]) -> UInt32 {
        let line = bytes.count / 64
        // Safety: the bytes live through the call.
        unsafe elements.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: repeatElement(0, count: (bytes.count + 63) / 64 * 64 - bytes.count))
        return UInt32(line)
    }
}
