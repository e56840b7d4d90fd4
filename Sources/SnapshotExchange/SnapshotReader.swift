public import Synchronization

/// One thread's view of a ``SnapshotBoard``.
///
/// Not `Sendable`: it belongs to the thread that made it. No method takes a lock, allocates, or touches a reference
/// count, except ``retainCurrent()``, which says so.
///
///     while running {
///         reader.turn()                                  // nothing from the last turn is used any more
///         reader.withCurrent { publication in … }
///         reader.goOffline(); wait(); // the next turn() comes back
///     }
@safe public final class SnapshotReader<Value: AnyObject & Sendable> {
    @usableFromInline let board: SnapshotBoard<Value>
    @usableFromInline let slot: ReaderSlot
    /// What this turn reads; meaningless while offline.
    @usableFromInline var current: Unmanaged<Publication<Value>>
    /// The epoch in the slot; 0 when offline.
    @usableFromInline var seen: UInt64 = 0

    init(board: SnapshotBoard<Value>, slot: ReaderSlot) {
        self.board = board
        self.slot = slot
        unsafe current = board.pointer.load(ordering: .acquiring)
    }

    deinit {
        slot.seen.store(0, ordering: .releasing)
        slot.taken.store(false, ordering: .releasing)
    }

    /// Begins a turn: gives up what the last turn held, and takes what is current now.
    @inlinable
    public func turn() {
        let epoch = board.epoch.load(ordering: .acquiring)
        if seen == 0 {
            // Coming online: this store must be seen before the pointer is loaded (see SnapshotBoard).
            slot.seen.store(epoch, ordering: .sequentiallyConsistent)
        } else if epoch != seen {
            slot.seen.store(epoch, ordering: .releasing)
        }
        seen = epoch
        unsafe current = board.pointer.load(ordering: .sequentiallyConsistent)
    }

    /// Gives up what the turn held; to be called before sleeping.
    ///
    /// Nothing may be read until the next ``turn()``.
    @inlinable
    public func goOffline() {
        seen = 0
        slot.seen.store(0, ordering: .releasing)
    }

    /// Lends the turn's publication without counting a reference; it must not outlive the closure.
    @inlinable
    public func withCurrent<Result>(_ body: (Publication<Value>) throws -> Result) rethrows -> Result {
        precondition(seen != 0, "a reader that is offline holds nothing: call turn() first")
        // Safety: the slot holds `seen`, and the board frees nothing that was current at that epoch or later. The
        // reference is borrowed for the closure alone, on the thread whose turn it is.
        return try unsafe current._withUnsafeGuaranteedRef(body)
    }

    /// A counted reference, for work that goes on over several turns: the one exception to "no counting".
    ///
    /// Never inlined. In the caller's body the optimiser may move a retain down past whatever it believes cannot release, and
    /// an atomic store of the slot is such a thing: compiled for release, the count rose after ``goOffline()``, when
    /// the value could be gone already. A call cannot be split, so here the count is up before it returns.
    @inline(never)
    public func retainCurrent() -> Publication<Value> {
        precondition(seen != 0, "a reader that is offline holds nothing: call turn() first")
        // Safety: as in withCurrent; from here on the reference count keeps the value alive.
        return unsafe current.takeUnretainedValue()
    }
}
