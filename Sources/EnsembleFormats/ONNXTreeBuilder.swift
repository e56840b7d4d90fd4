internal import TreeEnsemble

/// Makes trees of an ONNX forest: one tree an output that its leaves have weights for, with the same nodes.
///
/// Every comparison becomes "at most a threshold" or "one of these numbers": `x < t` is "at most the number before t",
/// `x > t` the other side of `x <= t`, `!=` the other side of `==`. NaN fails every comparison (and so passes `!=`),
/// unless the node sends it where the comparison holds. Steps between the input and the trees are taken into the
/// thresholds (``ONNXColumn``).
struct ONNXTreeBuilder {
    private let operation: ONNXNode
    private let forest: ONNXForest
    private let columns: [ONNXColumn]
    private let values: Arithmetic.Precision
    /// The tree that a node was last reached in, counted from 1.
    private var reachedIn: [Int32]
    private(set) var trees: [Tree] = []
    /// Whether some tree has a weight for the output in every leaf, so that every row has a score.
    private(set) var isAlwaysScored: [Bool]
    /// Nodes, leaves and numbers of all trees made so far, and what each tree takes besides.
    private var size = 0

    /// Builds all trees: `columns` are what they look at, `values` what the model's input is exact in.
    init(
        _ forest: ONNXForest,
        operation: ONNXNode,
        columns: [ONNXColumn],
        values: Arithmetic.Precision
    ) throws(ModelFileError) {
        self.forest = forest
        self.operation = operation
        self.columns = columns
        self.values = values
        reachedIn = [Int32](repeating: 0, count: forest.modes.count)
        isAlwaysScored = [Bool](repeating: false, count: forest.outputs)
        for index in forest.roots.indices { try build(index) }
    }

    /// A tree of the file while it is made.
    private struct Draft {
        var nodes: [Node] = []
        private(set) var numberSets: [[Double]] = []
        /// Numbers of all sets.
        private(set) var numberCount = 0
        /// The forest's node of each leaf.
        var leaves: [Int32] = []

        /// Adds a set of numbers, for a test to refer to.
        mutating func test(forNumbers numbers: [Double]) -> NodeTest {
            numberSets.append(numbers)
            numberCount += numbers.count
            return .equalsLeft(numbers: Int32(numberSets.count - 1))
        }
    }

    private mutating func build(_ index: Int) throws(ModelFileError) {
        let draft = try shape(index)
        // The largest number of weights that one leaf has for an output: usually 1, and each becomes a tree.
        var times: [Int32: Int] = [:]
        var leavesWithout: [Int32: Int] = [:]
        for leaf in draft.leaves {
            let range = weightRange(of: leaf)
            guard !range.isEmpty else { throw operation.damage("has a leaf without a weight in tree \(index)") }
            var here: [Int32: Int] = [:]
            for at in range { here[forest.weightOutputs[at], default: 0] += 1 }
            for (output, count) in here {
                times[output] = max(times[output] ?? 0, count)
                leavesWithout[output, default: draft.leaves.count] -= 1
            }
        }
        for (output, without) in leavesWithout where without == 0 { isAlwaysScored[Int(output)] = true }
        size += (draft.nodes.count + draft.leaves.count + Self.treeSize) * times.values.reduce(0, +) + draft.numberCount
        guard size <= max(Self.sizeMin, Self.sizeFactor * forest.size) else {
            throw operation.refusal(
                "has so many outputs in so large trees that they take \(size) nodes",
                remedy: "train with fewer classes or targets, or smaller trees"
            )
        }
        append(draft, times)
    }

    /// Adds a tree for each output and time, with the weights of its leaves; where a leaf has none, with what changes no
    /// sum.
    private mutating func append(_ draft: Draft, _ times: [Int32: Int]) {
        let neutral: Double =
            switch forest.aggregate {
            case .sum, .average: 0
            case .minimum: .infinity
            case .maximum: -.infinity
            }
        var firstTree: [Int32: Int] = [:]
        for output in times.keys.sorted() {
            firstTree[output] = trees.count
            let tree = Tree(
                output: Int(output),
                nodes: draft.nodes,
                leafValues: [Double](repeating: neutral, count: draft.leaves.count),
                numberSets: draft.numberSets
            )
            trees.append(contentsOf: repeatElement(tree, count: times[output] ?? 0))
        }
        for (leaf, node) in draft.leaves.enumerated() {
            var next = firstTree
            for at in weightRange(of: node) {
                guard let tree = next[forest.weightOutputs[at]] else { continue }
                trees[tree].leafValues[leaf] = forest.weights[at]
                next[forest.weightOutputs[at]] = tree + 1
            }
        }
    }

    /// The weights of a leaf; with one output ONNX Runtime looks at the first alone.
    private func weightRange(of leaf: Int32) -> Range<Int> {
        let range = forest.weightRange(of: leaf)
        return forest.outputs == 1 ? range.prefix(1) : range
    }

    /// Small forests may be blown up to this, larger ones ``sizeFactor`` times: a file may name one root, and with it
    /// one tree, a million times.
    private static let sizeMin = 1 << 22
    private static let sizeFactor = 16
    /// What a tree of one leaf takes besides it, in nodes.
    private static let treeSize = 8
}

// MARK: - Nodes

extension ONNXTreeBuilder {
    /// A child that is still to be visited, and where its place is noted.
    private struct Pending {
        var node: Int32
        var parent: Int
        var isLeft: Bool
    }

    private mutating func shape(_ tree: Int) throws(ModelFileError) -> Draft {
        var draft = Draft()
        var pending = [Pending(node: forest.roots[tree], parent: -1, isLeft: false)]
        while let next = pending.popLast() {
            let place: Int32
            if forest.modes[Int(next.node)] == .leaf {
                // A leaf may be shared: it is copied, once a parent at most.
                place = ~Int32(draft.leaves.count)
                draft.leaves.append(next.node)
            } else {
                try reach(next.node, tree)
                place = Int32(draft.nodes.count)
                let (node, left, right) = try test(next.node, tree, &draft)
                draft.nodes.append(node)
                pending.append(Pending(node: right, parent: Int(place), isLeft: false))
                pending.append(Pending(node: left, parent: Int(place), isLeft: true))
            }
            guard next.parent >= 0 else { continue }
            if next.isLeft { draft.nodes[next.parent].left = place } else { draft.nodes[next.parent].right = place }
        }
        return draft
    }

    private mutating func reach(_ node: Int32, _ tree: Int) throws(ModelFileError) {
        guard reachedIn[Int(node)] != Int32(tree + 1) else {
            throw operation.damage("has a node (number \(node)) that is reached twice in tree \(tree)")
        }
        reachedIn[Int(node)] = Int32(tree + 1)
    }

    /// A node's test, and the forest's nodes on its left and right.
    private mutating func test(
        _ index: Int32,
        _ tree: Int,
        _ draft: inout Draft
    ) throws(ModelFileError) -> (node: Node, left: Int32, right: Int32) {
        let at = Int(index)
        let (whenTrue, whenFalse) = (forest.whenTrue[at], forest.whenFalse[at])
        let column = try column(of: at)
        var node = Node(
            feature: Int32(column.feature),
            test: .threshold(0),
            missing: .nan,
            defaultLeft: false,
            left: 0,
            right: 0
        )
        let mode = forest.modes[at]
        switch mode {
        case .equal, .member, .notEqual:
            let chain = mode == .notEqual ? Chain(forest, index) : try chain(from: index, tree)
            guard column.steps.isEmpty else {
                throw operation.refusal("tests for equality behind other operators")
            }
            // A number that no value of the input can be is in no set.
            let numbers = chain.numbers.filter { values == .float64 || Double(Float($0)) == $0 }
            node.test = draft.test(forNumbers: numbers)
            // NaN is unequal to all: it goes where `!=` holds and where `==` does not.
            node.defaultLeft = mode != .notEqual && chain.tracksTrue
            return mode == .notEqual ? (node, whenFalse, whenTrue) : (node, whenTrue, chain.whenFalse)
        default:
            let threshold = try threshold(at, mode, column)
            let missing = column.value(of: .nan)
            let holdsForMissing =
                missing.isNaN ? forest.tracksTrue[at] : Self.holds(missing, mode, forest.thresholds[at])
            node.defaultLeft = holdsForMissing == threshold.holdsBelow
            if let atMost = threshold.atMost {
                node.test = .threshold(atMost)
            } else {
                node.test = draft.test(forNumbers: [])
            }
            return threshold.holdsBelow ? (node, whenTrue, whenFalse) : (node, whenFalse, whenTrue)
        }
    }

    private func column(of at: Int) throws(ModelFileError) -> ONNXColumn {
        let feature = Int(forest.features[at])
        guard feature < columns.count else {
            throw operation.damage("looks at feature \(feature) of \(columns.count)")
        }
        return columns[feature]
    }

    private func threshold(
        _ at: Int,
        _ mode: ONNXNodeMode,
        _ column: ONNXColumn
    ) throws(ModelFileError) -> ONNXColumn.Threshold {
        let threshold = forest.thresholds[at]
        guard !threshold.isNaN else { throw operation.damage("has a node (number \(at)) whose threshold is NaN") }
        let isTrueForSmall = mode == .lessOrEqual || mode == .less
        let isExact = values == .float64 || Double(Float(threshold)) == threshold
        if column.steps.isEmpty, isExact, mode == .lessOrEqual || mode == .greater {
            return ONNXColumn.Threshold(atMost: threshold, holdsBelow: isTrueForSmall)
        }
        return column.threshold(isTrueForSmall: isTrueForSmall, in: values) { Self.holds($0, mode, threshold) }
    }

    /// Whether a comparison holds for a value that is not NaN.
    private static func holds(_ value: Double, _ mode: ONNXNodeMode, _ threshold: Double) -> Bool {
        switch mode {
        case .lessOrEqual: value <= threshold
        case .less: value < threshold
        case .greaterOrEqual: value >= threshold
        default: value > threshold
        }
    }
}

// MARK: - Chains of equalities

extension ONNXTreeBuilder {
    /// Numbers that lead to the same node.
    private struct Chain {
        var numbers: [Double]
        var whenFalse: Int32
        var tracksTrue: Bool

        init(_ forest: ONNXForest, _ index: Int32) {
            let at = Int(index)
            numbers = forest.members[index] ?? [forest.thresholds[at]]
            whenFalse = forest.whenFalse[at]
            tracksTrue = forest.tracksTrue[at]
        }
    }

    /// An equality and those that follow it on the false side with the same feature and the very same true side: so
    /// exporters spell out a set of categories (and so does ONNX Runtime put them together again).
    private mutating func chain(from index: Int32, _ tree: Int) throws(ModelFileError) -> Chain {
        var chain = Chain(forest, index)
        while true {
            let next = chain.whenFalse
            let mode = forest.modes[Int(next)]
            guard mode == .equal || mode == .member, forest.features[Int(next)] == forest.features[Int(index)],
                forest.whenTrue[Int(next)] == forest.whenTrue[Int(index)]
            else { break }
            try reach(next, tree)
            let following = Chain(forest, next)
            guard following.tracksTrue == chain.tracksTrue else {
                throw operation.refusal("has equalities in a row (at node \(next)) that treat NaN in two ways")
            }
            chain.numbers += following.numbers
            chain.whenFalse = following.whenFalse
        }
        guard !chain.numbers.contains(where: \.isNaN) else {
            throw operation.damage("has a node (number \(index)) that compares with NaN")
        }
        return chain
    }
}
