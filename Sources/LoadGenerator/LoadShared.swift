internal import Synchronization

/// What a run's threads and the one that waits for them share.
final class LoadShared: Sendable {
    /// When the first request may be sent, on the monotonic clock; 0 before all connections are ready.
    let start = Atomic<UInt64>(0)
    /// When the last request may be sent; earlier than planned when the run is ended early.
    let end = Atomic<UInt64>(.max)
    /// Until when answers are waited for after that; earlier when whoever waits does not want to.
    let drainEnd = Atomic<UInt64>(.max)
    /// How many threads have all their connections.
    let ready = Atomic<Int>(0)
    private let state = Mutex(State())

    private struct State {
        var seconds: [SecondFigures] = []
        var figures: [LoadFigures] = []
        var reloads: [LoadReload] = []
        var failure: (any Error)?
    }

    func post(_ second: SecondFigures) { state.withLock { $0.seconds.append(second) } }

    func post(_ figures: LoadFigures) { state.withLock { $0.figures.append(figures) } }

    func post(_ reload: LoadReload) { state.withLock { $0.reloads.append(reload) } }

    func fail(_ error: any Error) { state.withLock { $0.failure = $0.failure ?? error } }

    var failure: (any Error)? { state.withLock { $0.failure } }

    /// Takes the seconds that threads have ended since the last time.
    func takeSeconds() -> [SecondFigures] {
        state.withLock { state in
            defer { state.seconds = [] }
            return state.seconds
        }
    }

    /// What was published.
    var reloads: [LoadReload] { state.withLock { $0.reloads } }

    /// What all threads that have ended found.
    var figures: LoadFigures { state.withLock { $0.figures.reduce(into: LoadFigures()) { $0 += $1 } } }
}
