#if arch(x86_64)
public import CShims
internal import CVectors

// Safety of this file: the rows hold every ranker's feature for `count` rows; rankers are sorted by feature, and their
// tables are as `CShimsEnsemblePlan.h` says; `codes` is a pass of every column, and `work` has `rankWorkByteCount` bytes.

/// Bytes of working memory that ranking takes: 16 features of 64 rows.
public let rankWorkByteCount = 16 * 64 * 4

/// Turns float rows of a pass into codes.
///
/// 64 rows at a time, features side by side are first turned into columns; 16 values then search a feature's thresholds
/// by halves, in step, each step's thresholds looked up in registers. A few rows are cheaper value by value.
@inline(never)
public func rankAVX512(
    _ rows: UnsafePointer<Float>,
    rowStride: Int,
    featureStride: Int,
    featureCount: Int,
    count: Int,
    _ rankers: UnsafePointer<CShimsRanker>,
    rankerCount: Int,
    passesEqual: Bool,
    zeroEdge: Float,
    work: UnsafeMutableRawPointer,
    into codes: UnsafeMutablePointer<UInt8>
) {
    let rows = unsafe UnsafeRawPointer(rows)
    if count <= fewRowsMax {
        for index in 0..<rankerCount {
            let ranker = unsafe rankers[index]
            let values = unsafe rows + Int(ranker.feature) &* featureStride &* 4
            unsafe rankFew(values, rowStride &* 4, count, ranker, passesEqual, zeroEdge, codes)
        }
        return
    }
    for first in stride(from: 0, to: count, by: 64) {
        let some = min(64, count - first)
        let start = unsafe rows + first &* rowStride &* 4
        var turned = -1
        for index in 0..<rankerCount {
            let ranker = unsafe rankers[index]
            let feature = Int(unsafe ranker.feature)
            if rowStride == 1 {
                let values = unsafe start + feature &* featureStride &* 4
                unsafe rank64(values, some, ranker, passesEqual, zeroEdge, codes + first)
                continue
            }
            if feature / 16 != turned {
                turned = feature / 16
                let width = min(16, featureCount - turned * 16)
                unsafe turn(start + turned &* 64 &* featureStride, rowStride &* 4, rows: some, width, into: work)
            }
            unsafe rank64(work + feature % 16 * 256, some, ranker, passesEqual, zeroEdge, codes + first)
        }
    }
}

private let fewRowsMax = 6

/// Turns up to 64 rows of up to 16 features, which lie side by side, into columns of 64.
@inline(never)
func turn(
    _ start: UnsafeRawPointer,
    _ rowBytes: Int,
    rows: Int,
    _ width: Int,
    into columns: UnsafeMutableRawPointer
) {
    let mask = UInt16(truncatingIfNeeded: 1 << width &- 1)
    unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<UInt32>?.self, capacity: 16) { places in
        for first in stride(from: 0, to: rows, by: 16) {
            for row in 0..<16 {
                let place = unsafe start + min(first + row, rows - 1) &* rowBytes
                unsafe places[row] = place.assumingMemoryBound(to: UInt32.self)
            }
            let target = unsafe columns.assumingMemoryBound(to: UInt32.self) + first
            unsafe CV_transpose16(places.baseAddress!, mask, target)
        }
    }
}

/// Ranks up to 64 values that lie side by side.
@inline(__always)
func rank64(
    _ values: UnsafeRawPointer,
    _ count: Int,
    _ ranker: CShimsRanker,
    _ passesEqual: Bool,
    _ zeroEdge: Float,
    _ codes: UnsafeMutablePointer<UInt8>
) {
    switch unsafe (ranker.stepCount, passesEqual) {
    case (4, true): unsafe search(values, count, ranker, steps: 4, true, zeroEdge, codes)
    case (5, true): unsafe search(values, count, ranker, steps: 5, true, zeroEdge, codes)
    case (6, true): unsafe search(values, count, ranker, steps: 6, true, zeroEdge, codes)
    case (7, true): unsafe search(values, count, ranker, steps: 7, true, zeroEdge, codes)
    case (_, true): unsafe search(values, count, ranker, steps: 8, true, zeroEdge, codes)
    case (4, false): unsafe search(values, count, ranker, steps: 4, false, zeroEdge, codes)
    case (5, false): unsafe search(values, count, ranker, steps: 5, false, zeroEdge, codes)
    case (6, false): unsafe search(values, count, ranker, steps: 6, false, zeroEdge, codes)
    case (7, false): unsafe search(values, count, ranker, steps: 7, false, zeroEdge, codes)
    default: unsafe search(values, count, ranker, steps: 8, false, zeroEdge, codes)
    }
}

@inline(__always)
func search(
    _ values: UnsafeRawPointer,
    _ count: Int,
    _ ranker: CShimsRanker,
    steps: Int,
    _ passesEqual: Bool,
    _ zeroEdge: Float,
    _ codes: UnsafeMutablePointer<UInt8>
) {
    // The outcomes go where the first column's codes will be.
    let columns = unsafe ranker.columns!
    let outcomes = unsafe codes + Int(columns[0].place)
    let tables = unsafe UnsafeRawPointer(ranker.steps!)
    if count <= 16 {
        let value = unsafe CV_loadSome4(values, UInt16(truncatingIfNeeded: 1 << count &- 1))
        let ranks = unsafe CV_product1(search16(value, tables, steps: steps, passesEqual), CV_every8(ranker.order))
        let missing = CV_isNaN4(value)
        let zero = unsafe ranker.zeroSpecial != 0 ? CV_isNaNOrWithin4(value, zeroEdge) : 0
        for index in 0..<Int(unsafe ranker.columnCount) {
            let column = unsafe columns[index]
            let special = CV_every4(column.specialCode)
            let code = CV_select4(ranks, column.zeroSpecial != 0 ? zero : missing, special)
            unsafe CV_storeLowBytes4(codes + Int(column.place), code)
        }
        return
    }
    var missing: UInt64 = 0
    var zero: UInt64 = 0
    for quarter in 0..<4 where quarter * 16 < count {
        let left = count - quarter * 16
        let mask = left >= 16 ? 0xffff : UInt16(truncatingIfNeeded: 1 << left &- 1)
        let value = unsafe CV_loadSome4(values + quarter * 64, mask)
        unsafe CV_storeLowBytes4(outcomes + quarter * 16, search16(value, tables, steps: steps, passesEqual))
        missing |= UInt64(CV_isNaN4(value)) << UInt64(quarter * 16)
        if unsafe ranker.zeroSpecial != 0 {
            zero |= UInt64(CV_isNaNOrWithin4(value, zeroEdge)) << UInt64(quarter * 16)
        }
    }
    let ranks = unsafe CV_product1(CV_load(outcomes), CV_every8(ranker.order))
    for index in 0..<Int(unsafe ranker.columnCount) {
        let column = unsafe columns[index]
        let special = CV_every1(UInt8(truncatingIfNeeded: column.specialCode))
        let code = CV_selectWhere(ranks, column.zeroSpecial != 0 ? zero : missing, special)
        unsafe CV_store(codes + Int(column.place), code)
    }
}

/// The outcomes of a search by halves for 16 values, the first step's the lowest bit.
@inline(__always)
private func search16(_ values: CVBytes, _ tables: UnsafeRawPointer, steps: Int, _ passesEqual: Bool) -> CVBytes {
    var found = CV_zero()
    for step in 0..<4 {
        let threshold = unsafe CV_lookup16(found, CV_load(tables + step * 64))
        found = CV_setWhere4(found, passed(threshold, values, passesEqual), CV_every4(1 << UInt32(step)))
    }
    guard steps > 4 else { return found }
    let fourth = unsafe CV_lookup16(found, CV_load(tables + 256))
    found = CV_setWhere4(found, passed(fourth, values, passesEqual), CV_every4(16))
    guard steps > 5 else { return found }
    let fifth = unsafe lookup32(found, tables + 320)
    let passedFifth = passed(fifth, values, passesEqual)
    found = CV_setWhere4(found, passedFifth, CV_every4(32))
    guard steps > 6 else { return found }
    let sixth = unsafe CV_select4(lookup32(found, tables + 448), passedFifth, lookup32(found, tables + 576))
    let passedSixth = passed(sixth, values, passesEqual)
    found = CV_setWhere4(found, passedSixth, CV_every4(64))
    guard steps > 7 else { return found }
    let low = unsafe CV_select4(lookup32(found, tables + 704), passedFifth, lookup32(found, tables + 832))
    let high = unsafe CV_select4(lookup32(found, tables + 960), passedFifth, lookup32(found, tables + 1088))
    let seventh = CV_select4(low, passedSixth, high)
    return CV_setWhere4(found, passed(seventh, values, passesEqual), CV_every4(128))
}

@inline(__always)
private func lookup32(_ index: CVBytes, _ table: UnsafeRawPointer) -> CVBytes {
    unsafe CV_lookup32(index, CV_load(table), CV_load(table + 64))
}

@inline(__always)
private func passed(_ thresholds: CVBytes, _ values: CVBytes, _ passesEqual: Bool) -> UInt16 {
    passesEqual ? CV_atMost4(thresholds, values) : CV_below4(thresholds, values)
}

/// Ranks a few values one by one: a comparison with 16 separators, then one with 16 thresholds.
@inline(__always)
private func rankFew(
    _ values: UnsafeRawPointer,
    _ rowBytes: Int,
    _ count: Int,
    _ ranker: CShimsRanker,
    _ passesEqual: Bool,
    _ zeroEdge: Float,
    _ codes: UnsafeMutablePointer<UInt8>
) {
    let separators = unsafe ranker.floats!
    let thresholds = unsafe separators + Int(CShimsSeparators)
    for row in 0..<count {
        let value = unsafe (values + row &* rowBytes).loadUnaligned(as: UInt32.self)
        var rank = 0
        if unsafe ranker.paddedCount > 16 { unsafe rank = passedCount(separators, value, passesEqual) &* 16 }
        unsafe rank &+= passedCount(thresholds + rank, value, passesEqual)
        for index in 0..<Int(unsafe ranker.columnCount) {
            let column = unsafe ranker.columns[index]
            let number = Float(bitPattern: value)
            let isSpecial = number.isNaN || column.zeroSpecial != 0 && abs(number) <= zeroEdge
            let code = UInt8(truncatingIfNeeded: isSpecial ? Int(column.specialCode) : rank)
            unsafe codes[Int(column.place) + row] = code
        }
    }
}

@inline(__always)
private func passedCount(_ thresholds: UnsafePointer<Float>, _ value: UInt32, _ passesEqual: Bool) -> Int {
    unsafe (passesEqual ? CV_atMost(thresholds, value) : CV_below(thresholds, value)).nonzeroBitCount
}
#endif
