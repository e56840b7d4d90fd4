internal import ByteKit

/// What a lead is used for.
public enum LeadPart: String, Codable, Sendable, CaseIterable {
    /// The trees are grown on it.
    case training
    /// It says when to stop growing, and what probability a margin means.
    case validation
    /// It is held back; the figures are taken on it.
    case test
}

/// Which leads are learned from, which decide, and which are held back: 70, 15 and 15 in a hundred.
public struct LeadSplit: Sendable, Equatable {
    /// The rows of each part: by time in their order of time, else by rising number.
    public let rows: [LeadPart: [Int]]
    /// Whether the parts follow each other in time.
    public let isByTime: Bool
    /// Rows without a date, which a split by time puts into training.
    public let undatedRows: Int

    /// The rows of a part.
    public subscript(part: LeadPart) -> [Int] { rows[part] ?? [] }

    /// Splits in time: the oldest leads train, the next decide, the latest test.
    ///
    /// Leads of one instant stay together, so that a part begins where the one before it ended. Leads without a date train.
    ///
    /// - Parameters:
    ///   - rows: The rows to split.
    ///   - days: For every row of the table its date, NaN where unknown.
    public init(byTime rows: [Int], days: [Double]) {
        let dated = rows.filter { !days[$0].isNaN }.sorted { (days[$0], $0) < (days[$1], $1) }
        let undated = rows.filter { days[$0].isNaN }
        func border(_ share: Double) -> Int {
            var place = Int((Double(dated.count) * share).rounded())
            while place > 0, place < dated.count, days[dated[place]] == days[dated[place - 1]] { place += 1 }
            return place
        }
        let first = border(0.70)
        let second = max(first, border(0.85))
        self.rows = [
            .training: undated + dated[..<first], .validation: Array(dated[first..<second]),
            .test: Array(dated[second...]),
        ]
        isByTime = true
        undatedRows = undated.count
    }

    /// Splits at random, with the same share of converted leads in each part.
    ///
    /// - Parameters:
    ///   - rows: The rows to split.
    ///   - outcomes: For each of them, whether it converted.
    ///   - seed: Settles the split.
    public init(stratified rows: [Int], outcomes: [Bool], seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var parts: [LeadPart: [Int]] = [.training: [], .validation: [], .test: []]
        for kind in [true, false] {
            let members = zip(rows, outcomes).filter { $0.1 == kind }.map(\.0)
            let order = random.permutation(members.count).map { members[$0] }
            let first = Int((Double(order.count) * 0.70).rounded())
            let second = Int((Double(order.count) * 0.85).rounded())
            parts[.training]?.append(contentsOf: order[..<first])
            parts[.validation]?.append(contentsOf: order[first..<second])
            parts[.test]?.append(contentsOf: order[second...])
        }
        self.rows = parts.mapValues { $0.sorted() }
        isByTime = false
        undatedRows = 0
    }
}
