import TreeEnsemble

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

/// What a random ensemble is like.
struct EnsembleShape: Sendable, CustomStringConvertible {
    enum Growth: Sendable {
        /// Any leaf may split next.
        case anywhere
        /// The newest leaf splits: a chain.
        case chain
        /// All nodes of a level share one test; leaves are a power of two.
        case oblivious
    }

    var name: String
    var arithmetic: Arithmetic
    var trees = 6
    var leaves: [Int]
    var features = 7
    var outputs = 1
    var growth = Growth.anywhere
    /// Distinct thresholds a feature.
    var thresholds = 40
    /// One node in this many is categorical; 0 for none.
    var categoricalOneIn = 0
    var categories = 50
    /// So many trees that follow each other differ in their leaves alone.
    var alike = 1

    var description: String { name }
}

/// A random ensemble and the values that its nodes are sensitive to.
struct RandomEnsemble {
    let ensemble: Ensemble
    /// By feature: values at, next to and far from its thresholds and categories.
    let probes: [[Double]]

    init(_ shape: EnsembleShape, using generator: inout SeededGenerator) {
        let pools = (0..<shape.features).map { _ in Self.thresholds(shape, &generator) }
        var trees: [Tree] = []
        for index in 0..<shape.trees {
            let leaves = shape.leaves[index / shape.alike % shape.leaves.count]
            if index % shape.alike > 0, var again = trees.last {
                again.output = index % shape.outputs
                again.leafValues = Self.leafValues(shape, leaves, &generator)
                trees.append(again)
            } else if shape.growth == .oblivious {
                trees.append(Self.obliviousTree(shape, leaves, index, pools, &generator))
            } else {
                trees.append(Self.tree(shape, leaves, index, pools, &generator))
            }
        }
        let isFloat = shape.arithmetic.sum == .float32
        ensemble = Ensemble(
            provenance: Provenance(library: "random", libraryVersion: "0", format: "none"),
            objective: "none",
            featureNames: (0..<shape.features).map { "f\($0)" },
            outputCount: shape.outputs,
            arithmetic: shape.arithmetic,
            baseMargins: (0..<shape.outputs).map { _ in
                isFloat ? Double(Float.random(in: -1...1, using: &generator)) : 0
            },
            trees: trees,
            transform: .identity
        )
        probes = pools.map { Self.probes($0, categories: shape.categoricalOneIn > 0 ? shape.categories : 0) }
    }

    /// One tree whose levels are full but for the last: node n's children are nodes 2n + 1 and 2n + 2.
    init(
        completeTreeOf leaves: Int,
        _ arithmetic: Arithmetic,
        features: Int = 7,
        thresholds: Int = 40,
        using generator: inout SeededGenerator
    ) {
        let shape = EnsembleShape(
            name: "complete",
            arithmetic: arithmetic,
            trees: 0,
            leaves: [],
            features: features,
            thresholds: thresholds
        )
        let empty = RandomEnsemble(shape, using: &generator)
        let pools = (0..<shape.features).map { _ in Self.thresholds(shape, &generator) }
        var sets: [CategorySet] = []
        let nodes = (0..<leaves - 1).map { index in
            var node = Self.node(shape, pools, &sets, &generator)
            func child(_ place: Int) -> Int32 { place < leaves - 1 ? Int32(place) : ~Int32(place - (leaves - 1)) }
            node.left = child(2 * index + 1)
            node.right = child(2 * index + 2)
            return node
        }
        // Every leaf has a value of its own, exact in either precision.
        let values = (0..<leaves).map { Double($0) - Double(leaves / 2) }
        var ensemble = empty.ensemble
        ensemble.trees = [Tree(output: 0, nodes: nodes, leafValues: values, categorySets: sets)]
        self.ensemble = ensemble
        probes = pools.map { Self.probes($0, categories: 0) }
    }

    /// Rows of probe values, one in eight missing.
    func rows(_ count: Int, using generator: inout SeededGenerator) -> [[Double]] {
        (0..<count).map { _ in
            probes.map {
                Int.random(in: 0..<8, using: &generator) == 0 ? .nan : $0.randomElement(using: &generator) ?? 0
            }
        }
    }

    private static func thresholds(_ shape: EnsembleShape, _ generator: inout SeededGenerator) -> [Double] {
        let edge = Arithmetic.zeroThreshold
        var pool: [Double] = [
            0, -0.0, edge, -edge, edge.nextUp, edge.nextDown, (-edge).nextUp, (-edge).nextDown, .infinity, -.infinity,
            Double(Float.leastNonzeroMagnitude), -Double(Float.leastNonzeroMagnitude), .leastNonzeroMagnitude,
            Double(Float.greatestFiniteMagnitude), .greatestFiniteMagnitude, 1e-36, -1e-36,
        ]
        pool.shuffle(using: &generator)
        pool = Array(pool.prefix(Int.random(in: 0...pool.count, using: &generator)))
        while pool.count < shape.thresholds {
            let base = Double.random(in: -100...100, using: &generator)
            pool.append(Bool.random(using: &generator) ? base : base.rounded())
        }
        if shape.arithmetic.values == .float32 { return pool.map { Double(Float($0)) } }
        return pool
    }

    private static func tree(
        _ shape: EnsembleShape,
        _ leaves: Int,
        _ index: Int,
        _ pools: [[Double]],
        _ generator: inout SeededGenerator
    ) -> Tree {
        var nodes: [Node] = []
        var sets: [CategorySet] = []
        // Where each leaf hangs: its node, and whether on the left.
        var hooks: [(node: Int, isLeft: Bool)] = []
        for _ in 1..<max(leaves, 1) {
            let node = node(shape, pools, &sets, &generator)
            if nodes.isEmpty {
                nodes.append(node)
                hooks = [(0, true), (0, false)]
                continue
            }
            let at: Int
            switch shape.growth {
            case .anywhere: at = Int.random(in: 0..<hooks.count, using: &generator)
            case .oblivious: preconditionFailure("made elsewhere")
            case .chain: at = hooks.count - 1 - (Bool.random(using: &generator) ? 1 : 0)
            }
            let hook = hooks.remove(at: at)
            if hook.isLeft {
                nodes[hook.node].left = Int32(nodes.count)
            } else {
                nodes[hook.node].right = Int32(nodes.count)
            }
            hooks.append((nodes.count, true))
            hooks.append((nodes.count, false))
            nodes.append(node)
        }
        hooks.shuffle(using: &generator)
        for (leaf, hook) in hooks.enumerated() {
            if hook.isLeft { nodes[hook.node].left = ~Int32(leaf) } else { nodes[hook.node].right = ~Int32(leaf) }
        }
        let values = leafValues(shape, leaves, &generator)
        return Tree(output: index % shape.outputs, nodes: nodes, leafValues: values, categorySets: sets)
    }

    /// Node n's children are nodes 2n + 1 and 2n + 2.
    private static func obliviousTree(
        _ shape: EnsembleShape,
        _ leaves: Int,
        _ index: Int,
        _ pools: [[Double]],
        _ generator: inout SeededGenerator
    ) -> Tree {
        precondition(leaves.nonzeroBitCount == 1, "leaves are a power of two")
        var sets: [CategorySet] = []
        let levels = (0..<leaves.trailingZeroBitCount).map { _ in node(shape, pools, &sets, &generator) }
        let nodes = (0..<leaves - 1).map { index in
            var node = levels[(index + 1).bitWidth - 1 - (index + 1).leadingZeroBitCount]
            func child(_ place: Int) -> Int32 { place < leaves - 1 ? Int32(place) : ~Int32(place - (leaves - 1)) }
            node.left = child(2 * index + 1)
            node.right = child(2 * index + 2)
            return node
        }
        let values = leafValues(shape, leaves, &generator)
        return Tree(output: index % shape.outputs, nodes: nodes, leafValues: values, categorySets: sets)
    }

    private static func leafValues(
        _ shape: EnsembleShape,
        _ leaves: Int,
        _ generator: inout SeededGenerator
    ) -> [Double] {
        let isFloat = shape.arithmetic.sum == .float32
        return (0..<max(leaves, 1)).map { _ in
            isFloat ? Double(Float.random(in: -1...1, using: &generator)) : .random(in: -1...1, using: &generator)
        }
    }

    private static func node(
        _ shape: EnsembleShape,
        _ pools: [[Double]],
        _ sets: inout [CategorySet],
        _ generator: inout SeededGenerator
    ) -> Node {
        let feature = Int.random(in: 0..<shape.features, using: &generator)
        var test = NodeTest.threshold(pools[feature].randomElement(using: &generator) ?? 0)
        if shape.categoricalOneIn > 0, Int.random(in: 0..<shape.categoricalOneIn, using: &generator) == 0 {
            let codes = (0..<shape.categories).filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }
            sets.append(CategorySet(codes: codes))
            let set = Int32(sets.count - 1)
            test = shape.arithmetic == .float32LessThan ? .inSetRight(set: set) : .inSetLeft(set: set)
        }
        let rules: [MissingRule] = shape.arithmetic == .float32LessThan ? [.nan] : [.none, .zeroAndNaN, .nan]
        return Node(
            feature: Int32(feature),
            test: test,
            missing: rules.randomElement(using: &generator) ?? .nan,
            defaultLeft: Bool.random(using: &generator),
            left: 0,
            right: 0
        )
    }

    private static func probes(_ thresholds: [Double], categories: Int) -> [Double] {
        let edge = Arithmetic.zeroThreshold
        var values: [Double] = [
            0, -0.0, .infinity, -.infinity, .nan, edge, -edge, edge.nextUp, (-edge).nextDown, 1e-36, -1e-36, 1e-30,
            1e300,
            Double(Float.leastNonzeroMagnitude), -Double(Float.leastNonzeroMagnitude), -.leastNonzeroMagnitude,
        ]
        for threshold in thresholds {
            values += [threshold, threshold.nextUp, threshold.nextDown]
            let narrow = Float(threshold)
            values += [Double(narrow), Double(narrow.nextUp), Double(narrow.nextDown)]
        }
        if categories > 0 {
            values += (-2...categories + 1).flatMap { [Double($0), Double($0) + 0.9] }
            values += [-0.9, -0.1, 16_777_215, 16_777_216, 2_147_483_646, 2_147_483_647, 2_147_483_648, -3e9, 1e19]
        }
        return values
    }
}
