internal import ArgumentParser
internal import HTTP2Transport
internal import LeadServer
internal import LeadWire

/// What the server takes from its clients; OPERATING.md says what happens beyond each limit.
struct LimitOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("Rows in a message.", valueName: "n"))
    var maxRows = WireLimits().rowsMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Columns in a message.", valueName: "n"))
    var maxColumns = WireLimits().columnsMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Bytes of a message.", valueName: "n"))
    var maxMessageBytes = WireLimits().messageBytesMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Bytes of a JSON body.", valueName: "n"))
    var maxJsonBytes = defaults.jsonBytesMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Leads times columns of a JSON body.", valueName: "n"))
    var maxJsonValues = defaults.jsonValuesMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Connections open at once.", valueName: "n"))
    var maxConnections = defaults.connectionsMax

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Connections open at once from one address (one /64 of IPv6).", valueName: "n")
    )
    var maxConnectionsPerAddress = defaults.connectionsPerAddressMax

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Connections open at once with one identity by client certificate.", valueName: "n")
    )
    var maxConnectionsPerIdentity = defaults.connectionsPerIdentityMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Requests on a connection before it drains.", valueName: "n"))
    var maxRequestsPerConnection = defaults.requestsPerConnectionMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Streams open at once on a connection.", valueName: "n"))
    var maxStreams = defaults.http2.streamsMax

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Bytes of requests and answers in memory for one connection.", valueName: "n")
    )
    var maxConnectionBytes = defaults.bytesInFlightPerConnectionMax

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Bytes of requests and answers in memory for one worker.", valueName: "n")
    )
    var maxWorkerBytes = defaults.bytesInFlightPerWorkerMax

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Bytes of a header list, each field counted with 32 more.", valueName: "n")
    )
    var maxHeaderBytes = defaults.http2.headerListBytesMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Fields of a header list.", valueName: "n"))
    var maxHeaderFields = defaults.http2.headerFieldsMax

    @Option(parsing: .unconditional, help: ArgumentHelp("CONTINUATION frames of a header list.", valueName: "n"))
    var maxContinuations = defaults.http2.continuationsMax

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Bytes that a client may send ahead on a stream.", valueName: "n")
    )
    var streamWindow = defaults.http2.streamWindowBytes

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Bytes that a client may send ahead on a connection.", valueName: "n")
    )
    var connectionWindow = defaults.http2.connectionWindowBytes

    @Option(help: ArgumentHelp("TLS handshakes of one worker.", valueName: "burst/per-second"))
    var handshakes = RateOption(defaults.handshakes)

    @Option(help: ArgumentHelp("TLS key updates on a connection.", valueName: "burst/per-second"))
    var keyUpdates = RateOption(defaults.keyUpdates)

    @Option(help: ArgumentHelp("Streams that a client may reset on a connection.", valueName: "burst/per-second"))
    var clientResets = RateOption(defaults.http2.peerResets)

    @Option(
        help: ArgumentHelp(
            "Faults of a client on a connection, and resets that it provokes.",
            valueName: "burst/per-second"
        )
    )
    var faults = RateOption(defaults.http2.faults)

    @Option(
        help: ArgumentHelp(
            "PING, SETTINGS, PRIORITY, WINDOW_UPDATE and unknown frames on a connection.",
            valueName: "burst/per-second"
        )
    )
    var controlFrames = RateOption(defaults.http2.controlFrames)

    @Option(
        help: ArgumentHelp(
            "What DATA frames under 128 bytes cost on a connection: an empty one 1024, others 128 less their bytes.",
            valueName: "burst/per-second"
        )
    )
    var smallFrames = RateOption(defaults.http2.smallDataFrames)

    @Option(
        help: ArgumentHelp(
            "Bytes of no use on a connection, of unknown frames above all.",
            valueName: "burst/per-second"
        )
    )
    var ignoredBytes = RateOption(defaults.http2.ignoredBytes)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Seconds of work that may wait for one worker.", valueName: "n")
    )
    var maxQueueSeconds = seconds(defaults.queueTimeMax)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Seconds from accepting a connection to its first HTTP/2 frame.", valueName: "n")
    )
    var handshakeTimeout = seconds(defaults.handshakeTimeout)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Seconds a connection may stay without a request.", valueName: "n")
    )
    var idleTimeout = seconds(defaults.idleTimeout)

    @Option(parsing: .unconditional, help: ArgumentHelp("Seconds a request's head may take to come.", valueName: "n"))
    var headTimeout = seconds(defaults.headTimeout)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Seconds a message or JSON body may take to come.", valueName: "n")
    )
    var messageTimeout = seconds(defaults.messageTimeout)

    @Option(parsing: .unconditional, help: ArgumentHelp("Seconds a request or answer may stand still.", valueName: "n"))
    var stallTimeout = seconds(defaults.progressTimeout)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Bytes that count as getting on within that time.", valueName: "n")
    )
    var stallBytes = defaults.progressBytes

    private static let defaults = ServerLimits()

    private static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }

    func validate() throws {
        func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
            guard range.contains(value) else {
                throw ValidationError("--\(name) \(value): give \(range.lowerBound) to \(range.upperBound)")
            }
        }
        try check("max-rows", maxRows, 1...Int(Int32.max))
        try check("max-columns", maxColumns, 1...65_535)
        try check("max-message-bytes", maxMessageBytes, 4_096...Int(Int32.max))
        try check("max-json-bytes", maxJsonBytes, 64...(256 << 20))
        try check("max-json-values", maxJsonValues, 64...(1 << 30))
        try check("max-connections", maxConnections, 1...10_000_000)
        try check("max-connections-per-address", maxConnectionsPerAddress, 1...10_000_000)
        try check("max-connections-per-identity", maxConnectionsPerIdentity, 1...10_000_000)
        try check("max-requests-per-connection", maxRequestsPerConnection, 1...1_000_000_000)
        try check("max-streams", maxStreams, 1...65_536)
        try check("max-connection-bytes", maxConnectionBytes, maxMessageBytes...(1 << 40))
        try check("max-worker-bytes", maxWorkerBytes, maxConnectionBytes...(1 << 40))
        try check("max-header-bytes", maxHeaderBytes, 1_024...(16 << 20))
        try check("max-header-fields", maxHeaderFields, 8...100_000)
        try check("max-continuations", maxContinuations, 1...10_000)
        try check("stream-window", streamWindow, 65_535...Int(Int32.max))
        try check("connection-window", connectionWindow, streamWindow...Int(Int32.max))
        try check("stall-bytes", stallBytes, 1...(1 << 30))
        for (name, value) in [
            ("max-queue-seconds", maxQueueSeconds), ("handshake-timeout", handshakeTimeout),
            ("idle-timeout", idleTimeout), ("head-timeout", headTimeout),
            ("message-timeout", messageTimeout), ("stall-timeout", stallTimeout),
        ] where !(value >= 0.1 && value <= 86_400) {
            throw ValidationError("--\(name) \(value): give 0.1 to 86400")
        }
    }

    /// The limits as the server takes them.
    var limits: ServerLimits {
        var limits = ServerLimits(
            wire: WireLimits(rowsMax: maxRows, columnsMax: maxColumns, messageBytesMax: maxMessageBytes)
        )
        limits.jsonBytesMax = maxJsonBytes
        limits.jsonValuesMax = maxJsonValues
        limits.connectionsMax = maxConnections
        limits.connectionsPerAddressMax = maxConnectionsPerAddress
        limits.connectionsPerIdentityMax = maxConnectionsPerIdentity
        limits.requestsPerConnectionMax = maxRequestsPerConnection
        limits.bytesInFlightPerConnectionMax = maxConnectionBytes
        limits.bytesInFlightPerWorkerMax = maxWorkerBytes
        limits.handshakes = handshakes.rate
        limits.keyUpdates = keyUpdates.rate
        limits.queueTimeMax = .seconds(maxQueueSeconds)
        limits.handshakeTimeout = .seconds(handshakeTimeout)
        limits.idleTimeout = .seconds(idleTimeout)
        limits.headTimeout = .seconds(headTimeout)
        limits.messageTimeout = .seconds(messageTimeout)
        limits.progressTimeout = .seconds(stallTimeout)
        limits.progressBytes = stallBytes
        limits.http2.streamsMax = maxStreams
        limits.http2.streamWindowBytes = streamWindow
        limits.http2.connectionWindowBytes = connectionWindow
        limits.http2.headerListBytesMax = maxHeaderBytes
        limits.http2.headerFieldsMax = maxHeaderFields
        limits.http2.continuationsMax = maxContinuations
        limits.http2.peerResets = clientResets.rate
        limits.http2.faults = faults.rate
        limits.http2.controlFrames = controlFrames.rate
        limits.http2.smallDataFrames = smallFrames.rate
        limits.http2.ignoredBytes = ignoredBytes.rate
        return limits
    }
}

/// `BURST/PER-SECOND`: so many at once, and so many a second on the long run.
struct RateOption: ExpressibleByArgument {
    let rate: HTTP2Limits.Rate

    init(_ rate: HTTP2Limits.Rate) { self.rate = rate }

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let burst = Double(parts[0]), let perSecond = Double(parts[1]),
            burst >= 1, burst <= 1e12, perSecond >= 0, perSecond <= 1e12
        else { return nil }
        rate = HTTP2Limits.Rate(burst: burst, perSecond: perSecond)
    }

    var defaultValueDescription: String { "\(Self.plain(rate.burst))/\(Self.plain(rate.perSecond))" }

    private static func plain(_ value: Double) -> String {
        value == value.rounded() ? String(Int64(value)) : String(value)
    }
}
