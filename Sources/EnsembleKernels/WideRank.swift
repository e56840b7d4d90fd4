internal import CShims
import TreeEnsemble

/// Turns values into wide codes: the codes that large trees compare, two bytes each.
///
/// Codes lie in tiles of ``tileRows`` rows, a column's codes side by side: a tile stays in the nearest cache while its rows
/// walk a tree, and a code's place is the column's number, shifted.
enum WideRank {
    /// A column of a tile is one cache line.
    static let tileRows = 32
    static let tileShift = 5
    private static let fetchedRowsMin = 48

    /// Codes of a pass, of at least one column.
    static func codeCount(columns: Int) -> Int { max(1, columns) * Int(CShimsRowsMax) }

    /// Fills the wide columns from float rows.
    ///
    /// - Parameters:
    ///   - rows: a pass.
    ///   - count: its rows.
    ///   - rankers: the rank tables.
    ///   - columns: wide columns in all.
    ///   - codes: room for ``codeCount(columns:)``. Up to a multiple of eight the last row's codes are repeated: rows that walk
    ///     beside others take no way of their own.
    static func rank(
        _ rows: RowSource<Float>,
        count: Int,
        _ rankers: UnsafeBufferPointer<WideRanker>,
        columns: Int,
        into codes: UnsafeMutablePointer<UInt16>
    ) {
        // Safety: the caller's rows hold `count` rows of every ranker's feature, and `codes` all tiles of a pass; a rank
        // plus all steps stays inside a table, which is filled up for that. One thread uses them.
        for index in rankers.indices {
            let ranker = unsafe rankers[index]
            let following = unsafe rankers[min(index + 1, rankers.count - 1)]
            // A few values meet too little of the tables.
            let isFetched = count >= fetchedRowsMin
            let (keyBytes, baseBytes) = unsafe isFetched ? (following.keyCount * 4, following.baseCount * 2) : (0, 0)
            var keys = unsafe Prefetch(following.keys, byteCount: keyBytes, rows: count)
            var bases = unsafe Prefetch(following.bases, byteCount: baseBytes, rows: count)
            let start = unsafe rows.start + ranker.feature * rows.featureStride
            for first in stride(from: 0, to: count, by: tileRows) {
                let from = unsafe start + first * rows.rowStride
                let tile = unsafe codes + first * columns
                unsafe keys.next(forRows: tileRows)
                unsafe bases.next(forRows: tileRows)
                for column in 0..<(unsafe ranker.columnCount) {
                    let rowsHere = min(tileRows, count - first)
                    unsafe rank(from, rows.rowStride, count: rowsHere, ranker, ranker.columns[column], into: tile)
                }
            }
        }
    }

    /// Fills one column of a tile.
    @inline(__always)
    private static func rank(
        _ from: UnsafePointer<Float>,
        _ rowStride: Int,
        count: Int,
        _ ranker: WideRanker,
        _ column: WideRankColumn,
        into tile: UnsafeMutablePointer<UInt16>
    ) {
        // Safety: see the caller.
        let (keys, bases, steps) = unsafe (ranker.keys, ranker.bases, ranker.steps)
        let to = unsafe tile + Int(column.column) &<< tileShift
        for row in 0..<count {
            let value = unsafe from[row &* rowStride]
            let isSpecial = column.isSpecial(value, abs(value) <= Float(Arithmetic.zeroThreshold))
            // What is special passes nothing, from its code on.
            let key = isSpecial ? .min : orderedKey(value)
            let number = unsafe ranker.isByKey ? Float(orderedKey(value)) : value
            let bucket = unsafe bucketNumber(number, ranker.low, ranker.scale, ranker.top)
            var rank = unsafe Int(isSpecial ? column.specialCode : bases[Int(bucket)])
            var shift = steps
            while shift > comparedShift {
                shift &-= 1
                rank &+= unsafe passed(keys[rank &+ 1 &<< shift &- 1], key) &<< shift
            }
            // With fewer comparisons, each waiting for the last, it would take longer.
            let compared = unsafe keys + rank
            rank &+= unsafe passed(compared[0], key) &+ passed(compared[1], key) &+ passed(compared[2], key)
            rank &+= unsafe passed(compared[3], key) &+ passed(compared[4], key) &+ passed(compared[5], key)
            rank &+= unsafe passed(compared[6], key)
            unsafe to[row] = UInt16(truncatingIfNeeded: rank)
        }
        for row in count..<(count &+ 7) & ~7 { unsafe to[row] = to[count &- 1] }
    }

    /// So many steps of a search, the last ones, are taken by comparing with all seven keys that are left.
    private static let comparedShift = 3

    @inline(__always)
    private static func passed(_ threshold: Int32, _ key: Int32) -> Int { threshold <= key ? 1 : 0 }

    /// Fills the wide columns from double rows of an ensemble whose values are double.
    static func rank(
        _ rows: RowSource<Double>,
        count: Int,
        _ rankers: UnsafeBufferPointer<WideRanker>,
        passesEqual: Bool,
        columns: Int,
        into codes: UnsafeMutablePointer<UInt16>
    ) {
        // Safety: as above.
        for at in rankers.indices {
            let ranker = unsafe rankers[at]
            let start = unsafe rows.start + ranker.feature * rows.featureStride
            for index in 0..<(unsafe ranker.columnCount) {
                let column = unsafe ranker.columns[index]
                for row in 0..<count {
                    let value = unsafe start[row * rows.rowStride]
                    let isSpecial = column.isSpecial(value, abs(value) <= Arithmetic.zeroThreshold)
                    let rank = unsafe isSpecial ? Int(column.specialCode) : ranker.rank(of: value, passesEqual)
                    let inTile = row & (tileRows - 1)
                    let tile = unsafe codes + (row - inTile) * columns
                    unsafe tile[Int(column.column) << tileShift + inTile] = UInt16(truncatingIfNeeded: rank)
                }
                let last = (count - 1) & (tileRows - 1)
                let to = unsafe codes + (count - 1 - last) * columns + Int(column.column) << tileShift
                for row in (last + 1)..<(last & ~7) + 8 { unsafe to[row] = to[last] }
            }
        }
    }
}

extension WideRankColumn {
    @inline(__always)
    fileprivate func isSpecial<Value: BinaryFloatingPoint>(_ value: Value, _ isZero: Bool) -> Bool {
        value != value || isZero && zeroSpecial != 0
    }
}

extension WideRanker {
    /// How many thresholds a number passes.
    @inline(__always)
    fileprivate func rank(of value: Double, _ passesEqual: Bool) -> Int {
        // Safety: see the caller.
        let float = Float(value)
        let number = unsafe isByKey ? Float(orderedKey(float)) : float
        var rank = unsafe Int(bases[Int(bucketNumber(number, low, scale, top))])
        var step = unsafe 1 &<< steps
        while step > 1 {
            step /= 2
            let threshold = unsafe thresholds[rank &+ step &- 1]
            rank &+= threshold < value || passesEqual && threshold == value ? step : 0
        }
        return rank
    }
}
