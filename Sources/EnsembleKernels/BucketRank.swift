internal import CLanes
public import CShims

// One source for every instruction set, as `SlicedKernel.swift` is: loops that a compiler turns into vector code.
//
// Safety of this file: the rows hold every ranker's feature for `count` rows; rankers are sorted by feature, and their
// tables are as `CShimsEnsemblePlan.h` says; `codes` has room for every column, and `work` has ``bucketRankWorkByteCount``
// bytes. One thread uses them.

private let tileFeatures = 32
private let rowsShift = rowsMax.trailingZeroBitCount
/// Rows by which the next are asked for early.
private let rowsAhead = 16
/// Columns of a tile do not start at multiples of a large power of two, which would share a cache's few places.
private let columnStride = Int(CShimsRowsMax) + 16

/// Bytes of working memory: a tile's columns, a column's values, its keys and buckets.
public let bucketRankWorkByteCount = (32 + 3) * (Int(CShimsRowsMax) + 16) * 4

/// Whether 64 rows at once can be looked up among 256 bytes.
@inline(never)
public func bucketRankHasLookups() -> Bool { CL_hasRankLookups() != 0 }

/// Rows from which on lookups for 64 are cheaper than one row after the other.
private let lookupRowsMin = 12

/// Turns float rows of a pass into codes, by buckets.
///
/// Features side by side are first turned into columns, a tile of them for all rows; a feature's tables then stay in the
/// nearest cache for all its values.
/// Strides count elements; `zeroEdge` is the largest size that counts as zero. `codeStride`, from one column of codes to the
/// next, has room for the rows, up to a multiple of eight if there are several, and of 64 from ``lookupRowsMin`` on.
@inline(never)
public func rankByBuckets(
    _ rows: UnsafePointer<Float>,
    rowStride: Int,
    featureStride: Int,
    featureCount: Int,
    count: Int,
    _ rankers: UnsafePointer<CShimsRanker>,
    rankerCount: Int,
    zeroEdge: Float,
    work: UnsafeMutableRawPointer,
    into codes: UnsafeMutablePointer<UInt8>,
    codeStride: Int
) {
    if count == 1 {
        for index in 0..<rankerCount {
            let ranker = unsafe rankers + index
            unsafe rankSingly(ranker, rows[Int(ranker.pointee.feature) &* featureStride], zeroEdge, codes, codeStride)
        }
        return
    }
    let tile = unsafe work.assumingMemoryBound(to: Float.self)
    let values = unsafe tile + tileFeatures &* columnStride
    let keys = unsafe (work + (tileFeatures &+ 1) &* columnStride &* 4).assumingMemoryBound(to: Int32.self)
    let buckets = unsafe (work + (tileFeatures &+ 2) &* columnStride &* 4).assumingMemoryBound(to: UInt32.self)
    // Whole registers of rows, whatever lies in those after the last.
    let padded = min((count &+ 7) & ~7, rowsMax)
    var turned = -1
    for index in 0..<rankerCount {
        let ranker = unsafe rankers + index
        let feature = Int(unsafe ranker.pointee.feature)
        var column: UnsafePointer<Float>
        if featureStride == 1, rowStride != 1 {
            if feature / tileFeatures != turned {
                turned = feature / tileFeatures
                let width = min(tileFeatures, featureCount &- turned &* tileFeatures)
                unsafe turn(rows + turned &* tileFeatures, rowStride, rows: count, width: width, into: tile)
            }
            unsafe column = UnsafePointer(tile + (feature &- turned &* tileFeatures) &* columnStride)
        } else {
            let from = unsafe rows + feature &* featureStride
            for row in 0..<count { unsafe values[row] = from[row &* rowStride] }
            unsafe column = UnsafePointer(values)
        }
        if count >= lookupRowsMin, CL_hasRankLookups() != 0, let lookups = unsafe ranker.pointee.lookups {
            unsafe lookUpCodes(ranker, lookups.pointee, column, count, zeroEdge, codes, codeStride)
            continue
        }
        unsafe fillBuckets(ranker, column, padded, zeroEdge, keys, buckets)
        unsafe fillCodes(ranker, keys, buckets, count, codes, codeStride)
    }
}

/// Stores the codes of a feature's columns by lookups, 64 rows at a time, whatever lies in those after the last.
@inline(always)
private func lookUpCodes(
    _ ranker: UnsafePointer<CShimsRanker>,
    _ lookups: CShimsRankLookups,
    _ values: UnsafePointer<Float>,
    _ rows: Int,
    _ zeroEdge: Float,
    _ codes: UnsafeMutablePointer<UInt8>,
    _ codeStride: Int
) {
    let tables = unsafe CLRankLookups(
        tables: lookups.tables,
        low: lookups.low,
        scale: lookups.scale,
        zeroEdge: zeroEdge,
        compareCount: lookups.compareCount,
        isByKey: lookups.isByKey,
        zeroSpecial: ranker.pointee.zeroSpecial
    )
    let columns = unsafe ranker.pointee.columns!
    let columnCount = Int(unsafe ranker.pointee.columnCount)
    let bucketCount = Int(unsafe ranker.pointee.bucketCount)
    let first = unsafe codes + Int(columns[0].place) &>> rowsShift &* codeStride
    var row = 0
    while row < rows {
        let special = unsafe CL_rank64(values + row, tables, first + row)
        var index = 1
        while index < columnCount {
            let other = unsafe codes + Int(columns[index].place) &>> rowsShift &* codeStride
            let bases = unsafe columns[index].bases! + bucketCount
            unsafe CL_replace64(first + row, special, bases[0], bases[1], other + row)
            index &+= 1
        }
        row &+= 64
    }
}

/// Stores the codes of one value at its row of a feature's columns.
@inline(always)
private func rankSingly(
    _ ranker: UnsafePointer<CShimsRanker>,
    _ value: Float,
    _ zeroEdge: Float,
    _ codes: UnsafeMutablePointer<UInt8>,
    _ codeStride: Int
) {
    var key = orderedKey(value)
    let bucketCount = unsafe ranker.pointee.bucketCount
    let number = unsafe ranker.pointee.bucketsByKey != 0 ? Float(key) : value
    let (low, scale) = unsafe (ranker.pointee.low, ranker.pointee.scale)
    // NaN, which is in no bucket, has some number here, and then its own.
    let inside = CL_kept((number - low) * scale, Float(bucketCount &- 1))
    var bucket = (inside + 8_388_608).bitPattern & 0xffff
    bucket = value == value ? bucket : bucketCount
    if unsafe ranker.pointee.zeroSpecial != 0, abs(value) <= zeroEdge { (bucket, key) = (bucketCount &+ 1, .min) }
    let columns = unsafe ranker.pointee.columns!
    let thresholds = unsafe ranker.pointee.keys!
    let base = unsafe Int(columns[0].bases[Int(bucket)])
    var code = base
    let compares = Int(unsafe ranker.pointee.compareCount)
    if compares <= 8 {
        // By the signs of differences: a loop's comparisons become branches, which are guessed wrongly half of the time.
        let end = max(compares, 1)
        for at in 0..<end { code &+= unsafe (Int(key) &- Int(thresholds[base &+ at])) &>> 63 }
        code &+= end
    } else {
        code = unsafe searched(thresholds, key, from: base, compares)
    }
    unsafe codes[Int(columns[0].place) &>> rowsShift &* codeStride] = UInt8(truncatingIfNeeded: code)
    for index in 1..<max(1, Int(unsafe ranker.pointee.columnCount)) {
        let other = unsafe code &- base &+ Int(columns[index].bases[Int(bucket)])
        unsafe codes[Int(columns[index].place) &>> rowsShift &* codeStride] = UInt8(truncatingIfNeeded: other)
    }
}

/// Stores a row's codes in the columns of some groups (`CLRankGroup`), which lie side by side; there is room for 32 from any
/// column on.
///
/// Values are `featureStride` apart, and fewer than 2³¹ in all; `tables` are all rankers'.
@inline(never)
public func rankRow(
    _ row: UnsafePointer<Float>,
    featureStride: Int,
    _ groups: UnsafeRawPointer,
    groupCount: Int,
    _ tables: UnsafeRawPointer,
    zeroEdge: Float,
    into codes: UnsafeMutablePointer<UInt8>
) {
    let stride = Int32(truncatingIfNeeded: featureStride)
    for index in 0..<groupCount {
        let group = unsafe groups.assumingMemoryBound(to: CLRankGroup.self) + index
        unsafe CL_rank16(row, stride, group, tables, zeroEdge, codes + Int(group.pointee.firstColumn))
    }
}

/// Turns rows of some features, which lie side by side, into columns.
@inline(always)
private func turn(
    _ from: UnsafePointer<Float>,
    _ rowStride: Int,
    rows: Int,
    width: Int,
    into columns: UnsafeMutablePointer<Float>
) {
    let (wholeRows, wholeWidth) = (rows & ~7, width & ~7)
    var row = 0
    while row < wholeRows {
        let start = unsafe from + row &* rowStride
        // Rows come from far, and a tile of features is too short a run for a processor to see it coming.
        for ahead in rowsAhead..<rowsAhead + 8 {
            unsafe CL_prefetch(start + ahead &* rowStride)
            unsafe CL_prefetch(start + (ahead &* rowStride &+ tileFeatures / 2))
        }
        var feature = 0
        while feature < wholeWidth {
            unsafe CL_turn(start + feature, rowStride, columns + (feature &* columnStride &+ row), columnStride)
            feature &+= 8
        }
        while feature < width {
            let to = unsafe columns + (feature &* columnStride &+ row)
            for at in 0..<8 { unsafe to[at] = start[at &* rowStride &+ feature] }
            feature &+= 1
        }
        row &+= 8
    }
    while row < rows {
        let start = unsafe from + row &* rowStride
        for feature in 0..<width { unsafe columns[feature &* columnStride &+ row] = start[feature] }
        row &+= 1
    }
}

/// Finds the key and bucket of a column's values.
@inline(always)
private func fillBuckets(
    _ ranker: UnsafePointer<CShimsRanker>,
    _ values: UnsafePointer<Float>,
    _ rows: Int,
    _ zeroEdge: Float,
    _ keys: UnsafeMutablePointer<Int32>,
    _ buckets: UnsafeMutablePointer<UInt32>
) {
    let (low, scale) = unsafe (ranker.pointee.low, ranker.pointee.scale)
    let count = unsafe ranker.pointee.bucketCount
    let top = Float(count &- 1)
    if unsafe ranker.pointee.bucketsByKey != 0 {
        for row in 0..<rows {
            let value = unsafe values[row]
            let key = orderedKey(value)
            unsafe keys[row] = key
            unsafe buckets[row] = value == value ? bucketNumber(Float(key), low, scale, top) : count
        }
    } else {
        for row in 0..<rows {
            let value = unsafe values[row]
            unsafe keys[row] = orderedKey(value)
            unsafe buckets[row] = value == value ? bucketNumber(value, low, scale, top) : count
        }
    }
    if unsafe ranker.pointee.zeroSpecial != 0 {
        for row in 0..<rows {
            let value = unsafe values[row]
            let isZero = abs(value) <= zeroEdge
            unsafe buckets[row] = isZero ? count &+ 1 : buckets[row]
            unsafe keys[row] = isZero ? .min : keys[row]
        }
    }
}

/// A float's bits as a number that orders as the float does; both zeros are 0, and NaN is the least.
@inline(always)
func orderedKey(_ value: Float) -> Int32 {
    let bits = Int32(bitPattern: (value + 0).bitPattern)
    let key = bits ^ (bits &>> 31 & 0x7fff_ffff)
    return value == value ? key : .min
}

/// The bucket of a number, which must not be NaN: adding 2²³ rounds it to a whole number in the lowest bits.
@inline(always)
func bucketNumber(_ number: Float, _ low: Float, _ scale: Float, _ top: Float) -> UInt32 {
    let scaled = (number - low) * scale
    let notNegative = scaled > 0 ? scaled : 0
    let inside = notNegative < top ? notNegative : top
    return (inside + 8_388_608).bitPattern & 0xffff
}

/// Looks up and compares: the codes of all of a feature's columns.
///
/// More compares than needed do no harm: keys beyond a bucket's own are not passed.
@inline(always)
private func fillCodes(
    _ ranker: UnsafePointer<CShimsRanker>,
    _ keys: UnsafePointer<Int32>,
    _ buckets: UnsafePointer<UInt32>,
    _ count: Int,
    _ codes: UnsafeMutablePointer<UInt8>,
    _ codeStride: Int
) {
    let columns = unsafe ranker.pointee.columns!
    let bases = unsafe columns[0].bases!
    let thresholds = unsafe ranker.pointee.keys!
    let to = unsafe codes + Int(columns[0].place) &>> rowsShift &* codeStride
    switch unsafe ranker.pointee.compareCount {
    case 0, 1: unsafe compare(1, bases, thresholds, keys, buckets, count, to)
    case 2: unsafe compare(2, bases, thresholds, keys, buckets, count, to)
    case 3, 4: unsafe compare(4, bases, thresholds, keys, buckets, count, to)
    case 5...8: unsafe compare(8, bases, thresholds, keys, buckets, count, to)
    default:
        let compares = Int(unsafe ranker.pointee.compareCount)
        for row in 0..<count {
            let code = unsafe searched(thresholds, keys[row], from: Int(bases[Int(buckets[row])]), compares)
            unsafe to[row] = UInt8(truncatingIfNeeded: code)
        }
    }
    // Other columns differ in what is special alone; special values have the least key.
    let zeroSpecial = unsafe ranker.pointee.zeroSpecial != 0
    for index in 1..<max(1, Int(unsafe ranker.pointee.columnCount)) {
        let other = unsafe codes + Int(columns[index].place) &>> rowsShift &* codeStride
        if zeroSpecial {
            let otherBases = unsafe columns[index].bases!
            for row in 0..<count {
                let bucket = unsafe Int(buckets[row])
                unsafe other[row] = to[row] &- bases[bucket] &+ otherBases[bucket]
            }
        } else {
            let special = unsafe UInt8(truncatingIfNeeded: columns[index].specialCode)
            // Whole registers of rows: a pass of codes has room for them.
            var row = 0
            while row < count {
                unsafe CL_replaceSpecial(to + row, keys + row, special, other + row)
                row &+= 8
            }
        }
    }
}

/// A base with the thresholds from there on that a key passes, by halves.
@inline(always)
private func searched(_ thresholds: UnsafePointer<Int32>, _ key: Int32, from base: Int, _ compares: Int) -> Int {
    var code = base
    var shift = Int.bitWidth &- compares.leadingZeroBitCount
    while shift > 0 {
        shift &-= 1
        code &+= unsafe passed(thresholds[code &+ 1 &<< shift &- 1], key) &<< shift
    }
    return code
}

@inline(always)
private func compare(
    _ compares: Int,
    _ bases: UnsafePointer<UInt8>,
    _ thresholds: UnsafePointer<Int32>,
    _ keys: UnsafePointer<Int32>,
    _ buckets: UnsafePointer<UInt32>,
    _ count: Int,
    _ codes: UnsafeMutablePointer<UInt8>
) {
    for row in 0..<count {
        let (base, key) = unsafe (Int(bases[Int(buckets[row])]), keys[row])
        var code = unsafe base &+ passed(thresholds[base], key)
        if compares > 1 { code &+= unsafe passed(thresholds[base &+ 1], key) }
        if compares > 2 {
            code &+= unsafe passed(thresholds[base &+ 2], key) &+ passed(thresholds[base &+ 3], key)
        }
        if compares > 4 {
            code &+= unsafe passed(thresholds[base &+ 4], key) &+ passed(thresholds[base &+ 5], key)
            code &+= unsafe passed(thresholds[base &+ 6], key) &+ passed(thresholds[base &+ 7], key)
        }
        unsafe codes[row] = UInt8(truncatingIfNeeded: code)
    }
}

@inline(always)
private func passed(_ threshold: Int32, _ key: Int32) -> Int { threshold <= key ? 1 : 0 }
