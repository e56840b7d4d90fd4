public import LeadTypes

/// The results of a batch, one array a result; reused from batch to batch.
public struct ScoreColumns: Sendable, Equatable {
    /// The rows' margins; NaN where a row was not scored.
    public internal(set) var margins: [Double] = []
    /// The rows' probabilities; NaN where a row was not scored.
    public internal(set) var probabilities: [Float] = []
    /// The rows' scores, 0 to 100; 255 where a row was not scored.
    public internal(set) var scores: [UInt8] = []
    /// The rows' tiers, 0 the best; 255 where a row was not scored.
    public internal(set) var tiers: [UInt8] = []
    /// What became of each row, as a ``LeadTypes/RowStatus``.
    public internal(set) var statuses: [UInt8] = []

    /// What the strings of the batch mean, once its first rows were scored: a batch that is scored in slices looks them up
    /// once.
    var strings = StringMeanings()

    /// Results of no rows.
    public init() {}

    /// Rows there is room for.
    public var rows: Int { margins.count }

    /// Makes room for a batch; each of its rows is marked as one whose deadline passed, until it is scored.
    ///
    /// Allocates only when the batch is larger than any before.
    /// - Parameter rows: how many rows.
    public mutating func reset(rows: Int) {
        margins.resize(to: rows)
        probabilities.resize(to: rows)
        scores.resize(to: rows)
        tiers.resize(to: rows)
        statuses.resize(to: rows)
        markUnscored(0..<rows, .deadlinePassed)
        strings.forget()
    }

    /// Says that rows were not scored, and why.
    /// - Precondition: the rows are among those there is room for.
    public mutating func markUnscored(_ rows: Range<Int>, _ status: RowStatus) {
        fill(&margins, rows, .nan)
        fill(&probabilities, rows, .nan)
        fill(&scores, rows, UnscoredValue.score)
        fill(&tiers, rows, UnscoredValue.tier)
        fill(&statuses, rows, status.rawValue)
    }

    /// Says that one row was not scored because of its values.
    mutating func markInvalid(_ row: Int) { markUnscored(row..<row + 1, .invalidValue) }
}

extension ScoreColumns {
    /// Whether the results are the same; how they came about does not matter.
    public static func == (left: ScoreColumns, right: ScoreColumns) -> Bool {
        left.margins == right.margins && left.probabilities == right.probabilities && left.scores == right.scores
            && left.tiers == right.tiers && left.statuses == right.statuses
    }
}

extension Array where Element: BitwiseCopyable & ExpressibleByIntegerLiteral {
    /// Grows or shrinks; keeps the capacity.
    mutating func resize(to count: Int) {
        if count <= self.count {
            removeLast(self.count - count)
        } else {
            append(contentsOf: repeatElement(0, count: count - self.count))
        }
    }
}

private func fill<Element: BitwiseCopyable>(_ values: inout [Element], _ places: Range<Int>, _ value: Element) {
    var span = values.mutableSpan
    for place in places { span[place] = value }
}

extension ScoreColumns {
    /// Results that were recorded elsewhere.
    ///
    /// - Parameters:
    ///   - margins: the rows' margins.
    ///   - probabilities: the rows' probabilities.
    ///   - scores: the rows' scores.
    ///   - tiers: the rows' tiers.
    ///   - statuses: what became of the rows.
    /// - Precondition: all are equally long.
    public init(margins: [Double], probabilities: [Float], scores: [UInt8], tiers: [UInt8], statuses: [UInt8]) {
        precondition(
            [probabilities.count, scores.count, tiers.count, statuses.count].allSatisfy { $0 == margins.count },
            "as many results of each kind as rows"
        )
        self.margins = margins
        self.probabilities = probabilities
        self.scores = scores
        self.tiers = tiers
        self.statuses = statuses
    }
}
