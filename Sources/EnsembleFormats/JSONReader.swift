/// A pull parser of JSON with XGBoost's two liberties: bare `NaN` and `Infinity`, and decimals that are float32.
struct JSONReader: DocumentReader {
    let kind = ModelFileKind.xgboostJSON
    private let bytes: [UInt8]
    private(set) var position = 0
    /// For each container that is open, whether nothing of it has been read.
    private var isFresh: [Bool] = []

    init(_ bytes: [UInt8]) {
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
        guard try nextByte() == UInt8(ascii: ":") else { throw damage("a key is not followed by a colon") }
        position += 1
        return key
    }

    mutating func nextElement() throws(ModelFileError) -> Bool { try goesOn(until: UInt8(ascii: "]")) }

    mutating func readString() throws(ModelFileError) -> String {
        guard try nextByte() == UInt8(ascii: "\"") else { throw damage("text was expected here") }
        let start = position
        let (content, hasEscapes) = try passString()
        if hasEscapes { return try unescaped(content) }
        guard let text = String(validating: bytes[content], as: UTF8.self) else {
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
        try openArray()
        while try nextElement() {
            _ = try nextByte()
            numbers.append(try readFloat())
        }
    }

    mutating func readIntegers(into numbers: inout [Int32]) throws(ModelFileError) {
        numbers.removeAll(keepingCapacity: true)
        try openArray()
        while try nextElement() {
            switch try nextByte() {
            case UInt8(ascii: "t"):
                try passWord("true")
                numbers.append(1)
            case UInt8(ascii: "f"):
                try passWord("false")
                numbers.append(0)
            default:
                let number = try scanNumber()
                guard let whole = number.integer.flatMap({ Int32(exactly: $0) }) else {
                    throw damage("a whole number of 32 bits was expected here", at: number.range.lowerBound)
                }
                numbers.append(whole)
            }
        }
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
                guard try nextByte() == UInt8(ascii: ":") else { throw damage("a key is not followed by a colon") }
                position += 1
                try skip()
            }
        case .array:
            try openArray()
            while try nextElement() { try skip() }
        case .string: _ = try passString()
        case .number: try passNumber()
        case .flag: try passWord(bytes[position] == UInt8(ascii: "t") ? "true" : "false")
        case .null: try passWord("null")
        }
    }
}

// MARK: - Scalars

extension JSONReader {
    /// The next byte that is not white space.
    private mutating func nextByte() throws(ModelFileError) -> UInt8 {
        passWhitespace()
        guard position < bytes.count else { throw damage("the file ends in the middle of the document") }
        return bytes[position]
    }

    private mutating func passWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func passWord(_ word: String) throws(ModelFileError) {
        let letters = word.utf8
        guard bytes.count - position >= letters.count, bytes[position...].starts(with: letters) else {
            throw damage("\(word) was expected here")
        }
        position += letters.count
    }

    private mutating func scanNumber() throws(ModelFileError) -> DecimalNumber {
        guard let number = DecimalNumber.scan(bytes, from: position, to: bytes.count) else {
            throw damage("a number was expected here")
        }
        position = number.range.upperBound
        return number
    }

    private mutating func readFloat() throws(ModelFileError) -> Float {
        if let number = DecimalNumber.scan(bytes, from: position, to: bytes.count) {
            position = number.range.upperBound
            return number.float(bytes)
        }
        let isNegative = position < bytes.count && bytes[position] == UInt8(ascii: "-")
        let start = isNegative ? position + 1 : position
        guard start < bytes.count else { throw damage("the file ends in the middle of a number") }
        switch bytes[start] {
        case UInt8(ascii: "N"):
            position = start
            try passWord("NaN")
            return .nan
        case UInt8(ascii: "I"):
            position = start
            try passWord("Infinity")
            return isNegative ? -.infinity : .infinity
        default: throw damage("a number was expected here")
        }
    }

    /// Passes over a number without working out its value.
    private mutating func passNumber() throws(ModelFileError) {
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                position += 1
            case UInt8(ascii: "N"), UInt8(ascii: "I"):
                position = start
                _ = try readFloat()
                return
            default: return
            }
        }
    }

    /// Steps over a string; tells where its content is and whether a backslash is in it.
    private mutating func passString() throws(ModelFileError) -> (Range<Int>, Bool) {
        let start = position + 1
        var at = start
        var hasEscapes = false
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                position = at + 1
                return (start..<at, hasEscapes)
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                at += 1
            }
            at += 1
        }
        throw damage("text has no closing quote")
    }

    private func unescaped(_ range: Range<Int>) throws(ModelFileError) -> String {
        var units: [UInt8] = []
        var at = range.lowerBound
        while at < range.upperBound {
            guard bytes[at] == UInt8(ascii: "\\") else {
                units.append(bytes[at])
                at += 1
                continue
            }
            // A backslash never is the last byte of a string: the quote behind it would have been passed over.
            switch bytes[at + 1] {
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(bytes[at + 1])
            case UInt8(ascii: "u"):
                let (scalar, length) = try escapedScalar(at, until: range.upperBound)
                units.append(contentsOf: Array(String(Character(scalar)).utf8))
                at += length
                continue
            default: throw damage("no such escape in text", at: at)
            }
            at += 2
        }
        guard let text = String(validating: units, as: UTF8.self) else {
            throw damage("text is not UTF-8", at: range.lowerBound)
        }
        return text
    }

    /// `\uXXXX`, or two of them for a scalar beyond the first plane.
    private func escapedScalar(_ start: Int, until end: Int) throws(ModelFileError) -> (Unicode.Scalar, Int) {
        guard let first = hexadecimal(start, until: end) else { throw damage("a \\u needs four digits", at: start) }
        if let scalar = Unicode.Scalar(first) { return (scalar, 6) }
        guard first < 0xDC00, let second = hexadecimal(start + 6, until: end), (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw damage("half of a surrogate pair", at: start) }
        return (scalar, 12)
    }

    private func hexadecimal(_ start: Int, until end: Int) -> UInt32? {
        guard start + 6 <= end, bytes[start] == UInt8(ascii: "\\"), bytes[start + 1] == UInt8(ascii: "u") else {
            return nil
        }
        var value: UInt32 = 0
        for byte in bytes[start + 2..<start + 6] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return value
    }
}
