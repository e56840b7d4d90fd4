#if arch(x86_64)
public import CShims
internal import CVectors

// Safety of this file: the rows hold every ranker's feature for `count` rows, `codes` is a pass of every column, and a
// ranker's floats are 16 separators and `paddedCount` thresholds, a multiple of 16.

/// Turns float rows of a pass into codes, a value at a time, 16 thresholds at a time.
///
/// With up to 16 thresholds one comparison counts those passed. With up to 256 a first comparison with every sixteenth
/// threshold says which sixteen to compare with. No value waits for another, and rows need not be transposed first.
@inline(never)
public func rankAVX512(
    _ rows: UnsafePointer<Float>,
    rowStride: Int,
    featureStride: Int,
    count: Int,
    _ rankers: UnsafePointer<CShimsRanker>,
    rankerCount: Int,
    passesEqual: Bool,
    zeroEdge: Float,
    into codes: UnsafeMutablePointer<UInt8>
) {
    if passesEqual {
        unsafe rank(rows, rowStride, featureStride, count, rankers, rankerCount, true, zeroEdge, codes)
    } else {
        unsafe rank(rows, rowStride, featureStride, count, rankers, rankerCount, false, zeroEdge, codes)
    }
}

@inline(__always)
private func rank(
    _ rows: UnsafePointer<Float>,
    _ rowStride: Int,
    _ featureStride: Int,
    _ count: Int,
    _ rankers: UnsafePointer<CShimsRanker>,
    _ rankerCount: Int,
    _ passesEqual: Bool,
    _ zeroEdge: Float,
    _ codes: UnsafeMutablePointer<UInt8>
) {
    for index in 0..<rankerCount {
        let ranker = unsafe rankers[index]
        let separators = unsafe ranker.floats!
        let thresholds = unsafe separators + Int(CShimsSeparators)
        let values = unsafe rows + Int(ranker.feature) * featureStride
        let isSmall = unsafe ranker.paddedCount <= 16
        for at in 0..<Int(unsafe ranker.columnCount) {
            // One column a feature is the rule; a second search costs less than a general inner loop would.
            let column = unsafe ranker.columns[at]
            let target = unsafe codes + Int(column.place)
            let (offset, limit) = specialRange(column, zeroEdge)
            let special = UInt8(truncatingIfNeeded: column.specialCode)
            if isSmall {
                for row in 0..<count {
                    let value = unsafe values[row * rowStride]
                    let rank = unsafe passed(thresholds, value, passesEqual)
                    let isSpecial = (value.bitPattern << 1) &- offset >= limit
                    unsafe target[row] = isSpecial ? special : UInt8(truncatingIfNeeded: rank)
                }
            } else {
                for row in 0..<count {
                    let value = unsafe values[row * rowStride]
                    let sixteen = unsafe passed(separators, value, passesEqual)
                    let rank = unsafe sixteen * 16 + passed(thresholds + sixteen * 16, value, passesEqual)
                    let isSpecial = (value.bitPattern << 1) &- offset >= limit
                    unsafe target[row] = isSpecial ? special : UInt8(truncatingIfNeeded: rank)
                }
            }
        }
    }
}

@inline(__always)
private func passed(_ thresholds: UnsafePointer<Float>, _ value: Float, _ passesEqual: Bool) -> Int {
    unsafe (passesEqual ? CV_atMost(thresholds, value) : CV_below(thresholds, value)).nonzeroBitCount
}

/// One comparison that finds NaN, and with zeros also the band: `bits << 1 - offset >= limit`.
///
/// Shifted left, a float's bits lose the sign: NaN is above `0xff00_0000`, the band from 0 to the edge's bits. Moved
/// down by the band, that wraps round and comes out above NaN.
@inline(__always)
private func specialRange(_ column: CShimsRankColumn, _ zeroEdge: Float) -> (offset: UInt32, limit: UInt32) {
    let firstNaN: UInt32 = 0xff00_0001
    let offset = column.zeroSpecial != 0 ? (zeroEdge.bitPattern << 1) + 1 : 0
    return (offset, firstNaN - offset)
}
#endif
