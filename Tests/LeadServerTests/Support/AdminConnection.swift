import ByteKit
import Foundation
import LeadServer
import Reactor
import TLSTransport

/// One connection to the admin listener, over TLS or in the clear, whose bytes a test chooses.
final class AdminConnection {
    struct Answer {
        var status: Int
        var head: String
        var body: String

        /// A member of the body.
        subscript(_ name: String) -> JSONValue? { (try? JSONValue(parsing: Array(body.utf8)))?[name] }
    }

    private let socket: TCPSocket
    private let isSecret: Bool
    private var tls: TLSSession?
    private var ciphertext = ByteQueue()
    private var received = ByteQueue()
    private(set) var hasEnded = false

    /// Connects, and shakes hands if there is an authority.
    init(
        to address: String,
        authority: String?,
        certificate: (chain: String, key: String)?,
        speaking applicationProtocol: ApplicationProtocol = .http1
    ) throws {
        isSecret = authority != nil
        if let authority {
            let context = try TLSContext(
                client: TLSClientConfiguration(
                    authorityPath: authority,
                    certificateChainPath: certificate?.chain,
                    privateKeyPath: certificate?.key
                ),
                speaking: applicationProtocol
            )
            tls = try TLSSession(connecting: context, serverName: "localhost")
        }
        socket = try TCPSocket.connecting(to: try SocketAddress.resolve(address)[0])
        guard try socket.wait(for: .writable, atMostMilliseconds: 5_000) else { throw TestClient.TimedOut() }
        try socket.finishConnecting()
        guard isSecret else { return }
        try flush()
        for _ in 0..<500 where tls?.state == .handshaking && !hasEnded {
            _ = try socket.wait(for: .readable, atMostMilliseconds: 20)
            try receive()
            try flush()
        }
    }

    /// Sends bytes, all of them.
    func send(_ bytes: [UInt8]) throws {
        guard !bytes.isEmpty else { return }
        var plain = ByteQueue()
        plain.append(bytes)
        if isSecret {
            try tls?.seal(from: &plain)
            return try flush()
        }
        while !plain.isEmpty {
            if try socket.write(from: &plain) == .wouldBlock {
                _ = try socket.wait(for: .writable, atMostMilliseconds: 20)
            }
        }
    }

    /// What the server says until it closes; nil if that is nothing.
    func answer(seconds: Double = 20) throws -> Answer? {
        let end = MonotonicClock.now() + UInt64(seconds * 1e9)
        while !hasEnded {
            guard MonotonicClock.now() < end else { throw TestClient.TimedOut() }
            _ = try socket.wait(for: .readable, atMostMilliseconds: 20)
            try receive()
        }
        let text = String(decoding: received.copy(), as: UTF8.self)
        guard let gap = text.range(of: "\r\n\r\n") else { return nil }
        let head = String(text[..<gap.lowerBound])
        return Answer(
            status: Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0,
            head: head,
            body: String(text[gap.upperBound...])
        )
    }

    /// Sends a request and takes its answer.
    func exchange(_ request: String) throws -> Answer {
        try send(Array(request.utf8))
        guard let answer = try answer() else { throw TestClient.TimedOut() }
        return answer
    }

    private func receive() throws {
        let room = isSecret
        do {
            let transfer =
                room
                ? try socket.read(into: &ciphertext, atMost: 1 << 16)
                : try socket.read(into: &received, atMost: 1 << 16)
            if transfer == .endOfStream { hasEnded = true }
            while isSecret, try tls?.open(from: &ciphertext, into: &received) == true { continue }
            if isSecret, tls?.state == .peerClosed { hasEnded = true }
        } catch {
            hasEnded = true
        }
    }

    private func flush() throws {
        while tls?.outgoingCount ?? 0 > 0 {
            let transfer = try tls?.withOutgoing { queue throws(SystemError) in try socket.write(from: &queue) }
            if transfer == .wouldBlock { _ = try socket.wait(for: .writable, atMostMilliseconds: 20) }
        }
    }
}
