import LeadScoring
import LeadTypes
import TreeEnsemble

/// One row at a time through the reference evaluator and the recipe, as plainly as it can be said.
struct SlowScorer {
    /// What one row gets.
    struct Result: Equatable {
        var margin: UInt64
        var probability: UInt32
        var score: UInt8
        var tier: UInt8
        var status: UInt8
    }

    let recipe: ScoringRecipe
    let evaluator: ReferenceEvaluator

    init(_ recipe: ScoringRecipe, _ ensemble: Ensemble) throws {
        self.recipe = recipe
        evaluator = try ReferenceEvaluator(ensemble)
    }

    func score(row: [Double], asOfDays: Double) -> Result {
        let invalid = Result(
            margin: Double.nan.bitPattern,
            probability: Float.nan.bitPattern,
            score: UnscoredValue.score,
            tier: UnscoredValue.tier,
            status: RowStatus.invalidValue.rawValue
        )
        var features: [Double] = []
        for rule in recipe.features {
            guard let feature = feature(rule, row, asOfDays) else { return invalid }
            features.append(feature)
        }
        let margins = evaluator.margins(of: features)
        let margin = margins[recipe.outputIndex]
        if margin.isNaN { return invalid }
        let own = evaluator.ensemble.predictions(fromMargins: margins)
        let probability = Float(recipe.calibration.probability(ofMargin: margin) ?? own[recipe.outputIndex])
        return Result(
            margin: margin.bitPattern,
            probability: probability.bitPattern,
            score: recipe.scale.score(margin: margin, probability: probability),
            tier: UInt8(recipe.tier(ofProbability: probability)),
            status: RowStatus.scored.rawValue
        )
    }

    /// The feature's value; nil if its column cannot hold what it holds.
    private func feature(_ rule: FeatureRule, _ row: [Double], _ asOfDays: Double) -> Double? {
        let columns = recipe.schema.columns
        let place = columns.firstIndex { $0.name == rule.column }!
        let value = row[place]
        switch rule.preparation {
        case .number: return value
        case .boolean: return value.isNaN || value == 0 || value == 1 ? value : nil
        case .categoryHash: return value
        case .category(let unseen):
            if value.isNaN { return .nan }
            let count = columns[place].levels.count
            // Without levels a category comes as its hash.
            let last = count == 0 ? Int(UInt32.max) : count
            guard let code = Int(exactly: value), code >= 0, code <= last else { return nil }
            return code < count ? value : unseen.map(Double.init) ?? .nan
        case .daysAfter(let reference): return value - row[columns.firstIndex { $0.name == reference }!]
        case .daysBeforeAsOf: return asOfDays - value
        }
    }
}
