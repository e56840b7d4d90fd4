import ByteKit
import HTTP2Transport
import Reactor
import TLSTransport

/// A client that blocks, one thread, for tests: sees statuses, bodies, resets and the end of the connection.
final class TestClient {
    /// What a stream has got so far.
    struct Response {
        var status = 0
        var contentType: String?
        var fields: [HTTP2Field] = []
        var body: [UInt8] = []
        /// The server has sent the end of its body.
        var hasEnded = false
        /// Why the stream is over, once it is.
        var closed: HTTP2ErrorCode?

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct TimedOut: Error {}

    private let socket: TCPSocket
    private var tls: TLSSession
    private var http: HTTP2ClientSession
    private var ciphertext = ByteQueue()
    private var plaintext = ByteQueue()
    private var outgoing = ByteQueue()
    private(set) var responses: [Int32: Response] = [:]
    /// The connection has ended, by the server or by a failure.
    private(set) var isEnded = false
    private(set) var goAways = 0
    /// Whether the server may send more when bytes have been read.
    var givesCredit = true

    /// Connects and shakes hands.
    init(
        to address: String,
        authority: String,
        limits: HTTP2Limits = HTTP2Limits(),
        serverName: String = "localhost",
        certificate: (chain: String, key: String)? = nil,
        seconds: Double = 5
    ) throws {
        let context = try TLSContext(
            client: TLSClientConfiguration(
                authorityPath: authority,
                certificateChainPath: certificate?.chain,
                privateKeyPath: certificate?.key
            )
        )
        socket = try TCPSocket.connecting(to: try SocketAddress.resolve(address)[0])
        tls = try TLSSession(connecting: context, serverName: serverName)
        http = HTTP2ClientSession(limits: limits, keptFields: ["allow"])
        guard try socket.wait(for: .writable, atMostMilliseconds: 5_000) else { throw TimedOut() }
        try socket.finishConnecting()
        try pump(seconds: seconds) { $0.tls.state == .open }
    }

    /// Sends a request with a whole body, and waits for its stream to be over.
    func request(
        _ method: String,
        _ path: String,
        contentType: String? = nil,
        body: [UInt8] = [],
        seconds: Double = 20
    ) throws -> Response {
        let id = try submit(method, path, contentType: contentType, body: body)
        try pump(seconds: seconds) { $0.responses[id]?.closed != nil || $0.isEnded }
        return responses.removeValue(forKey: id) ?? Response()
    }

    func submit(_ method: String, _ path: String, contentType: String? = nil, body: [UInt8] = []) throws -> Int32 {
        let head = HTTP2RequestHead(method: method, path: path, authority: "localhost", contentType: contentType)
        let id = try http.submitRequest(head, body: body)
        responses[id] = Response()
        return id
    }

    func begin(_ method: String, _ path: String, contentType: String) throws -> Int32 {
        let id = try http.beginRequest(
            HTTP2RequestHead(method: method, path: path, authority: "localhost", contentType: contentType)
        )
        responses[id] = Response()
        return id
    }

    func append(_ id: Int32, _ bytes: [UInt8]) { http.appendBody(id, bytes.rawBytes) }

    func finish(_ id: Int32) { http.finishBody(id) }

    func reset(_ id: Int32) { http.reset(id, .cancel) }

    /// Whether all bytes of a request are on their way.
    func isUploaded(_ id: Int32) -> Bool { http.unsentBody(id) == 0 && tls.outgoingCount == 0 }

    /// Exchanges bytes until the condition holds.
    func pump(seconds: Double, until isDone: (TestClient) -> Bool) throws {
        let end = MonotonicClock.now() + UInt64(seconds * 1e9)
        while !isDone(self) {
            try send()
            if isDone(self) || isEnded { return }
            guard MonotonicClock.now() < end else { throw TimedOut() }
            if try socket.wait(for: .readable, atMostMilliseconds: 20) { receive() }
        }
    }

    /// Sends what there is to send.
    func send() throws {
        if tls.state == .open {
            http.pull(into: &outgoing, upTo: 1 << 20)
            takeEvents()
            if !outgoing.isEmpty { try tls.seal(from: &outgoing) }
        }
        while tls.outgoingCount > 0, !isEnded {
            let transfer: TCPSocket.Transfer
            do {
                transfer = try tls.withOutgoing { queue throws(SystemError) in try socket.write(from: &queue) }
            } catch {
                isEnded = true
                return
            }
            if transfer == .wouldBlock {
                if try socket.wait(for: .readable, atMostMilliseconds: 0) { receive() }
                _ = try socket.wait(for: .writable, atMostMilliseconds: 10)
            }
        }
    }

    private func receive() {
        do {
            switch try socket.read(into: &ciphertext, atMost: 1 << 18) {
            case .wouldBlock: return
            case .endOfStream:
                isEnded = true
                return
            case .bytes: break
            }
            while try tls.open(from: &ciphertext, into: &plaintext) || !plaintext.isEmpty {
                http.receive(plaintext.bytes, now: MonotonicClock.now())
                takeEvents()
                plaintext.removeAll()
            }
        } catch {
            isEnded = true
        }
    }

    private func takeEvents() {
        while let event = http.nextEvent() {
            switch event.kind {
            case .head:
                let head = http.head(of: event)
                responses[event.stream]?.status = head.status
                responses[event.stream]?.contentType = head.contentType
                responses[event.stream]?.fields = head.fields
            case .body:
                responses[event.stream]?.body += event.bytes(in: plaintext.bytes).array
                if givesCredit { http.consume(event.stream, event.range.count) }
            case .end: responses[event.stream]?.hasEnded = true
            case .closed: responses[event.stream]?.closed = event.errorCode
            case .goAway: goAways += 1
            case .settings: break
            }
        }
    }
}
