public import Synchronization

/// Counters of one thread, one for each case of `Key`, alone on their cache lines.
///
/// The owner adds with a relaxed load and store (no locked instruction); anyone may read at any time and sees each
/// counter whole, though not all of one instant.
public final class Counters<Key: CaseIterable & RawRepresentable<Int> & Sendable>: Sendable {
    /// The most cases a key may have.
    public static var keysMax: Int { 128 }

    private let before = InlineArray<16, UInt64>(repeating: 0)
    @usableFromInline let cells: InlineArray<128, Atomic<UInt64>>
    private let after = InlineArray<16, UInt64>(repeating: 0)

    /// Counters at zero.
    public init() {
        precondition(Key.allCases.allSatisfy { (0..<Self.keysMax).contains($0.rawValue) }, "keys are 0 to 127")
        cells = InlineArray { _ in Atomic(0) }
    }

    /// Adds `amount`; on the owner's thread alone.
    @inlinable
    public func add(_ key: Key, _ amount: Int = 1) {
        let now = cells[key.rawValue].load(ordering: .relaxed)
        cells[key.rawValue].store(now &+ UInt64(truncatingIfNeeded: amount), ordering: .relaxed)
    }

    /// The count of `key` now; from any thread.
    ///
    /// A counter that also falls (an amount in use) is read this way too.
    @inlinable
    public subscript(_ key: Key) -> UInt64 { cells[key.rawValue].load(ordering: .relaxed) }
}

extension Sequence {
    /// The sum of one counter over several threads' blocks.
    public func total<Key>(_ key: Key) -> UInt64 where Element == Counters<Key> {
        reduce(0) { $0 &+ $1[key] }
    }
}
