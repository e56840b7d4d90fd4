import HTTP2Transport
import LeadServer
import LeadTypes
import LeadWire
import Reactor
import Testing

extension HostilePeers {
    /// That a limit holds is what other suites try; here whoever runs the server is told of it.
    @Suite("Each limit is counted where the table says", .serialized)
    struct LimitCounters {
        private static let rules = [
            "headerListTooLarge", "tooManyHeaderFields", "tooManyContinuations", "tooManyResets", "tooManyFaults",
            "tooManyControlFrames", "tooManySmallFrames", "tooManyIgnoredBytes", "protocolError", "fallingStreamNumber",
            "windowTooLarge", "badPreface",
        ]

        /// Limits that a few frames reach.
        private static var tight: ServerLimits {
            var limits = ServerLimits()
            limits.http2.peerResets = HTTP2Limits.Rate(burst: 5, perSecond: 0.1)
            limits.http2.faults = HTTP2Limits.Rate(burst: 5, perSecond: 0.1)
            limits.http2.controlFrames = HTTP2Limits.Rate(burst: 20, perSecond: 0.1)
            limits.http2.smallDataFrames = HTTP2Limits.Rate(burst: 20, perSecond: 0.1)
            limits.http2.ignoredBytes = HTTP2Limits.Rate(burst: 2_000, perSecond: 1)
            return limits
        }

        @Test("breaches of HTTP/2, by rule", arguments: rules)
        func violations(_ rule: String) throws {
            let server = try TestServer(limits: Self.tight)
            if rule == "badPreface" {
                let peer = try HostilePeer(to: server.server.listenAddress, context: try HostilePeer.context())
                try peer.send(Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
                _ = try peer.ends()
            } else {
                try Self.breach(rule, try HostilePeer(server))
            }
            try expectCount("leadline_violations_total{rule=\"\(rule)\"}", of: server)
        }

        @Test("and no rule is left out")
        func allRules() throws {
            let server = try TestServer()
            let told = try server.adminPage("/metrics").split(separator: "\n")
                .filter { $0.hasPrefix("leadline_violations_total{") }
                .compactMap { $0.split(separator: "\"").dropFirst().first.map(String.init) }
            // What never happens cannot be caused.
            #expect(Set(told) == Set(Self.rules + ["internalFailure"]))
        }

        @Test(
            "messages beyond what is taken, by error",
            arguments: ["message-too-large", "too-many-rows", "too-many-columns", "overloaded"]
        )
        func messages(_ code: String) throws {
            var limits = ServerLimits()
            switch code {
            case "message-too-large": limits.wire.messageBytesMax = 150
            case "too-many-rows": limits.wire.rowsMax = 2
            case "too-many-columns": limits.wire.columnsMax = 1
            default: limits.bytesInFlightPerWorkerMax = 100
            }
            let server = try TestServer(limits: limits)
            let client = try server.client()
            _ = try client.request(
                "POST",
                WireFormat.scorePath,
                contentType: WireFormat.contentType,
                body: try TestModel.request((0..<40).map { Double($0) + 0.5 })
            )
            try expectCount("leadline_errors_total{code=\"\(code)\"}", of: server)
        }

        @Test("what takes too long, by kind", arguments: ["handshake", "idle", "head", "message", "progress"])
        func timeouts(_ kind: String) throws {
            var limits = ServerLimits()
            let soon = Duration.milliseconds(150)
            switch kind {
            case "handshake": limits.handshakeTimeout = soon
            case "idle": limits.idleTimeout = soon
            case "head": limits.headTimeout = soon
            case "message": limits.messageTimeout = soon
            default: limits.progressTimeout = soon
            }
            let server = try TestServer(limits: limits)
            if kind == "handshake" {
                let socket = try TCPSocket.connecting(to: try SocketAddress.resolve(server.server.listenAddress)[0])
                _ = try socket.wait(for: .writable, atMostMilliseconds: 5_000)
                return try expectCount("leadline_timeouts_total{kind=\"handshake\"}", of: server)
            }
            let peer = try HostilePeer(server)
            switch kind {
            case "idle": break
            case "head": try peer.send(Frame(Frame.Kind.headers, stream: 1, Block.request()).bytes)
            default:
                let message = try TestModel.request((0..<100).map { Double($0) })
                try peer.send(Frame.headers(1, Block.request()) + Frame.data(1, Array(message.prefix(100))))
            }
            // Deadlines of open connections are looked at once a second, or sooner.
            try peer.wait(seconds: 3) { $0.isEnded || $0.goAwayCode != nil || $0.resetCode(1) != nil }
            try expectCount("leadline_timeouts_total{kind=\"\(kind)\"}", of: server)
        }

        /// Expects that a metric becomes at least 1.
        private func expectCount(
            _ name: String,
            of server: TestServer,
            at location: SourceLocation = #_sourceLocation
        ) throws {
            var line = "there is no \(name)"
            let isCounted = eventually {
                guard let page = try? server.adminPage("/metrics"),
                    let found = page.split(separator: "\n").first(where: { $0.hasPrefix(name + " ") })
                else { return false }
                line = String(found)
                return (found.split(separator: " ").last.flatMap { Double($0) } ?? 0) >= 1
            }
            #expect(isCounted, "\(line)", sourceLocation: location)
        }

        /// Breaks a rule of HTTP/2.
        private static func breach(_ rule: String, _ peer: HostilePeer) throws {
            switch rule {
            case "headerListTooLarge":
                try peer.send(Frame.headers(1, Block.request(extra: [("a", String(repeating: "x", count: 40_000))])))
            case "tooManyHeaderFields":
                try peer.send(Frame.headers(1, Block.request(extra: (0..<120).map { ("a\($0)", "x") })))
            case "tooManyContinuations":
                try peer.send(Frame(Frame.Kind.headers, stream: 1, Block.request()).bytes)
                try flood(peer, 20) { _ in Frame.continuation(1, [], ends: false) }
            case "tooManyResets":
                try flood(peer, 20) { Frame.headers(stream($0), Block.request()) + Frame.reset(stream($0)) }
            case "tooManyFaults":
                for index in 0..<20 where !peer.isEnded && peer.goAwayCode == nil {
                    let id = stream(index)
                    try peer.send(Frame.headers(id, Block.request()) + Frame.windowUpdate(id, 0x7FFF_FFFF))
                    try peer.wait { $0.resetCode(id) != nil || $0.goAwayCode != nil }
                }
            case "tooManyControlFrames": try flood(peer, 100) { _ in Frame.ping() }
            case "tooManySmallFrames":
                let message = try TestModel.request((0..<100).map { Double($0) })
                try peer.send(Frame.headers(1, Block.request()))
                try flood(peer, 100) { Frame.data(1, [message[$0]]) }
            case "tooManyIgnoredBytes":
                let unknown = Frame(0xBE, stream: 0, [UInt8](repeating: 0, count: 4_000)).bytes
                try flood(peer, 20) { _ in unknown }
            case "fallingStreamNumber":
                try peer.send(Frame.headers(5, Block.request()) + Frame.headers(3, Block.request()))
            case "windowTooLarge":
                let window = Frame.windowUpdate(1, 0x7000_0000) + Frame.settings([(4, 0x7FFF_FFFF)])
                try peer.send(Frame.headers(1, Block.request()) + window)
            default: try peer.send(Frame.data(7, [1]))
            }
            _ = try peer.ends()
        }
    }
}
