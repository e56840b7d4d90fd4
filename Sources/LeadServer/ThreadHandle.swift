internal import Reactor
internal import Synchronization

/// A thread that can be kept in a list, and is joined once.
final class ThreadHandle: Sendable {
    private let thread: Mutex<WorkerThread?>

    init(name: String, body: @escaping @Sendable () -> Void) throws(SystemError) {
        let thread = try WorkerThread(name: name, body: body)
        self.thread = Mutex(consume thread)
    }

    /// Waits for the thread to end.
    func join() {
        if let thread = thread.withLock({ $0.take() }) { thread.join() }
    }
}
