import TreeEnsemble

/// An ensemble that needs more of a row than codes tell, in flat arrays: linear leaves, sets of numbers, the smallest
/// or largest leaf.
///
/// Rows are walked from node to node, a block of them through one tree after the other, in the order of the reference
/// evaluator, whose steps these are. Sums grow in the margins themselves, so that a call needs no memory of its own;
/// arrays are checked at every step, for such models are few and small.
struct RawWalk: Sendable {
    /// An inner node; children as in `Tree`: a node's place among all nodes, or the complement of a leaf's place.
    struct Node {
        var threshold: Double
        /// Words of its category set, or its numbers.
        var setStart: UInt32
        var setCount: UInt32
        var feature: UInt32
        var left: Int32
        var right: Int32
        var test: Test
        var missing: MissingRule
        var defaultLeft: Bool
    }

    enum Test: UInt8, BitwiseCopyable {
        case threshold, inSetLeft, inSetRight, equalsLeft
    }

    /// Where a tree starts and what it adds to.
    struct Root: BitwiseCopyable {
        var link: Int32
        var output: UInt32
    }

    /// The linear function of a leaf: its terms, and what they are added to.
    struct LinearPart: BitwiseCopyable {
        var constant: Double
        var termStart: UInt32
        var termCount: UInt32
        /// Whether the leaf has such a function at all.
        var isLinear: Bool
    }

    struct Term: BitwiseCopyable {
        var coefficient: Double
        var feature: UInt32
    }

    let arithmetic: Arithmetic
    let baseMargins: [Double]
    let sumScale: SumScale
    let outputHasTree: [Bool]
    private(set) var nodes: [Node] = []
    private(set) var roots: [Root] = []
    private(set) var leafValues: [Double] = []
    /// One a leaf; empty if none of the ensemble is linear.
    private(set) var linearParts: [LinearPart] = []
    private(set) var terms: [Term] = []
    private(set) var categoryWords: [UInt32] = []
    /// Sets of numbers, each in ascending order.
    private(set) var numbers: [Double] = []

    /// Rows that go through a tree before the next tree is looked at.
    static let blockRows = 64

    /// Bytes that evaluating touches.
    var byteCount: Int {
        nodes.count * MemoryLayout<Node>.stride + roots.count * MemoryLayout<Root>.stride
            + leafValues.count * 8 + linearParts.count * MemoryLayout<LinearPart>.stride
            + terms.count * MemoryLayout<Term>.stride + categoryWords.count * 4 + numbers.count * 8
    }

    /// Lays out a valid ensemble of trees.
    /// - Throws: ``KernelError/tooLarge(_:)``.
    init(_ ensemble: Ensemble) throws(KernelError) {
        arithmetic = ensemble.arithmetic
        baseMargins = ensemble.baseMargins
        sumScale = ensemble.sumScale
        var hasTree = [Bool](repeating: false, count: ensemble.outputCount)
        for tree in ensemble.trees { hasTree[tree.output] = true }
        outputHasTree = hasTree
        guard ensemble.leafCount < Int(Int32.max) else { throw .tooLarge("\(ensemble.leafCount) leaves") }
        let hasLinear = ensemble.trees.contains { !$0.linearLeaves.isEmpty }
        for tree in ensemble.trees { add(tree, hasLinear: hasLinear) }
        guard max(terms.count, categoryWords.count, numbers.count) <= Int(UInt32.max) else {
            throw .tooLarge("its sets and linear leaves have more than \(UInt32.max) parts")
        }
    }

    private mutating func add(_ tree: Tree, hasLinear: Bool) {
        let firstNode = Int32(nodes.count)
        let firstLeaf = Int32(leafValues.count)
        let firstWords = Self.append(tree.categorySets.map { $0.words }, to: &categoryWords)
        let firstNumbers = Self.append(tree.numberSets.map { $0.sorted() }, to: &numbers)
        func link(_ child: Int32) -> Int32 { child < 0 ? ~(~child + firstLeaf) : child + firstNode }
        roots.append(Root(link: link(tree.nodes.isEmpty ? ~0 : 0), output: UInt32(tree.output)))
        for node in tree.nodes {
            var packed = Node(
                threshold: 0,
                setStart: 0,
                setCount: 0,
                feature: UInt32(node.feature),
                left: link(node.left),
                right: link(node.right),
                test: .threshold,
                missing: node.missing,
                defaultLeft: node.defaultLeft
            )
            switch node.test {
            case .threshold(let threshold): packed.threshold = threshold
            case .inSetLeft(let set):
                packed.test = .inSetLeft
                (packed.setStart, packed.setCount) = firstWords[Int(set)]
            case .inSetRight(let set):
                packed.test = .inSetRight
                (packed.setStart, packed.setCount) = firstWords[Int(set)]
            case .equalsLeft(let set):
                packed.test = .equalsLeft
                (packed.setStart, packed.setCount) = firstNumbers[Int(set)]
            }
            nodes.append(packed)
        }
        leafValues += tree.leafValues
        guard hasLinear else { return }
        for leaf in tree.leafValues.indices {
            guard !tree.linearLeaves.isEmpty else {
                linearParts.append(LinearPart(constant: 0, termStart: 0, termCount: 0, isLinear: false))
                continue
            }
            let linear = tree.linearLeaves[leaf]
            linearParts.append(
                LinearPart(
                    constant: linear.constant,
                    termStart: UInt32(truncatingIfNeeded: terms.count),
                    termCount: UInt32(truncatingIfNeeded: linear.features.count),
                    isLinear: true
                )
            )
            for (feature, coefficient) in zip(linear.features, linear.coefficients) {
                terms.append(Term(coefficient: coefficient, feature: UInt32(feature)))
            }
        }
    }

    /// Appends sets; tells where each starts and how many elements it has.
    ///
    /// Places that do not fit are refused at the end of `init`, before any is used.
    private static func append<Element>(
        _ sets: [[Element]],
        to array: inout [Element]
    ) -> [(UInt32, UInt32)] {
        sets.map { set in
            let start = array.count
            array += set
            return (UInt32(truncatingIfNeeded: start), UInt32(truncatingIfNeeded: set.count))
        }
    }
}
