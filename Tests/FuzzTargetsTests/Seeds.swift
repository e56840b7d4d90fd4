import ByteKit
import Foundation
import FuzzTargets

/// What a fuzzer of a peer's bytes starts from, made here by hand.
struct Seed {
    let target: FuzzTarget
    let name: String
    let bytes: [UInt8]
    /// The same bytes each time it is made; keys and what libraries encode are not.
    var isReproducible = true

    /// All of them.
    static func all() throws -> [Seed] {
        try wire() + http2() + http2OfClient() + json() + plainRequests() + tls() + pem()
    }

    /// Where it is kept.
    var file: URL { Self.corpus.appendingPathComponent(target.rawValue).appendingPathComponent(name) }

    static let corpus = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Corpus")

    static func text(_ target: FuzzTarget, _ name: String, _ text: String) -> Seed {
        Seed(target: target, name: name, bytes: Array(text.utf8))
    }
}

extension Seed {
    private static func json() -> [Seed] {
        let texts = [
            "leads.json": #"{"model":"m","asOf":"2026-01-31","leads":[{"visits":3,"source":"web"},{"opened":null}]}"#,
            "columns.json":
                #"{"columns":{"visits":[3,-0.5e2,null],"source":["web",null,"\u00e9"],"opened":[true,0,null],"#
                + #""created":["2026-01-31T12:30:05.25+01:00",19000.5,null],"campaign":["a","b","c"]}}"#,
            "all-members.json":
                #"{"version":"1","fingerprint":"0000000000000000","deadlineMicroseconds":5,"asOf":1.5,"leads":[{}]}"#,
            "nested.json": #"[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"#,
            "escapes.json": #"{"model":"\"\\\/\b\f\n\r\t\ud83d\ude00\u0000","leads":[{"source":"e\u0301"}]}"#,
            "numbers.json": #"{"columns":{"visits":[0,-0,1e308,1e-400,12345678901234567890,0.1,5e-324,1E+2]}}"#,
            "spaces.json": " \t\r\n{ \"leads\" : [ { } , { } ] } \n",
            "repeated.json": #"{"leads":[{"visits":1,"visits":2}]}"#,
            "wrong-kinds.json": #"{"leads":[{"visits":"3","opened":2}],"columns":{}}"#,
            "unknown-long.json":
                "{\"leads\":[{\"" + String(repeating: "e\u{301}", count: 40) + "\":\""
                + String(repeating: "x", count: 60)
                + "\"}]}",
        ]
        return texts.sorted { $0.key < $1.key }.map { text(.json, $0.key, $0.value) }
    }

    private static func plainRequests() -> [Seed] {
        let texts = [
            "browser":
                "GET /metrics?x=1 HTTP/1.1\r\nHost: localhost:9100\r\nUser-Agent: a/1 (b)\r\nAccept: */*\r\n\r\n",
            "probe": "GET /healthz HTTP/1.0\r\n\r\n",
            "head": "HEAD /v1/models HTTP/1.1\r\nhost:\ta\r\ncontent-length: 0\r\n\r\n",
            "no-host": "GET / HTTP/1.1\r\n\r\n",
            "two-hosts": "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "post": "POST / HTTP/1.1\r\nHost: a\r\n\r\n",
            "publish":
                "POST /v1/models/leads/publish HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 72\r\n\r\n"
                + #"{"version":"000001-5be0c1f2","alias":"candidate","reason":"try\u0020it"}"#,
            "rollback":
                "POST /v1/models/a/rollback HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-type: application/json;x\r\n\r\n{}",
            "body-cut":
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"a\":",
            "body-too-long":
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n\r\n",
            "smuggled": "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "folded": "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
            "bare-line-feed": "GET / HTTP/1.1\nHost: a\n\r\n\r\n",
            "absolute": "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "cut": "GET / HTTP/1.1\r\nHost: a\r\n\r",
            "long": "GET /" + String(repeating: "a", count: 8_180) + "\r\n\r\n",
        ]
        return texts.sorted { $0.key < $1.key }.map { text(.plainRequest, $0.key, $0.value) }
    }
}
