internal import ByteKit
internal import LeadWire

/// One HTTP/2 stream that posts leads: the messages that come in, and the answers that go out in the same order.
///
/// A stream keeps at most one message in the making and one being scored, besides what fits its window: bytes of
/// further messages are not credited until their turn comes, so that flow control bounds the memory.
final class ScoreStream {
    private(set) var id: Int32
    private(set) var isJSON: Bool
    /// The message in the making.
    var assembler = MessageAssembler()
    /// The body in the making, when it is JSON.
    var body = ByteWriter()
    /// Whole messages that wait for the one before them.
    var waiting: [ScoreJob] = []
    /// Whether a message of this stream is being scored.
    var isScoring = false
    /// The client has sent the end of its body.
    var hasRequestEnded = false
    /// No further bytes of the request are of interest.
    var isRefused = false
    /// The head of the response is on its way.
    var hasResponseBegun = false
    /// The response has its last byte.
    var hasResponseEnded = false
    /// Bytes received and not credited yet.
    var uncredited = 0
    /// Bytes of requests that count as in flight.
    var reserved = 0
    /// When the stream last got on, in nanoseconds of the monotonic clock.
    var lastProgress: UInt64
    /// When the header of the message in the making had come.
    var arrival: UInt64 = 0
    /// How much of the answer was unread when the client last got on.
    var unreadBefore = 0
    /// Bytes of the request that came since the stream last got on.
    private var newBytes = 0

    /// The trace that the request belongs to, for the log.
    var traceparent: String?
    /// When the first byte came of the message, or JSON body, in the making.
    var messageBegan: UInt64?
    /// So many bytes, in or out, are getting on; fewer keep nobody waiting for ever.
    private let progressBytes: Int

    init(id: Int32, isJSON: Bool, now: UInt64, progressBytes: Int) {
        self.id = id
        self.isJSON = isJSON
        self.progressBytes = progressBytes
        lastProgress = now
    }

    /// Makes it another stream, which keeps the memory of this one; ``end()`` has come before.
    func begin(_ id: Int32, isJSON: Bool, now: UInt64) {
        self.id = id
        self.isJSON = isJSON
        lastProgress = now
    }

    /// Lets go of everything but some memory.
    func end() {
        if !assembler.isEmpty { _ = assembler.discard() }
        if body.count > 0 { _ = body.take() }
        waiting.removeAll(keepingCapacity: true)
        isScoring = false
        hasRequestEnded = false
        isRefused = false
        hasResponseBegun = false
        hasResponseEnded = false
        uncredited = 0
        reserved = 0
        arrival = 0
        unreadBefore = 0
        newBytes = 0
        messageBegan = nil
        traceparent = nil
    }

    /// The whole answer is on its way: there is nothing to score, but time runs for it too.
    func answerIsOnItsWay() {
        isRefused = true
        hasResponseBegun = true
        hasResponseEnded = true
    }

    /// Notes that bytes of the request have come.
    func received(_ count: Int, now: UInt64) {
        newBytes += count
        if newBytes >= progressBytes { gotOn(now) }
    }

    /// Notes how much of the answer is unread.
    func looked(atUnread unread: Int, now: UInt64) {
        if unread > unreadBefore {
            unreadBefore = unread
        } else if unread < unreadBefore, unread == 0 || unread + progressBytes <= unreadBefore {
            unreadBefore = unread
            lastProgress = now
        }
    }

    /// Notes that the stream got on: a message is complete, or answered.
    func gotOn(_ now: UInt64) {
        newBytes = 0
        lastProgress = now
    }

    /// Whether the stream waits for its client, and may therefore run out of time.
    var waitsForClient: Bool { !hasRequestEnded && !isRefused && !isScoring && waiting.isEmpty }

    /// Whether everything that was asked has been answered.
    var isAnswered: Bool { (hasRequestEnded || isRefused) && !isScoring && waiting.isEmpty }
}
