public import LeadWire

/// What the server takes from its clients; beyond each limit there is a refusal of its own.
public struct ServerLimits: Sendable, Equatable {
    /// What one message may hold.
    public var wire: WireLimits
    /// Bytes of a JSON body, which costs far more to read than a message of the same size.
    public var jsonBytesMax = 1 << 20
    /// Leads times columns of the schema in a JSON body: a lead of two bytes, `{}`, has all columns.
    public var jsonValuesMax = 1 << 20
    /// Streams open at once on one connection.
    public var streamsPerConnectionMax = 128
    /// Connections of one worker; further ones are closed at once.
    public var connectionsPerWorkerMax = 4_096
    /// Bytes of requests and answers that one connection may keep in memory.
    public var bytesInFlightPerConnectionMax = 128 << 20
    /// Bytes of requests and answers that one worker may keep in memory.
    public var bytesInFlightPerWorkerMax = 512 << 20
    /// How long a handshake may take.
    public var handshakeTimeout = Duration.seconds(10)
    /// How long a connection may go without a stream.
    public var idleTimeout = Duration.seconds(60)
    /// How long a stream may wait for the next bytes of its request, or for the client to take bytes of its answer.
    public var progressTimeout = Duration.seconds(20)

    /// The defaults.
    public init(wire: WireLimits = WireLimits()) {
        self.wire = wire
    }
}
