public import Synchronization

/// Publishes one immutable value to a fixed number of readers, which never wait and never count references.
///
/// This is quiescent-state reclamation. A reader is a thread that goes round a loop; the top of its turn
/// (``SnapshotReader/turn()``) says "I hold nothing from before". The publisher swaps the pointer, raises the epoch, and keeps
/// the old value until every reader that is online has begun a turn since. A reader about to sleep goes offline, so that
/// nobody waits for it.
///
///     reader, each turn               publisher
///     ─────────────────               ─────────
///     e ← epoch           (acquire)   old ← exchange(pointer, new)    (sequentially consistent)
///     slot ← e            (*)         tag ← epoch + 1; epoch ← tag    (release)
///     p ← pointer         (*)         retire (old, tag)
///     … uses p …                      free what has tag ≤ every slot that is online   (*)
///     slot ← 0 (offline)  (release)
///
/// Why nothing in use is freed. Slot *e* means: this reader may hold any value that was still current at epoch *e* or
/// later. The pointer is swapped before the epoch is raised, so a reader that has seen epoch *tag* cannot load the
/// value retired under *tag* any more; and its store of *tag* comes after its last use of what it held (release), so
/// the publisher that reads *tag* (acquire) frees after that use.
///
/// The classic race is a reader coming back online: the publisher reads the slot as offline while the reader, whose store of
/// the slot still sits in its processor's store buffer, already loads the old pointer. Steps marked (*) and the
/// exchange are therefore sequentially consistent. In their single total order either the reader's store precedes
/// the publisher's look at the slot, which then sees an epoch below *tag* and keeps the value, or the look precedes the store; then
/// the exchange, which precedes the look, also precedes the reader's load, which gets the new value. A reader that was online
/// all along needs no such order (its older epoch already protects it), so there the store is a plain release.
///
/// The test suite explores every interleaving of a small copy of this table, store buffers included.
@safe public final class SnapshotBoard<Value: AnyObject & Sendable>: Sendable {
    /// Each epoch is one publication; the first value is epoch 1, and 0 in a slot means offline.
    @usableFromInline let epoch = Atomic<UInt64>(1)
    @usableFromInline let pointer: Atomic<Unmanaged<Publication<Value>>>
    private let slots: [ReaderSlot]
    private let publisher: Mutex<PublisherState<Value>>

    /// A board that shows `initial` and has room for `readers` threads.
    public init(_ initial: Value, readers: Int) {
        precondition(readers > 0, "a board without readers publishes to nobody")
        // Safety: the board owns one reference to every value that is current or retired; `passRetained` takes it here,
        // `free` or `deinit` gives it back.
        unsafe pointer = Atomic(Unmanaged.passRetained(Publication(value: initial, epoch: 1)))
        slots = (0..<readers).map { _ in ReaderSlot() }
        publisher = Mutex(PublisherState())
    }

    deinit {
        // Safety: readers keep the board alive, so there is none left; these are the references taken at publication.
        unsafe pointer.load(ordering: .acquiring).release()
        publisher.withLock { state in
            for retired in state.retired { unsafe retired.value.release() }
        }
    }

    /// How many readers the board has room for.
    public var readerCount: Int { slots.count }

    /// Takes the reader's place `index`; to be called on the thread that will read.
    ///
    /// A place is held by one reader at a time and becomes free when that reader is gone.
    public func reader(_ index: Int) -> SnapshotReader<Value> {
        let slot = slots[index]
        let taken = slot.taken.exchange(true, ordering: .acquiringAndReleasing)
        precondition(!taken, "two readers in place \(index) would hide each other's epoch")
        return SnapshotReader(board: self, slot: slot)
    }

    /// Makes `value` the current one, and frees retired values that no reader can hold.
    ///
    /// Never waits for a reader. Publishers exclude one another by a lock that readers do not know of.
    /// - Parameters:
    ///   - value: what readers get from their next turn on.
    ///   - now: the instant noted for the value that goes; tests pass their own.
    /// - Returns: the epoch of this publication.
    @discardableResult
    public func publish(_ value: Value, now: ContinuousClock.Instant = .now) -> UInt64 {
        let (tag, freed) = publisher.withLock { state in
            let tag = epoch.load(ordering: .relaxed) + 1
            // Safety: see `init`; the exchange hands the reference to the old value over to the retired list.
            let new = unsafe Unmanaged.passRetained(Publication(value: value, epoch: tag))
            let old = unsafe pointer.exchange(new, ordering: .sequentiallyConsistent)
            epoch.store(tag, ordering: .releasing)
            unsafe state.retired.append(Retired(value: old, tag: tag, since: now))
            state.retiredMax = max(state.retiredMax, state.retired.count)
            return (tag, takeFreeable(from: &state))
        }
        release(freed)
        return tag
    }

    /// Frees retired values that no reader can hold any more; to be called now and then by whoever publishes.
    /// - Returns: how many were freed.
    @discardableResult
    public func reclaim() -> Int {
        let freed = publisher.withLock { state in takeFreeable(from: &state) }
        release(freed)
        return freed.count
    }

    /// What is current, for anyone who is not a reader: a counted reference, taken under the publishers' lock.
    public func current() -> Publication<Value> {
        publisher.withLock { _ in
            // Safety: only `publish` retires a value, and it needs the lock that is held here.
            unsafe pointer.load(ordering: .acquiring).takeUnretainedValue()
        }
    }

    /// How publication goes.
    /// - Parameters:
    ///   - now: the instant to measure ages at.
    ///   - stuckAfter: a reader that holds back a value retired longer ago than this counts as stuck.
    /// - Returns: figures of this moment.
    public func statistics(
        now: ContinuousClock.Instant = .now,
        stuckAfter: Duration = .seconds(5)
    ) -> SnapshotStatistics {
        publisher.withLock { state in
            let seen = slots.map { $0.seen.load(ordering: .sequentiallyConsistent) }
            let oldest = state.retired.first
            let stuckTag = state.retired.last { now - $0.since > stuckAfter }?.tag ?? 0
            let current = epoch.load(ordering: .acquiring)
            return SnapshotStatistics(
                epoch: current,
                retiredCount: state.retired.count,
                retiredCountMax: state.retiredMax,
                freedCount: state.freedCount,
                oldestRetiredAge: oldest.map { now - $0.since },
                readersOnline: seen.count { $0 != 0 },
                readersBehind: seen.count { $0 != 0 && $0 < current },
                stuckReaders: seen.indices.filter { seen[$0] != 0 && seen[$0] < stuckTag }
            )
        }
    }

    /// Takes the values that no reader can hold off the list; the caller releases them without the lock.
    private func takeFreeable(from state: inout PublisherState<Value>) -> [Retired<Value>] {
        var passed = UInt64.max
        for slot in slots {
            let seen = slot.seen.load(ordering: .sequentiallyConsistent)
            if seen != 0 { passed = min(passed, seen) }
        }
        // Tags rise along the list.
        let count = state.retired.firstIndex { $0.tag > passed } ?? state.retired.count
        let freed = Array(state.retired[..<count])
        state.retired.removeFirst(count)
        state.freedCount += count
        return freed
    }

    private func release(_ freed: [Retired<Value>]) {
        // Safety: each entry left the list under the lock, so its one reference is given back once.
        for retired in freed { unsafe retired.value.release() }
    }
}

/// A value and the number it was published under, always together.
public final class Publication<Value: AnyObject & Sendable>: Sendable {
    /// What was published.
    public let value: Value
    /// Its number; the board's first value is 1.
    public let epoch: UInt64

    init(value: Value, epoch: UInt64) {
        self.value = value
        self.epoch = epoch
    }
}

/// Figures about a board at one moment.
public struct SnapshotStatistics: Sendable, Equatable {
    /// The number of the latest publication; the first value is 1.
    public var epoch: UInt64
    /// Values replaced and not yet freed.
    public var retiredCount: Int
    /// The most there ever were of them.
    public var retiredCountMax: Int
    /// Values freed so far.
    public var freedCount: Int
    /// Since when the oldest retired value waits.
    public var oldestRetiredAge: Duration?
    /// Readers inside a turn.
    public var readersOnline: Int
    /// Readers inside a turn that began before the latest publication.
    public var readersBehind: Int
    /// Places of the readers that hold back a value for longer than asked.
    public var stuckReaders: [Int]
}

/// A reader's announcement, alone on its cache lines (two, because processors fetch them in pairs).
@usableFromInline
final class ReaderSlot: Sendable {
    private let before = InlineArray<16, UInt64>(repeating: 0)
    /// The epoch the reader has seen; 0 when offline.
    @usableFromInline let seen = Atomic<UInt64>(0)
    let taken = Atomic<Bool>(false)
    private let after = InlineArray<16, UInt64>(repeating: 0)
}

private struct PublisherState<Value: AnyObject & Sendable> {
    var retired: [Retired<Value>] = []
    var retiredMax = 0
    var freedCount = 0
}

@safe private struct Retired<Value: AnyObject & Sendable> {
    var value: Unmanaged<Publication<Value>>
    /// May be freed once every reader online has seen this epoch.
    var tag: UInt64
    var since: ContinuousClock.Instant
}
