import TreeEnsemble

/// Finds the ranks of a feature's values among thousands of thresholds.
///
/// A monotone map in floating point takes a value to its bucket, as in ``BucketTable``: `bases` tells how many thresholds
/// lie in the buckets below, and a search by halves finds how many of the bucket's own the value passes. The map rounds a
/// double to a float first, which is monotone too, so float rows and double rows share the buckets.
@unsafe
struct WideRanker: BitwiseCopyable {
    let feature: Int
    /// Sorted; then NaN, which no value passes, as far as a search may look.
    let thresholds: UnsafePointer<Double>
    /// For float rows: the key of the least float that passes each threshold; then the largest.
    let keys: UnsafePointer<Int32>
    /// By bucket: how many thresholds lie in the buckets below.
    let bases: UnsafePointer<UInt16>
    let columns: UnsafePointer<WideRankColumn>
    let columnCount: Int
    let keyCount: Int
    let baseCount: Int
    /// The highest bucket.
    let top: Float
    let low: Float
    let scale: Float
    /// Whether buckets are of equal width in keys, or else in values.
    let isByKey: Bool
    /// Steps of the search: a bucket has fewer than 2 to their power thresholds.
    let steps: Int
}

/// One wide code column.
struct WideRankColumn: BitwiseCopyable {
    /// Its number.
    let column: UInt32
    /// Whether zero is special as NaN is: 1, or 0.
    let zeroSpecial: UInt16
    /// The code of what is special.
    let specialCode: UInt16
}

/// A wide ranker as a plan's blocks hold it: places in the tables stand for pointers.
struct StoredWideRanker: BitwiseCopyable {
    var feature: UInt32
    /// Its first column among all wide rankers' columns.
    var firstColumn: UInt32
    var columnCount: UInt32
    var thresholdCount: UInt32
    var baseCount: UInt32
    var steps: UInt32
    var isByKey: UInt32
    var low: Float
    var scale: Float
    /// In lines of 64 bytes.
    var thresholdsLine: UInt32
    var keysLine: UInt32
    var basesLine: UInt32

    /// Thresholds and keys, with what is behind them: from any rank on there are as many as a search may look at, or
    /// compare with.
    var filledCount: Int { Int(thresholdCount) + 8 + 1 << Int(steps) }
}

/// The wide rank tables of an ensemble, and the records that point into them.
@safe
struct WideRankerBlock: ~Copyable {
    /// By feature; valid while this value lives.
    let rankers: UnsafeBufferPointer<WideRanker>
    /// Whether a value passes a threshold that it equals.
    let passesEqual: Bool

    private let blocks: PlanBlocks
    private let records: AlignedBytes

    /// The wide rankers of a plan whose numbers stay inside its blocks.
    init(_ blocks: PlanBlocks, _ arithmetic: Arithmetic) {
        self.blocks = blocks
        passesEqual = arithmetic.comparison == .lessThan
        // Safety: the block has room for a record each, places are inside the tables, and this value keeps them all.
        let stored = unsafe blocks.elements(.wideRankers, of: StoredWideRanker.self)
        let tables = unsafe blocks.start(.wideRankTables)
        unsafe records = AlignedBytes(count: stored.count * MemoryLayout<WideRanker>.stride)
        let start = unsafe records.start.bindMemory(to: WideRanker.self, capacity: stored.count)
        for index in stored.indices {
            let ranker = unsafe stored[index]
            unsafe (start + index).initialize(
                to: WideRanker(
                    feature: Int(ranker.feature),
                    thresholds: (tables + Int(ranker.thresholdsLine) * 64).assumingMemoryBound(to: Double.self),
                    keys: (tables + Int(ranker.keysLine) * 64).assumingMemoryBound(to: Int32.self),
                    bases: (tables + Int(ranker.basesLine) * 64).assumingMemoryBound(to: UInt16.self),
                    columns: blocks.first(.wideRankColumns) + Int(ranker.firstColumn),
                    columnCount: Int(ranker.columnCount),
                    keyCount: ranker.filledCount,
                    baseCount: Int(ranker.baseCount),
                    top: Float(ranker.baseCount) - 1,
                    low: ranker.low,
                    scale: ranker.scale,
                    isByKey: ranker.isByKey != 0,
                    steps: Int(ranker.steps)
                )
            )
        }
        unsafe rankers = UnsafeBufferPointer(start: start, count: stored.count)
    }

    /// Lays out the tables.
    static func pack(_ rankTables: [RankTable], _ arithmetic: Arithmetic, into blocks: PlanBlocks) {
        var rankers: [StoredWideRanker] = []
        var columns: [WideRankColumn] = []
        var tables = LineTables()
        for table in rankTables {
            let buckets = WideBuckets(table.thresholds)
            var ranker = StoredWideRanker(
                feature: UInt32(table.feature),
                firstColumn: UInt32(columns.count),
                columnCount: UInt32(table.columns.count),
                thresholdCount: UInt32(table.thresholds.count),
                baseCount: UInt32(buckets.bases.count),
                steps: UInt32(buckets.steps),
                isByKey: buckets.isByKey ? 1 : 0,
                low: buckets.low,
                scale: buckets.scale,
                thresholdsLine: 0,
                keysLine: 0,
                basesLine: tables.append(buckets.bases)
            )
            let filling = ranker.filledCount - table.thresholds.count
            let keys = table.thresholds.map { threshold in
                let key = orderedKey(RankTable.narrowed(threshold))
                return arithmetic.comparison == .lessThan ? key : key + 1
            }
            ranker.thresholdsLine = tables.append(table.thresholds + [Double](repeating: .nan, count: filling))
            ranker.keysLine = tables.append(keys + [Int32](repeating: .max, count: filling))
            rankers.append(ranker)
            columns += table.columns.map { special, column in
                WideRankColumn(
                    column: UInt32(column),
                    zeroSpecial: special.includesZero ? 1 : 0,
                    specialCode: UInt16(table.code(of: special, arithmetic))
                )
            }
        }
        blocks.put(.wideRankers, rankers)
        blocks.put(.wideRankColumns, columns)
        blocks.put(.wideRankTables, tables.bytes)
    }
}

/// Buckets for sorted thresholds, as few in each as can be had cheaply.
struct WideBuckets {
    let isByKey: Bool
    let low: Float
    let scale: Float
    let bases: [UInt16]
    let steps: Int

    /// More would not stay in the nearest cache, and ``bucketNumber(_:_:_:_:)`` has room for 65,536.
    private static let bucketCounts = [64, 256, 1024, 4096, 16_384]
    static let bucketsMax = 16_384
    /// All thresholds that two bytes can count may be in one bucket.
    static let stepsMax = 16

    init(_ thresholds: [Double]) {
        let floats = thresholds.map { Float($0) }
        var best: Candidate?
        // A few thresholds far off would make all other buckets wide: they may share the first and last.
        let trims = Set([0, 1, 2, floats.count / 256, floats.count / 32].filter { $0 * 2 < floats.count })
        for trimmed in trims.sorted() {
            for isByKey in [false, true] {
                for count in Self.bucketCounts where count <= max(64, floats.count) {
                    guard let candidate = Candidate(floats, trimmed: trimmed, isByKey: isByKey, bucketCount: count)
                    else { continue }
                    if best.map({ candidate.cost < $0.cost }) ?? true { best = candidate }
                }
            }
        }
        guard let best else { preconditionFailure("keys can always be made buckets of") }
        isByKey = best.isByKey
        low = best.low
        scale = best.scale
        steps = best.steps
        // How many thresholds lie in the buckets below.
        var counts = [Int](repeating: 0, count: best.bucketCount + 1)
        for bucket in best.buckets { counts[bucket + 1] += 1 }
        for bucket in 1..<counts.count { counts[bucket] += counts[bucket - 1] }
        bases = counts.dropLast().map { UInt16($0) }
    }

    private struct Candidate {
        let isByKey: Bool
        let bucketCount: Int
        let low: Float
        let scale: Float
        /// By threshold, which never falls.
        let buckets: [Int]
        let steps: Int

        /// Nil if the numbers are too far apart, or too close, for their map to stay finite.
        init?(_ floats: [Float], trimmed: Int, isByKey: Bool, bucketCount: Int) {
            self.isByKey = isByKey
            self.bucketCount = bucketCount
            let top = Float(bucketCount - 1)
            func number(_ float: Float) -> Float { isByKey ? Float(orderedKey(float)) : float }
            let low = number(floats[trimmed])
            let width = number(floats[floats.count - 1 - trimmed]) - low
            let scale = width > 0 ? top / width : 1
            guard low.isFinite, width.isFinite, scale.isNormal else { return nil }
            self.low = low
            self.scale = scale
            buckets = floats.map { Int(bucketNumber(number($0), low, scale, top)) }
            var longest = 0
            var run = 0
            for (index, bucket) in buckets.enumerated() {
                run = index > 0 && buckets[index - 1] == bucket ? run + 1 : 1
                longest = max(longest, run)
            }
            steps = Int.bitWidth - longest.leadingZeroBitCount
        }

        /// Steps, and a little for the table's place in the caches; the last three are taken at once.
        var cost: Double { Double(max(steps, 3)) + Double(bucketCount) / 8192 }
    }
}
