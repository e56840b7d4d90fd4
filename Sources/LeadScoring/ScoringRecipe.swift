public import LeadTypes

/// All that turns a batch of raw lead columns and an ensemble into probabilities, scores and tiers.
///
/// The recipe is data: it is written when a model is trained or imported, kept in the bundle, and read by the code that
/// serves. ``validate(ensembleFeatureCount:ensembleOutputCount:)`` says whether its parts fit together.
public struct ScoringRecipe: Codable, Sendable, Equatable {
    /// The raw columns a batch carries.
    public var schema: LeadSchema
    /// The ensemble's features in its order, each made from raw columns.
    public var features: [FeatureRule]
    /// From margin to probability.
    public var calibration: Calibration
    /// From margin or probability to a score of 0 to 100.
    public var scale: ScoreScale
    /// From probability to tier; best first, and the last one takes everything.
    public var tiers: [TierCut]
    /// Which of the ensemble's outputs is the margin; 0 unless the ensemble has several.
    public var outputIndex: Int
    /// The column that tells people which lead a row is; kept by the client and never sent.
    public var idColumn: String?
    /// The column that dated the leads when the model learned; it need not be in the schema.
    public var dateColumn: String?
    /// Words that readers of text take for a missing value, besides the empty one.
    public var missingTokens: [String]
    /// How text writes the dates of a column, by the column's name; nil where nobody said.
    ///
    /// In the words of the reader of text; scoring itself does not look at it.
    public var dateForms: [String: String]?
    /// What the probability is the probability of; nil where nobody said.
    public var label: LabelDescription?
    /// The day that ``FeaturePreparation/daysBeforeAsOf`` counted from when the model learned, in days since
    /// 1970-01-01T00:00Z; nil where no feature counts from it.
    public var trainedAsOfDays: Double?

    /// A recipe of these parts.
    public init(
        schema: LeadSchema,
        features: [FeatureRule],
        calibration: Calibration,
        scale: ScoreScale,
        tiers: [TierCut],
        outputIndex: Int = 0,
        idColumn: String? = nil,
        dateColumn: String? = nil,
        missingTokens: [String] = [],
        dateForms: [String: String]? = nil,
        label: LabelDescription? = nil,
        trainedAsOfDays: Double? = nil
    ) {
        self.schema = schema
        self.features = features
        self.calibration = calibration
        self.scale = scale
        self.tiers = tiers
        self.outputIndex = outputIndex
        self.idColumn = idColumn
        self.dateColumn = dateColumn
        self.missingTokens = missingTokens
        self.dateForms = dateForms
        self.label = label
        self.trainedAsOfDays = trainedAsOfDays
    }

    /// The place in ``tiers`` of a probability: the first tier whose minimum it reaches.
    ///
    /// Minimum and probability are compared as float32, so that a probability printed as `0.3` reaches a minimum of 0.3.
    /// - Parameter probability: a number from 0 to 1; NaN falls into the last tier.
    /// - Returns: an index of ``tiers``.
    public func tier(ofProbability probability: Float) -> Int {
        tiers.firstIndex { Float($0.minimumProbability) <= probability } ?? tiers.count - 1
    }
}

/// What a probability is the probability of.
public struct LabelDescription: Codable, Sendable, Equatable {
    /// The column that held the outcome.
    public var column: String
    /// The outcome that counts as a success, as the column wrote it.
    public var positive: String

    /// A description of these words.
    public init(column: String, positive: String) {
        self.column = column
        self.positive = positive
    }
}
