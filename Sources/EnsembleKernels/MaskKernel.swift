internal import CLanes
public import CShims

// Masks of tests, for `SlicedKernel.swift`, whose rules for this source and its memory hold here too.

/// Makes the masks of all tests for the first `rows` rows of a pass.
@inline(never)
public func makeMasks(
    _ forest: UnsafePointer<CShimsSlicedForest>,
    _ codes: UnsafePointer<UInt8>,
    rows: Int,
    work: UnsafeMutableRawPointer,
    into masks: UnsafeMutableRawPointer
) {
    // What is not used of whole registers is made too: they are few.
    let isNarrow = rows <= rowsPerRegister
    let registers = isNarrow ? 1 : registersPerMask
    let stride = isNarrow ? registerBytes : maskBytes
    let forest = unsafe forest.pointee
    let planes = unsafe work + planesStart
    for index in 0..<Int(unsafe forest.columnCount) {
        let column = unsafe forest.columns[index]
        let from = unsafe codes + Int(column.column) &* rowsMax
        let to = unsafe masks + Int(column.firstMask) &* stride
        for register in 0..<registers {
            unsafe CL_slice(
                from + register &* rowsPerRegister,
                planes.assumingMemoryBound(to: UInt8.self),
                registerBytes
            )
            unsafe makeMasks(of: planes, count: Int(column.count), stride, into: to + register &* registerBytes)
        }
    }
    for index in 0..<Int(unsafe forest.categoryCount) {
        let feature = unsafe forest.categories[index]
        let from = unsafe codes + Int(feature.firstColumn) &* rowsMax
        for register in 0..<registers {
            let at = register &* registerBytes
            for column in 0..<Int(feature.columnCount) {
                let first = column &* rowsMax &+ register &* rowsPerRegister
                unsafe CL_slice(from + first, planes.assumingMemoryBound(to: UInt8.self), registerBytes)
                unsafe makeFours(of: planes, into: work + column &* (foursPerColumn &* 16 &* registerBytes))
            }
            unsafe makeMasks(of: feature, forest, fours: work, stride, into: masks + at)
        }
    }
}

/// Makes the masks "code at least c" for c from 1 to the count, one after the other, from a column's bit planes.
///
/// A code is eight times its upper five bits and its lower three: it is at least 8 u + i if its upper part is above u, or
/// is u and its lower part at least i. Masks of the upper part double with each plane: at least c with the plane's bit is
/// the plane *and* at least the rest; without it, the plane *or* at least the rest.
@inline(always)
private func makeMasks(
    of planes: UnsafeMutableRawPointer,
    count: Int,
    _ stride: Int,
    into masks: UnsafeMutableRawPointer
) {
    let (p0, p1, p2) = unsafe (
        CL_load(planes), CL_load(planes + registerBytes), CL_load(planes + 2 &* registerBytes)
    )
    let (or01, and01) = (CL_or(p0, p1), CL_and(p0, p1))
    let low1 = CL_or(or01, p2)
    let low2 = CL_or(p1, p2)
    let low3 = CL_or(and01, p2)
    let low5 = CL_and(or01, p2)
    let low6 = CL_and(p1, p2)
    let low7 = CL_and(and01, p2)
    // Masks of the upper part, from 1 on, behind the planes.
    let upper = unsafe planes + 8 &* registerBytes
    let upperCount = count &>> 3
    var known = 1
    var plane = 3
    while known <= upperCount {
        let bits = unsafe CL_load(planes + plane &* registerBytes)
        var rest = 1
        while rest < known, rest &+ known <= upperCount {
            let at = unsafe CL_load(upper + rest &* registerBytes)
            unsafe CL_store(upper + (rest &+ known) &* registerBytes, CL_and(bits, at))
            rest &+= 1
        }
        unsafe CL_store(upper + known &* registerBytes, bits)
        rest = 1
        while rest < known {
            let at = unsafe CL_load(upper + rest &* registerBytes)
            unsafe CL_store(upper + rest &* registerBytes, CL_or(bits, at))
            rest &+= 1
        }
        known &*= 2
        plane &+= 1
    }
    var least = CL_ones()
    var to = unsafe masks
    for part in 0..<upperCount {
        let above = unsafe CL_load(upper + (part &+ 1) &* registerBytes)
        let equal = CL_xor(least, above)
        unsafe CL_store(to, CL_or(above, CL_and(equal, low1)))
        unsafe CL_store(to + stride, CL_or(above, CL_and(equal, low2)))
        unsafe CL_store(to + 2 &* stride, CL_or(above, CL_and(equal, low3)))
        unsafe CL_store(to + 3 &* stride, CL_or(above, CL_and(equal, p2)))
        unsafe CL_store(to + 4 &* stride, CL_or(above, CL_and(equal, low5)))
        unsafe CL_store(to + 5 &* stride, CL_or(above, CL_and(equal, low6)))
        unsafe CL_store(to + 6 &* stride, CL_or(above, CL_and(equal, low7)))
        unsafe CL_store(to + 7 &* stride, above)
        unsafe to += 8 &* stride
        least = above
    }
    // The last part has no code above it.
    let left = count & 7
    if left > 0 { unsafe CL_store(to, CL_and(least, low1)) }
    if left > 1 { unsafe CL_store(to + stride, CL_and(least, low2)) }
    if left > 2 { unsafe CL_store(to + 2 &* stride, CL_and(least, low3)) }
    if left > 3 { unsafe CL_store(to + 3 &* stride, CL_and(least, p2)) }
    if left > 4 { unsafe CL_store(to + 4 &* stride, CL_and(least, low5)) }
    if left > 5 { unsafe CL_store(to + 5 &* stride, CL_and(least, low6)) }
    if left > 6 { unsafe CL_store(to + 6 &* stride, CL_and(least, low7)) }
}

// Categories -------------------------------------------------------------------------------------------------------

private let foursPerColumn = 16

/// Makes, for each four codes that follow each other, the masks of all sixteen sets of them, from a column's bit planes.
///
/// A code is four times its upper four bits and its lower two: whether those are in a set of four is one of sixteen
/// functions of two planes, the same for every four.
@inline(always)
private func makeFours(of planes: UnsafeMutableRawPointer, into fours: UnsafeMutableRawPointer) {
    let (p0, p1) = unsafe (CL_load(planes), CL_load(planes + registerBytes))
    let ones = CL_ones()
    let is3 = CL_and(p0, p1)
    let (is0, is1, is2) = (CL_xor(ones, CL_or(p0, p1)), CL_xor(p0, is3), CL_xor(p1, is3))
    // The sets, behind the planes; then the functions of two planes that a code's upper bits are.
    let sets = unsafe planes + 8 &* registerBytes
    unsafe CL_store(sets, CL_zero())
    for set in 1..<16 {
        let rest = unsafe CL_load(sets + (set & (set &- 1)) &* registerBytes)
        let last = set.trailingZeroBitCount
        let one = last < 2 ? (last == 0 ? is0 : is1) : (last == 2 ? is2 : is3)
        unsafe CL_store(sets + set &* registerBytes, CL_or(rest, one))
    }
    for four in 0..<foursPerColumn {
        var upper = ones
        for bit in 0..<4 {
            let plane = unsafe CL_load(planes + (bit &+ 2) &* registerBytes)
            upper = CL_and(upper, four &>> bit & 1 == 1 ? plane : CL_xor(plane, ones))
        }
        let to = unsafe fours + four &* (16 &* registerBytes)
        for set in 0..<16 {
            let at = set &* registerBytes
            unsafe CL_store(to + at, CL_and(upper, CL_load(sets + at)))
        }
    }
}

/// Makes the masks of a feature's tests.
@inline(always)
private func makeMasks(
    of feature: CShimsSlicedCategories,
    _ forest: CShimsSlicedForest,
    fours: UnsafeRawPointer,
    _ stride: Int,
    into masks: UnsafeMutableRawPointer
) {
    for index in 0..<Int(feature.runCount) {
        let run = unsafe forest.runs[Int(feature.firstRun) &+ index]
        let count = Int(run.entryCount)
        let flip = run.isInverted == 1 ? CL_ones() : CL_zero()
        var entry = unsafe forest.entries + Int(run.firstEntry)
        var to = unsafe masks + Int(run.firstMask) &* stride
        for _ in 0..<Int(run.testCount) {
            var found = CL_zero()
            for at in 0..<count { found = unsafe CL_or(found, CL_load(fours + Int(entry[at]) &* registerBytes)) }
            unsafe CL_store(to, CL_xor(found, flip))
            unsafe entry += count
            unsafe to += stride
        }
    }
}
