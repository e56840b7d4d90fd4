/// The head of an HTTP/1.1 request to the admin listener: GET or HEAD, nothing else, no body.
///
/// Strict on purpose: what a browser, curl, a probe or Prometheus sends fits; what is odd is refused, not guessed at.
package struct PlainRequest: Equatable {
    /// Whether the client wants the head of the answer alone.
    package var isHead: Bool
    /// The path without its query.
    package var path: String

    /// A request for a path.
    package init(isHead: Bool, path: String) {
        self.isHead = isHead
        self.path = path
    }

    /// The most bytes a head may take.
    package static let headBytesMax = 8_192

    /// What the bytes so far amount to.
    package enum Parsed: Equatable {
        /// The empty line has not come yet.
        case incomplete
        /// A request that can be answered.
        case request(PlainRequest)
        /// One that cannot, with the status that says why.
        case refused(status: Int, reason: String)
    }

    /// Looks at what has arrived on a connection.
    package static func parse(_ bytes: [UInt8]) -> Parsed {
        guard let end = endOfHead(bytes) else {
            return bytes.count >= headBytesMax
                ? .refused(status: 431, reason: "the request head is longer than \(headBytesMax) bytes") : .incomplete
        }
        guard end <= headBytesMax else {
            return .refused(status: 431, reason: "the request head is longer than \(headBytesMax) bytes")
        }
        guard end == bytes.count else { return bad("a request here has no body and is not pipelined") }
        let head = bytes[..<(end - 4)]
        guard head.allSatisfy({ $0 == 0x0D || $0 == 0x0A || $0 == 0x09 || ($0 >= 0x20 && $0 < 0x7F) }) else {
            return bad("the request head has bytes that are not printable ASCII")
        }
        var lines = String(decoding: head, as: UTF8.self).split(
            separator: "\r\n",
            omittingEmptySubsequences: false
        )[...]
        let words = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else {
            return bad("the request line is not METHOD PATH HTTP/1.1")
        }
        var hosts = 0
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
                line[..<colon].utf8.allSatisfy(isTokenByte), !line.contains("\r"), !line.contains("\n")
            else { return bad("a header line is not NAME: VALUE") }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            switch line[..<colon].lowercased() {
            case "host": hosts += 1
            case "content-length" where value != "0": return bad("a request here has no body")
            case "transfer-encoding": return bad("a request here has no body")
            default: break
            }
        }
        guard hosts == 1 || (hosts == 0 && words[2] == "HTTP/1.0") else { return bad("exactly one Host is needed") }
        guard words[0] == "GET" || words[0] == "HEAD" else {
            return .refused(status: 405, reason: "only GET and HEAD are answered here")
        }
        // Lines end with CR LF alone: a lone one, or a tab, would be part of the path here.
        guard words[1].hasPrefix("/"), words[1].utf8.allSatisfy({ $0 > 0x20 }) else {
            return bad("the request target is not a path")
        }
        let path = words[1].prefix { $0 != "?" }
        return .request(PlainRequest(isHead: words[0] == "HEAD", path: String(path)))
    }

    private static func bad(_ reason: String) -> Parsed { .refused(status: 400, reason: reason) }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 3..<bytes.count
        where bytes[index] == 0x0A && bytes[index - 1] == 0x0D && bytes[index - 2] == 0x0A && bytes[index - 3] == 0x0D {
            return index + 1
        }
        return nil
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
