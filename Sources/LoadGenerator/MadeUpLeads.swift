internal import ByteKit
public import LeadTypes
internal import LeadWire

/// Leads for a schema when there are none: plausible in form, not in meaning.
///
/// Numbers are small whole ones or have fractions, column by column; a twentieth of all values is missing; dates lie in the 400
/// days before the day of scoring. What a model makes of them says nothing; what it costs to score them is as for
/// others, as long as their columns are encoded alike.
public struct MadeUpLeads {
    /// The values, a column each, as encoders take them.
    public let columns: [[Double]]

    /// So many leads; the same for the same seed.
    ///
    /// - Parameters:
    ///   - schema: Their columns.
    ///   - count: How many.
    ///   - asOfDays: The day of scoring.
    ///   - seed: Settles all values.
    public init(_ schema: LeadSchema, count: Int, asOfDays: Double, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        columns = schema.columns.map { column in
            let hasFractions = random.below(2) == 0
            return (0..<count).map { _ in
                if random.below(20) == 0 { return .nan }
                switch column.kind {
                case .number: return hasFractions ? Double(random.below(1_000_000)) / 1_000 : Double(random.below(200))
                case .boolean: return Double(random.below(2))
                case .category: return Double(random.below(column.holdsHashes ? 1 << 32 : column.levels.count))
                case .date: return asOfDays - Double(random.below(400))
                }
            }
        }
    }
}

/// Leads in columns, and what a message says of them.
public struct LoadLeads: Sendable {
    /// The values, a column each.
    public var columns: [[Double]]
    /// How many leads there are.
    public var count: Int
    /// The model's name on the server.
    public var model: String
    /// Its schema's fingerprint.
    public var fingerprint: UInt64
    /// The day on which the leads are looked at.
    public var asOfDays: Double
    /// The deadline that messages carry, 0 for none.
    public var deadlineMicroseconds: UInt32

    /// How many different messages of a size are made at most.
    private static let messagesMax = 16

    /// Leads of a model.
    public init(
        columns: [[Double]],
        count: Int,
        model: String,
        fingerprint: UInt64,
        asOfDays: Double,
        deadlineMicroseconds: UInt32
    ) {
        self.columns = columns
        self.count = count
        self.model = model
        self.fingerprint = fingerprint
        self.asOfDays = asOfDays
        self.deadlineMicroseconds = deadlineMicroseconds
    }

    /// Encodes messages for each part of a mix.
    ///
    /// Each has the leads that follow those of the one before, the first after the last.
    ///
    /// - Parameter mix: Which sizes.
    /// - Returns: For each part of the mix up to 16 messages.
    /// - Throws: `WireError` when a message cannot be made.
    public func messages(for mix: BatchMix) throws -> [[LoadMessage]] {
        try mix.parts.map { part in
            let messages = max(1, min(Self.messagesMax, count / part.rows))
            return try (0..<messages).map { try message(from: $0 * part.rows, rows: part.rows) }
        }
    }

    private func message(from first: Int, rows: Int) throws -> LoadMessage {
        var encoder = try ScoreRequestEncoder(
            requestID: LoadMessage.requestID,
            model: model,
            fingerprint: fingerprint,
            rows: rows,
            columnCount: columns.count,
            deadlineMicroseconds: deadlineMicroseconds,
            asOfDays: asOfDays
        )
        for column in columns {
            let values = (0..<rows).map { column[(first + $0) % count] }
            encoder.add(values.span)
        }
        return LoadMessage(rows: rows, bytes: try encoder.finish())
    }
}
