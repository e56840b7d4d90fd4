internal import Reactor
internal import Synchronization

/// An HTTP request on its way to the loop, with whom to tell.
struct ClientRequest: Sendable {
    let id: UInt64
    let method: String
    let path: String
    let contentType: String?
    let body: [UInt8]
    let continuation: CheckedContinuation<ClientResponse, any Error>
    /// How often it has been sent.
    var attempts = 0
}

/// A whole HTTP response.
struct ClientResponse: Sendable {
    var status = 0
    var contentType: String?
    var body: [UInt8] = []
    /// From the submission to HTTP/2 to the last byte.
    var nanoseconds: UInt64 = 0
}

/// Where callers of any thread leave their requests for the loop's thread.
final class ClientInbox: Sendable {
    /// What the loop takes in one turn.
    struct Delivery {
        var requests: [ClientRequest] = []
        var cancelled: [UInt64] = []
        var isClosed = false
    }

    private struct State {
        var delivery = Delivery()
        var nextID: UInt64 = 1
        var waker: Waker?
    }

    private let state = Mutex(State())

    /// A number for a new request.
    func makeID() -> UInt64 {
        state.withLock { state in
            defer { state.nextID += 1 }
            return state.nextID
        }
    }

    /// Leaves a request; it fails at once when the client was closed.
    func send(_ request: ClientRequest) {
        let (isClosed, waker) = state.withLock {
            if !$0.delivery.isClosed { $0.delivery.requests.append(request) }
            return ($0.delivery.isClosed, $0.waker)
        }
        if isClosed { request.continuation.resume(throwing: LeadClientError(.closed, "the client was closed")) }
        waker?.wake()
    }

    /// Says that nobody waits for a request's answer any more.
    func cancel(_ id: UInt64) {
        state.withLock {
            $0.delivery.cancelled.append(id)
            return $0.waker
        }?.wake()
    }

    /// Says that no further request will come and those on their way shall end.
    func close() {
        state.withLock {
            $0.delivery.isClosed = true
            return $0.waker
        }?.wake()
    }

    /// Tells how the loop is woken; requests that came before are found by its first look.
    func attach(_ waker: Waker) {
        state.withLock { $0.waker = waker }
    }

    /// Takes what has come since the last time.
    func take() -> Delivery {
        state.withLock {
            let delivery = $0.delivery
            $0.delivery.requests = []
            $0.delivery.cancelled = []
            return delivery
        }
    }
}
