internal import TreeEnsemble

/// `TreeEnsemble` (ai.onnx.ml 5): inner nodes and leaves in lists of their own, children by index.
extension ONNXForest {
    mutating func readTreeEnsemble(_ node: ONNXNode) throws(ModelFileError) {
        let featureIDs = try node.integers("nodes_featureids")
        let count = featureIDs.count
        let targets = try node.integers("leaf_targetids")
        guard count >= 1, targets.count >= 1 else { throw node.damage("has no nodes or no leaves") }
        guard count + targets.count <= Self.countMax else { throw node.refusal("has too many nodes") }
        outputs = try outputCount(node.integer("n_targets") ?? 0, node)
        thresholds = try numbers(node, "nodes_splits")
        let leafWeights = try numbers(node, "leaf_weights")
        guard thresholds.count == count, leafWeights.count == targets.count else {
            throw node.damage("has \(thresholds.count) splits and \(leafWeights.count) weights of leaves")
        }
        try readModes(node, count)
        try readTracks(node, count)
        try readChildren(node, count, leaves: targets.count)
        try readMembers(node)
        try readRoots(node, count)
        for id in featureIDs { features.append(try feature(id, node)) }

        // Leaves go behind the nodes.
        let leaves = targets.indices.map { Int32(count + $0) }
        modes += leaves.map { _ in .leaf }
        features += leaves.map { _ in 0 }
        thresholds += leaves.map { _ in 0 }
        whenTrue += leaves.map { _ in -1 }
        whenFalse += leaves.map { _ in -1 }
        tracksTrue += leaves.map { _ in false }
        var leafOutputs: [Int32] = []
        for target in targets {
            guard target >= 0, target < Int64(outputs) else {
                throw node.damage("has a weight for output \(target) of \(outputs)")
            }
            leafOutputs.append(Int32(target))
        }
        setWeights(leaves: leaves, outputs: leafOutputs, values: leafWeights)
        let post = try node.integer("post_transform") ?? 0
        let sum = try node.integer("aggregate_function") ?? 1
        guard let transform = ONNXPostTransform(rawValue: post), let function = ONNXAggregate(rawValue: sum) else {
            throw node.refusal("has the post_transform \(post) and the aggregate_function \(sum), one of them unknown")
        }
        (postTransform, aggregate) = (transform, function)
    }

    private mutating func readModes(_ node: ONNXNode, _ count: Int) throws(ModelFileError) {
        let numbers = try node.tensor("nodes_modes")?.values ?? []
        guard numbers.count == count else { throw node.damage("has \(numbers.count) modes for \(count) nodes") }
        for number in numbers {
            guard number >= 0, number < 7, let mode = ONNXNodeMode(rawValue: UInt8(number)) else {
                throw node.refusal("has the mode of nodes \(number), which is not known")
            }
            modes.append(mode)
        }
    }

    private mutating func readTracks(_ node: ONNXNode, _ count: Int) throws(ModelFileError) {
        let tracks = try node.integers("nodes_missing_value_tracks_true")
        guard tracks.isEmpty || tracks.count == count else {
            throw node.damage("has \(tracks.count) numbers in nodes_missing_value_tracks_true for \(count) nodes")
        }
        tracksTrue = tracks.isEmpty ? [Bool](repeating: false, count: count) : tracks.map { $0 == 1 }
    }

    private mutating func readChildren(_ node: ONNXNode, _ count: Int, leaves: Int) throws(ModelFileError) {
        for (side, isTrue) in [("true", true), ("false", false)] {
            let ids = try node.integers("nodes_\(side)nodeids")
            let flags = try node.integers("nodes_\(side)leafs")
            guard ids.count == count, flags.count == count else {
                throw node.damage("has \(ids.count) children and \(flags.count) flags for \(count) nodes (\(side))")
            }
            for (index, id) in ids.enumerated() {
                let isLeaf = flags[index] != 0
                guard id >= 0, id < Int64(isLeaf ? leaves : count) else {
                    throw node.damage("has a node \(index) that refers to \(isLeaf ? "leaf" : "node") \(id)")
                }
                let child = Int32(isLeaf ? count + Int(id) : Int(id))
                if isTrue { whenTrue.append(child) } else { whenFalse.append(child) }
            }
        }
    }

    /// `membership_values` holds the sets of all `member` nodes in their order, a NaN after each but perhaps the last.
    private mutating func readMembers(_ node: ONNXNode) throws(ModelFileError) {
        let values = try numbers(node, "membership_values")
        var next = 0
        for (index, mode) in modes.enumerated() where mode == .member {
            var set: [Double] = []
            while next < values.count, !values[next].isNaN {
                set.append(values[next])
                next += 1
            }
            next += 1
            guard !set.isEmpty else { throw node.damage("has a member node \(index) without numbers") }
            members[Int32(index)] = set
        }
    }

    private mutating func readRoots(_ node: ONNXNode, _ count: Int) throws(ModelFileError) {
        for root in try node.integers("tree_roots") {
            guard root >= 0, root < Int64(count) else { throw node.damage("has a tree that begins at node \(root)") }
            let index = Int(root)
            // A tree that is one leaf is written as a node with that leaf on both sides.
            if whenTrue[index] == whenFalse[index], Int(whenTrue[index]) >= count {
                // ONNX Runtime takes the leaf of the node's own number.
                guard Int(whenTrue[index]) == count + index else {
                    throw node.refusal("has a tree of one leaf, \(Int(whenTrue[index]) - count), at node \(root)")
                }
                roots.append(whenTrue[index])
            } else {
                roots.append(Int32(root))
            }
        }
        guard !roots.isEmpty else { throw node.damage("has no trees") }
    }
}
