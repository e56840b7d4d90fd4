import ByteKit
import Foundation
import HTTP2Transport
import LeadServer
import LeadWire
import Reactor
import TLSTransport
import Testing

@Suite("The limits of connections", .serialized)
struct LimitTests {
    /// The value of a metric with these labels, as they are written.
    private func metric(_ server: TestServer, _ name: String) throws -> Double? {
        let page = try server.adminPage("/metrics")
        let line = page.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    /// What HTTP/2 begins with: the preface, and SETTINGS.
    private let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

    private func isServed(_ client: TestClient?) -> Bool { (try? client?.request("GET", "/healthz").status) == 200 }

    @Test("one address has its share of connections, and gets it back")
    func perAddress() throws {
        var limits = ServerLimits()
        limits.connectionsPerAddressMax = 2
        let server = try TestServer(workers: 2, limits: limits)
        do {
            let clients = (try server.client(), try server.client())
            #expect(isServed(clients.0) && isServed(clients.1))
            #expect(!isServed(try? server.client()))
            #expect(try metric(server, #"leadline_connections_refused_total{limit="address"}"#) == 1)
        }
        #expect(eventually { isServed(try? server.client()) })
    }

    @Test("one identity has its share of connections, and gets it back")
    func perIdentity() throws {
        var limits = ServerLimits()
        limits.connectionsPerIdentityMax = 1
        let folder = TestFolder.shared.path
        let server = try TestServer(limits: limits, clientAuthority: folder + "/ca.pem")
        func client() throws -> TestClient {
            try TestClient(
                to: server.server.listenAddress,
                authority: folder + "/ca.pem",
                certificate: (folder + "/client.pem", folder + "/client.key")
            )
        }
        do {
            let first = try client()
            #expect(isServed(first))
            let second = try? client()
            #expect(!isServed(second))
            #expect(try metric(server, #"leadline_connections_refused_total{limit="identity"}"#) == 1)
            #expect(isServed(first), "the one before is not harmed")
        }
        #expect(eventually { isServed(try? client()) })
    }

    @Test("handshakes beyond the rate wait, and are served")
    func handshakeRate() throws {
        var limits = ServerLimits()
        limits.handshakes = HTTP2Limits.Rate(burst: 2, perSecond: 10)
        let server = try TestServer(limits: limits)
        let begin = ContinuousClock.now
        for _ in 0..<5 { #expect(isServed(try server.client())) }
        #expect(ContinuousClock.now - begin > .milliseconds(200), "three of them waited")
        #expect(try metric(server, "leadline_handshakes_delayed_total") ?? 0 > 0)
    }

    @Test("after its share of requests a connection drains: the last one is answered, and the client told")
    func requestsPerConnection() throws {
        var limits = ServerLimits()
        limits.requestsPerConnectionMax = 3
        let server = try TestServer(limits: limits)
        let client = try server.client()
        for _ in 0..<3 { #expect(isServed(client)) }
        try client.pump(seconds: 5) { $0.isEnded }
        #expect(client.goAways >= 1 && client.isEnded)
        #expect(try metric(server, "leadline_connections_retired_total") == 1)
        #expect(isServed(try server.client()))
    }

    @Test(
        "streams beyond the limit are refused until the client knows it, and end the connection after; both are counted"
    )
    func streams() throws {
        var limits = ServerLimits()
        limits.http2.streamsMax = 2
        let server = try TestServer(limits: limits)
        let many = [1, 3, 5, 7, 9].reduce(into: [UInt8]()) { $0 += Frame.headers($1, Block.request()) }
        let unaware = try HostilePeer(to: server.server.listenAddress, context: try HostilePeer.context())
        try unaware.send(Frame.preface + Frame.settings([]) + many)
        #expect(eventually { (try? metric(server, "leadline_streams_refused_total")) == 3 })
        let aware = try HostilePeer(server)
        try aware.send(many)
        #expect(eventually { (try? metric(server, #"leadline_violations_total{rule="protocolError"}"#)) == 1 })
    }

    @Test("a head that does not end is cut off, whatever else the connection has under way")
    func headTimeout() throws {
        var limits = ServerLimits()
        limits.headTimeout = .milliseconds(300)
        let server = try TestServer(limits: limits)
        let client = try RawClient(to: server.server.listenAddress, authority: TestFolder.shared.path + "/ca.pem")
        // HEADERS without END_HEADERS that hold one indexed field.
        try client.send(preface)
        try client.send([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82])
        #expect(try client.ends(withinSeconds: 5))
        #expect(try metric(server, #"leadline_timeouts_total{kind="head"}"#) == 1)
    }

    @Test("a client that shakes hands and then says nothing is cut off")
    func prefaceTimeout() throws {
        var limits = ServerLimits()
        limits.handshakeTimeout = .milliseconds(500)
        let server = try TestServer(limits: limits)
        let client = try RawClient(to: server.server.listenAddress, authority: TestFolder.shared.path + "/ca.pem")
        #expect(try client.ends(withinSeconds: 5))
        #expect(try metric(server, #"leadline_timeouts_total{kind="handshake"}"#) == 1)
    }

    @Test("a message that comes steadily and without end is cut off")
    func messageTimeout() throws {
        var limits = ServerLimits()
        limits.messageTimeout = .milliseconds(600)
        limits.progressTimeout = .milliseconds(300)
        limits.progressBytes = 1
        let server = try TestServer(limits: limits)
        let client = try server.client()
        let id = try client.begin("POST", WireFormat.scorePath, contentType: WireFormat.contentType)
        let message = try TestModel.request((0..<100).map(Double.init))
        let end = ContinuousClock.now + .seconds(5)
        var sent = 0
        while client.responses[id]?.closed == nil, ContinuousClock.now < end, sent < message.count / 2 {
            client.append(id, [message[sent]])
            sent += 1
            try? client.pump(seconds: 0.03) { $0.responses[id]?.closed != nil }
        }
        #expect(client.responses[id]?.closed == .cancel)
        #expect(try metric(server, #"leadline_timeouts_total{kind="message"}"#) == 1)
        #expect(isServed(client), "the connection lives")
    }

    @Test("key updates without end are cut off")
    func keyUpdates() throws {
        var limits = ServerLimits()
        limits.keyUpdates = HTTP2Limits.Rate(burst: 5, perSecond: 0)
        let server = try TestServer(limits: limits)
        let client = try RawClient(to: server.server.listenAddress, authority: TestFolder.shared.path + "/ca.pem")
        try client.send(preface)
        for _ in 0..<20 { try? client.updateKeys() }
        #expect(try client.ends(withinSeconds: 5))
        #expect(try metric(server, "leadline_key_update_floods_total") == 1)
    }

    @Test(
        "a client that comes back with its ticket needs no full handshake, also after the certificates were read again"
    )
    func resumption() throws {
        let server = try TestServer()
        let authority = TestFolder.shared.path + "/ca.pem"
        let first = try RawClient(to: server.server.listenAddress, authority: authority)
        let ticket = try #require(try first.ticket(withinSeconds: 5))
        server.server.reload()
        #expect(
            eventually { (try? metric(server, #"leadline_reloads_total{what="certificate",outcome="ok"}"#)) ?? 0 == 1 }
        )
        let second = try RawClient(to: server.server.listenAddress, authority: authority, resuming: ticket)
        #expect(second.isResumed)
        try second.send(preface)
        #expect(eventually { (try? metric(server, "leadline_handshakes_resumed_total")) == 1 })
    }
}
