internal import TreeEnsemble

/// Operators between the model's input and the trees.
extension ONNXReader {
    /// What an operator makes of a table.
    func evaluateTable(_ node: ONNXNode, _ inputs: [Value]) throws(ModelFileError) -> ONNXTable {
        let constant: ONNXTensor? = inputs.lazy.compactMap {
            if case .constant(let tensor) = $0 { tensor } else { nil }
        }
        .first
        guard let table = inputs.lazy.compactMap({ if case .table(let table) = $0 { table } else { nil } }).first else {
            throw node.refusal("is not supported")
        }
        switch node.fullOperation {
        case "Identity", "Dropout": return table
        case "Cast":
            guard let number = try node.integer("to"), let type = ONNXElementType(number)
            else { throw node.refusal("casts to a type that is not supported") }
            return try table.cast(to: type, at: node)
        case "Reshape", "Flatten":
            guard try keepsShape(node, constant, table) else { throw node.refusal("changes the shape of rows") }
            return table
        case "Concat", "ai.onnx.ml.FeatureVectorizer": return try joined(node, inputs)
        case "ai.onnx.ml.Scaler": return try scaled(node, table)
        case "ai.onnx.ml.Imputer": return try imputed(node, table)
        case "Gather":
            guard let constant, try node.integer("axis") == 1,
                constant.shape.count == 1
            else { throw node.refusal("is not supported along this axis") }
            return try table.selecting(constant.values, at: node)
        case "ai.onnx.ml.ArrayFeatureExtractor":
            guard let constant else { throw node.refusal("is not supported without constant places") }
            return try table.selecting(constant.values, at: node)
        case "Add", "Sub", "Mul", "Div":
            guard let constant, inputs.count == 2 else {
                throw node.refusal("is supported with a constant only")
            }
            return try computed(node, table, constant, isConstantFirst: isConstant(inputs[0]))
        default: throw node.refusal("is not supported")
        }
    }

    private func isConstant(_ value: Value) -> Bool { if case .constant = value { true } else { false } }

    /// Whether a reshape leaves rows as they are: `[-1, columns]`, `[0, columns]`, `[0, -1]`, or flattening at axis 1.
    private func keepsShape(
        _ node: ONNXNode,
        _ constant: ONNXTensor?,
        _ table: ONNXTable
    ) throws(ModelFileError) -> Bool {
        if node.operation == "Flatten" {
            return try node.integer("axis") ?? 1 == 1
        }
        guard let shape = constant?.values, shape.count == 2 else { return false }
        let columns = Double(table.columns.count)
        return (shape[0] == -1 || shape[0] == 0) && shape[1] == columns || shape == [0, -1]
    }

    private func joined(_ node: ONNXNode, _ inputs: [Value]) throws(ModelFileError) -> ONNXTable {
        if node.operation == "Concat" {
            let axis = try node.integer("axis")
            guard axis == 1 || axis == -1 else { throw node.refusal("does not join columns") }
        }
        var joined: ONNXTable?
        for input in inputs {
            guard case .table(var table) = input else {
                throw node.refusal("joins columns with something else")
            }
            // The vectorizer's result is float32 whatever comes in.
            if node.operation == "FeatureVectorizer" { table = try table.cast(to: .float32, at: node) }
            guard joined == nil || joined?.type == table.type else {
                throw node.refusal("joins columns of two types")
            }
            guard (joined?.columns.count ?? 0) + table.columns.count <= ModelFile.featuresMax else {
                throw node.refusal("makes too many columns")
            }
            joined?.columns += table.columns
            joined = joined ?? table
        }
        guard let joined else { throw node.refusal("joins nothing") }
        return joined
    }

    /// `(x - offset) * scale`, computed in float64 if the input is, and float32 in the end.
    private func scaled(_ node: ONNXNode, _ table: ONNXTable) throws(ModelFileError) -> ONNXTable {
        let offset = try node.floats("offset")
        let scale = try node.floats("scale")
        guard !offset.isEmpty, !scale.isEmpty else { throw node.refusal("has no offset or no scale") }
        let start = table.type == .whole ? try table.cast(to: .float32, at: node) : table
        return try start.applying(.subtract, offset, at: node).applying(.multiply, scale, at: node).cast(
            to: .float32,
            at: node
        )
    }

    /// Puts a number in the place of NaN; other replaced values would make a step that is not monotone.
    private func imputed(_ node: ONNXNode, _ table: ONNXTable) throws(ModelFileError) -> ONNXTable {
        let numbers = try node.floats("imputed_value_floats")
        guard !numbers.isEmpty, table.type == .float32, try node.float("replaced_value_float")?.isNaN == true else {
            throw node.refusal("replaces other values than NaN")
        }
        return try table.applying(.replaceMissing, numbers, at: node)
    }

    private func computed(
        _ node: ONNXNode,
        _ table: ONNXTable,
        _ constant: ONNXTensor,
        isConstantFirst: Bool
    ) throws(ModelFileError) -> ONNXTable {
        guard table.type != .whole, ONNXElementType(constant.type) == table.type,
            constant.shape.count <= 1 || constant.shape.count == 2 && constant.shape[0] == 1
        else { throw node.refusal("has a constant of another type or shape") }
        switch (node.operation, isConstantFirst) {
        case ("Add", _): return try table.applying(.add, constant.values, at: node)
        case ("Mul", _): return try table.applying(.multiply, constant.values, at: node)
        case ("Sub", false): return try table.applying(.subtract, constant.values, at: node)
        case ("Div", false): return try table.applying(.divide, constant.values, at: node)
        case ("Sub", true): return try table.applying(.subtractFrom, constant.values, at: node)
        default: throw node.refusal("divides a constant by features")
        }
    }
}
