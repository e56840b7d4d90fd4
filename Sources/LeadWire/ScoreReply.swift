internal import ByteKit
public import LeadTypes

/// The results of a batch, row by row in the request's order.
public struct ScoreReply: Sendable, Equatable {
    /// The request's.
    public var requestID: UInt64
    /// The name of the model that scored.
    public var model: String
    /// Its exact version: all rows of a batch are scored by one.
    public var version: String
    /// The number of the snapshot's publication, which only grows while the server runs.
    public var epoch: UInt64
    /// That of the model's schema.
    public var fingerprint: UInt64
    /// How many rows each result column has.
    public var rows: Int
    /// Which result columns there are; the others are empty.
    public var outputs: ScoreOutputs
    /// The model's raw sums; NaN for a row that was not scored.
    public var margins: [Double] = []
    /// The calibrated probabilities; NaN for a row that was not scored.
    public var probabilities: [Float] = []
    /// The scores from 0 to 100; 255 for a row that was not scored.
    public var scores: [UInt8] = []
    /// The indices of the tiers, 0 the best; 255 for a row that was not scored.
    public var tiers: [UInt8] = []
    /// The ``RowStatus`` of each row.
    public var statuses: [UInt8] = []

    /// Whether its body had a checksum, which fits.
    public var hasBodyChecksum = false
    /// How long the server took, if that was asked for.
    public var timings: ScoreTimings?

    /// A reply whose result columns are still empty.
    public init(
        requestID: UInt64,
        model: String,
        version: String,
        epoch: UInt64,
        fingerprint: UInt64,
        rows: Int,
        outputs: ScoreOutputs
    ) {
        self.requestID = requestID
        self.model = model
        self.version = version
        self.epoch = epoch
        self.fingerprint = fingerprint
        self.rows = rows
        self.outputs = outputs
    }

    /// Reads a reply.
    ///
    /// - Parameters:
    ///   - message: The whole message, from its magic to its last byte.
    ///   - limits: What is accepted.
    /// - Returns: The results, copied out of the message.
    /// - Throws: The reason why these bytes are not a reply.
    public static func decode(
        _ message: RawSpan,
        limits: WireLimits = WireLimits()
    ) throws(WireError) -> ScoreReply {
        let header = try MessageHeader.decode(whole: message, as: .scoreReply, limits: limits)
        let rows = Int(message.integer(at: 48, as: UInt32.self))
        let outputs = ScoreOutputs(rawValue: message.integer(at: 52))
        guard rows > 0 else { throw WireError(.emptyBatch, "a reply has at least one row", byteOffset: 48) }
        guard rows <= limits.rowsMax else {
            throw WireError(.tooManyRows, "\(rows) rows; at most \(limits.rowsMax) are taken", byteOffset: 48)
        }
        guard !outputs.isEmpty, outputs.isSubset(of: WireFormat.knownOutputs) else {
            throw WireError(.badOutputs, "outputs are bits 0 to 5, at least one", byteOffset: 52)
        }
        guard message.isZero(58..<64) else {
            throw WireError(.reservedNotZero, "reserved bytes must be zero", byteOffset: 58)
        }
        let model = 64..<(64 + Int(message.byte(at: 56)))
        let version = model.upperBound..<(model.upperBound + Int(message.byte(at: 57)))
        let nameBytes = model.count + version.count
        guard byteCount(rows: rows, outputs: outputs, nameBytes: nameBytes) == message.byteCount else {
            throw WireError(.badLength, "rows, outputs and names take another length", byteOffset: 8)
        }
        guard message.isUTF8(model), message.isUTF8(version) else {
            throw WireError(.badText, "the model's name or version is not UTF-8", byteOffset: 64)
        }
        var reply = ScoreReply(
            requestID: header.requestID,
            model: message.text(model),
            version: message.text(version),
            epoch: message.integer(at: 40),
            fingerprint: message.integer(at: 32),
            rows: rows,
            outputs: outputs
        )
        reply.hasBodyChecksum = header.flags.contains(.bodyChecksum)
        try reply.copyColumns(of: message, from: version.upperBound)
        return reply
    }

    /// How many bytes a reply takes.
    ///
    /// - Parameters:
    ///   - rows: How many rows it has.
    ///   - outputs: Which result columns it carries.
    ///   - nameBytes: The bytes of the model's name and version together.
    /// - Returns: The bytes of the whole message.
    public static func byteCount(rows: Int, outputs: ScoreOutputs, nameBytes: Int) -> Int {
        var count = WireFormat.fixedBytes + aligned(nameBytes)
        if outputs.contains(.margin) { count += 8 * rows }
        if outputs.contains(.probability) { count += aligned(4 * rows) }
        for output in [.score, .tier, .status] as [ScoreOutputs] where outputs.contains(output) {
            count += aligned(rows)
        }
        if outputs.contains(.timings) { count += ScoreTimings.byteCount }
        return count
    }

    private mutating func copyColumns(of message: RawSpan, from namesEnd: Int) throws(WireError) {
        var next = namesEnd
        try Self.skipPadding(of: message, &next)
        if outputs.contains(.margin) {
            margins = [Double](repeating: 0, count: rows)
            var target = margins.mutableSpan
            message.copyColumn(rows: 0..<target.count, of: .float64, at: next, into: &target)
            next += 8 * rows
        }
        if outputs.contains(.probability) {
            probabilities = [Float](repeating: 0, count: rows)
            var target = probabilities.mutableSpan
            message.copyColumn(rows: 0..<target.count, of: .float32, at: next, into: &target)
            next += 4 * rows
            try Self.skipPadding(of: message, &next)
        }
        if outputs.contains(.score) { scores = try bytes(of: message, &next) }
        if outputs.contains(.tier) { tiers = try bytes(of: message, &next) }
        if outputs.contains(.status) {
            statuses = try bytes(of: message, &next)
            for (row, status) in statuses.enumerated() where RowStatus(rawValue: status) == nil {
                throw WireError(.badValue, "no such row status", row: row, byteOffset: next - aligned(rows) + row)
            }
        }
        if outputs.contains(.timings) { timings = try ScoreTimings(message, at: next) }
    }

    private func bytes(of message: RawSpan, _ next: inout Int) throws(WireError) -> [UInt8] {
        let column = message.extracting(next..<next + rows).array
        next += rows
        try Self.skipPadding(of: message, &next)
        return column
    }

    private static func skipPadding(of message: RawSpan, _ next: inout Int) throws(WireError) {
        guard message.isZero(next..<aligned(next)) else {
            throw WireError(.reservedNotZero, "padding must be zero", byteOffset: next)
        }
        next = aligned(next)
    }
}
