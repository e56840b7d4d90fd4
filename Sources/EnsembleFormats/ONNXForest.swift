internal import TreeEnsemble

/// What a node of ONNX's trees does.
enum ONNXNodeMode: UInt8 {
    /// The numbers of `TreeEnsemble` (ai.onnx.ml 5), and one for a leaf.
    case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual, member, leaf
}

/// How scores become an operator's output (`post_transform`).
enum ONNXPostTransform: Int64 {
    /// The numbers of `TreeEnsemble` (ai.onnx.ml 5) as ONNX Runtime reads them; the standard has 1 and 2 the other way
    /// round.
    case none, logistic, softmax, softmaxZero, probit
}

/// How trees become one score (`aggregate_function`).
enum ONNXAggregate: Int64 {
    /// The numbers of `TreeEnsemble` (ai.onnx.ml 5).
    case average, sum, minimum, maximum
}

/// The attributes of one tree operator in one form: nodes of all trees in flat arrays, children as indices, checked.
///
/// Both kinds of operator are brought to it: the older ones (`TreeEnsembleClassifier`, `TreeEnsembleRegressor`), whose
/// leaves are nodes, and `TreeEnsemble`, whose leaves stand apart and are put behind the nodes here.
struct ONNXForest {
    /// What values, thresholds and sums are exact in.
    var precision = Arithmetic.Precision.float32
    /// Classes or targets.
    var outputs = 1
    /// Whether the operator is a classifier, whose outputs follow rules of their own.
    var isClassifier = false
    /// Whether what it gives is float32 even where the sums are float64.
    var isNarrowed = false
    var aggregate = ONNXAggregate.sum
    var postTransform = ONNXPostTransform.none
    var baseValues: [Double] = []

    /// The node at which each tree begins, in the order of the sum.
    var roots: [Int32] = []
    var modes: [ONNXNodeMode] = []
    var features: [Int32] = []
    var thresholds: [Double] = []
    var whenTrue: [Int32] = []
    var whenFalse: [Int32] = []
    /// Whether NaN goes where the comparison holds.
    var tracksTrue: [Bool] = []
    /// The numbers of each `member` node, by the node's index.
    var members: [Int32: [Double]] = [:]

    /// A leaf's weights: those from its entry here up to the next one's.
    var weightStarts: [Int32] = []
    var weightOutputs: [Int32] = []
    var weights: [Double] = []
    /// Whether all weights are for one and the same output.
    var namesOneOutput = false
    /// Whether a weight is below 0.
    var hasNegativeWeight = false

    /// The most nodes or weights, so that indices fit 32 bits.
    static let countMax = 1 << 30

    /// Where a node's weights are.
    func weightRange(of node: Int32) -> Range<Int> {
        Int(weightStarts[Int(node)])..<Int(weightStarts[Int(node) + 1])
    }

    /// Nodes, weights and numbers of `member` nodes.
    var size: Int { modes.count + weights.count + members.values.reduce(0) { $0 + $1.count } }

    /// Reads the attributes of a tree operator, whose input has elements of this type.
    init(_ node: ONNXNode, input type: ONNXElementType) throws(ModelFileError) {
        precision = type == .float64 ? .float64 : .float32
        switch node.fullOperation {
        case "ai.onnx.ml.TreeEnsemble": try readTreeEnsemble(node)
        case "ai.onnx.ml.TreeEnsembleClassifier":
            (isClassifier, isNarrowed) = (true, true)
            try readParallelLists(node)
        default:
            isNarrowed = true
            try readParallelLists(node)
        }
    }

    /// The operators that hold trees.
    static let operations: Set<String> = [
        "ai.onnx.ml.TreeEnsemble", "ai.onnx.ml.TreeEnsembleClassifier", "ai.onnx.ml.TreeEnsembleRegressor",
    ]
}

// MARK: - Checks that both forms share

extension ONNXForest {
    /// The numbers of a tensor attribute, one-dimensional and of the operator's own type.
    func numbers(_ node: ONNXNode, _ attribute: String) throws(ModelFileError) -> [Double] {
        guard let tensor = try node.tensor(attribute) else { return [] }
        guard tensor.type == (precision == .float32 ? 1 : 11) else {
            let wanted = precision == .float32 ? "float32" : "float64"
            throw node.damage("has \(attribute) of type \(tensor.type), but its input is \(wanted)")
        }
        return tensor.values
    }

    /// A count of outputs within the limit.
    func outputCount(_ count: Int64, _ node: ONNXNode) throws(ModelFileError) -> Int {
        guard count >= 1 else { throw node.damage("has \(count) outputs") }
        guard count <= Int64(ModelFile.outputsMax) else {
            throw node.refusal("has \(count) outputs; at most \(ModelFile.outputsMax) are supported")
        }
        return Int(count)
    }

    /// One number an inner node: whole, in the range of features.
    func feature(_ id: Int64, _ node: ONNXNode) throws(ModelFileError) -> Int32 {
        guard id >= 0, id < Int64(ModelFile.featuresMax) else {
            throw node.damage("looks at feature \(id); at most \(ModelFile.featuresMax) are supported")
        }
        return Int32(id)
    }

    /// Sorts weights to their leaves, in the order of the file for each.
    mutating func setWeights(leaves: [Int32], outputs: [Int32], values: [Double]) {
        weightStarts = [Int32](repeating: 0, count: modes.count + 1)
        for leaf in leaves { weightStarts[Int(leaf) + 1] += 1 }
        for index in modes.indices { weightStarts[index + 1] += weightStarts[index] }
        var next = weightStarts
        weightOutputs = [Int32](repeating: 0, count: leaves.count)
        weights = [Double](repeating: 0, count: leaves.count)
        for (index, leaf) in leaves.enumerated() {
            let at = Int(next[Int(leaf)])
            next[Int(leaf)] += 1
            weightOutputs[at] = outputs[index]
            weights[at] = values[index]
        }
    }
}
