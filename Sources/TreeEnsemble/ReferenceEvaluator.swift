/// The slow, obviously right evaluator: one row, one tree, one node at a time.
///
/// It defines every bit of a margin; kernels are compared with it, and it with XGBoost and LightGBM.
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
        var sums = ensemble.baseMargins
        for tree in ensemble.trees {
            let value = tree.leafValues[leaf(of: tree, for: row)]
            switch ensemble.arithmetic {
            case .float32LessThan: sums[tree.output] = Double(Float(sums[tree.output]) + Float(value))
            case .float64LessOrEqual: sums[tree.output] += value
            }
        }
        return sums
    }

    /// The index of the leaf that a row reaches in a tree.
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
        switch (ensemble.arithmetic, node.test) {
        case (.float32LessThan, .threshold(let threshold)):
            let narrow = Float(value)
            if narrow.isNaN { return node.defaultLeft }
            return narrow < Float(threshold)
        case (.float64LessOrEqual, .threshold(let threshold)):
            let isZero = abs(value) <= Arithmetic.zeroThreshold
            switch node.missing {
            case .nan where value.isNaN, .zeroAndNaN where value.isNaN || isZero: return node.defaultLeft
            default: return (value.isNaN || isZero ? 0 : value) <= threshold
            }
        case (_, .inSetLeft(let set)):
            return isIn(tree.categorySets[Int(set)], value, node) ?? node.defaultLeft
        case (_, .inSetRight(let set)):
            return isIn(tree.categorySets[Int(set)], value, node).map { !$0 } ?? node.defaultLeft
        }
    }

    /// Whether a category is in a set; nil if it is missing and the node has a default side.
    ///
    /// The value is truncated toward zero; a negative, fractional-negative or huge one is in no set. XGBoost rounds to
    /// float32 first.
    private func isIn(_ set: CategorySet, _ value: Double, _ node: Node) -> Bool? {
        let category = ensemble.arithmetic == .float32LessThan ? Double(Float(value)) : value
        if category.isNaN { return node.missing == .nan ? nil : false }
        guard category >= 0 || category > -1 && ensemble.arithmetic == .float64LessOrEqual,
            category < Double(1 << 24) || ensemble.arithmetic == .float64LessOrEqual && category < Double(Int32.max)
        else { return false }
        return set.contains(Int(category))
    }
}
