import ByteKit
import LeadTypes
import LeadWire
import Testing

@Suite("Score reply and error message")
struct ScoreReplyTests {
    @Test("every choice of outputs comes back, at every row count around the padding", arguments: 1..<64)
    func outputs(bits: Int) throws {
        let outputs = ScoreOutputs(rawValue: UInt32(bits))
        var writer = ByteWriter()
        for rows in [1, 2, 7, 8, 9, 100] {
            let reply = sampleReply(rows: rows, outputs: outputs)
            writer.removeAll()
            encode(reply, into: &writer)
            let bytes = writer.bytes
            #expect(try decodeReply(bytes).get() == reply)
            let nameBytes = reply.model.utf8.count + reply.version.utf8.count
            #expect(bytes.count == ScoreReply.byteCount(rows: rows, outputs: outputs, nameBytes: nameBytes))
        }
    }

    @Test("messages follow each other in one writer and are taken apart by their headers")
    func several() throws {
        var writer = ByteWriter()
        encode(sampleReply(rows: 3, outputs: [.score]), into: &writer)
        WireError(.overloaded, "later", retryAfterMilliseconds: 20).encode(into: &writer, requestID: 8)
        encode(sampleReply(rows: 1, outputs: .all), into: &writer)
        var rest = writer.take()
        var types: [MessageType] = []
        while !rest.isEmpty {
            let header = try #require(try MessageHeader.decode(rest.rawBytes))
            types.append(header.type)
            rest.removeFirst(header.totalBytes)
        }
        #expect(types == [.scoreReply, .error, .scoreReply])
    }

    @Test("an error comes back with all that is known of it", arguments: WireErrorCode.allCases)
    func errors(code: WireErrorCode) throws {
        let full = WireError(
            code,
            "col “é”: what to do",
            row: 4_999,
            column: 12,
            byteOffset: 77,
            expectedFingerprint: 0xFEDC,
            retryAfterMilliseconds: 250
        )
        for error in [full, WireError(code, "")] {
            var writer = ByteWriter()
            error.encode(into: &writer, requestID: 99)
            let back = try decodeError(writer.take()).get()
            #expect(back.requestID == 99)
            #expect(back.error == error)
        }
        #expect([400, 403, 404, 409, 413, 415, 429, 500, 503, 504].contains(code.httpStatus))
        #expect(code.isRetryable == [429, 503, 504].contains(code.httpStatus))
    }

    @Test("a long text is cut at a character")
    func longText() throws {
        var writer = ByteWriter()
        WireError(.badValue, String(repeating: "é", count: 5_000)).encode(into: &writer, requestID: 1)
        let back = try decodeError(writer.take()).get()
        #expect(back.error.text == String(repeating: "é", count: 2_048))
    }

    @Test("a header asks for more until it is there, and for nothing when the magic is wrong")
    func prefixes() throws {
        var writer = ByteWriter()
        encode(sampleReply(rows: 1, outputs: .all), into: &writer)
        let message = writer.take()
        for count in 0..<32 {
            let prefix = Array(message.prefix(count))
            #expect(try MessageHeader.decode(prefix.rawBytes) == nil)
        }
        let json = Array("{\"a".utf8)
        let error = #expect(throws: WireError.self) { _ = try MessageHeader.decode(json.rawBytes) }
        #expect(error?.code == .badMagic)
    }
}

/// A reply with something different in every row.
func sampleReply(rows: Int, outputs: ScoreOutputs) -> ScoreReply {
    var reply = ScoreReply(
        requestID: 42,
        model: "default",
        version: "000001-0a0b0c0d",
        epoch: 3,
        fingerprint: 0x0102_0304_0506_0708,
        rows: rows,
        outputs: outputs
    )
    if outputs.contains(.margin) { reply.margins = (0..<rows).map { Double($0) / 3 - 1 } }
    if outputs.contains(.probability) { reply.probabilities = (0..<rows).map { Float($0 % 10) / 10 } }
    if outputs.contains(.score) { reply.scores = (0..<rows).map { UInt8($0 % 101) } }
    if outputs.contains(.tier) { reply.tiers = (0..<rows).map { UInt8($0 % 4) } }
    if outputs.contains(.status) { reply.statuses = (0..<rows).map { UInt8($0 % 3) } }
    if outputs.contains(.timings) {
        reply.timings = ScoreTimings(total: 1_700, waiting: 900, decoding: 40, preparing: 160, scoring: 600)
    }
    return reply
}

/// The reply's message.
func encode(_ reply: ScoreReply, into writer: inout ByteWriter, flags: MessageFlags = []) {
    ScoreReplyEncoder.encode(
        into: &writer,
        requestID: reply.requestID,
        model: reply.model,
        version: reply.version,
        epoch: reply.epoch,
        fingerprint: reply.fingerprint,
        rows: reply.rows,
        outputs: reply.outputs,
        margins: reply.margins.span,
        probabilities: reply.probabilities.span,
        scores: reply.scores.span,
        tiers: reply.tiers.span,
        statuses: reply.statuses.span,
        timings: reply.timings,
        flags: flags
    )
}
