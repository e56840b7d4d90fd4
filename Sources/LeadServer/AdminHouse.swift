internal import Reactor
internal import SnapshotExchange
internal import Synchronization
internal import TLSTransport

/// What the admin thread owns.
final class AdminHouse {
    let loop: EventLoop
    var address: SocketAddress { listener.address }
    private var listener: TCPListener
    private let certificates: SnapshotBoard<TLSContext>?
    private let actionTimeout: Duration
    private let handler: AdminServer.Handler
    private let mail: AdminMail
    private var clients: [UInt64: AdminClient] = [:]
    private var nextToken: UInt64 = 1
    private var isPaused = false

    init(
        binding requested: SocketAddress,
        _ certificates: SnapshotBoard<TLSContext>?,
        _ actionTimeout: Duration,
        handler: @escaping AdminServer.Handler
    ) throws(SystemError) {
        loop = try EventLoop()
        listener = try TCPListener(binding: requested, sharesPort: false, backlog: 128)
        self.certificates = certificates
        self.actionTimeout = actionTimeout
        self.handler = handler
        mail = AdminMail(loop.waker)
        try listener.register(with: loop, token: 0)
    }

    func run(until stop: AdminStop) throws(SystemError) {
        while !stop.isSet.load(ordering: .acquiring) {
            let count = try loop.wait()
            for index in 0..<count {
                let event = loop.event(at: index)
                if event.token == 0 {
                    try accept()
                } else if let client = clients[event.token] {
                    // While it waits nothing is read, and the end of the connection is all there can be.
                    if client.isWaiting { close(event.token) } else { serve(client) { try $0.advance() } }
                }
            }
            for (token, response) in mail.take() {
                if let client = clients[token] { serve(client) { try $0.answer(response) } }
            }
            while let token = loop.deadlines.popMet(now: loop.now) {
                if let client = clients[token] { serve(client) { try $0.expire() } }
            }
            if isPaused, clients.count < AdminServer.connectionsMax {
                try listener.resume(in: loop)
                isPaused = false
            }
        }
    }

    private func accept() throws(SystemError) {
        do throws(SystemError) {
            while clients.count < AdminServer.connectionsMax {
                guard let socket = try listener.accept() else { return }
                add(socket)
            }
        } catch  where error.isShortage {
            // The next connection that ends, or this deadline that is nobody's, looks again.
            _ = loop.deadlines.schedule(at: loop.now + 100_000_000, token: 0)
        }
        try listener.pause(in: loop)
        isPaused = true
    }

    /// Takes a connection in; one that cannot be served is closed.
    private func add(_ socket: consuming TCPSocket) {
        let token = nextToken
        nextToken += 1
        let (handler, mail) = (handler, mail)
        let client: AdminClient
        do throws(TLSError) {
            client = try AdminClient(
                socket: socket,
                token: token,
                context: certificates?.current().value,
                deadline: loop.deadlines.schedule(at: loop.now + AdminServer.timeoutNanoseconds, token: token)
            ) { request, peer in
                handler(request, peer) { mail.post($0, to: token) }
            }
        } catch {
            return
        }
        clients[token] = client
        do throws(SystemError) {
            try client.register(with: loop)
        } catch {
            close(token)
        }
    }

    /// Has a client go on, and waits for what it wants next.
    private func serve(_ client: AdminClient, _ body: (AdminClient) throws -> AdminClient.Want) {
        do {
            let want = try body(client)
            guard want != .finished else { return close(client.token) }
            if let nanoseconds = client.takeNewTimeout(forActions: actionTimeout.nanoseconds) {
                loop.deadlines.cancel(client.deadline)
                client.deadline = loop.deadlines.schedule(at: loop.now + nanoseconds, token: client.token)
            }
            try client.setInterest(
                want == .input ? .readable : want == .room ? .writable : [],
                in: loop
            )
        } catch {
            close(client.token)
        }
    }

    private func close(_ token: UInt64) {
        if let client = clients.removeValue(forKey: token) { loop.deadlines.cancel(client.deadline) }
    }
}

/// Answers on their way from other threads to the admin thread.
private final class AdminMail: Sendable {
    private let waiting = Mutex<[(token: UInt64, response: PlainResponse)]>([])
    private let waker: Waker

    init(_ waker: Waker) { self.waker = waker }

    func post(_ response: PlainResponse, to token: UInt64) {
        waiting.withLock { $0.append((token, response)) }
        waker.wake()
    }

    func take() -> [(token: UInt64, response: PlainResponse)] {
        waiting.withLock { list in
            defer { list = [] }
            return list
        }
    }
}
