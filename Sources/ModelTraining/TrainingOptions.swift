/// What to learn, and how.
public struct TrainingOptions: Sendable {
    /// The column that holds the outcome.
    public var labelColumn: String
    /// The outcome that counts as converted; nil where the column holds 1 and 0, true and false, or yes and no.
    public var positiveValue: String?
    /// The column that names a lead; never a feature.
    public var idColumn: String?
    /// The column that dates the leads; splits them in time, and other dates count from it.
    public var dateColumn: String?
    /// Columns not to learn from.
    public var excludedColumns: [String]
    /// Texts that mean "not known", besides the empty one.
    public var missingTokens: [String]
    /// Settles every random choice.
    public var seed: UInt64
    /// Threads to learn with.
    public var threads: Int
    /// The parameters of boosting.
    public var boosting: BoostingParameters

    /// Options with the defaults.
    ///
    /// - Parameters:
    ///   - labelColumn: The column that holds the outcome.
    ///   - positiveValue: The outcome that counts as converted.
    ///   - idColumn: The column that names a lead.
    ///   - dateColumn: The column that dates the leads.
    ///   - excludedColumns: Columns not to learn from.
    ///   - missingTokens: Texts that mean "not known".
    ///   - seed: Settles every random choice.
    ///   - threads: Threads to learn with.
    ///   - boosting: The parameters of boosting.
    public init(
        labelColumn: String,
        positiveValue: String? = nil,
        idColumn: String? = nil,
        dateColumn: String? = nil,
        excludedColumns: [String] = [],
        missingTokens: [String] = [],
        seed: UInt64 = 1,
        threads: Int = 1,
        boosting: BoostingParameters = BoostingParameters()
    ) {
        self.labelColumn = labelColumn
        self.positiveValue = positiveValue
        self.idColumn = idColumn
        self.dateColumn = dateColumn
        self.excludedColumns = excludedColumns
        self.missingTokens = missingTokens
        self.seed = seed
        self.threads = threads
        self.boosting = boosting
    }
}

/// The parameters of gradient boosting, in XGBoost's meaning of them.
public struct BoostingParameters: Codable, Sendable, Equatable {
    /// Rounds at most.
    public var roundsMax = 2000
    /// Rounds without a better log loss on the validation leads after which boosting stops.
    public var patienceRounds = 60
    /// How much of each tree counts (`eta`).
    public var learningRate = 0.05
    /// Splits from root to leaf at most; 5 makes at most 32 leaves.
    public var maxDepth = 5
    /// The least sum of second derivatives in a child.
    public var minChildWeight = 4.0
    /// The share of the leads each tree sees.
    public var subsample = 0.8
    /// The share of the features each tree sees.
    public var featureShare = 0.8
    /// The weight of the squared leaf values (`lambda`).
    public var l2 = 2.0
    /// Categories up to which a feature is split one against the rest; above it, into two sets.
    public var oneHotLevelsMax = 4

    /// The defaults, which suit some thousands to some hundred thousands of leads.
    public init() {}

    /// As names and values that XGBoost understands.
    func pairs(seed: UInt64, threads: Int, baseScore: Double) -> [(String, String)] {
        [
            ("objective", "binary:logistic"), ("eval_metric", "logloss"), ("tree_method", "hist"),
            ("base_score", "\(baseScore)"), ("eta", "\(learningRate)"), ("max_depth", "\(maxDepth)"),
            ("min_child_weight", "\(minChildWeight)"), ("subsample", "\(subsample)"),
            ("colsample_bytree", "\(featureShare)"), ("lambda", "\(l2)"), ("max_bin", "256"),
            ("max_cat_to_onehot", "\(oneHotLevelsMax)"), ("seed", "\(seed % 2_147_483_647)"), ("nthread", "\(threads)"),
            ("verbosity", "0"),
        ]
    }
}

/// Why training was refused: what, where, and what to do.
public struct TrainingRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// The reason and the remedy.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// How far training is.
public struct TrainingProgress: Sendable {
    /// Rounds grown so far.
    public var round: Int
    /// Rounds at most.
    public var roundsMax: Int
    /// The best log loss on the validation leads so far.
    public var bestLogLoss: Double
}
