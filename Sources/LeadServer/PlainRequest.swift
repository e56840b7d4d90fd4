/// An HTTP/1.1 request to the admin listener: GET or HEAD without a body, or POST with one of JSON.
///
/// Strict on purpose: what a browser, curl, a probe or Prometheus sends fits; what is odd is refused, not guessed at.
package struct PlainRequest: Equatable, Sendable {
    /// What is asked to be done.
    package enum Method: String, Sendable {
        /// Tell a page.
        case get = "GET"
        /// Tell its head.
        case head = "HEAD"
        /// Do something.
        case post = "POST"
    }

    /// What is asked to be done.
    package var method: Method
    /// The path without its query.
    package var path: String
    /// The body of a POST.
    package var body: [UInt8]

    /// A request.
    package init(_ method: Method, path: String, body: [UInt8] = []) {
        self.method = method
        self.path = path
        self.body = body
    }

    /// Whether the client wants the head of the answer alone.
    package var isHead: Bool { method == .head }

    /// The most bytes a head may take.
    package static let headBytesMax = 8_192
    /// The most bytes a body may take.
    package static let bodyBytesMax = 65_536

    /// What the bytes so far amount to.
    package enum Parsed: Equatable {
        /// The empty line has not come yet.
        case incomplete
        /// The head is good; with its body the request has so many bytes.
        case needsBody(upTo: Int)
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
        var fields = Fields()
        for line in lines {
            if let reason = fields.take(line) { return bad(reason) }
        }
        guard fields.hosts == 1 || (fields.hosts == 0 && words[2] == "HTTP/1.0") else {
            return bad("exactly one Host is needed")
        }
        guard let method = Method(rawValue: String(words[0])) else {
            return .refused(status: 405, reason: "only GET, HEAD and POST are answered here")
        }
        // Lines end with CR LF alone: a lone one, or a tab, would be part of the path here.
        guard words[1].hasPrefix("/"), words[1].utf8.allSatisfy({ $0 > 0x20 }) else {
            return bad("the request target is not a path")
        }
        let length: Int
        switch fields.bodyLength(of: method) {
        case .success(let count): length = count
        case .failure(let refusal): return .refused(status: refusal.status, reason: refusal.reason)
        }
        guard bytes.count <= end + length else {
            return bad("there is more than one request; one a connection is answered")
        }
        guard bytes.count == end + length else { return .needsBody(upTo: end + length) }
        let path = words[1].prefix { $0 != "?" }
        return .request(PlainRequest(method, path: String(path), body: Array(bytes[end...])))
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
}

/// The header fields that matter.
private struct Fields {
    struct Refusal: Error {
        var status: Int
        var reason: String
    }

    var hosts = 0
    private var lengths: [Substring] = []
    private var types: [Substring] = []

    /// Takes a line in; tells what is wrong with it.
    mutating func take(_ line: Substring) -> String? {
        guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
            line[..<colon].utf8.allSatisfy(isTokenByte), !line.contains("\r"), !line.contains("\n")
        else { return "a header line is not NAME: VALUE" }
        var value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        while value.last == " " || value.last == "\t" { value.removeLast() }
        switch line[..<colon].lowercased() {
        case "host": hosts += 1
        case "content-length": lengths.append(value)
        case "content-type": types.append(value)
        case "transfer-encoding": return "a body here has a content-length, and comes in one piece"
        default: break
        }
        return nil
    }

    /// How long the body is that follows.
    func bodyLength(of method: PlainRequest.Method) -> Result<Int, Refusal> {
        guard method == .post else {
            return lengths.allSatisfy({ $0 == "0" })
                ? .success(0) : .failure(Refusal(status: 400, reason: "a GET or HEAD here has no body"))
        }
        guard let length = lengths.first else {
            return .failure(Refusal(status: 411, reason: "a POST here needs a content-length"))
        }
        // More digits than these are too many in any case; fewer cannot overflow.
        guard lengths.count == 1, !length.isEmpty, length.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return .failure(Refusal(status: 400, reason: "the content-length is not one number"))
        }
        guard length.utf8.count <= 9, let count = Int(length), count <= PlainRequest.bodyBytesMax else {
            return .failure(Refusal(status: 413, reason: "a body has at most \(PlainRequest.bodyBytesMax) bytes"))
        }
        // Another site's form or script cannot send this type unasked: browsers then ask first, and are not answered.
        let type = types.first?.prefix { $0 != ";" && $0 != " " && $0 != "\t" }.lowercased()
        guard types.count == 1, type == "application/json" else {
            return .failure(Refusal(status: 415, reason: "the content-type of a body here is application/json"))
        }
        return .success(count)
    }

    private func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
