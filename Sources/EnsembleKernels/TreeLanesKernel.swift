internal import CLanes
public import CShims

// A few rows: lanes are trees. A row's codes are a table in a register, in which each lane looks up the code of its own
// node's column; the leaves not cleared tell where it exits. Several rows share the loads of a slot and of the leaves.
//
// A sum waits four cycles for each addition, since the order is given: 500 trees take a row 2,000 cycles, most of what a
// single row costs. Sums of several rows go on side by side.
//
// Safety of this file: the forest's slots and leaves stay inside its own blocks; `codes` is a pass of its columns, and
// `sums` one of its outputs, with room for `CShimsRowsMax` rows; `work` has `treeLanesWorkByteCount` bytes. One thread
// uses them.

/// Bytes of working memory: four rows' two tables, by tree of a group their exit leaves, and by categorical feature the
/// class that each has and where its bits are.
public let treeLanesWorkByteCount = classesStart + 4 * categoriesMax * 12

private let rowsAtOnceMax = 4
private let exitsStart = 4 * 128
private let classBitsStart = exitsStart + 4 * 64
private let classesStart = classBitsStart + 4 * categoriesMax * 8
private let categoriesMax = Int(CShimsLaneCategoriesMax)
private let classesPerColumn = Int(CShimsClassesPerColumn)

/// Whether this module's instruction set looks a row's codes up in registers.
@inline(never)
public func hasTreeLanes() -> Bool { CL_hasTreeLanes != 0 }

/// Adds all trees to the sums of rows `0..<count`, in tree order; sums are doubles or floats.
///
/// Codes of a row are `columnStride` apart, and with 1 there is room for 128 from the first on.
///
/// Sums of an output lie `CShimsRowsMax` after the one before, row by row; up to three after the last are scribbled on.
@inline(never)
public func addTreeLanes(
    _ forest: CShimsLaneForest,
    _ codes: UnsafePointer<UInt8>,
    columnStride: Int,
    rowStride: Int,
    count: Int,
    work: UnsafeMutableRawPointer,
    _ sums: UnsafeMutableRawPointer,
    asDoubles: Bool
) {
    // Told apart here, so that each is compiled for itself.
    if asDoubles {
        unsafe addRows(forest, codes, columnStride, rowStride, count, work, sums.assumingMemoryBound(to: Double.self))
    } else {
        unsafe addRows(forest, codes, columnStride, rowStride, count, work, sums.assumingMemoryBound(to: Float.self))
    }
}

@inline(always)
private func addRows<Value: BinaryFloatingPoint>(
    _ forest: CShimsLaneForest,
    _ codes: UnsafePointer<UInt8>,
    _ columnStride: Int,
    _ rowStride: Int,
    _ count: Int,
    _ work: UnsafeMutableRawPointer,
    _ sums: UnsafeMutablePointer<Value>
) {
    let leaves = unsafe forest.leaves.assumingMemoryBound(to: Value.self)
    var row = 0
    while row < count {
        let rows = rowsAtOnce(count &- row)
        let given = min(rows, count &- row)
        let codes = unsafe codes + row &* rowStride
        unsafe fillTables(forest, codes, columnStride, rowStride, rows: given, work)
        unsafe findClasses(forest, codes, columnStride, rowStride, rows: given, work)
        switch rows {
        case 1 where unsafe forest.outputCount == 1: unsafe addTreesOfOneRow(forest, leaves, work, sums + row)
        case 1: unsafe addTrees(OneRow.self, forest, leaves, work, sums + row)
        case 2: unsafe addTrees(TwoRows.self, forest, leaves, work, sums + row)
        default: unsafe addTrees(FourRows.self, forest, leaves, work, sums + row)
        }
        row &+= rows
    }
}

/// How many of the rows left go next: powers of two, of which the last may be filled up.
@inline(always)
private func rowsAtOnce(_ left: Int) -> Int {
    left < 3 ? left : rowsAtOnceMax
}

/// Makes each row's table of 64 codes, or both.
@inline(never)
func fillTables(
    _ forest: CShimsLaneForest,
    _ codes: UnsafePointer<UInt8>,
    _ columnStride: Int,
    _ rowStride: Int,
    rows: Int,
    _ work: UnsafeMutableRawPointer
) {
    let columns = Int(unsafe forest.columnCount)
    let order = unsafe forest.tableColumns!
    for row in 0..<rows {
        let table = unsafe (work + row &* 128).assumingMemoryBound(to: UInt8.self)
        let codes = unsafe codes + row &* rowStride
        if columnStride == 1, CL_hasRankLookups() != 0 {
            unsafe CL_orderCodes(codes, order, columns > 64 ? 1 : 0, table)
            continue
        }
        for place in 0..<(columns > 64 ? 128 : columns) {
            unsafe table[place] = codes[Int(order[place]) &* columnStride]
        }
    }
}

/// Finds each row's class of every categorical feature.
@inline(always)
private func findClasses(
    _ forest: CShimsLaneForest,
    _ codes: UnsafePointer<UInt8>,
    _ columnStride: Int,
    _ rowStride: Int,
    rows: Int,
    _ work: UnsafeMutableRawPointer
) {
    let classes = unsafe (work + classesStart).assumingMemoryBound(to: UInt32.self)
    for index in 0..<Int(unsafe forest.categoryCount) {
        let feature = unsafe forest.categories[index]
        let first = unsafe codes + Int(feature.firstColumn) &* columnStride
        for row in 0..<rowsAtOnceMax {
            var found = 0
            for column in 0..<Int(feature.columnCount) {
                let code = Int(unsafe first[column &* columnStride &+ min(row, rows &- 1) &* rowStride])
                if code < classesPerColumn { found = column &* classesPerColumn &+ code }
            }
            unsafe classes[index &* rowsAtOnceMax &+ row] = min(feature.firstClass &+ UInt32(found), feature.lastClass)
        }
    }
}

/// Finds the bits that each row's classes clear in a group.
@inline(always)
private func findClassBits(
    _ forest: CShimsLaneForest,
    _ group: UnsafePointer<CShimsLaneGroup>,
    _ work: UnsafeMutableRawPointer
) {
    let classes = unsafe (work + classesStart).assumingMemoryBound(to: UInt32.self)
    let bits = unsafe (work + classBitsStart).assumingMemoryBound(to: UnsafePointer<UInt8>.self)
    let first = unsafe forest.classes + Int(group.pointee.classOffset)
    let classByteCount = unsafe Int(group.pointee.planeCount) &* 64
    for index in 0..<Int(unsafe forest.categoryCount) &* rowsAtOnceMax {
        unsafe bits[index] = first + Int(classes[index]) &* classByteCount
    }
}

@inline(always)
private func addTrees<Rows: RowSet, Value: BinaryFloatingPoint>(
    _: Rows.Type,
    _ forest: CShimsLaneForest,
    _ allLeaves: UnsafePointer<Value>,
    _ work: UnsafeMutableRawPointer,
    _ sums: UnsafeMutablePointer<Value>
) {
    let exits = unsafe (work + exitsStart).assumingMemoryBound(to: UInt8.self)
    var outputs = unsafe forest.outputs!
    let isSingle = unsafe forest.outputCount == 1
    for index in 0..<Int(unsafe forest.groupCount) {
        let group = unsafe forest.groups + index
        unsafe findClassBits(forest, group, work)
        var nothing = NoLeaves()
        unsafe exitLeaves(Rows.self, group, forest, work, exits, meanwhile: &nothing)
        let trees = Int(unsafe group.pointee.treeCount)
        let stride = Int(unsafe group.pointee.leafStride)
        let leaves = unsafe allLeaves + Int(group.pointee.leafOffset)
        if !isSingle {
            unsafe addLeaves(exits, rows: Rows.count, leaves, stride, outputs, trees, sums)
        } else if Rows.count < 4 {
            for row in 0..<Rows.count {
                var own = unsafe RowLeaves(exits + row * 64, leaves, stride, trees, sum: sums[row])
                unsafe own.addAll()
                unsafe sums[row] = own.sum
            }
        } else {
            for row in Swift.stride(from: 0, to: Rows.count, by: 4) {
                unsafe addLeavesOfFour(exits + row * 64, leaves, stride, trees, sums + row)
            }
        }
        unsafe outputs += trees
    }
}

/// Adds one row's trees to its only sum: each addition waits for the one before, so the next group's slots go on between.
@inline(always)
private func addTreesOfOneRow<Value: BinaryFloatingPoint>(
    _ forest: CShimsLaneForest,
    _ allLeaves: UnsafePointer<Value>,
    _ work: UnsafeMutableRawPointer,
    _ sums: UnsafeMutablePointer<Value>
) {
    let exits = unsafe (work + exitsStart).assumingMemoryBound(to: UInt8.self)
    var last = unsafe RowLeaves(exits, allLeaves, 0, 0, sum: sums[0])
    for index in 0..<Int(unsafe forest.groupCount) {
        let group = unsafe forest.groups + index
        unsafe findClassBits(forest, group, work)
        // Exits of the last group are still read.
        let own = unsafe exits + (index & 1) &* 64
        unsafe exitLeaves(OneRow.self, group, forest, work, own, meanwhile: &last)
        unsafe last.addAll()
        let leaves = unsafe allLeaves + Int(group.pointee.leafOffset)
        let (stride, trees) = unsafe (Int(group.pointee.leafStride), Int(group.pointee.treeCount))
        unsafe last = RowLeaves(own, leaves, stride, trees, sum: last.sum)
    }
    unsafe last.addAll()
    unsafe sums[0] = last.sum
}

/// Work that goes on between a group's slots.
private protocol BetweenSlots {
    mutating func advance()
}

private struct NoLeaves: BetweenSlots {
    @inline(always)
    mutating func advance() {}
}

/// Leaves of one row that are not in its only sum yet, in order.
@unsafe
private struct RowLeaves<Value: BinaryFloatingPoint>: @unsafe BetweenSlots {
    private var exits: UnsafePointer<UInt8>
    private var leaves: UnsafePointer<Value>
    private let end: UnsafePointer<UInt8>
    private let stride: Int
    private(set) var sum: Value

    @inline(always)
    init(_ exits: UnsafePointer<UInt8>, _ leaves: UnsafePointer<Value>, _ stride: Int, _ trees: Int, sum: Value) {
        unsafe self.exits = exits
        unsafe self.leaves = leaves
        unsafe end = exits + trees
        unsafe self.stride = stride
        unsafe self.sum = sum
    }

    @inline(always)
    mutating func add() {
        unsafe sum += leaves[Int(exits[0])]
        unsafe leaves += stride
        unsafe exits += 1
    }

    /// Adds two leaves, if there are as many.
    @inline(always)
    mutating func advance() {
        guard unsafe end - exits >= 2 else { return }
        unsafe add()
        unsafe add()
    }

    @inline(always)
    mutating func addAll() {
        while unsafe exits < end { unsafe add() }
    }
}

/// Finds the exit leaves of a group's trees, by number, for each row of the set.
@inline(always)
private func exitLeaves<Rows: RowSet, Between: BetweenSlots>(
    _: Rows.Type,
    _ group: UnsafePointer<CShimsLaneGroup>,
    _ forest: CShimsLaneForest,
    _ work: UnsafeMutableRawPointer,
    _ exits: UnsafeMutablePointer<UInt8>,
    meanwhile: inout Between
) {
    // Two counts a plane follow the group's 40 other bytes.
    let counts = unsafe (UnsafeRawPointer(group) + 40).assumingMemoryBound(to: UInt16.self)
    let classBits = unsafe (work + classBitsStart).assumingMemoryBound(to: UnsafePointer<UInt8>.self)
    let classBitsEnd = unsafe classBits + Int(forest.categoryCount) &* rowsAtOnceMax
    let tables = unsafe UnsafePointer(work.assumingMemoryBound(to: UInt8.self))
    let trees = Int(unsafe group.pointee.treeCount)
    var part = 0
    while part < trees {
        var slot = unsafe forest.slots + (Int(group.pointee.slotOffset) &+ part)
        if unsafe group.pointee.isOblivious != 0 {
            var levels = Rows(CL_zero())
            unsafe clear(&levels, &slot, counts, tables, meanwhile: &meanwhile)
            unsafe levels.store(exits + part)
            part &+= registerBytes
            continue
        }
        var chosen = Rows(CL_zero())
        var place = Rows(CL_zero())
        var plane = Int(unsafe group.pointee.planeCount)
        while plane > 0 {
            plane &-= 1
            var cleared = Rows(CL_zero())
            var bits = unsafe classBits
            while unsafe bits < classBitsEnd {
                unsafe cleared.clear(bits, at: plane &* 64 &+ part)
                unsafe bits += rowsAtOnceMax
            }
            unsafe clear(&cleared, &slot, counts + plane &* 2, tables, meanwhile: &meanwhile)
            chosen.replace(place: &place, with: UInt8(truncatingIfNeeded: plane &* 8), whereNotAll: cleared)
        }
        unsafe chosen.storeExits(place, exits + part)
        part &+= registerBytes
    }
}

/// Adds the bits that a plane's slots clear, those of the first table and those of the second.
@inline(always)
private func clear<Rows: RowSet, Between: BetweenSlots>(
    _ cleared: inout Rows,
    _ slot: inout UnsafePointer<UInt8>,
    _ counts: UnsafePointer<UInt16>,
    _ tables: UnsafePointer<UInt8>,
    meanwhile: inout Between
) {
    let firstEnd = unsafe slot + Int(counts[0]) &* 192
    let end = unsafe firstEnd + Int(counts[1]) &* 192
    while unsafe slot < firstEnd {
        unsafe cleared.clear(tables, slot)
        unsafe slot += 192
        meanwhile.advance()
    }
    while unsafe slot < end {
        unsafe cleared.clear(tables + 64, slot)
        unsafe slot += 192
        meanwhile.advance()
    }
}

@inline(always)
private func addLeavesOfFour<Value: BinaryFloatingPoint>(
    _ exits: UnsafePointer<UInt8>,
    _ leaves: UnsafePointer<Value>,
    _ stride: Int,
    _ trees: Int,
    _ sums: UnsafeMutablePointer<Value>
) {
    var leaves = unsafe leaves
    var (sum0, sum1, sum2, sum3) = unsafe (sums[0], sums[1], sums[2], sums[3])
    for tree in 0..<trees {
        unsafe sum0 += leaves[Int(exits[tree])]
        unsafe sum1 += leaves[Int(exits[tree &+ 64])]
        unsafe sum2 += leaves[Int(exits[tree &+ 128])]
        unsafe sum3 += leaves[Int(exits[tree &+ 192])]
        unsafe leaves += stride
    }
    unsafe (sums[0], sums[1], sums[2], sums[3]) = (sum0, sum1, sum2, sum3)
}

/// Adds rows' leaves to the sums of each tree's own output.
@inline(always)
private func addLeaves<Value: BinaryFloatingPoint>(
    _ exits: UnsafePointer<UInt8>,
    rows: Int,
    _ leaves: UnsafePointer<Value>,
    _ stride: Int,
    _ outputs: UnsafePointer<UInt32>,
    _ trees: Int,
    _ sums: UnsafeMutablePointer<Value>
) {
    var leaves = unsafe leaves
    for tree in 0..<trees {
        let sum = unsafe sums + Int(outputs[tree]) &* rowsMax
        for row in 0..<rows { unsafe sum[row] += leaves[Int(exits[tree &+ row &* 64])] }
        unsafe leaves += stride
    }
}
