internal import CLanes
internal import CShims

/// Rankers by sixteen, for kernels that gather what one row's values look up, as `CLRankGroup` says.
///
/// Made when a kernel is, and in no stored plan: it is a copy of numbers in another order.
@safe
struct RankGroups: ~Copyable {
    /// What a kernel reads.
    @unsafe
    struct View {
        /// The groups, `CLRankGroup` each.
        let start: UnsafeRawPointer
        let count: Int
        /// All rankers' tables.
        let tables: UnsafeRawPointer
    }

    /// Valid while this value lives.
    let view: View
    /// Bytes of the groups.
    var byteCount: Int { memory.count }

    private let memory: AlignedBytes

    private static let lanes = 16
    /// With more keys to compare in a bucket, a search is better.
    private static let compareCountMax = 8

    /// Groups of a plan's rankers; nil if one has too many keys in a bucket, more than two columns, or columns that do not
    /// follow those of the one before, and if there are too many tables to number.
    init?(_ rankers: UnsafeBufferPointer<CShimsRanker>, tables: UnsafeRawPointer, tableBytes: Int) {
        guard tableBytes <= Int(Int32.max) else { return nil }
        var nextColumn: UInt32?
        for index in rankers.indices {
            let ranker = unsafe rankers[index]
            for column in 0..<Int(unsafe ranker.columnCount) {
                let number = unsafe ranker.columns[column].place / UInt32(CShimsRowsMax)
                guard number == nextColumn ?? number else { return nil }
                nextColumn = number + 1
            }
            guard unsafe Int(ranker.compareCount) <= Self.compareCountMax, unsafe ranker.columnCount <= 2 else {
                return nil
            }
        }
        let count = (rankers.count + Self.lanes - 1) / Self.lanes
        memory = AlignedBytes(count: count * MemoryLayout<CLRankGroup>.stride)
        let groups = unsafe memory.start.bindMemory(to: CLRankGroup.self, capacity: count)
        for index in 0..<count { unsafe groups[index] = Self.group(index * Self.lanes, rankers, tables) }
        unsafe view = View(start: UnsafeRawPointer(groups), count: count, tables: tables)
    }

    private static func group(
        _ first: Int,
        _ rankers: UnsafeBufferPointer<CShimsRanker>,
        _ tables: UnsafeRawPointer
    ) -> CLRankGroup {
        var group = CLRankGroup()
        unsafe group.firstColumn = rankers[first].columns[0].place / UInt32(CShimsRowsMax)
        group.compareCount = 1
        group.isSideBySide = 1
        var place = 0
        for lane in 0..<min(lanes, rankers.count - first) {
            let ranker = unsafe rankers[first + lane]
            let bit = UInt16(1) << UInt16(lane)
            group.lanes |= bit
            if unsafe ranker.bucketsByKey != 0 { group.byKey |= bit }
            if unsafe ranker.zeroSpecial != 0 { group.zeroSpecial |= bit }
            group.compareCount = max(group.compareCount, unsafe ranker.compareCount)
            if unsafe Int(ranker.feature) != Int(rankers[first].feature) + lane { group.isSideBySide = 0 }
            // Safety: keys and bases lie in the tables, from multiples of their size on.
            let keys = unsafe UnsafeRawPointer(ranker.keys) - tables
            let bases = unsafe UnsafeRawPointer(ranker.columns[0].bases) - tables
            unsafe set(&group.features, lane, Int32(truncatingIfNeeded: ranker.feature))
            unsafe set(&group.low, lane, ranker.low)
            unsafe set(&group.scale, lane, ranker.scale)
            unsafe set(&group.top, lane, Float(ranker.bucketCount - 1))
            set(&group.bases, lane, Int32(bases))
            set(&group.keys, lane, Int32(keys / MemoryLayout<Int32>.stride))
            set(&group.arrangement, place, UInt8(lane))
            place += 1
            guard unsafe ranker.columnCount > 1 else { continue }
            let special = unsafe ranker.columns[1].bases + Int(ranker.bucketCount)
            unsafe set(&group.ofNaN, lane, special[0])
            unsafe set(&group.ofZero, lane, special[1])
            set(&group.arrangement, place, UInt8(lane + lanes))
            place += 1
        }
        return group
    }

    /// Sets a lane's number; C's arrays are tuples here.
    private static func set<Lanes, Number>(_ lanes: inout Lanes, _ lane: Int, _ number: Number) {
        // Safety: sixteen numbers lie side by side.
        unsafe withUnsafeMutableBytes(of: &lanes) {
            unsafe $0.storeBytes(of: number, toByteOffset: lane * MemoryLayout<Number>.stride, as: Number.self)
        }
    }
}
