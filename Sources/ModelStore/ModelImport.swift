internal import ByteKit
internal import EnsembleFormats
public import LeadScoring
internal import LeadTypes
public import TreeEnsemble

/// Makes a bundle's draft from a model that was trained elsewhere.
public struct ModelImport: Sendable {
    /// The model file.
    public var modelBytes: [UInt8]
    /// Its name, for errors and for people.
    public var fileName: String
    /// What the model wants to be fed; nil if each feature is a number of the feature's name.
    public var schema: ImportSchema?
    /// Which class of a model with several is the success; nil if the model has one output.
    public var output: Int?
    /// A calibration of the margin; nil for the objective's own probability.
    public var calibration: Calibration?
    /// The tiers, best first.
    public var tiers: [TierCut]

    /// The tiers of a model for which nobody named others.
    public static let defaultTiers = [
        TierCut(name: "A", minimumProbability: 0.5), TierCut(name: "B", minimumProbability: 0.2),
        TierCut(name: "C", minimumProbability: 0.05), TierCut(name: "D", minimumProbability: 0),
    ]

    /// An import of these parts.
    public init(
        modelBytes: [UInt8],
        fileName: String,
        schema: ImportSchema? = nil,
        output: Int? = nil,
        calibration: Calibration? = nil,
        tiers: [TierCut] = Self.defaultTiers
    ) {
        self.modelBytes = modelBytes
        self.fileName = fileName
        self.schema = schema
        self.output = output
        self.calibration = calibration
        self.tiers = tiers
    }

    /// Reads the model and makes the draft.
    /// - Parameter tool: the program and its version, for the bundle's source.
    /// - Returns: the draft, and the ensemble it is of.
    /// - Throws: what reading the model file throws, or `InvalidRecipe` with what to do.
    public func draft(tool: String) throws -> (draft: BundleDraft, ensemble: Ensemble) {
        let ensemble = try ModelFile.read(modelBytes, name: fileName)
        let leadSchema: LeadSchema
        let rules: [FeatureRule]
        if let schema {
            leadSchema = try schema.leadSchema()
            rules = try schema.rules(for: ensemble)
        } else {
            try checkNames(ensemble.featureNames)
            let hashed = Set(ensemble.derivedFeatures?.categoryColumns ?? [])
            leadSchema = LeadSchema(
                columns: ensemble.featureNames.enumerated().map { index, name in
                    LeadColumn(name: name, kind: hashed.contains(index) ? .category : .number)
                }
            )
            rules = ensemble.featureNames.enumerated().map { index, name in
                FeatureRule(column: name, preparation: hashed.contains(index) ? .categoryHash : .number)
            }
        }
        let recipe = ScoringRecipe(
            schema: leadSchema,
            features: rules,
            calibration: try chosenCalibration(ensemble),
            scale: .probability,
            tiers: tiers,
            outputIndex: try chosenOutput(ensemble),
            idColumn: schema?.id,
            missingTokens: schema?.missing ?? [],
            label: schema?.label
        )
        try recipe.validate(ensembleFeatureCount: ensemble.featureCount, ensembleOutputCount: ensemble.outputCount)
        let source = BundleManifest.Source(
            how: "imported",
            tool: tool,
            details: [
                "file": fileName, "library": ensemble.provenance.library,
                "libraryVersion": ensemble.provenance.libraryVersion, "objective": ensemble.objective,
                "sha256": SHA256Digest.hexadecimal(of: modelBytes),
            ]
        )
        return (BundleDraft(modelBytes: modelBytes, recipe: recipe, source: source), ensemble)
    }

    private func checkNames(_ names: [String]) throws(InvalidRecipe) {
        var seen: Set<String> = []
        for (index, name) in names.enumerated() where name.isEmpty || !seen.insert(name).inserted {
            throw InvalidRecipe(
                name.isEmpty
                    ? "the model's feature \(index) has no name; name the columns with --schema"
                    : "the model has two features named \"\(name)\"; name the columns with --schema"
            )
        }
    }

    private func chosenOutput(_ ensemble: Ensemble) throws(InvalidRecipe) -> Int {
        if let output {
            guard output >= 0, output < ensemble.outputCount else {
                throw InvalidRecipe("output \(output) of a model that has \(ensemble.outputCount), counted from 0")
            }
            return output
        }
        guard ensemble.outputCount == 1 else {
            throw InvalidRecipe(
                "the model has \(ensemble.outputCount) outputs; say with --output which class is the success (0 to "
                    + "\(ensemble.outputCount - 1))"
            )
        }
        return 0
    }

    private func chosenCalibration(_ ensemble: Ensemble) throws(InvalidRecipe) -> Calibration {
        if let calibration { return calibration }
        if ensemble.transform.givesProbability { return .identity }
        // By its definition the margin of this objective is the log-odds.
        if ensemble.objective == "binary:logitraw" { return .platt(slope: 1, intercept: 0) }
        if ensemble.transform == .argmax32 {
            throw InvalidRecipe(
                "the objective \(ensemble.objective) gives a class and no probability; train with multi:softprob"
            )
        }
        throw InvalidRecipe(
            "the objective \(ensemble.objective) gives no probability; train with a binary objective (XGBoost "
                + "binary:logistic, LightGBM binary), or say with --platt SLOPE,INTERCEPT how a margin becomes one"
        )
    }
}
