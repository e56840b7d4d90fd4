#if arch(x86_64)
public import CShims
internal import CVectors

// A few rows: lanes are trees. A row's codes are a table of 64 or 128 bytes in registers, in which each lane looks up
// the code of its own node's column; the rest is as in `AVX512Kernel.swift`. Several rows share the loads of a slot, and
// their sums, each of which must wait for its last addition, go on side by side.
//
// Safety of this file: the forest's slots and leaves stay inside its own blocks; `codes` is a pass of its columns, and
// `sums` one of its outputs; `work` has `treeLanesWorkByteCount` bytes. One thread uses them.

/// Bytes of working memory: four rows' codes and, by tree of a group, exit leaves.
public let treeLanesWorkByteCount = 4 * 128 + 4 * 64

/// Adds all trees to the float32 sums of rows `0..<count`, in tree order.
///
/// Sums of an output lie `CShimsRowsMax` after the one before, row by row.
@inline(never)
public func addTreeLanesAVX512(
    _ forest: CShimsLaneForest,
    _ codes: UnsafePointer<UInt8>,
    count: Int,
    work: UnsafeMutableRawPointer,
    _ sums: UnsafeMutablePointer<Float>
) {
    var row = 0
    while row < count {
        let rows = min(count - row, 4)
        unsafe copyCodes(forest, codes + row, rows: rows, work)
        if rows == 1 {
            unsafe addFloatsToOneRow(forest, work, sums + row)
        } else {
            unsafe addFloatsToFourRows(forest, work, rows: rows, sums + row)
        }
        row += rows
    }
}

/// Adds all trees to the double sums of rows `0..<count`, in tree order.
@inline(never)
public func addTreeLanesAVX512(
    _ forest: CShimsLaneForest,
    _ codes: UnsafePointer<UInt8>,
    count: Int,
    work: UnsafeMutableRawPointer,
    _ sums: UnsafeMutablePointer<Double>
) {
    var row = 0
    while row < count {
        let rows = min(count - row, 4)
        unsafe copyCodes(forest, codes + row, rows: rows, work)
        if rows == 1 {
            unsafe addDoublesToOneRow(forest, work, sums + row)
        } else {
            unsafe addDoublesToFourRows(forest, work, rows: rows, sums + row)
        }
        row += rows
    }
}

/// Puts each row's codes side by side; all four tables are filled, the last row's again if there are fewer.
@inline(never)
func copyCodes(_ forest: CShimsLaneForest, _ codes: UnsafePointer<UInt8>, rows: Int, _ work: UnsafeMutableRawPointer) {
    let tables = unsafe work.assumingMemoryBound(to: UInt8.self)
    let (second, third, fourth) = (min(1, rows - 1), min(2, rows - 1), rows - 1)
    for column in 0..<Int(unsafe forest.columnCount) {
        let place = unsafe codes + column &* Int(CShimsRowsMax)
        unsafe tables[column] = place[0]
        unsafe tables[column &+ 128] = place[second]
        unsafe tables[column &+ 256] = place[third]
        unsafe tables[column &+ 384] = place[fourth]
    }
}

@inline(never)
func addFloatsToOneRow(_ forest: CShimsLaneForest, _ work: UnsafeMutableRawPointer, _ sums: UnsafeMutablePointer<Float>)
{
    let leaves = unsafe forest.leaves.assumingMemoryBound(to: Float.self)
    unsafe addToOneRow(forest, leaves, work, sums)
}

@inline(never)
func addDoublesToOneRow(
    _ forest: CShimsLaneForest,
    _ work: UnsafeMutableRawPointer,
    _ sums: UnsafeMutablePointer<Double>
) {
    let leaves = unsafe forest.leaves.assumingMemoryBound(to: Double.self)
    unsafe addToOneRow(forest, leaves, work, sums)
}

@inline(never)
func addFloatsToFourRows(
    _ forest: CShimsLaneForest,
    _ work: UnsafeMutableRawPointer,
    rows: Int,
    _ sums: UnsafeMutablePointer<Float>
) {
    let leaves = unsafe forest.leaves.assumingMemoryBound(to: Float.self)
    unsafe addToFourRows(forest, leaves, work, rows: rows, sums)
}

@inline(never)
func addDoublesToFourRows(
    _ forest: CShimsLaneForest,
    _ work: UnsafeMutableRawPointer,
    rows: Int,
    _ sums: UnsafeMutablePointer<Double>
) {
    let leaves = unsafe forest.leaves.assumingMemoryBound(to: Double.self)
    unsafe addToFourRows(forest, leaves, work, rows: rows, sums)
}

@inline(__always)
private func addToOneRow<Value: BinaryFloatingPoint>(
    _ forest: CShimsLaneForest,
    _ allLeaves: UnsafePointer<Value>,
    _ work: UnsafeMutableRawPointer,
    _ sums: UnsafeMutablePointer<Value>
) {
    let exits = unsafe (work + 512).assumingMemoryBound(to: UInt8.self)
    let isWide = unsafe forest.columnCount > 64
    var outputs = unsafe forest.outputs!
    var sum = unsafe sums[0]
    for index in 0..<Int(unsafe forest.groupCount) {
        let group = unsafe forest.groups + index
        if isWide {
            unsafe exitLeaves(OneRow.self, group, forest.slots, work, isWide: true)
        } else {
            unsafe exitLeaves(OneRow.self, group, forest.slots, work, isWide: false)
        }
        var leaves = unsafe allLeaves + Int(group.pointee.leafOffset)
        let (stride, trees) = unsafe (Int(group.pointee.leafStride), Int(group.pointee.treeCount))
        if unsafe forest.outputCount == 1 {
            for tree in 0..<trees {
                unsafe sum += leaves[Int(exits[tree])]
                unsafe leaves += stride
            }
        } else {
            for tree in 0..<trees {
                unsafe sums[Int(outputs[tree]) &* Int(CShimsRowsMax)] += leaves[Int(exits[tree])]
                unsafe leaves += stride
            }
            unsafe outputs += trees
        }
    }
    if unsafe forest.outputCount == 1 { unsafe sums[0] = sum }
}

@inline(__always)
private func addToFourRows<Value: BinaryFloatingPoint>(
    _ forest: CShimsLaneForest,
    _ allLeaves: UnsafePointer<Value>,
    _ work: UnsafeMutableRawPointer,
    rows: Int,
    _ sums: UnsafeMutablePointer<Value>
) {
    let exits = unsafe (work + 512).assumingMemoryBound(to: UInt8.self)
    let isWide = unsafe forest.columnCount > 64
    var outputs = unsafe forest.outputs!
    // Sums past the last row are of no use to anyone, but there is room for them.
    var (sum0, sum1, sum2, sum3) = unsafe (sums[0], sums[1], sums[2], sums[3])
    for index in 0..<Int(unsafe forest.groupCount) {
        let group = unsafe forest.groups + index
        if isWide {
            unsafe exitLeaves(FourRows.self, group, forest.slots, work, isWide: true)
        } else {
            unsafe exitLeaves(FourRows.self, group, forest.slots, work, isWide: false)
        }
        var leaves = unsafe allLeaves + Int(group.pointee.leafOffset)
        let (stride, trees) = unsafe (Int(group.pointee.leafStride), Int(group.pointee.treeCount))
        if unsafe forest.outputCount == 1 {
            for tree in 0..<trees {
                unsafe sum0 += leaves[Int(exits[tree])]
                unsafe sum1 += leaves[Int(exits[tree &+ 64])]
                unsafe sum2 += leaves[Int(exits[tree &+ 128])]
                unsafe sum3 += leaves[Int(exits[tree &+ 192])]
                unsafe leaves += stride
            }
        } else {
            for tree in 0..<trees {
                let sum = unsafe sums + Int(outputs[tree]) &* Int(CShimsRowsMax)
                for row in 0..<rows { unsafe sum[row] += leaves[Int(exits[tree &+ row &* 64])] }
                unsafe leaves += stride
            }
            unsafe outputs += trees
        }
    }
    guard unsafe forest.outputCount == 1 else { return }
    unsafe sums[0] = sum0
    unsafe sums[1] = sum1
    if rows > 2 { unsafe sums[2] = sum2 }
    if rows > 3 { unsafe sums[3] = sum3 }
}

/// Finds the exit leaves of a group's trees, by number, for each row of the set; `work` has the rows' codes.
@inline(__always)
private func exitLeaves<Rows: RowSet>(
    _: Rows.Type,
    _ group: UnsafePointer<CShimsLaneGroup>,
    _ slots: UnsafePointer<UInt8>,
    _ work: UnsafeMutableRawPointer,
    isWide: Bool
) {
    var slot = unsafe UnsafeRawPointer(slots + Int(group.pointee.slotOffset))
    let counts = unsafe (UnsafeRawPointer(group) + 32).assumingMemoryBound(to: UInt16.self)
    let tables = UnsafeRawPointer(work)
    var chosen = Rows(CV_zero())
    var place = Rows(CV_zero())
    var plane = Int(unsafe group.pointee.planeCount)
    while plane > 0 {
        plane &-= 1
        var cleared = Rows(CV_zero())
        let end = unsafe slot + Int(counts[plane]) &* 192
        while unsafe slot < end {
            unsafe cleared.clear(tables, slot, isWide: isWide)
            unsafe slot += 192
        }
        chosen.replace(place: &place, with: CV_every1(UInt8(truncatingIfNeeded: plane &* 8)), whereNotAll: cleared)
    }
    unsafe chosen.storeExits(place, work + 512)
}
#endif
