internal import ByteKit

/// A FlatBuffer inside a file: tables, vectors and strings, each checked against the buffer before it is read.
///
/// A table begins with the signed distance back to its vtable, which tells where its fields are; vectors, strings and
/// inner tables are referred to by the unsigned distance to them. Nothing stops a hostile file from referring to one
/// vector a million times, so what is handed out is counted: no more than ``readingFactor`` times the buffer.
struct FlatBuffer {
    let bytes: [UInt8]
    /// Where the buffer is in the file.
    let range: Range<Int>
    let kind: ModelFileKind
    private let allowance: Allowance

    private static let readingFactor = 16
    private static let readingMin = 1 << 16

    /// Bytes that may still be handed out.
    private final class Allowance {
        var bytesLeft: Int
        init(_ bytes: Int) { bytesLeft = bytes }
    }

    /// The buffer in these bytes of a file.
    /// - Precondition: the range is inside the bytes.
    init(_ bytes: [UInt8], _ range: Range<Int>, kind: ModelFileKind) {
        self.bytes = bytes
        self.range = range
        self.kind = kind
        allowance = Allowance(Self.readingMin + Self.readingFactor * range.count)
    }

    /// The root table.
    func root() throws(ModelFileError) -> FlatTable {
        try table(at: target(of: range.lowerBound))
    }

    func damage(_ problem: String, at offset: Int) -> ModelFileError {
        .damaged(kind, .byte(offset), problem)
    }

    /// What the distance at this place leads to.
    fileprivate func target(of place: Int) throws(ModelFileError) -> Int {
        try check(place, 4)
        let distance = Int(bytes.rawBytes.integer(at: place, as: UInt32.self))
        guard distance > 0, distance < range.upperBound - place else {
            throw damage("a reference leads out of the buffer", at: place)
        }
        return place + distance
    }

    fileprivate func check(_ place: Int, _ count: Int) throws(ModelFileError) {
        guard place >= range.lowerBound, count >= 0, place <= range.upperBound - count else {
            throw damage("the buffer ends in the middle of a value", at: min(max(place, 0), bytes.count))
        }
    }

    fileprivate func table(at place: Int) throws(ModelFileError) -> FlatTable {
        try spend(16, at: place)
        try check(place, 4)
        let back = Int(bytes.rawBytes.integer(at: place, as: Int32.self))
        let vtable = place - back
        try check(vtable, 4)
        let size = Int(bytes.rawBytes.integer(at: vtable, as: UInt16.self))
        let tableSize = Int(bytes.rawBytes.integer(at: vtable + 2, as: UInt16.self))
        guard size >= 4, size.isMultiple(of: 2), tableSize >= 4 else {
            throw damage("a table's description is impossible", at: vtable)
        }
        try check(vtable, size)
        try check(place, tableSize)
        return FlatTable(buffer: self, place: place, size: tableSize, vtable: vtable, fieldCount: (size - 4) / 2)
    }

    /// The vector at this place: where its elements begin and how many they are.
    fileprivate func vector(at place: Int, stride: Int) throws(ModelFileError) -> FlatVector {
        try check(place, 4)
        let count = Int(bytes.rawBytes.integer(at: place, as: UInt32.self))
        guard count <= (range.upperBound - place - 4) / stride else {
            throw damage("a vector of \(count) elements leads out of the buffer", at: place)
        }
        try spend(count * stride, at: place)
        return FlatVector(buffer: self, start: place + 4, count: count, stride: stride)
    }

    private func spend(_ count: Int, at place: Int) throws(ModelFileError) {
        guard allowance.bytesLeft >= count else {
            throw damage("the same parts are referred to over and over", at: place)
        }
        allowance.bytesLeft -= count
    }
}

/// A table: fields by number, each with a default that stands for an absent one.
struct FlatTable {
    private let buffer: FlatBuffer
    let place: Int
    private let size: Int
    private let vtable: Int
    private let fieldCount: Int

    fileprivate init(buffer: FlatBuffer, place: Int, size: Int, vtable: Int, fieldCount: Int) {
        self.buffer = buffer
        self.place = place
        self.size = size
        self.vtable = vtable
        self.fieldCount = fieldCount
    }

    /// Where a field is; nil if it is absent.
    private func field(_ number: Int, _ width: Int) throws(ModelFileError) -> Int? {
        guard number < fieldCount else { return nil }
        let offset = Int(buffer.bytes.rawBytes.integer(at: vtable + 4 + 2 * number, as: UInt16.self))
        if offset == 0 { return nil }
        guard offset >= 4, offset <= size - width else {
            throw buffer.damage("field \(number) lies outside its table", at: place)
        }
        return place + offset
    }

    func integer(_ number: Int, default absent: Int32 = 0) throws(ModelFileError) -> Int32 {
        try field(number, 4).map { buffer.bytes.rawBytes.integer(at: $0, as: Int32.self) } ?? absent
    }

    func byte(_ number: Int, default absent: UInt8 = 0) throws(ModelFileError) -> UInt8 {
        try field(number, 1).map { buffer.bytes[$0] } ?? absent
    }

    func float(_ number: Int, default absent: Float = 0) throws(ModelFileError) -> Float {
        try field(number, 4).map { buffer.bytes.rawBytes.float(at: $0) } ?? absent
    }

    func double(_ number: Int, default absent: Double = 0) throws(ModelFileError) -> Double {
        try field(number, 8).map { buffer.bytes.rawBytes.double(at: $0) } ?? absent
    }

    func table(_ number: Int) throws(ModelFileError) -> FlatTable? {
        guard let place = try field(number, 4) else { return nil }
        return try buffer.table(at: buffer.target(of: place))
    }

    func string(_ number: Int) throws(ModelFileError) -> String? {
        guard let place = try field(number, 4) else { return nil }
        return try buffer.vector(at: buffer.target(of: place), stride: 1).text()
    }

    /// A vector of elements of this many bytes; empty if it is absent.
    func vector(_ number: Int, stride: Int = 4) throws(ModelFileError) -> FlatVector {
        guard let place = try field(number, 4) else {
            return FlatVector(buffer: buffer, start: self.place, count: 0, stride: stride)
        }
        return try buffer.vector(at: buffer.target(of: place), stride: stride)
    }

    func damage(_ problem: String) -> ModelFileError { buffer.damage(problem, at: place) }
}

/// A vector whose elements are inside the buffer.
struct FlatVector {
    private let buffer: FlatBuffer
    let start: Int
    let count: Int
    private let stride: Int

    fileprivate init(buffer: FlatBuffer, start: Int, count: Int, stride: Int) {
        self.buffer = buffer
        self.start = start
        self.count = count
        self.stride = stride
    }

    var integers: [Int32] { (0..<count).map { integer($0) } }
    var floats: [Float] { (0..<count).map { buffer.bytes.rawBytes.float(at: start + $0 * stride) } }
    var doubles: [Double] { (0..<count).map { buffer.bytes.rawBytes.double(at: start + $0 * stride) } }

    /// The integer at a byte of an element.
    func integer<Number: FixedWidthInteger & BitwiseCopyable>(
        _ index: Int,
        at offset: Int = 0,
        as type: Number.Type = Int32.self
    ) -> Number {
        buffer.bytes.rawBytes.integer(at: start + index * stride + offset, as: Number.self)
    }

    /// The float at a byte of an element.
    func float(_ index: Int, at offset: Int = 0) -> Float {
        buffer.bytes.rawBytes.float(at: start + index * stride + offset)
    }

    /// The table that an element of four bytes refers to.
    func table(_ index: Int) throws(ModelFileError) -> FlatTable {
        try buffer.table(at: buffer.target(of: start + index * stride))
    }

    /// The text that an element of four bytes refers to.
    func string(_ index: Int) throws(ModelFileError) -> String {
        try buffer.vector(at: buffer.target(of: start + index * stride), stride: 1).text()
    }

    fileprivate func text() throws(ModelFileError) -> String {
        guard let text = String(validating: buffer.bytes[start..<start + count], as: UTF8.self) else {
            throw buffer.damage("text is not UTF-8", at: start)
        }
        return text
    }
}
