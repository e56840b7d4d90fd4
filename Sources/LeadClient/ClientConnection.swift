internal import ByteKit
package import HTTP2Transport
package import Reactor
package import TLSTransport

/// One connection: socket, TLS and HTTP/2, moved on by the loop that owns it.
///
/// One thread.
package final class ClientConnection {
    private enum Phase {
        case connecting, handshaking, open
    }

    /// The number by which the loop reports on it.
    package let token: UInt64
    private let socket: TCPSocket
    private var tls: TLSSession
    private var http: HTTP2ClientSession
    private var ciphertext = ByteQueue()
    private var plaintext = ByteQueue()
    private var output = ByteQueue()
    private var phase = Phase.connecting
    private var waitsToWrite = true

    /// Whether a further request may be submitted.
    package private(set) var takesRequests = false

    /// How many bytes have come from the socket, and how many it has taken.
    package private(set) var bytesReceived = 0, bytesSent = 0

    /// Starts to connect.
    package init(
        to address: SocketAddress,
        serverName: String,
        context: TLSContext,
        limits: HTTP2Limits,
        loop: EventLoop,
        token: UInt64
    ) throws {
        socket = try TCPSocket.connecting(to: address)
        tls = try TLSSession(connecting: context, serverName: serverName)
        http = HTTP2ClientSession(limits: limits)
        self.token = token
        try socket.register(with: loop, token: token, interest: .writable)
    }

    /// Whether the handshake is still to be done.
    package var isConnecting: Bool { phase != .open }

    /// How many requests the server takes at a time.
    package var streamsMax: Int { http.peerStreamsMax }

    /// Submits a request; returns the number of its stream.
    package func submit(_ head: HTTP2RequestHead, body: [UInt8]) throws(HTTP2Error) -> Int32 {
        try http.submitRequest(head, body: body)
    }

    /// Says that no further request shall be submitted.
    package func takeNoMore() {
        takesRequests = false
    }

    /// Gives up a stream.
    package func cancel(_ stream: Int32) {
        http.reset(stream, .cancel)
    }

    /// Says good-bye as far as the socket takes it without waiting.
    package func close(_ loop: EventLoop) {
        guard phase == .open else { return }
        http.terminate()
        try? flush(loop) { _ in }
        tls.close()
        _ = try? tls.withOutgoing { outgoing throws(SystemError) in
            outgoing.isEmpty ? .wouldBlock : try socket.write(from: &outgoing)
        }
    }

    /// Takes an event of the socket.
    ///
    /// - Parameters:
    ///   - event: What the loop reported.
    ///   - loop: The loop.
    ///   - handle: Called for each HTTP/2 event with its head, if it is one, and its body's bytes.
    /// - Throws: Why the connection is lost.
    package func take(
        _ event: LoopEvent,
        _ loop: EventLoop,
        handle: (HTTP2Event, HTTP2ResponseHead?, RawSpan) -> Void
    ) throws {
        if phase == .connecting {
            guard event.isWritable || event.isFailed else { return }
            try socket.finishConnecting()
            phase = .handshaking
        }
        guard event.isReadable else { return }
        let transfer = try socket.read(into: &ciphertext, atMost: 256 << 10)
        switch transfer {
        case .wouldBlock: return
        case .endOfStream: throw LeadClientError(.connectionLost, "the server closed the connection")
        case .bytes(let count): bytesReceived += count
        }
        var isMore = true
        while isMore {
            isMore = try tls.open(from: &ciphertext, into: &plaintext)
            if phase == .handshaking, tls.state == .open {
                phase = .open
                takesRequests = true
            }
            guard !plaintext.isEmpty else { continue }
            http.receive(plaintext.bytes, now: loop.now)
            while let event = http.nextEvent() {
                if event.kind == .goAway { takesRequests = false }
                handle(event, event.kind == .head ? http.head(of: event) : nil, event.bytes(in: plaintext.bytes))
                if event.kind == .body { http.consume(event.stream, event.range.count) }
            }
            plaintext.removeAll()
        }
        if tls.state == .peerClosed { throw LeadClientError(.connectionLost, "the server closed the connection") }
    }

    /// Sends what there is to send, as far as the socket takes it.
    ///
    /// - Parameters:
    ///   - loop: The loop.
    ///   - handle: Called for each event that comes of it, such as a stream that closes.
    /// - Throws: Why the connection is lost.
    package func flush(_ loop: EventLoop, handle: (HTTP2Event) -> Void) throws {
        guard phase != .connecting else { return }
        while true {
            if phase == .open, tls.outgoingCount == 0 {
                http.pull(into: &output, upTo: 128 << 10)
                while let event = http.nextEvent() { handle(event) }
                if !output.isEmpty { try tls.seal(from: &output) }
            }
            guard tls.outgoingCount > 0 else { break }
            let transfer = try tls.withOutgoing { outgoing throws(SystemError) in try socket.write(from: &outgoing) }
            guard case .bytes(let count) = transfer else {
                try wait(forWriting: true, loop)
                return
            }
            bytesSent += count
        }
        try wait(forWriting: false, loop)
        guard !http.isFinished else {
            let reason = http.violation.map { "the server broke a rule of HTTP/2: \($0.rawValue)" }
            throw LeadClientError(.connectionLost, reason ?? "the server ended the connection")
        }
    }

    private func wait(forWriting waits: Bool, _ loop: EventLoop) throws {
        guard waits != waitsToWrite else { return }
        waitsToWrite = waits
        try socket.update(in: loop, token: token, interest: waits ? [.readable, .writable] : .readable)
    }
}
