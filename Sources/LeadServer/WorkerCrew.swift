internal import Dispatch
internal import Logging
internal import Reactor
internal import Synchronization

/// The workers' threads, from binding to joining.
final class WorkerCrew: Sendable {
    /// The address that all workers share.
    let address: SocketAddress
    private let state: ServerState
    private let wakers: [Waker]
    private let threads: Mutex<[ThreadHandle]>
    private let ended: DispatchSemaphore
    private let count: Int

    /// Starts the workers, each with a listener of its own on the same port.
    ///
    /// - Parameters:
    ///   - requested: where to listen; with port 0 the first worker learns the port that the others share.
    ///   - state: the server's; as many workers as it has blocks of telemetry.
    ///   - log: where workers tell what they meet.
    /// - Throws: `SystemError` when the address cannot be had or a thread cannot start; none is left running then.
    init(binding requested: SocketAddress, state: ServerState, log: Logger) throws {
        var address = requested
        var wakers: [Waker] = []
        var threads: [ThreadHandle] = []
        let ended = DispatchSemaphore(value: 0)
        do {
            // The workers share their port with whoever of this user asks to: a second server would take half the connections
            // of the first in silence. A listener that does not share finds out whether there is one.
            if requested.port != 0 { _ = try TCPListener(binding: requested, sharesPort: false) }
            for index in 0..<state.telemetry.count {
                let started = Handover<Result<(SocketAddress, Waker), SystemError>>()
                let wanted = address
                threads.append(
                    try ThreadHandle(name: "leadline-\(index)") {
                        defer { ended.signal() }
                        do throws(SystemError) {
                            let worker = try Worker(index: index, binding: wanted, state: state, log: log)
                            started.bring(.success((worker.address ?? wanted, worker.loop.waker)))
                            try worker.run()
                        } catch {
                            started.bring(.failure(error))
                            state.workersLost.add(1, ordering: .releasing)
                            log.critical("a worker ended", metadata: ["worker": "\(index)", "error": "\(error)"])
                        }
                    }
                )
                let (bound, waker) = try started.wait().get()
                address = bound
                wakers.append(waker)
            }
        } catch {
            state.isDraining.store(true, ordering: .releasing)
            state.isStopping.store(true, ordering: .releasing)
            for waker in wakers { waker.wake() }
            for thread in threads { thread.join() }
            throw error
        }
        self.address = address
        self.state = state
        self.wakers = wakers
        self.threads = Mutex(threads)
        self.ended = ended
        count = threads.count
    }

    /// Has every worker's loop turn once.
    func wakeAll() {
        for waker in wakers { waker.wake() }
    }

    /// Has all workers drain, cuts off what is not finished in time, and waits for the threads.
    /// - Parameter timeout: how long what is under way may take.
    /// - Returns: whether everything was finished in time.
    func stop(within timeout: Duration) -> Bool {
        let handles = threads.withLock { list in
            defer { list = [] }
            return list
        }
        guard !handles.isEmpty else { return true }
        state.isDraining.store(true, ordering: .releasing)
        for waker in wakers { waker.wake() }
        let end = DispatchTime.now() + (timeout / .seconds(1))
        var isClean = true
        for _ in 0..<count where ended.wait(timeout: end) == .timedOut { isClean = false }
        state.isStopping.store(true, ordering: .releasing)
        for waker in wakers { waker.wake() }
        for handle in handles { handle.join() }
        return isClean
    }
}
