import ByteKit
import Foundation
import HTTP2Transport
import LeadServer
import LeadTypes
import LeadWire
import Reactor
import Testing

@Suite("Endpoints", .serialized)
struct EndpointTests {
    @Test("JSON leads are scored as the binary message is")
    func json() throws {
        let server = try TestServer()
        let client = try server.client()
        let body =
            #"{"model":"leads","leads":[{"visits":1,"source":"web"},{"visits":8,"opted":true,"created":"2026-01-31"}]}"#
        let response = try client.request(
            "POST",
            WireFormat.scorePath,
            contentType: "application/json; charset=utf-8",
            body: Array(body.utf8)
        )
        #expect(response.status == 200 && response.contentType == "application/json")
        let json = try JSONValue(parsing: response.body)
        #expect(json["version"] == .string("v1") && json["epoch"] == .number(1))
        guard case .array(let leads)? = json["leads"] else {
            Issue.record("no leads in \(response.text)")
            return
        }
        #expect(leads.map { $0["margin"] } == [.number(1), .number(1.5)])
        #expect(leads.map { $0["tier"] } == [.string("B"), .string("B")])
        #expect(leads.map { $0["status"] } == [.string("scored"), .string("scored")])
    }

    @Test("large JSON requests take turns in slices, and one that is given up lets the next begin")
    func manyLargeJSONs() throws {
        let server = try TestServer()
        let client = try server.client()
        func body(_ first: Int) -> [UInt8] {
            let leads = (0..<8_000).map { #"{"visits":\#(($0 + first) % 11),"source":"web"}"# }
            return Array(#"{"leads":[\#(leads.joined(separator: ","))]}"#.utf8)
        }
        let alone = try (0..<3).map {
            try client.request("POST", WireFormat.scorePath, contentType: "application/json", body: body($0)).body
        }
        #expect(alone.allSatisfy { $0.count > 500_000 } && alone[0] != alone[1])
        var ids: [Int32] = []
        for turn in 0..<9 {
            ids.append(
                try client.submit("POST", WireFormat.scorePath, contentType: "application/json", body: body(turn % 3))
            )
        }
        try client.pump(seconds: 20) { client in ids.allSatisfy { client.isUploaded($0) } }
        client.reset(ids[0])
        client.reset(ids[4])
        try client.pump(seconds: 20) { client in ids.allSatisfy { client.responses[$0]?.closed != nil } }
        for turn in [1, 2, 3, 5, 6, 7, 8] {
            #expect(client.responses[ids[turn]]?.body == alone[turn % 3], "request \(turn)")
        }
        #expect(try AdminPage.metric("leadline_slices_yielded_total", of: server) > 10)
    }

    @Test(
        "a JSON mistake is told in JSON",
        arguments: [
            (#"{"leads":[{"visitz":1}]}"#, 400, "visitz"), ("{", 400, "bad-json"), ("", 400, "bad-json"),
            (#"{"model":"x","leads":[{}]}"#, 404, "unknown-model"), (#"{"leads":[]}"#, 400, "empty-batch"),
        ]
    )
    func jsonMistakes(body: String, status: Int, word: String) throws {
        let server = try TestServer()
        let client = try server.client()
        let response = try client.request(
            "POST",
            WireFormat.scorePath,
            contentType: "application/json",
            body: Array(body.utf8)
        )
        #expect(response.status == status && response.text.contains(word), "\(response.status) \(response.text)")
        #expect(try JSONValue(parsing: response.body)["error"] != nil)
    }

    @Test("a JSON body over its limit is refused early, announced or not")
    func jsonTooLarge() throws {
        var limits = ServerLimits()
        limits.jsonBytesMax = 1_000
        limits.progressTimeout = .milliseconds(500)
        let server = try TestServer(limits: limits)
        let client = try server.client()
        let body = [UInt8](repeating: 0x20, count: 100_000)
        let whole = try client.request("POST", WireFormat.scorePath, contentType: "application/json", body: body)
        #expect(whole.status == 413)
        let id = try client.begin("POST", WireFormat.scorePath, contentType: "application/json")
        client.append(id, body)
        try client.pump(seconds: 5) { $0.responses[id]?.hasEnded == true }
        #expect(client.responses[id]?.status == 413)
        // The rest of the body may still come, but not for ever.
        try client.pump(seconds: 5) { $0.responses[id]?.closed != nil }
        #expect(client.responses[id]?.closed == .noError)
        #expect(try client.request("GET", "/healthz").status == 200)
    }

    @Test("health, readiness, models and schema are pages on the scoring listener")
    func pages() throws {
        let server = try TestServer()
        let client = try server.client()
        #expect(try client.request("GET", "/healthz").text == "{\"status\":\"ok\"}\n")
        let ready = try client.request("GET", "/readyz?verbose")
        #expect(ready.status == 200 && ready.text.contains("\"ready\":true"))
        let models = try JSONValue(parsing: try client.request("GET", "/v1/models").body)
        #expect(models["default"] == .string("leads"))
        let schema = try JSONValue(parsing: try client.request("GET", "/v1/models/leads/schema").body)
        #expect(schema["fingerprint"] == .string(hexadecimal(TestModel.schema.fingerprint)))
        guard case .array(let columns)? = schema["columns"] else {
            Issue.record("no columns")
            return
        }
        #expect(
            columns.map { $0["name"] } == [.string("visits"), .string("opted"), .string("source"), .string("created")]
        )
        #expect(columns[2]["levels"] == .array([.string("ads"), .string("web")]))
        let head = try client.request("HEAD", "/healthz")
        #expect(head.status == 200 && head.body.isEmpty)
    }

    @Test("what is not there, not allowed or not understood has its own status")
    func refusals() throws {
        let server = try TestServer()
        let client = try server.client()
        #expect(try client.request("GET", "/nothing").status == 404)
        #expect(try client.request("GET", "/v1/models/nobody/schema").status == 404)
        #expect(try client.request("GET", "/metrics").status == 404, "metrics are for the admin listener")
        let get = try client.request("GET", WireFormat.scorePath)
        #expect(get.status == 405 && get.fields == [HTTP2Field("allow", "POST")])
        #expect(try client.request("DELETE", "/healthz").status == 405)
        let text = try client.request("POST", WireFormat.scorePath, contentType: "text/plain", body: [1, 2, 3])
        #expect(text.status == 415 && text.text.contains("unsupported-media-type"))
        #expect(try client.request("POST", WireFormat.scorePath, body: [1, 2, 3]).status == 415)
        #expect(try client.request("GET", "/healthz").status == 200)
    }

    /// One HTTP/1.1 exchange in the clear.
    private func plain(_ server: TestServer, _ request: String) throws -> String {
        let address = try SocketAddress.resolve(try #require(server.server.adminAddress))[0]
        let socket = try TCPSocket.connecting(to: address)
        guard try socket.wait(for: .writable, atMostMilliseconds: 5_000) else { throw TestClient.TimedOut() }
        try socket.finishConnecting()
        return try exchange(socket, request)
    }

    @Test("the admin listener speaks HTTP/1.1: pages and metrics")
    func admin() throws {
        let server = try TestServer()
        let client = try server.client()
        _ = try client.request(
            "POST",
            WireFormat.scorePath,
            contentType: WireFormat.contentType,
            body: try TestModel.request([1, 2, 3])
        )
        let health = try plain(server, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(health.hasPrefix("HTTP/1.1 200 OK\r\n") && health.hasSuffix("{\"status\":\"ok\"}\n"))
        let head = try plain(server, "HEAD /v1/models HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.1 200") && head.hasSuffix("\r\n\r\n"))
        #expect(try plain(server, "PUT / HTTP/1.1\r\nHost: a\r\n\r\n").hasPrefix("HTTP/1.1 405"))
        #expect(try plain(server, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n").hasPrefix("HTTP/1.1 404"))
        let metrics = try plain(server, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        for line in [
            "leadline_rows_scored_total 3", "leadline_messages_total 1", "leadline_ready 1",
            "leadline_snapshot_epoch 1",
            "leadline_stage_duration_seconds_count{stage=\"score\"} 1", "leadline_errors_total{code=\"bad-magic\"} 0",
        ] {
            #expect(metrics.contains(line + "\n"), "\(line) is missing")
        }
    }
}

/// Sends a text, and reads until the other side closes.
private func exchange(_ socket: borrowing TCPSocket, _ request: String) throws -> String {
    var outgoing = ByteQueue()
    outgoing.append(Array(request.utf8))
    var received = ByteQueue()
    while !outgoing.isEmpty { _ = try socket.write(from: &outgoing) }
    for _ in 0..<1_000 {
        switch try socket.read(into: &received, atMost: 1 << 16) {
        case .endOfStream: return String(decoding: received.copy(), as: UTF8.self)
        case .bytes: break
        case .wouldBlock: _ = try socket.wait(for: .readable, atMostMilliseconds: 100)
        }
    }
    throw TestClient.TimedOut()
}
