internal import Glibc

/// Gathers the fields of one header block; HTTP/2 allows one at a time on a connection.
///
/// A connection tends to ask the same again and again: text equal to the last one of its kind is that string, retained,
/// not a new one. Not copyable, because a copy would retain every string of it.
struct HeadReader: ~Copyable {
    /// What the fields of a block made of it so far.
    enum Verdict {
        case accepted
        case tooLarge
        case tooMany
    }

    private let bytesMax: Int
    private let fieldsMax: Int
    private let keptNames: [String]
    private var bytes = 0
    private var count = 0
    private var hasAuthority = false
    private var host: String?
    private(set) var status = 0
    private(set) var request = HTTP2RequestHead(method: "", path: "", authority: "", scheme: "")
    private var lastContentType = ""
    private var lastHost = ""
    private var lastKept: [HTTP2Field] = []

    init(limits: HTTP2Limits, keptNames: [String]) {
        bytesMax = limits.headerListBytesMax
        fieldsMax = limits.headerFieldsMax
        self.keptNames = keptNames
        lastKept = keptNames.map { HTTP2Field($0, "") }
    }

    mutating func begin() {
        bytes = 0
        count = 0
        status = 0
        hasAuthority = false
        host = nil
        request.contentType = nil
        request.contentLength = nil
        if !request.fields.isEmpty { request.fields = [] }
    }

    /// Adds a field; nghttp2 has checked its characters and the order and number of pseudo fields.
    @unsafe mutating func add(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Verdict {
        // Safety: both are valid for this call, and everything kept is copied.
        bytes &+= name.count &+ value.count &+ 32
        count &+= 1
        if count > fieldsMax { return .tooMany }
        if bytes > bytesMax { return .tooLarge }
        guard let first = unsafe name.first else { return .accepted }
        if first == UInt8(ascii: ":") {
            unsafe addPseudo(name, value)
        } else if unsafe equal(name, "content-type") {
            unsafe intern(value, &lastContentType)
            request.contentType = lastContentType
        } else if unsafe equal(name, "content-length") {
            // nghttp2 refuses everything but digits that fit.
            request.contentLength = unsafe Int(String(decoding: value, as: UTF8.self))
        } else if unsafe equal(name, "host") {
            unsafe intern(value, &lastHost)
            host = lastHost
        } else {
            for index in keptNames.indices where unsafe equal(name, keptNames[index]) {
                unsafe intern(value, &lastKept[index].value)
                request.fields.append(lastKept[index])
            }
        }
        return .accepted
    }

    /// Whether the request's host is told once, or twice alike, and without user information (RFC 9113 section 8.3.1).
    mutating func settleAuthority() -> Bool {
        if !hasAuthority { request.authority = host ?? "" }
        if let host, hasAuthority, host != request.authority, host.lowercased() != request.authority.lowercased() {
            return false
        }
        return !request.authority.utf8.contains(UInt8(ascii: "@"))
    }

    /// The response that the fields describe.
    var response: HTTP2ResponseHead {
        HTTP2ResponseHead(
            status: status,
            contentType: request.contentType,
            contentLength: request.contentLength,
            fields: request.fields
        )
    }

    @unsafe private mutating func addPseudo(
        _ name: UnsafeBufferPointer<UInt8>,
        _ value: UnsafeBufferPointer<UInt8>
    ) {
        // nghttp2 lets no other pseudo field by than those of RFC 9113 section 8.3, which two letters tell apart.
        guard name.count > 2 else { return }
        switch unsafe (name[1], name[2]) {
        case (UInt8(ascii: "p"), UInt8(ascii: "a")): unsafe intern(value, &request.path)
        case (UInt8(ascii: "m"), UInt8(ascii: "e")): unsafe intern(value, &request.method)
        case (UInt8(ascii: "a"), UInt8(ascii: "u")):
            unsafe intern(value, &request.authority)
            hasAuthority = true
        case (UInt8(ascii: "s"), UInt8(ascii: "c")): unsafe intern(value, &request.scheme)
        case (UInt8(ascii: "s"), UInt8(ascii: "t")):
            // Three digits, as nghttp2 has checked.
            status = unsafe value.reduce(0) { $0 &* 10 &+ Int($1 &- 48) }
        default: break
        }
    }
}

@unsafe @inline(__always)
private func equal(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
    // Safety: a static string has its count of bytes.
    guard bytes.count == text.utf8CodeUnitCount, let start = bytes.baseAddress else { return false }
    return unsafe memcmp(start, text.utf8Start, bytes.count) == 0
}

@unsafe
private func equal(_ bytes: UnsafeBufferPointer<UInt8>, _ text: String) -> Bool {
    var text = text
    return text.withUTF8 { other in
        guard other.count == bytes.count else { return false }
        guard let start = bytes.baseAddress, let otherStart = other.baseAddress else { return true }
        return unsafe memcmp(start, otherStart, bytes.count) == 0
    }
}

@unsafe
private func intern(_ bytes: UnsafeBufferPointer<UInt8>, _ last: inout String) {
    if unsafe equal(bytes, last) { return }
    last = unsafe String(decoding: bytes, as: UTF8.self)
}
