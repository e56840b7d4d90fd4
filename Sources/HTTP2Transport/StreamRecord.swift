internal import ByteKit

/// What we keep of an open stream; records are used again, with the memory they have.
final class StreamRecord {
    /// The body going out: first `whole`, then `more`.
    var whole: [UInt8] = []
    var wholeSent = 0
    var more: ByteQueue

    /// Nothing will be added to the body.
    var bodyIsComplete = false

    /// nghttp2 was told to wait for more of the body.
    var isDeferred = false

    /// Bytes of the peer's body that were handed out and not yet said to be used.
    var unconsumedBytes = 0

    /// The peer has sent its last byte on the stream.
    var peerHasEnded = false

    /// The head has come: what follows in HEADERS is a trailer.
    var hasHead = false

    /// We have begun to answer.
    var hasAnswer = false

    /// Further bytes of the peer's body are of no use.
    var discardsBody = false

    /// How much more of a request is taken and dropped that is already answered; nil before the answer's end.
    var dropsLeft: Int?

    init(pool: BytePool) { more = ByteQueue(pool: pool) }

    var bodyLeft: Int { whole.count &- wholeSent &+ more.count }

    func reset() {
        whole = []
        wholeSent = 0
        more.removeAll()
        bodyIsComplete = false
        isDeferred = false
        unconsumedBytes = 0
        peerHasEnded = false
        hasHead = false
        hasAnswer = false
        discardsBody = false
        dropsLeft = nil
    }

    /// Moves bytes of the body to the end of a queue.
    func moveBody(_ count: Int, to queue: inout ByteQueue) {
        var left = count
        let fromWhole = min(left, whole.count - wholeSent)
        if fromWhole > 0 {
            queue.append(whole.rawBytes.extracting(wholeSent..<wholeSent + fromWhole))
            wholeSent += fromWhole
            left -= fromWhole
            if wholeSent == whole.count {
                whole = []
                wholeSent = 0
            }
        }
        if left > 0 {
            queue.append(more.bytes.extracting(0..<left))
            more.removeFirst(left)
        }
    }
}
