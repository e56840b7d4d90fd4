import LeadServer
import Testing

@Suite("A plain request to the admin listener")
struct PlainRequestTests {
    private func parse(_ text: String) -> PlainRequest.Parsed { PlainRequest.parse(Array(text.utf8)) }

    @Test("GET and HEAD are understood, the query is left off")
    func understands() {
        #expect(parse("GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n") == .request(.init(.get, path: "/metrics")))
        #expect(parse("HEAD / HTTP/1.0\r\n\r\n") == .request(.init(.head, path: "/")))
    }

    private static let post =
        "POST /v1/models/leads/load HTTP/1.1\r\nHost: a\r\nContent-Type: application/json; charset=utf-8\r\n"

    @Test(
        "a POST has the body that its content-length tells, cut anywhere it is waited for, and one byte more is too much"
    )
    func bodies() {
        let head = Self.post + "Content-Length: 15 \r\n\r\n"
        let body = #"{"version":"1"}"#
        let whole = Array((head + body).utf8)
        #expect(
            PlainRequest.parse(whole) == .request(.init(.post, path: "/v1/models/leads/load", body: Array(body.utf8)))
        )
        for count in 0..<whole.count {
            let wanted = count < head.utf8.count ? PlainRequest.Parsed.incomplete : .needsBody(upTo: whole.count)
            #expect(PlainRequest.parse(Array(whole.prefix(count))) == wanted, "cut at \(count)")
        }
        guard case .refused(400, _) = PlainRequest.parse(whole + [0x20]) else {
            Issue.record("a byte after the body is taken")
            return
        }
        #expect(parse(Self.post + "Content-Length: 65536\r\n\r\n") == .needsBody(upTo: 65_536 + head.utf8.count + 2))
    }

    @Test(
        "a body that is not announced as it should be is refused before it comes",
        arguments: [
            (post + "\r\n", 411), (post + "Content-Length: 65537\r\n\r\n", 413),
            (post + "Content-Length: 99999999999999999999\r\n\r\n", 413), (post + "Content-Length: -1\r\n\r\n", 400),
            (post + "Content-Length: +1\r\n\r\n", 400), (post + "Content-Length: \r\n\r\n", 400),
            (post + "Content-Length: 1, 1\r\n\r\n", 400),
            (post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
            (post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            (post + "Content-Type: text/plain\r\nContent-Length: 1\r\n\r\n", 415),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", 415),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Type: text/plain\r\n\r\n", 415),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n",
                415
            ),
        ]
    )
    func refusesBodies(text: String, status: Int) {
        guard case .refused(let found, _) = parse(text) else {
            Issue.record("taken: \(text)")
            return
        }
        #expect(found == status)
    }

    @Test("a request cut anywhere is waited for")
    func waits() {
        let whole = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"
        for count in 0..<whole.utf8.count {
            #expect(PlainRequest.parse(Array(whole.utf8.prefix(count))) == .incomplete, "cut at \(count)")
        }
    }

    @Test(
        "what is odd is refused",
        arguments: [
            ("PUT / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
            ("POST / HTTP/1.1\r\nHost: a\r\n\r\n", 411),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /a\nb HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "y", count: 9_000), 431),
        ]
    )
    func refuses(text: String, status: Int) {
        guard case .refused(let found, _) = parse(text) else {
            Issue.record("taken: \(text.prefix(60))")
            return
        }
        #expect(found == status)
    }

    @Test("an error repeats no more than a thousand scalars, be they a single character")
    func repeatsLittle() {
        let accents = PlainResponse.error(
            status: 404,
            code: "not-found",
            "e" + String(repeating: "\u{301}", count: 100_000)
        )
        #expect(accents.body.count < 3_000)
        #expect(PlainResponse.error(status: 404, code: "not-found", "as it is").body.count < 100)
    }
}
