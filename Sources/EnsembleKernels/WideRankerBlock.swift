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
    let column: Int
    /// Whether zero is special as NaN is.
    let zeroIsSpecial: Bool
    /// The code of what is special.
    let specialCode: UInt16
}

/// The wide rank tables of an ensemble, laid out in one block.
@safe
struct WideRankerBlock: ~Copyable {
    /// By feature; valid while this value lives.
    let rankers: UnsafeBufferPointer<WideRanker>
    /// Whether a value passes a threshold that it equals.
    let passesEqual: Bool

    private let tables: AlignedBytes
    private let records: AlignedBytes

    /// Bytes of it all.
    var byteCount: Int { tables.count + records.count }

    init(_ rankTables: [RankTable], _ arithmetic: Arithmetic) {
        passesEqual = arithmetic.comparison == .lessThan
        let parts = rankTables.map { WideRankerParts($0, arithmetic) }
        // Safety: the block has the bytes of all parts, each array of which ends at a multiple of 64, so that all stay
        // aligned; the records' block has room for one a table.
        tables = AlignedBytes(count: parts.reduce(0) { $0 + $1.byteCount })
        unsafe records = AlignedBytes(count: parts.count * MemoryLayout<WideRanker>.stride)
        let start = unsafe records.start.bindMemory(to: WideRanker.self, capacity: parts.count)
        var next = unsafe tables.start
        for (index, part) in parts.enumerated() { unsafe (start + index).initialize(to: part.lay(&next)) }
        unsafe rankers = UnsafeBufferPointer(start: start, count: parts.count)
    }
}

/// One feature's tables before they have a place.
private struct WideRankerParts {
    let feature: Int
    let buckets: WideBuckets
    let thresholds: [Double]
    let keys: [Int32]
    let columns: [WideRankColumn]

    init(_ table: RankTable, _ arithmetic: Arithmetic) {
        feature = table.feature
        buckets = WideBuckets(table.thresholds)
        // From any rank on there are as many as a search may look at, or compare with.
        let filling = 8 + 1 << buckets.steps
        thresholds = table.thresholds + [Double](repeating: .nan, count: filling)
        keys =
            table.thresholds.map { threshold in
                let key = orderedKey(RankTable.narrowed(threshold))
                return arithmetic.comparison == .lessThan ? key : key + 1
            } + [Int32](repeating: .max, count: filling)
        columns = table.columns.map { column in
            WideRankColumn(
                column: column.column,
                zeroIsSpecial: column.special.includesZero,
                specialCode: UInt16(table.code(of: column.special, arithmetic))
            )
        }
    }

    private static func lines<Element>(_ elements: [Element]) -> Int {
        (elements.count * MemoryLayout<Element>.stride + 63) / 64 * 64
    }

    var byteCount: Int {
        Self.lines(thresholds) + Self.lines(keys) + Self.lines(buckets.bases) + Self.lines(columns)
    }

    /// Copies everything to its place, from `next` on, and returns the record that points to it.
    func lay(_ next: inout UnsafeMutableRawPointer) -> WideRanker {
        // Safety: the caller's block has `byteCount` bytes from `next` on.
        func place<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element> {
            let start = unsafe next.bindMemory(to: Element.self, capacity: elements.count)
            for (at, element) in elements.enumerated() { unsafe start[at] = element }
            unsafe next += Self.lines(elements)
            return unsafe UnsafePointer(start)
        }
        return unsafe WideRanker(
            feature: feature,
            thresholds: place(thresholds),
            keys: place(keys),
            bases: place(buckets.bases),
            columns: place(columns),
            columnCount: columns.count,
            keyCount: keys.count,
            baseCount: buckets.bases.count,
            top: Float(buckets.bases.count - 1),
            low: buckets.low,
            scale: buckets.scale,
            isByKey: buckets.isByKey,
            steps: buckets.steps
        )
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
