import LeadServer
import Testing

@Suite("A plain request to the admin listener")
struct PlainRequestTests {
    private func parse(_ text: String) -> PlainRequest.Parsed { PlainRequest.parse(Array(text.utf8)) }

    @Test("GET and HEAD are understood, the query is left off")
    func understands() {
        #expect(
            parse("GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n") == .request(.init(isHead: false, path: "/metrics"))
        )
        #expect(parse("HEAD / HTTP/1.0\r\n\r\n") == .request(.init(isHead: true, path: "/")))
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
            ("POST / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
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
