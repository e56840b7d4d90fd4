internal import Foundation

/// How well scores and probabilities fit outcomes.
///
/// All take one element a row; outcomes are true for converted.
public enum EvaluationMetrics {
    /// The area under the receiver operating curve: how often a converted lead is above one that is not, ties counted half.
    ///
    /// Ranks with ties at their middle (Mann and Whitney). For example scores 1, 2, 2, 3 with outcomes no, yes, no, yes: of the
    /// four pairs three are right and one is a tie, 3.5 / 4.
    ///
    /// - Parameters:
    ///   - scores: Higher for likelier leads.
    ///   - outcomes: True for converted.
    /// - Returns: From 0 to 1, or nil when all outcomes are the same.
    public static func areaUnderCurve(_ scores: [Double], _ outcomes: [Bool]) -> Double? {
        let positives = outcomes.count { $0 }
        let negatives = outcomes.count - positives
        guard positives > 0, negatives > 0 else { return nil }
        var rankSum = 0.0
        for group in groupsFromBest(scores, outcomes).reversed() {
            // Rows below this group plus the middle of the group.
            let middle = Double(scores.count - group.end) + Double(group.end - group.start + 1) / 2
            rankSum += Double(group.positives) * middle
        }
        let pairs = rankSum - Double(positives) * Double(positives + 1) / 2
        return pairs / (Double(positives) * Double(negatives))
    }

    /// The average precision: precision at each threshold, weighted by the positives that the threshold adds.
    ///
    /// Rows of one score come together, so ties cannot flatter. This is the step-wise area under the precision-recall curve.
    ///
    /// - Parameters:
    ///   - scores: Higher for likelier leads.
    ///   - outcomes: True for converted.
    /// - Returns: From 0 to 1, or nil when nothing converted.
    public static func averagePrecision(_ scores: [Double], _ outcomes: [Bool]) -> Double? {
        let positives = outcomes.count { $0 }
        guard positives > 0 else { return nil }
        var found = 0
        var area = 0.0
        for group in groupsFromBest(scores, outcomes) {
            found += group.positives
            area += Double(group.positives) / Double(positives) * Double(found) / Double(group.end)
        }
        return area
    }

    /// The mean negative logarithm of the probability given to what happened; probabilities are kept 1e-15 from 0 and 1.
    ///
    /// - Parameters:
    ///   - probabilities: From 0 to 1.
    ///   - outcomes: True for converted.
    /// - Returns: 0 or more; lower is better.
    public static func logLoss(_ probabilities: [Double], _ outcomes: [Bool]) -> Double {
        var sum = 0.0
        for (probability, outcome) in zip(probabilities, outcomes) {
            let kept = min(max(probability, 1e-15), 1 - 1e-15)
            sum -= log(outcome ? kept : 1 - kept)
        }
        return sum / Double(max(1, outcomes.count))
    }

    /// The mean square of the difference between probability and outcome (Brier).
    ///
    /// - Parameters:
    ///   - probabilities: From 0 to 1.
    ///   - outcomes: True for converted.
    /// - Returns: From 0 to 1; lower is better.
    public static func brierScore(_ probabilities: [Double], _ outcomes: [Bool]) -> Double {
        var sum = 0.0
        for (probability, outcome) in zip(probabilities, outcomes) {
            let difference = probability - (outcome ? 1 : 0)
            sum += difference * difference
        }
        return sum / Double(max(1, outcomes.count))
    }

    /// One row of a reliability table: leads of like probability, what was promised and what came.
    public struct ReliabilityBin: Codable, Sendable, Equatable {
        /// How many leads.
        public var rows: Int
        /// Their mean probability.
        public var promised: Double
        /// The share of them that converted.
        public var observed: Double
    }

    /// Leads in bins of (nearly) equal size by probability, the lowest first.
    ///
    /// Leads of one probability stay together: a group goes where its middle falls. Bins may so be fewer than asked for.
    ///
    /// - Parameters:
    ///   - probabilities: From 0 to 1.
    ///   - outcomes: True for converted.
    ///   - bins: How many bins at most.
    /// - Returns: The bins that hold a lead.
    public static func reliability(_ probabilities: [Double], _ outcomes: [Bool], bins: Int = 10) -> [ReliabilityBin] {
        let count = probabilities.count
        guard count > 0 else { return [] }
        var rows = [Int](repeating: 0, count: bins)
        var promised = [Double](repeating: 0, count: bins)
        var positives = [Int](repeating: 0, count: bins)
        for group in groupsFromBest(probabilities, outcomes) {
            // Twice the middle of the group counted from the lowest, so that it stays a whole number.
            let twiceMiddle = 2 * count - group.start - group.end
            let bin = min(bins - 1, twiceMiddle * bins / (2 * count))
            rows[bin] += group.end - group.start
            promised[bin] += group.score * Double(group.end - group.start)
            positives[bin] += group.positives
        }
        return (0..<bins).filter { rows[$0] > 0 }.map {
            ReliabilityBin(
                rows: rows[$0],
                promised: promised[$0] / Double(rows[$0]),
                observed: Double(positives[$0]) / Double(rows[$0])
            )
        }
    }

    /// The expected calibration error: the mean over leads of how far their bin's promise is from what came.
    ///
    /// - Parameter bins: A reliability table.
    /// - Returns: From 0 to 1; lower is better.
    public static func expectedCalibrationError(_ bins: [ReliabilityBin]) -> Double {
        let rows = bins.reduce(0) { $0 + $1.rows }
        let sum = bins.reduce(0) { $0 + abs($1.promised - $1.observed) * Double($1.rows) }
        return sum / Double(max(1, rows))
    }

    /// One row of a gain and lift table: a tenth of the leads, the best first.
    public struct LiftDecile: Codable, Sendable, Equatable {
        /// 1 for the tenth with the highest scores.
        public var decile: Int
        /// How many leads, a fraction where the number of leads is no multiple of ten.
        public var rows: Double
        /// How many of them converted; a fraction where leads of one score are divided.
        public var positives: Double
        /// The share of them that converted.
        public var rate: Double
        /// The rate divided by that of all leads.
        public var lift: Double
        /// The share of all converted leads in this tenth and those above.
        public var cumulativeGain: Double
        /// The lift of this tenth and those above together.
        public var cumulativeLift: Double
    }

    /// Conversion by tenths of the leads, the best first.
    ///
    /// Where a border divides leads of one score, each side gets its share of their conversions, as a random order would on
    /// average.
    ///
    /// - Parameters:
    ///   - scores: Higher for likelier leads.
    ///   - outcomes: True for converted.
    /// - Returns: Ten rows; empty when nothing converted.
    public static func liftByDecile(_ scores: [Double], _ outcomes: [Bool]) -> [LiftDecile] {
        let positives = Double(outcomes.count { $0 })
        let count = Double(outcomes.count)
        guard positives > 0 else { return [] }
        let groups = groupsFromBest(scores, outcomes)
        func positivesAmongBest(_ rows: Double) -> Double {
            var found = 0.0
            for group in groups {
                if Double(group.end) <= rows {
                    found += Double(group.positives)
                } else {
                    let share = (rows - Double(group.start)) / Double(group.end - group.start)
                    return found + max(0, share) * Double(group.positives)
                }
            }
            return found
        }
        var table: [LiftDecile] = []
        var before = 0.0
        for decile in 1...10 {
            let rows = count * Double(decile) / 10
            let found = positivesAmongBest(rows)
            let rate = (found - before) / (count / 10)
            table.append(
                LiftDecile(
                    decile: decile,
                    rows: count / 10,
                    positives: found - before,
                    rate: rate,
                    lift: rate * count / positives,
                    cumulativeGain: found / positives,
                    cumulativeLift: found / rows * count / positives
                )
            )
            before = found
        }
        return table
    }

    /// Rows of one score: their places in the order from the best, and how many of them converted.
    private struct Group {
        var score: Double
        var start: Int
        var end: Int
        var positives: Int
    }

    private static func groupsFromBest(_ scores: [Double], _ outcomes: [Bool]) -> [Group] {
        precondition(scores.count == outcomes.count, "one outcome a score")
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var groups: [Group] = []
        for (place, row) in order.enumerated() {
            if let last = groups.last, last.score == scores[row] {
                groups[groups.count - 1].end = place + 1
                groups[groups.count - 1].positives += outcomes[row] ? 1 : 0
            } else {
                groups.append(Group(score: scores[row], start: place, end: place + 1, positives: outcomes[row] ? 1 : 0))
            }
        }
        return groups
    }
}
