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
        var marks = PlaceMarks()
        let features = widenedFeatureCount
        let categories = Set(derivedFeatures?.categoryColumns ?? [])
        for (index, tree) in trees.enumerated() {
            try validateParts(tree, index)
            if !isSoundInOrder(tree, features: features, &marks) { try validateByWalk(tree, index) }
            guard !categories.isEmpty else { continue }
            for (at, node) in tree.nodes.enumerated() where categories.contains(Int(node.feature)) {
                throw InvalidEnsemble(
                    "tree \(index), node \(at) takes the categorical column \(node.feature) for a number"
                )
            }
        }
    }

    /// Checks what does not depend on the tree's shape.
    private func validateParts(_ tree: Tree, _ index: Int) throws(InvalidEnsemble) {
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
        if let numbers = tree.numberSets.firstIndex(where: { $0.contains { $0.isNaN } }) {
            throw InvalidEnsemble("tree \(index) compares with NaN (numbers \(numbers))")
        }
        try validateLinearLeaves(tree, index)
    }

    /// Whether all is well with a tree whose nodes all stand before their children, as readers mostly give them.
    ///
    /// `n` nodes have `2n` links, to `n - 1` nodes but the root and to `n + 1` leaves. If no link leads outside and no two
    /// lead to the same place, then each place is led to once; and as links only lead on, there is no cycle, so that all
    /// hang from the root. A tree in another order is not unsound for that: the walk decides.
    private func isSoundInOrder(_ tree: Tree, features: Int, _ marks: inout PlaceMarks) -> Bool {
        let nodes = tree.nodes.span
        let count = nodes.count
        guard count > 0 else { return true }
        let isWide = arithmetic.values == .float64
        marks.start(places: 2 * count + 1)
        let mark = marks.current
        var met = marks.lastMet.mutableSpan
        for at in nodes.indices {
            guard let left = Self.place(nodes[at].left, from: at, of: count), met[left] != mark else { return false }
            met[left] = mark
            guard let right = Self.place(nodes[at].right, from: at, of: count), met[right] != mark else { return false }
            met[right] = mark
            if nodes[at].feature >= 0, Int(nodes[at].feature) < features,
                case .threshold(let threshold) = nodes[at].test,
                isWide ? !threshold.isNaN : Double(Float(threshold)) == threshold
            {
                continue
            }
            guard problem(of: nodes[at], in: tree) == nil else { return false }
        }
        return true
    }

    /// The place of a link's target, nodes counted first and leaves after them; nil if it is outside or leads back.
    private static func place(_ link: Int32, from node: Int, of count: Int) -> Int? {
        let target = Int(link)
        if target >= 0 { return target > node && target < count ? target : nil }
        return ~target <= count ? count + ~target : nil
    }

    /// Checks the shape, and each node, from the root on.
    private func validateByWalk(_ tree: Tree, _ index: Int) throws(InvalidEnsemble) {
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
                if let problem = problem(of: tree.nodes[at], in: tree) {
                    throw InvalidEnsemble("tree \(index), node \(at)\(problem)")
                }
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

    /// What is wrong with a node by itself, to be read behind its place; nil if nothing is.
    private func problem(of node: Node, in tree: Tree) -> String? {
        guard node.feature >= 0, Int(node.feature) < widenedFeatureCount else {
            return " looks at feature \(node.feature) of \(widenedFeatureCount)"
        }
        switch node.test {
        case .threshold(let threshold):
            guard !threshold.isNaN else { return " has no threshold (NaN)" }
            guard arithmetic.values == .float64 || Double(Float(threshold)) == threshold else {
                return ": threshold \(threshold) is not a float32"
            }
        case .inSetLeft(let set), .inSetRight(let set):
            guard set >= 0, Int(set) < tree.categorySets.count else {
                return " refers to category set \(set) of \(tree.categorySets.count)"
            }
        case .equalsLeft(let numbers):
            guard numbers >= 0, Int(numbers) < tree.numberSets.count else {
                return " refers to numbers \(numbers) of \(tree.numberSets.count)"
            }
        }
        return nil
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

/// Which targets of a tree's links have been met; used again for each tree without clearing.
private struct PlaceMarks {
    /// For each place the mark of the tree that met it last.
    var lastMet: [UInt32] = []
    /// The mark of the tree that is looked at.
    private(set) var current: UInt32 = 0

    /// Begins with a tree of so many places.
    mutating func start(places: Int) {
        if current == .max { self = Self() }
        current += 1
        if lastMet.count < places { lastMet.append(contentsOf: repeatElement(0, count: places - lastMet.count)) }
    }
}
