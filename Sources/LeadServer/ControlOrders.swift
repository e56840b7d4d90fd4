internal import Reactor
internal import Synchronization

/// An action that somebody on the admin listener waits for.
final class ControlOrder: Sendable {
    let name: String
    let action: ModelAction
    let who: String
    private let reply: @Sendable (PlainResponse) -> Void

    private enum Stage {
        static let waits: UInt8 = 0
        static let begun: UInt8 = 1
        static let withdrawn: UInt8 = 2
    }
    private let stage = Atomic<UInt8>(Stage.waits)

    /// An order.
    /// - Parameters:
    ///   - name: the model's.
    ///   - action: what to do.
    ///   - who: for whom.
    ///   - reply: takes the answer, on the control thread.
    init(_ name: String, _ action: ModelAction, for who: String, reply: @escaping @Sendable (PlainResponse) -> Void) {
        self.name = name
        self.action = action
        self.who = who
        self.reply = reply
    }

    /// Whether it is still wanted; it cannot be withdrawn any more then.
    func begin() -> Bool {
        stage.compareExchange(expected: Stage.waits, desired: Stage.begun, ordering: .acquiringAndReleasing).exchanged
    }

    /// Has it not done, if it was not begun.
    /// - Returns: whether that was in time.
    func withdraw() -> Bool {
        stage.compareExchange(expected: Stage.waits, desired: Stage.withdrawn, ordering: .acquiringAndReleasing)
            .exchanged
    }

    /// Answers it.
    func finish(_ response: PlainResponse) { reply(response) }
}

/// What the control thread is to do, in order: brought by the admin thread.
final class ControlOrders: Sendable {
    /// So many may wait; each holds a connection.
    static let waitingMax = 8

    private struct Queue {
        var orders: [ControlOrder] = []
        var waker: Waker?
    }
    private let queue = Mutex(Queue())

    /// Has an order carried out soon.
    /// - Returns: whether there was room for it.
    func submit(_ order: ControlOrder) -> Bool {
        queue.withLock { queue in
            guard queue.orders.count < Self.waitingMax else { return false }
            queue.orders.append(order)
            queue.waker?.wake()
            return true
        }
    }

    /// The next one.
    func take() -> ControlOrder? {
        queue.withLock { $0.orders.isEmpty ? nil : $0.orders.removeFirst() }
    }

    /// Tells whom to wake.
    func wakes(_ waker: Waker) { queue.withLock { $0.waker = waker } }
}
