import ByteKit
import Reactor
import TLSTransport

/// A client that speaks TLS and leaves the bytes inside to the test.
final class RawClient {
    private let socket: TCPSocket
    private var tls: TLSSession
    private var ciphertext = ByteQueue()
    private var plaintext = ByteQueue()
    private var isEnded = false

    /// Connects and shakes hands.
    init(to address: String, authority: String, resuming ticket: TLSTicket? = nil) throws {
        let context = try TLSContext(client: TLSClientConfiguration(authorityPath: authority))
        socket = try TCPSocket.connecting(to: try SocketAddress.resolve(address)[0])
        tls = try TLSSession(connecting: context, serverName: "localhost", resuming: ticket)
        guard try socket.wait(for: .writable, atMostMilliseconds: 5_000) else { throw TestClient.TimedOut() }
        try socket.finishConnecting()
        for _ in 0..<100 where tls.state != .open { try turn() }
        guard tls.state == .open else { throw TestClient.TimedOut() }
    }

    /// Sends these bytes.
    func send(_ bytes: [UInt8]) throws {
        try tls.seal(bytes.rawBytes)
        try turn()
    }

    /// Whether the session continues an earlier one.
    var isResumed: Bool { tls.isResumed }

    /// Waits for the server's ticket.
    func ticket(withinSeconds seconds: Int) throws -> TLSTicket? {
        for _ in 0..<seconds * 20 where tls.ticket == nil { try turn() }
        return tls.ticket
    }

    /// Asks the server for new keys.
    func updateKeys() throws {
        tls.updateKeys()
        try turn()
    }

    /// Whether the server ends the connection in time.
    func ends(withinSeconds seconds: Int) throws -> Bool {
        for _ in 0..<seconds * 20 where !isEnded { try turn() }
        return isEnded
    }

    private func turn() throws {
        while tls.outgoingCount > 0, !isEnded {
            let written = try? tls.withOutgoing { queue throws(SystemError) in try socket.write(from: &queue) }
            if written == nil { isEnded = true }
            if written == .wouldBlock { break }
        }
        guard !isEnded, try socket.wait(for: .readable, atMostMilliseconds: 50) else { return }
        guard case .bytes? = try? socket.read(into: &ciphertext, atMost: 1 << 16) else {
            isEnded = true
            return
        }
        while try tls.open(from: &ciphertext, into: &plaintext) {}
        plaintext.removeAll()
    }
}
