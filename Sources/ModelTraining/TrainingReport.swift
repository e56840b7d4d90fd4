public import LeadTable

/// What was learned from which leads, how, and how well it does on leads it has not seen.
///
/// Kept in the bundle as `report.json`. The same leads, options and seed give the same report: it holds no clock time.
public struct TrainingReport: Codable, Sendable, Equatable {
    /// What a column was used for.
    public enum Use: String, Codable, Sendable {
        /// The trees look at it.
        case feature
        /// The outcome.
        case label
        /// Names the lead.
        case id
        /// Dates the lead.
        case date
        /// Left out because the user said so.
        case excluded
        /// Left out for the reason in its notes.
        case unused
    }

    /// A column of the history.
    public struct Column: Codable, Sendable, Equatable {
        /// Its name.
        public var name: String
        /// What it was taken for.
        public var meaning: ColumnProfile.Meaning
        /// What it was used for.
        public var use: Use
        /// The share of leads without a value.
        public var missingShare: Double
        /// A category's levels, the one for rare texts included.
        public var levels: Int?
        /// What a user may want to know.
        public var notes: [String]

        init(_ profile: ColumnProfile, rows: Int) {
            name = profile.name
            meaning = profile.meaning
            use = .unused
            missingShare = Double(profile.missingRows) / Double(max(1, rows))
            notes = profile.notes
        }
    }

    /// One of the parts the leads were split into.
    public struct Part: Codable, Sendable, Equatable {
        /// Which part.
        public var part: LeadPart
        /// Its leads.
        public var rows: Int
        /// Those that converted.
        public var positives: Int
        /// Their share.
        public var baseRate: Double
        /// The first and last day of a part in time, as ISO dates.
        public var days: [String]?
    }

    /// How the trees were grown.
    public struct Boosting: Codable, Sendable, Equatable {
        /// The library and its version.
        public var library: String
        /// XGBoost's parameters as they were set.
        public var parameters: [String: String]
        /// Rounds grown before the validation leads said stop.
        public var roundsGrown: Int
        /// Rounds kept, one tree each: those up to the lowest log loss on the validation leads.
        public var roundsKept: Int
        /// That log loss, before calibration.
        public var validationLogLoss: Double
    }

    /// A tier on the test leads.
    public struct Tier: Codable, Sendable, Equatable {
        /// Its name.
        public var name: String
        /// The least probability in it.
        public var minimumProbability: Double
        /// Leads in it.
        public var rows: Int
        /// Those that converted.
        public var positives: Int
        /// The share of leads in this tier and those above that converted; nil without leads.
        public var precision: Double?
        /// The share of all converted leads that are in this tier and those above.
        public var recall: Double
    }

    /// How far probabilities are from outcomes.
    public struct ProbabilityFigures: Codable, Sendable, Equatable {
        /// See ``EvaluationMetrics/logLoss(_:_:)``.
        public var logLoss: Double
        /// See ``EvaluationMetrics/brierScore(_:_:)``.
        public var brier: Double
        /// See ``EvaluationMetrics/expectedCalibrationError(_:)``.
        public var expectedCalibrationError: Double
        /// See ``EvaluationMetrics/reliability(_:_:bins:)``.
        public var reliability: [EvaluationMetrics.ReliabilityBin]

        init(_ probabilities: [Double], _ outcomes: [Bool]) {
            logLoss = EvaluationMetrics.logLoss(probabilities, outcomes)
            brier = EvaluationMetrics.brierScore(probabilities, outcomes)
            reliability = EvaluationMetrics.reliability(probabilities, outcomes)
            expectedCalibrationError = EvaluationMetrics.expectedCalibrationError(reliability)
        }
    }

    /// The figures on the leads held back.
    public struct Test: Codable, Sendable, Equatable {
        /// See ``EvaluationMetrics/areaUnderCurve(_:_:)``; of the margins.
        public var areaUnderCurve: Double
        /// See ``EvaluationMetrics/averagePrecision(_:_:)``; of the margins.
        public var averagePrecision: Double
        /// Of the ensemble's own sigmoid.
        public var beforeCalibration: ProbabilityFigures
        /// Of the probabilities as they are served.
        public var afterCalibration: ProbabilityFigures
        /// The tiers, best first.
        public var tiers: [Tier]
        /// Gain and lift, best tenth first.
        public var lift: [EvaluationMetrics.LiftDecile]
    }

    /// How much a feature matters.
    public struct Importance: Codable, Sendable, Equatable {
        /// The feature's name.
        public var feature: String
        /// Its share of the gain of all splits.
        public var gainShare: Double
    }

    /// The form of this report.
    public var form = 1
    /// The file learned from.
    public var file: String
    /// Its rows.
    public var rows: Int
    /// Rows without an outcome, which were left out.
    public var rowsWithoutOutcome: Int
    /// The column of outcomes.
    public var labelColumn: String
    /// The outcome that counts as converted.
    public var positiveValue: String
    /// The outcomes that count as not converted.
    public var negativeValues: [String]
    /// Settled every random choice.
    public var seed: UInt64
    /// `time` or `stratified`.
    public var split: String
    /// The parts.
    public var parts: [Part]
    /// The columns, in the order of the file.
    public var columns: [Column]
    /// How the trees were grown.
    public var boosting: Boosting
    /// How the calibration was found.
    public var calibration: CalibrationChoice
    /// The figures on the leads held back.
    public var test: Test
    /// The features by how much they matter, the most first.
    public var importance: [Importance]
    /// What a user should know before trusting the figures.
    public var warnings: [String]
}
