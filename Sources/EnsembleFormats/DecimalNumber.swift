internal import ByteKit

/// A decimal number as text: scanned once, then rounded once to the precision that is wanted.
///
/// XGBoost reads decimals straight into float32 (`src/common/json.cc`). Going through double rounds twice and now and
/// then ends one unit off, so ``float(_:)`` and ``double(_:)`` both start from the digits.
///
/// Example: `-1.25E-3` is scanned as significand 125, exponent -5, negative.
package struct DecimalNumber {
    /// Whether a minus stands before it.
    var isNegative = false
    /// The digits without the point; at most 19 of them are kept.
    var significand: UInt64 = 0
    /// The power of ten that ``significand`` is multiplied by.
    var exponent = 0
    /// Whether no digit was dropped.
    var isExact = true
    /// Whether there was neither a point nor an exponent.
    var isInteger = true
    /// Where the text starts and ends.
    package private(set) var range = 0..<0

    /// Longer numbers are refused: no library writes them.
    static let digitsMax = 1_000
}

extension DecimalNumber {
    /// Scans `-? digits (. digits)? ([eE] [+-]? digits)?`.
    /// - Parameters:
    ///   - text: the text.
    ///   - start: where the number starts.
    ///   - end: where the text ends, at most the end of the span.
    /// - Returns: the number, or nil if there is none of this form or it is longer than ``digitsMax``.
    @inline(__always)
    static func scan(_ text: RawSpan, from start: Int, to end: Int) -> DecimalNumber? {
        var number = DecimalNumber()
        var at = start
        if at < end, text.byte(at: at) == UInt8(ascii: "-") {
            number.isNegative = true
            at += 1
        }
        let firstDigit = at
        number.takeDigits(text, &at, end)
        guard at > firstDigit else { return nil }
        if at < end, text.byte(at: at) == UInt8(ascii: ".") {
            number.isInteger = false
            at += 1
            let firstFraction = at
            number.takeDigits(text, &at, end)
            guard at > firstFraction else { return nil }
            number.exponent -= at - firstFraction
        }
        guard at - firstDigit <= digitsMax else { return nil }
        if at < end, text.byte(at: at) | 0x20 == UInt8(ascii: "e") {
            number.isInteger = false
            at += 1
            var isDown = false
            if at < end, text.byte(at: at) == UInt8(ascii: "-") || text.byte(at: at) == UInt8(ascii: "+") {
                isDown = text.byte(at: at) == UInt8(ascii: "-")
                at += 1
            }
            let firstExponent = at
            var power = 0
            while at < end {
                let digit = text.byte(at: at) &- UInt8(ascii: "0")
                guard digit < 10 else { break }
                power = min(power * 10 + Int(digit), 100_000)
                at += 1
            }
            guard at > firstExponent, at - firstExponent <= digitsMax else { return nil }
            number.exponent += isDown ? -power : power
        }
        number.range = start..<at
        return number
    }

    /// Scans a whole number of one to 18 digits, as children, features and words of sets are; nil for anything that may
    /// be more.
    @inline(__always)
    static func scanShort(_ text: RawSpan, from start: Int, to end: Int) -> (value: Int, end: Int)? {
        var at = start
        let isNegative = at < end && text.byte(at: at) == UInt8(ascii: "-")
        if isNegative { at += 1 }
        let firstDigit = at
        var value = 0
        while at < end {
            let byte = text.byte(at: at)
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else {
                if byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e") { return nil }
                break
            }
            guard at - firstDigit < 18 else { return nil }
            value = value &* 10 &+ Int(digit)
            at += 1
        }
        guard at > firstDigit else { return nil }
        return (isNegative ? -value : value, at)
    }

    /// Takes digits up to the first byte that is none, eight at once where so many are left.
    @inline(__always)
    private mutating func takeDigits(_ text: RawSpan, _ at: inout Int, _ end: Int) {
        // Eight digits more still are below 10^18, where `append` starts to drop.
        while end - at >= 8, significand < 10_000_000_000 {
            let word = text.integer(at: at, as: UInt64.self)
            guard Self.isEightDigits(word) else { break }
            significand = significand &* 100_000_000 &+ Self.value(ofEightDigits: word)
            at += 8
        }
        while at < end {
            let digit = text.byte(at: at) &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            append(digit)
            at += 1
        }
    }

    /// Takes one more digit; beyond 19 significant ones only their place is kept.
    @inline(__always)
    private mutating func append(_ digit: UInt8) {
        if significand < 1_000_000_000_000_000_000 {
            significand = significand &* 10 &+ UInt64(digit)
        } else {
            exponent += 1
            if digit != 0 { isExact = false }
        }
    }

    /// Whether each byte lies between `0` and `9`: its upper half is 3, and still is when 6 is added to it.
    private static func isEightDigits(_ word: UInt64) -> Bool {
        let upper: UInt64 = 0xF0F0_F0F0_F0F0_F0F0
        return (word & upper) | (((word &+ 0x0606_0606_0606_0606) & upper) >> 4) == 0x3333_3333_3333_3333
    }

    /// The number that eight digits are, the first of them in the lowest byte: pairs, then fours, then all eight.
    private static func value(ofEightDigits word: UInt64) -> UInt64 {
        let digits = word &- 0x3030_3030_3030_3030
        let pairs = (digits &* 10 &+ digits >> 8) & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* 100 &+ pairs >> 16) & 0x0000_FFFF_0000_FFFF
        return (fours &* 10_000 &+ fours >> 32) & 0xFFFF_FFFF
    }

    /// The whole number, if it is one and fits.
    package var integer: Int? {
        guard isInteger, isExact, exponent == 0, significand <= UInt64(Int.max) else { return nil }
        return isNegative ? -Int(significand) : Int(significand)
    }
}

// MARK: - Out of arrays

extension DecimalNumber {
    /// Scans `-? digits (. digits)? ([eE] [+-]? digits)?`.
    /// - Parameters:
    ///   - bytes: the text.
    ///   - start: where the number starts.
    ///   - end: where the text ends.
    /// - Returns: the number, or nil if there is none of this form or it is longer than ``digitsMax``.
    package static func scan(_ bytes: [UInt8], from start: Int, to end: Int) -> DecimalNumber? {
        scan(bytes.rawBytes, from: start, to: end)
    }

    /// The nearest float32, ties to even; infinite beyond its range.
    package func float(_ bytes: [UInt8]) -> Float { float(bytes.rawBytes, .shared) }

    /// The nearest double, ties to even; infinite beyond its range.
    package func double(_ bytes: [UInt8]) -> Double { double(bytes.rawBytes, .shared) }
}
