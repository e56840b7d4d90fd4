internal import Logging
internal import Reactor
internal import Synchronization
internal import Telemetry

/// Looks whether each worker's loop turns: wakes them all, and sees at the next look whether they woke.
///
/// For the control thread. A worker yields every quarter of a millisecond, so that one which has not turned for seconds hangs.
final class WorkerWatch: Sendable {
    private struct Seen: Sendable {
        var turns: [UInt64]
        var time: UInt64
    }

    /// Nanoseconds between two looks: a service manager wants to hear more often than it waits.
    let interval: UInt64

    private let state: ServerState
    private let crew: WorkerCrew
    private let log: Logger
    private let manager: ServiceManager?
    private let seen: Mutex<Seen?>

    init(_ state: ServerState, _ crew: WorkerCrew, _ log: Logger, _ manager: ServiceManager?) {
        self.state = state
        self.crew = crew
        self.log = log
        self.manager = manager
        interval = min(5_000_000_000, (manager?.watchdogInterval?.nanoseconds ?? .max) / 3)
        seen = Mutex(nil)
    }

    /// Looks if it is time to; tells the service manager when all is well.
    func look(now: UInt64 = MonotonicClock.now()) {
        let before = seen.withLock(\.self)
        if let before, now < before.time + interval { return }
        // A worker that has drained turns no more, and is not to be missed; how long that may take is bounded elsewhere.
        guard !state.isDraining.load(ordering: .acquiring) else {
            manager?.tell("WATCHDOG=1")
            return
        }
        let turns = state.telemetry.map { $0.counts[.turns] }
        let stuck = before.map { before in turns.indices.filter { turns[$0] == before.turns[$0] } } ?? []
        seen.withLock { $0 = Seen(turns: turns, time: now) }
        crew.wakeAll()
        if state.workersStuck.exchange(stuck.count, ordering: .relaxed) != stuck.count, !stuck.isEmpty {
            log.critical("workers hang", metadata: ["workers": "\(stuck)"])
        }
        if stuck.isEmpty, state.workersLost.load(ordering: .relaxed) == 0 { manager?.tell("WATCHDOG=1") }
    }
}
