import ByteKit
import Foundation
import LeadServer
import LeadWire
import Testing

/// `proto-docs/openapi.json` says of the HTTP side what the server does.
@Suite("The OpenAPI document", .serialized, .timeLimit(.minutes(2)))
struct OpenAPITests {
    private let document: APIDocument

    init() throws { document = try APIDocument() }

    @Test("every page of the scoring listener is as it says, with each status that can be had")
    func scoringPages() throws {
        let server = try TestServer()
        let client = try server.client()
        let pages: [(template: String, path: String, status: Int)] = [
            ("/healthz", "/healthz", 200), ("/readyz", "/readyz", 200), ("/readyz/{name}", "/readyz/leads", 200),
            ("/readyz/{name}", "/readyz/none", 503), ("/v1/protocol", "/v1/protocol", 200),
            ("/v1/models", "/v1/models", 200), ("/v1/models/{name}/schema", "/v1/models/leads/schema", 200),
            ("/v1/models/{name}/schema", "/v1/models/none/schema", 404),
            ("/v1/models/{name}/bins", "/v1/models/leads/bins", 200),
            ("/v1/models/{name}/bins", "/v1/models/none/bins", 404),
        ]
        for page in pages {
            let answer = try client.request("GET", page.path)
            #expect(answer.status == page.status, "\(page.path)")
            try document.expect(page.template, "get", answer.status, answer.contentType, answer.body)
            #expect(try client.request("DELETE", page.path).status == 405, "\(page.path)")
        }
        #expect(try client.request("GET", "/v1/nothing").status == 404)
    }

    @Test("its examples are scored, and mistakes are answered as it says")
    func score() throws {
        let server = try TestServer()
        let client = try server.client()
        func post(_ body: [UInt8], _ type: String = "application/json") throws -> TestClient.Response {
            try client.request("POST", WireFormat.scorePath, contentType: type, body: body)
        }
        let examples = try document.examples(of: WireFormat.scorePath, "post")
        #expect(examples.count == 2)
        for example in examples {
            let answer = try post(Array(example.utf8))
            #expect(answer.status == 200, "\(example): \(answer.text)")
            try document.expect(WireFormat.scorePath, "post", 200, answer.contentType, answer.body)
        }
        for (body, type, status) in [
            ("{", "application/json", 400), (#"{"leads":[{"nobody":1}]}"#, "application/json", 400),
            (#"{"model":"none","leads":[{}]}"#, "application/json", 404), ("x", "text/plain", 415),
            (#"{"fingerprint":"0123456789abcdef","leads":[{}]}"#, "application/json", 409),
        ] {
            let answer = try post(Array(body.utf8), type)
            #expect(answer.status == status, "\(body): \(answer.text)")
            try document.expect(WireFormat.scorePath, "post", status, answer.contentType, answer.body)
        }
        let reply = try post(try TestModel.request([1]), WireFormat.contentType)
        #expect(document.describes(WireFormat.scorePath, "post", reply.status, reply.contentType))
        let refusal = try post(try TestModel.request([1], fingerprint: 1), WireFormat.contentType)
        #expect(refusal.status == 409)
        #expect(document.describes(WireFormat.scorePath, "post", refusal.status, refusal.contentType))
    }

    @Test("the control plane answers as it says, and has no other paths")
    func control() throws {
        let server = try StoreServer()
        let versions = server.versions
        func check(_ template: String, _ method: String, _ answer: AdminConnection.Answer, _ status: Int) throws {
            #expect(answer.status == status, "\(template): \(answer.body)")
            let type = answer.head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-type:") }
            let value = type?.dropFirst("content-type:".count).trimmingCharacters(in: .whitespaces)
            try document.expect(template, method, status, value, Array(answer.body.utf8))
        }
        for (template, action, body, status) in [
            ("/v1/models/{name}/load", "load", #"{"version":"\#(versions[0])"}"#, 200),
            ("/v1/models/{name}/publish", "publish", #"{"version":"\#(versions[0])","reason":"x"}"#, 200),
            ("/v1/models/{name}/publish", "publish", #"{"version":"\#(versions[1])"}"#, 200),
            ("/v1/models/{name}/publish", "publish", #"{"version":"\#(versions[1])","alias":"candidate"}"#, 200),
            ("/v1/models/{name}/rollback", "rollback", "{}", 200),
            ("/v1/models/{name}/unalias", "unalias", #"{"alias":"candidate"}"#, 200),
            ("/v1/models/{name}/unalias", "unalias", #"{"alias":"candidate"}"#, 404),
            ("/v1/models/{name}/publish", "publish", #"{"version":"000009-00000000"}"#, 404),
            ("/v1/models/{name}/publish", "publish", "[]", 400),
        ] {
            try check(template, "post", try server.post("/v1/models/leads/\(action)", body), status)
        }
        for (template, path, status) in [
            ("/v1/models", "/v1/models", 200), ("/v1/models/{name}", "/v1/models/leads", 200),
            ("/v1/stats", "/v1/stats", 200), ("/healthz", "/healthz", 200), ("/readyz", "/readyz", 200),
            ("/v1/protocol", "/v1/protocol", 200), ("/v1/models/{name}/schema", "/v1/models/leads/schema", 200),
        ] {
            try check(template, "get", try server.get(path), status)
        }
        let metrics = try server.get("/metrics")
        #expect(metrics.status == 200 && document.describes("/metrics", "get", 200, "text/plain"))
        #expect(try server.get("/v1/stats/more").status == 404)
        let known: Set = [
            "/healthz", "/readyz", "/readyz/{name}", "/v1/protocol", "/v1/models", "/v1/models/{name}/schema",
            "/v1/models/{name}/bins", "/v1/score",
            "/metrics", "/v1/stats", "/v1/models/{name}", "/v1/models/{name}/load", "/v1/models/{name}/publish",
            "/v1/models/{name}/rollback", "/v1/models/{name}/unalias",
        ]
        #expect(Set(document.paths) == known)
    }

    @Test("its schemas refuse what is not as they say")
    func validator() throws {
        let good = #"{"ready":true,"epoch":1}"#
        for bad in [
            #"{"ready":1,"epoch":1}"#, #"{"ready":true}"#, #"{"ready":true,"epoch":1.5}"#,
            #"{"ready":true,"epoch":1,"x":0}"#, "[]",
        ] {
            #expect(
                try document.mistakes(of: JSONValue(parsing: Array(bad.utf8)), schema: "Readiness").isEmpty == false
            )
        }
        #expect(try document.mistakes(of: JSONValue(parsing: Array(good.utf8)), schema: "Readiness").isEmpty)
    }
}
