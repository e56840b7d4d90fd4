internal import TreeEnsemble

/// `TreeEnsembleClassifier` and `TreeEnsembleRegressor` (ai.onnx.ml 1 and 3): parallel lists, one entry a node, and one
/// entry a weight of a leaf; nodes are known by the ids of their tree and within it.
extension ONNXForest {
    mutating func readParallelLists(_ node: ONNXNode) throws(ModelFileError) {
        let trees = try node.integers("nodes_treeids")
        let ids = try node.integers("nodes_nodeids")
        let count = trees.count
        guard count >= 1 else { throw node.damage("has no nodes") }
        guard count <= Self.countMax else { throw node.refusal("has \(count) nodes") }
        try readModes(node, count)
        let featureIDs = try list(node, "nodes_featureids", count)
        let trueIDs = try list(node, "nodes_truenodeids", count)
        let falseIDs = try list(node, "nodes_falsenodeids", count)
        guard ids.count == count else { throw mismatch(node, "nodes_nodeids", ids.count, count) }
        thresholds = try floatsOrTensor(node, "nodes_values")
        guard thresholds.count == count else { throw mismatch(node, "nodes_values", thresholds.count, count) }
        let tracks = try node.integers("nodes_missing_value_tracks_true")
        guard tracks.isEmpty || tracks.count == count else {
            throw mismatch(node, "nodes_missing_value_tracks_true", tracks.count, count)
        }
        tracksTrue = tracks.isEmpty ? [Bool](repeating: false, count: count) : tracks.map { $0 == 1 }
        whenTrue = [Int32](repeating: -1, count: count)
        whenFalse = whenTrue
        features = [Int32](repeating: 0, count: count)

        let places = try NodePlaces(trees: trees, ids: ids, node)
        roots = places.roots
        for index in 0..<count where modes[index] != .leaf {
            features[index] = try feature(featureIDs[index], node)
            for (child, isTrue) in [(trueIDs[index], true), (falseIDs[index], false)] {
                guard let place = places.place(tree: trees[index], id: child) else {
                    throw node.damage(
                        "has a tree \(trees[index]) whose node \(ids[index]) refers to node \(child), which is not there"
                    )
                }
                if isTrue { whenTrue[index] = place } else { whenFalse[index] = place }
            }
        }
        try readOutputs(node)
        try readWeights(node, places)
        if let word = try node.text("post_transform") { postTransform = try Self.postTransform(word, node) }
        if let word = try node.text("aggregate_function"), !isClassifier {
            aggregate = try Self.aggregate(word, node)
        }
        baseValues = try floatsOrTensor(node, "base_values")
    }

    private mutating func readModes(_ node: ONNXNode, _ count: Int) throws(ModelFileError) {
        let words = try node.texts("nodes_modes")
        guard words.count == count else { throw mismatch(node, "nodes_modes", words.count, count) }
        modes.reserveCapacity(count)
        for word in words {
            guard let mode = Self.words.first(where: { node.isText(word, $0.0) })?.1 else {
                throw node.refusal("has a mode of nodes that is not known", remedy: ONNXReader.remedy)
            }
            modes.append(mode)
        }
    }

    private mutating func readOutputs(_ node: ONNXNode) throws(ModelFileError) {
        if isClassifier {
            let words = try node.texts("classlabels_strings").count
            let numbers = try node.integers("classlabels_int64s").count
            outputs = try outputCount(Int64(words == 0 ? numbers : words), node)
        } else {
            outputs = try outputCount(node.integer("n_targets") ?? 0, node)
        }
    }

    private mutating func readWeights(_ node: ONNXNode, _ places: NodePlaces) throws(ModelFileError) {
        let prefix = isClassifier ? "class" : "target"
        let trees = try node.integers(prefix + "_treeids")
        let ids = try list(node, prefix + "_nodeids", trees.count)
        let targets = try list(node, prefix + "_ids", trees.count)
        let values = try floatsOrTensor(node, prefix + "_weights")
        guard values.count == trees.count else {
            throw mismatch(node, prefix + "_weights", values.count, trees.count)
        }
        guard trees.count <= Self.countMax else { throw node.refusal("has \(trees.count) weights") }
        var leaves: [Int32] = []
        var kept: [Int32] = []
        var keptValues: [Double] = []
        for index in trees.indices {
            guard let place = places.place(tree: trees[index], id: ids[index]) else {
                throw node.damage("has a weight for node \(ids[index]) of tree \(trees[index]), which is not there")
            }
            guard targets[index] >= 0, targets[index] < Int64(outputs) else {
                throw node.damage("has a weight for output \(targets[index]) of \(outputs)")
            }
            // Old exporters wrote weights for inner nodes too; ONNX Runtime passes over them.
            guard modes[Int(place)] == .leaf else { continue }
            leaves.append(place)
            kept.append(Int32(targets[index]))
            keptValues.append(values[index])
        }
        setWeights(leaves: leaves, outputs: kept, values: keptValues)
        namesOneOutput = Set(targets).count == 1
        hasNegativeWeight = values.contains { $0 < 0 }
    }

    private func list(_ node: ONNXNode, _ name: String, _ count: Int) throws(ModelFileError) -> [Int64] {
        let numbers = try node.integers(name)
        guard numbers.count == count else { throw mismatch(node, name, numbers.count, count) }
        return numbers
    }

    private func floatsOrTensor(_ node: ONNXNode, _ name: String) throws(ModelFileError) -> [Double] {
        let floats = try node.floats(name)
        let numbers = try numbers(node, name + "_as_tensor")
        guard floats.isEmpty || numbers.isEmpty else { throw node.damage("has \(name) twice") }
        return floats.isEmpty ? numbers : floats
    }

    private func mismatch(_ node: ONNXNode, _ name: String, _ found: Int, _ wanted: Int) -> ModelFileError {
        node.damage("has \(found) numbers in \(name) where \(wanted) belong")
    }

    private static let words: [(StaticString, ONNXNodeMode)] = [
        ("BRANCH_LEQ", .lessOrEqual), ("LEAF", .leaf), ("BRANCH_LT", .less), ("BRANCH_GTE", .greaterOrEqual),
        ("BRANCH_GT", .greater), ("BRANCH_EQ", .equal), ("BRANCH_NEQ", .notEqual),
    ]

    private static func postTransform(_ word: String, _ node: ONNXNode) throws(ModelFileError) -> ONNXPostTransform {
        switch word {
        case "NONE": .none
        case "SOFTMAX": .softmax
        case "LOGISTIC": .logistic
        case "SOFTMAX_ZERO": .softmaxZero
        case "PROBIT": .probit
        default: throw node.refusal("has the post_transform \(word.prefix(80)), which is not known")
        }
    }

    private static func aggregate(_ word: String, _ node: ONNXNode) throws(ModelFileError) -> ONNXAggregate {
        switch word {
        case "SUM": .sum
        case "AVERAGE": .average
        case "MIN": .minimum
        case "MAX": .maximum
        default: throw node.refusal("has the aggregate_function \(word.prefix(80)), which is not known")
        }
    }
}

/// Where the nodes of each tree are in the lists: a tree is a run of entries with its id.
struct NodePlaces {
    private struct Run {
        var range: Range<Int>
        /// Where ids are; nil while they count 0, 1, 2 and so on, as exporters write them.
        var places: [Int64: Int32]?
    }

    private var runs: [Int64: Run] = [:]
    /// The first entry of each tree, in order.
    private(set) var roots: [Int32] = []

    init(trees: [Int64], ids: [Int64], _ node: ONNXNode) throws(ModelFileError) {
        var start = 0
        while start < trees.count {
            var end = start + 1
            while end < trees.count, trees[end] == trees[start] { end += 1 }
            guard runs[trees[start]] == nil else {
                throw node.refusal("has the nodes of tree \(trees[start]) in two places")
            }
            var run = Run(range: start..<end)
            if (start..<end).contains(where: { ids[$0] != Int64($0 - start) }) {
                var places: [Int64: Int32] = [:]
                places.reserveCapacity(end - start)
                for index in start..<end {
                    guard places.updateValue(Int32(index), forKey: ids[index]) == nil else {
                        throw node.damage("has a tree \(trees[start]) with two nodes \(ids[index])")
                    }
                }
                run.places = places
            }
            runs[trees[start]] = run
            roots.append(Int32(start))
            start = end
        }
    }

    /// The entry of a node; nil if there is none.
    func place(tree: Int64, id: Int64) -> Int32? {
        guard let run = runs[tree] else { return nil }
        if let places = run.places { return places[id] }
        return id >= 0 && id < Int64(run.range.count) ? Int32(run.range.lowerBound + Int(id)) : nil
    }
}
