public import EnsembleKernels
public import LeadTypes
public import LeadWire
public import TreeEnsemble

/// A model in service: ensemble, feature preparation, calibration, score and tiers as one immutable whole.
///
/// Any number of threads may score with it, each with its own ``ScoringWorkspace``.
public final class LeadModel: Sendable {
    /// The name that requests ask for.
    public let name: String
    /// The exact version.
    public let version: String
    /// What the model does with a batch.
    public let recipe: ScoringRecipe
    /// The ensemble's form and origin; its trees are in ``kernel`` and not kept twice.
    public let ensembleSummary: EnsembleSummary
    /// The ensemble, packed.
    public let kernel: EnsembleKernel

    let plan: FeaturePlan
    let probabilities: ProbabilityPlan
    let tierMinima: [Float]
    /// The cuts of a percentile score.
    let scoreCuts: RisingCuts

    /// A model of these parts.
    /// - Parameters:
    ///   - name: the name that requests ask for; 1 to 255 bytes.
    ///   - version: the exact version; at most 255 bytes.
    ///   - recipe: what to do with a batch.
    ///   - ensemble: the trees.
    ///   - kernel: the kernel to use; the best that the processor can run if nil.
    /// - Throws: ``InvalidRecipe`` if the recipe does not fit the ensemble, and what `EnsembleKernel` throws.
    public init(
        name: String,
        version: String,
        recipe: ScoringRecipe,
        ensemble: Ensemble,
        kernel: KernelName? = nil
    ) throws {
        guard !name.isEmpty, name.utf8.count <= 255, version.utf8.count <= 255 else {
            throw InvalidRecipe("a model's name has 1 to 255 bytes, its version at most 255")
        }
        try recipe.validate(ensembleFeatureCount: ensemble.featureCount, ensembleOutputCount: ensemble.outputCount)
        try recipe.validate(hashedFeatures: ensemble.derivedFeatures?.categoryColumns ?? [])
        probabilities = try ProbabilityPlan(recipe, ensemble)
        self.kernel = try EnsembleKernel(ensemble, kernel: kernel)
        self.name = name
        self.version = version
        self.recipe = recipe
        ensembleSummary = EnsembleSummary(ensemble)
        plan = try FeaturePlan(recipe, ensemble.arithmetic)
        if case .percentile(let cuts) = recipe.scale {
            scoreCuts = RisingCuts(cuts)
        } else {
            scoreCuts = RisingCuts([])
        }
        tierMinima = recipe.tiers.map { Float($0.minimumProbability) }
    }

    /// The columns that a batch carries.
    public var schema: LeadSchema { recipe.schema }

    /// Checks that a decoded batch is one for this model; after it, ``score(_:message:rows:asOfDays:workspace:into:)``
    /// cannot fail.
    /// - Parameter request: the batch.
    /// - Throws: `schemaMismatch` with the expected fingerprint, `columnCount`, or `columnKind` with the column.
    public func check(_ request: borrowing ScoreRequest) throws(WireError) {
        guard request.fingerprint == schema.fingerprint else {
            throw WireError(
                .schemaMismatch,
                "the batch was made for another schema than that of \(name) \(version)",
                expectedFingerprint: schema.fingerprint
            )
        }
        guard request.columns.count == schema.columns.count else {
            throw WireError(
                .columnCount,
                "\(request.columns.count) columns where the schema has \(schema.columns.count)",
                expectedFingerprint: schema.fingerprint
            )
        }
        for index in plan.nonCategories where request.columns[index].encoding.isDictionary {
            let column = schema.columns[index]
            throw WireError(
                .columnKind,
                "\"\(column.name)\" is a \(column.kind.rawValue); strings are for categories",
                column: index
            )
        }
    }
}

/// An ensemble's form and origin, without its trees.
public struct EnsembleSummary: Sendable, Equatable {
    /// The library and file it was read from.
    public let provenance: Provenance
    /// The objective, as the library writes it.
    public let objective: String
    /// Features a row has.
    public let featureCount: Int
    /// Margins a row gets.
    public let outputCount: Int
    /// Trees of all outputs.
    public let treeCount: Int
    /// Leaves of all trees.
    public let leafCount: Int

    /// The summary of an ensemble.
    public init(_ ensemble: Ensemble) {
        provenance = ensemble.provenance
        objective = ensemble.objective
        featureCount = ensemble.featureCount
        outputCount = ensemble.outputCount
        treeCount = ensemble.trees.count
        leafCount = ensemble.leafCount
    }
}
