/// A hash table of numbers 0, 1, …: whoever uses it keeps what they number, and compares.
///
/// Hashes are salted, so that no file can be made whose values all meet in one place; numbers do not depend on the salt.
struct NumberTable {
    /// A number plus one, or 0.
    private var slots = [UInt32](repeating: 0, count: 256)
    /// By number.
    private var hashes: [UInt64] = []
    private let salt = UInt64.random(in: .min ... .max)

    /// Mixes a word into a hash.
    @inline(__always)
    func hash(_ word: UInt64, _ hash: UInt64) -> UInt64 {
        let product = (word ^ salt).multipliedFullWidth(by: hash &* 0x9e37_79b9_7f4a_7c15 ^ 0xbf58_476d_1ce4_e5b9)
        return product.high ^ product.low
    }

    @inline(__always)
    func firstSlot(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: (hash &* 0x9e37_79b9_7f4a_7c15) >> 20) & (slots.count - 1)
    }

    @inline(__always)
    func slot(after slot: Int) -> Int { (slot + 1) & (slots.count - 1) }

    /// The number in a slot; nil if it is free.
    @inline(__always)
    func number(at slot: Int) -> Int? { slots[slot] == 0 ? nil : Int(slots[slot]) - 1 }

    /// The hash that a number was added with.
    @inline(__always)
    func hash(of number: Int) -> UInt64 { hashes[number] }

    /// Gives out the next number, at the free slot where the search for its hash ended.
    mutating func add(_ hash: UInt64, at slot: Int) -> UInt32 {
        hashes.append(hash)
        slots[slot] = UInt32(hashes.count)
        if hashes.count * 2 > slots.count { grow() }
        return UInt32(hashes.count - 1)
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 4)
        for (number, hash) in hashes.enumerated() {
            var slot = firstSlot(hash)
            while slots[slot] != 0 { slot = self.slot(after: slot) }
            slots[slot] = UInt32(number + 1)
        }
    }
}
