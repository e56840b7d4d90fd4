public import EnsembleKernels
public import LeadTypes
public import LeadWire
internal import Synchronization
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
    /// The ensemble, packed, and what is known of it beside its trees.
    public let kernel: EnsembleKernel

    let plan: FeaturePlan
    let lazyBins = AtomicLazyReference<BinTables>()
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
    public convenience init(
        name: String,
        version: String,
        recipe: ScoringRecipe,
        ensemble: Ensemble,
        kernel: KernelName? = nil
    ) throws {
        try self.init(name, version, recipe, EnsembleOutline(ensemble)) {
            try EnsembleKernel(ensemble, kernel: kernel)
        }
    }

    /// A model of an ensemble that is packed already.
    /// - Parameters:
    ///   - name: the name that requests ask for; 1 to 255 bytes.
    ///   - version: the exact version; at most 255 bytes.
    ///   - recipe: what to do with a batch.
    ///   - kernel: the ensemble, packed.
    /// - Throws: ``InvalidRecipe`` if the recipe does not fit the ensemble.
    public convenience init(name: String, version: String, recipe: ScoringRecipe, kernel: EnsembleKernel) throws {
        try self.init(name, version, recipe, kernel.outline) { kernel }
    }

    /// Packs only what the recipe fits.
    private init(
        _ name: String,
        _ version: String,
        _ recipe: ScoringRecipe,
        _ outline: EnsembleOutline,
        packing: () throws -> EnsembleKernel
    ) throws {
        guard !name.isEmpty, name.utf8.count <= 255, version.utf8.count <= 255 else {
            throw InvalidRecipe("a model's name has 1 to 255 bytes, its version at most 255")
        }
        try recipe.validate(ensembleFeatureCount: outline.featureCount, ensembleOutputCount: outline.outputCount)
        try recipe.validate(hashedFeatures: outline.hashedColumns)
        probabilities = try ProbabilityPlan(recipe, outline)
        kernel = try packing()
        self.name = name
        self.version = version
        self.recipe = recipe
        plan = try FeaturePlan(recipe, outline.arithmetic, readsFeature: kernel.readsFeature)
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
        for index in schema.columns.indices
        where request.columns[index].encoding == .microseconds && schema.columns[index].kind != .date {
            let column = schema.columns[index]
            throw WireError(
                .columnKind,
                "\"\(column.name)\" is a \(column.kind.rawValue); microseconds are for dates",
                column: index
            )
        }
        try checkBins(request)
        for index in plan.nonCategories where request.columns[index].encoding.isDictionary {
            let column = schema.columns[index]
            throw WireError(
                .columnKind,
                "\"\(column.name)\" is a \(column.kind.rawValue); strings are for categories",
                column: index
            )
        }
    }

    /// Refuses bins of columns that have none, or of another model.
    private func checkBins(_ request: borrowing ScoreRequest) throws(WireError) {
        for index in schema.columns.indices where request.columns[index].encoding.isBins {
            let column = schema.columns[index]
            guard let bins = binTables.bins[index] else {
                throw WireError(
                    .columnKind,
                    "\"\(column.name)\" has no bins in \(name) \(version); send its values",
                    column: index
                )
            }
            guard request.columns[index].binsFingerprint == bins.fingerprint else {
                throw WireError(
                    .binsMismatch,
                    "the bins of \"\(column.name)\" are not those of \(name) \(version)",
                    column: index,
                    expectedFingerprint: bins.fingerprint
                )
            }
        }
    }
}
