/// What a CatBoost file holds, gathered from either of its forms, before it is put together.
struct CatBoostModel {
    let kind: ModelFileKind
    /// Bytes of the file, which bound what may be made of it.
    let byteCount: Int
    var outputCount = 1
    var scale = 1.0
    var biases: [Double] = []
    var numericFeatures: [NumericFeature] = []
    var categoryFeatures: [CategoryFeature] = []
    var oneHotFeatures: [OneHotFeature] = []
    var statistics: [CatBoostStatistic] = []
    var tables: [CatBoostStatistic.Base: CatBoostTable] = [:]
    var trees: [CatBoostTree] = []
    /// The loss function's name; empty if the file does not say.
    var loss = ""
    /// The text about CatBoost's own version.
    var versionText = ""

    struct NumericFeature {
        /// The number among numeric features.
        var index: Int
        /// The column in a row.
        var column: Int
        var borders: [Float]
        /// Whether a missing value is above all borders; below them otherwise.
        var missingIsAbove: Bool
        var name: String
    }

    struct CategoryFeature {
        /// The number among categorical features.
        var index: Int
        /// The column in a row.
        var column: Int
        var name: String
    }

    struct OneHotFeature {
        /// The categorical feature's number.
        var category: Int
        /// Hashes as signed numbers.
        var values: [Int32]
    }

    init(kind: ModelFileKind, byteCount: Int) {
        self.kind = kind
        self.byteCount = byteCount
    }

    func damaged(_ problem: String) -> ModelFileError {
        ModelFileError(
            kind: kind,
            position: .file,
            problem: problem,
            remedy: "the file is damaged; save the model again"
        )
    }

    func unsupported(_ problem: String, remedy: String) -> ModelFileError {
        ModelFileError(kind: kind, position: .file, problem: problem, remedy: remedy)
    }

    /// The refusal of what is made from text or embeddings.
    func unsupportedSource(_ what: String) -> ModelFileError {
        unsupported(
            "the model has \(what) features",
            remedy: "numbers and categories can be read; train without text_features and embedding_features"
        )
    }
}

/// A tree as the files have it: splits by their number among all splits of the model.
struct CatBoostTree {
    enum Shape {
        /// Split i sets bit i of the leaf's number.
        case oblivious(splits: [Int32])
        /// Each node its split and children, a node's index or `~leaf`; the root first.
        case free(nodes: [(split: Int32, left: Int32, right: Int32)])
    }

    var shape: Shape
    /// Leaf after leaf, one value an output.
    var leafValues: [Double]

    /// The deepest tree CatBoost trains.
    static let depthMax = 16
}
