public import Synchronization

/// Duration histograms of one thread, one for each case of `Key`; written as ``Counters`` are.
public final class Histograms<Key: CaseIterable & RawRepresentable<Int> & Sendable>: Sendable {
    /// The most cases a key may have.
    public static var keysMax: Int { 16 }

    private let before = InlineArray<16, UInt64>(repeating: 0)
    /// 64 cells a key: the buckets, and in cell 63 the sum.
    @usableFromInline let cells: InlineArray<1024, Atomic<UInt64>>
    private let after = InlineArray<16, UInt64>(repeating: 0)

    /// Empty histograms.
    public init() {
        precondition(Key.allCases.allSatisfy { (0..<Self.keysMax).contains($0.rawValue) }, "keys are 0 to 15")
        cells = InlineArray { _ in Atomic(0) }
    }

    /// Notes one duration; on the owner's thread alone.
    @inlinable
    public func record(_ key: Key, nanoseconds: UInt64) {
        let bucket = key.rawValue * 64 + DurationBuckets.index(nanoseconds: nanoseconds)
        let sum = key.rawValue * 64 + 63
        cells[bucket].store(cells[bucket].load(ordering: .relaxed) &+ 1, ordering: .relaxed)
        cells[sum].store(cells[sum].load(ordering: .relaxed) &+ nanoseconds, ordering: .relaxed)
    }

    /// A copy of one histogram; from any thread.
    public func distribution(_ key: Key) -> DurationDistribution {
        var copy = DurationDistribution()
        for index in copy.counts.indices {
            copy.counts[index] = cells[key.rawValue * 64 + index].load(ordering: .relaxed)
        }
        copy.sumNanoseconds = cells[key.rawValue * 64 + 63].load(ordering: .relaxed)
        return copy
    }
}

extension Sequence {
    /// One histogram merged over several threads' blocks.
    public func merged<Key>(_ key: Key) -> DurationDistribution where Element == Histograms<Key> {
        reduce(into: DurationDistribution()) { $0 += $1.distribution(key) }
    }
}
