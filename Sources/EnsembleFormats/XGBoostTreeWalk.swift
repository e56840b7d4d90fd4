internal import TreeEnsemble

/// What is reached from the root of one tree's arrays: each node before its left side, and that before its right side.
struct XGBoostTreeWalk {
    /// Inner nodes in our form, the root first.
    let nodes: [Node]
    /// Leaves, as the nodes count them.
    let leafValues: [Double]
    /// The file's node of each leaf.
    let leafSources: [Int32]
    /// Categorical nodes of the file, in the order of the sets that our nodes refer to.
    private(set) var categoryNodes: [Int32] = []

    /// A node of the file, and the link of ours that leads to it: `2 × node`, plus 1 if to the right; -1 for the root.
    private struct Step {
        var source: Int32
        var link: Int32
    }

    private static let blank = Node(
        feature: 0,
        test: .threshold(0),
        missing: .nan,
        defaultLeft: false,
        left: 0,
        right: 0
    )

    /// Goes through the tree.
    ///
    /// The spans have one entry for each node of the file; that of the split types may be empty instead. All memory is
    /// taken before the loop, which only touches spans.
    /// - Throws: a refusal when a child is outside, or reached twice.
    init(
        left: Span<Int32>,
        right: Span<Int32>,
        features: Span<Int32>,
        conditions: Span<Float>,
        defaultLeft: Span<Int32>,
        splitTypes: Span<Int32>
    ) throws(XGBoostTreeArrays.Refusal) {
        let count = left.count
        var innerCount = 0
        for source in left.indices where left[source] != -1 { innerCount += 1 }
        var nodes = [Node](repeating: Self.blank, count: innerCount)
        var leafValues = [Double](repeating: 0, count: count - innerCount)
        var leafSources = [Int32](repeating: 0, count: leafValues.count)
        var isSeen = [Bool](repeating: false, count: count)
        // Each inner node puts its right side off once.
        var pending = [Step](repeating: Step(source: 0, link: 0), count: innerCount)
        var seen = isSeen.mutableSpan
        var waiting = pending.mutableSpan
        var ours = nodes.mutableSpan
        var leaves = leafValues.mutableSpan
        var sources = leafSources.mutableSpan
        var nodeCount = 0
        var leafCount = 0
        var waitingCount = 0
        var step = Step(source: 0, link: -1)
        while true {
            let source = Int(step.source)
            guard source >= 0, source < count else { throw .damaged("a child is node \(source) of \(count)") }
            guard !seen[source] else { throw .damaged("node \(source) is reached twice (a cycle or a shared child)") }
            seen[source] = true
            let isLeaf = left[source] == -1
            if step.link >= 0 {
                let child = isLeaf ? ~Int32(leafCount) : Int32(nodeCount)
                if step.link & 1 == 0 {
                    ours[Int(step.link >> 1)].left = child
                } else {
                    ours[Int(step.link >> 1)].right = child
                }
            }
            if isLeaf {
                leaves[leafCount] = Double(conditions[source])
                sources[leafCount] = step.source
                leafCount += 1
                guard waitingCount > 0 else { break }
                waitingCount -= 1
                step = waiting[waitingCount]
            } else {
                let isCategorical = !splitTypes.isEmpty && splitTypes[source] == 1
                ours[nodeCount] = Node(
                    feature: features[source],
                    test: isCategorical
                        ? .inSetRight(set: Int32(categoryNodes.count)) : .threshold(Double(conditions[source])),
                    missing: .nan,
                    defaultLeft: defaultLeft[source] != 0,
                    left: 0,
                    right: 0
                )
                if isCategorical { categoryNodes.append(step.source) }
                let link = Int32(nodeCount) << 1
                waiting[waitingCount] = Step(source: right[source], link: link | 1)
                waitingCount += 1
                step = Step(source: left[source], link: link)
                nodeCount += 1
            }
        }
        // What pruning left behind in the file was not reached.
        nodes.removeLast(innerCount - nodeCount)
        leafValues.removeLast(count - innerCount - leafCount)
        self.nodes = nodes
        leafSources.removeLast(count - innerCount - leafCount)
        self.leafValues = leafValues
        self.leafSources = leafSources
    }
}
