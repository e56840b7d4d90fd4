/// A trained tree ensemble in one form for every library it may come from.
///
/// The value is plain data: no pointers, no library. What a number means (comparison, precision, order of the sum) is
/// in ``arithmetic``; ``ReferenceEvaluator`` is the definition of every bit of the result, and the kernels must agree
/// with it.
public struct Ensemble: Sendable, Equatable {
    /// The library and file the ensemble was read from.
    public var provenance: Provenance
    /// The objective's name as the library writes it, for example `binary:logistic`.
    public var objective: String
    /// One name a feature; the count is the width of a row.
    public var featureNames: [String]
    /// Margins a row gets: 1, or one a class or target.
    public var outputCount: Int
    /// Comparison, precision and order of the sum.
    public var arithmetic: Arithmetic
    /// What each output starts from, or what is added to it last, as ``arithmetic`` says; one an output (XGBoost's base
    /// score as a margin; 0 for LightGBM).
    public var baseMargins: [Double]
    /// What sums are multiplied with before a base margin that comes last.
    public var sumScale: SumScale
    /// Features that are computed from a row first (CatBoost's categories); nil if trees look at columns alone.
    public var derivedFeatures: DerivedFeatures?
    /// The linear model that stands in the trees' place (XGBoost's `gblinear`).
    public var linearModel: LinearModel?
    /// The trees in the order in which they are added up.
    public var trees: [Tree]
    /// How margins become predictions.
    public var transform: OutputTransform
    /// LightGBM's random forests divide the sum by this before the transform; 1 elsewhere.
    public var averageDivisor: Int
    /// The iteration at which early stopping found its best, where the file says so; nothing is cut by it.
    public var bestIteration: Int?
    /// The names of categories in the order of their codes, where the file keeps them.
    ///
    /// One list a feature, empty for one without; none at all if no feature has any. Rows hold codes, so evaluation does
    /// not look at names.
    public var categoryNames: [[String]]

    /// An ensemble of these parts; call ``validate()`` before evaluating one that came from outside.
    public init(
        provenance: Provenance,
        objective: String,
        featureNames: [String],
        outputCount: Int,
        arithmetic: Arithmetic,
        baseMargins: [Double],
        sumScale: SumScale = .none,
        derivedFeatures: DerivedFeatures? = nil,
        linearModel: LinearModel? = nil,
        trees: [Tree],
        transform: OutputTransform,
        averageDivisor: Int = 1,
        bestIteration: Int? = nil,
        categoryNames: [[String]] = []
    ) {
        self.provenance = provenance
        self.objective = objective
        self.featureNames = featureNames
        self.outputCount = outputCount
        self.arithmetic = arithmetic
        self.baseMargins = baseMargins
        self.sumScale = sumScale
        self.derivedFeatures = derivedFeatures
        self.linearModel = linearModel
        self.trees = trees
        self.transform = transform
        self.averageDivisor = averageDivisor
        self.bestIteration = bestIteration
        self.categoryNames = categoryNames
    }

    /// The width of a row.
    public var featureCount: Int { featureNames.count }
    /// Leaves of all trees.
    public var leafCount: Int { trees.reduce(0) { $0 + $1.leafValues.count } }
}

/// The library and file an ensemble was read from.
public struct Provenance: Sendable, Equatable {
    /// `xgboost`, `lightgbm`, `catboost`, or the producer that an ONNX file names.
    public var library: String
    /// The version that wrote the file, as far as the file tells.
    public var libraryVersion: String
    /// The file's form: `xgboost-json`, `xgboost-ubjson`, `lightgbm-text`, `onnx`, `catboost-cbm`,
    /// `catboost-json`.
    public var format: String

    /// A provenance of these words.
    public init(library: String, libraryVersion: String, format: String) {
        self.library = library
        self.libraryVersion = libraryVersion
        self.format = format
    }
}

/// One tree: inner nodes and leaves in flat arrays.
public struct Tree: Sendable, Equatable {
    /// The output (class or target) that the tree adds to.
    public var output: Int
    /// Inner nodes, the root first; none if the tree is a single leaf.
    public var nodes: [Node]
    /// Leaf values, already scaled by the tree's weight; exact in the precision of the sum.
    public var leafValues: [Double]
    /// Category sets that nodes refer to.
    public var categorySets: [CategorySet]
    /// Sets of numbers that nodes refer to (ONNX's `BRANCH_EQ` and `MEMBER`).
    public var numberSets: [[Double]]
    /// What leaves add beside their value (LightGBM's `linear_tree`), one a leaf; empty if no leaf is linear.
    public var linearLeaves: [LinearLeaf]

    /// A tree of these parts.
    public init(
        output: Int,
        nodes: [Node],
        leafValues: [Double],
        categorySets: [CategorySet] = [],
        numberSets: [[Double]] = [],
        linearLeaves: [LinearLeaf] = []
    ) {
        self.output = output
        self.nodes = nodes
        self.leafValues = leafValues
        self.categorySets = categorySets
        self.numberSets = numberSets
        self.linearLeaves = linearLeaves
    }
}

/// An inner node.
public struct Node: Sendable, Equatable {
    /// The feature that is looked at: a column, or from the ensemble's `featureCount` on a derived one.
    public var feature: Int32
    /// The test on it.
    public var test: NodeTest
    /// What a missing value does.
    public var missing: MissingRule
    /// Where a missing value goes, if ``missing`` sends it anywhere.
    public var defaultLeft: Bool
    /// The child when the test holds: a node's index, or `~leaf` for a leaf.
    public var left: Int32
    /// The child when it does not.
    public var right: Int32

    /// A node of these parts.
    public init(feature: Int32, test: NodeTest, missing: MissingRule, defaultLeft: Bool, left: Int32, right: Int32) {
        self.feature = feature
        self.test = test
        self.missing = missing
        self.defaultLeft = defaultLeft
        self.left = left
        self.right = right
    }
}

/// A node's test: true sends the row left.
public enum NodeTest: Sendable, Equatable {
    /// Compares with the threshold, as ``Arithmetic`` says; an exact float32 value for XGBoost.
    case threshold(Double)
    /// Looks the category up in the tree's set of this index; a row in the set goes left.
    case inSetLeft(set: Int32)
    /// Looks the category up; a row in the set goes right (XGBoost's way).
    case inSetRight(set: Int32)
    /// Looks the value itself up among the tree's numbers of this index; a row whose value is one of them goes left.
    case equalsLeft(numbers: Int32)
}

/// What counts as missing at a node.
public enum MissingRule: UInt8, Sendable, Equatable {
    /// Nothing: NaN is read as 0 (LightGBM's `None`). A categorical node sends NaN to the side of "not in the set".
    case none
    /// NaN and zero (at most `1e-35f` in size) take the default side (LightGBM's `Zero`).
    case zeroAndNaN
    /// NaN takes the default side (XGBoost; LightGBM's `NaN`).
    case nan
}

/// A set of categories, one bit a code, 32 codes a word, lowest bit first.
public struct CategorySet: Sendable, Equatable {
    /// The bits.
    public var words: [UInt32]

    /// A set of these bits.
    public init(words: [UInt32]) { self.words = words }

    /// A set of these codes; a negative code is not put in.
    public init(codes: some Sequence<Int>) {
        var words: [UInt32] = []
        for code in codes where code >= 0 {
            while words.count <= code / 32 { words.append(0) }
            words[code / 32] |= 1 << UInt32(code % 32)
        }
        self.words = words
    }

    /// Whether the code is in the set; false for any code outside its words.
    public func contains(_ code: Int) -> Bool {
        code >= 0 && code / 32 < words.count && words[code / 32] >> UInt32(code % 32) & 1 == 1
    }
}
