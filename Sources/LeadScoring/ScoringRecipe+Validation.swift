internal import LeadTypes

/// Why a recipe cannot be used: the first thing found wrong, and where.
public struct InvalidRecipe: Error, Equatable, CustomStringConvertible {
    /// What is wrong, with the column, feature or tier.
    public let description: String

    /// A refusal of these words.
    public init(_ description: String) { self.description = description }
}

extension ScoringRecipe {
    /// The most columns a schema, and features a recipe, may have: the wire counts them in 16 bits.
    public static let columnsMax = 65_535
    /// The most levels a category may have: float32 holds every code exactly.
    public static let levelsMax = (1 << 24) - 2
    /// The most tiers: a reply names a tier in 8 bits, and 255 stands for none.
    public static let tiersMax = 100
    /// The most points of an isotonic calibration.
    public static let isotonicPointsMax = 100_000

    /// Checks that the parts fit together and fit the ensemble, so that scoring need not check again.
    /// - Parameters:
    ///   - ensembleFeatureCount: the width of the ensemble's rows.
    ///   - ensembleOutputCount: the margins it gives a row.
    /// - Throws: ``InvalidRecipe`` with the place.
    public func validate(ensembleFeatureCount: Int, ensembleOutputCount: Int) throws(InvalidRecipe) {
        try validateSchema()
        guard features.count == ensembleFeatureCount else {
            throw InvalidRecipe("\(features.count) feature rules for an ensemble of \(ensembleFeatureCount) features")
        }
        try validateFeatures()
        guard outputIndex >= 0, outputIndex < ensembleOutputCount else {
            throw InvalidRecipe("output \(outputIndex) of an ensemble that has \(ensembleOutputCount)")
        }
        try validateCalibration()
        try validateScale()
        try validateTiers()
        guard trainedAsOfDays?.isFinite ?? true else { throw InvalidRecipe("the day trained as of is not a number") }
    }

    private func validateSchema() throws(InvalidRecipe) {
        guard schema.columns.count <= Self.columnsMax else {
            throw InvalidRecipe("\(schema.columns.count) columns; at most \(Self.columnsMax) are allowed")
        }
        var names: Set<String> = []
        for (index, column) in schema.columns.enumerated() {
            guard !column.name.isEmpty else { throw InvalidRecipe("column \(index) has no name") }
            guard names.insert(column.name).inserted else {
                throw InvalidRecipe("two columns are named \"\(column.name)\"")
            }
            guard column.kind == .category || column.levels.isEmpty else {
                throw InvalidRecipe("column \"\(column.name)\" is a \(column.kind.rawValue) but has levels")
            }
            guard column.levels.count <= Self.levelsMax else {
                throw InvalidRecipe("column \"\(column.name)\" has more than \(Self.levelsMax) levels")
            }
            // Compared as bytes, as scoring does: two spellings of one character are two levels.
            guard Set(column.levels.map { Array($0.utf8) }).count == column.levels.count else {
                throw InvalidRecipe("column \"\(column.name)\" has a level twice")
            }
        }
    }

    private func validateFeatures() throws(InvalidRecipe) {
        guard features.count <= Self.columnsMax else {
            throw InvalidRecipe("\(features.count) features; at most \(Self.columnsMax) are allowed")
        }
        let columns = Dictionary(schema.columns.map { ($0.name, $0) }) { first, _ in first }
        var names: Set<String> = []
        for (index, feature) in features.enumerated() {
            guard !feature.name.isEmpty else { throw InvalidRecipe("feature \(index) has no name") }
            guard names.insert(feature.name).inserted else {
                throw InvalidRecipe("two features are named \"\(feature.name)\"")
            }
            let place = "feature \"\(feature.name)\""
            guard let column = columns[feature.column] else {
                throw InvalidRecipe(
                    "\(place) is made from column \"\(feature.column)\", which the schema does not have"
                )
            }
            guard feature.preparation.isFor(column.kind) else {
                throw InvalidRecipe(
                    "\(place) takes column \"\(column.name)\" for another kind than \(column.kind.rawValue)"
                )
            }
            switch feature.preparation {
            case .category(.some(let unseen)):
                guard unseen >= 0, unseen < column.levels.count else {
                    throw InvalidRecipe("\(place) maps unseen levels to code \(unseen) of \(column.levels.count)")
                }
            case .categoryHash:
                guard column.levels.isEmpty else {
                    throw InvalidRecipe("\(place) takes any text, but column \"\(column.name)\" has levels")
                }
            case .daysAfter(let reference):
                guard columns[reference]?.kind == .date else {
                    throw InvalidRecipe("\(place) counts days after \"\(reference)\", which is no date of the schema")
                }
            default: break
            }
        }
    }

    /// Checks that the features which are hashes are those that the ensemble takes for categories by hash.
    /// - Parameter hashedFeatures: numbers of those features.
    /// - Throws: ``InvalidRecipe`` with the feature.
    func validate(hashedFeatures: [Int]) throws(InvalidRecipe) {
        let hashed = Set(hashedFeatures)
        for (index, feature) in features.enumerated()
        where (feature.preparation == .categoryHash) != hashed.contains(index) {
            throw InvalidRecipe(
                hashed.contains(index)
                    ? "feature \"\(feature.name)\" is a category of any text to the model; its rule is category-hash"
                    : "feature \"\(feature.name)\" has the rule category-hash, but is no such category to the model"
            )
        }
    }

    private func validateCalibration() throws(InvalidRecipe) {
        switch calibration {
        case .identity: break
        case .platt(let slope, let intercept):
            guard slope.isFinite, slope > 0 else {
                throw InvalidRecipe("the calibration's slope is \(slope); it must be above 0, or it turns the ranking")
            }
            guard intercept.isFinite else { throw InvalidRecipe("the calibration's intercept is \(intercept)") }
        case .isotonic(let margins, let probabilities):
            guard !margins.isEmpty, margins.count <= Self.isotonicPointsMax, margins.count == probabilities.count else {
                throw InvalidRecipe(
                    "the calibration has \(margins.count) margins and \(probabilities.count) probabilities; "
                        + "they must be equally many, 1 to \(Self.isotonicPointsMax)"
                )
            }
            for index in margins.indices {
                guard margins[index].isFinite, index == 0 || margins[index - 1] < margins[index] else {
                    throw InvalidRecipe("the calibration's margins do not rise at point \(index)")
                }
                let probability = probabilities[index]
                guard probability >= 0, probability <= 1, index == 0 || probabilities[index - 1] <= probability else {
                    throw InvalidRecipe("the calibration's probabilities fall, or leave 0 to 1, at point \(index)")
                }
            }
        }
    }

    private func validateScale() throws(InvalidRecipe) {
        guard case .percentile(let cuts) = scale else { return }
        guard cuts.count == ScoreScale.cutCount else {
            throw InvalidRecipe("the score has \(cuts.count) cuts; it needs \(ScoreScale.cutCount)")
        }
        for index in cuts.indices {
            guard cuts[index].isFinite, index == 0 || cuts[index - 1] <= cuts[index] else {
                throw InvalidRecipe("the score's cuts fall, or are no number, at cut \(index)")
            }
        }
    }

    private func validateTiers() throws(InvalidRecipe) {
        guard !tiers.isEmpty, tiers.count <= Self.tiersMax else {
            throw InvalidRecipe("\(tiers.count) tiers; there must be 1 to \(Self.tiersMax)")
        }
        var names: Set<String> = []
        for (index, tier) in tiers.enumerated() {
            guard !tier.name.isEmpty else { throw InvalidRecipe("tier \(index) has no name") }
            guard names.insert(tier.name).inserted else { throw InvalidRecipe("two tiers are named \"\(tier.name)\"") }
            let minimum = tier.minimumProbability
            guard minimum >= 0, minimum <= 1, index == 0 || minimum < tiers[index - 1].minimumProbability else {
                throw InvalidRecipe("tier \"\(tier.name)\" begins at \(minimum); tiers go down from at most 1 to 0")
            }
        }
        guard tiers[tiers.count - 1].minimumProbability == 0 else {
            throw InvalidRecipe("the last tier, \"\(tiers[tiers.count - 1].name)\", must begin at 0")
        }
    }
}

extension FeaturePreparation {
    fileprivate func isFor(_ kind: ColumnKind) -> Bool {
        switch self {
        case .number: kind == .number || kind == .date
        case .boolean: kind == .boolean
        case .category, .categoryHash: kind == .category
        case .daysAfter, .daysBeforeAsOf: kind == .date
        }
    }
}
