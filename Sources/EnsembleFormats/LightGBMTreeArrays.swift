internal import TreeEnsemble

/// One tree as LightGBM writes it: a line for each array; used again for each tree.
struct LightGBMTreeArrays {
    private var leafCount: Int?
    private var features: [Int32] = []
    private var thresholds: [Double] = []
    private var decisions: [Int32] = []
    private var left: [Int32] = []
    private var right: [Int32] = []
    private var leafValues: [Double] = []
    private var categoryBoundaries: [Int32] = []
    private var categoryWords: [UInt32] = []
    private var isLinear = false
    private var leafConstants: [Double] = []
    /// By leaf: how many of the numbers in the next two are its own.
    private var termCounts: [Int32] = []
    private var termFeatures: [Int32] = []
    private var termCoefficients: [Double] = []
    private var isComplete = false

    /// Why a tree cannot be used.
    struct Refusal: Error {
        let problem: String
        var remedy = "the file is damaged; save the model again"
    }

    /// Forgets the last tree.
    mutating func reset() {
        leafCount = nil
        features.removeAll(keepingCapacity: true)
        thresholds.removeAll(keepingCapacity: true)
        decisions.removeAll(keepingCapacity: true)
        left.removeAll(keepingCapacity: true)
        right.removeAll(keepingCapacity: true)
        leafValues.removeAll(keepingCapacity: true)
        categoryBoundaries.removeAll(keepingCapacity: true)
        categoryWords.removeAll(keepingCapacity: true)
        isLinear = false
        leafConstants.removeAll(keepingCapacity: true)
        termCounts.removeAll(keepingCapacity: true)
        termFeatures.removeAll(keepingCapacity: true)
        termCoefficients.removeAll(keepingCapacity: true)
        isComplete = false
    }

    /// Takes one line of the tree's block; those that only tell of training are passed over.
    mutating func readLine(_ lines: inout LineScanner) throws(ModelFileError) {
        switch lines.firstByte {
        case UInt8(ascii: "s"):
            if lines.hasKey("split_feature") {
                try lines.readIntegers(into: &features)
            } else if lines.hasKey("shrinkage") {
                // The last line that every tree has; a line that the end of the file cuts does not count.
                isComplete = lines.isTerminated
            }
        case UInt8(ascii: "t") where lines.hasKey("threshold"): try lines.readDoubles(into: &thresholds)
        case UInt8(ascii: "d") where lines.hasKey("decision_type"): try lines.readIntegers(into: &decisions)
        case UInt8(ascii: "l"):
            if lines.hasKey("left_child") {
                try lines.readIntegers(into: &left)
            } else if lines.hasKey("leaf_value") {
                try lines.readDoubles(into: &leafValues)
            } else if lines.hasKey("leaf_const") {
                try lines.readDoubles(into: &leafConstants)
            } else if lines.hasKey("leaf_features") {
                try lines.readIntegers(into: &termFeatures)
            } else if lines.hasKey("leaf_coeff") {
                try lines.readDoubles(into: &termCoefficients)
            }
        case UInt8(ascii: "r") where lines.hasKey("right_child"): try lines.readIntegers(into: &right)
        case UInt8(ascii: "c"):
            if lines.hasKey("cat_boundaries") {
                try lines.readIntegers(into: &categoryBoundaries)
            } else if lines.hasKey("cat_threshold") {
                try lines.readWords(into: &categoryWords)
            }
        case UInt8(ascii: "n"):
            if lines.hasKey("num_leaves") {
                leafCount = try lines.whole()
            } else if lines.hasKey("num_features") {
                try lines.readIntegers(into: &termCounts)
            }
        case UInt8(ascii: "i") where lines.hasKey("is_linear"): isLinear = try lines.whole() != 0
        default: break
        }
    }

    /// The tree in our form; children are numbered as in the file, which counts leaves as `~leaf` too.
    /// - Throws: ``Refusal``.
    func tree(output: Int) throws(Refusal) -> Tree {
        guard isComplete else { throw Refusal(problem: "it is cut off before its last line (shrinkage)") }
        guard let leafCount, leafCount >= 1 else { throw Refusal(problem: "it has no num_leaves") }
        guard leafValues.count == leafCount else {
            throw Refusal(problem: "\(leafValues.count) leaf values for \(leafCount) leaves")
        }
        let linearLeaves = isLinear ? try linearLeaves(count: leafCount) : []
        guard leafCount > 1 else {
            return Tree(output: output, nodes: [], leafValues: leafValues, linearLeaves: linearLeaves)
        }
        let count = leafCount - 1
        for (name, found) in [
            ("split_feature", features.count), ("threshold", thresholds.count), ("decision_type", decisions.count),
            ("left_child", left.count), ("right_child", right.count),
        ] where found != count {
            throw Refusal(problem: "\(found) numbers in \(name) for \(count) splits")
        }
        var tree = Tree(
            output: output,
            nodes: [],
            leafValues: leafValues,
            categorySets: try categorySets(),
            linearLeaves: linearLeaves
        )
        tree.nodes.reserveCapacity(count)
        for index in 0..<count {
            tree.nodes.append(try node(index, sets: tree.categorySets.count))
        }
        return tree
    }

    private func node(_ index: Int, sets: Int) throws(Refusal) -> Node {
        let decision = decisions[index]
        guard decision >= 0, decision < 16 else {
            throw Refusal(problem: "split \(index) has the decision_type \(decision)")
        }
        if decision & 1 == 1 {
            // The threshold of a categorical split is the number of its set; NaN goes right, as if in no set.
            guard let set = Int32(exactly: thresholds[index]), set >= 0, Int(set) < sets else {
                throw Refusal(problem: "split \(index) refers to category set \(thresholds[index]) of \(sets)")
            }
            return Node(
                feature: features[index],
                test: .inSetLeft(set: set),
                missing: .none,
                defaultLeft: false,
                left: left[index],
                right: right[index]
            )
        }
        guard let missing = MissingRule(rawValue: UInt8(decision >> 2)) else {
            throw Refusal(problem: "split \(index) has the missing type \(decision >> 2)")
        }
        return Node(
            feature: features[index],
            test: .threshold(thresholds[index]),
            missing: missing,
            defaultLeft: decision & 2 != 0,
            left: left[index],
            right: right[index]
        )
    }

    /// The linear functions of the leaves (`linear_tree`); the file's features are those of the row.
    private func linearLeaves(count: Int) throws(Refusal) -> [LinearLeaf] {
        guard leafConstants.count == count, termCounts.count == count else {
            throw Refusal(
                problem: "\(leafConstants.count) numbers in leaf_const and \(termCounts.count) in num_features "
                    + "for \(count) linear leaves"
            )
        }
        var leaves: [LinearLeaf] = []
        leaves.reserveCapacity(count)
        var start = 0
        for (constant, terms) in zip(leafConstants, termCounts) {
            guard terms >= 0, Int(terms) <= min(termFeatures.count, termCoefficients.count) - start else {
                throw Refusal(problem: "leaf \(leaves.count) has \(terms) terms, more than leaf_coeff holds")
            }
            let end = start + Int(terms)
            leaves.append(
                LinearLeaf(
                    constant: constant,
                    features: Array(termFeatures[start..<end]),
                    coefficients: Array(termCoefficients[start..<end])
                )
            )
            start = end
        }
        guard start == termFeatures.count, start == termCoefficients.count else {
            throw Refusal(
                problem: "\(termFeatures.count) numbers in leaf_features and \(termCoefficients.count) in leaf_coeff "
                    + "for \(start) terms"
            )
        }
        return leaves
    }

    private func categorySets() throws(Refusal) -> [CategorySet] {
        guard !categoryBoundaries.isEmpty else { return [] }
        var sets: [CategorySet] = []
        var start = Int(categoryBoundaries[0])
        guard start == 0 else { throw Refusal(problem: "cat_boundaries starts with \(start)") }
        for boundary in categoryBoundaries.dropFirst() {
            let end = Int(boundary)
            guard end >= start, end <= categoryWords.count else {
                throw Refusal(problem: "cat_boundaries goes to \(end) after \(start), of \(categoryWords.count) words")
            }
            sets.append(CategorySet(words: Array(categoryWords[start..<end])))
            start = end
        }
        return sets
    }
}
