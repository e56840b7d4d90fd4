#if arch(x86_64)
internal import CVectors

// Safety of this file: the kernel passes the rows' tables, 128 bytes apart, slots of 192 bytes, and room for 64 exits a
// row.

/// One byte a tree for some rows, each row's 64 trees in a register.
protocol RowSet {
    /// Rows in the set.
    static var count: Int { get }
    /// The same bytes for every row.
    init(_ bytes: CVBytes)
    /// Adds the bits that a slot's nodes clear.
    mutating func clear(_ tables: UnsafeRawPointer, _ slot: UnsafeRawPointer)
    /// Takes the bits that are not cleared, and their place, for trees that have such bits.
    mutating func replace(place: inout Self, with: CVBytes, whereNotAll cleared: Self)
    /// Stores each tree's place and its lowest bit's, added.
    func storeExits(_ place: Self, _ exits: UnsafeMutableRawPointer)
}

typealias TwoRows = PairOfRowSets<OneRow>
typealias FourRows = PairOfRowSets<TwoRows>
typealias EightRows = PairOfRowSets<FourRows>

/// A single row.
struct OneRow: RowSet {
    static var count: Int {
        @inline(__always) get { 1 }
    }

    private var row: CVBytes

    @inline(__always)
    init(_ bytes: CVBytes) { row = bytes }

    @inline(__always)
    mutating func clear(_ tables: UnsafeRawPointer, _ slot: UnsafeRawPointer) {
        let (columns, keys, bits) = unsafe (CV_load(slot), CV_load(slot + 64), CV_load(slot + 128))
        let isAbove = unsafe CV_above(CV_lookupBytes64(columns, CV_load(tables)), keys)
        row = CV_or(row, CV_where1(isAbove ^ CV_highBits1(columns), bits))
    }

    @inline(__always)
    mutating func replace(place: inout Self, with: CVBytes, whereNotAll cleared: Self) {
        let kept = CV_not(cleared.row)
        let some = CV_nonzero(kept)
        row = CV_selectWhere(row, some, kept)
        place.row = CV_selectWhere(place.row, some, with)
    }

    @inline(__always)
    func storeExits(_ place: Self, _ exits: UnsafeMutableRawPointer) {
        unsafe CV_store(exits, CV_add1(place.row, CV_trailingZeros1(row)))
    }
}

/// Twice the rows; what both halves load alike is loaded once.
struct PairOfRowSets<Half: RowSet>: RowSet {
    static var count: Int {
        @inline(__always) get { 2 * Half.count }
    }

    private var first, second: Half

    @inline(__always)
    init(_ bytes: CVBytes) { (first, second) = (Half(bytes), Half(bytes)) }

    @inline(__always)
    mutating func clear(_ tables: UnsafeRawPointer, _ slot: UnsafeRawPointer) {
        unsafe first.clear(tables, slot)
        unsafe second.clear(tables + Half.count * 128, slot)
    }

    @inline(__always)
    mutating func replace(place: inout Self, with: CVBytes, whereNotAll cleared: Self) {
        first.replace(place: &place.first, with: with, whereNotAll: cleared.first)
        second.replace(place: &place.second, with: with, whereNotAll: cleared.second)
    }

    @inline(__always)
    func storeExits(_ place: Self, _ exits: UnsafeMutableRawPointer) {
        unsafe first.storeExits(place.first, exits)
        unsafe second.storeExits(place.second, exits + Half.count * 64)
    }
}
#endif
