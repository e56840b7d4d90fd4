/// SplitMix64: the same numbers for the same seed.
public struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    /// Starts at a seed.
    public init(state: UInt64) { self.state = state }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Changes inputs a little: bits, bytes, numbers, words, pieces moved, doubled, dropped or taken from another input.
public struct Mutator {
    private var random: SplitMix
    private let words: [[UInt8]]
    private let bytesMax: Int
    private var frames: FrameMutator?

    /// A mutator that does the same for the same seed.
    ///
    /// - Parameters:
    ///   - seed: any number.
    ///   - words: what to put in now and then.
    ///   - bytesMax: the length of the longest input to make.
    ///   - hasFrames: whether inputs are conversations of HTTP/2, whose frames are changed as a whole now and then.
    public init(seed: UInt64, words: [String], bytesMax: Int, hasFrames: Bool = false) {
        random = SplitMix(state: seed)
        frames = hasFrames ? FrameMutator(seed: seed) : nil
        self.words = words.map { Array($0.utf8) }
        self.bytesMax = bytesMax
    }

    /// A changed input of the corpus.
    public mutating func next(from corpus: [[UInt8]]) -> [UInt8] {
        var input = corpus.randomElement(using: &random) ?? []
        if frames != nil, Bool.random(using: &random) {
            input = frames?.change(input, bytesMax: bytesMax) ?? input
            if Bool.random(using: &random) { return input }
        }
        for _ in 0..<(1 << Int.random(in: 0...3, using: &random)) {
            change(&input, other: corpus.randomElement(using: &random) ?? [])
        }
        return Array(input.prefix(bytesMax))
    }

    private mutating func change(_ input: inout [UInt8], other: [UInt8]) {
        let at = Int.random(in: 0...input.count, using: &random)
        let rest = input.count - at
        let count = Int.random(in: 0...min(rest, 1 << Int.random(in: 0...8, using: &random)), using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0 where rest > 0: input[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1 where rest > 0: input[at] = UInt8.random(in: 0...255, using: &random)
        case 2: input.removeSubrange(at..<at + count)
        case 3: input.insert(contentsOf: input[at..<at + count], at: at)
        case 4: input.insert(contentsOf: words.randomElement(using: &random) ?? [], at: at)
        case 5:
            let word = words.randomElement(using: &random) ?? []
            input.replaceSubrange(at..<at + min(word.count, rest), with: word)
        case 6: changeNumber(&input, from: at)
        case 7 where rest > 0: changeWhole(&input, at)
        case 8 where !other.isEmpty:
            let start = Int.random(in: 0..<other.count, using: &random)
            let end = min(other.count, start + 1 << Int.random(in: 0...9, using: &random))
            input.replaceSubrange(at..<at + count, with: other[start..<end])
        default:
            let to = Int.random(in: 0...input.count - count, using: &random)
            let piece = Array(input[at..<at + count])
            input.removeSubrange(at..<at + count)
            input.insert(contentsOf: piece, at: min(to, input.count))
        }
    }

    /// Puts another number in the place of the next one in digits.
    private mutating func changeNumber(_ input: inout [UInt8], from at: Int) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let start = input[at...].firstIndex(where: digits.contains) else { return }
        let end = input[start...].firstIndex { !digits.contains($0) } ?? input.count
        let numbers = [
            "0", "1", "2", "3", "-1", "31", "32", "33", "255", "256", "65536", "16777216", "2147483647", "2147483648",
            "4294967295", "9223372036854775807", "18446744073709551616", "1e308", "-0", "0.5", "1e-45",
        ]
        input.replaceSubrange(start..<end, with: Array((numbers.randomElement(using: &random) ?? "0").utf8))
    }

    /// Puts an edge of a type in, of one to eight bytes and either order.
    private mutating func changeWhole(_ input: inout [UInt8], _ at: Int) {
        let width = 1 << Int.random(in: 0...3, using: &random)
        let edges: [Int64] = [0, 1, -1, 127, 128, 255, 256, 32_767, 65_535, 1 << 20, .init(Int32.max), .max, .min]
        let value = edges.randomElement(using: &random) ?? 0
        let isBig = Bool.random(using: &random)
        for place in 0..<min(width, input.count - at) {
            let shift = (isBig ? width - 1 - place : place) * 8
            input[at + place] = UInt8(truncatingIfNeeded: value >> Int64(shift))
        }
    }
}
