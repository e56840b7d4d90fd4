internal import ByteKit

/// One rounding, straight from the digits to the precision that is wanted.
///
/// Three ways, each taken where the one before cannot tell: a multiplication by a reciprocal whose error is known
/// (Lemire, "Number parsing at a gigabyte per second", 2021), the same exactly by division, and the C library.
extension DecimalNumber {
    /// The nearest float32, ties to even; infinite beyond its range.
    @inline(__always)
    func float(_ text: RawSpan, _ powers: PowersOfTen) -> Float {
        if let (kept, power) = rounded(to: 24, powers), power >= -126, power <= 127 {
            let pattern = UInt32(power + 126) << 23 &+ UInt32(truncatingIfNeeded: kept)
            return Float(bitPattern: isNegative ? pattern | 1 << 31 : pattern)
        }
        if significand == 0 && isExact { return isNegative ? -0.0 : 0 }
        return Float(text.text(range)) ?? .nan
    }

    /// The nearest double, ties to even; infinite beyond its range.
    @inline(__always)
    func double(_ text: RawSpan, _ powers: PowersOfTen) -> Double {
        if let (kept, power) = rounded(to: 53, powers), power >= -1022, power <= 1023 {
            let pattern = UInt64(power + 1022) << 52 &+ kept
            return Double(bitPattern: isNegative ? pattern | 1 << 63 : pattern)
        }
        if significand == 0 && isExact { return isNegative ? -0.0 : 0 }
        return Double(text.text(range)) ?? .nan
    }

    /// The magnitude as `kept × 2^(power - count + 1)`, where `kept` has `count` bits, or is `2^count` if the rounding
    /// carries; nil if only the C library can tell.
    @inline(__always)
    private func rounded(to count: UInt64, _ powers: PowersOfTen) -> (kept: UInt64, power: Int)? {
        guard isExact, significand != 0 else { return nil }
        if exponent < 0, let near = roundedByReciprocal(to: count, powers) { return near }
        guard let (bits, power) = binary(powers) else { return nil }
        return (bits.rounded(to: count), power)
    }

    /// Multiplies by `5^exponent`, which is rounded down to 64 bits.
    ///
    /// With `top` of 64 bits and the reciprocal short by less than 1, the product is short by less than `2^64`: the true
    /// value lies above its upper half `high` and below `high + 2`. Where a midpoint between two results lies in that
    /// gap, nothing is known, once in a thousand doubles; a value never is exactly at `high`, so that one whose cut-off
    /// bits are at least a half always goes up.
    @inline(__always)
    private func roundedByReciprocal(to count: UInt64, _ powers: PowersOfTen) -> (kept: UInt64, power: Int)? {
        guard -exponent < powers.reciprocals.count else { return nil }
        let reciprocal = powers.reciprocals[-exponent]
        let shift = significand.leadingZeroBitCount
        let high = (significand << UInt64(shift)).multipliedFullWidth(by: reciprocal.bits).high
        // Two numbers of 64 bits with the highest one set: their product's upper half has 63 or 64.
        let lead = UInt64(high.leadingZeroBitCount)
        let dropped = 64 - lead - count
        let rest = high & (1 << dropped - 1)
        let half: UInt64 = 1 << (dropped - 1)
        guard rest != half - 1 else { return nil }
        let kept = high >> dropped
        return (rest >= half ? kept + 1 : kept, reciprocal.power - shift - Int(lead))
    }

    /// The magnitude as `bits × 2^(power - 63)`, exact but for ``NormalisedBits/hasMore``.
    ///
    /// Only while `5^|exponent|` fits in 64 bits, which all but a few numbers of a model do; nil else. Multiplying or
    /// dividing 64 bits by that power is exact in 128 bits, so one rounding is left: the caller's.
    private func binary(_ powers: PowersOfTen) -> (NormalisedBits, power: Int)? {
        guard isExact, significand != 0, abs(exponent) < powers.fives.count else { return nil }
        let shift = significand.leadingZeroBitCount
        let top = significand << UInt64(shift)
        let five = powers.fives[abs(exponent)]
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

/// Powers of ten for ``DecimalNumber``, taken in hand once before a loop.
struct PowersOfTen {
    /// `5^0` to `5^27`, the largest below `2^64`.
    let fives: [UInt64]
    /// For each `n` the 64 bits of `5^-n`, rounded down, and what the highest bit of the upper half of their product with a
    /// whole number of 64 bits stands for in that number times `10^-n`, as a power of two.
    let reciprocals: [(bits: UInt64, power: Int)]

    static let shared = PowersOfTen()

    private init() {
        var fives: [UInt64] = [1]
        for _ in 0..<27 { fives.append(fives[fives.count - 1] * 5) }
        self.fives = fives
        // The first entry is never asked for; the largest power below 2^128 is 5^55.
        var reciprocals: [(bits: UInt64, power: Int)] = [(0, 0)]
        var five: UInt128 = 1
        for exponent in 1...55 {
            five *= 5
            // With its highest bit moved to the top it lies between 2^127 and 2^128, so that the quotient has 64 bits.
            let lead = five.leadingZeroBitCount
            let bits = (five << UInt128(lead)).dividingFullWidth((1 << 63, 0)).quotient
            reciprocals.append((UInt64(bits), lead - 64 - exponent))
        }
        self.reciprocals = reciprocals
    }
}
