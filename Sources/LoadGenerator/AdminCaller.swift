internal import ByteKit
internal import Foundation
internal import LeadClient
internal import Reactor
internal import TLSTransport

/// Asks a server's admin listener over TLS: HTTP/1.1, one request a connection.
///
/// It blocks the thread that asks.
struct AdminCaller: Sendable {
    private static let connectMilliseconds = 5_000
    private static let answerMilliseconds = 120_000

    private let authority: String
    private let host: String
    private let context: TLSContext

    /// A caller of `https://HOST:PORT`.
    init(_ server: String, _ tls: TLSClientConfiguration) throws {
        let endpoint = try ServerEndpoint(server)
        (authority, host) = (endpoint.authority, endpoint.host)
        context = try TLSContext(client: tls, speaking: .http1)
    }

    /// Sends a request and waits for its answer.
    ///
    /// - Parameters:
    ///   - path: Without a body it is got, with one posted to.
    ///   - body: JSON.
    /// - Returns: The answer's body.
    /// - Throws: ``LoadError`` for any answer but 200, and when there is none.
    func call(_ path: String, _ body: Data? = nil) throws -> Data {
        do {
            let answer = try exchange(request(path, body), on: connect())
            guard answer.status == 200 else {
                let words = String(decoding: answer.body, as: UTF8.self)
                throw LoadError("\(path) was answered with \(answer.status): \(words)")
            }
            return answer.body
        } catch {
            throw LoadError("the admin listener at \(authority): \(error)")
        }
    }

    private func request(_ path: String, _ body: Data?) -> [UInt8] {
        var head = "\(body == nil ? "GET" : "POST") \(path) HTTP/1.1\r\nhost: \(authority)\r\nconnection: close\r\n"
        if let body { head += "content-type: application/json\r\ncontent-length: \(body.count)\r\n" }
        return Array((head + "\r\n").utf8) + (body ?? Data())
    }

    /// A connection to the first of the host's addresses that answers.
    private func connect() throws -> TCPSocket {
        var failure: any Error = LoadError("no connection within \(Self.connectMilliseconds) ms")
        for address in try SocketAddress.resolve(authority) {
            do {
                let socket = try TCPSocket.connecting(to: address)
                if try socket.wait(for: .writable, atMostMilliseconds: Self.connectMilliseconds) {
                    try socket.finishConnecting()
                    return socket
                }
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func exchange(_ request: [UInt8], on socket: consuming TCPSocket) throws -> (status: Int, body: Data) {
        var tls = try TLSSession(connecting: context, serverName: host)
        var ciphertext = ByteQueue()
        var plaintext = ByteQueue()
        var isSent = false
        while true {
            if tls.state == .open, !isSent {
                try tls.seal(request.rawBytes)
                isSent = true
            }
            while tls.outgoingCount > 0 {
                let transfer = try tls.withOutgoing { queue throws(SystemError) in try socket.write(from: &queue) }
                if transfer == .wouldBlock {
                    _ = try socket.wait(for: .writable, atMostMilliseconds: Self.answerMilliseconds)
                }
            }
            guard try socket.wait(for: .readable, atMostMilliseconds: Self.answerMilliseconds) else {
                throw LoadError("no answer within \(Self.answerMilliseconds / 1_000) s")
            }
            let isOver = try socket.read(into: &ciphertext, atMost: 64 << 10) == .endOfStream
            while try tls.open(from: &ciphertext, into: &plaintext) {}
            if let answer = Self.answer(in: Data(plaintext.copy())) { return answer }
            guard !isOver, tls.state != .peerClosed else { throw LoadError("the connection ended before the answer") }
        }
    }

    /// An answer that is there whole; nil when more is to come.
    private static func answer(in bytes: Data) -> (status: Int, body: Data)? {
        guard let end = bytes.firstRange(of: Data("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        let lengths = lines.compactMap { line -> Int? in
            let sides = line.split(separator: ":", maxSplits: 1)
            guard sides.count == 2, sides[0].lowercased() == "content-length" else { return nil }
            return Int(sides[1].trimmingCharacters(in: .whitespaces))
        }
        let body = bytes[end.upperBound...]
        guard words.count > 1, let status = Int(words[1]), let length = lengths.first, body.count >= length else {
            return nil
        }
        return (status, Data(body.prefix(length)))
    }
}
