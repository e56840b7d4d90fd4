internal import Reactor
internal import Synchronization

/// The thread on which models and certificates are loaded: now and then, and when asked.
final class ControlThread: Sendable {
    private final class Orders: Sendable {
        let reload = Atomic<Bool>(false)
        let stop = Atomic<Bool>(false)
    }

    private let orders: Orders
    private let waker: Waker
    private let thread: ThreadHandle

    /// Starts the thread.
    /// - Parameters:
    ///   - room: what it works in.
    ///   - watch: looks after the workers between.
    ///   - actions: what operators want done, each before the next look for models.
    ///   - interval: how often it looks for new models.
    /// - Throws: `SystemError` when the kernel refuses.
    init(_ room: ControlRoom, _ watch: WorkerWatch, _ actions: ControlOrders, every interval: Duration) throws {
        let orders = Orders()
        let started = Handover<Result<Waker, SystemError>>()
        let nanoseconds = UInt64(max(0.001, interval / .seconds(1)) * 1e9)
        thread = try ThreadHandle(name: "leadline-ctl") {
            do throws(SystemError) {
                let loop = try EventLoop(eventsMax: 1)
                actions.wakes(loop.waker)
                started.bring(.success(loop.waker))
                var lastLook = MonotonicClock.now()
                while !orders.stop.load(ordering: .acquiring) {
                    _ = try loop.wait(atMost: min(nanoseconds, watch.interval))
                    watch.look()
                    while !orders.stop.load(ordering: .acquiring), let action = actions.take() {
                        if action.begin() { action.finish(room.carryOut(action)) }
                        watch.look()
                    }
                    let isForced = orders.reload.exchange(false, ordering: .acquiring)
                    guard isForced || loop.now - lastLook >= nanoseconds else { continue }
                    lastLook = loop.now
                    room.updateCertificates(isForced: isForced)
                    room.updatePolicy(isForced: isForced)
                    room.updateModels(isForced: isForced)
                    room.reclaim()
                }
            } catch {
                started.bring(.failure(error))
            }
        }
        self.orders = orders
        do {
            waker = try started.wait().get()
        } catch {
            thread.join()
            throw error
        }
    }

    /// Has models and certificates loaded soon.
    func reload() {
        orders.reload.store(true, ordering: .releasing)
        waker.wake()
    }

    /// Ends the thread and waits for it.
    func stop() {
        orders.stop.store(true, ordering: .releasing)
        waker.wake()
        thread.join()
    }
}
