public import LeadScoring

/// What a new bundle is made of.
public struct BundleDraft: Sendable {
    /// The model file as its library wrote it; its kind is recognised by its content.
    public var modelBytes: [UInt8]
    /// What turns columns into scores.
    public var recipe: ScoringRecipe
    /// Where the model came from.
    public var source: BundleManifest.Source
    /// Raw columns of the golden rows, at most ``GoldenRows/rowsMax`` rows; drawn from the trees' thresholds if nil.
    public var goldenColumns: [[Double]]?
    /// The instant that the golden rows are scored for, in days since 1970-01-01T00:00Z.
    public var goldenAsOfDays: Double
    /// A report to keep, as JSON; nil for none.
    public var report: [UInt8]?
    /// Figures of the report that lists show.
    public var figures: [String: Double]

    /// A draft of these parts.
    public init(
        modelBytes: [UInt8],
        recipe: ScoringRecipe,
        source: BundleManifest.Source,
        goldenColumns: [[Double]]? = nil,
        goldenAsOfDays: Double = 20_000.5,
        report: [UInt8]? = nil,
        figures: [String: Double] = [:]
    ) {
        self.modelBytes = modelBytes
        self.recipe = recipe
        self.source = source
        self.goldenColumns = goldenColumns
        self.goldenAsOfDays = goldenAsOfDays
        self.report = report
        self.figures = figures
    }
}

/// A bundle that was loaded and passed every check.
public struct LoadedBundle: Sendable {
    /// The bundle's folder.
    public let path: String
    /// The model's name: that of the folder around the bundle.
    public let name: String
    /// The version: the name of the bundle's folder.
    public let version: String
    /// What the bundle says about itself.
    public let manifest: BundleManifest
    /// The model, ready to score.
    public let model: LeadModel
    /// The golden rows that it passed.
    public let goldenRows: GoldenRows
    /// The report as JSON, if there is one.
    public let report: [UInt8]?
    /// What became of the packed plan beside the model file.
    public let plan: PlanUse

    /// What an operator should hear of a bundle that is served all the same; nil if there is nothing.
    public var notice: String? {
        guard case .refused(let file, let reason) = plan else { return nil }
        return "\(path)/\(file) is not used (\(reason)); the model file was read and packed instead, which takes longer"
    }
}

/// What became of a bundle's packed plan.
public enum PlanUse: Sendable, Equatable {
    /// The kernel reads the plan of this file.
    case used(file: String)
    /// The bundle has no plan for the kernel: the model file was read and packed.
    case absent
    /// The plan in this file could not be used, for this reason: the model file was read and packed.
    case refused(file: String, reason: String)
}
