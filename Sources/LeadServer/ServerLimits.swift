public import HTTP2Transport
public import LeadWire

/// What the server takes from its clients; beyond each limit there is a refusal of its own, with a counter.
///
/// OPERATING.md has the table: each limit's option, default, error and counter.
public struct ServerLimits: Sendable, Equatable {
    /// What one message may hold.
    public var wire: WireLimits
    /// What one connection may ask of HTTP/2, streams open at a time among it.
    public var http2 = HTTP2Limits()
    /// Bytes of a JSON body, which costs far more to read than a message of the same size, and is read in one piece: a worker's
    /// other clients wait some thirty milliseconds for one of this size.
    public var jsonBytesMax = 256 << 10
    /// Leads times columns of the schema in a JSON body: a lead of two bytes, `{}`, has all columns.
    public var jsonValuesMax = 1 << 20
    /// Connections open at once, of all workers; further ones are closed at once.
    public var connectionsMax = 16_384
    /// Connections open at once from one address, or one /64 of IPv6; further ones are closed at once.
    public var connectionsPerAddressMax = 4_096
    /// Connections open at once with one identity by client certificate; further ones are closed after the handshake.
    public var connectionsPerIdentityMax = 4_096
    /// Handshakes that one worker begins; beyond: new connections wait in the kernel.
    public var handshakes = HTTP2Limits.Rate(burst: 1_000, perSecond: 1_000)
    /// Key updates that one TLS connection may ask for; beyond: it is closed.
    public var keyUpdates = HTTP2Limits.Rate(burst: 32, perSecond: 1)
    /// Requests on one connection; then it drains, and the client opens another.
    public var requestsPerConnectionMax = 10_000_000
    /// Bytes of requests and answers that one connection may keep in memory.
    public var bytesInFlightPerConnectionMax = 128 << 20
    /// Bytes of requests and answers that one worker may keep in memory.
    public var bytesInFlightPerWorkerMax = 512 << 20
    /// Work that may wait for one worker, by what messages of its size took before; beyond: `overloaded`.
    public var queueTimeMax = Duration.seconds(2)
    /// From accepting a connection to the client's SETTINGS, the handshake of TLS between.
    public var handshakeTimeout = Duration.seconds(10)
    /// How long a connection may go without a stream.
    public var idleTimeout = Duration.seconds(60)
    /// How long a head may take from its first frame to its last.
    public var headTimeout = Duration.seconds(10)
    /// How long a message, or a JSON body, may take from its first byte to its last.
    public var messageTimeout = Duration.seconds(120)
    /// How long a stream may wait for the next ``progressBytes`` of its request, or for the client to take as many of its
    /// answer, and a connection for its socket to take anything.
    public var progressTimeout = Duration.seconds(20)
    /// What counts as getting on: with ``progressTimeout``, the least rate of transfer.
    public var progressBytes = 4_096

    /// The defaults.
    public init(wire: WireLimits = WireLimits()) {
        self.wire = wire
    }
}
