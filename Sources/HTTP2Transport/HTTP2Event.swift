/// One thing that a peer's bytes meant.
public struct HTTP2Event: Equatable, Sendable {
    /// Kinds of events.
    public enum Kind: UInt8, Sendable {
        /// A stream's head is complete: see the session's `head(of:)`.
        case head

        /// Bytes of a stream's body: see `range`. Say `consume` when they are used.
        case body

        /// The peer has sent all of the stream.
        case end

        /// The stream is over, for the reason in `errorCode`; its number is no longer known.
        case closed

        /// The peer will take no streams above `stream`; `errorCode` says why.
        case goAway

        /// The peer's settings have come.
        case settings
    }

    /// What happened.
    public let kind: Kind

    /// On which stream; 0 is the connection.
    public let stream: Int32

    /// Why, for `closed` and `goAway`.
    public let errorCode: HTTP2ErrorCode

    /// Where in the bytes given to `receive` the body's bytes lie.
    public let range: Range<Int>

    let headIndex: Int

    init(
        _ kind: Kind,
        _ stream: Int32,
        errorCode: HTTP2ErrorCode = .noError,
        range: Range<Int> = 0..<0,
        headIndex: Int = 0
    ) {
        self.kind = kind
        self.stream = stream
        self.errorCode = errorCode
        self.range = range
        self.headIndex = headIndex
    }

    /// The body's bytes.
    ///
    /// - Parameter received: The bytes given to `receive`.
    /// - Returns: Those of this event.
    @_lifetime(copy received)
    public func bytes(in received: RawSpan) -> RawSpan {
        received.extracting(range)
    }
}
