/// The 32-bit numbers that CatBoost knows categories by: the low half of CityHash64, version 1.0, of their text.
///
/// In a row of doubles a categorical column holds this number, which a double holds exactly. Whole numbers are
/// categories by their decimal text. A missing category is the empty text, as in CatBoost's reader of separated values.
public enum CategoryHash {
    /// The hash of the empty text, and of whatever is missing.
    @inlinable public static var empty: UInt32 { UInt32(truncatingIfNeeded: CityHash.multiplier2) }

    /// The hash of a text's UTF-8 bytes.
    public static func of(_ text: String) -> UInt32 {
        let bytes = Array(text.utf8)
        return of(count: bytes.count) { bytes[$0] }
    }

    /// The hash of bytes that are asked for one by one; nothing is allocated.
    /// - Parameters:
    ///   - count: how many there are.
    ///   - byte: gives the byte of an index below `count`.
    /// - Returns: the hash.
    @inlinable
    public static func of(count: Int, byte: (Int) -> UInt8) -> UInt32 {
        UInt32(truncatingIfNeeded: CityHash(count: count).hash(byte))
    }

    /// The hash of a whole number's decimal text; nothing is allocated.
    @inlinable
    public static func of(decimalTextOf number: Int) -> UInt32 {
        var digits = [20 of UInt8](repeating: 0)
        var first = 20
        var rest = number.magnitude
        repeat {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if number < 0 {
            first -= 1
            digits[first] = UInt8(ascii: "-")
        }
        return of(count: 20 - first) { digits[first + $0] }
    }

    /// The hash that a column's value is: the number itself, or ``empty`` for NaN and whatever is no 32-bit number.
    @inlinable
    public static func of(value: Double) -> UInt32 {
        value >= 0 && value < 4_294_967_296 ? UInt32(value) : empty
    }

    /// The hash of a category that is given as a float32, which does not hold hashes: that of the whole number's text.
    ///
    /// Fractions are cut off. What is missing, infinite or too large for a 64-bit integer is ``empty``.
    @inlinable
    public static func of(number value: Float) -> UInt32 {
        abs(value) < 9_223_372_036_854_775_808 ? of(decimalTextOf: Int(value)) : empty
    }
}

/// CityHash64 as it was first published (version 1.0; later ones give other numbers).
@usableFromInline
struct CityHash {
    @inlinable static var multiplier0: UInt64 { 0xC3A5_C85C_97CB_3127 }
    @inlinable static var multiplier1: UInt64 { 0xB492_B66F_BE98_F273 }
    @inlinable static var multiplier2: UInt64 { 0x9AE1_6A3B_2F90_404F }
    @inlinable static var multiplier3: UInt64 { 0xC949_D7C7_509E_6557 }

    @usableFromInline let count: Int

    @inlinable
    init(count: Int) { self.count = count }

    @inlinable
    func hash(_ byte: (Int) -> UInt8) -> UInt64 {
        switch count {
        case 0: Self.multiplier2
        case 1...3: hashOfFew(byte)
        case 4...8: Self.mixed(length &+ word(0, 4, byte) << 3, word(count - 4, 4, byte))
        case 9...16: hashUpTo16(byte)
        case 17...32: hashUpTo32(byte)
        case 33...64: hashUpTo64(byte)
        default: hashOfMany(byte)
        }
    }

    @inlinable var length: UInt64 { UInt64(truncatingIfNeeded: count) }

    /// The little-endian number in the bytes from an offset on.
    @inlinable
    func word(_ offset: Int, _ width: Int = 8, _ byte: (Int) -> UInt8) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<width { value |= UInt64(byte(offset + index)) << UInt64(8 * index) }
        return value
    }

    @inlinable
    static func rotated(_ value: UInt64, _ shift: UInt64) -> UInt64 {
        shift == 0 ? value : value >> shift | value << (64 - shift)
    }

    @inlinable
    static func folded(_ value: UInt64) -> UInt64 { value ^ value >> 47 }

    /// 128 bits to 64.
    @inlinable
    static func mixed(_ low: UInt64, _ high: UInt64) -> UInt64 {
        let multiplier: UInt64 = 0x9DDF_EA08_EB38_2D69
        let first = folded((low ^ high) &* multiplier)
        return folded((high ^ first) &* multiplier) &* multiplier
    }

    @inlinable
    func hashOfFew(_ byte: (Int) -> UInt8) -> UInt64 {
        let low = UInt32(byte(0)) &+ UInt32(byte(count >> 1)) << 8
        let high = UInt32(truncatingIfNeeded: count) &+ UInt32(byte(count - 1)) << 2
        let product = UInt64(low) &* Self.multiplier2 ^ UInt64(high) &* Self.multiplier3
        return Self.folded(product) &* Self.multiplier2
    }

    @inlinable
    func hashUpTo16(_ byte: (Int) -> UInt8) -> UInt64 {
        let first = word(0, 8, byte)
        let last = word(count - 8, 8, byte)
        return Self.mixed(first, Self.rotated(last &+ length, length)) ^ last
    }

    @inlinable
    func hashUpTo32(_ byte: (Int) -> UInt8) -> UInt64 {
        let a = word(0, 8, byte) &* Self.multiplier1
        let b = word(8, 8, byte)
        let c = word(count - 8, 8, byte) &* Self.multiplier2
        let d = word(count - 16, 8, byte) &* Self.multiplier0
        let low = Self.rotated(a &- b, 43) &+ Self.rotated(c, 30) &+ d
        return Self.mixed(low, a &+ Self.rotated(b ^ Self.multiplier3, 20) &- c &+ length)
    }

    /// One half of the hash of 33 to 64 bytes: four words from `start` on, seeded.
    @inlinable
    func half(_ start: Int, _ seed: UInt64, _ fourth: UInt64, _ byte: (Int) -> UInt8) -> (UInt64, UInt64) {
        var sum = seed
        let b = Self.rotated(sum &+ fourth, 52)
        var c = Self.rotated(sum, 37)
        sum &+= word(start + 8, 8, byte)
        c &+= Self.rotated(sum, 7)
        sum &+= word(start + 16, 8, byte)
        return (sum &+ fourth, b &+ Self.rotated(sum, 31) &+ c)
    }

    @inlinable
    func hashUpTo64(_ byte: (Int) -> UInt8) -> UInt64 {
        let near = word(0, 8, byte) &+ (length &+ word(count - 16, 8, byte)) &* Self.multiplier0
        let first = half(0, near, word(24, 8, byte), byte)
        let far = word(16, 8, byte) &+ word(count - 32, 8, byte)
        let last = half(count - 32, far, word(count - 8, 8, byte), byte)
        let joined = (first.0 &+ last.1) &* Self.multiplier2 &+ (last.0 &+ first.1) &* Self.multiplier0
        return Self.folded(Self.folded(joined) &* Self.multiplier0 &+ first.1) &* Self.multiplier2
    }

    /// 32 bytes from `start` on into two words.
    @inlinable
    func block(_ start: Int, _ seeds: (UInt64, UInt64), _ byte: (Int) -> UInt8) -> (UInt64, UInt64) {
        let fourth = word(start + 24, 8, byte)
        let first = seeds.0 &+ word(start, 8, byte)
        let turned = Self.rotated(seeds.1 &+ first &+ fourth, 21)
        let sum = first &+ word(start + 8, 8, byte) &+ word(start + 16, 8, byte)
        return (sum &+ fourth, turned &+ Self.rotated(sum, 44) &+ first)
    }

    @inlinable
    func hashOfMany(_ byte: (Int) -> UInt8) -> UInt64 {
        // The end first, then 64 bytes at a time.
        var x = word(0, 8, byte)
        var y = word(count - 16, 8, byte) ^ Self.multiplier1
        var z = word(count - 56, 8, byte) ^ Self.multiplier0
        var v = block(count - 64, (length, y), byte)
        var w = block(count - 32, (length &* Self.multiplier1, Self.multiplier0), byte)
        z &+= Self.folded(v.1) &* Self.multiplier1
        x = Self.rotated(z &+ x, 39) &* Self.multiplier1
        y = Self.rotated(y, 33) &* Self.multiplier1
        for start in stride(from: 0, to: (count - 1) & ~63, by: 64) {
            x = Self.rotated(x &+ y &+ v.0 &+ word(start + 16, 8, byte), 37) &* Self.multiplier1
            y = Self.rotated(y &+ v.1 &+ word(start + 48, 8, byte), 42) &* Self.multiplier1
            x ^= w.1
            y ^= v.0
            z = Self.rotated(z ^ w.0, 33)
            v = block(start, (v.1 &* Self.multiplier1, x &+ w.0), byte)
            w = block(start + 32, (z &+ w.1, y), byte)
            swap(&x, &z)
        }
        return Self.mixed(
            Self.mixed(v.0, w.0) &+ Self.folded(y) &* Self.multiplier1 &+ z,
            Self.mixed(v.1, w.1) &+ x
        )
    }
}
