#if arch(x86_64)
public import CShims
internal import CVectors

// The module is compiled for AVX-512 as a whole: nothing here may run before the processor was asked, and nothing may
// be inlined elsewhere. Nor may it define a weak function, of which the linker keeps one for the whole program: it could
// be this module's, with its instructions, that serves callers on any processor. So functions that stay functions are
// internal and not generic (a private one of a module of several files is weak, and so is a specialised generic), and
// all others are inlined whole; `.ci/fence` looks at the objects.
//
// Safety of this file: the plan's records and leaves stay inside its own blocks; `codes` is a pass of the plan's columns
// and `sums` one of its outputs, both with room for `CShimsRowsMax` rows. One thread uses them.

/// Adds all trees to float32 sums of the first `blocks` blocks of a pass, in tree order.
///
/// Sums of an output lie `CShimsRowsMax` after the one before; those of a block in the order of ``rowOfFloatSum(_:)``.
@inline(never)
public func addTreesAVX512(
    _ forest: CShimsForest,
    _ codes: UnsafePointer<UInt8>,
    blocks: Int,
    _ sums: UnsafeMutablePointer<Float>
) {
    let (codes, sums) = unsafe (UnsafeRawPointer(codes), UnsafeMutableRawPointer(sums))
    switch blocks {
    case 5...: unsafe addFloatsToEightBlocks(forest, codes, sums)
    case 3...: unsafe addFloatsToFourBlocks(forest, codes, sums)
    case 2: unsafe addFloatsToTwoBlocks(forest, codes, sums)
    default: unsafe addFloatsToOneBlock(forest, codes, sums)
    }
}

/// Adds all trees to double sums of the first `blocks` blocks of a pass, in tree order.
///
/// Sums of a block lie in the order of ``rowOfDoubleSum(_:)``.
@inline(never)
public func addTreesAVX512(
    _ forest: CShimsForest,
    _ codes: UnsafePointer<UInt8>,
    blocks: Int,
    _ sums: UnsafeMutablePointer<Double>
) {
    let (codes, sums) = unsafe (UnsafeRawPointer(codes), UnsafeMutableRawPointer(sums))
    switch blocks {
    case 5...: unsafe addDoublesToEightBlocks(forest, codes, sums)
    case 3...: unsafe addDoublesToFourBlocks(forest, codes, sums)
    case 2: unsafe addDoublesToTwoBlocks(forest, codes, sums)
    default: unsafe addDoublesToOneBlock(forest, codes, sums)
    }
}

/// The row, within its block, of the float sum at a place of the block.
///
/// A register of 16 sums takes every fourth row: its indices are then a shift away from the bytes they come in.
@inline(never)
public func rowOfFloatSum(_ place: Int) -> Int { place % 16 * 4 + place / 16 }

/// The row, within its block, of the double sum at a place of the block.
///
/// Halves of 16 leaves come together by interleaving, which takes pairs of neighbours apart.
@inline(never)
public func rowOfDoubleSum(_ place: Int) -> Int {
    let (quarter, half, lane) = (place / 16, place / 8 % 2, place % 8)
    return (lane / 2 * 4 + lane % 2 + half * 2) * 4 + quarter
}

private let blockRows = Int(CShimsBlockRows)

// One function for each number of blocks, each with all it needs inlined: a body shared by several would be specialised
// as a weak symbol, which the module must not have.

@inline(never)
func addFloatsToEightBlocks(_ forest: CShimsForest, _ codes: UnsafeRawPointer, _ sums: UnsafeMutableRawPointer) {
    unsafe addTrees(EightBlocks.self, forest, codes, sums, asDoubles: false)
}

@inline(never)
func addFloatsToFourBlocks(_ forest: CShimsForest, _ codes: UnsafeRawPointer, _ sums: UnsafeMutableRawPointer) {
    unsafe addTrees(FourBlocks.self, forest, codes, sums, asDoubles: false)
}

@inline(never)
func addFloatsToTwoBlocks(_ forest: CShimsForest, _ codes: UnsafeRawPointer, _ sums: UnsafeMutableRawPointer) {
    unsafe addTrees(TwoBlocks.self, forest, codes, sums, asDoubles: false)
}

@inline(never)
func addFloatsToOneBlock(_ forest: CShimsForest, _ codes: UnsafeRawPointer, _ sums: UnsafeMutableRawPointer) {
    unsafe addTrees(OneBlock.self, forest, codes, sums, asDoubles: false)
}

@inline(never)
func addDoublesToEightBlocks(_ forest: CShimsForest, _ codes: UnsafeRawPointer, _ sums: UnsafeMutableRawPointer) {
    unsafe addTrees(EightBlocks.self, forest, codes, sums, asDoubles: true)
}

@inline(never)
func addDoublesToFourBlocks(_ forest: CShimsForest, _ codes: UnsafeRawPointer, _ sums: UnsafeMutableRawPointer) {
    unsafe addTrees(FourBlocks.self, forest, codes, sums, asDoubles: true)
}

@inline(never)
func addDoublesToTwoBlocks(_ forest: CShimsForest, _ codes: UnsafeRawPointer, _ sums: UnsafeMutableRawPointer) {
    unsafe addTrees(TwoBlocks.self, forest, codes, sums, asDoubles: true)
}

@inline(never)
func addDoublesToOneBlock(_ forest: CShimsForest, _ codes: UnsafeRawPointer, _ sums: UnsafeMutableRawPointer) {
    unsafe addTrees(OneBlock.self, forest, codes, sums, asDoubles: true)
}

@inline(__always)
private func addTrees<Blocks: BlockSet>(
    _: Blocks.Type,
    _ forest: CShimsForest,
    _ codes: UnsafeRawPointer,
    _ sums: UnsafeMutableRawPointer,
    asDoubles: Bool
) {
    let matrices = unsafe UnsafeRawPointer(forest.matrices!)
    let sumBytes = asDoubles ? 8 : 4
    for index in 0..<Int(unsafe forest.treeCount) {
        let tree = unsafe forest.trees[index]
        let leaves = unsafe UnsafeRawPointer(forest.leaves + Int(tree.leafOffset))
        let sum = unsafe sums + Int(tree.output) * Int(CShimsRowsMax) * sumBytes
        var record = unsafe UnsafeRawPointer(forest.records + Int(tree.recordOffset))
        var group = Int(tree.groupCount)
        // Leaf numbers that fit one byte are kept as such; of larger trees the group's number alone.
        let scale = tree.groupCount <= 8 ? 8 : 1
        if group <= 256 {
            group -= 1
            var chosen = unsafe keptBits(Blocks.self, &record, codes, matrices)
            var place = Blocks(CV_every1(UInt8(truncatingIfNeeded: group * scale)))
            while group > 0 {
                group -= 1
                let kept = unsafe keptBits(Blocks.self, &record, codes, matrices)
                chosen.replace(with: kept, whereNonzero: kept)
                place.replace(with: Blocks(CV_every1(UInt8(truncatingIfNeeded: group * scale))), whereNonzero: kept)
            }
            chosen.forEach(place) { block, bits, place in
                unsafe addLeaves(
                    tree,
                    leaves,
                    bits: bits,
                    place: place,
                    page: nil,
                    sum + block * blockRows * sumBytes,
                    asDoubles
                )
            }
        } else {
            for block in 0..<Blocks.count {
                unsafe addPagedTree(
                    tree,
                    record,
                    leaves,
                    codes + block * blockRows,
                    matrices,
                    sum + block * blockRows * sumBytes,
                    asDoubles
                )
            }
        }
    }
}

/// Trees of more than 256 groups (2,048 leaves), a block at a time: the group's number takes three bytes.
@inline(__always)
private func addPagedTree(
    _ tree: CShimsTree,
    _ start: UnsafeRawPointer,
    _ leaves: UnsafeRawPointer,
    _ codes: UnsafeRawPointer,
    _ matrices: UnsafeRawPointer,
    _ sum: UnsafeMutableRawPointer,
    _ asDoubles: Bool
) {
    var record = unsafe start
    var chosen = CV_zero()
    var place = CV_zero()
    var page = (low: CV_zero(), high: CV_zero())
    var group = Int(tree.groupCount)
    while group > 0 {
        group -= 1
        var bits = CV_zero()
        unsafe keptBits(OneBlock.self, &record, codes, matrices).forEach(OneBlock(bits)) { _, kept, _ in bits = kept }
        let some = CV_nonzero(bits)
        chosen = CV_selectWhere(chosen, some, bits)
        place = CV_selectWhere(place, some, CV_every1(UInt8(truncatingIfNeeded: group)))
        page.low = CV_selectWhere(page.low, some, CV_every1(UInt8(truncatingIfNeeded: group >> 8)))
        page.high = CV_selectWhere(page.high, some, CV_every1(UInt8(truncatingIfNeeded: group >> 16)))
    }
    unsafe addLeaves(tree, leaves, bits: chosen, place: place, page: page, sum, asDoubles)
}

/// Runs one group's records: the bits that the rows of all blocks keep.
///
/// Few blocks cannot hide the latency of a clear; they take two nodes at a time, each into bits of its own.
@inline(__always)
private func keptBits<Blocks: BlockSet>(
    _: Blocks.Type,
    _ record: inout UnsafeRawPointer,
    _ codes: UnsafeRawPointer,
    _ matrices: UnsafeRawPointer
) -> Blocks {
    let group = unsafe record.loadUnaligned(as: CShimsGroup.self)
    var next = unsafe record + MemoryLayout<CShimsGroup>.stride
    var kept = Blocks(CV_ones())
    var other = Blocks(CV_ones())
    let inPairs = Blocks.count < 8
    let above = unsafe next + Int(group.above) * MemoryLayout<CShimsClear>.stride
    if inPairs, group.above & 1 == 1 {
        unsafe other.keepAbove(place(next, codes), keys(next), matrix(next, matrices))
        unsafe next += MemoryLayout<CShimsClear>.stride
    }
    while unsafe next < above {
        unsafe kept.keepAbove(place(next, codes), keys(next), matrix(next, matrices))
        unsafe next += MemoryLayout<CShimsClear>.stride
        if inPairs {
            unsafe other.keepAbove(place(next, codes), keys(next), matrix(next, matrices))
            unsafe next += MemoryLayout<CShimsClear>.stride
        }
    }
    let notAbove = unsafe next + Int(group.notAbove) * MemoryLayout<CShimsClear>.stride
    if inPairs, group.notAbove & 1 == 1 {
        unsafe other.keepNotAbove(place(next, codes), keys(next), matrix(next, matrices))
        unsafe next += MemoryLayout<CShimsClear>.stride
    }
    while unsafe next < notAbove {
        unsafe kept.keepNotAbove(place(next, codes), keys(next), matrix(next, matrices))
        unsafe next += MemoryLayout<CShimsClear>.stride
        if inPairs {
            unsafe other.keepNotAbove(place(next, codes), keys(next), matrix(next, matrices))
            unsafe next += MemoryLayout<CShimsClear>.stride
        }
    }
    let members = unsafe next + Int(group.members) * MemoryLayout<CShimsMemberClear>.stride
    while unsafe next < members {
        let set = unsafe CV_every8(next.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        unsafe kept.keepMembers(place(next, codes), set, matrix(next, matrices))
        unsafe next += MemoryLayout<CShimsMemberClear>.stride
    }
    unsafe record = next
    if inPairs { kept.formIntersection(other) }
    return kept
}

@inline(__always)
private func place(_ record: UnsafeRawPointer, _ codes: UnsafeRawPointer) -> UnsafeRawPointer {
    unsafe codes + Int(record.loadUnaligned(as: CShimsPlaceAndKeep.self) & ~0xff)
}

@inline(__always)
private func keys(_ record: UnsafeRawPointer) -> CVBytes {
    unsafe CV_every4(record.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
}

@inline(__always)
private func matrix(_ record: UnsafeRawPointer, _ matrices: UnsafeRawPointer) -> CVBytes {
    unsafe CV_every8(
        matrices.loadUnaligned(fromByteOffset: Int(record.loadUnaligned(as: UInt8.self)) * 8, as: UInt64.self)
    )
}

/// Adds the exit leaves of a block's rows to their sums.
@inline(__always)
private func addLeaves(
    _ tree: CShimsTree,
    _ leaves: UnsafeRawPointer,
    bits: CVBytes,
    place: CVBytes,
    page: (low: CVBytes, high: CVBytes)?,
    _ sum: UnsafeMutableRawPointer,
    _ asDoubles: Bool
) {
    let zeros = CV_trailingZeros1(bits)
    if asDoubles {
        let sum = unsafe sum.assumingMemoryBound(to: Double.self)
        if tree.leafForm == CShimsLeavesSplitDouble.rawValue {
            let index = CV_add1(place, zeros)
            unsafe addSplitDoubles(leaves, index, sum)
            unsafe addSplitDoubles(leaves, CV_shiftRight4(index, 8), sum + 16)
            unsafe addSplitDoubles(leaves, CV_shiftRight4(index, 16), sum + 32)
            unsafe addSplitDoubles(leaves, CV_shiftRight4(index, 24), sum + 48)
            return
        }
        let scaled = tree.groupCount <= 8
        let table = unsafe leaves.assumingMemoryBound(to: Double.self)
        for quarter in 0..<4 {
            let index = wideIndex(quarter, zeros, place, page, scaled)
            unsafe CV_addDoubles(sum + quarter * 16, CV_gather8First(table, index))
            unsafe CV_addDoubles(sum + quarter * 16 + 8, CV_gather8Second(table, index))
        }
        return
    }
    let sum = unsafe sum.assumingMemoryBound(to: Float.self)
    if tree.leafCount <= 32 {
        let index = CV_add1(place, zeros)
        let (low, high) = unsafe (CV_load(leaves), CV_load(leaves + 64))
        unsafe CV_addFloats(sum, CV_lookup32(index, low, high))
        unsafe CV_addFloats(sum + 16, CV_lookup32(CV_shiftRight4(index, 8), low, high))
        unsafe CV_addFloats(sum + 32, CV_lookup32(CV_shiftRight4(index, 16), low, high))
        unsafe CV_addFloats(sum + 48, CV_lookup32(CV_shiftRight4(index, 24), low, high))
    } else if tree.leafCount <= 64 {
        let index = CV_add1(place, zeros)
        let first = unsafe (CV_load(leaves), CV_load(leaves + 64))
        let second = unsafe (CV_load(leaves + 128), CV_load(leaves + 192))
        for quarter in 0..<4 {
            let index = CV_shiftRight4(index, UInt32(quarter * 8))
            let inFirst = CV_lookup32(index, first.0, first.1)
            let inSecond = CV_lookup32(index, second.0, second.1)
            let value = CV_select4(inFirst, CV_bit4(index, CV_every4(32)), inSecond)
            unsafe CV_addFloats(sum + quarter * 16, value)
        }
    } else {
        let table = unsafe leaves.assumingMemoryBound(to: Float.self)
        for quarter in 0..<4 {
            let index = wideIndex(quarter, zeros, place, page, false)
            unsafe CV_addFloats(sum + quarter * 16, CV_gather4(table, index))
        }
    }
}

/// Adds 16 doubles whose halves lie in two tables of 32, in the order of ``rowOfDoubleSum(_:)``.
@inline(__always)
private func addSplitDoubles(_ leaves: UnsafeRawPointer, _ index: CVBytes, _ sum: UnsafeMutablePointer<Double>) {
    let low = unsafe CV_lookup32(index, CV_load(leaves), CV_load(leaves + 64))
    let high = unsafe CV_lookup32(index, CV_load(leaves + 128), CV_load(leaves + 192))
    unsafe CV_addDoubles(sum, CV_interleaveLow4(low, high))
    unsafe CV_addDoubles(sum + 8, CV_interleaveHigh4(low, high))
}

/// Leaf numbers of every fourth row, four bytes each: the group's number (scaled or not) and the bit's.
@inline(__always)
private func wideIndex(
    _ quarter: Int,
    _ zeros: CVBytes,
    _ place: CVBytes,
    _ page: (low: CVBytes, high: CVBytes)?,
    _ scaled: Bool
) -> CVBytes {
    let low = CV_every4(0xff)
    let shift = UInt32(quarter * 8)
    let bit = CV_and(CV_shiftRight4(zeros, shift), low)
    let group = CV_and(CV_shiftRight4(place, shift), low)
    var index = CV_or(bit, scaled ? group : CV_shiftLeft4(group, 3))
    if let page {
        index = CV_or(index, CV_shiftLeft4(CV_and(CV_shiftRight4(page.low, shift), low), 11))
        index = CV_or(index, CV_shiftLeft4(CV_and(CV_shiftRight4(page.high, shift), low), 19))
    }
    return index
}
#endif
