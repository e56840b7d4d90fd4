internal import LeadScoring

/// Where scores and tiers begin, from the validation leads.
enum ScorePolicy {
    /// The tiers by default: the best 10 % of leads, the next 20 %, the next 30 %, the rest.
    static let tierShares: [(name: String, cumulativeShare: Double)] = [("A", 0.10), ("B", 0.30), ("C", 0.60)]

    /// A hundred margins that divide the leads into 101 parts of equal size.
    static func percentileCuts(_ margins: [Double]) -> [Double] {
        let rising = margins.sorted()
        return (1...ScoreScale.cutCount).map { cut in
            rising[min(rising.count - 1, rising.count * cut / (ScoreScale.cutCount + 1))]
        }
    }

    /// Tiers of the shares above as least probabilities; a tier that would begin where the one above does is left out.
    static func tiers(_ probabilities: [Double]) -> [TierCut] {
        let falling = probabilities.sorted(by: >)
        var tiers: [TierCut] = []
        for (name, share) in tierShares {
            let place = max(0, Int((Double(falling.count) * share).rounded(.up)) - 1)
            let minimum = falling[min(place, falling.count - 1)]
            if minimum > 0, minimum < tiers.last?.minimumProbability ?? .infinity {
                tiers.append(TierCut(name: name, minimumProbability: minimum))
            }
        }
        return tiers + [TierCut(name: "D", minimumProbability: 0)]
    }
}
