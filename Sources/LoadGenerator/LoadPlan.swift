public import TLSTransport

/// What a load test sends, where to, and for how long.
public struct LoadPlan: Sendable {
    /// When the next request is sent.
    public enum Pace: Sendable, Equatable {
        /// At times settled beforehand, whether or not answers come: so many requests a second.
        case open(rate: Double, arrivals: ArrivalPattern)
        /// When an answer comes: so many requests are always on their way.
        case closed(inFlight: Int)
    }

    /// The server, as `https://HOST:PORT`.
    public var server: String
    /// The authority that is trusted, and the client's own certificate if it has one.
    public var tls: TLSClientConfiguration
    /// When requests are sent.
    public var pace: Pace
    /// How often batches of each size are sent.
    public var mix: BatchMix
    /// For each part of the mix the messages that are sent in turn, at least one.
    public var messages: [[LoadMessage]]
    /// Connections, at least one for each thread.
    public var connections = 1
    /// Threads, each with an epoll loop and its own connections.
    public var threads = 1
    /// Seconds before anything is counted.
    public var warmupSeconds = 2.0
    /// Seconds that are measured.
    public var durationSeconds = 10.0
    /// How long an answer may take to be of use, from the time its request was to be sent; nil for any time.
    public var deadlineNanoseconds: UInt64?
    /// How long to wait for an answer.
    public var timeoutNanoseconds: UInt64 = 10_000_000_000
    /// Settles arrivals and the order of the mix.
    public var seed: UInt64 = 1
    /// Whether answers are decoded to the last row.
    public var verifies = false
    /// Versions that are published meanwhile, if any.
    public var reload: ReloadPlan?

    /// A plan; what is not named has a default.
    public init(
        server: String,
        tls: TLSClientConfiguration,
        pace: Pace,
        mix: BatchMix,
        messages: [[LoadMessage]]
    ) {
        precondition(messages.count == mix.parts.count && messages.allSatisfy { !$0.isEmpty }, "messages for each part")
        self.server = server
        self.tls = tls
        self.pace = pace
        self.mix = mix
        self.messages = messages
    }
}

/// A message that was encoded beforehand, sent again and again.
public struct LoadMessage: Sendable {
    /// Leads in it.
    public var rows: Int
    /// The whole message; its request id is ``requestID``.
    public var bytes: [UInt8]
    /// The id that all messages carry: streams tell answers apart.
    public static let requestID: UInt64 = 1

    /// A message of so many leads.
    public init(rows: Int, bytes: [UInt8]) {
        self.rows = rows
        self.bytes = bytes
    }
}
