import ByteKit
import Foundation
import LeadServer
import ModelStore
import TLSTransport
import Testing

@Suite("Who may act on the admin listener, and how", .serialized, .timeLimit(.minutes(5)))
struct ControlAccessTests {
    private static let path = "/v1/models/leads/publish"

    private func body(_ server: StoreServer) -> String { #"{"version":"\#(server.versions[0])"}"# }

    private func isUntouched(_ server: StoreServer) throws -> Bool {
        try server.store.aliases(ofModel: "leads") == ModelAliases()
            && server.store.publications(ofModel: "leads", last: 1).isEmpty
    }

    @Test("in the clear models are read and not changed, and the refusal says what to configure")
    func clear() throws {
        let server = try StoreServer(usesTLS: false)
        func exchange(_ request: String) throws -> AdminConnection.Answer {
            try server.connection(usesTLS: false).exchange(request)
        }
        let refused = try exchange(StoreServer.post(Self.path, body(server)))
        #expect(refused.status == 403 && refused.body.contains("--admin-tls") && refused.body.contains("--client-ca"))
        #expect(try exchange("GET /v1/models/leads HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
        #expect(try exchange("GET /v1/stats HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
        #expect(try isUntouched(server))
    }

    @Test(
        "without the role, the model or a certificate nothing is changed",
        arguments: [
            (#"{"identity":"*","roles":["score","read"]}"#, true, "may not publish here"),
            (#"{"identity":"*","roles":["publish"],"models":["other"]}"#, true, "may not publish the model"),
            (#"{"identity":"*","roles":["score","read","publish"]}"#, false, "certificate"),
            ("", true, "may not publish here"),
        ]
    )
    func forbidden(_ policy: String, _ hasCertificate: Bool, _ words: String) throws {
        let server = try StoreServer(policy: policy)
        let connection = try server.connection(certificate: hasCertificate ? StoreServer.certificate : nil)
        let answer = try connection.exchange(StoreServer.post(Self.path, body(server)))
        #expect(answer.status == 403 && answer.body.contains(words), "\(answer.body)")
        #expect(try isUntouched(server))
        #expect(try server.get("/metrics").body.contains(#"{action="publish",outcome="refused"} 1"#))
    }

    @Test("an authority of clients is needed, and a policy that names nobody lets nobody publish")
    func noAuthority() throws {
        let server = try StoreServer(
            policy: #"{"identity":"*","roles":["publish","read"]}"#,
            asksForCertificates: false
        )
        let answer = try server.post(Self.path, body(server))
        #expect(answer.status == 403 && answer.body.contains("--client-ca"))
        #expect(!AccessPolicy.open.rules.contains { $0.roles.contains(.publish) })
        #expect(try isUntouched(server))
    }

    @Test("over TLS reading takes the role read; health and metrics are for whoever gets that far")
    func reading() throws {
        let server = try StoreServer(policy: #"{"identity":"*","roles":["publish"]}"#)
        for path in ["/v1/models", "/v1/models/leads", "/v1/models/leads/schema", "/v1/stats"] {
            #expect(try server.get(path).status == 403, "\(path)")
        }
        for path in ["/healthz", "/readyz", "/readyz/leads", "/metrics"] {
            #expect(try server.get(path).status == 200, "\(path)")
        }
        #expect(try server.publish(0).status == 200)
    }

    @Test("in the clear a TLS listener says nothing, and a client of HTTP/2 alone is refused")
    func transport() throws {
        let server = try StoreServer()
        let plain = try server.connection(usesTLS: false)
        try plain.send(Array("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        #expect(try plain.answer() == nil)
        let http2 = try AdminConnection(
            to: server.server.adminAddress ?? "",
            authority: StoreServer.folder + "/ca.pem",
            certificate: nil,
            speaking: .http2
        )
        #expect(http2.hasEnded)
        #expect(try server.get("/healthz").status == 200)
    }

    @Test("methods that a path does not have are refused with those that it has")
    func methods() throws {
        let server = try StoreServer()
        let get = try server.get(Self.path)
        #expect(get.status == 405 && get.head.contains("allow: POST"))
        let post = try server.post("/v1/models", "{}")
        #expect(post.status == 405 && post.head.contains("allow: GET, HEAD"))
        #expect(try server.post("/v1/nothing", "{}").status == 404)
        #expect(try server.post("/v1/models/leads/sell", "{}").status == 404)
    }

    @Test("wrong bodies are refused, and change nothing")
    func wrongBodies() throws {
        let server = try StoreServer()
        for body in ["", "{}", "[]", "{\"version\":", #"{"version":"x","more":1}"#, #"{"version":"x","alias":"a@b"}"#] {
            #expect(try server.post(Self.path, body).status == 400, "\(body)")
        }
        #expect(try server.post(Self.path, #"{"version":"x"}"#).status == 404)
        #expect(try isUntouched(server))
    }

    @Test("a request that ends at any byte changes nothing; one that comes in two pieces is served")
    func cut() throws {
        let server = try StoreServer()
        let path = "/v1/models/leads/unalias"
        let whole = Array(StoreServer.post(Self.path, body(server)).utf8)
        for count in 0..<whole.count {
            let connection = try server.connection()
            try connection.send(Array(whole.prefix(count)))
        }
        #expect(try server.get("/healthz").status == 200)
        #expect(try isUntouched(server))
        // An alias that is not there: the whole way, and nothing to load.
        let other = Array(StoreServer.post(path, #"{"alias":"none"}"#).utf8)
        for count in 0...other.count {
            let connection = try server.connection()
            try connection.send(Array(other.prefix(count)))
            try connection.send(Array(other.dropFirst(count)))
            #expect(try connection.answer()?.status == 404, "cut at \(count)")
        }
    }

    @Test("a body that is too large is refused before it comes, and its sender gets the answer")
    func oversize() throws {
        let server = try StoreServer()
        let connection = try server.connection()
        try connection.send(
            Array(
                "POST \(Self.path) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 300000\r\n\r\n"
                    .utf8
            )
        )
        for _ in 0..<30 { try? connection.send([UInt8](repeating: 0x20, count: 10_000)) }
        #expect(try connection.answer()?.status == 413)
        #expect(try isUntouched(server))
        let spaces = #"{"version":"x"}"# + String(repeating: " ", count: 65_536 - 15)
        #expect(try server.post(Self.path, spaces).status == 404)
    }

    @Test("who is slow, in the handshake or after it, is cut off after five seconds")
    func slow() throws {
        let server = try StoreServer()
        let started = ContinuousClock.now
        let silent = try AdminConnection(to: server.server.adminAddress ?? "", authority: nil, certificate: nil)
        let half = try server.connection()
        try half.send(Array(StoreServer.post(Self.path, body(server)).utf8.dropLast(5)))
        // Others are served meanwhile.
        #expect(try server.get("/healthz").status == 200)
        #expect(try half.answer()?.status == 408)
        #expect(try silent.answer() == nil)
        let waited = ContinuousClock.now - started
        #expect(waited > .seconds(4) && waited < .seconds(15), "\(waited)")
        #expect(try isUntouched(server))
    }

    @Test("more actions than may wait are told to come again, and health is answered meanwhile")
    func busy() throws {
        let server = try StoreServer()
        let connections = try (0..<40).map { _ in try server.connection() }
        let request = Array(StoreServer.post("/v1/models/leads/load", body(server)).utf8)
        for connection in connections { try connection.send(request) }
        #expect(try server.get("/healthz").status == 200)
        let statuses = try connections.map { try $0.answer()?.status }
        #expect(statuses.allSatisfy { $0 == 200 || $0 == 503 }, "\(statuses)")
        #expect(statuses.contains(200))
    }
}
