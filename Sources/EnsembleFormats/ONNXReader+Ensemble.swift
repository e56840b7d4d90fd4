internal import TreeEnsemble

/// From the scores that the graph gives out to an ensemble with the margins and predictions of ONNX Runtime.
///
/// What a classifier of two classes gives depends on which of them the weights are for
/// (`onnxruntime/core/providers/cpu/ml/tree_ensemble_aggregator.h`, as 1.32 behaves): one column of weights gives the
/// pair [1 - s, s] or [-s, s] and becomes one output here, the second of the pair.
extension ONNXReader {
    func ensemble() throws(ModelFileError) -> Ensemble {
        let scores = try scores()
        let node = scores.operation
        let forest = try ONNXForest(node, input: scores.table.type)
        // Trees over whole numbers compare them as float32.
        var table = scores.table
        if table.type == .whole { table = try table.cast(to: .float32, at: node) }
        let isNarrow = table.columns.allSatisfy(\.startsNarrow)
        let values = isNarrow ? Arithmetic.Precision.float32 : .float64
        let columns = isNarrow ? table.columns.map { $0.droppingFirstStep() } : table.columns
        let builder = try ONNXTreeBuilder(forest, operation: node, columns: columns, values: values)
        let answer = try answer(forest, node, builder.isAlwaysScored, Set(builder.trees.map(\.output)))
        if forest.aggregate == .minimum || forest.aggregate == .maximum {
            guard !forest.weights.contains(where: \.isNaN) else { throw node.damage("has a weight that is NaN") }
        }
        return Ensemble(
            provenance: provenance,
            objective: node.operation + " " + Self.word(forest.postTransform),
            featureNames: featureNames,
            outputCount: answer.baseMargins.count,
            arithmetic: Arithmetic(
                values: values,
                comparison: .lessOrEqual,
                sum: forest.precision,
                aggregate: forest.aggregate == .minimum ? .minimum : forest.aggregate == .maximum ? .maximum : .sum,
                addsBaseLast: true
            ),
            baseMargins: answer.baseMargins,
            sumScale: forest.aggregate == .average ? .dividedBy(forest.roots.count) : .none,
            trees: builder.trees,
            transform: try Self.transform(answer.transform, scores, forest)
        )
    }

    private var provenance: Provenance {
        // CatBoost writes several lines about its build.
        let isOneLine = !graph.producerVersion.contains(where: \.isNewline)
        return Provenance(
            library: String(graph.producer.lowercased().prefix(80)),
            libraryVersion: isOneLine ? String(graph.producerVersion.prefix(80)) : "",
            format: ModelFileKind.onnx.rawValue
        )
    }

    private static func word(_ transform: ONNXPostTransform) -> String {
        switch transform {
        case .none: "NONE"
        case .softmax: "SOFTMAX"
        case .logistic: "LOGISTIC"
        case .softmaxZero: "SOFTMAX_ZERO"
        case .probit: "PROBIT"
        }
    }
}

// MARK: - Base margins and the operator's own transform

extension ONNXReader {
    /// What an operator adds to the sums, and makes of them.
    private struct Answer {
        var baseMargins: [Double]
        var transform: OutputTransform
    }

    private func answer(
        _ forest: ONNXForest,
        _ node: ONNXNode,
        _ isAlwaysScored: [Bool],
        _ scored: Set<Int>
    ) throws(ModelFileError) -> Answer {
        if forest.isClassifier, forest.outputs <= 2 { return try binaryAnswer(forest, node, isAlwaysScored) }
        let bases = forest.baseValues
        guard bases.isEmpty || bases.count == forest.outputs else {
            throw node.damage("has \(bases.count) base values for \(forest.outputs) outputs")
        }
        var margins = bases.isEmpty ? [Double](repeating: 0, count: forest.outputs) : bases
        let isExtreme = forest.aggregate == .minimum || forest.aggregate == .maximum
        for output in margins.indices {
            if !scored.contains(output) {
                // A regressor gives 0 for a target without weights, whatever its base value.
                if !forest.isClassifier, forest.outputs > 1 { margins[output] = 0 }
            } else if !isAlwaysScored[output], isExtreme || margins[output] != 0 && !forest.isClassifier {
                throw node.refusal(
                    "has rows without a weight for output \(output), for which ONNX Runtime forgets its base value",
                    remedy: "export the model again, with a weight for every target in every leaf"
                )
            }
        }
        return Answer(baseMargins: margins, transform: try Self.transform(forest, node))
    }

    /// Two classes: one output if all weights are for the first class, else one a class.
    private func binaryAnswer(
        _ forest: ONNXForest,
        _ node: ONNXNode,
        _ isAlwaysScored: [Bool]
    ) throws(ModelFileError) -> Answer {
        guard forest.outputs == 2 else { throw node.refusal("tells one class apart from no other") }
        let bases = forest.baseValues
        guard bases.count <= 2 else { throw node.damage("has \(bases.count) base values for two classes") }
        let ofFirst = forest.namesOneOutput && forest.weightOutputs.first == 0
        if ofFirst, bases.count < 2 {
            let transform: OutputTransform
            switch forest.postTransform {
            case .logistic: transform = .logistic32
            case .probit: throw node.refusal("has one column of weights and the post_transform PROBIT")
            // Scores that cannot be negative are probabilities: ONNX Runtime cuts them at one half.
            default: transform = forest.hasNegativeWeight ? Self.plain(forest) : .probability32
            }
            return Answer(baseMargins: [bases.first ?? 0], transform: transform)
        }
        if !ofFirst, !forest.namesOneOutput {
            guard isAlwaysScored[1], bases.isEmpty || isAlwaysScored[0] else {
                throw node.refusal("has rows without a weight for one of two classes", remedy: remedyForBinary)
            }
        }
        guard bases.count < 2 || ofFirst else {
            throw node.refusal(
                "has two base values, of which ONNX Runtime takes one for both classes",
                remedy: remedyForBinary
            )
        }
        // The base value is the first class's; a class without weights has the score 0.
        let base = ofFirst || !forest.namesOneOutput ? bases.first ?? 0 : 0
        return Answer(baseMargins: [base, 0], transform: try Self.transform(forest, node))
    }

    private var remedyForBinary: String {
        "export the model again with one weight a leaf for two classes, as skl2onnx and onnxmltools do"
    }

    private static func transform(_ forest: ONNXForest, _ node: ONNXNode) throws(ModelFileError) -> OutputTransform {
        // With one target ONNX Runtime looks at PROBIT alone.
        if forest.postTransform == .probit { return .probit32 }
        if forest.outputs == 1 { return plain(forest) }
        switch forest.postTransform {
        case .logistic: return .logistic32
        case .softmax: return .softmaxFlat32
        case .softmaxZero:
            guard forest.precision == .float32 else {
                throw node.refusal("has the post_transform SOFTMAX_ZERO over float64")
            }
            return .softmaxZero32
        default:
            let isShare = forest.isClassifier && !forest.hasNegativeWeight && forest.baseValues.isEmpty
            return isShare ? .probability32 : plain(forest)
        }
    }

    /// The margin itself; the older operators give float32 even for float64 sums.
    private static func plain(_ forest: ONNXForest) -> OutputTransform {
        forest.precision == .float64 && forest.isNarrowed ? .rounded32 : .identity
    }

    /// The operator's transform together with what follows in the graph.
    private static func transform(
        _ own: OutputTransform,
        _ scores: ONNXScores,
        _ forest: ONNXForest
    ) throws(ModelFileError) -> OutputTransform {
        var transform = own
        var isDouble = forest.precision == .float64 && !forest.isNarrowed
        for step in scores.steps {
            switch (step, transform) {
            case (.widen, _): isDouble = true
            case (.narrow, .identity):
                if isDouble { transform = .rounded32 }
                isDouble = false
            case (.narrow, _): isDouble = false
            case (.exponential, .identity), (.exponential, .rounded32):
                // The rounding to float32 is part of the narrow exponential.
                guard !isDouble || transform == .identity && forest.precision == .float64 else {
                    throw scores.operation.refusal("gives scores to operators that are not supported together")
                }
                transform = isDouble ? .exp64 : .exp32
            case (.times(let factor), .exp32) where !isDouble: transform = .scaledExp32(factor: Float(factor))
            default:
                throw scores.operation.refusal("gives scores to operators that are not supported together")
            }
        }
        return transform
    }
}
