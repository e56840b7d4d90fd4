internal import CLanes

// Safety of this file: the kernel passes the rows' tables, 128 bytes apart, slots of 192 bytes, a pointer a row
// to its class's bits, and room for 64 exits a row.

/// One byte a tree for some rows, each row's trees in a register.
protocol RowSet {
    /// Rows in the set.
    static var count: Int { get }
    /// The same bytes for every row.
    init(_ bytes: CLBits)
    /// Adds the bits that a slot's nodes clear.
    mutating func clear(_ tables: UnsafePointer<UInt8>, _ slot: UnsafePointer<UInt8>)
    /// Adds the bits that each row's class clears, at a place of the class's bytes.
    mutating func clear(_ classes: UnsafePointer<UnsafePointer<UInt8>>, at place: Int)
    /// Takes the bits that are not cleared, and their place, for trees that have such bits.
    mutating func replace(place: inout Self, with: UInt8, whereNotAll cleared: Self)
    /// Stores each tree's byte.
    func store(_ exits: UnsafeMutablePointer<UInt8>)
    /// Stores each tree's place and its lowest bit's, added.
    func storeExits(_ place: Self, _ exits: UnsafeMutablePointer<UInt8>)
}

typealias TwoRows = PairOfRowSets<OneRow>
typealias FourRows = PairOfRowSets<TwoRows>

/// A single row.
struct OneRow: RowSet {
    static var count: Int {
        @inline(always) get { 1 }
    }

    private var row: CLBits

    @inline(always)
    init(_ bytes: CLBits) { row = bytes }

    @inline(always)
    mutating func clear(_ tables: UnsafePointer<UInt8>, _ slot: UnsafePointer<UInt8>) {
        row = unsafe CL_clear(row, tables, slot)
    }

    @inline(always)
    mutating func clear(_ classes: UnsafePointer<UnsafePointer<UInt8>>, at place: Int) {
        row = unsafe CL_or(row, CL_load(classes.pointee + place))
    }

    @inline(always)
    mutating func replace(place: inout Self, with: UInt8, whereNotAll cleared: Self) {
        place.row = CL_choosePlace(place.row, cleared.row, with)
        row = CL_choose(row, cleared.row)
    }

    @inline(always)
    func store(_ exits: UnsafeMutablePointer<UInt8>) { unsafe CL_store(exits, row) }

    @inline(always)
    func storeExits(_ place: Self, _ exits: UnsafeMutablePointer<UInt8>) {
        unsafe CL_store(exits, CL_exits(row, place.row))
    }
}

/// Twice the rows; what both halves load alike is loaded once.
struct PairOfRowSets<Half: RowSet>: RowSet {
    static var count: Int {
        @inline(always) get { 2 * Half.count }
    }

    private var first, second: Half

    @inline(always)
    init(_ bytes: CLBits) { (first, second) = (Half(bytes), Half(bytes)) }

    @inline(always)
    mutating func clear(_ tables: UnsafePointer<UInt8>, _ slot: UnsafePointer<UInt8>) {
        unsafe first.clear(tables, slot)
        unsafe second.clear(tables + Half.count * 128, slot)
    }

    @inline(always)
    mutating func clear(_ classes: UnsafePointer<UnsafePointer<UInt8>>, at place: Int) {
        unsafe first.clear(classes, at: place)
        unsafe second.clear(classes + Half.count, at: place)
    }

    @inline(always)
    mutating func replace(place: inout Self, with: UInt8, whereNotAll cleared: Self) {
        first.replace(place: &place.first, with: with, whereNotAll: cleared.first)
        second.replace(place: &place.second, with: with, whereNotAll: cleared.second)
    }

    @inline(always)
    func store(_ exits: UnsafeMutablePointer<UInt8>) {
        unsafe first.store(exits)
        unsafe second.store(exits + Half.count * 64)
    }

    @inline(always)
    func storeExits(_ place: Self, _ exits: UnsafeMutablePointer<UInt8>) {
        unsafe first.storeExits(place.first, exits)
        unsafe second.storeExits(place.second, exits + Half.count * 64)
    }
}
