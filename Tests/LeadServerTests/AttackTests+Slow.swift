import ByteKit
import Foundation
import HTTP2Transport
import LeadServer
import LeadWire
import Reactor
import Testing

extension HostilePeers {
    @Suite("Attacks by slowness", .serialized)
    struct SlowAttacks {
        /// Times so short that a test can wait for them.
        static var hasty: ServerLimits {
            var limits = ServerLimits()
            limits.handshakeTimeout = .milliseconds(300)
            limits.idleTimeout = .milliseconds(400)
            limits.progressTimeout = .milliseconds(300)
            return limits
        }

        @Test(arguments: ["no ClientHello", "a ClientHello in drops", "half a record"])
        func `slowloris before TLS`(_ what: String) throws {
            try underAttack(what, limits: Self.hasty, rounds: 1) { server in
                let socket = try TCPSocket.connecting(to: try SocketAddress.resolve(server.server.listenAddress)[0])
                let start = ContinuousClock.now
                let hello = try ClientHello.bytes()
                if what == "half a record" { _ = try socket.write(Array(hello.prefix(hello.count / 2)).rawBytes) }
                var sent = 0
                var isEnded = false
                while !isEnded, ContinuousClock.now - start < .seconds(5) {
                    if what == "a ClientHello in drops", sent < hello.count {
                        _ = try? socket.write([hello[sent]].rawBytes)
                        sent += 1
                    }
                    isEnded = try hasEnded(socket, milliseconds: 20)
                }
                #expect(isEnded)
                #expect(ContinuousClock.now - start < .seconds(2), "the time runs from the accept, not from a byte")
                #expect(try AdminPage.metric("leadline_timeouts_total", of: server) >= 1)
            }
        }

        @Test(arguments: [
            "no preface", "half a preface", "half a frame header", "half a SETTINGS", "preface alone",
            "HEADERS without END_HEADERS", "half a HEADERS",
        ])
        func `slowloris within TLS`(_ what: String) throws {
            try underAttack(what, limits: Self.hasty, rounds: 1) { server in
                let peer = try HostilePeer(to: server.server.listenAddress, context: try HostilePeer.context())
                let start = ContinuousClock.now
                let hello = Frame.preface + Frame.settings([])
                switch what {
                case "no preface": break
                case "half a preface": try peer.send(Array(Frame.preface.prefix(12)))
                case "half a frame header": try peer.send(hello + [0, 0, 8, 6])
                case "half a SETTINGS": try peer.send(Frame.preface + Array(Frame.settings([(4, 1)]).prefix(11)))
                case "preface alone": try peer.send(Frame.preface)
                case "HEADERS without END_HEADERS":
                    try peer.send(hello + Frame(Frame.Kind.headers, stream: 1, Block.request()).bytes)
                default: try peer.send(hello + Array(Frame.headers(1, Block.request()).prefix(30)))
                }
                #expect(try peer.ends(), "the connection is kept")
                #expect(ContinuousClock.now - start < .seconds(2))
            }
        }

        @Test func `pings and settings do not keep an idle connection alive`() throws {
            try underAttack("PING and SETTINGS on an idle connection", limits: Self.hasty, rounds: 1) { server in
                let peer = try HostilePeer(server)
                let isOver = try waitAlive(peer, seconds: 3) { $0.isEnded }
                #expect(isOver)
            }
        }

        @Test func `slow POST, with PING and SETTINGS to look alive (CVE-2007-6750 kin)`() throws {
            try underAttack("slow POST", limits: Self.hasty, rounds: 1) { server in
                let peer = try HostilePeer(server)
                let message = try TestModel.request((0..<1_000).map { Double($0) + 0.5 })
                try peer.send(Frame.headers(1, Block.request()) + Frame.data(1, [message[0]]))
                var next = 1
                let isReset = try waitAlive(peer, seconds: 3) { peer in
                    if peer.resetCode(1) == nil { try peer.send(Frame.data(1, [message[next]])) }
                    next += 1
                    return peer.resetCode(1) != nil
                }
                #expect(isReset && peer.resetCode(1) == Code.cancel)
            }
        }

        @Test func `slow read of answers that have no window`() throws {
            try underAttack("slow read, window 0", limits: Self.hasty, rounds: 1) { server in
                let peer = try HostilePeer(server, settings: [(4, 0)])
                let message = try TestModel.request([Double](repeating: 1, count: 20_000))
                try peer.send(Frame.headers(1, Block.request()) + Frame.data(1, message, ends: true))
                let isReset = try waitAlive(peer, seconds: 3) { $0.resetCode(1) != nil }
                #expect(isReset && peer.resetCode(1) == Code.cancel)
                try HostilePeers.expectNothingKept(server)
            }
        }

        @Test func `slow read by TCP`() throws {
            try underAttack("slow read, TCP not read", limits: Self.hasty, rounds: 1) { server in
                let peer = try HostilePeer(server, settings: [(4, 0x7FFF_FFFF)])
                try peer.send(Frame.windowUpdate(0, 0x7FFF_0000 - 65_535))
                peer.reads = false
                // Far more than the kernel's buffers for one connection hold.
                let message = try TestModel.request([Double](repeating: 1, count: 50_000))
                for index in 0..<20 {
                    try peer.send(
                        Frame.headers(stream(index), Block.request()) + Frame.data(stream(index), message, ends: true)
                    )
                }
                try expectTimedOut(server, connectionsLeft: 1)
                try HostilePeers.expectNothingKept(server)
            }
        }

        @Test func `data dribble (CVE-2019-9511)`() throws {
            try underAttack("data dribble", limits: Self.hasty, rounds: 1) { server in
                let peer = try HostilePeer(server, settings: [(4, 0)])
                peer.givesCredit = false
                let message = try TestModel.request([Double](repeating: 1, count: 5_000))
                for index in 0..<50 {
                    try peer.send(
                        Frame.headers(stream(index), Block.request()) + Frame.data(stream(index), message, ends: true)
                    )
                }
                let begin = ContinuousClock.now
                while !peer.isEnded, peer.resets < 50, ContinuousClock.now - begin < .seconds(4) {
                    for index in 0..<50 where peer.resetCode(stream(index)) == nil {
                        try peer.send(Frame.windowUpdate(stream(index), 1))
                    }
                    try peer.wait(seconds: 0.01) { _ in false }
                }
                #expect(peer.resets == 50 && peer.resetCode(1) == Code.cancel, "\(peer.resets) streams ended")
                try HostilePeers.expectNothingKept(server)
            }
        }

        @Test func `internal data buffering (CVE-2019-9517)`() throws {
            var limits = Self.hasty
            limits.progressTimeout = .milliseconds(600)
            limits.bytesInFlightPerConnectionMax = 8 << 20
            try underAttack("internal data buffering", limits: limits, residentBytesMax: 48 << 20, rounds: 1) {
                server in
                let peer = try HostilePeer(server, settings: [(4, 0x7FFF_FFFF)])
                try peer.send(Frame.windowUpdate(0, 0x7FFF_0000 - 65_535))
                peer.reads = false
                let message = try TestModel.request([Double](repeating: 1, count: 50_000))
                var most = 0.0
                for index in 0..<600 {
                    let id = stream(index % 100)
                    let head = index < 100 ? Frame.headers(id, Block.request()) : []
                    do {
                        try peer.send(head + Frame.data(id, message), seconds: 0.5)
                    } catch is HostilePeer.TimedOut {
                        break
                    }
                    if index % 20 == 0 {
                        most = max(most, try AdminPage.metric("leadline_request_bytes_in_flight", of: server))
                    }
                }
                try expectTimedOut(server, connectionsLeft: 1)
                try HostilePeers.expectNothingKept(server)
                #expect(most > 0 && most < 16_777_216, "\(most) bytes of answers are kept")
            }
        }

        @Test func `connection hoard`() throws {
            var limits = ServerLimits()
            limits.connectionsMax = 200
            try underAttack("connection hoard", limits: limits, rounds: 1) { server in
                let address = try SocketAddress.resolve(server.server.listenAddress)[0]
                var sockets: [Socket] = []
                for _ in 0..<400 { sockets.append(Socket(try TCPSocket.connecting(to: address))) }
                for _ in 0..<100 where try AdminPage.metric("leadline_connections_refused_total", of: server) < 200 {
                    usleep(10_000)
                }
                let refused = try AdminPage.metric("leadline_connections_refused_total", of: server)
                let open = try AdminPage.metric("leadline_connections_open", of: server)
                // The polite client has one of them.
                #expect(refused == 201 && open == 200, "\(refused) refused, \(open) open")
                sockets.removeAll()
            }
        }

        /// Waits while the peer does all that looks alive and is no progress.
        private func waitAlive(
            _ peer: HostilePeer,
            seconds: Double,
            until isDone: (HostilePeer) throws -> Bool
        ) throws -> Bool {
            let begin = ContinuousClock.now
            while try !isDone(peer), !peer.isEnded {
                if ContinuousClock.now - begin > .seconds(seconds) { return false }
                try peer.send(Frame.ping() + Frame.settings([]))
                try peer.wait(seconds: 0.03) { $0.isEnded }
            }
            return try isDone(peer)
        }

        /// Waits until the server has ended the connection of a peer that does not even look.
        private func expectTimedOut(
            _ server: TestServer,
            connectionsLeft: Double,
            at location: SourceLocation = #_sourceLocation
        ) throws {
            var open = Double.infinity
            for _ in 0..<150 where open > connectionsLeft {
                usleep(20_000)
                open = try AdminPage.metric("leadline_connections_open", of: server)
            }
            #expect(open <= connectionsLeft, "\(open) connections are open", sourceLocation: location)
            #expect(try AdminPage.metric("leadline_timeouts_total", of: server) >= 1, sourceLocation: location)
        }
    }
}

/// Whether the server has ended a connection on which it says nothing.
func hasEnded(_ socket: borrowing TCPSocket, milliseconds: Int) throws -> Bool {
    guard try socket.wait(for: .readable, atMostMilliseconds: milliseconds) else { return false }
    var queue = ByteQueue()
    do {
        while true {
            switch try socket.read(into: &queue, atMost: 1 << 12) {
            case .endOfStream: return true
            case .wouldBlock: return false
            case .bytes: continue
            }
        }
    } catch {
        return true
    }
}

/// A socket that lies in an array.
final class Socket {
    let socket: TCPSocket

    init(_ socket: consuming TCPSocket) { self.socket = socket }
}
