internal import Dispatch
internal import Synchronization

/// A value that one thread waits for and another brings, once.
final class Handover<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let arrived = DispatchSemaphore(value: 0)

    /// Brings the value.
    func bring(_ value: Value) {
        self.value.withLock { $0 = value }
        arrived.signal()
    }

    /// Waits for the value; for one thread, once.
    func wait() -> Value {
        while true {
            arrived.wait()
            if let value = value.withLock({ $0 }) { return value }
        }
    }
}
