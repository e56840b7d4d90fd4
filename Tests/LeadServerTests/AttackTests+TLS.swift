import ByteKit
import COpenSSL
import Foundation
import HTTP2Transport
import LeadServer
import LeadWire
import Reactor
import TLSTransport
import Testing

extension HostilePeers {
    @Suite("Attacks on TLS", .serialized)
    struct TLSAttacks {
        @Test func `handshake flood`() throws {
            try underAttack("handshake flood", rounds: 1) { server in
                let context = try HostilePeer.context()
                for _ in 0..<300 { _ = try HostilePeer(to: server.server.listenAddress, context: context) }
                #expect(try AdminPage.metric("leadline_connections_accepted_total", of: server) >= 301)
                #expect(try AdminPage.metric("leadline_handshakes_failed_total", of: server) == 0)
            }
        }

        @Test func `ClientHello flood, answers not read`() throws {
            try underAttack("ClientHello flood", limits: SlowAttacks.hasty, rounds: 1) { server in
                let hello = try ClientHello.bytes()
                let sockets = try Self.send(hello, count: 300, to: server)
                try Self.expectOnlyPoliteLeft(server)
                #expect(sockets.count == 300)
            }
        }

        @Test func `HollowByte: a handshake message that announces 131,000 bytes`() throws {
            // OpenSSL before 3.0.21 takes the announced bytes at once; the deadline of the handshake gives them back.
            let bytesMax = OpenSSLLibrary.warning == nil ? 24 << 20 : 64 << 20
            try underAttack("HollowByte", limits: SlowAttacks.hasty, residentBytesMax: bytesMax, rounds: 1) { server in
                // A record of handshake that holds the header of a ClientHello of 131,000 bytes.
                let length = 131_000
                let message = [1, UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255), 3, 3]
                let sockets = try Self.send([0x16, 3, 1, 0, UInt8(message.count)] + message, count: 200, to: server)
                try Self.expectOnlyPoliteLeft(server)
                #expect(sockets.count == 200)
            }
        }

        /// Connects so many times and says the same thing on each.
        private static func send(_ bytes: [UInt8], count: Int, to server: TestServer) throws -> [Socket] {
            let address = try SocketAddress.resolve(server.server.listenAddress)[0]
            var sockets: [Socket] = []
            for _ in 0..<count {
                let socket = Socket(try TCPSocket.connecting(to: address))
                _ = try socket.socket.wait(for: .writable, atMostMilliseconds: 1_000)
                _ = try socket.socket.write(bytes.rawBytes)
                sockets.append(socket)
            }
            return sockets
        }

        private static func expectOnlyPoliteLeft(_ server: TestServer) throws {
            var open = Double.infinity
            for _ in 0..<150 where open > 1 {
                usleep(20_000)
                open = try AdminPage.metric("leadline_connections_open", of: server)
            }
            #expect(open <= 1, "\(open) connections are open")
        }

        @Test func `renegotiation`() throws {
            try underAttack("renegotiation") { server in
                let context = try HostilePeer.context()
                context.limitVersions(minimum: TLS1_2_VERSION, maximum: TLS1_2_VERSION)
                let peer = try HostilePeer(to: server.server.listenAddress, context: context)
                try peer.open()
                // Safety: the peer's own session; the option that forbids it is the client's own good manners.
                let session = unsafe peer.tls.handle.session
                _ = unsafe SSL_clear_options(session, leadline_SSL_options())
                let asked = unsafe SSL_renegotiate(session)
                _ = unsafe SSL_do_handshake(session)
                try peer.flush()
                #expect(asked == 1 && peer.tls.protocolVersion == "TLSv1.2")
                // OpenSSL's client gives up over the warning that this alert is.
                try peer.wait { $0.tls.state != .open }
                guard case .failed(let error) = peer.tls.state else {
                    Issue.record("it has renegotiated, or was left without an answer")
                    return
                }
                #expect(error.reason.contains("no renegotiation"), "\(error.reason)")
            }
        }

        @Test(arguments: [true, false])
        func `KeyUpdate flood`(_ asksForAnswers: Bool) throws {
            try underAttack("KeyUpdate flood, \(asksForAnswers ? "answers asked for" : "one-sided")", rounds: 3) {
                server in
                let peer = try HostilePeer(server)
                // Safety: the peer's own session.
                let session = unsafe peer.tls.handle.session
                for _ in 0..<100 where !peer.isEnded {
                    for _ in 0..<100 {
                        let kind = asksForAnswers ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED
                        _ = unsafe SSL_key_update(session, kind)
                        _ = unsafe SSL_do_handshake(session)
                    }
                    try peer.flush()
                    try peer.wait(seconds: 0) { _ in false }
                }
                let isEnded = try peer.ends(seconds: 0.5)
                #expect(isEnded, "10,000 key updates, and the connection goes on")
            }
        }

        @Test func `0-RTT`() throws {
            try underAttack("0-RTT") { server in
                let context = try HostilePeer.context()
                let first = try HostilePeer(to: server.server.listenAddress, context: context)
                try first.open()
                // Safety: the ticket is ours to free; a client may believe that early data is allowed, which it is not.
                let ticket = unsafe SSL_get1_session(first.tls.handle.session)
                defer { unsafe SSL_SESSION_free(ticket) }
                #expect(unsafe SSL_SESSION_get_max_early_data(ticket) == 0)
                _ = unsafe SSL_SESSION_set_max_early_data(ticket, 16_384)
                let early = Frame.preface + Frame.settings([(1, 0)]) + Frame.headers(1, Block.get(), ends: true)
                let peer = unsafe try HostilePeer(
                    to: server.server.listenAddress,
                    context: context,
                    resuming: ticket,
                    early
                )
                try peer.wait { $0.tls.state != .handshaking }
                #expect(unsafe SSL_get_early_data_status(peer.tls.handle.session) == SSL_EARLY_DATA_REJECTED)
                // What came early was not read: the request is no stream.
                if peer.tls.state == .open {
                    try peer.open()
                    #expect(try peer.isServed() && peer.status(1) == nil)
                }
            }
        }

        @Test(arguments: [TLS1_VERSION, TLS1_1_VERSION])
        func `TLS 1.1 and older`(_ version: Int32) throws {
            try underAttack("TLS version \(version)") { server in
                let context = try HostilePeer.context()
                context.limitVersions(minimum: version, maximum: version)
                try expectNoHandshake(server, context, "protocol version")
            }
        }

        @Test(arguments: [
            "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "AES128-SHA", "ECDHE-ECDSA-AES128-CCM",
        ])
        func `TLS 1.2 with CBC and other suites that HTTP/2 forbids`(_ suite: String) throws {
            try underAttack("suite \(suite)") { server in
                let context = try HostilePeer.context()
                context.limitVersions(minimum: TLS1_2_VERSION, maximum: TLS1_2_VERSION)
                // Safety: our own context, which no session uses yet.
                #expect(unsafe SSL_CTX_set_cipher_list(context.pointer, suite + ":@SECLEVEL=0") == 1)
                try expectNoHandshake(server, context, "handshake failure")
            }
        }

        @Test(arguments: ["http/1.1", "ftp", "none", "h2c", "h3", "H2"])
        func `ALPN of another protocol, or none (ALPACA, CVE-2021-3618)`(_ name: String) throws {
            try underAttack("ALPN \(name)") { server in
                let context = try HostilePeer.context()
                if name == "none" {
                    context.forgetApplicationProtocols()
                } else {
                    let list = [UInt8(name.utf8.count)] + Array(name.utf8)
                    // Safety: the library copies the list.
                    #expect(unsafe SSL_CTX_set_alpn_protos(context.pointer, list, UInt32(list.count)) == 0)
                }
                try expectNoHandshake(
                    server,
                    context,
                    name == "none" ? "does not speak HTTP/2" : "application protocol"
                )
            }
        }

        private func expectNoHandshake(_ server: TestServer, _ context: TLSContext, _ reason: String) throws {
            let failed = try AdminPage.metric("leadline_handshakes_failed_total", of: server)
            let peer = try HostilePeer(to: server.server.listenAddress, context: context)
            #expect(try peer.ends() && peer.tls.state != .open)
            guard case .failed(let error) = peer.tls.state else {
                Issue.record("the handshake is done")
                return
            }
            #expect(error.reason.contains(reason), "\(error.reason)")
            var now = failed
            for _ in 0..<100 where now == failed {
                now = try AdminPage.metric("leadline_handshakes_failed_total", of: server)
            }
            #expect(now == failed + 1)
        }

        @Test(arguments: [
            "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "SSH-2.0-x\r\n",
            "\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}", "\u{16}\u{3}\u{1}\u{0}\u{5}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}",
        ])
        func `plaintext and garbage on the TLS port`(_ text: String) throws {
            try underAttack("garbage \(text.debugDescription)") { server in
                let socket = try Self.send(Array(text.utf8), count: 1, to: server)[0]
                var isEnded = false
                for _ in 0..<100 where !isEnded { isEnded = try hasEnded(socket.socket, milliseconds: 50) }
                #expect(isEnded)
            }
        }

        @Test(arguments: [
            "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
            String(repeating: "x", count: 100), "PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n",
        ])
        func `HTTP/1.1 after ALPN h2, and a bad preface`(_ text: String) throws {
            try underAttack("bad preface \(text.prefix(24).debugDescription)") { server in
                let peer = try HostilePeer(to: server.server.listenAddress, context: try HostilePeer.context())
                try peer.send(Array(text.utf8))
                try expectGoAway(peer, Code.protocolError)
            }
        }

        @Test func `records that are changed on the way`() throws {
            try underAttack("changed records") { server in
                let peer = try HostilePeer(server)
                peer.sendRaw([0x17, 3, 3, 0, 40] + [UInt8](repeating: 0xA5, count: 40))
                #expect(try peer.ends())
            }
        }
    }
}

/// What a client says first.
enum ClientHello {
    static func bytes() throws -> [UInt8] {
        let session = try TLSSession(connecting: try HostilePeer.context(), serverName: "localhost")
        return session.outgoing.array
    }
}

extension HostilePeer {
    /// Connects, resumes a session, and sends bytes as early data before the handshake.
    convenience init(to address: String, context: TLSContext, resuming ticket: OpaquePointer?, _ early: [UInt8]) throws
    {
        try self.init(to: address, context: context, waits: false)
        // The first message was made without the ticket: begin again with it.
        tls.withOutgoing { $0.removeAll() }
        // Safety: the peer's own session, cleared before it has sent anything; the bytes are alive during the call.
        let session = unsafe tls.handle.session
        var written = 0
        guard unsafe SSL_clear(session) == 1, unsafe SSL_set_session(session, ticket) == 1,
            unsafe SSL_write_early_data(session, early, early.count, &written) == 1, written == early.count
        else { throw TimedOut() }
    }
}
