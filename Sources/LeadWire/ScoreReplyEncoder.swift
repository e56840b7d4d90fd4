public import ByteKit
public import LeadTypes

/// Writes the reply to a batch straight from the result columns.
public enum ScoreReplyEncoder {
    /// Appends a reply.
    ///
    /// Result columns that the outputs do not name are not looked at and may be empty.
    ///
    /// - Parameters:
    ///   - writer: Takes the message's bytes at its end.
    ///   - requestID: The request's.
    ///   - model: The name of the model that scored, at most 255 bytes.
    ///   - version: Its exact version, at most 255 bytes.
    ///   - epoch: The number of the snapshot's publication.
    ///   - fingerprint: That of the model's schema.
    ///   - rows: How many rows each result column has.
    ///   - outputs: Which result columns follow.
    ///   - margins: The model's raw sums.
    ///   - probabilities: The calibrated probabilities.
    ///   - scores: The scores from 0 to 100.
    ///   - tiers: The indices of the tiers.
    ///   - statuses: What became of each row.
    ///   - timings: How long it took.
    ///   - flags: Whether a checksum of the body is wanted.
    public static func encode(
        into writer: inout ByteWriter,
        requestID: UInt64,
        model: String,
        version: String,
        epoch: UInt64,
        fingerprint: UInt64,
        rows: Int,
        outputs: ScoreOutputs,
        margins: Span<Double>,
        probabilities: Span<Float>,
        scores: Span<UInt8>,
        tiers: Span<UInt8>,
        statuses: Span<UInt8>,
        timings: ScoreTimings? = nil,
        flags: MessageFlags = []
    ) {
        precondition(model.utf8.count <= 255 && version.utf8.count <= 255, "a name or version of over 255 bytes")
        writer.reserve(ScoreReply.byteCount(rows: rows, outputs: outputs, nameBytes: 510))
        let start = MessageHeader.begin(.scoreReply, requestID: requestID, in: &writer)
        writer.put(fingerprint)
        writer.put(epoch)
        writer.put(UInt32(rows))
        writer.put(outputs.rawValue)
        writer.put(UInt8(model.utf8.count))
        writer.put(UInt8(version.utf8.count))
        writer.putZeros(6)
        writer.put(utf8: model)
        writer.put(utf8: version)
        pad(&writer, start)
        if outputs.contains(.margin) {
            precondition(margins.count == rows, "as many margins as rows")
            writer.put(column: margins)
        }
        if outputs.contains(.probability) {
            precondition(probabilities.count == rows, "as many probabilities as rows")
            writer.put(column: probabilities)
            pad(&writer, start)
        }
        if outputs.contains(.score) { put(scores, rows, &writer, start) }
        if outputs.contains(.tier) { put(tiers, rows, &writer, start) }
        if outputs.contains(.status) { put(statuses, rows, &writer, start) }
        if outputs.contains(.timings) {
            guard let timings else { preconditionFailure("timings are asked for") }
            timings.encode(into: &writer)
        }
        MessageHeader.finish(at: start, flags: flags, in: &writer)
    }

    private static func put(_ column: Span<UInt8>, _ rows: Int, _ writer: inout ByteWriter, _ start: Int) {
        precondition(column.count == rows, "as many results as rows")
        writer.put(column: column)
        pad(&writer, start)
    }

    private static func pad(_ writer: inout ByteWriter, _ start: Int) {
        writer.putZeros(aligned(writer.count - start) - (writer.count - start))
    }
}
