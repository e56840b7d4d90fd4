import ByteKit
import LeadTypes
import LeadWire

/// The reply with one half for every row of a request.
func reply(to message: [UInt8], requestID: UInt64? = nil) -> [UInt8] {
    var request = ScoreRequest()
    do {
        try request.decode(message.rawBytes)
    } catch {
        return []
    }
    let probabilities = [Float](repeating: 0.5, count: request.rows)
    let none: [UInt8] = []
    let margins: [Double] = []
    var writer = ByteWriter()
    ScoreReplyEncoder.encode(
        into: &writer,
        requestID: requestID ?? request.requestID,
        model: "m",
        version: "1",
        epoch: 1,
        fingerprint: request.fingerprint,
        rows: request.rows,
        outputs: .probability,
        margins: margins.span,
        probabilities: probabilities.span,
        scores: none.span,
        tiers: none.span,
        statuses: none.span
    )
    return writer.take()
}

/// Answers a request for scores with its reply.
@Sendable func answerRows(_ request: ScriptedServer.Request) -> ScriptedServer.Action {
    guard request.method == "POST", request.path == WireFormat.scorePath,
        request.contentType == WireFormat.contentType
    else { return .answer(status: 404, contentType: "text/plain", body: []) }
    return .answer(status: 200, contentType: WireFormat.contentType, body: reply(to: request.body))
}

/// The message of an error.
func message(of error: WireError, for request: ScriptedServer.Request) -> [UInt8] {
    var writer = ByteWriter()
    error.encode(into: &writer, requestID: 1)
    return writer.take()
}
