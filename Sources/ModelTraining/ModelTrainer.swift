internal import Foundation
public import LeadScoring
public import LeadTable
internal import LeadTypes

/// A model that was learned, and all that is known of it.
public struct TrainedModel: Sendable {
    /// How raw columns become features, and margins probabilities, scores and tiers.
    public let recipe: ScoringRecipe
    /// The ensemble in UBJSON, as XGBoost wrote it.
    public let modelBytes: [UInt8]
    /// How it was learned and how well it does.
    public let report: TrainingReport
    /// Which rows of the table were used for what.
    public let split: LeadSplit
    /// For every row of the split, by its number in the table.
    public let leads: [Int: Lead]
    /// The raw columns of some test leads, from the least likely to the likeliest: what a bundle's golden rows may be made of.
    public let testColumns: [[Double]]

    /// A lead's outcome and what the model says of it.
    public struct Lead: Sendable, Equatable {
        /// What it was used for.
        public var part: LeadPart
        /// Whether it converted.
        public var converted: Bool
        /// The ensemble's margin.
        public var margin: Double
        /// The probability as it is served.
        public var probability: Float
    }
}

/// Learns from a history of leads whose outcomes are known.
public enum ModelTrainer {
    /// Grows trees, calibrates them, and measures the result on leads held back.
    ///
    /// Rows without an outcome are left out. With a date column the oldest 70 % train, the next 15 % decide when to stop and what a
    /// margin means, the latest 15 % test; without one the parts are drawn at random with equal shares of conversions. Features are
    /// computed by the code that serves them. The same table, options and seed give the same model.
    ///
    /// - Parameters:
    ///   - table: The history.
    ///   - options: What to learn, and how.
    ///   - progress: Called after each round.
    /// - Returns: The model.
    /// - Throws: ``TrainingRefusal``, `TableError`, or a failure of the library.
    public static func train(
        _ table: LeadTable,
        _ options: TrainingOptions,
        progress: (TrainingProgress) -> Void = { _ in }
    ) throws -> TrainedModel {
        for name in options.excludedColumns + [options.idColumn, options.dateColumn].compactMap({ $0 }) {
            _ = try table.requiredColumn(named: name)
        }
        let labels = try LeadOutcomes(table, options)
        let known = labels.outcomes.indices.filter { labels.outcomes[$0] != nil }
        let outcomes = labels.outcomes.map { $0 ?? false }
        let profiles = table.profiles(missing: MissingTokens(options.missingTokens))
        let timing = try LeadTiming(table, options, profiles)
        let split =
            timing.map { LeadSplit(byTime: known, days: $0.instants) }
            ?? LeadSplit(stratified: known, outcomes: known.map { outcomes[$0] }, seed: options.seed)
        try refuseOneSidedParts(split, outcomes, options)
        let plan = try FeaturePlan(table, options, profiles: profiles, trainingRows: split[.training])

        let dateForms = Dictionary(
            uniqueKeysWithValues: profiles.compactMap { profile in profile.dateForm.map { (profile.name, $0) } }
        )
        var recipe = ScoringRecipe(
            schema: plan.schema,
            features: plan.features,
            calibration: .identity,
            scale: .probability,
            tiers: [TierCut(name: "D", minimumProbability: 0)],
            idColumn: options.idColumn,
            dateColumn: options.dateColumn,
            missingTokens: options.missingTokens,
            dateForms: wordsForDates(of: plan.schema, dateForms),
            label: labels.label
        )
        let raw = try table.columns(
            for: recipe.schema,
            missing: MissingTokens(options.missingTokens),
            dateForms: dateForms
        )
        let features = try recipe.featureColumns(from: raw, asOfDays: .nan)
        let grown = try GrownEnsemble(features, outcomes, split, plan, options, progress)

        let decided = split[.validation].map { outcomes[$0] }
        let margins = grown.margins.mapValues { $0.map { Double($0) } }
        let validationMargins = margins[.validation] ?? []
        let fit = CalibrationFit.best(margins: validationMargins, outcomes: decided, seed: options.seed)
        recipe.calibration = fit.calibration
        let probability = { (margin: Double) in Float(fit.calibration.probability(ofMargin: margin) ?? .nan) }
        recipe.scale = .percentile(cuts: ScorePolicy.percentileCuts(validationMargins))
        recipe.tiers = ScorePolicy.tiers(validationMargins.map { Double(probability($0)) })
        try recipe.validate(ensembleFeatureCount: plan.features.count, ensembleOutputCount: 1)

        var leads: [Int: TrainedModel.Lead] = [:]
        for part in LeadPart.allCases {
            for (row, margin) in zip(split[part], margins[part] ?? []) {
                leads[row] = TrainedModel.Lead(
                    part: part,
                    converted: outcomes[row],
                    margin: margin,
                    probability: probability(margin)
                )
            }
        }
        let report = try makeReport(table, options, labels, split, timing, plan, grown, fit.choice, recipe, leads)
        let examples = spread(split[.test].sorted { (leads[$0]?.margin ?? 0) < (leads[$1]?.margin ?? 0) }, over: 32)
        return TrainedModel(
            recipe: recipe,
            modelBytes: grown.modelBytes,
            report: report,
            split: split,
            leads: leads,
            testColumns: raw.map { column in examples.map { column[$0] } }
        )
    }

    /// How the file wrote the dates that a batch carries, for whoever reads the text of later leads: a few rows of
    /// `03/04/2024` alone do not tell the day from the month.
    private static func wordsForDates(of schema: LeadSchema, _ forms: [String: DateForm]) -> [String: String]? {
        let dates = schema.columns.filter { $0.kind == .date }.map(\.name)
        let words = forms.filter { dates.contains($0.key) }.mapValues(\.rawValue)
        return words.isEmpty ? nil : words
    }

    /// At most so many of the rows, evenly spread, the first and the last among them.
    private static func spread(_ rows: [Int], over count: Int) -> [Int] {
        guard rows.count > count else { return rows }
        return (0..<count).map { rows[$0 * (rows.count - 1) / (count - 1)] }
    }

    private static func refuseOneSidedParts(_ split: LeadSplit, _ outcomes: [Bool], _ options: TrainingOptions) throws {
        for part in LeadPart.allCases {
            let positives = split[part].count { outcomes[$0] }
            let negatives = split[part].count - positives
            guard positives < 3 || negatives < 3 else { continue }
            throw TrainingRefusal(
                "The \(part.rawValue) part of the split \(split.isByTime ? "in time" : "at random") holds \(positives) converted leads "
                    + "and \(negatives) others; at least 3 of each are needed. "
                    + (split.isByTime
                        ? "Leave out --date to split at random, or give a longer history." : "Give more history.")
            )
        }
    }

    private static func makeReport(
        _ table: LeadTable,
        _ options: TrainingOptions,
        _ labels: LeadOutcomes,
        _ split: LeadSplit,
        _ timing: LeadTiming?,
        _ plan: FeaturePlan,
        _ grown: GrownEnsemble,
        _ calibration: CalibrationChoice,
        _ recipe: ScoringRecipe,
        _ leads: [Int: TrainedModel.Lead]
    ) throws -> TrainingReport {
        let tested = split[.test].compactMap { leads[$0] }
        let parts = LeadPart.allCases.map { part in
            let positives = split[part].count { leads[$0]?.converted == true }
            return TrainingReport.Part(
                part: part,
                rows: split[part].count,
                positives: positives,
                baseRate: Double(positives) / Double(max(1, split[part].count)),
                days: timing?.daysSpanned(by: split[part])
            )
        }
        let gains = grown.totalGains
        let gainSum = max(gains.reduce(0, +), .leastNormalMagnitude)
        let importance = zip(recipe.features, gains)
            .map { TrainingReport.Importance(feature: $0.name, gainShare: $1 / gainSum) }
            .sorted { ($1.gainShare, $0.feature) < ($0.gainShare, $1.feature) }
        let test = try TrainingReport.Test(tested, recipe.tiers)
        return TrainingReport(
            file: table.fileName.split(separator: "/").last.map(String.init) ?? table.fileName,
            rows: table.rowCount,
            rowsWithoutOutcome: table.rowCount - leads.count,
            labelColumn: labels.label.column,
            positiveValue: labels.label.positive,
            negativeValues: labels.negativeValues,
            seed: options.seed,
            split: split.isByTime ? "time" : "stratified",
            parts: parts,
            columns: plan.reports,
            boosting: grown.boosting,
            calibration: calibration,
            test: test,
            importance: importance,
            warnings: warnings(table, options, labels, split, parts, grown)
                + tooGood(test.areaUnderCurve, importance.prefix(3).map(\.feature))
        )
    }

    /// Leads are rarely told apart so well before their outcome; columns that were filled in after it do that.
    private static func tooGood(_ areaUnderCurve: Double, _ features: [String]) -> [String] {
        guard areaUnderCurve > suspiciousAreaUnderCurve else { return [] }
        let list = features.map { "'\($0)'" }.joined(separator: ", ")
        return [
            "So high an AUC is rare. Are the columns that matter most (\(list)) known before the outcome? "
                + "If not, leave them out with --exclude."
        ]
    }

    private static let suspiciousAreaUnderCurve = 0.95

    private static func warnings(
        _ table: LeadTable,
        _ options: TrainingOptions,
        _ labels: LeadOutcomes,
        _ split: LeadSplit,
        _ parts: [TrainingReport.Part],
        _ grown: GrownEnsemble
    ) -> [String] {
        var warnings = table.notes
        let positives = parts.reduce(0) { $0 + $1.positives }
        let negatives = parts.reduce(0) { $0 + $1.rows } - positives
        if min(positives, negatives) < LeadOutcomes.eachOutcomeFew {
            warnings.append(
                "Weak evidence: \(positives) leads converted and \(negatives) did not; below \(LeadOutcomes.eachOutcomeFew) of either "
                    + "the figures may be off by several points."
            )
        }
        let open = table.rowCount - positives - negatives
        if open > 0 { warnings.append("\(open) rows have no outcome and were left out.") }
        if labels.negativeValues.count > 1, options.positiveValue != nil {
            let list = labels.negativeValues.prefix(6).map { "'\($0)'" }.joined(separator: ", ")
            warnings.append(
                "These outcomes count as not converted: \(list). If one means not decided yet, name it with --missing."
            )
        }
        if split.undatedRows > 0 {
            warnings.append("\(split.undatedRows) rows have no date; they were used for training.")
        }
        if let first = parts.first, let last = parts.last, split.isByTime, first.baseRate > 0, last.baseRate > 0 {
            let change = last.baseRate / first.baseRate
            if change > 1.5 || change < 1 / 1.5 {
                warnings.append(
                    "The share of converted leads changed from \(percentText(first.baseRate)) in training to "
                        + "\(percentText(last.baseRate)) in the test; probabilities learned from the past may not hold."
                )
            }
        }
        if grown.boosting.roundsKept == options.boosting.roundsMax {
            warnings.append("The trees were still getting better at the last round allowed.")
        }
        return warnings
    }
}

/// The instants of the leads, from the date column.
struct LeadTiming {
    /// For every row days since 1970, or whatever rises with time; NaN where unknown.
    let instants: [Double]
    private let isCalendar: Bool

    /// Reads the date column; nil when there is none.
    init?(_ table: LeadTable, _ options: TrainingOptions, _ profiles: [ColumnProfile]) throws {
        guard let name = options.dateColumn else { return nil }
        let column = try table.requiredColumn(named: name)
        let profile = profiles[column]
        let missing = MissingTokens(options.missingTokens)
        isCalendar = profile.dateForm != nil
        if let form = profile.dateForm {
            instants = try table.days(ofColumn: column, form: form, missing: missing)
        } else if let numbers = try? table.numbers(ofColumn: column, missing: missing), profile.meaning != .empty {
            instants = numbers
        } else {
            throw TrainingRefusal(
                "\(table.fileName): the date column '\(name)' holds neither dates of one form nor numbers that rise with time; "
                    + (["name another column, or split at random without one"] + profile.notes).joined(separator: ". ")
            )
        }
    }

    /// The first and the last day of some rows; nil when these are no calendar days.
    func daysSpanned(by rows: [Int]) -> [String]? {
        let days = rows.map { instants[$0] }.filter { !$0.isNaN }
        guard isCalendar, let first = days.min(), let last = days.max() else { return nil }
        return [first, last].map { isoDate(dayNumber: Int($0.rounded(.down))) }
    }
}
