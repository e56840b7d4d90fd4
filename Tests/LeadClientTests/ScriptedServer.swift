import ByteKit
import Dispatch
import Foundation
import HTTP2Transport
import Reactor
import Synchronization
import TLSTransport

/// A server on loopback that does what a test says, one connection after the other on a thread of its own.
final class ScriptedServer: Sendable {
    /// What happens to a request.
    enum Action: Sendable {
        case answer(status: Int, contentType: String, body: [UInt8])
        case refuse
        case ignore
        /// Ends the connection at once.
        case hangUp
        /// Answers, and takes no further streams on this connection.
        case answerAndDrain(contentType: String, body: [UInt8])
    }

    /// A whole request.
    struct Request: Sendable {
        /// Counted over all connections, from 0.
        var number: Int
        var connection: Int
        var method: String
        var path: String
        var contentType: String?
        var body: [UInt8] = []
    }

    typealias Script = @Sendable (Request) -> Action

    /// What the thread and the test share.
    final class Shared: Sendable {
        let isStopped = Atomic(false)
        let connections = Atomic(0)
        let requests = Atomic(0)
        let port = Atomic<UInt16>(0)
        let isListening = DispatchSemaphore(value: 0)
    }

    let folder: String
    let shared = Shared()
    private let thread: Mutex<WorkerThread?>

    var address: String { "https://127.0.0.1:\(shared.port.load(ordering: .relaxed))" }
    var connectionCount: Int { shared.connections.load(ordering: .relaxed) }
    var requestCount: Int { shared.requests.load(ordering: .relaxed) }
    var authorityPath: String { folder + "/ca.pem" }

    init(_ script: @escaping Script) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lead-client-\(UUID().uuidString)")
        self.folder = folder.path
        _ = try DevelopmentCertificates.create(in: folder.path)
        let context = try TLSContext(
            server: TLSServerConfiguration(
                certificateChainPath: folder.path + "/server.pem",
                privateKeyPath: folder.path + "/server.key"
            )
        )
        let shared = shared
        thread = Mutex(
            try WorkerThread(name: "scripted-server") {
                do {
                    try listen(shared, context, script)
                } catch {
                    print("the scripted server failed: \(error)")
                    shared.isListening.signal()
                }
            }
        )
        shared.isListening.wait()
    }

    deinit {
        shared.isStopped.store(true, ordering: .relaxed)
        if let ended = thread.withLock({ $0.take() }) { ended.join() }
        try? FileManager.default.removeItem(atPath: folder)
    }
}

private func listen(_ shared: ScriptedServer.Shared, _ context: TLSContext, _ script: ScriptedServer.Script) throws {
    let listener = try TCPListener(binding: .loopback())
    shared.port.store(listener.address.port, ordering: .relaxed)
    shared.isListening.signal()
    while !shared.isStopped.load(ordering: .relaxed) {
        guard let socket = try listener.accept() else {
            usleep(1_000)
            continue
        }
        let number = shared.connections.add(1, ordering: .relaxed).newValue
        let connection = try ScriptedConnection(socket, context, number)
        // A client that goes away, or does not trust us, is no failure of the server.
        try? connection.serve(shared, script)
    }
}

private final class ScriptedConnection {
    private let socket: TCPSocket
    private let number: Int
    private var tls: TLSSession
    private let http = HTTP2ServerSession()
    private var ciphertext = ByteQueue()
    private var plaintext = ByteQueue()
    private var output = ByteQueue()
    private var requests: [Int32: ScriptedServer.Request] = [:]
    private var hangsUp = false

    init(_ socket: consuming TCPSocket, _ context: TLSContext, _ number: Int) throws {
        self.socket = socket
        self.number = number
        tls = try TLSSession(accepting: context)
    }

    func serve(_ shared: ScriptedServer.Shared, _ script: ScriptedServer.Script) throws {
        while !shared.isStopped.load(ordering: .relaxed), !hangsUp {
            if tls.state == .open {
                http.pull(into: &output, upTo: 1 << 20)
                while http.nextEvent() != nil {}
                if !output.isEmpty { try tls.seal(from: &output) }
            }
            while tls.outgoingCount > 0 {
                let result = try tls.withOutgoing { queue throws(SystemError) in try socket.write(from: &queue) }
                if result == .wouldBlock { _ = try socket.wait(for: .writable, atMostMilliseconds: 20) }
            }
            if tls.state == .open, http.isFinished { return }
            guard try socket.wait(for: .readable, atMostMilliseconds: 20) else { continue }
            guard case .bytes = try socket.read(into: &ciphertext, atMost: 64 << 10) else { return }
            var isMore = true
            while isMore { isMore = try tls.open(from: &ciphertext, into: &plaintext) }
            http.receive(plaintext.bytes, now: MonotonicClock.now())
            while let event = http.nextEvent() { take(event, shared, script) }
            plaintext.removeAll()
        }
    }

    private func take(
        _ event: HTTP2Event,
        _ shared: ScriptedServer.Shared,
        _ script: ScriptedServer.Script
    ) {
        switch event.kind {
        case .head:
            let head = http.head(of: event)
            requests[event.stream] = ScriptedServer.Request(
                number: 0,
                connection: number,
                method: head.method,
                path: head.path,
                contentType: head.contentType
            )
        case .body:
            requests[event.stream]?.body += event.bytes(in: plaintext.bytes).array
            http.consume(event.stream, event.range.count)
        case .end:
            guard var request = requests.removeValue(forKey: event.stream) else { return }
            request.number = shared.requests.add(1, ordering: .relaxed).oldValue
            act(script(request), event.stream)
        case .closed, .goAway, .settings: break
        }
    }

    private func act(_ action: ScriptedServer.Action, _ stream: Int32) {
        switch action {
        case .answer(let status, let type, let body):
            _ = http.submitResponse(stream, HTTP2ResponseHead(status: status, contentType: type), body: body)
        case .refuse: http.reset(stream, .refusedStream)
        case .ignore: break
        case .hangUp: hangsUp = true
        case .answerAndDrain(let type, let body):
            _ = http.submitResponse(stream, HTTP2ResponseHead(status: 200, contentType: type), body: body)
            http.beginDrain()
        }
    }
}
