internal import ByteKit

/// A pull parser of UBJSON (draft 12) as XGBoost writes it: big-endian, keys without a marker, typed arrays.
///
/// ```
/// [ $ d # L 00 00 00 00 00 00 00 02   3F 80 00 00   40 00 00 00
/// └ array of float32, int64 count = 2, then the numbers 1 and 2
/// ```
struct UBJSONReader: DocumentReader {
    let kind = ModelFileKind.xgboostUBJSON
    private let bytes: [UInt8]
    private(set) var position = 0
    private var containers: [Container] = []

    /// An open object or array: counted, or ended by a bracket; its values marked one by one, or all of one type.
    private struct Container {
        var left: Int?
        var type: UInt8?
    }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func peek() throws(ModelFileError) -> DocumentValue {
        let marker = try nextMarker()
        switch marker {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "S"), UInt8(ascii: "C"): return .string
        case UInt8(ascii: "T"), UInt8(ascii: "F"): return .flag
        case UInt8(ascii: "Z"): return .null
        case UInt8(ascii: "d"), UInt8(ascii: "D"), UInt8(ascii: "H"): return .number
        default:
            guard Self.integerWidth(marker) != nil else {
                throw damage("no value has the type \(Self.name(marker))")
            }
            return .number
        }
    }

    mutating func openObject() throws(ModelFileError) { try open(UInt8(ascii: "{"), "an object") }

    mutating func openArray() throws(ModelFileError) { try open(UInt8(ascii: "["), "an array") }

    mutating func nextKey() throws(ModelFileError) -> String? {
        guard try goesOn(until: UInt8(ascii: "}")) else { return nil }
        return try readText(count: readCount())
    }

    mutating func nextKey<Key>(of keys: inout KnownKeys<Key>) throws(ModelFileError) -> Key? {
        guard try goesOn(until: UInt8(ascii: "}")) else { return nil }
        let count = try readCount()
        let start = position
        try pass(count)
        return keys.key(bytes.rawBytes, start..<position)
    }

    mutating func nextElement() throws(ModelFileError) -> Bool { try goesOn(until: UInt8(ascii: "]")) }

    mutating func readString() throws(ModelFileError) -> String {
        switch try takeMarker() {
        case UInt8(ascii: "S"): return try readText(count: readCount())
        case UInt8(ascii: "C"): return try readText(count: 1)
        default: throw damage("text was expected here")
        }
    }

    mutating func readNumberText() throws(ModelFileError) -> String {
        let marker = try takeMarker()
        switch marker {
        case UInt8(ascii: "d"): return "\(Float(bitPattern: UInt32(truncatingIfNeeded: try readBits(4))))"
        case UInt8(ascii: "D"): return "\(Float(Double(bitPattern: try readBits(8))))"
        case UInt8(ascii: "H"): return try readText(count: readCount())
        default: return "\(try readInteger(marker))"
        }
    }

    mutating func readFloats(into numbers: inout [Float]) throws(ModelFileError) {
        numbers.removeAll(keepingCapacity: true)
        if let count = takeArray(of: UInt8(ascii: "d")) {
            bytes.rawBytes.appendBigEndian(count: count, at: position - count * 4, to: &numbers)
            return
        }
        try openArray()
        while try nextElement() {
            let marker = try takeMarker()
            switch marker {
            case UInt8(ascii: "d"): numbers.append(Float(bitPattern: UInt32(truncatingIfNeeded: try readBits(4))))
            case UInt8(ascii: "D"): numbers.append(Float(Double(bitPattern: try readBits(8))))
            default: numbers.append(Float(try readInteger(marker)))
            }
        }
    }

    mutating func readIntegers(into numbers: inout [Int32]) throws(ModelFileError) {
        numbers.removeAll(keepingCapacity: true)
        if let count = takeArray(of: UInt8(ascii: "l")) {
            bytes.rawBytes.appendBigEndian(count: count, at: position - count * 4, to: &numbers)
            return
        }
        if let count = takeArray(of: UInt8(ascii: "U")) {
            bytes.rawBytes.appendBytes(count: count, at: position - count, to: &numbers)
            return
        }
        try openArray()
        while try nextElement() {
            let start = position
            let marker = try takeMarker()
            switch marker {
            case UInt8(ascii: "T"): numbers.append(1)
            case UInt8(ascii: "F"): numbers.append(0)
            default:
                guard let whole = Int32(exactly: try readInteger(marker)) else {
                    throw damage("a whole number of 32 bits was expected here", at: start)
                }
                numbers.append(whole)
            }
        }
    }

    mutating func finish() throws(ModelFileError) {
        guard position == bytes.count else { throw damage("more bytes follow the end of the document") }
    }
}

// MARK: - Containers

extension UBJSONReader {
    /// Passes over a value.
    ///
    /// Calls itself for each level of nesting, of which ``documentDepthMax`` are allowed.
    mutating func skip() throws(ModelFileError) {
        let marker = try nextMarker()
        switch marker {
        case UInt8(ascii: "{"):
            try openObject()
            while try goesOn(until: UInt8(ascii: "}")) {
                try pass(readCount())
                try skip()
            }
        case UInt8(ascii: "["):
            if position + 2 < bytes.count, takeArray(of: bytes[position + 2]) != nil { return }
            try openArray()
            if let container = containers.last, let type = container.type, let count = container.left,
                let width = Self.width(type)
            {
                try pass(count * width)
                containers.removeLast()
            } else {
                while try nextElement() { try skip() }
            }
        case UInt8(ascii: "S"), UInt8(ascii: "H"):
            _ = try takeMarker()
            try pass(readCount())
        default:
            guard let width = Self.width(marker) else {
                throw damage("no value has the type \(Self.name(marker))")
            }
            _ = try takeMarker()
            try pass(width)
        }
    }

    private mutating func open(_ bracket: UInt8, _ name: String) throws(ModelFileError) {
        guard try takeMarker() == bracket else { throw damage("\(name) was expected here") }
        guard containers.count < documentDepthMax else { throw damage("nested more than \(documentDepthMax) deep") }
        var container = Container()
        if position < bytes.count, bytes[position] == UInt8(ascii: "$") {
            position += 1
            container.type = try readByte()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "#") else {
                throw damage("a typed container has no count")
            }
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: "#") {
            let start = position
            position += 1
            let count = try readCount()
            // An element takes its width if typed, a marker if not: a count that the file cannot hold is refused here.
            let least = container.type.map { max(Self.width($0) ?? 1, 1) } ?? 1
            guard count <= (bytes.count - position) / least else {
                throw damage("a container claims \(count) elements, more than the file holds", at: start)
            }
            if let type = container.type, Self.width(type) == 0 {
                throw damage("a typed container of \(Self.name(type)) has no payload", at: start)
            }
            container.left = count
        }
        containers.append(container)
    }

    /// Steps over an array of this type as XGBoost writes it (`[$`, the type, `#L` and the count); the count of its
    /// elements, which lie before the position then.
    ///
    /// Nil, and nothing is passed, for all else: that goes by the general way, which also says what is wrong.
    @inline(__always)
    private mutating func takeArray(of type: UInt8) -> Int? {
        guard let (count, end) = plainArray(of: type) else { return nil }
        position = end
        return count
    }

    private func plainArray(of type: UInt8) -> (count: Int, end: Int)? {
        let text = bytes.rawBytes
        let start = position + 13
        guard start <= text.byteCount, text.byte(at: position + 2) == type, let width = Self.width(type), width > 0,
            text.integer(at: position, as: UInt16.self) == 0x245B,
            text.integer(at: position + 3, as: UInt16.self) == 0x4C23, containers.last?.type == nil
        else { return nil }
        let count = text.integer(at: position + 5, as: UInt64.self).byteSwapped
        guard count <= UInt64((text.byteCount - start) / width) else { return nil }
        return (Int(count), start + Int(count) * width)
    }

    private mutating func goesOn(until bracket: UInt8) throws(ModelFileError) -> Bool {
        let last = containers.count - 1
        if let left = containers[last].left {
            if left == 0 {
                containers.removeLast()
                return false
            }
            containers[last].left = left - 1
            return true
        }
        while position < bytes.count, bytes[position] == UInt8(ascii: "N") { position += 1 }
        guard position < bytes.count else { throw damage("the file ends in the middle of the document") }
        guard bytes[position] == bracket else { return true }
        position += 1
        containers.removeLast()
        return false
    }
}

// MARK: - Scalars

extension UBJSONReader {
    /// The type of the next value: that of its typed container, or the marker before it.
    private mutating func nextMarker() throws(ModelFileError) -> UInt8 {
        if let type = containers.last?.type { return type }
        while position < bytes.count, bytes[position] == UInt8(ascii: "N") { position += 1 }
        guard position < bytes.count else { throw damage("the file ends in the middle of the document") }
        return bytes[position]
    }

    private mutating func takeMarker() throws(ModelFileError) -> UInt8 {
        let marker = try nextMarker()
        if containers.last?.type == nil { position += 1 }
        return marker
    }

    private mutating func readByte() throws(ModelFileError) -> UInt8 {
        guard position < bytes.count else { throw damage("the file ends in the middle of the document") }
        position += 1
        return bytes[position - 1]
    }

    /// A big-endian number of up to eight bytes.
    private mutating func readBits(_ width: Int) throws(ModelFileError) -> UInt64 {
        guard bytes.count - position >= width else { throw damage("the file ends in the middle of a number") }
        if width == 8 {
            position += 8
            return bytes.rawBytes.integer(at: position - 8, as: UInt64.self).byteSwapped
        }
        var value: UInt64 = 0
        for offset in 0..<width { value = value << 8 | UInt64(bytes[position + offset]) }
        position += width
        return value
    }

    private mutating func readInteger(_ marker: UInt8) throws(ModelFileError) -> Int64 {
        guard let width = Self.integerWidth(marker) else { throw damage("a whole number was expected here") }
        let value = try readBits(width)
        if marker == UInt8(ascii: "U") { return Int64(value) }
        let unused = UInt64(64 - 8 * width)
        return Int64(bitPattern: value << unused) >> Int64(unused)
    }

    /// The length of a text or the count of a container: a marked whole number, at most what is left of the file.
    private mutating func readCount() throws(ModelFileError) -> Int {
        let start = position
        let count = try readInteger(try readByte())
        guard count >= 0, count <= Int64(bytes.count) else {
            throw damage("a length of \(count) in a file of \(bytes.count) bytes", at: start)
        }
        return Int(count)
    }

    private mutating func pass(_ count: Int) throws(ModelFileError) {
        guard count <= bytes.count - position else { throw damage("the file ends in the middle of a value") }
        position += count
    }

    private mutating func readText(count: Int) throws(ModelFileError) -> String {
        let start = position
        try pass(count)
        guard let text = bytes.rawBytes.validText(start..<position) else {
            throw damage("text is not UTF-8", at: start)
        }
        return text
    }

    private static func integerWidth(_ marker: UInt8) -> Int? {
        switch marker {
        case UInt8(ascii: "i"), UInt8(ascii: "U"): 1
        case UInt8(ascii: "I"): 2
        case UInt8(ascii: "l"): 4
        case UInt8(ascii: "L"): 8
        default: nil
        }
    }

    /// Bytes of a value of a fixed width; nil for texts and containers.
    private static func width(_ marker: UInt8) -> Int? {
        switch marker {
        case UInt8(ascii: "d"): 4
        case UInt8(ascii: "D"): 8
        case UInt8(ascii: "T"), UInt8(ascii: "F"), UInt8(ascii: "Z"), UInt8(ascii: "N"): 0
        case UInt8(ascii: "C"): 1
        default: integerWidth(marker)
        }
    }

    private static func name(_ marker: UInt8) -> String {
        (0x21..<0x7F).contains(marker) ? "'\(Character(Unicode.Scalar(marker)))'" : "of code \(marker)"
    }
}
