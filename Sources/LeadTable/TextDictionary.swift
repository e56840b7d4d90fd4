/// Distinct texts numbered in the order of their first coming, with how often each came.
///
/// An open-addressed table over one buffer of bytes; at most half of its slots are taken. No string is made while counting.
struct TextDictionary {
    /// How often each text came.
    private(set) var counts: [Int] = []
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    private var hashes: [UInt64] = []
    /// 0 is free; otherwise the text's number plus one.
    private var slots: [UInt32] = Array(repeating: 0, count: 64)

    /// How many distinct texts there are.
    var count: Int { counts.count }

    /// The dictionary of these levels, numbered by their place.
    init(levels: [String] = []) {
        for level in levels {
            let letters = Array(level.utf8)
            _ = add(letters.span, 0..<letters.count)
        }
    }

    /// The text of that number.
    func text(_ number: Int) -> String {
        let start = number == 0 ? 0 : ends[number - 1]
        return String(decoding: bytes[start..<ends[number]], as: UTF8.self)
    }

    /// Gives the bytes of a text and their place.
    func withText<Result>(_ number: Int, _ body: (Span<UInt8>, Range<Int>) -> Result) -> Result {
        body(bytes.span, (number == 0 ? 0 : ends[number - 1])..<ends[number])
    }

    /// The number of a text, if it has come before.
    func find(_ source: Span<UInt8>, _ range: Range<Int>) -> Int? {
        let hash = Self.hash(source, range)
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if hashes[number] == hash, isText(number, source, range) { return number }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Counts a text and gives its number.
    mutating func add(_ source: Span<UInt8>, _ range: Range<Int>) -> Int {
        let hash = Self.hash(source, range)
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if hashes[number] == hash, isText(number, source, range) {
                counts[number] += 1
                return number
            }
            slot = (slot + 1) & mask
        }
        let number = counts.count
        slots[slot] = UInt32(number + 1)
        for at in range { bytes.append(source[at]) }
        ends.append(bytes.count)
        hashes.append(hash)
        counts.append(1)
        if counts.count * 2 > slots.count { grow() }
        return number
    }

    private mutating func grow() {
        let mask = slots.count * 2 - 1
        var wider = [UInt32](repeating: 0, count: mask + 1)
        for number in hashes.indices {
            var slot = Int(truncatingIfNeeded: hashes[number]) & mask
            while wider[slot] != 0 { slot = (slot + 1) & mask }
            wider[slot] = UInt32(number + 1)
        }
        slots = wider
    }

    private func isText(_ number: Int, _ source: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let start = number == 0 ? 0 : ends[number - 1]
        guard ends[number] - start == range.count else { return false }
        for offset in 0..<range.count where bytes[start + offset] != source[range.lowerBound + offset] { return false }
        return true
    }

    /// FNV-1a, its bits mixed once more so that the low ones, which choose the slot, depend on all.
    private static func hash(_ source: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for at in range {
            hash ^= UInt64(source[at])
            hash = hash &* 0x0000_0100_0000_01B3
        }
        hash ^= hash >> 32
        return hash
    }
}
