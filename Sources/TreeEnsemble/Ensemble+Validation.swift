/// Why an ensemble cannot be evaluated: the first thing found wrong, and where.
public struct InvalidEnsemble: Error, Equatable, CustomStringConvertible {
    /// What is wrong, with the tree and node.
    public let description: String

    /// A refusal of these words.
    public init(_ description: String) { self.description = description }
}

extension Ensemble {
    /// Checks all that evaluation relies on, so that no evaluator needs to check again.
    ///
    /// Indices are in range, every node is reached exactly once from its root (no cycle, no shared child), thresholds
    /// are not NaN, float32 ensembles hold exact float32 numbers, and counts agree.
    /// - Throws: ``InvalidEnsemble`` with the tree and node.
    public func validate() throws(InvalidEnsemble) {
        guard outputCount >= 1 else { throw InvalidEnsemble("the ensemble has no output") }
        guard baseMargins.count == outputCount else {
            throw InvalidEnsemble("\(baseMargins.count) base margins for \(outputCount) outputs")
        }
        guard averageDivisor >= 1 else { throw InvalidEnsemble("the sum is divided by \(averageDivisor)") }
        if let linearModel {
            guard trees.isEmpty else { throw InvalidEnsemble("a linear model has no trees beside it") }
            guard linearModel.biases.count == outputCount,
                linearModel.weights.count == outputCount * featureCount
            else {
                throw InvalidEnsemble(
                    "\(linearModel.weights.count) weights and \(linearModel.biases.count) biases for "
                        + "\(featureCount) features and \(outputCount) outputs"
                )
            }
        }
        if case .dividedBy(let count) = sumScale, count < 1 {
            throw InvalidEnsemble("the sum is divided by \(count)")
        }
        if let derivedFeatures {
            guard arithmetic.values == .float32, linearModel == nil else {
                throw InvalidEnsemble("derived features are for trees that compare float32")
            }
            try derivedFeatures.validate(featureCount: featureCount)
        }
        let treeFeatureCount = widenedFeatureCount
        let categories = Set(derivedFeatures?.categoryColumns ?? [])
        for (index, tree) in trees.enumerated() {
            try validate(tree, index)
            for (at, node) in tree.nodes.enumerated() {
                guard node.feature >= 0, Int(node.feature) < treeFeatureCount else {
                    throw InvalidEnsemble(
                        "tree \(index), node \(at) looks at feature \(node.feature) of \(treeFeatureCount)"
                    )
                }
                guard categories.isEmpty || !categories.contains(Int(node.feature)) else {
                    throw InvalidEnsemble(
                        "tree \(index), node \(at) takes the categorical column \(node.feature) for a number"
                    )
                }
            }
        }
    }

    private func validate(_ tree: Tree, _ index: Int) throws(InvalidEnsemble) {
        guard tree.output >= 0, tree.output < outputCount else {
            throw InvalidEnsemble("tree \(index) adds to output \(tree.output) of \(outputCount)")
        }
        guard tree.leafValues.count == tree.nodes.count + 1 else {
            throw InvalidEnsemble("tree \(index) has \(tree.nodes.count) nodes but \(tree.leafValues.count) leaves")
        }
        if arithmetic.sum == .float32 {
            for (leaf, value) in tree.leafValues.enumerated() where !value.isNaN && Double(Float(value)) != value {
                throw InvalidEnsemble("tree \(index), leaf \(leaf): \(value) is not a float32")
            }
        }
        try validateLinearLeaves(tree, index)
        var nodeSeen = [Bool](repeating: false, count: tree.nodes.count)
        var leafSeen = [Bool](repeating: false, count: tree.leafValues.count)
        var pending: [Int32] = [tree.nodes.isEmpty ? ~0 : 0]
        while let next = pending.popLast() {
            if next < 0 {
                let leaf = Int(~next)
                guard leaf < leafSeen.count else {
                    throw InvalidEnsemble("tree \(index) refers to leaf \(leaf) of \(leafSeen.count)")
                }
                guard !leafSeen[leaf] else { throw InvalidEnsemble("tree \(index): leaf \(leaf) has two parents") }
                leafSeen[leaf] = true
            } else {
                let at = Int(next)
                guard at < nodeSeen.count else {
                    throw InvalidEnsemble("tree \(index) refers to node \(at) of \(nodeSeen.count)")
                }
                guard !nodeSeen[at] else {
                    throw InvalidEnsemble("tree \(index): node \(at) is reached twice (a cycle or a shared child)")
                }
                nodeSeen[at] = true
                try validate(tree.nodes[at], of: tree, "tree \(index), node \(at)")
                pending.append(tree.nodes[at].right)
                pending.append(tree.nodes[at].left)
            }
        }
        if let lost = nodeSeen.firstIndex(of: false) {
            throw InvalidEnsemble("tree \(index): node \(lost) is not reached from the root")
        }
        if let lost = leafSeen.firstIndex(of: false) {
            throw InvalidEnsemble("tree \(index): leaf \(lost) is not reached from the root")
        }
    }

    private func validate(
        _ node: Node,
        of tree: Tree,
        _ place: @autoclosure () -> String
    ) throws(InvalidEnsemble) {
        switch node.test {
        case .threshold(let threshold):
            guard !threshold.isNaN else { throw InvalidEnsemble("\(place()) has no threshold (NaN)") }
            guard arithmetic.values == .float64 || Double(Float(threshold)) == threshold else {
                throw InvalidEnsemble("\(place()): threshold \(threshold) is not a float32")
            }
        case .inSetLeft(let set), .inSetRight(let set):
            guard set >= 0, Int(set) < tree.categorySets.count else {
                throw InvalidEnsemble("\(place()) refers to category set \(set) of \(tree.categorySets.count)")
            }
        case .equalsLeft(let numbers):
            guard numbers >= 0, Int(numbers) < tree.numberSets.count else {
                throw InvalidEnsemble("\(place()) refers to numbers \(numbers) of \(tree.numberSets.count)")
            }
            guard !tree.numberSets[Int(numbers)].contains(where: \.isNaN) else {
                throw InvalidEnsemble("\(place()) compares with NaN")
            }
        }
    }

    private func validateLinearLeaves(_ tree: Tree, _ index: Int) throws(InvalidEnsemble) {
        guard !tree.linearLeaves.isEmpty else { return }
        guard tree.linearLeaves.count == tree.leafValues.count else {
            throw InvalidEnsemble(
                "tree \(index) has \(tree.leafValues.count) leaves but \(tree.linearLeaves.count) linear ones"
            )
        }
        for (leaf, linear) in tree.linearLeaves.enumerated() {
            guard linear.features.count == linear.coefficients.count else {
                throw InvalidEnsemble(
                    "tree \(index), leaf \(leaf): \(linear.features.count) features but "
                        + "\(linear.coefficients.count) coefficients"
                )
            }
            if let outside = linear.features.first(where: { $0 < 0 || Int($0) >= featureCount }) {
                throw InvalidEnsemble("tree \(index), leaf \(leaf) looks at feature \(outside) of \(featureCount)")
            }
        }
    }
}
