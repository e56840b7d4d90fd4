#if arch(x86_64)
internal import CVectors

// Safety of this file: the kernel passes the rows' tables of 128 bytes each, slots of 192, and room for 64 exits a row.

/// One byte a tree for some rows, each row's 64 trees in a register.
protocol RowSet {
    /// The same bytes for every row.
    init(_ bytes: CVBytes)
    /// Adds the bits that a slot's nodes clear.
    mutating func clear(_ tables: UnsafeRawPointer, _ slot: UnsafeRawPointer, isWide: Bool)
    /// Takes the bits that are not cleared, and their place, for trees that have such bits.
    mutating func replace(place: inout Self, with: CVBytes, whereNotAll cleared: Self)
    /// Stores each tree's place and its lowest bit's, added.
    func storeExits(_ place: Self, _ exits: UnsafeMutableRawPointer)
}

/// A single row.
struct OneRow: RowSet {
    private var r0: CVBytes

    @inline(__always)
    init(_ bytes: CVBytes) { r0 = bytes }

    @inline(__always)
    mutating func clear(_ tables: UnsafeRawPointer, _ slot: UnsafeRawPointer, isWide: Bool) {
        let (columns, keys, bits) = unsafe (CV_load(slot), CV_load(slot + 64), CV_load(slot + 128))
        let side = CV_highBits1(columns)
        unsafe r0 = CV_or(r0, CV_where1(CV_above(codes(tables, columns, isWide), keys) ^ side, bits))
    }

    @inline(__always)
    mutating func replace(place: inout Self, with: CVBytes, whereNotAll cleared: Self) {
        replaceOne(&r0, &place.r0, with, cleared.r0)
    }

    @inline(__always)
    func storeExits(_ place: Self, _ exits: UnsafeMutableRawPointer) {
        unsafe CV_store(exits, CV_add1(place.r0, CV_trailingZeros1(r0)))
    }
}

/// Four rows.
struct FourRows: RowSet {
    private var r0, r1, r2, r3: CVBytes

    @inline(__always)
    init(_ bytes: CVBytes) { (r0, r1, r2, r3) = (bytes, bytes, bytes, bytes) }

    @inline(__always)
    mutating func clear(_ tables: UnsafeRawPointer, _ slot: UnsafeRawPointer, isWide: Bool) {
        let (columns, keys, bits) = unsafe (CV_load(slot), CV_load(slot + 64), CV_load(slot + 128))
        let side = CV_highBits1(columns)
        unsafe r0 = CV_or(r0, CV_where1(CV_above(codes(tables, columns, isWide), keys) ^ side, bits))
        unsafe r1 = CV_or(r1, CV_where1(CV_above(codes(tables + 128, columns, isWide), keys) ^ side, bits))
        unsafe r2 = CV_or(r2, CV_where1(CV_above(codes(tables + 256, columns, isWide), keys) ^ side, bits))
        unsafe r3 = CV_or(r3, CV_where1(CV_above(codes(tables + 384, columns, isWide), keys) ^ side, bits))
    }

    @inline(__always)
    mutating func replace(place: inout Self, with: CVBytes, whereNotAll cleared: Self) {
        replaceOne(&r0, &place.r0, with, cleared.r0)
        replaceOne(&r1, &place.r1, with, cleared.r1)
        replaceOne(&r2, &place.r2, with, cleared.r2)
        replaceOne(&r3, &place.r3, with, cleared.r3)
    }

    @inline(__always)
    func storeExits(_ place: Self, _ exits: UnsafeMutableRawPointer) {
        unsafe CV_store(exits, CV_add1(place.r0, CV_trailingZeros1(r0)))
        unsafe CV_store(exits + 64, CV_add1(place.r1, CV_trailingZeros1(r1)))
        unsafe CV_store(exits + 128, CV_add1(place.r2, CV_trailingZeros1(r2)))
        unsafe CV_store(exits + 192, CV_add1(place.r3, CV_trailingZeros1(r3)))
    }
}

/// A row's codes of the columns.
@inline(__always)
private func codes(_ table: UnsafeRawPointer, _ columns: CVBytes, _ isWide: Bool) -> CVBytes {
    isWide
        ? unsafe CV_lookupBytes128(columns, CV_load(table), CV_load(table + 64))
        : unsafe CV_lookupBytes64(columns, CV_load(table))
}

@inline(__always)
private func replaceOne(_ chosen: inout CVBytes, _ place: inout CVBytes, _ with: CVBytes, _ cleared: CVBytes) {
    let kept = CV_not(cleared)
    let some = CV_nonzero(kept)
    chosen = CV_selectWhere(chosen, some, kept)
    place = CV_selectWhere(place, some, with)
}
#endif
