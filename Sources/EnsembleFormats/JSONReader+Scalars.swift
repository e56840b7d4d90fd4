internal import ByteKit

/// Words, numbers and text.
extension JSONReader {
    /// The next byte that is not white space.
    mutating func nextByte() throws(ModelFileError) -> UInt8 {
        passWhitespace()
        guard position < bytes.count else { throw damage("the file ends in the middle of the document") }
        return bytes[position]
    }

    mutating func passWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    mutating func passWord(_ word: String) throws(ModelFileError) {
        let letters = word.utf8
        guard bytes.count - position >= letters.count, bytes[position...].starts(with: letters) else {
            throw damage("\(word) was expected here")
        }
        position += letters.count
    }

    mutating func readFloat() throws(ModelFileError) -> Float {
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

    /// Reads a number, rounded once to double.
    mutating func readDouble() throws(ModelFileError) -> Double {
        _ = try nextByte()
        guard let number = DecimalNumber.scan(bytes, from: position, to: bytes.count) else {
            return Double(try readFloat())
        }
        position = number.range.upperBound
        return number.double(bytes)
    }

    /// Reads a whole number that an `Int` holds.
    mutating func readWhole() throws(ModelFileError) -> Int {
        _ = try nextByte()
        guard let number = DecimalNumber.scan(bytes, from: position, to: bytes.count), let whole = number.integer else {
            throw damage("a whole number was expected here")
        }
        position = number.range.upperBound
        return whole
    }

    /// Reads true or false.
    mutating func readFlag() throws(ModelFileError) -> Bool {
        let isTrue = try nextByte() == UInt8(ascii: "t")
        try passWord(isTrue ? "true" : "false")
        return isTrue
    }

    /// Passes over a number without working out its value.
    mutating func passNumber() throws(ModelFileError) {
        let bytes = bytes
        let start = position
        passDigits(bytes.rawBytes)
        guard position < bytes.count,
            bytes[position] == UInt8(ascii: "N") || bytes[position] == UInt8(ascii: "I")
        else { return }
        position = start
        _ = try readFloat()
    }

    /// Passes over bytes of which numbers consist: digits, `-`, `+`, `.`, `e` and `E`.
    @inline(__always)
    mutating func passDigits(_ text: RawSpan) {
        var at = position
        while at < text.byteCount {
            let byte = text.byte(at: at)
            guard
                byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
                    || byte | 0x20 == UInt8(ascii: "e") || byte == UInt8(ascii: "+")
            else { break }
            at += 1
        }
        position = at
    }

    /// Steps over a string; tells where its content is and whether a backslash is in it.
    mutating func passString() throws(ModelFileError) -> (Range<Int>, Bool) {
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

    func unescaped(_ range: Range<Int>) throws(ModelFileError) -> String {
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
