internal import TreeEnsemble

/// The scores of a tree operator, and what happens to them on their way out.
struct ONNXScores: Equatable {
    /// What can happen.
    enum Step: Equatable {
        case narrow, widen
        /// The exponential, in the precision of the scores.
        case exponential
        /// A float32 factor.
        case times(Double)
    }

    let operation: ONNXNode
    let table: ONNXTable
    private(set) var steps: [Step] = []

    init(operation: ONNXNode, table: ONNXTable) {
        self.operation = operation
        self.table = table
    }

    static func == (one: Self, other: Self) -> Bool {
        one.operation.offset == other.operation.offset && one.steps == other.steps
    }

    /// What an operator makes of scores: the same, with one more step, or labels.
    func applying(_ node: ONNXNode, _ inputs: [ONNXReader.Value]) throws(ModelFileError) -> ONNXReader.Value {
        var scores = self
        switch node.fullOperation {
        case "Identity", "ai.onnx.ml.ZipMap", "Reshape", "Flatten", "Squeeze", "Unsqueeze": break
        case "ArgMax": return .labels
        case "Cast":
            switch try node.integer("to") {
            case 1: scores.steps.append(.narrow)
            case 11: scores.steps.append(.widen)
            default: throw node.refusal("casts scores to a type that is not supported")
            }
        case "Exp": scores.steps.append(.exponential)
        case "Mul":
            let constants = inputs.compactMap { if case .constant(let tensor) = $0 { tensor } else { nil } }
            guard inputs.count == 2, let factor = constants.first, factor.type == 1, factor.values.count == 1,
                factor.values[0].isFinite
            else { throw node.refusal("multiplies scores with something else than one constant") }
            // onnxmltools puts a product with 1 behind LightGBM's classifiers.
            if factor.values[0] == 1 { break }
            guard steps.last == .exponential else { throw node.refusal("multiplies scores with \(factor.values[0])") }
            scores.steps.append(.times(factor.values[0]))
        default: throw node.refusal("comes after the trees, where it is not supported")
        }
        guard scores.steps.count <= Self.stepsMax else { throw node.refusal("comes after too many operators") }
        return .scores(scores)
    }

    private static let stepsMax = 16
}
