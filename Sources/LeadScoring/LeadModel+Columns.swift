internal import ByteKit
internal import LeadTypes
internal import LeadWire

extension LeadModel {
    /// Scores raw columns that are already in memory, by the path of a batch from the network.
    ///
    /// They are encoded, decoded, checked and scored. For training, golden rows and tests; a client sends messages.
    ///
    /// - Parameters:
    ///   - columns: one array a column of the schema, equally long: NaN is missing; a boolean is 0 or 1; a category is its
    ///     level's code, or the number of levels for an unseen one; a date is days since 1970-01-01T00:00Z.
    ///   - asOfDays: the instant that the leads are scored for.
    ///   - rowsPerBatch: rows encoded at a time.
    /// - Returns: the results, one a row.
    /// - Throws: ``InvalidRecipe`` if the columns are not those of the schema, or not equally long.
    public func score(columns: [[Double]], asOfDays: Double, rowsPerBatch: Int = 4_096) throws -> ScoreColumns {
        guard columns.count == schema.columns.count, columns.allSatisfy({ $0.count == columns[0].count }) else {
            throw InvalidRecipe("the columns are not those of the schema, or not equally long")
        }
        let rows = columns.first?.count ?? 0
        let limits = WireLimits(
            rowsMax: rowsPerBatch,
            columnsMax: ScoringRecipe.columnsMax,
            messageBytesMax: Int(Int32.max)
        )
        let workspace = ScoringWorkspace()
        var request = ScoreRequest()
        var part = ScoreColumns()
        var results = ScoreColumns()
        for first in stride(from: 0, to: rows, by: rowsPerBatch) {
            let place = first..<min(first + rowsPerBatch, rows)
            var encoder = try ScoreRequestEncoder(
                requestID: 0,
                fingerprint: schema.fingerprint,
                rows: place.count,
                columnCount: columns.count
            )
            for column in columns { encoder.add(column.span.extracting(place)) }
            let message = try encoder.finish()
            try request.decode(message.rawBytes, limits: limits)
            try check(request)
            part.reset(rows: place.count)
            score(
                request,
                message: message.rawBytes,
                rows: 0..<place.count,
                asOfDays: asOfDays,
                workspace: workspace,
                into: &part
            )
            results.append(part)
        }
        return results
    }
}

extension ScoreColumns {
    fileprivate mutating func append(_ other: ScoreColumns) {
        margins += other.margins
        probabilities += other.probabilities
        scores += other.scores
        tiers += other.tiers
        statuses += other.statuses
    }
}
