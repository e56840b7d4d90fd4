internal import ByteKit
internal import EnsembleKernels
public import LeadScoring
internal import LeadTypes

/// Rows with the results they must get, bit for bit, on any kernel.
public struct GoldenRows: Sendable, Equatable {
    /// The raw columns of the schema, one array each.
    public var columns: [[Double]]
    /// The instant that the rows are scored for.
    public var asOfDays: Double
    /// What they must get.
    public var expected: ScoreColumns

    /// Rows of these columns, and what they must score.
    package init(columns: [[Double]], asOfDays: Double, expected: ScoreColumns) {
        self.columns = columns
        self.asOfDays = asOfDays
        self.expected = expected
    }

    /// The most rows.
    public static let rowsMax = 64
    private static let magic = Array("LDLGOLD1".utf8)
    private static let headerBytes = 24

    /// The file's bytes.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 0)
        for byte in Self.magic { writer.put(byte) }
        writer.put(UInt32(expected.rows))
        writer.put(UInt32(columns.count))
        writer.put(asOfDays)
        for column in columns { writer.put(column: column.span) }
        writer.put(column: expected.margins.span)
        writer.put(column: expected.probabilities.span)
        for column in [expected.scores, expected.tiers, expected.statuses] { writer.put(column: column.span) }
        return writer.take()
    }

    /// Reads the file.
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - columnCount: columns that the schema has.
    ///   - path: where it is, for errors.
    /// - Returns: the rows.
    /// - Throws: ``BundleError``.
    package static func decode(_ bytes: [UInt8], columnCount: Int, path: String) throws(BundleError) -> GoldenRows {
        let raw = bytes.rawBytes
        guard bytes.count >= headerBytes, Array(bytes[0..<8]) == magic else {
            throw BundleError(path: path, problem: "these are no golden rows")
        }
        let rows = Int(raw.integer(at: 8, as: UInt32.self))
        guard rows <= rowsMax, Int(raw.integer(at: 12, as: UInt32.self)) == columnCount else {
            throw BundleError(path: path, problem: "the golden rows are too many, or not of the schema's columns")
        }
        guard bytes.count == headerBytes + rows * (8 * columnCount + 8 + 4 + 3) else {
            throw BundleError(path: path, problem: "\(bytes.count) bytes are not \(rows) golden rows")
        }
        var next = headerBytes
        func doubles() -> [Double] {
            defer { next += 8 * rows }
            return (0..<rows).map { raw.double(at: next + 8 * $0) }
        }
        func small() -> [UInt8] {
            defer { next += rows }
            return Array(bytes[next..<next + rows])
        }
        let columns = (0..<columnCount).map { _ in doubles() }
        let margins = doubles()
        let probabilities = (0..<rows).map { raw.float(at: next + 4 * $0) }
        next += 4 * rows
        let expected = ScoreColumns(
            margins: margins,
            probabilities: probabilities,
            scores: small(),
            tiers: small(),
            statuses: small()
        )
        return GoldenRows(columns: columns, asOfDays: raw.double(at: 16), expected: expected)
    }

    /// Scores the rows with a model and compares every result.
    /// - Parameters:
    ///   - model: the model that shall serve.
    ///   - path: the golden file, for errors.
    /// - Throws: ``BundleError`` that names the first row that differs.
    package func check(_ model: LeadModel, path: String) throws {
        let found = try model.score(columns: columns, asOfDays: asOfDays)
        guard found.rows == expected.rows else {
            throw BundleError(path: path, problem: "there are golden rows, but the schema has no columns")
        }
        for row in 0..<expected.rows {
            guard let difference = difference(found, row, model.recipe.calibration == .identity) else { continue }
            throw BundleError(
                path: path,
                problem: "golden row \(row) on the kernel \(model.kernel.kernel.rawValue): \(difference)",
                remedy: "the bundle is not served; ask for another kernel, and report the processor and this message"
            )
        }
    }

    /// What differs in a row, in words.
    private func difference(_ found: ScoreColumns, _ row: Int, _ isLibraryProbability: Bool) -> String? {
        if found.statuses[row] != expected.statuses[row] {
            return "status \(found.statuses[row]) instead of \(expected.statuses[row])"
        }
        let (margin, wantedMargin) = (found.margins[row], expected.margins[row])
        if margin.bitPattern != wantedMargin.bitPattern, !(margin.isNaN && wantedMargin.isNaN) {
            return "margin \(margin) instead of \(wantedMargin)"
        }
        let (probability, wanted) = (found.probabilities[row], expected.probabilities[row])
        if probability.bitPattern != wanted.bitPattern, !(probability.isNaN && wanted.isNaN) {
            // The system's mathematical library may round another way on another machine.
            guard isLibraryProbability, abs(probability - wanted) <= 4 * wanted.ulp else {
                return "probability \(probability) instead of \(wanted)"
            }
            return nil
        }
        if found.scores[row] != expected.scores[row] {
            return "score \(found.scores[row]) instead of \(expected.scores[row])"
        }
        return found.tiers[row] == expected.tiers[row]
            ? nil : "tier \(found.tiers[row]) instead of \(expected.tiers[row])"
    }
}
