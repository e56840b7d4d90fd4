import ByteKit
import HTTP2Transport
import LeadServer
import Reactor
import TLSTransport

/// A client that writes frames by hand over real TLS, and notes what the server answers.
final class HostilePeer {
    struct TimedOut: Error {}

    let socket: TCPSocket
    var tls: TLSSession
    private var ciphertext = ByteQueue()
    private var plaintext = ByteQueue()
    /// The frames from the server that are kept: all but DATA, of which the bytes are counted.
    private(set) var frames: [Frame] = []
    /// Bytes of DATA by stream.
    private(set) var received: [UInt32: Int] = [:]
    /// Octets that the server has allowed by WINDOW_UPDATE, by stream.
    private(set) var credits: [UInt32: Int] = [:]
    /// Octets of DATA that a test counts as sent, by stream.
    var sentData: [UInt32: Int] = [:]
    /// The longest payload of a frame from the server.
    private(set) var largestFrame = 0
    /// Streams that the server ended with END_STREAM.
    private(set) var ended: Set<UInt32> = []
    /// The connection is over: by the server, or because it broke.
    private(set) var isEnded = false
    /// Whether what the server sends is read at all.
    var reads = true
    /// Whether windows are opened again for the server's DATA.
    var givesCredit = true

    /// Connects, without a word of HTTP/2, and unless told otherwise waits for the handshake's end.
    init(to address: String, context: TLSContext, waits: Bool = true) throws {
        socket = try TCPSocket.connecting(to: try SocketAddress.resolve(address)[0])
        tls = try TLSSession(connecting: context, serverName: "localhost")
        guard try socket.wait(for: .writable, atMostMilliseconds: 5_000) else { throw TimedOut() }
        try socket.finishConnecting()
        if waits { try wait(seconds: 5) { $0.tls.state != .handshaking } }
    }

    /// The same, and says the preface with SETTINGS: no table for header blocks, and what is asked for.
    convenience init(_ server: TestServer, settings: [(UInt16, UInt32)] = []) throws {
        try self.init(to: server.server.listenAddress, context: try Self.context())
        try open(settings: settings)
    }

    /// The trust of all tests of this process.
    static func context() throws -> TLSContext {
        try TLSContext(client: TLSClientConfiguration(authorityPath: TestFolder.shared.path + "/ca.pem"))
    }

    /// Says the preface, waits for the server's, and acknowledges it.
    func open(settings: [(UInt16, UInt32)] = []) throws {
        try send(Frame.preface + Frame.settings([(1, 0)] + settings))
        try wait(seconds: 5) { $0.frames.contains { $0.type == Frame.Kind.settings && $0.flags & 1 == 1 } }
        try send(Frame(Frame.Kind.settings, Frame.Flag.ack).bytes)
    }

    // MARK: Talking

    /// Sends bytes inside TLS, and reads while the server does not take them.
    func send(_ bytes: [UInt8], seconds: Double = 10) throws {
        guard !isEnded, tls.state == .open else { return }
        try tls.seal(bytes.rawBytes)
        try flush(seconds: seconds)
    }

    /// Sends bytes as they are, past TLS.
    func sendRaw(_ bytes: [UInt8]) {
        guard !isEnded, !bytes.isEmpty else { return }
        if (try? socket.write(bytes.rawBytes)) == nil { finish() }
    }

    /// Sends what TLS has for the server.
    func flush(seconds: Double = 10) throws {
        let end = MonotonicClock.now() + UInt64(seconds * 1e9)
        while tls.outgoingCount > 0, !isEnded {
            let transfer = try? tls.withOutgoing { queue throws(SystemError) in try socket.write(from: &queue) }
            guard let transfer else { return finish() }
            guard transfer == .wouldBlock else { continue }
            guard MonotonicClock.now() < end else { throw TimedOut() }
            if reads { try turn(milliseconds: 0) }
            _ = try socket.wait(for: .writable, atMostMilliseconds: 10)
        }
    }

    /// Takes in what the server sends until a condition holds or the connection ends.
    ///
    /// - Returns: whether the condition holds.
    @discardableResult
    func wait(seconds: Double = 5, until isDone: (HostilePeer) throws -> Bool) throws -> Bool {
        let end = MonotonicClock.now() + UInt64(seconds * 1e9)
        while try !isDone(self), !isEnded {
            try flush()
            let now = MonotonicClock.now()
            try turn(milliseconds: now < end ? 20 : 0)
            if now >= end { break }
        }
        return try isDone(self)
    }

    private func turn(milliseconds: Int) throws {
        guard !isEnded, try socket.wait(for: .readable, atMostMilliseconds: milliseconds) else { return }
        guard case .bytes? = try? socket.read(into: &ciphertext, atMost: 1 << 18) else {
            isEnded = true
            return
        }
        takeIn()
    }

    /// The socket takes no more: what the server said before is still there to be read.
    private func finish() {
        while case .bytes? = try? socket.read(into: &ciphertext, atMost: 1 << 18) {}
        takeIn()
        isEnded = true
    }

    private func takeIn() {
        do {
            while try tls.open(from: &ciphertext, into: &plaintext) {}
        } catch {
            // The server's end of the connection is still to be seen.
            ciphertext.removeAll()
            return
        }
        let bytes = plaintext.copy()
        var offset = 0
        var credit = 0
        var answer: [UInt8] = []
        while bytes.count - offset >= 9 {
            let head = Array(bytes[offset..<offset + 9])
            let count = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            guard bytes.count - offset >= 9 + count else { break }
            let stream = head[5...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            let ends = head[4] & Frame.Flag.endStream != 0
            largestFrame = max(largestFrame, count)
            if head[3] == Frame.Kind.data {
                received[stream, default: 0] += count
                credit += count
                if givesCredit, !ends, count > 0 { answer += Frame.windowUpdate(stream, UInt32(count)) }
            } else {
                let payload = Array(bytes[offset + 9..<offset + 9 + count])
                let frame = Frame(head[3], head[4], stream: stream, payload)
                if frame.type == Frame.Kind.windowUpdate { credits[stream, default: 0] += Int(frame.word(at: 0) ?? 0) }
                frames.append(frame)
            }
            if ends, head[3] == Frame.Kind.data || head[3] == Frame.Kind.headers { ended.insert(stream) }
            offset += 9 + count
        }
        plaintext.removeFirst(offset)
        if givesCredit, credit > 0, !isEnded, tls.state == .open {
            answer += Frame.windowUpdate(0, UInt32(credit))
            try? tls.seal(answer.rawBytes)
        }
    }

    // MARK: What the server said

    /// The code of the last GOAWAY, which counts.
    var goAwayCode: UInt32? { frames.last { $0.type == Frame.Kind.goAway }?.word(at: 4) }

    /// The code of a stream's RST_STREAM.
    func resetCode(_ stream: UInt32) -> UInt32? {
        frames.first { $0.type == Frame.Kind.resetStream && $0.stream == stream }?.word(at: 0)
    }

    /// The status of a stream's response.
    func status(_ stream: UInt32) -> Int? {
        frames.first { $0.type == Frame.Kind.headers && $0.stream == stream }.flatMap { Block.status(of: $0.payload) }
    }

    /// A setting of the server's, by its identifier.
    func setting(_ identifier: UInt16) -> UInt32? {
        let frame = frames.first { $0.type == Frame.Kind.settings && $0.flags == 0 }
        guard let payload = frame?.payload else { return nil }
        for offset in stride(from: 0, to: payload.count - 5, by: 6)
        where UInt16(payload[offset]) << 8 | UInt16(payload[offset + 1]) == identifier {
            return Frame(0, 0, payload).word(at: offset + 2)
        }
        return nil
    }

    /// How often the server has acknowledged SETTINGS.
    var settingsAcknowledged: Int {
        frames.count { $0.type == Frame.Kind.settings && $0.flags & Frame.Flag.ack != 0 }
    }

    /// Whether a stream is over, one way or the other.
    func isOver(_ stream: UInt32) -> Bool { resetCode(stream) != nil || ended.contains(stream) }

    /// How many streams the server reset.
    var resets: Int { frames.count { $0.type == Frame.Kind.resetStream } }

    /// Whether the server ends the connection in time.
    func ends(seconds: Double = 5) throws -> Bool { try wait(seconds: seconds) { $0.isEnded } }

    /// Whether the connection still serves: a PING comes back.
    func isServed(seconds: Double = 5) throws -> Bool {
        let before = pongs
        try send(Frame.ping())
        return try wait(seconds: seconds) { $0.pongs > before }
    }

    private var pongs: Int { frames.count { $0.type == Frame.Kind.ping && $0.flags & Frame.Flag.ack != 0 } }
}
