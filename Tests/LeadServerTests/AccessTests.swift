import Foundation
import LeadServer
import LeadWire
import Testing

@Suite("Who may do what", .serialized)
struct AccessTests {
    private let folder = TestFolder.shared.path
    private let path =
        FileManager.default.temporaryDirectory.path + "/leadline-policy-\(UInt32.random(in: 0 ... .max)).json"

    private func write(_ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    private func known(_ server: TestServer) throws -> TestClient {
        try TestClient(
            to: server.server.listenAddress,
            authority: folder + "/ca.pem",
            certificate: (folder + "/client.pem", folder + "/client.key")
        )
    }

    private func server(_ rules: String, models: [String] = ["leads"]) throws -> TestServer {
        try write(#"{"rules": ["# + rules + "]}")
        return try TestServer(
            models: models.map { try TestModel.make(name: $0, version: 1) },
            clientAuthority: folder + "/ca.pem",
            clientsAreOptional: true,
            policy: path
        )
    }

    private func score(
        _ client: TestClient,
        model: String = "",
        rows: Int = 1
    ) throws -> (status: Int, error: WireError?) {
        let response = try client.request(
            "POST",
            WireFormat.scorePath,
            contentType: WireFormat.contentType,
            body: try TestModel.request([Double](repeating: 1, count: rows), model: model)
        )
        return (response.status, try answers(in: response.body).first?.error)
    }

    @Test("a role that is not given is refused, health is for everyone, and what a policy does not name may do nothing")
    func roles() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let server = try server(#"{"identity": "spiffe://leadline.development/*", "roles": ["score"]}"#)
        let (client, stranger) = (try known(server), try server.client())
        #expect(try score(client).status == 200)
        #expect(try client.request("GET", "/v1/models").status == 403)
        for someone in [client, stranger] {
            #expect(try someone.request("GET", "/healthz").status == 200)
            #expect(try someone.request("GET", "/readyz").status == 200)
        }
        let refused = try score(stranger)
        #expect(refused.status == 403 && refused.error?.code == .forbidden)
        #expect(refused.error?.text.contains("anonymous may not score") == true)
        let json = try stranger.request(
            "POST",
            WireFormat.scorePath,
            contentType: "application/json",
            body: Array(#"{"leads": []}"#.utf8)
        )
        #expect(json.status == 403 && json.text.contains(#""code":"forbidden""#), "\(json.text)")
        #expect(try server.adminPage("/metrics").contains("leadline_denied_total{what=\"role\"} 3\n"))
    }

    @Test("a model that is not given is refused, and not listed")
    func models() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let server = try server(
            #"{"identity": "anonymous", "roles": ["score", "read"], "models": ["emea-*"]}"#,
            models: ["apac-leads", "emea-leads"]
        )
        let client = try server.client()
        #expect(try score(client, model: "emea-leads").status == 200)
        let refused = try score(client, model: "apac-leads")
        #expect(refused.status == 403 && refused.error?.code == .forbidden)
        let list = try client.request("GET", "/v1/models").text
        #expect(list.contains("emea-leads") && !list.contains(#""name":"apac-leads""#), "\(list)")
        #expect(try client.request("GET", "/v1/models/apac-leads/schema").status == 403)
        #expect(try client.request("GET", "/v1/models/emea-leads/schema").status == 200)
        #expect(try client.request("GET", "/readyz/emea-leads").status == 200)
        #expect(try client.request("GET", "/readyz/nobody").status == 503)
    }

    @Test("leads beyond the quota are refused with the time to wait, and there is room again after it")
    func rowQuota() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let server = try server(#"{"identity": "*", "roles": ["score"], "rowsPerSecond": 1000}"#)
        let clients = [try server.client(), try server.client()]
        #expect(try score(clients[0], rows: 600).status == 200)
        #expect(try score(clients[1], rows: 300).status == 200)
        let refused = try score(clients[0], rows: 900)
        #expect(refused.status == 429 && refused.error?.code == .quotaExceeded)
        let wait = try #require(refused.error?.retryAfterMilliseconds)
        #expect(wait > 300 && wait < 1_000, "\(wait) ms")
        usleep((wait + 20) * 1_000)
        #expect(try score(clients[1], rows: 900).status == 200)
    }

    @Test("bytes under way beyond the quota are refused, and given back")
    func byteQuota() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let server = try server(#"{"identity": "*", "roles": ["score"], "bytesInFlight": 100000}"#)
        let client = try server.client()
        for _ in 0..<3 {
            #expect(try score(client, rows: 100).status == 200)
            let refused = try score(client, rows: 20_000)
            #expect(refused.status == 429 && refused.error?.code == .quotaExceeded)
        }
    }

    @Test("a policy that changes holds for connections that are open; a bad one changes nothing")
    func reload() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let server = try server(#"{"identity": "*", "roles": ["score"]}"#)
        let client = try server.client()
        #expect(try score(client).status == 200)
        try write(#"{"rules": [{"identity": "*", "roles": ["scores"]}]}"#)
        usleep(400_000)
        #expect(try score(client).status == 200)
        #expect(try server.adminPage("/metrics").contains(#"leadline_reloads_total{what="policy",outcome="failed"} 1"#))
        try write(#"{"rules": []}"#)
        var status = 200
        for _ in 0..<100 where status == 200 {
            usleep(20_000)
            status = try score(client).status
        }
        #expect(status == 403)
    }

    @Test(
        "a mistake in a policy is told with its place",
        arguments: [
            ("{\n  \"rules\": [,]}", "line 2, column 13"), ("[]", "with a list of rules"),
            (#"{"rules": [{"roles": ["score"]}]}"#, "rule 1: it names no identity"),
            (#"{"rules": [{"identity": "a", "roles": ["admin"]}]}"#, "rule 1, roles: there are \"score\" and \"read\""),
            (
                #"{"rules": [{"identity": "a"}, {"identity": "b", "model": ["x"]}]}"#,
                "rule 2, model: there is no such member"
            ),
            (#"{"rules": [{"identity": "a", "rowsPerSecond": 0}]}"#, "rule 1, rowsPerSecond"),
        ]
    )
    func mistakes(_ text: String, _ words: String) throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write(text)
        #expect {
            _ = try AccessPolicy(file: path)
        } throws: { error in
            "\(error)".contains(words) && "\(error)".contains(path)
        }
    }

    @Test("work beyond what may wait is refused with the time to wait; a message alone never is")
    func queue() throws {
        var limits = ServerLimits()
        limits.queueTimeMax = .milliseconds(1)
        let server = try TestServer(models: [TestModel.make(version: 1, copies: 2_000)], limits: limits)
        let client = try server.client()
        let body = try TestModel.request([Double](repeating: 1, count: 5_000))
        func submit() throws -> Int32 {
            try client.submit("POST", WireFormat.scorePath, contentType: WireFormat.contentType, body: body)
        }
        // The first tell what a byte costs.
        for _ in 0..<3 {
            let first = try submit()
            try client.pump(seconds: 10) { $0.responses[first]?.closed != nil }
            #expect(client.responses[first]?.status == 200)
        }
        let streams = try (0..<20).map { _ in try submit() }
        try client.pump(seconds: 20) { client in streams.allSatisfy { client.responses[$0]?.closed != nil } }
        let statuses = streams.compactMap { client.responses[$0]?.status }
        #expect(statuses.contains(200) && statuses.contains(503), "\(statuses)")
        let refused = try #require(streams.first { client.responses[$0]?.status == 503 })
        let error = try #require(try answers(in: client.responses[refused]?.body ?? []).first?.error)
        #expect(error.code == .overloaded && error.retryAfterMilliseconds > 0)
    }
}
