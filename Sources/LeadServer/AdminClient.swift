internal import ByteKit
internal import Reactor
internal import TLSTransport

/// One connection to the admin listener: a request, its answer, and the end.
///
///     reading ──▶ (waiting for an action) ──▶ writing ──▶ (lingering) ──▶ over
///
/// It lingers where the client may still be sending what was refused: closing a socket with unread bytes resets it, and the
/// reset would take the answer away.
final class AdminClient {
    /// What it needs to go on.
    enum Want {
        case input, room, answer, finished
    }

    private enum Stage {
        case reading, waiting(ControlOrder), writing, lingering
    }

    let token: UInt64
    var deadline: DeadlineQueue.Handle

    private let socket: TCPSocket
    private let handle: (PlainRequest, AdminPeer) -> AdminReply
    private var stage = Stage.reading
    /// How long a new stage may take, taken by whoever keeps deadlines, who knows how long actions may.
    private var newTimeout: UInt64?
    private var interest = Interest.readable
    private let isSecret: Bool
    private var tls: TLSSession?
    private var ciphertext = ByteQueue()
    private var received = ByteQueue()
    /// How many bytes the request has; before they have come nobody looks at it again.
    private var bytesExpected = 1
    private var isHead = false
    private var outgoing = ByteQueue()
    private var lingers = false
    private var lingeredBytes = 0

    private static let readBytesMax = 16_384
    private static let lingerNanoseconds: UInt64 = 500_000_000
    private static let lingerBytesMax = 1 << 20

    /// A connection that was just accepted.
    /// - Parameters:
    ///   - socket: its socket.
    ///   - token: what the loop calls it.
    ///   - context: for TLS; nil is in the clear.
    ///   - deadline: when it is cut off.
    ///   - handle: answers its request.
    /// - Throws: `TLSError` when there is no memory.
    init(
        socket: consuming TCPSocket,
        token: UInt64,
        context: TLSContext?,
        deadline: DeadlineQueue.Handle,
        handle: @escaping (PlainRequest, AdminPeer) -> AdminReply
    ) throws(TLSError) {
        isSecret = context != nil
        if let context { tls = try TLSSession(accepting: context) }
        self.socket = socket
        self.token = token
        self.deadline = deadline
        self.handle = handle
    }

    /// Whether an action of its own is under way.
    var isWaiting: Bool {
        if case .waiting = stage { true } else { false }
    }

    func register(with loop: EventLoop) throws(SystemError) { try socket.register(with: loop, token: token) }

    func setInterest(_ wanted: Interest, in loop: EventLoop) throws(SystemError) {
        guard interest != wanted else { return }
        try socket.update(in: loop, token: token, interest: wanted)
        interest = wanted
    }

    /// How long from now the stage that has begun may take; once.
    func takeNewTimeout(forActions actionNanoseconds: UInt64) -> UInt64? {
        defer { newTimeout = nil }
        return newTimeout.map { isWaiting ? actionNanoseconds : $0 }
    }

    /// The socket has something, or room.
    func advance() throws -> Want {
        switch stage {
        case .reading: return try read()
        case .waiting: return .answer
        case .writing: return try write()
        case .lingering: return try drop()
        }
    }

    /// What was waited for is done.
    func answer(_ response: PlainResponse) throws -> Want {
        guard isWaiting else { return .finished }
        return try send(response)
    }

    /// The deadline is met: tells why, where something can be told.
    func expire() throws -> Want {
        switch stage {
        case .reading:
            let response = PlainResponse.error(status: 408, code: "timeout", "the request came too slowly")
            return (tls?.state ?? .open) == .open ? try send(response, isRefusal: true) : .finished
        case .waiting(let order):
            let path = "GET /v1/models/\(order.name)"
            return try send(
                order.withdraw()
                    ? .error(
                        status: 503,
                        code: "busy",
                        "other actions take long; this one was not begun, and nothing is changed"
                    )
                    : .error(
                        status: 504,
                        code: "timeout",
                        "the action takes long and goes on; \(path) tells what it came to"
                    )
            )
        case .writing, .lingering: return .finished
        }
    }

    // MARK: In

    private func read() throws -> Want {
        let isOpenNow = try takeIn()
        // The handshake's own bytes go out at once.
        if let want = try flush() { return want }
        guard isOpenNow else { return .finished }
        guard received.count >= bytesExpected else { return .input }
        switch PlainRequest.parse(received.copy()) {
        case .incomplete:
            bytesExpected = received.count + 1
            return .input
        case .needsBody(let count):
            bytesExpected = count
            return .input
        case .request(let request):
            isHead = request.isHead
            let peer = isSecret ? AdminPeer.overTLS(identity: tls?.peerIdentity?.name) : .unknown
            switch handle(request, peer) {
            case .now(let response): return try send(response)
            case .later(let order):
                stage = .waiting(order)
                newTimeout = .max
                return .answer
            }
        case .refused(let status, let reason):
            var response = PlainResponse.error(status: status, code: "bad-request", reason)
            if status == 405 { response.allow = "GET, HEAD, POST" }
            return try send(response, isRefusal: true)
        }
    }

    /// Reads what there is, once.
    /// - Returns: whether the client may send more.
    private func takeIn() throws -> Bool {
        guard isSecret else { return try socket.read(into: &received, atMost: Self.readBytesMax) != .endOfStream }
        switch try socket.read(into: &ciphertext, atMost: Self.readBytesMax) {
        case .endOfStream: return false
        case .wouldBlock: return true
        case .bytes: break
        }
        do {
            while try tls?.open(from: &ciphertext, into: &received, atMost: Self.readBytesMax) == true {}
        } catch {
            // The alert that says why goes out, if it can.
            _ = try? flush()
            throw error
        }
        return tls?.state != .peerClosed || received.count >= bytesExpected
    }

    private func drop() throws -> Want {
        let transfer = try socket.read(into: &ciphertext, atMost: Self.readBytesMax)
        ciphertext.removeAll()
        switch transfer {
        case .wouldBlock: return .input
        case .endOfStream: return .finished
        case .bytes(let count):
            lingeredBytes += count
            return lingeredBytes > Self.lingerBytesMax ? .finished : .input
        }
    }

    // MARK: Out

    private func send(_ response: PlainResponse, isRefusal: Bool = false) throws -> Want {
        outgoing.append(response.bytes(isHead: isHead))
        lingers = isRefusal
        if isSecret {
            try tls?.seal(from: &outgoing)
            tls?.close()
        }
        stage = .writing
        newTimeout = AdminServer.timeoutNanoseconds
        return try write()
    }

    private func write() throws -> Want {
        if let want = try flush() { return want }
        // The client sees the end of our bytes before a reset could take them away.
        socket.finishWriting()
        guard lingers else { return .finished }
        stage = .lingering
        newTimeout = Self.lingerNanoseconds
        return .input
    }

    /// Writes what waits; tells when there is no room for all of it.
    private func flush() throws -> Want? {
        while (tls?.outgoingCount ?? outgoing.count) > 0 {
            let transfer: TCPSocket.Transfer
            if isSecret {
                guard
                    let sent = try tls?.withOutgoing({ queue throws(SystemError) in try socket.write(from: &queue) })
                else { return nil }
                transfer = sent
            } else {
                transfer = try socket.write(from: &outgoing)
            }
            if transfer == .wouldBlock { return .room }
        }
        return nil
    }
}
