import ByteKit
import Glibc
import HTTP2Transport
import Reactor
import Synchronization
import TLSTransport

/// A server on one thread that sends every body back, in the way a real one is meant to use the rooms.
final class EchoHouse: Sendable {
    struct Counts: Sendable {
        var accepted = 0
        var open = 0
        var requests = 0
        var failed = 0
    }

    final class Shared: Sendable {
        let isStopping = Atomic(false)
        let counts = Mutex(Counts())
    }

    let address: SocketAddress
    let folder: String
    let clientContext: TLSContext
    private let shared = Shared()
    private let waker: Waker
    private let thread: Mutex<WorkerThread?>

    init() throws {
        var template = Array("/tmp/leadline-loop-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw TLSError(.file, "mkdtemp") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        _ = try DevelopmentCertificates.create(in: folder)
        clientContext = try TLSContext(client: TLSClientConfiguration(authorityPath: folder + "/ca.pem"))
        let serverContext = try TLSContext(
            server: TLSServerConfiguration(
                certificateChainPath: folder + "/server.pem",
                privateKeyPath: folder + "/server.key"
            )
        )
        let worker = try EchoWorker(serverContext, shared)
        address = worker.address
        waker = worker.waker
        let started = try WorkerThread(name: "echo", handing: worker) { $0.run() }
        thread = Mutex(started)
    }

    deinit {
        for name in DevelopmentCertificates.fileNames + ["question", "answer"] {
            _ = unsafe unlink(folder + "/" + name)
        }
        _ = unsafe rmdir(folder)
    }

    /// Ends the thread once all connections are closed.
    func stop() -> Counts {
        shared.isStopping.store(true, ordering: .releasing)
        waker.wake()
        thread.withLock { $0.take() }?.join()
        return shared.counts.withLock { $0 }
    }
}

/// The server's thread: its loop, listener, connections and scratch space.
final class EchoWorker {
    let address: SocketAddress
    let waker: Waker
    private let loop: EventLoop
    private var listener: TCPListener
    private let context: TLSContext
    private let shared: EchoHouse.Shared
    private let pool = BytePool()
    private var connections: [UInt64: EchoConnection] = [:]
    private var lastToken: UInt64 = 0
    private var scratch = EchoScratch()

    init(_ context: TLSContext, _ shared: EchoHouse.Shared) throws {
        self.context = context
        self.shared = shared
        let loop = try EventLoop()
        var listener = try TCPListener(binding: .loopback())
        try listener.register(with: loop, token: 0)
        address = listener.address
        waker = loop.waker
        self.loop = loop
        self.listener = listener
    }

    func run() {
        // Bounded, so that a test that went wrong ends.
        let end = MonotonicClock.now() + 60_000_000_000
        while loop.now < end {
            guard let count = try? loop.wait(atMost: 1_000_000_000) else { break }
            for index in 0..<count {
                let event = loop.event(at: index)
                if event.token == 0 { accept() } else { serve(event) }
            }
            if shared.isStopping.load(ordering: .acquiring), connections.isEmpty { break }
        }
        shared.counts.withLock { $0.open = connections.count }
    }

    private func accept() {
        while let socket = try? listener.accept() {
            lastToken += 1
            guard let connection = try? EchoConnection(socket, context, pool, loop, token: lastToken) else { continue }
            connections[lastToken] = connection
            shared.counts.withLock { $0.accepted += 1 }
        }
    }

    private func serve(_ event: LoopEvent) {
        guard let connection = connections[event.token] else { return }
        let before = connection.requests
        var stays = false
        do {
            stays = try connection.turn(event, loop, &scratch)
        } catch {
            shared.counts.withLock { $0.failed += error is TLSError ? 1 : 0 }
        }
        shared.counts.withLock { $0.requests += connection.requests - before }
        if !stays { connections[event.token] = nil }
    }
}

/// What the connections of a thread share within a turn.
struct EchoScratch: ~Copyable {
    var ciphertext = ByteQueue()
    var plaintext = ByteQueue()
    var output = ByteQueue()
}

/// A connection: socket, TLS, HTTP/2.
final class EchoConnection {
    private let socket: TCPSocket
    private var tls: TLSSession
    private var http2: HTTP2ServerSession
    private let token: UInt64
    private var interest: Interest = .readable
    private var bodies: [Int32: [UInt8]] = [:]
    private(set) var requests = 0

    init(
        _ socket: consuming TCPSocket,
        _ context: TLSContext,
        _ pool: BytePool,
        _ loop: EventLoop,
        token: UInt64
    ) throws {
        let tls = try TLSSession(accepting: context, pool: pool)
        try socket.register(with: loop, token: token)
        self.socket = socket
        self.tls = tls
        http2 = HTTP2ServerSession(pool: pool)
        self.token = token
    }

    /// - Returns: Whether the connection lives on.
    func turn(_ event: LoopEvent, _ loop: EventLoop, _ scratch: inout EchoScratch) throws -> Bool {
        if event.isReadable {
            if try socket.read(into: &scratch.ciphertext, atMost: 256 << 10) == .endOfStream { return false }
            do {
                var hasMore = true
                while hasMore {
                    hasMore = try tls.open(from: &scratch.ciphertext, into: &scratch.plaintext)
                    http2.receive(scratch.plaintext, now: loop.now)
                    takeEvents(scratch.plaintext)
                    scratch.plaintext.removeAll()
                }
            } catch {
                // The alert tells the peer why.
                scratch.ciphertext.removeAll()
                _ = try? tls.withOutgoing { queue in try queue.isEmpty ? .wouldBlock : socket.write(from: &queue) }
                throw error
            }
        }
        return try flush(loop, &scratch)
    }

    private func takeEvents(_ plaintext: borrowing ByteQueue) {
        while let event = http2.nextEvent() {
            switch event.kind {
            case .body:
                var queue = ByteQueue()
                queue.append(event.bytes(in: plaintext.bytes))
                bodies[event.stream, default: []] += queue.copy()
                http2.consume(event.stream, event.range.count)
            case .end:
                requests += 1
                let head = HTTP2ResponseHead(status: 200, contentType: "application/octet-stream")
                http2.submitResponse(event.stream, head, body: bodies.removeValue(forKey: event.stream) ?? [])
            case .closed: bodies[event.stream] = nil
            case .head, .goAway, .settings: break
            }
        }
    }

    private func flush(_ loop: EventLoop, _ scratch: inout EchoScratch) throws -> Bool {
        while true {
            if tls.state == .open || tls.state == .peerClosed, tls.outgoingCount < 256 << 10 {
                http2.pull(into: &scratch.output, upTo: 256 << 10)
                while let event = http2.nextEvent() { bodies[event.stream] = nil }
                try tls.seal(from: &scratch.output)
            }
            if tls.outgoingCount == 0 { break }
            if try tls.withOutgoing({ queue in try socket.write(from: &queue) }) == .wouldBlock { break }
        }
        if tls.outgoingCount == 0, http2.isFinished || tls.state == .peerClosed { return false }
        let wanted: Interest = tls.outgoingCount > 0 ? [.readable, .writable] : .readable
        if wanted != interest {
            try socket.update(in: loop, token: token, interest: wanted)
            interest = wanted
        }
        return true
    }
}

/// A client that waits.
struct EchoClient: ~Copyable {
    let socket: TCPSocket
    var tls: TLSSession
    var http2 = HTTP2ClientSession()
    private var ciphertext = ByteQueue()
    private var plaintext = ByteQueue()
    private var output = ByteQueue()

    init(_ house: EchoHouse) throws {
        let socket = try TCPSocket.connecting(to: house.address)
        _ = try socket.wait(for: .writable, atMostMilliseconds: 5000)
        try socket.finishConnecting()
        let tls = try TLSSession(connecting: house.clientContext, serverName: "127.0.0.1")
        self.socket = socket
        self.tls = tls
    }

    mutating func flush() throws {
        while true {
            if tls.state == .open {
                http2.pull(into: &output, upTo: 256 << 10)
                try tls.seal(from: &output)
            }
            if tls.outgoingCount == 0 { return }
            if try tls.withOutgoing({ queue in try socket.write(from: &queue) }) == .wouldBlock { return }
        }
    }

    /// Sends a body and waits for the answer's.
    mutating func ask(_ body: [UInt8]) throws -> [UInt8] {
        let stream = try http2.submitRequest(scoreHead, body: body)
        var answer: [UInt8] = []
        var isOver = false
        while !isOver {
            try flush()
            let interest: Interest = tls.outgoingCount > 0 ? [.readable, .writable] : .readable
            guard try socket.wait(for: interest, atMostMilliseconds: 20_000) else { return answer }
            if try socket.read(into: &ciphertext, atMost: 256 << 10) == .endOfStream { return answer }
            var hasMore = true
            while hasMore {
                hasMore = try tls.open(from: &ciphertext, into: &plaintext)
                http2.receive(plaintext, now: MonotonicClock.now())
                let bytes = plaintext.copy()
                while let event = http2.nextEvent() {
                    if event.kind == .body {
                        answer += bytes[event.range]
                        http2.consume(event.stream, event.range.count)
                    }
                    if event.kind == .closed, event.stream == stream { isOver = true }
                }
                plaintext.removeAll()
            }
        }
        return answer
    }

    /// Says goodbye as one should.
    mutating func finish() throws {
        http2.terminate()
        try flush()
        tls.close()
        try flush()
    }
}
