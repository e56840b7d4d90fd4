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
    ///   - bytes: the text.
    ///   - start: where the number starts.
    ///   - end: where the text ends.
    /// - Returns: the number, or nil if there is none of this form or it is longer than ``digitsMax``.
    package static func scan(_ bytes: [UInt8], from start: Int, to end: Int) -> DecimalNumber? {
        var number = DecimalNumber()
        var at = start
        if at < end, bytes[at] == UInt8(ascii: "-") {
            number.isNegative = true
            at += 1
        }
        let firstDigit = at
        while at < end, let digit = digitValue(bytes[at]) {
            number.append(digit)
            at += 1
        }
        guard at > firstDigit else { return nil }
        if at < end, bytes[at] == UInt8(ascii: ".") {
            number.isInteger = false
            at += 1
            let firstFraction = at
            while at < end, let digit = digitValue(bytes[at]) {
                number.append(digit)
                number.exponent -= 1
                at += 1
            }
            guard at > firstFraction else { return nil }
        }
        guard at - firstDigit <= digitsMax else { return nil }
        if at < end, bytes[at] | 0x20 == UInt8(ascii: "e") {
            number.isInteger = false
            at += 1
            var isDown = false
            if at < end, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
                isDown = bytes[at] == UInt8(ascii: "-")
                at += 1
            }
            let firstExponent = at
            var power = 0
            while at < end, let digit = digitValue(bytes[at]) {
                power = min(power * 10 + Int(digit), 100_000)
                at += 1
            }
            guard at > firstExponent, at - firstExponent <= digitsMax else { return nil }
            number.exponent += isDown ? -power : power
        }
        number.range = start..<at
        return number
    }

    /// Takes one more digit; beyond 19 significant ones only their place is kept.
    private mutating func append(_ digit: UInt8) {
        if significand < 1_000_000_000_000_000_000 {
            significand = significand &* 10 &+ UInt64(digit)
        } else {
            exponent += 1
            if digit != 0 { isExact = false }
        }
    }

    private static func digitValue(_ byte: UInt8) -> UInt8? {
        let value = byte &- UInt8(ascii: "0")
        return value < 10 ? value : nil
    }

    /// The whole number, if it is one and fits.
    package var integer: Int? {
        guard isInteger, isExact, exponent == 0, significand <= UInt64(Int.max) else { return nil }
        return isNegative ? -Int(significand) : Int(significand)
    }

    /// The nearest float32, ties to even; infinite beyond its range.
    package func float(_ bytes: [UInt8]) -> Float {
        if significand == 0 && isExact { return isNegative ? -0.0 : 0 }
        if let (bits, power) = binary, power >= -126, power <= 127 {
            let kept = bits.rounded(to: 24)
            let pattern = UInt32(power + 126) << 23 &+ UInt32(truncatingIfNeeded: kept)
            return Float(bitPattern: isNegative ? pattern | 1 << 31 : pattern)
        }
        return Float(String(decoding: bytes[range], as: UTF8.self)) ?? .nan
    }

    /// The nearest double, ties to even; infinite beyond its range.
    package func double(_ bytes: [UInt8]) -> Double {
        if significand == 0 && isExact { return isNegative ? -0.0 : 0 }
        if let (bits, power) = binary, power >= -1022, power <= 1023 {
            let kept = bits.rounded(to: 53)
            let pattern = UInt64(power + 1022) << 52 &+ kept
            return Double(bitPattern: isNegative ? pattern | 1 << 63 : pattern)
        }
        return Double(String(decoding: bytes[range], as: UTF8.self)) ?? .nan
    }

    /// The magnitude as `bits × 2^(power - 63)`, exact but for ``NormalisedBits/hasMore``.
    ///
    /// Only while `5^|exponent|` fits in 64 bits, which all but a few numbers of a model do; nil else. Multiplying or
    /// dividing 64 bits by that power is exact in 128 bits, so one rounding is left: the caller's.
    private var binary: (NormalisedBits, power: Int)? {
        guard isExact, significand != 0, abs(exponent) < Self.powersOfFive.count else { return nil }
        let shift = significand.leadingZeroBitCount
        let top = significand << UInt64(shift)
        let five = Self.powersOfFive[abs(exponent)]
        if exponent == 0 { return (NormalisedBits(bits: top, hasMore: false), 63 - shift) }
        if exponent > 0 {
            let (high, low) = top.multipliedFullWidth(by: five)
            let lead = high.leadingZeroBitCount
            let bits = lead == 0 ? high : high << UInt64(lead) | low >> UInt64(64 - lead)
            let more = low << UInt64(lead) != 0
            return (NormalisedBits(bits: bits, hasMore: more), 63 + 64 - lead + exponent - shift)
        }
        let lead = five.leadingZeroBitCount
        let divisor = five << UInt64(lead)
        let (quotient, remainder) = divisor.dividingFullWidth((top >> 1, top << 63))
        // top / divisor lies between 1/2 and 2, so the quotient of top × 2^63 has 63 or 64 bits.
        let isShort = quotient >> 63 == 0
        return (
            NormalisedBits(bits: isShort ? quotient << 1 : quotient, hasMore: remainder != 0),
            (isShort ? -1 : 0) + lead - shift + exponent
        )
    }

    /// `5^0` to `5^27`, the largest below `2^64`.
    private static let powersOfFive: [UInt64] = {
        var powers: [UInt64] = [1]
        for _ in 0..<27 { powers.append(powers[powers.count - 1] * 5) }
        return powers
    }()
}

/// 64 bits of a number, the highest one set, and whether anything was cut off below them.
private struct NormalisedBits {
    var bits: UInt64
    var hasMore: Bool

    /// The highest bits, rounded to nearest with ties to even; one more than `count` bits if the rounding carries.
    func rounded(to count: UInt64) -> UInt64 {
        let kept = bits >> (64 - count)
        let rest = bits << count
        let half: UInt64 = 1 << 63
        let isUp = rest > half || rest == half && (hasMore || kept & 1 == 1)
        return isUp ? kept + 1 : kept
    }
}
