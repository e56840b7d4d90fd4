/// The slow, obviously right evaluator: one row, one tree, one node at a time.
///
/// It defines every bit of a margin; kernels are compared with it, and it with the
/// libraries.
public struct ReferenceEvaluator: Sendable {
    /// The ensemble that is evaluated.
    public let ensemble: Ensemble

    /// An evaluator of a valid ensemble.
    /// - Throws: ``InvalidEnsemble``.
    public init(_ ensemble: Ensemble) throws(InvalidEnsemble) {
        try ensemble.validate()
        self.ensemble = ensemble
    }

    /// The margins of one row: one an output.
    /// - Parameter row: one value a feature; NaN is missing.
    /// - Returns: one margin an output, before ``OutputTransform``.
    /// - Precondition: the row is as wide as the ensemble.
    public func margins(of row: [Double]) -> [Double] {
        precondition(row.count == ensemble.featureCount, "a row has one value a feature")
        if let linear = ensemble.linearModel { return linear.margins(of: row, baseMargins: ensemble.baseMargins) }
        let row = ensemble.widened(row)
        let arithmetic = ensemble.arithmetic
        var sums = ensemble.baseMargins.map(arithmetic.start)
        var hasTree = [Bool](repeating: false, count: ensemble.outputCount)
        for tree in ensemble.trees {
            let leaf = leaf(of: tree, for: row)
            let linear =
                tree.linearLeaves.isEmpty
                ? nil : tree.linearLeaves[leaf].value(for: row, hasZeroBand: arithmetic.hasZeroBand)
            sums[tree.output] = arithmetic.adding(linear ?? tree.leafValues[leaf], to: sums[tree.output])
            hasTree[tree.output] = true
        }
        for output in sums.indices {
            sums[output] = arithmetic.margin(
                ofSum: sums[output],
                base: ensemble.baseMargins[output],
                scale: ensemble.sumScale,
                hasTree: hasTree[output]
            )
        }
        return sums
    }

    /// The index of the leaf that a row reaches in a tree.
    /// - Precondition: the row has the derived features' values behind its columns.
    public func leaf(of tree: Tree, for row: [Double]) -> Int {
        var next: Int32 = tree.nodes.isEmpty ? ~0 : 0
        while next >= 0 {
            let node = tree.nodes[Int(next)]
            next = goesLeft(row[Int(node.feature)], node, tree) ? node.left : node.right
        }
        return Int(~next)
    }

    /// Whether a value goes left at a node.
    public func goesLeft(_ value: Double, _ node: Node, _ tree: Tree) -> Bool {
        let arithmetic = ensemble.arithmetic
        switch node.test {
        case .threshold(let threshold):
            var compared = arithmetic.values == .float32 ? Double(Float(value)) : value
            let isZero = arithmetic.hasZeroBand && abs(compared) <= Arithmetic.zeroThreshold
            switch node.missing {
            case .nan where compared.isNaN, .zeroAndNaN where compared.isNaN || isZero: return node.defaultLeft
            default: break
            }
            if compared.isNaN || isZero { compared = 0 }
            return arithmetic.comparison == .lessThan ? compared < threshold : compared <= threshold
        case .equalsLeft(let numbers):
            let compared = arithmetic.values == .float32 ? Double(Float(value)) : value
            return compared.isNaN ? node.defaultLeft : tree.numberSets[Int(numbers)].contains(compared)
        case .inSetLeft(let set):
            return isIn(tree.categorySets[Int(set)], value, node) ?? node.defaultLeft
        case .inSetRight(let set):
            return isIn(tree.categorySets[Int(set)], value, node).map { !$0 } ?? node.defaultLeft
        }
    }

    /// Whether a category is in a set; nil if it is missing and the node has a default side.
    ///
    /// The value is truncated toward zero; a negative, fractional-negative or huge one is in no set. XGBoost rounds to
    /// float32 first.
    private func isIn(_ set: CategorySet, _ value: Double, _ node: Node) -> Bool? {
        let category = ensemble.arithmetic.values == .float32 ? Double(Float(value)) : value
        if category.isNaN { return node.missing == .nan ? nil : false }
        guard category >= 0 || category > -1 && ensemble.arithmetic.values == .float64,
            category < Double(1 << 24) || ensemble.arithmetic.values == .float64 && category < Double(Int32.max)
        else { return false }
        return set.contains(Int(category))
    }
}
