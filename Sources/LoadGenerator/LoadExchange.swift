internal import ByteKit
internal import HTTP2Transport
internal import LeadWire

/// A request on its way, and what has come of its answer; no reference in it, so that it is moved about for nothing.
struct LoadExchange {
    /// When it was to be sent, and when it was.
    let intended: UInt64, sent: UInt64
    let rows: Int
    private var received = 0
    private var expected = 0
    private var status: UInt16 = 0
    private var errorCode: UInt16 = 0

    /// How a request ended.
    enum Outcome: Equatable {
        case answered(unscoredRows: Int)
        case failed(String)
    }

    init(intended: UInt64, sent: UInt64, rows: Int) {
        (self.intended, self.sent, self.rows) = (intended, sent, rows)
    }

    mutating func takeHead(_ head: HTTP2ResponseHead) {
        status = UInt16(clamping: head.status)
    }

    /// Takes a piece of the answer.
    ///
    /// - Returns: Whether it must be kept, because the message's fixed part comes in several.
    mutating func takeBody(_ bytes: RawSpan) -> Bool {
        let before = received
        received += bytes.byteCount
        if before == 0, bytes.byteCount >= WireFormat.fixedBytes {
            takeFixedPart(bytes)
            return false
        }
        return before < WireFormat.fixedBytes
    }

    /// Looks at the first bytes of the message, its fixed part at least.
    mutating func takeFixedPart(_ bytes: RawSpan) {
        guard let header = try? MessageHeader.decode(bytes), header.requestID == LoadMessage.requestID else { return }
        switch header.type {
        case .scoreReply where bytes.integer(at: 48, as: UInt32.self) == UInt32(rows): expected = header.totalBytes
        case .error: errorCode = bytes.integer(at: 32)
        default: break
        }
    }

    /// What the whole answer means.
    ///
    /// - Parameter kept: All its bytes where they are to be decoded to the last row.
    /// - Returns: How the request ended.
    func outcome(decoding kept: [UInt8]?) -> Outcome {
        if errorCode != 0 { return .failed(WireErrorCode(rawValue: errorCode)?.name ?? "error \(errorCode)") }
        guard status == 200 else { return .failed("http-\(status)") }
        guard expected > 0, received == expected else { return .failed("bad-answer") }
        guard let kept else { return .answered(unscoredRows: 0) }
        guard let reply = try? ScoreReply.decode(kept.rawBytes) else { return .failed("bad-answer") }
        return .answered(unscoredRows: reply.statuses.count { $0 != 0 })
    }
}
