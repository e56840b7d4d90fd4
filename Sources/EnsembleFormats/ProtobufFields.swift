internal import ByteKit

/// The fields of one protobuf message, one after the other.
///
/// A field is a tag (number × 8 + wire type) and a value; a message within a message is a range of bytes, read by
/// another reader when it is wanted. Nothing is allocated, nothing is read twice, and there is no recursion, so memory
/// and time are bounded by the bytes whatever they say.
///
/// ```
/// 08 03        field 1, varint 3
/// 12 02 61 62  field 2, two bytes: "ab"
/// ```
struct ProtobufFields {
    /// A field's value by its wire type.
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(Range<Int>)
    }

    let file: [UInt8]
    /// The byte of the next tag.
    private(set) var position: Int
    private let end: Int
    /// The number of the field read last.
    private(set) var number = 0
    /// The byte at which the field read last begins.
    private(set) var start = 0

    /// The fields of the message at these bytes of the file.
    init(_ file: [UInt8], _ range: Range<Int>) {
        self.file = file
        position = range.lowerBound
        end = range.upperBound
        start = position
    }

    /// The next field's value, its number in ``number``; nil when the message is over.
    mutating func next() throws(ModelFileError) -> Value? {
        guard position < end else { return nil }
        start = position
        let tag = try varint()
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw damage("a field has the number \(tag >> 3)") }
        number = Int(tag >> 3)
        switch tag & 7 {
        case 0: return .varint(try varint())
        case 1:
            let at = try take(8)
            return .fixed64(file.rawBytes.integer(at: at))
        case 2:
            let count = try varint()
            guard count <= UInt64(end - position) else {
                throw damage("field \(number) has \(count) bytes, but \(end - position) are left")
            }
            let at = try take(Int(count))
            return .bytes(at..<position)
        case 5:
            let at = try take(4)
            return .fixed32(file.rawBytes.integer(at: at))
        default: throw damage("field \(number) has the wire type \(tag & 7)")
        }
    }

    /// Reads one varint: seven bits a byte, lowest first.
    mutating func varint() throws(ModelFileError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard position < end else { throw damage("a number is cut off") }
            let byte = file[position]
            position += 1
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 {
                guard shift < 63 || byte <= 1 else { throw damage("a number has more than 64 bits") }
                return value
            }
        }
        throw damage("a number has more than ten bytes")
    }

    /// Whether the message is over.
    var isAtEnd: Bool { position >= end }

    private mutating func take(_ count: Int) throws(ModelFileError) -> Int {
        guard end - position >= count else {
            throw damage("field \(number) needs \(count) bytes, but \(end - position) are left")
        }
        position += count
        return position - count
    }

    /// An error at the field read last.
    func damage(_ problem: String) -> ModelFileError {
        .damaged(.onnx, .byte(start), problem)
    }
}

// MARK: - Fields of one type

extension ProtobufFields {
    /// The bytes of a field that holds a message, text or packed numbers.
    func range(_ value: Value) throws(ModelFileError) -> Range<Int> {
        guard case .bytes(let range) = value else { throw damage("field \(number) holds a number, not bytes") }
        return range
    }

    /// The text of a field; what is not UTF-8 becomes the replacement character.
    func text(_ value: Value) throws(ModelFileError) -> String {
        file.rawBytes.text(try range(value))
    }

    /// A whole number.
    func integer(_ value: Value) throws(ModelFileError) -> Int64 {
        guard case .varint(let bits) = value else { throw damage("field \(number) is no whole number") }
        return Int64(bitPattern: bits)
    }

    /// Adds the whole numbers of a repeated field, one or packed.
    func append(_ value: Value, to numbers: inout [Int64]) throws(ModelFileError) {
        switch value {
        case .varint(let bits): numbers.append(Int64(bitPattern: bits))
        case .bytes(let range):
            var packed = ProtobufFields(file, range)
            while !packed.isAtEnd { numbers.append(Int64(bitPattern: try packed.varint())) }
        default: throw damage("field \(number) holds no whole numbers")
        }
    }

    /// Adds the float32 numbers of a repeated field, one or packed, widened.
    func append(float value: Value, to numbers: inout [Double]) throws(ModelFileError) {
        switch value {
        case .fixed32(let bits): numbers.append(Double(Float(bitPattern: bits)))
        case .bytes(let range):
            guard range.count % 4 == 0 else { throw damage("field \(number) holds \(range.count) bytes of floats") }
            for at in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
                numbers.append(Double(file.rawBytes.float(at: at)))
            }
        default: throw damage("field \(number) holds no floats")
        }
    }

    /// Adds the float64 numbers of a repeated field, one or packed.
    func append(double value: Value, to numbers: inout [Double]) throws(ModelFileError) {
        switch value {
        case .fixed64(let bits): numbers.append(Double(bitPattern: bits))
        case .bytes(let range):
            guard range.count % 8 == 0 else { throw damage("field \(number) holds \(range.count) bytes of doubles") }
            for at in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
                numbers.append(file.rawBytes.double(at: at))
            }
        default: throw damage("field \(number) holds no doubles")
        }
    }
}
