internal import ByteKit
internal import LeadClient
internal import LeadScoring
internal import LeadTypes
internal import LeadWire

extension ScoreTarget {
    /// What a server says of its model.
    init(_ description: ModelDescription) {
        model = description.name
        version = description.version
        schema = description.schema
        tiers = description.tiers.map(\.name)
        missingTokens = description.missingTokens
        dateForms = description.dateForms
        idColumn = description.idColumn
        rowsMax = min(description.rowsMax ?? .max, WireLimits().rowsMax)
    }
}

/// A server that answers messages.
struct RemoteScorer: MessageScorer {
    let client: LeadClient
    let messagesInFlightMax: Int

    func score(_ message: [UInt8]) async throws -> (reply: ScoreReply, nanoseconds: UInt64) {
        let scored = try await client.score(message)
        return (scored.reply, scored.nanoseconds)
    }
}

/// A model in this process that answers messages as a server does: decoded, checked, scored and encoded by the same code.
actor LocalScorer: MessageScorer {
    nonisolated let messagesInFlightMax = 1
    private let model: LeadModel
    private let workspace = ScoringWorkspace()
    private var request = ScoreRequest()
    private var results = ScoreColumns()
    private var writer = ByteWriter()

    init(_ model: LeadModel) {
        self.model = model
    }

    /// What leads are encoded for.
    nonisolated var target: ScoreTarget {
        ScoreTarget(
            model: model.name,
            version: model.version,
            schema: model.schema,
            tiers: model.recipe.tiers.map(\.name),
            missingTokens: model.recipe.missingTokens,
            dateForms: model.recipe.dateForms ?? [:],
            idColumn: model.recipe.idColumn,
            rowsMax: WireLimits().rowsMax
        )
    }

    func score(_ message: [UInt8]) throws -> (reply: ScoreReply, nanoseconds: UInt64) {
        let started = ContinuousClock.now
        let bytes = message.rawBytes
        try request.decode(bytes)
        try model.check(request)
        results.reset(rows: request.rows)
        model.score(
            request,
            message: bytes,
            rows: 0..<request.rows,
            asOfDays: request.asOfDays,
            workspace: workspace,
            into: &results
        )
        writer.removeAll()
        ScoreReplyEncoder.encode(
            into: &writer,
            requestID: request.requestID,
            model: model.name,
            version: model.version,
            epoch: 0,
            fingerprint: model.schema.fingerprint,
            rows: request.rows,
            outputs: request.outputs,
            margins: results.margins.span,
            probabilities: results.probabilities.span,
            scores: results.scores.span,
            tiers: results.tiers.span,
            statuses: results.statuses.span
        )
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        let reply = writer.bytes
        return (
            try ScoreReply.decode(reply.rawBytes), UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
        )
    }
}
