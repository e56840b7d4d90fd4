/// Random numbers that a seed settles: xoshiro256**, seeded by SplitMix64.
///
/// The same on every machine and in every version, which the standard library does not promise of its own. From the public domain
/// algorithms of D. Blackman and S. Vigna.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// Starts the sequence of this seed; any seed will do.
    public init(seed: UInt64) {
        var mixer = seed
        func mixed() -> UInt64 {
            mixer = mixer &+ 0x9E37_79B9_7F4A_7C15
            var word = mixer
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
        state = (mixed(), mixed(), mixed(), mixed())
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        let scrambled = rotated(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotated(state.3, by: 45)
        return scrambled
    }

    /// A number from 0 up to, not including, 1; every multiple of 2^-53 is equally likely.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A whole number from 0 up to, not including, the bound, each equally likely.
    public mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next(upperBound: UInt64(bound))) }

    /// The numbers from 0 up to, not including, the count, in random order (Fisher and Yates).
    public mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, below(last + 1)) }
        return order
    }

    private func rotated(_ word: UInt64, by bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }
}
