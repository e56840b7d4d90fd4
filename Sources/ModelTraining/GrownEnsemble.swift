internal import LeadScoring

/// Trees grown on the training leads until the validation leads say stop, cut to the rounds worth keeping.
struct GrownEnsemble {
    let modelBytes: [UInt8]
    let boosting: TrainingReport.Boosting
    /// The margins of each part's leads, in the order of the split.
    let margins: [LeadPart: [Float]]
    /// For each feature the sum of the gains of its splits.
    let totalGains: [Double]

    init(
        _ features: [[Double]],
        _ outcomes: [Bool],
        _ split: LeadSplit,
        _ plan: FeaturePlan,
        _ options: TrainingOptions,
        _ progress: (TrainingProgress) -> Void
    ) throws {
        func matrix(_ part: LeadPart) throws -> XGBoostMatrix {
            let rows = split[part]
            var values = [Float](repeating: .nan, count: rows.count * features.count)
            for (feature, column) in features.enumerated() {
                var at = feature
                for row in rows {
                    values[at] = Float(column[row])
                    at += features.count
                }
            }
            return try XGBoostMatrix(
                values: values,
                labels: rows.map { outcomes[$0] ? 1 : 0 },
                names: plan.features.map(\.name),
                types: plan.types,
                threads: options.threads
            )
        }
        let training = try matrix(.training)
        let validation = try matrix(.validation)
        let settings = options.boosting
        // Growth starts from the base rate, so that the first rounds need not find it.
        let positives = split[.training].count { outcomes[$0] }
        let baseRate = (Double(positives) / Double(split[.training].count) * 1e4).rounded() / 1e4
        let parameters = settings.pairs(
            seed: options.seed,
            threads: options.threads,
            baseScore: min(max(baseRate, 0.0001), 0.9999)
        )
        let booster = try XGBoostBooster(parameters: parameters, matrices: [training, validation])
        var best = (round: 0, logLoss: Double.infinity)
        var round = 0
        while round < settings.roundsMax, round - best.round < settings.patienceRounds {
            try booster.grow(round: round, on: training)
            round += 1
            let logLoss = try booster.metrics(round: round - 1, on: [validation])[0]
            if logLoss < best.logLoss { best = (round, logLoss) }
            progress(TrainingProgress(round: round, roundsMax: settings.roundsMax, bestLogLoss: best.logLoss))
        }
        let kept = try booster.firstRounds(best.round)
        modelBytes = try kept.model()
        margins = [
            .training: try kept.margins(training), .validation: try kept.margins(validation),
            .test: try kept.margins(try matrix(.test)),
        ]
        totalGains = try kept.totalGains(featureCount: features.count)
        // Threads do not change what is learned, so they are no part of how it was learned.
        boosting = TrainingReport.Boosting(
            library: "XGBoost \(xgboostVersion())",
            parameters: Dictionary(
                uniqueKeysWithValues: parameters.filter { $0.0 != "nthread" && $0.0 != "verbosity" }
            ),
            roundsGrown: round,
            roundsKept: best.round,
            validationLogLoss: best.logLoss
        )
    }
}
