extension OutputTransform: CustomStringConvertible {
    /// The transform in words.
    public var description: String {
        switch self {
        case .identity: "the margin itself"
        case .sigmoid32: "sigmoid of the margin, in float32"
        case .softmax32: "softmax over the outputs, in float32"
        case .argmax32: "the first output with the largest margin"
        case .exp32: "exponential of the margin, in float32"
        case .hinge32: "1 if the margin is above 0, else 0"
        case .ascending32: "the outputs in ascending order"
        case .cumulativeSoftplus32:
            "the first output, then softplus of each margin on top of the one before, in float32"
        case .sigmoid64(let scale):
            scale == 1 ? "sigmoid of the margin, in float64" : "sigmoid of \(scale) times the margin, in float64"
        case .softmax64: "softmax over the outputs, in float64"
        case .exp64: "exponential of the margin, in float64"
        case .log1pExp64: "log(1 + exp(margin)), in float64"
        case .signedSquare64: "square of the margin with its sign, in float64"
        case .rounded32: "the margin itself, rounded to float32"
        case .probability32: "the margin itself, a probability already, in float32"
        case .logistic32: "sigmoid of the margin, in float32 (ONNX's LOGISTIC)"
        case .softmaxFlat32: "softmax over the outputs, in float32 (ONNX's SOFTMAX)"
        case .softmaxZero32: "softmax over the outputs that are not 0, in float32 (ONNX's SOFTMAX_ZERO)"
        case .probit32: "probit of the margin, in float32 (ONNX's PROBIT)"
        case .scaledExp32(let factor): "\(factor) times the exponential of the margin, in float32"
        }
    }
}

extension Arithmetic: CustomStringConvertible {
    /// Comparison and sum in words.
    public var description: String {
        let values = values == .float32 ? "float32" : "float64"
        let sum = sum == .float32 ? "float32" : "float64"
        let comparison = comparison == .lessThan ? "<" : "<="
        let leaves =
            switch aggregate {
            case .sum: "leaves are added in \(sum)"
            case .minimum: "the smallest leaf"
            case .maximum: "the largest leaf"
            }
        let base =
            switch (aggregate, addsBaseLast) {
            case (.sum, false): self == .float64LessOrEqual ? " from 0" : " to the base margin"
            case (_, true): ", the base margin last"
            case (_, false): ""
            }
        return "\(values); left if value \(comparison) threshold; \(leaves)\(base)"
    }
}
