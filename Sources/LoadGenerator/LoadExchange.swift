internal import ByteKit
internal import HTTP2Transport
internal import LeadWire

/// A request on its way, and what has come of its answer.
struct LoadExchange {
    /// When it was to be sent, and when it was.
    let intended: UInt64, sent: UInt64
    let rows: Int
    private var status = 0
    private var received = 0
    private var expected = 0
    private var errorCode: UInt16 = 0
    /// The first bytes where they come in small pieces, or all of them where answers are decoded.
    private var kept: [UInt8] = []

    /// How a request ended.
    enum Outcome: Equatable {
        case answered(unscoredRows: Int)
        case failed(String)
    }

    init(intended: UInt64, sent: UInt64, rows: Int) {
        (self.intended, self.sent, self.rows) = (intended, sent, rows)
    }

    mutating func takeHead(_ head: HTTP2ResponseHead) {
        status = head.status
    }

    /// Takes a piece of the answer; looks at the message's head as soon as it is there.
    mutating func takeBody(_ bytes: RawSpan, keepsAll: Bool) {
        let isFirst = received == 0
        let wasShort = received < WireFormat.fixedBytes
        received += bytes.byteCount
        if isFirst, bytes.byteCount >= WireFormat.fixedBytes {
            (expected, errorCode) = head(of: bytes)
            if keepsAll { kept = bytes.array }
        } else if keepsAll || wasShort {
            kept.append(contentsOf: bytes.array)
            if wasShort, kept.count >= WireFormat.fixedBytes { (expected, errorCode) = head(of: kept.rawBytes) }
        }
    }

    /// How long a reply is, or the code of an error; zeros when the message is neither, or not the answer to ours.
    private func head(of bytes: RawSpan) -> (expected: Int, errorCode: UInt16) {
        guard let header = try? MessageHeader.decode(bytes), header.requestID == LoadMessage.requestID else {
            return (0, 0)
        }
        switch header.type {
        case .scoreReply where bytes.integer(at: 48, as: UInt32.self) == UInt32(rows): return (header.totalBytes, 0)
        case .error: return (0, bytes.integer(at: 32))
        default: return (0, 0)
        }
    }

    /// What the whole answer means.
    func outcome(verifies: Bool) -> Outcome {
        if errorCode != 0 { return .failed(WireErrorCode(rawValue: errorCode)?.name ?? "error \(errorCode)") }
        guard status == 200 else { return .failed("http-\(status)") }
        guard expected > 0, received == expected else { return .failed("bad-answer") }
        guard verifies else { return .answered(unscoredRows: 0) }
        guard let reply = try? ScoreReply.decode(kept.rawBytes) else { return .failed("bad-answer") }
        return .answered(unscoredRows: reply.statuses.count { $0 != 0 })
    }
}
