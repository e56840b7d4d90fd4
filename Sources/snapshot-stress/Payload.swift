internal import Synchronization

/// A value whose parts must agree, and which spoils itself when it goes.
///
/// The parts are written and read without any order of their own, on purpose: whatever order readers see comes from the
/// board, and the thread sanitizer hears of it when it is missing.
@safe final class Payload: @unchecked Sendable {
    // Sendable: written in init and in spoil() alone; that nobody reads then is what the stress run is about.

    static let poison: UInt64 = 0xDEAD_DEAD_DEAD_DEAD
    private static let count = 64
    static let alive = Atomic<Int>(0)

    private let parts: UnsafeMutablePointer<UInt64>

    init(_ seed: UInt64) {
        // Safety: owned by this object, `count` words, freed in deinit alone.
        unsafe parts = .allocate(capacity: Self.count)
        for index in 0..<Self.count { unsafe parts[index] = seed &+ UInt64(index) }
        Self.alive.wrappingAdd(1, ordering: .relaxed)
    }

    deinit {
        spoil()
        // Safety: allocated in init.
        unsafe parts.deallocate()
        Self.alive.wrappingSubtract(1, ordering: .relaxed)
    }

    /// What deinit does, but while somebody may still look: the planted fault.
    func spoil() {
        // Safety: within the `count` words of init.
        for index in 0..<Self.count { unsafe parts[index] = Self.poison }
    }

    /// Whether all parts still belong together.
    func agrees() -> Bool {
        // Safety: within the `count` words of init.
        let first = unsafe parts[0]
        var sum: UInt64 = 0
        for index in 0..<Self.count { unsafe sum &+= parts[index] &- first &- UInt64(index) }
        return first != Self.poison && sum == 0
    }
}
