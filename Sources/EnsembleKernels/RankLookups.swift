internal import CShims

/// Rankers' tables for kernels that look bytes up among 256 in registers, as `CShimsRankLookups` says.
///
/// Made when a kernel is, and in no stored plan: it takes less than a millisecond, and other kernels have no use for it.
@safe
struct RankLookups: ~Copyable {
    /// By ranker, whether it has tables: not if its thresholds are too close together.
    private let hasTables: [Bool]
    /// Bytes that ranking touches.
    let byteCount: Int

    private let tables: AlignedBytes
    private let memory: AlignedBytes

    /// Buckets but for those of NaN and zero.
    private static let bucketCount = 254
    /// More keys to compare cost more than a search.
    private static let compareCountMax = 8
    private static let tableBytes = 256

    /// The tables of rankers.
    init(_ rankers: UnsafeBufferPointer<CShimsRanker>) {
        var made: [(buckets: BucketTable, start: Int)?] = []
        var total = 0
        for index in rankers.indices {
            let ranker = unsafe rankers[index]
            // Safety: a ranker has as many keys as thresholds, and one at least.
            let keys = unsafe [Int32](UnsafeBufferPointer(start: ranker.keys, count: Int(ranker.thresholdCount)))
            let buckets = BucketTable(keys: keys, bucketCounts: [Self.bucketCount])
            guard buckets.compareCount <= Self.compareCountMax else {
                made.append(nil)
                continue
            }
            made.append((buckets, total))
            total += (1 + 4 * buckets.compareCount) * Self.tableBytes
        }
        tables = AlignedBytes(count: total)
        unsafe memory = AlignedBytes(count: made.count * MemoryLayout<CShimsRankLookups>.stride)
        byteCount = total + memory.count
        hasTables = made.map { $0 != nil }
        let records = unsafe memory.start.bindMemory(to: CShimsRankLookups.self, capacity: made.count)
        for (index, entry) in made.enumerated() {
            guard let entry else { continue }
            let start = unsafe (tables.start + entry.start).assumingMemoryBound(to: UInt8.self)
            unsafe Self.fill(start, entry.buckets, rankers[index])
            unsafe (records + index).initialize(
                to: CShimsRankLookups(
                    tables: start,
                    compareCount: UInt32(entry.buckets.compareCount),
                    isByKey: entry.buckets.isByKey ? 1 : 0,
                    low: entry.buckets.low,
                    scale: entry.buckets.scale
                )
            )
        }
    }

    /// A ranker's tables, if it has some; valid while this value lives.
    func ofRanker(_ index: Int) -> UnsafePointer<CShimsRankLookups>? {
        guard hasTables[index] else { return nil }
        // Safety: there is a record for every ranker, and this one was filled in.
        return unsafe UnsafePointer(memory.start.assumingMemoryBound(to: CShimsRankLookups.self) + index)
    }

    /// Writes a ranker's tables.
    private static func fill(
        _ start: UnsafeMutablePointer<UInt8>,
        _ buckets: BucketTable,
        _ ranker: CShimsRanker
    ) {
        // Safety: there is room for the tables, as counted above; a column's bases have two more than buckets.
        let special = unsafe ranker.columns[0].bases + Int(ranker.bucketCount)
        for bucket in 0..<tableBytes {
            let isSpecial = bucket >= bucketCount
            let base = unsafe isSpecial ? special[bucket - bucketCount] : buckets.bases[bucket]
            unsafe start[bucket] = base
            for compare in 0..<buckets.compareCount {
                let at = Int(base) + compare
                let key = isSpecial || at >= buckets.keys.count ? Int32.max : buckets.keys[at]
                for byte in 0..<4 {
                    let table = 1 + 4 * compare + byte
                    unsafe start[table * tableBytes + bucket] = UInt8(
                        truncatingIfNeeded: UInt32(bitPattern: key) >> UInt32(8 * byte)
                    )
                }
            }
        }
    }
}
