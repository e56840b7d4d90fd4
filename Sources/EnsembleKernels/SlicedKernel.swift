internal import CLanes
public import CShims

// One source for every instruction set: other modules hold a link to this file and are compiled for theirs.
//
// Nothing here may be inlined elsewhere, and no weak function may be defined: functions that stay functions are internal
// and not generic, all others are inlined whole; `.ci/fence` looks at the objects.
//
// Safety of this file: the forest's numbers stay inside its own blocks; `codes` is a pass of its columns, `masks` has 64
// bytes for each of its masks, `sums` a pass of its outputs, and `work` has ``slicedWorkByteCount`` bytes, all aligned to
// 64. One thread uses them.

// Constants of this module's registers, for the files beside this one too.

let maskBytes = Int(CShimsMaskBytes)
let registerBytes = Int(CL_byteCount)
/// Rows whose exit codes one register holds.
private let leafRows = Int(CL_leafByteCount)
/// Registers that a mask takes.
let registersPerMask = 64 / Int(CL_byteCount)
/// Rows whose bits one register holds.
let rowsPerRegister = 8 * Int(CL_byteCount)
let rowsMax = Int(CShimsRowsMax)

/// Masks of one register lie as close as that.
private let narrowShift = registersPerMask.trailingZeroBitCount
/// Steps, or twigs, by which a mask is asked for early; as many follow the last one.
private let stepsAhead = Int(CShimsStepsAhead)

/// Working memory: slots, exit codes, and planes of a column.
public let slicedWorkByteCount = planesStart + 40 * 64

private let exitsStart = Int(CShimsSlotsMax) * 64
/// Where mask making has its planes.
let planesStart = exitsStart + treesTogetherMax * Int(CShimsRowsMax)
/// Trees whose leaves are added together.
private let treesTogetherMax = 8

/// Whether leaves of up to 64 codes are looked up byte by byte.
@inline(never)
public func slicedKernelHasLookups() -> Bool { CL_hasLookups != 0 }

/// Rows that cost as much as one: those of a register's bits.
@inline(never)
public func slicedKernelRowStep() -> Int { rowsPerRegister }

// Trees ------------------------------------------------------------------------------------------------------------

/// Adds the trees of some groups to the sums of the first `rows` rows of a pass, in tree order; sums are doubles or floats.
///
/// Sums of an output lie `CShimsRowsMax` after the one before, row by row; those up to the next multiple of
/// ``slicedKernelRowStep()`` are scribbled on.
@inline(never)
public func addSlicedTrees(
    _ forest: UnsafePointer<CShimsSlicedForest>,
    firstGroup: Int,
    groupCount: Int,
    _ masks: UnsafeRawPointer,
    rows: Int,
    work: UnsafeMutableRawPointer,
    _ sums: UnsafeMutableRawPointer,
    asDoubles: Bool
) {
    let groups = firstGroup..<firstGroup &+ groupCount
    // Told apart here, so that each is compiled for itself.
    if asDoubles {
        unsafe addGroups(forest, groups, masks, rows, work, sums, asDoubles: true)
    } else {
        unsafe addGroups(forest, groups, masks, rows, work, sums, asDoubles: false)
    }
}

@inline(always)
private func addGroups(
    _ forest: UnsafePointer<CShimsSlicedForest>,
    _ groups: Range<Int>,
    _ masks: UnsafeRawPointer,
    _ rows: Int,
    _ work: UnsafeMutableRawPointer,
    _ sums: UnsafeMutableRawPointer,
    asDoubles: Bool
) {
    for index in groups {
        if rows > rowsPerRegister {
            unsafe addGroup(
                forest,
                index,
                masks,
                maskShift: 0,
                rows,
                registersPerMask,
                work,
                sums,
                asDoubles: asDoubles
            )
        } else {
            unsafe addGroup(forest, index, masks, maskShift: narrowShift, rows, 1, work, sums, asDoubles: asDoubles)
        }
    }
}

/// Adds a group's trees; masks lie `CShimsMaskBytes >> maskShift` apart.
@inline(always)
private func addGroup(
    _ forest: UnsafePointer<CShimsSlicedForest>,
    _ index: Int,
    _ masks: UnsafeRawPointer,
    maskShift: Int,
    _ rows: Int,
    _ registers: Int,
    _ work: UnsafeMutableRawPointer,
    _ sums: UnsafeMutableRawPointer,
    asDoubles: Bool
) {
    let group = unsafe forest.pointee.groups + index
    unsafe takeSteps(forest, group, masks, maskShift, registers, work)
    unsafe takeTwigs(forest, group, masks, maskShift, registers, work)
    unsafe pourPairs(forest, group, registers, work)
    let allExits = unsafe (work + exitsStart).assumingMemoryBound(to: UInt8.self)
    var exits = unsafe allExits
    var tree = unsafe forest.pointee.trees + Int(group.pointee.firstTree)
    let end = unsafe tree + Int(group.pointee.treeCount)
    while unsafe tree < end {
        let count = unsafe countTogether(tree, end)
        for index in 0..<count {
            let next = unsafe tree + index
            if unsafe next.pointee.exitsAsBefore == 0 {
                unsafe exits = allExits + index &* rowsMax
                unsafe storeExits(forest, next, masks, maskShift, registers, work, exits)
            }
        }
        let output = unsafe Int(tree.pointee.output)
        if asDoubles {
            let sums = unsafe sums.assumingMemoryBound(to: Double.self) + output &* rowsMax
            unsafe addDoubles(forest, tree, count, count > 1 ? allExits : exits, rows: rows, sums)
        } else {
            let sums = unsafe sums.assumingMemoryBound(to: Float.self) + output &* rowsMax
            unsafe addFloats(forest, tree, count, count > 1 ? allExits : exits, rows: rows, sums)
        }
        unsafe tree += count
    }
}

/// How many trees, from this one on, are added together: those that have leaves of one form for one sum.
@inline(always)
private func countTogether(_ tree: UnsafePointer<CShimsSlicedTree>, _ end: UnsafePointer<CShimsSlicedTree>) -> Int {
    guard CL_hasLeafRegisters() != 0, unsafe hasLeafRegisters(tree), unsafe tree.pointee.exitsAsBefore == 0 else {
        return 1
    }
    let most = min(treesTogetherMax, unsafe end - tree)
    var count = 1
    while count < most {
        let (next, first) = unsafe (tree[count], tree[0])
        guard next.leafForm == first.leafForm, next.blockCount == first.blockCount, next.output == first.output,
            next.exitsAsBefore == 0
        else { break }
        count &+= 1
    }
    return count
}

/// Whether a tree's leaves are looked up among whole values in registers.
@inline(always)
private func hasLeafRegisters(_ tree: UnsafePointer<CShimsSlicedTree>) -> Bool {
    switch unsafe UInt32(tree.pointee.leafForm) {
    case CShimsBytesOfFloats.rawValue: true
    case CShimsBytesOfDoubles.rawValue: unsafe tree.pointee.blockCount == 1
    default: false
    }
}

/// Stores each row's exit code in a tree.
@inline(always)
private func storeExits(
    _ forest: UnsafePointer<CShimsSlicedForest>,
    _ tree: UnsafePointer<CShimsSlicedTree>,
    _ masks: UnsafeRawPointer,
    _ maskShift: Int,
    _ registers: Int,
    _ work: UnsafeMutableRawPointer,
    _ exits: UnsafeMutablePointer<UInt8>
) {
    if unsafe tree.pointee.levelCount > 0 {
        let levels = unsafe forest.pointee.levels + Int(tree.pointee.firstLevel)
        for register in 0..<registers {
            let at = register &* registerBytes
            unsafe storeLevels(levels, Int(tree.pointee.levelCount), masks + at, maskShift, exits + at &* 8)
        }
    } else {
        let slots = unsafe work + Int(tree.pointee.firstSlot)
        let lowest = unsafe work + Int(tree.pointee.lowestSlot)
        for register in 0..<registers {
            let at = register &* registerBytes
            let blocks = Int(unsafe tree.pointee.blockCount)
            unsafe storeExits(slots + at, blocks: blocks, CL_load(lowest + at), exits + at &* 8)
        }
    }
}

/// Puts all rows at the roots and none in empty slots, and takes the steps.
@inline(always)
private func takeSteps(
    _ forest: UnsafePointer<CShimsSlicedForest>,
    _ group: UnsafePointer<CShimsSlicedGroup>,
    _ masks: UnsafeRawPointer,
    _ maskShift: Int,
    _ registers: Int,
    _ work: UnsafeMutableRawPointer
) {
    let trees = unsafe forest.pointee.trees + Int(group.pointee.firstTree)
    for index in 0..<Int(unsafe group.pointee.treeCount) {
        let root = unsafe work + Int(trees[index].firstSlot)
        for register in 0..<registers { unsafe CL_store(root + register &* registerBytes, CL_ones()) }
    }
    var empty = unsafe forest.pointee.empties + Int(group.pointee.firstEmpty)
    let lastEmpty = unsafe empty + Int(group.pointee.emptyCount)
    while unsafe empty < lastEmpty {
        let slot = unsafe work + Int(empty.pointee)
        for register in 0..<registers { unsafe CL_store(slot + register &* registerBytes, CL_zero()) }
        unsafe empty += 1
    }
    var step = unsafe forest.pointee.steps + Int(group.pointee.firstStep)
    let end = unsafe step + Int(group.pointee.stepCount)
    while unsafe step < end {
        // Masks lie anywhere among hundreds of kilobytes; the narrowest are soon there.
        if registerBytes > 16 { unsafe CL_prefetch(masks + Int(step[stepsAhead].mask) &>> maskShift) }
        let mask = unsafe masks + Int(step.pointee.mask) &>> maskShift
        let reach = unsafe work + Int(step.pointee.reach)
        let stays = unsafe work + Int(step.pointee.stays)
        let passes = unsafe work + Int(step.pointee.passes)
        for register in 0..<registers {
            let at = register &* registerBytes
            let rows = unsafe CL_load(reach + at)
            let passing = unsafe CL_and(rows, CL_load(mask + at))
            unsafe CL_store(stays + at, CL_xor(rows, passing))
            unsafe CL_store(passes + at, passing)
        }
        unsafe step += 1
    }
}

/// Adds the rows that pass their twig's test to their tree's lowest bits.
@inline(always)
private func takeTwigs(
    _ forest: UnsafePointer<CShimsSlicedForest>,
    _ group: UnsafePointer<CShimsSlicedGroup>,
    _ masks: UnsafeRawPointer,
    _ maskShift: Int,
    _ registers: Int,
    _ work: UnsafeMutableRawPointer
) {
    var twig = unsafe forest.pointee.twigs + Int(group.pointee.firstTwig)
    let end = unsafe twig + Int(group.pointee.twigCount)
    while unsafe twig < end {
        if registerBytes > 16 { unsafe CL_prefetch(masks + Int(twig[stepsAhead].mask) &>> maskShift) }
        let mask = unsafe masks + Int(twig.pointee.mask) &>> maskShift
        let reach = unsafe work + Int(twig.pointee.reach)
        let lowest = unsafe work + Int(twig.pointee.lowest)
        for register in 0..<registers {
            let at = register &* registerBytes
            let passing = unsafe CL_and(CL_load(reach + at), CL_load(mask + at))
            unsafe CL_store(lowest + at, CL_or(CL_load(lowest + at), passing))
        }
        unsafe twig += 1
    }
}

/// Pours partners into their pairs' slots, and adds them to the lowest bits.
@inline(always)
private func pourPairs(
    _ forest: UnsafePointer<CShimsSlicedForest>,
    _ group: UnsafePointer<CShimsSlicedGroup>,
    _ registers: Int,
    _ work: UnsafeMutableRawPointer
) {
    var pair = unsafe forest.pointee.pairs + Int(group.pointee.firstPair)
    let end = unsafe pair + Int(group.pointee.pairCount)
    while unsafe pair < end {
        let slot = unsafe work + Int(pair.pointee.slot)
        let partner = unsafe work + Int(pair.pointee.partner)
        let lowest = unsafe work + Int(pair.pointee.lowest)
        for register in 0..<registers {
            let at = register &* registerBytes
            let rows = unsafe CL_load(partner + at)
            unsafe CL_store(slot + at, CL_or(CL_load(slot + at), rows))
            unsafe CL_store(lowest + at, CL_or(CL_load(lowest + at), rows))
        }
        unsafe pair += 1
    }
}

/// An oblivious tree's exit codes: its levels' masks are their bits.
@inline(always)
private func storeLevels(
    _ levels: UnsafePointer<UInt32>,
    _ count: Int,
    _ masks: UnsafeRawPointer,
    _ maskShift: Int,
    _ exits: UnsafeMutablePointer<UInt8>
) {
    let p0 = unsafe CL_load(masks + Int(levels[0]) &>> maskShift)
    let p1 = unsafe CL_load(masks + Int(levels[1]) &>> maskShift)
    let p2 = unsafe count > 2 ? CL_load(masks + Int(levels[2]) &>> maskShift) : CL_zero()
    let p3 = unsafe count > 3 ? CL_load(masks + Int(levels[3]) &>> maskShift) : CL_zero()
    let p4 = unsafe count > 4 ? CL_load(masks + Int(levels[4]) &>> maskShift) : CL_zero()
    let p5 = unsafe count > 5 ? CL_load(masks + Int(levels[5]) &>> maskShift) : CL_zero()
    let p6 = unsafe count > 6 ? CL_load(masks + Int(levels[6]) &>> maskShift) : CL_zero()
    let p7 = unsafe count > 7 ? CL_load(masks + Int(levels[7]) &>> maskShift) : CL_zero()
    unsafe CL_unslice8(exits, p0, p1, p2, p3, p4, p5, p6, p7)
}

/// Turns slots of rows into each row's exit code: bit i of the slot's number is bit i + 1 of the code.
@inline(always)
private func storeExits(
    _ slots: UnsafeRawPointer,
    blocks: Int,
    _ lowest: CLBits,
    _ exits: UnsafeMutablePointer<UInt8>
) {
    var p1 = CL_zero()
    var p2 = CL_zero()
    var p3 = CL_zero()
    var p4 = CL_zero()
    if blocks == 1 {
        _ = unsafe addBlock(slots, &p1, &p2, &p3, &p4, needsAll: false)
        unsafe CL_unslice5(exits, lowest, p1, p2, p3, p4)
        return
    }
    var p5 = CL_zero()
    var p6 = CL_zero()
    var p7 = CL_zero()
    for block in 0..<blocks {
        let start = unsafe slots + block &* Int(CShimsSlotsPerBlock) &* maskBytes
        let all = unsafe addBlock(start, &p1, &p2, &p3, &p4, needsAll: true)
        if block & 1 != 0 { p5 = CL_or(p5, all) }
        if block & 2 != 0 { p6 = CL_or(p6, all) }
        if block & 4 != 0 { p7 = CL_or(p7, all) }
    }
    unsafe CL_unslice8(exits, lowest, p1, p2, p3, p4, p5, p6, p7)
}

/// Adds 16 slots to the planes of their numbers' bits.
///
/// - Returns: the rows of all 16.
@inline(always)
private func addBlock(
    _ slots: UnsafeRawPointer,
    _ p1: inout CLBits,
    _ p2: inout CLBits,
    _ p3: inout CLBits,
    _ p4: inout CLBits,
    needsAll: Bool
) -> CLBits {
    let first = unsafe addFour(slots, &p1, &p2)
    let second = unsafe addFour(slots + 4 &* maskBytes, &p1, &p2)
    let third = unsafe addFour(slots + 8 &* maskBytes, &p1, &p2)
    let fourth = unsafe addFour(slots + 12 &* maskBytes, &p1, &p2)
    p3 = CL_or(p3, CL_or(second, fourth))
    let upper = CL_or(third, fourth)
    p4 = CL_or(p4, upper)
    return needsAll ? CL_or(upper, CL_or(first, second)) : upper
}

@inline(always)
private func addFour(_ slots: UnsafeRawPointer, _ p1: inout CLBits, _ p2: inout CLBits) -> CLBits {
    let (s0, s1) = unsafe (CL_load(slots), CL_load(slots + maskBytes))
    let (s2, s3) = unsafe (CL_load(slots + 2 &* maskBytes), CL_load(slots + 3 &* maskBytes))
    p1 = CL_or(p1, CL_or(s1, s3))
    let upper = CL_or(s2, s3)
    p2 = CL_or(p2, upper)
    return CL_or(upper, CL_or(s0, s1))
}

// Leaves -----------------------------------------------------------------------------------------------------------

/// Adds the leaves of some trees, whose exit codes lie a pass after each other.
@inline(always)
private func addFloats(
    _ forest: UnsafePointer<CShimsSlicedForest>,
    _ tree: UnsafePointer<CShimsSlicedTree>,
    _ count: Int,
    _ exits: UnsafePointer<UInt8>,
    rows: Int,
    _ sums: UnsafeMutablePointer<Float>
) {
    let all = unsafe forest.pointee.leaves
    let leaves = unsafe all! + Int(tree.pointee.leafOffset)
    if unsafe tree.pointee.leafForm == UInt16(CShimsBytesOfFloats.rawValue) {
        let isSmall = unsafe tree.pointee.blockCount == 1
        if CL_hasLeafRegisters() != 0 {
            let trees = unsafe registerTrees(all!, tree, count, plainAfter: isSmall ? 4 &* 32 : 4 &* 64)
            var row = 0
            while row < rows {
                if isSmall {
                    unsafe CL_addOfFloats(sums + row, trees, exits + row, 32)
                } else {
                    unsafe CL_addOfFloats(sums + row, trees, exits + row, 64)
                }
                row &+= 64
            }
            return
        }
        var row = 0
        while row < rows {
            let index = unsafe CL_orderForFloats(CL_loadCodes(exits + row))
            if isSmall {
                unsafe CL_addFloats(
                    sums + row,
                    CL_lookupOf32(leaves, index),
                    CL_lookupOf32(leaves + 32, index),
                    CL_lookupOf32(leaves + 64, index),
                    CL_lookupOf32(leaves + 96, index)
                )
            } else {
                unsafe CL_addFloats(
                    sums + row,
                    CL_lookupOf64(leaves, index),
                    CL_lookupOf64(leaves + 64, index),
                    CL_lookupOf64(leaves + 128, index),
                    CL_lookupOf64(leaves + 192, index)
                )
            }
            row &+= leafRows
        }
        return
    }
    let values = unsafe UnsafeRawPointer(leaves).assumingMemoryBound(to: Float.self)
    var row = 0
    while row < rows {
        unsafe CL_addFourFloats(sums + row, values, exits + row)
        row &+= 4
    }
}

@inline(always)
private func addDoubles(
    _ forest: UnsafePointer<CShimsSlicedForest>,
    _ tree: UnsafePointer<CShimsSlicedTree>,
    _ count: Int,
    _ exits: UnsafePointer<UInt8>,
    rows: Int,
    _ sums: UnsafeMutablePointer<Double>
) {
    let all = unsafe forest.pointee.leaves
    let leaves = unsafe all! + Int(tree.pointee.leafOffset)
    if unsafe tree.pointee.leafForm == UInt16(CShimsBytesOfDoubles.rawValue) {
        if unsafe tree.pointee.blockCount > 1 {
            unsafe addBytesOfDoubles(leaves, exits, codes: 64, rows: rows, sums)
        } else if CL_hasLeafRegisters() != 0 {
            let trees = unsafe registerTrees(all!, tree, count, plainAfter: 8 &* 32)
            var row = 0
            while row < rows {
                unsafe CL_addOf32Doubles(sums + row, trees, exits + row)
                row &+= 64
            }
        } else {
            unsafe addBytesOfDoubles(leaves, exits, codes: 32, rows: rows, sums)
        }
        return
    }
    unsafe addPlain(UnsafeRawPointer(leaves).assumingMemoryBound(to: Double.self), exits, rows: rows, sums)
}

/// Some trees for the lookups in registers.
@inline(always)
private func registerTrees(
    _ leaves: UnsafePointer<UInt8>,
    _ tree: UnsafePointer<CShimsSlicedTree>,
    _ count: Int,
    plainAfter bytes: Int
) -> CLTrees {
    unsafe CLTrees(
        leaves: leaves,
        records: UnsafeRawPointer(tree).assumingMemoryBound(to: UInt8.self),
        stride: MemoryLayout<CShimsSlicedTree>.stride,
        count: count,
        plain: bytes,
        exitStride: rowsMax
    )
}

/// Adds leaves that are looked up byte by byte.
///
/// Shuffles are what a register of 32 rows waits for, while loads idle: so it takes some further rows along whose leaves
/// are loaded one by one, from the plain values behind the bytes. Twice as many codes take nearly twice the shuffles.
@inline(always)
private func addBytesOfDoubles(
    _ leaves: UnsafePointer<UInt8>,
    _ exits: UnsafePointer<UInt8>,
    codes: Int,
    rows: Int,
    _ sums: UnsafeMutablePointer<Double>
) {
    let plain = unsafe UnsafeRawPointer(leaves + 8 &* codes).assumingMemoryBound(to: Double.self)
    let alongPerByte = leafRows == 32 ? 4 : 0
    var row = 0
    // Whole registers of rows, whatever lies behind the last one.
    let end = (rows &+ leafRows &- 1) & ~(leafRows &- 1)
    while row &+ leafRows &+ 8 &* alongPerByte <= end {
        unsafe addBytesOfDoubles(leaves, plain, exits, row, codes: codes, alongPerByte, sums)
        row &+= leafRows &+ 8 &* alongPerByte
    }
    while row < end {
        unsafe addBytesOfDoubles(leaves, plain, exits, row, codes: codes, 0, sums)
        row &+= leafRows
    }
}

@inline(always)
private func addBytesOfDoubles(
    _ leaves: UnsafePointer<UInt8>,
    _ plain: UnsafePointer<Double>,
    _ exits: UnsafePointer<UInt8>,
    _ row: Int,
    codes: Int,
    _ alongPerByte: Int,
    _ sums: UnsafeMutablePointer<Double>
) {
    let index = unsafe CL_orderForDoubles(CL_loadCodes(exits + row))
    let along = row &+ leafRows
    let b0 = unsafe bytes(leaves, 0, codes, index)
    unsafe addPlain(plain, exits, along, alongPerByte, sums)
    let b1 = unsafe bytes(leaves, 1, codes, index)
    unsafe addPlain(plain, exits, along &+ alongPerByte, alongPerByte, sums)
    let b2 = unsafe bytes(leaves, 2, codes, index)
    unsafe addPlain(plain, exits, along &+ 2 &* alongPerByte, alongPerByte, sums)
    let b3 = unsafe bytes(leaves, 3, codes, index)
    unsafe addPlain(plain, exits, along &+ 3 &* alongPerByte, alongPerByte, sums)
    let b4 = unsafe bytes(leaves, 4, codes, index)
    unsafe addPlain(plain, exits, along &+ 4 &* alongPerByte, alongPerByte, sums)
    let b5 = unsafe bytes(leaves, 5, codes, index)
    unsafe addPlain(plain, exits, along &+ 5 &* alongPerByte, alongPerByte, sums)
    let b6 = unsafe bytes(leaves, 6, codes, index)
    unsafe addPlain(plain, exits, along &+ 6 &* alongPerByte, alongPerByte, sums)
    let b7 = unsafe bytes(leaves, 7, codes, index)
    unsafe addPlain(plain, exits, along &+ 7 &* alongPerByte, alongPerByte, sums)
    unsafe CL_addDoubles(sums + row, b0, b1, b2, b3, b4, b5, b6, b7)
}

@inline(always)
private func bytes(_ leaves: UnsafePointer<UInt8>, _ byte: Int, _ codes: Int, _ index: CLCodes) -> CLCodes {
    unsafe codes == 32 ? CL_lookupOf32(leaves + byte &* 32, index) : CL_lookupOf64(leaves + byte &* 64, index)
}

/// Adds leaves that are loaded one by one, four rows at a time, whatever lies behind the last one.
@inline(always)
private func addPlain(
    _ leaves: UnsafePointer<Double>,
    _ exits: UnsafePointer<UInt8>,
    rows: Int,
    _ sums: UnsafeMutablePointer<Double>
) {
    var row = 0
    while row < rows {
        unsafe CL_addFourDoubles(sums + row, leaves, exits + row)
        row &+= 4
    }
}

/// Adds the leaves of four rows, if they are rows that go along.
@inline(always)
private func addPlain(
    _ leaves: UnsafePointer<Double>,
    _ exits: UnsafePointer<UInt8>,
    _ first: Int,
    _ count: Int,
    _ sums: UnsafeMutablePointer<Double>
) {
    if count > 0 { unsafe CL_addFourDoubles(sums + first, leaves, exits + first) }
}
