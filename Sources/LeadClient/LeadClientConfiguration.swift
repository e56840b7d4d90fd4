public import LeadWire
public import TLSTransport

/// Where a client connects to, and how patient it is.
public struct LeadClientConfiguration: Sendable {
    /// The server, as `https://HOST:PORT`, `HOST:PORT`, or without a port for 443.
    public var server: String
    /// The authority whose certificates are trusted, and the client's own certificate if it has one.
    public var tls: TLSClientConfiguration
    /// The name that the server's certificate must be for; nil for the host of ``server``.
    public var serverName: String?
    /// How many requests are on their way at once; further ones wait in the client.
    public var requestsInFlightMax: Int
    /// How long connecting may take, the TLS handshake included.
    public var connectTimeoutMilliseconds: Int
    /// How long a request may take from its submission to its answer.
    public var requestTimeoutMilliseconds: Int
    /// How often a batch is sent again that the server could not take then (`overloaded`, `not-ready`, `draining`, `quota-exceeded`),
    /// after the time that it told and a random part of that.
    public var retriesMax: Int
    /// What the client accepts from the server.
    public var limits: WireLimits

    /// A configuration; what is not named has a default that suits a server nearby.
    public init(
        server: String,
        tls: TLSClientConfiguration = TLSClientConfiguration(),
        serverName: String? = nil,
        requestsInFlightMax: Int = 8,
        connectTimeoutMilliseconds: Int = 5_000,
        requestTimeoutMilliseconds: Int = 30_000,
        retriesMax: Int = 2,
        limits: WireLimits = WireLimits()
    ) {
        precondition(requestsInFlightMax > 0, "at least one request at a time")
        self.server = server
        self.tls = tls
        self.serverName = serverName
        self.requestsInFlightMax = requestsInFlightMax
        self.connectTimeoutMilliseconds = connectTimeoutMilliseconds
        self.requestTimeoutMilliseconds = requestTimeoutMilliseconds
        self.retriesMax = retriesMax
        self.limits = limits
    }
}

/// The parts of a server's address.
package struct ServerEndpoint: Equatable {
    /// Host and port, as the `:authority` of a request.
    package var authority: String
    /// The host alone, without the brackets of an IPv6 address.
    package var host: String

    /// Takes an address apart.
    package init(_ text: String) throws(LeadClientError) {
        var rest = Substring(text)
        if let scheme = rest.range(of: "://") {
            guard rest[..<scheme.lowerBound] == "https" else {
                throw LeadClientError(.badAddress, "\(text): the server speaks TLS only; write https://HOST:PORT")
            }
            rest = rest[scheme.upperBound...]
        }
        while rest.hasSuffix("/") { rest.removeLast() }
        guard !rest.isEmpty, !rest.contains("/"), !rest.contains("@"), !rest.contains(" "),
            !rest.contains("[") || (rest.hasPrefix("[") && rest.contains("]"))
        else {
            throw LeadClientError(.badAddress, "'\(text)' is not a server's address; write https://HOST:PORT")
        }
        var name = rest
        var port: Substring?
        if rest.hasPrefix("["), let bracket = rest.firstIndex(of: "]") {
            name = rest[rest.index(after: rest.startIndex)..<bracket]
            let tail = rest[rest.index(after: bracket)...]
            if tail.hasPrefix(":") { port = tail.dropFirst() }
        } else if let colon = rest.lastIndex(of: ":") {
            name = rest[..<colon]
            port = rest[rest.index(after: colon)...]
        }
        let number = port.map { UInt16($0) } ?? 443
        guard let number, number > 0, !name.isEmpty else {
            throw LeadClientError(.badAddress, "'\(text)' has no port between 1 and 65535; write https://HOST:PORT")
        }
        host = String(name)
        authority = name.contains(":") ? "[\(name)]:\(number)" : "\(name):\(number)"
    }
}

extension Substring {
    /// The first place of a text, without Foundation.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
