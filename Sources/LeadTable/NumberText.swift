/// The powers of ten that a double holds exactly.
private let exactPowersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
]

/// Reads a decimal number: a sign, digits with a point, an exponent; nothing else.
///
/// Correctly rounded. Up to 2^53 with a power of ten up to 22, one multiplication or division of exact numbers gives the
/// rounded result; for example `12.5` is 125 / 10. All others take the standard library's slower way. `inf`, `nan`, hexadecimal
/// and thousands separators are not numbers here, and neither is one beyond the range of a double.
///
/// - Parameters:
///   - bytes: The text the number stands in.
///   - range: Where it stands, spaces around it already left out.
/// - Returns: The number, or nil when this is not one.
func number(in bytes: Span<UInt8>, _ range: Range<Int>) -> Double? {
    var at = range.lowerBound
    let end = range.upperBound
    guard at < end else { return nil }
    var negative = false
    if bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
        negative = bytes[at] == UInt8(ascii: "-")
        at += 1
    }
    var mantissa: UInt64 = 0
    var significantDigits = 0
    var digits = 0
    var exponent = 0
    var seenPoint = false
    while at < end {
        let byte = bytes[at]
        if byte >= 0x30, byte <= 0x39 {
            digits += 1
            if significantDigits < 19 {
                mantissa = mantissa &* 10 &+ UInt64(byte &- 0x30)
                if mantissa != 0 { significantDigits += 1 }
                if seenPoint { exponent -= 1 }
            } else {
                significantDigits += 1
            }
        } else if byte == UInt8(ascii: "."), !seenPoint {
            seenPoint = true
        } else {
            break
        }
        at += 1
    }
    guard digits > 0 else { return nil }
    if at < end {
        guard bytes[at] | 0x20 == UInt8(ascii: "e") else { return nil }
        at += 1
        var exponentNegative = false
        if at < end, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
            exponentNegative = bytes[at] == UInt8(ascii: "-")
            at += 1
        }
        guard at < end else { return nil }
        var written = 0
        while at < end {
            let byte = bytes[at]
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            written = min(written * 10 + Int(byte - 0x30), 100_000)
            at += 1
        }
        exponent += exponentNegative ? -written : written
    }
    if significantDigits <= 19, mantissa <= 1 << 53, exponent >= -22, exponent <= 22 {
        let exact = Double(mantissa)
        let value = exponent < 0 ? exact / exactPowersOfTen[-exponent] : exact * exactPowersOfTen[exponent]
        return negative ? -value : value
    }
    guard let value = Double(decodedText(in: bytes, range)), value.isFinite else { return nil }
    return value
}

/// The text of a range of bytes.
func decodedText(in bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    var copy: [UInt8] = []
    copy.reserveCapacity(range.count)
    for at in range { copy.append(bytes[at]) }
    return String(decoding: copy, as: UTF8.self)
}

/// The range without spaces and tabs at its ends.
@inline(__always)
func trimmed(_ range: Range<Int>, in bytes: Span<UInt8>) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
    return start..<end
}

/// Words for yes and no of more than one letter, in lower case.
private let longBooleanWords: [(word: [UInt8], value: Bool)] = [
    (Array("true".utf8), true), (Array("false".utf8), false), (Array("yes".utf8), true), (Array("no".utf8), false),
]

/// Reads a word that says yes or no, whatever its case: true, yes, y, t, 1; false, no, n, f, 0.
func boolean(in bytes: Span<UInt8>, _ range: Range<Int>) -> Bool? {
    if range.count == 1 {
        switch bytes[range.lowerBound] {
        case UInt8(ascii: "1"), UInt8(ascii: "y"), UInt8(ascii: "Y"), UInt8(ascii: "t"), UInt8(ascii: "T"): return true
        case UInt8(ascii: "0"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "f"), UInt8(ascii: "F"): return false
        default: return nil
        }
    }
    for (word, value) in longBooleanWords where word.count == range.count {
        var same = true
        for offset in 0..<word.count where bytes[range.lowerBound + offset] | 0x20 != word[offset] { same = false }
        if same { return value }
    }
    return nil
}
