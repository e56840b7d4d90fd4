internal import TreeEnsemble

extension CatBoostModel {
    /// The ensemble of this model.
    ///
    /// A split is right of its node when it is true. An oblivious tree has its last split at the root, so that leaves
    /// stand from left to right in the order of their numbers, and every level one split. A tree of several outputs
    /// becomes as many trees, one after the other, with the same nodes.
    func ensemble() throws(ModelFileError) -> Ensemble {
        guard outputCount >= 1, outputCount <= ModelFile.outputsMax else {
            throw unsupported(
                "\(outputCount) outputs",
                remedy: "1 to \(ModelFile.outputsMax) are supported"
            )
        }
        guard scale.isFinite, biases.allSatisfy(\.isFinite) else { throw damaged("scale or bias is not finite") }
        guard biases.isEmpty || biases.count == outputCount else {
            throw damaged("\(biases.count) biases for \(outputCount) outputs")
        }
        var splits = try CatBoostSplits(self)
        var made: [Tree] = []
        for (index, tree) in trees.enumerated() {
            let nodes: [Node]
            do {
                nodes = try self.nodes(of: tree, &splits)
            } catch {
                throw damaged("tree \(index): \(error.problem)")
            }
            guard tree.leafValues.count == (nodes.count + 1) * outputCount else {
                throw damaged("tree \(index) has \(tree.leafValues.count) leaf values for \(nodes.count + 1) leaves")
            }
            for output in 0..<outputCount {
                let values = stride(from: output, to: tree.leafValues.count, by: outputCount)
                made.append(Tree(output: output, nodes: nodes, leafValues: values.map { tree.leafValues[$0] }))
            }
        }
        return Ensemble(
            provenance: Provenance(
                library: "catboost",
                libraryVersion: CatBoostLoss.version(in: versionText),
                format: kind.rawValue
            ),
            objective: loss.isEmpty ? "unknown" : loss,
            featureNames: splits.names,
            outputCount: outputCount,
            arithmetic: .catBoost,
            baseMargins: biases.isEmpty ? [Double](repeating: 0, count: outputCount) : biases,
            sumScale: scale == 1 ? .none : .times(scale),
            derivedFeatures: try splits.derivedFeatures(),
            trees: made,
            transform: CatBoostLoss.transform(loss, outputs: outputCount)
        )
    }

    private func nodes(of tree: CatBoostTree, _ splits: inout CatBoostSplits) throws(Flaw) -> [Node] {
        var nodes: [Node] = []
        switch tree.shape {
        case .free(let steps):
            nodes.reserveCapacity(steps.count)
            for step in steps { nodes.append(try splits.node(step.split, left: step.left, right: step.right)) }
        case .oblivious(let levels):
            guard levels.count <= CatBoostTree.depthMax else {
                throw Flaw("\(levels.count) splits; at most \(CatBoostTree.depthMax) are supported")
            }
            nodes.reserveCapacity(1 << levels.count)
            for (level, split) in levels.reversed().enumerated() {
                let isLast = level == levels.count - 1
                let next = Int32(1 << (level + 1)) - 1
                var node = try splits.node(split, left: 0, right: 0)
                for place in 0..<Int32(1 << level) {
                    node.left = isLast ? ~(2 * place) : next + 2 * place
                    node.right = isLast ? ~(2 * place + 1) : next + 2 * place + 1
                    nodes.append(node)
                }
            }
        }
        return nodes
    }
}

/// What is wrong in a part of a model, without the place.
struct Flaw: Error {
    let problem: String

    init(_ problem: String) { self.problem = problem }
}
