internal import ByteKit

/// A pull parser of JSON with XGBoost's two liberties: bare `NaN` and `Infinity`, and decimals that are float32.
struct JSONReader: DocumentReader {
    let kind: ModelFileKind
    let bytes: [UInt8]
    var position = 0
    /// For each container that is open, whether nothing of it has been read.
    private var isFresh: [Bool] = []

    init(_ bytes: [UInt8], kind: ModelFileKind = .xgboostJSON) {
        self.kind = kind
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    mutating func peek() throws(ModelFileError) -> DocumentValue {
        switch try nextByte() {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .flag
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "N"), UInt8(ascii: "I"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return .number
        default: throw damage("no value starts like this")
        }
    }

    mutating func openObject() throws(ModelFileError) { try open(UInt8(ascii: "{"), "an object") }

    mutating func openArray() throws(ModelFileError) { try open(UInt8(ascii: "["), "an array") }

    mutating func nextKey() throws(ModelFileError) -> String? {
        guard try goesOn(until: UInt8(ascii: "}")) else { return nil }
        let key = try readString()
        try passColon()
        return key
    }

    mutating func nextKey<Key>(of keys: inout KnownKeys<Key>) throws(ModelFileError) -> Key? {
        guard try goesOn(until: UInt8(ascii: "}")) else { return nil }
        guard try nextByte() == UInt8(ascii: "\"") else { throw damage("a key was expected here") }
        let (content, hasEscapes) = try passString()
        let key = hasEscapes ? Key(rawValue: try unescaped(content)) : keys.key(bytes.rawBytes, content)
        try passColon()
        return key ?? .other
    }

    private mutating func passColon() throws(ModelFileError) {
        guard try nextByte() == UInt8(ascii: ":") else { throw damage("a key is not followed by a colon") }
        position += 1
    }

    mutating func nextElement() throws(ModelFileError) -> Bool { try goesOn(until: UInt8(ascii: "]")) }

    mutating func readString() throws(ModelFileError) -> String {
        guard try nextByte() == UInt8(ascii: "\"") else { throw damage("text was expected here") }
        let start = position
        let (content, hasEscapes) = try passString()
        if hasEscapes { return try unescaped(content) }
        guard let text = bytes.rawBytes.validText(content) else {
            throw damage("text is not UTF-8", at: start)
        }
        return text
    }

    mutating func readNumberText() throws(ModelFileError) -> String {
        _ = try nextByte()
        let start = position
        _ = try readFloat()
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    mutating func readFloats(into numbers: inout [Float]) throws(ModelFileError) {
        numbers.removeAll(keepingCapacity: true)
        guard try openScalars() else { return }
        let bytes = bytes
        let text = bytes.rawBytes
        let powers = PowersOfTen.shared
        repeat {
            if let number = DecimalNumber.scan(text, from: position, to: text.byteCount) {
                position = number.range.upperBound
                numbers.append(number.float(text, powers))
            } else {
                numbers.append(try readFloat())
            }
        } while try nextScalar(text)
    }

    mutating func readIntegers(into numbers: inout [Int32]) throws(ModelFileError) {
        numbers.removeAll(keepingCapacity: true)
        guard try openScalars() else { return }
        let bytes = bytes
        let text = bytes.rawBytes
        repeat {
            if let (value, end) = DecimalNumber.scanShort(text, from: position, to: text.byteCount),
                let whole = Int32(exactly: value)
            {
                position = end
                numbers.append(whole)
            } else {
                numbers.append(try readInteger())
            }
        } while try nextScalar(text)
    }

    mutating func finish() throws(ModelFileError) {
        passWhitespace()
        guard position == bytes.count else { throw damage("more text follows the end of the document") }
    }
}

// MARK: - Containers

extension JSONReader {
    private mutating func open(_ bracket: UInt8, _ name: String) throws(ModelFileError) {
        guard try nextByte() == bracket else { throw damage("\(name) was expected here") }
        guard isFresh.count < documentDepthMax else {
            throw damage("nested more than \(documentDepthMax) deep")
        }
        position += 1
        isFresh.append(true)
    }

    /// Steps over a comma, or over the closing bracket and out.
    private mutating func goesOn(until bracket: UInt8) throws(ModelFileError) -> Bool {
        let byte = try nextByte()
        let wasFresh = isFresh[isFresh.count - 1]
        if byte == bracket {
            position += 1
            isFresh.removeLast()
            return false
        }
        if wasFresh {
            isFresh[isFresh.count - 1] = false
            return true
        }
        guard byte == UInt8(ascii: ",") else { throw damage("a comma or a closing bracket was expected here") }
        position += 1
        guard try nextByte() != bracket else { throw damage("a comma stands before a closing bracket") }
        return true
    }

    /// Passes over a value.
    ///
    /// Calls itself for each level of nesting, of which ``documentDepthMax`` are allowed.
    mutating func skip() throws(ModelFileError) {
        switch try peek() {
        case .object:
            try openObject()
            while try goesOn(until: UInt8(ascii: "}")) {
                guard try nextByte() == UInt8(ascii: "\"") else { throw damage("a key was expected here") }
                _ = try passString()
                try passColon()
                try skip()
            }
        case .array:
            if try skipNumbers() { return }
            try openArray()
            while try nextElement() { try skip() }
        case .string: _ = try passString()
        case .number: try passNumber()
        case .flag: try passWord(bytes[position] == UInt8(ascii: "t") ? "true" : "false")
        case .null: try passWord("null")
        }
    }
}

// MARK: - Arrays of scalars

/// The long arrays of a model hold plain numbers, so they are read without keeping account of what is open.
extension JSONReader {
    /// Enters an array; false if it is empty, and left again.
    private mutating func openScalars() throws(ModelFileError) -> Bool {
        guard try nextByte() == UInt8(ascii: "[") else { throw damage("an array was expected here") }
        position += 1
        guard try nextByte() != UInt8(ascii: "]") else {
            position += 1
            return false
        }
        return true
    }

    /// Steps over a comma, or over the closing bracket and out.
    @inline(__always)
    private mutating func nextScalar(_ text: RawSpan) throws(ModelFileError) -> Bool {
        // XGBoost writes no white space.
        let next = position + 1
        if next < text.byteCount, text.byte(at: position) == UInt8(ascii: ","), text.byte(at: next) > 0x20 {
            position = next
            return true
        }
        return try nextSpacedScalar()
    }

    private mutating func nextSpacedScalar() throws(ModelFileError) -> Bool {
        switch try nextByte() {
        case UInt8(ascii: ","):
            position += 1
            _ = try nextByte()
            return true
        case UInt8(ascii: "]"):
            position += 1
            return false
        default: throw damage("a comma or a closing bracket was expected here")
        }
    }

    private mutating func readInteger() throws(ModelFileError) -> Int32 {
        switch bytes[position] {
        case UInt8(ascii: "t"):
            try passWord("true")
            return 1
        case UInt8(ascii: "f"):
            try passWord("false")
            return 0
        default:
            let start = position
            guard let number = DecimalNumber.scan(bytes, from: start, to: bytes.count),
                let whole = number.integer.flatMap({ Int32(exactly: $0) })
            else { throw damage("a whole number of 32 bits was expected here", at: start) }
            position = number.range.upperBound
            return whole
        }
    }

    /// Passes over an array if it holds numbers alone; stands where it stood if it does not.
    private mutating func skipNumbers() throws(ModelFileError) -> Bool {
        let start = position
        position += 1
        guard try nextByte() != UInt8(ascii: "]") else {
            position += 1
            return true
        }
        let bytes = bytes
        let text = bytes.rawBytes
        repeat {
            let first = text.byte(at: position)
            if first &- UInt8(ascii: "0") < 10 || first == UInt8(ascii: "-") {
                passDigits(text)
            } else {
                guard try peek() == .number else {
                    position = start
                    return false
                }
                try passNumber()
            }
        } while try nextScalar(text)
        return true
    }
}
