#if arch(x86_64)
internal import CVectors

// Safety of this file: the kernel passes pointers into a pass of codes, which holds all blocks of every column.

/// One byte a row for some blocks of 64 rows side by side, each block in a register.
///
/// Blocks share a node's key and matrix, so that both are loaded once; and a masked matrix product takes eight cycles,
/// which only eight of them in flight can hide.
protocol BlockSet {
    /// Blocks in the set.
    static var count: Int { get }
    /// The same bytes in every block.
    init(_ bytes: CVBytes)
    /// Keeps the matrix's bits where a code is above its key.
    mutating func keepAbove(_ codes: UnsafeRawPointer, _ keys: CVBytes, _ matrix: CVBytes)
    /// Keeps the matrix's bits where a code is at most its key.
    mutating func keepNotAbove(_ codes: UnsafeRawPointer, _ keys: CVBytes, _ matrix: CVBytes)
    /// Keeps the matrix's bits where a code is in a set.
    mutating func keepMembers(_ codes: UnsafeRawPointer, _ set: CVBytes, _ matrix: CVBytes)
    /// Keeps the bits that another has too.
    mutating func formIntersection(_ other: Self)
    /// Takes the other's bytes for rows that have bits.
    mutating func replace(with other: Self, whereNonzero bits: Self)
    /// Calls with each block's number and bytes, and another's.
    func forEach(_ other: Self, _ body: (_ block: Int, _ bytes: CVBytes, _ others: CVBytes) -> Void)
}

/// 512 rows.
struct EightBlocks: BlockSet {
    static var count: Int { 8 }

    private var b0, b1, b2, b3, b4, b5, b6, b7: CVBytes

    @inline(__always)
    init(_ bytes: CVBytes) {
        (b0, b1, b2, b3, b4, b5, b6, b7) = (bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes)
    }

    @inline(__always)
    mutating func keepAbove(_ codes: UnsafeRawPointer, _ keys: CVBytes, _ matrix: CVBytes) {
        unsafe b0 = CV_keepWhere(b0, CV_above(CV_load(codes), keys), matrix)
        unsafe b1 = CV_keepWhere(b1, CV_above(CV_load(codes + 64), keys), matrix)
        unsafe b2 = CV_keepWhere(b2, CV_above(CV_load(codes + 128), keys), matrix)
        unsafe b3 = CV_keepWhere(b3, CV_above(CV_load(codes + 192), keys), matrix)
        unsafe b4 = CV_keepWhere(b4, CV_above(CV_load(codes + 256), keys), matrix)
        unsafe b5 = CV_keepWhere(b5, CV_above(CV_load(codes + 320), keys), matrix)
        unsafe b6 = CV_keepWhere(b6, CV_above(CV_load(codes + 384), keys), matrix)
        unsafe b7 = CV_keepWhere(b7, CV_above(CV_load(codes + 448), keys), matrix)
    }

    @inline(__always)
    mutating func keepNotAbove(_ codes: UnsafeRawPointer, _ keys: CVBytes, _ matrix: CVBytes) {
        unsafe b0 = CV_keepWhere(b0, CV_notAbove(CV_load(codes), keys), matrix)
        unsafe b1 = CV_keepWhere(b1, CV_notAbove(CV_load(codes + 64), keys), matrix)
        unsafe b2 = CV_keepWhere(b2, CV_notAbove(CV_load(codes + 128), keys), matrix)
        unsafe b3 = CV_keepWhere(b3, CV_notAbove(CV_load(codes + 192), keys), matrix)
        unsafe b4 = CV_keepWhere(b4, CV_notAbove(CV_load(codes + 256), keys), matrix)
        unsafe b5 = CV_keepWhere(b5, CV_notAbove(CV_load(codes + 320), keys), matrix)
        unsafe b6 = CV_keepWhere(b6, CV_notAbove(CV_load(codes + 384), keys), matrix)
        unsafe b7 = CV_keepWhere(b7, CV_notAbove(CV_load(codes + 448), keys), matrix)
    }

    @inline(__always)
    mutating func keepMembers(_ codes: UnsafeRawPointer, _ set: CVBytes, _ matrix: CVBytes) {
        unsafe b0 = CV_keepWhere(b0, CV_member(set, CV_load(codes)), matrix)
        unsafe b1 = CV_keepWhere(b1, CV_member(set, CV_load(codes + 64)), matrix)
        unsafe b2 = CV_keepWhere(b2, CV_member(set, CV_load(codes + 128)), matrix)
        unsafe b3 = CV_keepWhere(b3, CV_member(set, CV_load(codes + 192)), matrix)
        unsafe b4 = CV_keepWhere(b4, CV_member(set, CV_load(codes + 256)), matrix)
        unsafe b5 = CV_keepWhere(b5, CV_member(set, CV_load(codes + 320)), matrix)
        unsafe b6 = CV_keepWhere(b6, CV_member(set, CV_load(codes + 384)), matrix)
        unsafe b7 = CV_keepWhere(b7, CV_member(set, CV_load(codes + 448)), matrix)
    }

    @inline(__always)
    mutating func formIntersection(_ other: Self) {
        b0 = CV_and(b0, other.b0)
        b1 = CV_and(b1, other.b1)
        b2 = CV_and(b2, other.b2)
        b3 = CV_and(b3, other.b3)
        b4 = CV_and(b4, other.b4)
        b5 = CV_and(b5, other.b5)
        b6 = CV_and(b6, other.b6)
        b7 = CV_and(b7, other.b7)
    }

    @inline(__always)
    mutating func replace(with other: Self, whereNonzero bits: Self) {
        b0 = CV_selectWhere(b0, CV_nonzero(bits.b0), other.b0)
        b1 = CV_selectWhere(b1, CV_nonzero(bits.b1), other.b1)
        b2 = CV_selectWhere(b2, CV_nonzero(bits.b2), other.b2)
        b3 = CV_selectWhere(b3, CV_nonzero(bits.b3), other.b3)
        b4 = CV_selectWhere(b4, CV_nonzero(bits.b4), other.b4)
        b5 = CV_selectWhere(b5, CV_nonzero(bits.b5), other.b5)
        b6 = CV_selectWhere(b6, CV_nonzero(bits.b6), other.b6)
        b7 = CV_selectWhere(b7, CV_nonzero(bits.b7), other.b7)
    }

    @inline(__always)
    func forEach(_ other: Self, _ body: (_ block: Int, _ bytes: CVBytes, _ others: CVBytes) -> Void) {
        body(0, b0, other.b0)
        body(1, b1, other.b1)
        body(2, b2, other.b2)
        body(3, b3, other.b3)
        body(4, b4, other.b4)
        body(5, b5, other.b5)
        body(6, b6, other.b6)
        body(7, b7, other.b7)
    }
}

/// 256 rows.
struct FourBlocks: BlockSet {
    static var count: Int { 4 }

    private var b0, b1, b2, b3: CVBytes

    @inline(__always)
    init(_ bytes: CVBytes) { (b0, b1, b2, b3) = (bytes, bytes, bytes, bytes) }

    @inline(__always)
    mutating func keepAbove(_ codes: UnsafeRawPointer, _ keys: CVBytes, _ matrix: CVBytes) {
        unsafe b0 = CV_keepWhere(b0, CV_above(CV_load(codes), keys), matrix)
        unsafe b1 = CV_keepWhere(b1, CV_above(CV_load(codes + 64), keys), matrix)
        unsafe b2 = CV_keepWhere(b2, CV_above(CV_load(codes + 128), keys), matrix)
        unsafe b3 = CV_keepWhere(b3, CV_above(CV_load(codes + 192), keys), matrix)
    }

    @inline(__always)
    mutating func keepNotAbove(_ codes: UnsafeRawPointer, _ keys: CVBytes, _ matrix: CVBytes) {
        unsafe b0 = CV_keepWhere(b0, CV_notAbove(CV_load(codes), keys), matrix)
        unsafe b1 = CV_keepWhere(b1, CV_notAbove(CV_load(codes + 64), keys), matrix)
        unsafe b2 = CV_keepWhere(b2, CV_notAbove(CV_load(codes + 128), keys), matrix)
        unsafe b3 = CV_keepWhere(b3, CV_notAbove(CV_load(codes + 192), keys), matrix)
    }

    @inline(__always)
    mutating func keepMembers(_ codes: UnsafeRawPointer, _ set: CVBytes, _ matrix: CVBytes) {
        unsafe b0 = CV_keepWhere(b0, CV_member(set, CV_load(codes)), matrix)
        unsafe b1 = CV_keepWhere(b1, CV_member(set, CV_load(codes + 64)), matrix)
        unsafe b2 = CV_keepWhere(b2, CV_member(set, CV_load(codes + 128)), matrix)
        unsafe b3 = CV_keepWhere(b3, CV_member(set, CV_load(codes + 192)), matrix)
    }

    @inline(__always)
    mutating func formIntersection(_ other: Self) {
        b0 = CV_and(b0, other.b0)
        b1 = CV_and(b1, other.b1)
        b2 = CV_and(b2, other.b2)
        b3 = CV_and(b3, other.b3)
    }

    @inline(__always)
    mutating func replace(with other: Self, whereNonzero bits: Self) {
        b0 = CV_selectWhere(b0, CV_nonzero(bits.b0), other.b0)
        b1 = CV_selectWhere(b1, CV_nonzero(bits.b1), other.b1)
        b2 = CV_selectWhere(b2, CV_nonzero(bits.b2), other.b2)
        b3 = CV_selectWhere(b3, CV_nonzero(bits.b3), other.b3)
    }

    @inline(__always)
    func forEach(_ other: Self, _ body: (_ block: Int, _ bytes: CVBytes, _ others: CVBytes) -> Void) {
        body(0, b0, other.b0)
        body(1, b1, other.b1)
        body(2, b2, other.b2)
        body(3, b3, other.b3)
    }
}

/// 128 rows.
struct TwoBlocks: BlockSet {
    static var count: Int { 2 }

    private var b0, b1: CVBytes

    @inline(__always)
    init(_ bytes: CVBytes) { (b0, b1) = (bytes, bytes) }

    @inline(__always)
    mutating func keepAbove(_ codes: UnsafeRawPointer, _ keys: CVBytes, _ matrix: CVBytes) {
        unsafe b0 = CV_keepWhere(b0, CV_above(CV_load(codes), keys), matrix)
        unsafe b1 = CV_keepWhere(b1, CV_above(CV_load(codes + 64), keys), matrix)
    }

    @inline(__always)
    mutating func keepNotAbove(_ codes: UnsafeRawPointer, _ keys: CVBytes, _ matrix: CVBytes) {
        unsafe b0 = CV_keepWhere(b0, CV_notAbove(CV_load(codes), keys), matrix)
        unsafe b1 = CV_keepWhere(b1, CV_notAbove(CV_load(codes + 64), keys), matrix)
    }

    @inline(__always)
    mutating func keepMembers(_ codes: UnsafeRawPointer, _ set: CVBytes, _ matrix: CVBytes) {
        unsafe b0 = CV_keepWhere(b0, CV_member(set, CV_load(codes)), matrix)
        unsafe b1 = CV_keepWhere(b1, CV_member(set, CV_load(codes + 64)), matrix)
    }

    @inline(__always)
    mutating func formIntersection(_ other: Self) {
        b0 = CV_and(b0, other.b0)
        b1 = CV_and(b1, other.b1)
    }

    @inline(__always)
    mutating func replace(with other: Self, whereNonzero bits: Self) {
        b0 = CV_selectWhere(b0, CV_nonzero(bits.b0), other.b0)
        b1 = CV_selectWhere(b1, CV_nonzero(bits.b1), other.b1)
    }

    @inline(__always)
    func forEach(_ other: Self, _ body: (_ block: Int, _ bytes: CVBytes, _ others: CVBytes) -> Void) {
        body(0, b0, other.b0)
        body(1, b1, other.b1)
    }
}

/// 64 rows.
struct OneBlock: BlockSet {
    static var count: Int { 1 }

    private var b0: CVBytes

    @inline(__always)
    init(_ bytes: CVBytes) { b0 = bytes }

    @inline(__always)
    mutating func keepAbove(_ codes: UnsafeRawPointer, _ keys: CVBytes, _ matrix: CVBytes) {
        unsafe b0 = CV_keepWhere(b0, CV_above(CV_load(codes), keys), matrix)
    }

    @inline(__always)
    mutating func keepNotAbove(_ codes: UnsafeRawPointer, _ keys: CVBytes, _ matrix: CVBytes) {
        unsafe b0 = CV_keepWhere(b0, CV_notAbove(CV_load(codes), keys), matrix)
    }

    @inline(__always)
    mutating func keepMembers(_ codes: UnsafeRawPointer, _ set: CVBytes, _ matrix: CVBytes) {
        unsafe b0 = CV_keepWhere(b0, CV_member(set, CV_load(codes)), matrix)
    }

    @inline(__always)
    mutating func formIntersection(_ other: Self) {
        b0 = CV_and(b0, other.b0)
    }

    @inline(__always)
    mutating func replace(with other: Self, whereNonzero bits: Self) {
        b0 = CV_selectWhere(b0, CV_nonzero(bits.b0), other.b0)
    }

    @inline(__always)
    func forEach(_ other: Self, _ body: (_ block: Int, _ bytes: CVBytes, _ others: CVBytes) -> Void) {
        body(0, b0, other.b0)
    }
}
#endif
