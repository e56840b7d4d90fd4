internal import Glibc

/// The tokens of a JSON text (RFC 8259).
struct JSONScanner {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    func error(_ text: String) -> JSONValue.SyntaxError {
        JSONValue.SyntaxError(byteOffset: position, text: text)
    }

    /// The next byte; nil at the end.
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    /// Moves behind a string, if it is this text in quotes; the text has nothing that would have to be escaped.
    mutating func takeQuoted(_ text: String) -> Bool {
        let count = text.utf8.count
        let end = position + 1 + count
        guard end < bytes.count, bytes[position] == UInt8(ascii: "\""), bytes[end] == UInt8(ascii: "\"") else {
            return false
        }
        let start = position + 1
        // Safety: both have `count` bytes, as looked at just above, and are read inside the closures only.
        let isSame = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe text.utf8.withContiguousStorageIfAvailable { other in
                unsafe count == 0 || memcmp(buffer.baseAddress! + start, other.baseAddress!, count) == 0
            }
        }
        guard isSame ?? bytes[start..<end].elementsEqual(text.utf8) else { return false }
        position = end + 1
        return true
    }

    mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONValue.SyntaxError) -> JSONValue {
        for byte in word.description.utf8 {
            guard next == byte else { throw error("not a value; strings need quotes") }
            position += 1
        }
        return value
    }

    // MARK: Numbers

    private var nextDigit: UInt8? {
        guard let byte = next, byte >= 0x30, byte <= 0x39 else { return nil }
        return byte &- 0x30
    }

    /// Digits before and behind the point, as one whole number.
    private struct Digits {
        var mantissa: UInt64 = 0
        var count = 0

        mutating func append(_ digit: UInt8) {
            // Leading zeros say nothing. Of more digits than a number holds only their count is of interest.
            if mantissa != 0 || digit != 0 { count += 1 }
            if count <= 18 { mantissa = mantissa &* 10 &+ UInt64(digit) }
        }
    }

    mutating func number() throws(JSONValue.SyntaxError) -> Double {
        let start = position
        var digits = Digits()
        var exponent = 0
        let isNegative = next == UInt8(ascii: "-")
        if isNegative { position += 1 }
        guard let first = nextDigit else {
            throw error("not a value; NaN and Infinity are no JSON, null means missing")
        }
        position += 1
        digits.append(first)
        if first == 0 {
            if nextDigit != nil { throw error("a number has no leading zeros") }
        } else {
            while let digit = nextDigit {
                digits.append(digit)
                position += 1
            }
        }
        if next == UInt8(ascii: ".") {
            position += 1
            guard nextDigit != nil else { throw error("a digit is expected after the point") }
            while let digit = nextDigit {
                digits.append(digit)
                exponent -= 1
                position += 1
            }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            let isSmall = next == UInt8(ascii: "-")
            if isSmall || next == UInt8(ascii: "+") { position += 1 }
            guard nextDigit != nil else { throw error("a digit is expected in the exponent") }
            var power = 0
            while let digit = nextDigit {
                power = min(power &* 10 &+ Int(digit), 100_000)
                position += 1
            }
            exponent += isSmall ? -power : power
        }
        if let value = Self.exact(digits.mantissa, digits.count, exponent) { return isNegative ? -value : value }
        // The grammar above is part of what Double reads, which rounds correctly and gives infinity when too large.
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
            position = start
            throw error("the number is too large")
        }
        return value
    }

    /// The number, where one rounding makes it: both parts are doubles exactly (Clinger 1990, "How to read floating point
    /// numbers accurately").
    private static func exact(_ mantissa: UInt64, _ digits: Int, _ exponent: Int) -> Double? {
        guard digits <= 18, mantissa <= 1 << 53, exponent >= -22, exponent <= 22 else { return nil }
        let whole = Double(mantissa)
        return exponent < 0 ? whole / powersOfTen[-exponent] : whole * powersOfTen[exponent]
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20,
        1e21, 1e22,
    ]

    // MARK: Strings

    mutating func string() throws(JSONValue.SyntaxError) -> String {
        let start = position
        position += 1
        while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { position += 1 }
        if next == UInt8(ascii: "\"") {
            guard let text = String(validating: bytes[start + 1..<position], as: UTF8.self) else {
                position = start
                throw error("the string is not UTF-8")
            }
            position += 1
            return text
        }
        var unescaped = Array(bytes[start + 1..<position])
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: unescaped, as: UTF8.self) else {
                    position = start
                    throw error("the string is not UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): try escape(into: &unescaped)
            case 0..<0x20:
                position -= 1
                throw error("a control character inside a string has to be escaped")
            default: unescaped.append(byte)
            }
        }
        throw error("the text ends inside a string")
    }

    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONValue.SyntaxError) {
        guard let byte = next else { throw error("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            var code = UInt32(try fourDigits())
            if code & 0xFC00 == 0xD800, next == UInt8(ascii: "\\") {
                position += 1
                guard next == UInt8(ascii: "u") else { throw error("half a surrogate pair") }
                position += 1
                let low = UInt32(try fourDigits())
                guard low & 0xFC00 == 0xDC00 else { throw error("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
            unescaped.append(contentsOf: String(Character(scalar)).utf8)
        default: throw error("no such escape")
        }
    }

    private mutating func fourDigits() throws(JSONValue.SyntaxError) -> UInt16 {
        guard position + 4 <= bytes.count else { throw error("four hexadecimal digits are expected") }
        var code: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw error("four hexadecimal digits are expected")
            }
            code = code << 4 | UInt16(digit)
            position += 1
        }
        return code
    }
}
