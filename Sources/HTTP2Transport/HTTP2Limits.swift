/// What one HTTP/2 connection may ask of us; one table, each row with what happens beyond it.
public struct HTTP2Limits: Sendable, Equatable {
    /// Streams open at a time (SETTINGS_MAX_CONCURRENT_STREAMS); more are refused, and refusals without end close.
    public var streamsMax = 128

    /// Bytes a peer may send on a stream before we have used some (SETTINGS_INITIAL_WINDOW_SIZE).
    public var streamWindowBytes = 1 << 20

    /// Bytes a peer may send on the connection before we have used some.
    public var connectionWindowBytes = 8 << 20

    /// The largest frame we take (SETTINGS_MAX_FRAME_SIZE, 16,384 to 16,777,215); frames are never buffered whole.
    public var frameBytesMax = 64 << 10

    /// The largest header list, each field counted with 32 bytes more (RFC 9113 section 10.5.1); beyond: ENHANCE_YOUR_CALM.
    public var headerListBytesMax = 32 << 10

    /// The most fields in a header list; beyond: ENHANCE_YOUR_CALM.
    public var headerFieldsMax = 100

    /// Streams that the peer may reset (Rapid Reset); beyond: ENHANCE_YOUR_CALM.
    public var peerResets = Rate(burst: 200, perSecond: 33)

    /// Streams that the peer may make us reset, and faults in its frames (MadeYouReset); beyond: ENHANCE_YOUR_CALM.
    public var faults = Rate(burst: 200, perSecond: 33)

    /// PING, SETTINGS, PRIORITY, WINDOW_UPDATE and unknown frames; beyond: ENHANCE_YOUR_CALM.
    public var controlFrames = Rate(burst: 10_000, perSecond: 5_000)

    /// DATA frames that carry next to nothing: an empty one costs 1,024, one of n < 128 bytes 128 - n, bytes used give
    /// back as many; beyond: ENHANCE_YOUR_CALM.
    public var smallDataFrames = Rate(burst: 25_600, perSecond: 12_800)

    /// Bytes that are part of no frame we know or want: unknown types, bodies of streams that are over; beyond:
    /// ENHANCE_YOUR_CALM.
    public var ignoredBytes = Rate(burst: 67_108_864, perSecond: 16_777_216)

    /// CONTINUATION frames in a row; beyond: the connection ends.
    public var continuationsMax = 8

    /// The limits above.
    public init() {}

    /// So many at once, and so many a second on the long run.
    public struct Rate: Sendable, Equatable {
        /// So many at once.
        public var burst: Double

        /// So many a second on the long run.
        public var perSecond: Double

        /// A rate.
        public init(burst: Double, perSecond: Double) {
            self.burst = burst
            self.perSecond = perSecond
        }
    }
}

/// Why a connection was ended on the peer's account: one name a limit, for counters and logs.
public enum HTTP2Violation: String, Sendable, CaseIterable {
    /// `headerListBytesMax`.
    case headerListTooLarge

    /// `headerFieldsMax`.
    case tooManyHeaderFields

    /// `peerResets`.
    case tooManyResets

    /// `faults`.
    case tooManyFaults

    /// `controlFrames`, or more answers to PING and SETTINGS than the peer takes.
    case tooManyControlFrames

    /// `smallDataFrames`.
    case tooManySmallFrames

    /// `ignoredBytes`.
    case tooManyIgnoredBytes

    /// `continuationsMax`.
    case tooManyContinuations

    /// A request on a stream number that a later one had passed over.
    case fallingStreamNumber

    /// Settings that drive a stream's window above 2^31-1.
    case windowTooLarge

    /// The connection does not begin as HTTP/2 does.
    case badPreface

    /// Another breach of the protocol, which the library ends by itself.
    case protocolError

    /// The library failed: no memory, or a state that should not be.
    case internalFailure
}

/// Tokens that come with time and go with use.
package struct TokenBucket {
    private let rate: HTTP2Limits.Rate
    private var level: Double
    private var lastNanoseconds: UInt64 = 0

    package init(_ rate: HTTP2Limits.Rate) {
        self.rate = rate
        level = rate.burst
    }

    /// Takes tokens.
    ///
    /// - Returns: Whether there were enough.
    package mutating func take(_ cost: Double, now: UInt64) -> Bool {
        fill(now)
        level -= cost
        return level >= 0
    }

    /// Takes tokens only if there are enough: for what can wait.
    ///
    /// - Returns: Whether there were.
    package mutating func takeIfThere(_ cost: Double, now: UInt64) -> Bool {
        fill(now)
        guard level >= cost else { return false }
        level -= cost
        return true
    }

    private mutating func fill(_ now: UInt64) {
        guard now > lastNanoseconds else { return }
        // The first use finds a full bucket, so that the length of the first step does not matter.
        level = min(rate.burst, level + Double(now - lastNanoseconds) * 1e-9 * rate.perSecond)
        lastNanoseconds = now
    }

    var isEmpty: Bool { level < 0 }

    package mutating func giveBack(_ tokens: Double) {
        level = min(rate.burst, level + tokens)
    }
}
