import EnsembleFormats
import FuzzTargets
import Glibc
import Testing

@Suite("Decimal numbers")
struct DecimalNumberTests {
    private func scan(_ text: String) throws -> (DecimalNumber, [UInt8]) {
        let bytes = Array(text.utf8)
        let number = try #require(DecimalNumber.scan(bytes, from: 0, to: bytes.count), "\(text)")
        #expect(number.range == 0..<bytes.count, "\(text)")
        return (number, bytes)
    }

    @Test("a random decimal is rounded once, as the C library rounds it")
    func randomDecimals() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        for _ in 0..<20_000 {
            let digits = Int.random(in: 1...21, using: &random)
            var text = random.next() & 1 == 0 ? "" : "-"
            text += (0..<digits).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
            if random.next() & 1 == 0 {
                text += "." + (0..<5).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
            }
            if random.next() & 1 == 0 { text += "E\(Int.random(in: -60...60, using: &random))" }
            let (number, bytes) = try scan(text)
            let double = try #require(Double(text))
            let float = try #require(Float(text))
            #expect(number.double(bytes).bitPattern == double.bitPattern, "\(text), seed \(seed)")
            #expect(number.float(bytes).bitPattern == float.bitPattern, "\(text), seed \(seed)")
        }
    }

    /// Whether the text is read as the C library reads it; the expectation is stated only where it fails, for it is slow.
    private func isAsInLibrary(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let number = DecimalNumber.scan(bytes, from: 0, to: bytes.count), number.range == 0..<bytes.count
        else { return false }
        let (double, float) = unsafe (strtod(text, nil), strtof(text, nil))
        return number.double(bytes).bitPattern == double.bitPattern
            && number.float(bytes).bitPattern == float.bitPattern
    }

    @Test("decimals of the length that models hold agree with strtod and strtof, over all powers of ten")
    func likeTheLibrary() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        for round in 0..<60_000 {
            let digits = round % 2 == 0 ? 17 : Int.random(in: 1...20, using: &random)
            let whole = (0..<digits).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
            let point = Int.random(in: 0...digits, using: &random)
            var text = point == 0 ? "0" : String(whole.prefix(point))
            if point < digits { text += "." + whole.dropFirst(point) }
            switch round % 4 {
            case 0: break
            case 1: text += "e\(Int.random(in: -64...20, using: &random))"
            case 2: text += "E\(Int.random(in: -345...310, using: &random))"
            default: text = "-" + text + "e-\(Int.random(in: 0...40, using: &random))"
            }
            if !isAsInLibrary(text) { Issue.record("\(text), seed \(seed), round \(round)") }
        }
    }

    @Test("decimals next to the midpoint of two floats or two doubles agree with strtod and strtof")
    func midpoints() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        for round in 0..<20_000 {
            // A midpoint has one bit more than the number: m × 2^-k, of which the digits are m × 5^k, and k come after
            // the point. Cut to 19 digits they fall just short of it; with one more in the last place, just beyond.
            let isDouble = round % 2 == 0
            let bits: UInt64 = isDouble ? 53 : 24
            let odd = (random.next() >> (64 - bits - 1) | 1 << bits) | 1
            let power = Int.random(in: 0...(isDouble ? 9 : 30), using: &random)
            var value = UInt128(odd)
            for _ in 0..<power { value *= 5 }
            var exponent = -power
            while value >= 10_000_000_000_000_000_000 {
                value /= 10
                exponent += 1
            }
            for digits in [value - 1, value, value + 1] {
                let text = "\(digits)e\(exponent)"
                if !isAsInLibrary(text) { Issue.record("\(text), seed \(seed), round \(round)") }
            }
        }
    }

    @Test("every written float and double reads back the same, near all its bounds too")
    func roundTrips() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        for _ in 0..<20_000 {
            let float = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            if float.isFinite {
                let (number, bytes) = try scan("\(float)")
                #expect(number.float(bytes).bitPattern == float.bitPattern, "\(float), seed \(seed)")
            }
            let double = Double(bitPattern: random.next())
            if double.isFinite {
                let (number, bytes) = try scan("\(double)")
                #expect(number.double(bytes).bitPattern == double.bitPattern, "\(double), seed \(seed)")
            }
        }
    }

    @Test("a decimal just above a midpoint of two floats rounds up, where a way through double would not")
    func doubleRounding() throws {
        // 1 + 2^-24 is the midpoint of two floats; this is above it by less than a double can tell.
        let (number, bytes) = try scan("1.00000005960464477540")
        #expect(number.float(bytes) == Float(1).nextUp)
        #expect(Float(number.double(bytes)) == 1)
        let (tie, tieBytes) = try scan("1.000000059604644775390625")
        #expect(tie.float(tieBytes) == 1, "a tie goes to even")
    }

    @Test("extremes: zeros, denormals, overflow, long tails of digits")
    func extremes() throws {
        for (text, expected) in [
            ("0", 0.0), ("-0.0", -0.0), ("0.000e5", 0), ("1e-400", 0), ("1e400", Double.infinity),
            ("4.9e-324", Double.leastNonzeroMagnitude), ("1.7976931348623157e308", Double.greatestFiniteMagnitude),
            ("0." + String(repeating: "0", count: 300) + "1", 1e-301), (String(repeating: "9", count: 300), 1e300),
            ("1.0000000180025095e-35", Double(Float(1e-35))),
        ] {
            let (number, bytes) = try scan(text)
            #expect(number.double(bytes).bitPattern == expected.bitPattern, "\(text)")
        }
        let (number, bytes) = try scan("1e-45")
        #expect(number.float(bytes) == Float.leastNonzeroMagnitude)
    }

    @Test(
        "what is no number is refused",
        arguments: [
            "", "-", "+1", ".5", "1.", "1e", "1e+", "nan", "inf", "0x1", " 1", String(repeating: "1", count: 1_001),
        ]
    )
    func refusals(text: String) {
        let bytes = Array(text.utf8)
        let number = DecimalNumber.scan(bytes, from: 0, to: bytes.count)
        #expect(number == nil || number?.range.upperBound != bytes.count)
    }

    @Test("no byte but a digit counts as one, wherever it stands among others")
    func digits() {
        for byte in UInt8.min ... .max where !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            for place in 1...17 {
                var bytes = Array("123456789012345678".utf8)
                bytes[place] = byte
                // A point and an exponent lead on to more digits.
                let isPart = byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
                let end = DecimalNumber.scan(bytes, from: 0, to: bytes.count)?.range.upperBound
                #expect(isPart || end == place, "byte \(byte) at \(place)")
            }
            let alike = [UInt8](repeating: byte, count: 24)
            #expect(DecimalNumber.scan(alike, from: 0, to: alike.count) == nil, "24 bytes \(byte)")
        }
    }
}
