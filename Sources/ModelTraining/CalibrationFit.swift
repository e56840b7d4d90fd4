internal import ByteKit
internal import Foundation
public import LeadScoring

/// How the calibration of a model was found.
public struct CalibrationChoice: Codable, Sendable, Equatable {
    /// `isotonic` or `platt`.
    public var method: String
    /// The log loss of Platt's sigmoid on validation leads it was not fitted on.
    public var plattLogLoss: Double
    /// The same of the isotonic curve; nil where there are too few leads for one.
    public var isotonicLogLoss: Double?
    /// Why this one, in a sentence.
    public var reason: String
}

/// Fits the curve from margin to probability.
public enum CalibrationFit {
    /// Validation leads that an isotonic curve needs.
    public static let isotonicRowsMin = 1000
    /// Leads of each outcome among them that it needs.
    public static let isotonicEachOutcomeMin = 100
    private static let foldCount = 5

    /// Fits Platt's sigmoid and, with leads enough, an isotonic curve; keeps the one that does better on leads it was not fitted on.
    ///
    /// The validation leads are dealt into five folds, alike in outcomes; each kind is fitted on four and its log loss taken on the
    /// fifth. The better kind is then fitted on all of them. Platt's, the simpler, wins a tie.
    ///
    /// - Parameters:
    ///   - margins: The ensemble's margins of the validation leads.
    ///   - outcomes: True for converted; both kinds must be there.
    ///   - seed: Settles the folds.
    /// - Returns: The calibration, and how it was chosen.
    public static func best(
        margins: [Double],
        outcomes: [Bool],
        seed: UInt64
    ) -> (calibration: Calibration, choice: CalibrationChoice) {
        let positives = outcomes.count { $0 }
        let fewer = min(positives, outcomes.count - positives)
        let mayBeIsotonic = outcomes.count >= isotonicRowsMin && fewer >= isotonicEachOutcomeMin
        let folds = dealtFolds(outcomes, seed: seed)
        let plattLoss = crossFittedLogLoss(margins, outcomes, folds) { platt(margins: $0, outcomes: $1) }
        guard mayBeIsotonic else {
            let reason =
                "An isotonic curve needs \(isotonicRowsMin) validation leads and \(isotonicEachOutcomeMin) of each outcome; "
                + "there are \(outcomes.count) and \(fewer)."
            return (
                platt(margins: margins, outcomes: outcomes),
                CalibrationChoice(method: "platt", plattLogLoss: plattLoss, isotonicLogLoss: nil, reason: reason)
            )
        }
        let isotonicLoss = crossFittedLogLoss(margins, outcomes, folds) { isotonic(margins: $0, outcomes: $1) }
        let isIsotonic = isotonicLoss < plattLoss
        return (
            isIsotonic ? isotonic(margins: margins, outcomes: outcomes) : platt(margins: margins, outcomes: outcomes),
            CalibrationChoice(
                method: isIsotonic ? "isotonic" : "platt",
                plattLogLoss: plattLoss,
                isotonicLogLoss: isotonicLoss,
                reason: "Lower log loss on validation leads that the curve was not fitted on (\(foldCount) folds)."
            )
        )
    }

    /// Platt's sigmoid: the slope and intercept of the greatest likelihood, by Newton's method.
    ///
    /// Outcomes are pulled a little towards the middle, as Platt proposes (`(n + 1) / (n + 2)` for yes and `1 / (m + 2)` for no), which
    /// keeps the slope finite when margins divide the outcomes. The slope is at least 0.001: a model that ranks no better than
    /// chance then promises nearly the same to all, but never turns its ranking.
    ///
    /// - Parameters:
    ///   - margins: The margins.
    ///   - outcomes: True for converted.
    /// - Returns: A ``Calibration/platt(slope:intercept:)``.
    public static func platt(margins: [Double], outcomes: [Bool]) -> Calibration {
        let positives = Double(outcomes.count { $0 })
        let negatives = Double(outcomes.count) - positives
        let targets = outcomes.map { $0 ? (positives + 1) / (positives + 2) : 1 / (negatives + 2) }
        var slope = 1.0
        var intercept = 0.0
        var loss = plattLoss(margins, targets, slope, intercept)
        for _ in 0..<100 {
            var (gradientA, gradientB, hessianAA, hessianAB, hessianBB) = (0.0, 0.0, 1e-9, 0.0, 1e-9)
            for (margin, target) in zip(margins, targets) {
                let probability = 1 / (1 + exp(-(slope * margin + intercept)))
                let weight = probability * (1 - probability)
                gradientA += (probability - target) * margin
                gradientB += probability - target
                hessianAA += weight * margin * margin
                hessianAB += weight * margin
                hessianBB += weight
            }
            let determinant = hessianAA * hessianBB - hessianAB * hessianAB
            guard determinant > 0 else { break }
            let stepA = (hessianBB * gradientA - hessianAB * gradientB) / determinant
            let stepB = (hessianAA * gradientB - hessianAB * gradientA) / determinant
            var length = 1.0
            var next = plattLoss(margins, targets, slope - stepA, intercept - stepB)
            while next > loss, length > 1e-6 {
                length /= 2
                next = plattLoss(margins, targets, slope - length * stepA, intercept - length * stepB)
            }
            guard next <= loss else { break }
            slope -= length * stepA
            intercept -= length * stepB
            if loss - next < 1e-12 * abs(loss) { break }
            loss = next
        }
        let slopeMin = 0.001
        if !(slope >= slopeMin) {
            slope = slopeMin
            let rate = (positives + 1) / (positives + negatives + 2)
            let middle = margins.reduce(0, +) / Double(max(1, margins.count))
            intercept = log(rate / (1 - rate)) - slope * middle
        }
        return .platt(slope: slope, intercept: intercept)
    }

    /// An isotonic curve: the never-falling probabilities nearest to the outcomes (pool adjacent violators), as points to be joined by
    /// straight lines.
    ///
    /// Each pool becomes two points, at its lowest and its highest margin. Their probabilities lie a tenth of the way to the nearer
    /// neighbour below and above the pool's rate: its leads keep their order, and its mean stays its rate. Pools of fewer than 25
    /// leads, or one in 200 of all, are merged with the neighbour nearer in probability, so that no lead is promised what a handful
    /// did. A pool without a conversion promises half a lead in its size plus one, not zero; a pool of conversions only, one less that.
    ///
    /// - Parameters:
    ///   - margins: The margins.
    ///   - outcomes: True for converted.
    /// - Returns: A ``Calibration/isotonic(margins:probabilities:)``.
    public static func isotonic(margins: [Double], outcomes: [Bool]) -> Calibration {
        var pools = pooledAdjacentViolators(margins: margins, outcomes: outcomes)
        let rowsMin = Double(max(25, margins.count / 200))
        while pools.count > 1, let small = pools.indices.min(by: { pools[$0].rows < pools[$1].rows }),
            pools[small].rows < rowsMin
        {
            let toLeft = small > 0 ? pools[small].rate - pools[small - 1].rate : .infinity
            let toRight = small + 1 < pools.count ? pools[small + 1].rate - pools[small].rate : .infinity
            let left = toLeft <= toRight ? small - 1 : small
            pools[left].merge(pools[left + 1])
            pools.remove(at: left + 1)
        }
        var rates: [Double] = []
        for pool in pools {
            let half = 0.5 / (pool.rows + 1)
            // Keeping away from 0 and 1 by a pool's own size must not make the curve fall.
            rates.append(max(min(max(pool.rate, half), 1 - half), rates.last ?? 0))
        }
        var curve: (margins: [Double], probabilities: [Double]) = ([], [])
        for (index, pool) in pools.enumerated() {
            let rate = rates[index]
            let below = index > 0 ? rate - rates[index - 1] : .infinity
            let above = index + 1 < rates.count ? rates[index + 1] - rate : .infinity
            let nearer = min(below, above)
            let tilt = nearer.isFinite ? min(nearer / 10, rate / 2, (1 - rate) / 2) : 0
            if pool.lowest < pool.highest {
                curve.margins += [pool.lowest, pool.highest]
                curve.probabilities += [rate - tilt, rate + tilt]
            } else {
                curve.margins.append(pool.lowest)
                curve.probabilities.append(rate)
            }
        }
        return .isotonic(margins: curve.margins, probabilities: curve.probabilities)
    }

    /// Leads of neighbouring margins that share a probability.
    private struct Pool {
        var rows: Double
        var positives: Double
        var lowest: Double
        var highest: Double

        var rate: Double { positives / rows }

        /// Takes in the pool that follows.
        mutating func merge(_ next: Pool) {
            rows += next.rows
            positives += next.positives
            highest = max(highest, next.highest)
        }
    }

    /// The pools of the never-falling curve of least squares, by rising margin; their rates rise from pool to pool.
    private static func pooledAdjacentViolators(margins: [Double], outcomes: [Bool]) -> [Pool] {
        // Leads of one margin cannot be told apart, so they start in one pool.
        var groups: [Pool] = []
        for row in margins.indices.sorted(by: { margins[$0] < margins[$1] }) {
            let margin = margins[row]
            let lead = Pool(rows: 1, positives: outcomes[row] ? 1 : 0, lowest: margin, highest: margin)
            if groups.last?.highest == margin { groups[groups.count - 1].merge(lead) } else { groups.append(lead) }
        }
        var pools: [Pool] = []
        for group in groups {
            pools.append(group)
            while pools.count > 1, pools[pools.count - 2].rate >= pools[pools.count - 1].rate {
                let violator = pools.removeLast()
                pools[pools.count - 1].merge(violator)
            }
        }
        return pools
    }

    private static func plattLoss(
        _ margins: [Double],
        _ targets: [Double],
        _ slope: Double,
        _ intercept: Double
    ) -> Double {
        var sum = 0.0
        for (margin, target) in zip(margins, targets) {
            let z = slope * margin + intercept
            // log(1 + exp(z)) - target * z, without overflow.
            sum += max(z, 0) + log1p(exp(-abs(z))) - target * z
        }
        return sum
    }

    /// A fold for each lead, dealt in random order within each outcome.
    private static func dealtFolds(_ outcomes: [Bool], seed: UInt64) -> [Int] {
        var random = SeededRandom(seed: seed)
        var folds = [Int](repeating: 0, count: outcomes.count)
        var dealt = [0, 0]
        for row in random.permutation(outcomes.count) {
            let kind = outcomes[row] ? 1 : 0
            folds[row] = dealt[kind] % foldCount
            dealt[kind] += 1
        }
        return folds
    }

    private static func crossFittedLogLoss(
        _ margins: [Double],
        _ outcomes: [Bool],
        _ folds: [Int],
        _ fit: ([Double], [Bool]) -> Calibration
    ) -> Double {
        var probabilities = [Double](repeating: 0, count: margins.count)
        for fold in 0..<foldCount {
            let others = margins.indices.filter { folds[$0] != fold }
            let calibration = fit(others.map { margins[$0] }, others.map { outcomes[$0] })
            for row in margins.indices where folds[row] == fold {
                probabilities[row] = calibration.probability(ofMargin: margins[row]) ?? 0.5
            }
        }
        return EvaluationMetrics.logLoss(probabilities, outcomes)
    }
}
