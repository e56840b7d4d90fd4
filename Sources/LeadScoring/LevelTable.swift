internal import ByteKit

/// What a column's strings mean: the code of a level, missing, or unseen; found by bytes, without a `String`.
///
/// A hash table with open addressing over the levels' bytes. Its clusters depend on the levels alone, so that a peer
/// cannot make a look-up slow by choosing strings.
package struct LevelTable: Sendable {
    /// What a string stands for.
    package enum Meaning: Equatable {
        case level(Int)
        case missing
        case unseen
    }

    /// Levels' and tokens' bytes, one after the other.
    private let letters: [UInt8]
    /// Where each word begins in `letters`; one more for the end of the last.
    private let starts: [Int]
    /// Word numbers, -1 where free; a power of two, at most half full.
    private let slots: [Int32]
    /// Words from this number on are tokens that mean missing.
    private let levelCount: Int

    /// A table of levels and of the words that mean missing, besides the empty one.
    package init(levels: [String], missingTokens: [String]) {
        var letters: [UInt8] = []
        var starts = [0]
        for word in levels + missingTokens {
            letters.append(contentsOf: word.utf8)
            starts.append(letters.count)
        }
        let wordCount = starts.count - 1
        var slotCount = 2
        while slotCount < 2 * wordCount { slotCount *= 2 }
        var slots = [Int32](repeating: -1, count: slotCount)
        let bytes = letters.rawBytes
        // Tokens come first into the table, so that a token that is also a level is found as a token.
        for word in (levels.count..<wordCount).reversed() + Array(0..<levels.count) {
            var slot = Self.hash(bytes, starts[word]..<starts[word + 1]) & (slotCount - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slotCount - 1) }
            slots[slot] = Int32(word)
        }
        self.letters = letters
        self.starts = starts
        self.slots = slots
        levelCount = levels.count
    }

    /// What the string in these bytes means: missing if it is empty or a token once the spaces and tabs at its ends are
    /// gone; else the level of exactly these bytes, or of those without the spaces.
    package func meaning(of message: RawSpan, _ place: Range<Int>) -> Meaning {
        var trimmed = place
        while let first = trimmed.first, isBlank(message.byte(at: first)) { trimmed.removeFirst() }
        while let last = trimmed.last, isBlank(message.byte(at: last)) { trimmed.removeLast() }
        if trimmed.isEmpty { return .missing }
        let word = find(message, trimmed)
        if word >= levelCount { return .missing }
        let exact = trimmed == place ? word : find(message, place)
        if exact >= 0 && exact < levelCount { return .level(exact) }
        return word >= 0 ? .level(word) : .unseen
    }

    private func find(_ message: RawSpan, _ place: Range<Int>) -> Int {
        let bytes = letters.rawBytes
        var slot = Self.hash(message, place) & (slots.count - 1)
        while slots[slot] >= 0 {
            let word = Int(slots[slot])
            if isEqual(bytes, starts[word]..<starts[word + 1], message, place) { return word }
            slot = (slot + 1) & (slots.count - 1)
        }
        return -1
    }

    /// Eight bytes at a time, multiplied and folded; spread, not secret.
    private static func hash(_ bytes: RawSpan, _ place: Range<Int>) -> Int {
        var hash = UInt64(truncatingIfNeeded: place.count) &* 0x9E37_79B9_7F4A_7C15
        var next = place.lowerBound
        while next + 8 <= place.upperBound {
            hash = mixed(hash ^ bytes.integer(at: next))
            next += 8
        }
        while next < place.upperBound {
            hash = mixed(hash ^ UInt64(bytes.byte(at: next)))
            next += 1
        }
        return Int(truncatingIfNeeded: hash)
    }

    private static func mixed(_ word: UInt64) -> UInt64 {
        let product = word &* 0xD6E8_FEB8_6659_FD93
        return product ^ product >> 32
    }
}

extension Range<Int> {
    fileprivate mutating func removeFirst() { self = lowerBound + 1..<upperBound }
    fileprivate mutating func removeLast() { self = lowerBound..<upperBound - 1 }
}

private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

private func isEqual(_ left: RawSpan, _ leftPlace: Range<Int>, _ right: RawSpan, _ rightPlace: Range<Int>) -> Bool {
    guard leftPlace.count == rightPlace.count else { return false }
    var offset = 0
    while offset + 8 <= leftPlace.count {
        let ours = left.integer(at: leftPlace.lowerBound + offset, as: UInt64.self)
        guard ours == right.integer(at: rightPlace.lowerBound + offset, as: UInt64.self) else { return false }
        offset += 8
    }
    while offset < leftPlace.count {
        guard left.byte(at: leftPlace.lowerBound + offset) == right.byte(at: rightPlace.lowerBound + offset) else {
            return false
        }
        offset += 1
    }
    return true
}
