public import TreeEnsemble

/// What serving needs to know of an ensemble beside its packed trees.
public struct EnsembleOutline: Sendable, Equatable {
    /// The library and file it was read from.
    public internal(set) var provenance: Provenance
    /// The objective, as the library writes it.
    public internal(set) var objective: String
    /// Features a row has.
    public internal(set) var featureCount: Int
    /// Columns of a row that hold categories by hash, ascending.
    public internal(set) var hashedColumns: [Int]
    /// Margins a row gets.
    public internal(set) var outputCount: Int
    /// Comparison, precision and order of the sum.
    public internal(set) var arithmetic: Arithmetic
    /// How margins become predictions.
    public internal(set) var transform: OutputTransform
    /// What sums are divided by before the transform.
    public internal(set) var averageDivisor: Int
    /// Trees of all outputs.
    public internal(set) var treeCount: Int
    /// Leaves of all trees.
    public internal(set) var leafCount: Int

    /// The outline of an ensemble.
    public init(_ ensemble: Ensemble) {
        provenance = ensemble.provenance
        objective = ensemble.objective
        featureCount = ensemble.featureCount
        hashedColumns = ensemble.derivedFeatures?.categoryColumns ?? []
        outputCount = ensemble.outputCount
        arithmetic = ensemble.arithmetic
        transform = ensemble.transform
        averageDivisor = ensemble.averageDivisor
        treeCount = ensemble.trees.count
        leafCount = ensemble.leafCount
    }

    /// The outline of nothing, to be filled in.
    init() {
        provenance = Provenance(library: "", libraryVersion: "", format: "")
        objective = ""
        (featureCount, hashedColumns, outputCount) = (0, [], 0)
        (arithmetic, transform, averageDivisor) = (.float32LessThan, .identity, 1)
        (treeCount, leafCount) = (0, 0)
    }
}
