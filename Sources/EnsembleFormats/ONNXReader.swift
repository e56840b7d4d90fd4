internal import TreeEnsemble

/// Trees in an ONNX graph, as scikit-learn's, LightGBM's, XGBoost's and CatBoost's exporters write them.
///
/// The graph is walked once, in its order. What comes from the model's input is known column by column
/// (``ONNXTable``), what comes from a tree operator as its scores (``ONNXScores``); an operator that is not known makes
/// its outputs unusable, which matters only if the model's answer is made of them.
struct ONNXReader {
    /// What a value of the graph is.
    enum Value {
        case table(ONNXTable)
        case constant(ONNXTensor)
        case scores(ONNXScores)
        /// Class labels: the class with the largest score, which Leadline leaves to its caller.
        case labels
        /// Nothing that can be read, and why.
        case unsupported(ModelFileError)
    }

    let graph: ONNXGraph
    private var values: [String: Value] = [:]
    private(set) var featureNames: [String] = []
    /// Columns of all tables made so far.
    private var columnCount = 0

    /// What to do about an operator that is not supported.
    static let remedy =
        "tree ensembles with scaling, casts and concatenation before them can be read; export the booster itself where "
        + "there is one (XGBoost save_model(\"model.json\"), LightGBM save_model(\"model.txt\"))"

    /// Reads the whole file.
    static func ensemble(from bytes: [UInt8]) throws(ModelFileError) -> Ensemble {
        var reader = ONNXReader(graph: try ONNXGraph(bytes))
        try reader.readConstants()
        try reader.readInputs()
        for node in reader.graph.nodes { try reader.walk(node) }
        return try reader.ensemble()
    }

    private init(graph: ONNXGraph) { self.graph = graph }

    private func error(_ problem: String) -> ModelFileError {
        ModelFileError(kind: .onnx, position: .file, problem: problem, remedy: Self.remedy)
    }
}

// MARK: - Where values come from

extension ONNXReader {
    private mutating func readConstants() throws(ModelFileError) {
        for range in graph.constants {
            // One that cannot be read may belong to an operator that does not matter.
            do throws(ModelFileError) {
                let tensor = try ONNXTensor(graph.file, range)
                values[tensor.name] = .constant(tensor)
            } catch {
                values[try ONNXTensor.name(graph.file, range)] = .unsupported(error)
            }
        }
    }

    private mutating func readInputs() throws(ModelFileError) {
        let inputs = graph.inputs.filter { values[$0.name] == nil }
        for input in inputs {
            guard values[input.name] == nil else {
                throw error("two inputs have the name \"\(input.name.prefix(80))\"")
            }
            guard let shape = input.shape, let type = ONNXElementType(input.elementType) else {
                values[input.name] = .unsupported(
                    error("the input \"\(input.name.prefix(80))\" is no tensor of numbers")
                )
                continue
            }
            guard shape.count == 2 || shape.count == 1 else {
                throw error(
                    "the input \"\(input.name.prefix(80))\" has \(shape.count) dimensions, not rows of features"
                )
            }
            let width = shape.count == 2 && shape[1] > 0 ? shape[1] : try openWidth(of: input)
            guard width >= 1, width <= Int64(ModelFile.featuresMax),
                featureNames.count + Int(width) <= ModelFile.featuresMax
            else {
                throw error("\(width) features; at most \(ModelFile.featuresMax) are supported")
            }
            let first = featureNames.count
            for column in 0..<Int(width) {
                let isNamed = inputs.count > 1
                featureNames.append(isNamed ? width == 1 ? input.name : "\(input.name)_\(column)" : "f\(column)")
            }
            var column = ONNXColumn(feature: first)
            if type == .float32 { _ = column.append(.init(operation: .narrow)) }
            var columns = [ONNXColumn](repeating: column, count: Int(width))
            for index in columns.indices { columns[index].feature += index }
            try set(input.name, ONNXTable(type: type, columns: columns), at: nil)
        }
    }

    /// How wide an input is that does not say: as wide as the first operator that uses it must have it.
    private func openWidth(of input: ONNXGraph.Input) throws(ModelFileError) -> Int64 {
        for node in graph.nodes where node.inputs.contains(input.name) {
            // The lists of one operator are read for its own input alone: it may name thousands of inputs.
            let isFirst = node.inputs.first == input.name
            if isFirst, ONNXForest.operations.contains(node.fullOperation) {
                let largest = try node.integers("nodes_featureids").max() ?? 0
                return max(largest, 0).addingReportingOverflow(1).partialValue
            }
            if isFirst, node.fullOperation == "ai.onnx.ml.Scaler" {
                let counts = [try node.floats("offset").count, try node.floats("scale").count]
                if let width = counts.max(), width > 1 { return Int64(width) }
            }
            for other in node.inputs {
                if case .constant(let tensor) = values[other], tensor.values.count > 1 {
                    return Int64(tensor.values.count)
                }
            }
        }
        throw error("the input \"\(input.name.prefix(80))\" does not say how many features it has")
    }

    /// Notes a table, whose columns count against a limit.
    mutating func set(_ name: String, _ table: ONNXTable, at node: ONNXNode?) throws(ModelFileError) {
        columnCount += table.columns.count
        guard columnCount <= Self.columnsMax, table.columns.count <= ModelFile.featuresMax else {
            throw node?.refusal("makes too many columns") ?? error("the inputs have too many columns")
        }
        values[name] = .table(table)
    }

    /// Notes what an operator makes of a table.
    ///
    /// An attempt that fails counts as much as one that succeeds: a file may hold thousands of nodes that fail at the last
    /// of a million columns.
    private mutating func setTable(_ output: String, _ node: ONNXNode, _ inputs: [Value]) throws(ModelFileError) {
        guard columnCount < Self.columnsMax else { throw node.refusal("comes after too many columns") }
        let table: ONNXTable
        do throws(ModelFileError) {
            table = try evaluateTable(node, inputs)
        } catch {
            for case .table(let table) in inputs { columnCount += table.columns.count }
            throw error
        }
        try set(output, table, at: node)
    }

    /// Columns of all tables together.
    private static let columnsMax = 4 * ModelFile.featuresMax
}

// MARK: - The walk

extension ONNXReader {
    /// Decides what a node's outputs are.
    private mutating func walk(_ node: ONNXNode) throws(ModelFileError) {
        do throws(ModelFileError) {
            try evaluate(node)
        } catch {
            for output in node.outputs { values[output] = .unsupported(error) }
        }
    }

    private mutating func evaluate(_ node: ONNXNode) throws(ModelFileError) {
        guard let output = node.outputs.first else { return }
        if node.fullOperation == "Constant" {
            values[output] = .constant(try constant(node))
            return
        }
        var inputs: [Value] = []
        for name in node.inputs where !name.isEmpty {
            guard let value = values[name] else {
                throw node.damage("uses \"\(name.prefix(80))\", which nothing before it makes")
            }
            if case .unsupported(let reason) = value { throw reason }
            inputs.append(value)
        }
        guard let first = inputs.first else { throw node.refusal("is not supported") }
        if ONNXForest.operations.contains(node.fullOperation) {
            guard case .table(let table) = first else { throw node.refusal("has no features for its input") }
            let scores = Value.scores(ONNXScores(operation: node, table: table))
            let isClassifier = node.operation == "TreeEnsembleClassifier"
            values[output] = isClassifier ? .labels : scores
            if isClassifier, node.outputs.count > 1 { values[node.outputs[1]] = scores }
            return
        }
        if case .constant(let tensor) = first, inputs.count == 1, let same = try unchanged(tensor, node) {
            values[output] = .constant(same)
            return
        }
        for value in inputs {
            switch value {
            case .table:
                try setTable(output, node, inputs)
                return
            case .scores(let scores):
                values[output] = try scores.applying(node, inputs)
                return
            case .labels:
                values[output] = .labels
                return
            default: continue
            }
        }
        throw node.refusal("is not supported")
    }

    /// The tensor that a node spells out.
    private func constant(_ node: ONNXNode) throws(ModelFileError) -> ONNXTensor {
        if let tensor = try node.tensor("value") { return tensor }
        if let number = try node.float("value_float") {
            return ONNXTensor(name: "", type: 1, shape: [], values: [number])
        }
        if node.has("value_floats") {
            let numbers = try node.floats("value_floats")
            return ONNXTensor(name: "", type: 1, shape: [Int64(numbers.count)], values: numbers)
        }
        let single = try node.integer("value_int")
        let numbers = if let single { [single] } else { try node.integers("value_ints") }
        guard !numbers.isEmpty, numbers.allSatisfy({ abs(Double($0)) <= 0x1p53 }) else {
            throw node.refusal("is not supported")
        }
        let shape = single == nil ? [Int64(numbers.count)] : []
        return ONNXTensor(name: "", type: 7, shape: shape, values: numbers.map(Double.init))
    }

    private func unchanged(_ tensor: ONNXTensor, _ node: ONNXNode) throws(ModelFileError) -> ONNXTensor? {
        if node.fullOperation == "Identity" { return tensor }
        guard node.fullOperation == "Cast", try node.integer("to") == tensor.type else { return nil }
        return tensor
    }

    /// What the graph gives out, where it is scores.
    func scores() throws(ModelFileError) -> ONNXScores {
        var found: ONNXScores?
        var reason: ModelFileError?
        for name in graph.outputs {
            switch values[name] {
            case .scores(let scores):
                if let found, found != scores { throw error("the model gives the scores of two tree ensembles") }
                found = scores
            case .unsupported(let error): reason = reason ?? error
            default: continue
            }
        }
        if let found { return found }
        if let reason { throw reason }
        throw error(
            graph.nodes.contains { ONNXForest.operations.contains($0.fullOperation) }
                ? "the model gives labels but no scores" : "there is no tree ensemble in it"
        )
    }
}
