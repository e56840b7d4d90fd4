internal import TreeEnsemble

/// One tree as XGBoost writes it, a handful of arrays with one entry a node; used again for each tree.
struct XGBoostTreeArrays {
    private var nodeCount: Int?
    /// Numbers a leaf holds; 1, or one an output.
    private(set) var leafVectorSize = 1
    private var left: [Int32] = []
    private var right: [Int32] = []
    private var features: [Int32] = []
    private var conditions: [Float] = []
    private var defaultLeft: [Int32] = []
    private var splitTypes: [Int32] = []
    private var categories: [Int32] = []
    private var categoryNodes: [Int32] = []
    private var categorySegments: [Int32] = []
    private var categorySizes: [Int32] = []
    /// The vectors of all leaves, one after the other; a leaf's number stands where its right child would (from 3.0 on).
    private var leafWeights: [Float] = []
    /// The vectors of all nodes, where 2.x kept those of its leaves; read only if ``keepsBaseWeights``.
    private var baseWeights: [Float] = []
    private let keepsBaseWeights: Bool

    /// Arrays for one tree after the other.
    /// - Parameter keepsBaseWeights: whether `base_weights` is read, which no other trees than those of 2.x with
    ///   vectors at their leaves need.
    init(keepsBaseWeights: Bool) { self.keepsBaseWeights = keepsBaseWeights }

    /// Whether the tree that was read cannot be put together without `base_weights`.
    var lacksBaseWeights: Bool { leafVectorSize > 1 && leafWeights.isEmpty && !keepsBaseWeights }
    private var keys = KnownKeys<Key>()
    private var parameterKeys = KnownKeys<ParameterKey>()

    private enum Key: String, DocumentKey {
        case categories
        case categoryNodes = "categories_nodes"
        case categorySegments = "categories_segments"
        case categorySizes = "categories_sizes"
        case baseWeights = "base_weights"
        case leafWeights = "leaf_weights"
        case defaultLeft = "default_left"
        case left = "left_children"
        case right = "right_children"
        case conditions = "split_conditions"
        case features = "split_indices"
        case splitTypes = "split_type"
        case parameters = "tree_param"
        case other = ""
    }

    private enum ParameterKey: String, DocumentKey {
        case nodeCount = "num_nodes"
        case leafVectorSize = "size_leaf_vector"
        case other = ""
    }

    /// Why a tree cannot be used.
    struct Refusal: Error {
        let problem: String
        let remedy: String

        static func damaged(_ problem: String) -> Refusal {
            Refusal(problem: problem, remedy: "the file is damaged; save the model again")
        }
    }

    /// The most words that the category sets of an ensemble may take: 128 MiB.
    static let categoryWordsMax = 1 << 25
    /// XGBoost takes no category from here on (`src/common/categorical.h`).
    static let categoriesMax: Int32 = 1 << 24

    /// Reads the object of one tree in place of the last one.
    mutating func read(from document: inout some DocumentReader) throws(ModelFileError) {
        nodeCount = nil
        leafVectorSize = 1
        // An array that the file leaves out must not keep the last tree's numbers.
        left.removeAll(keepingCapacity: true)
        right.removeAll(keepingCapacity: true)
        features.removeAll(keepingCapacity: true)
        conditions.removeAll(keepingCapacity: true)
        defaultLeft.removeAll(keepingCapacity: true)
        splitTypes.removeAll(keepingCapacity: true)
        categories.removeAll(keepingCapacity: true)
        categoryNodes.removeAll(keepingCapacity: true)
        categorySegments.removeAll(keepingCapacity: true)
        categorySizes.removeAll(keepingCapacity: true)
        leafWeights.removeAll(keepingCapacity: true)
        baseWeights.removeAll(keepingCapacity: true)
        try document.openObject()
        while let key = try document.nextKey(of: &keys) {
            switch key {
            case .left: try document.readIntegers(into: &left)
            case .right: try document.readIntegers(into: &right)
            case .features: try document.readIntegers(into: &features)
            case .conditions: try document.readFloats(into: &conditions)
            case .defaultLeft: try document.readIntegers(into: &defaultLeft)
            case .splitTypes: try document.readIntegers(into: &splitTypes)
            case .categories: try document.readIntegers(into: &categories)
            case .categoryNodes: try document.readIntegers(into: &categoryNodes)
            case .categorySegments: try document.readIntegers(into: &categorySegments)
            case .categorySizes: try document.readIntegers(into: &categorySizes)
            case .leafWeights: try document.readFloats(into: &leafWeights)
            case .baseWeights where keepsBaseWeights: try document.readFloats(into: &baseWeights)
            case .parameters: try readParameters(from: &document)
            case .baseWeights, .other: try document.skip()
            }
        }
    }

    private mutating func readParameters(from document: inout some DocumentReader) throws(ModelFileError) {
        try document.openObject()
        while let key = try document.nextKey(of: &parameterKeys) {
            switch key {
            case .nodeCount: nodeCount = try document.readCountParameter("num_nodes")
            case .leafVectorSize: leafVectorSize = try document.readCountParameter("size_leaf_vector")
            case .other: try document.skip()
            }
        }
    }

    /// The tree in our form, the root first, each node reached once; one tree an output if its leaves are vectors.
    ///
    /// Only what is reached from the root is taken: XGBoost leaves nodes that pruning deleted in its arrays. Trees of
    /// one vector tree share their nodes. The output of a tree of plain leaves is set by whoever knows `tree_info`.
    /// - Parameter categoryWords: the words of category sets so far; grows.
    /// - Returns: the tree, for output 0, or those of a vector tree, for all outputs in order.
    /// - Throws: ``Refusal``.
    func trees(categoryWords: inout Int) throws(Refusal) -> [Tree] {
        var leafSources: [Int] = []
        let tree = try tree(categoryWords: &categoryWords, leafSources: &leafSources)
        guard leafVectorSize > 1 else { return [tree] }
        let starts = try vectorStarts(of: leafSources)
        let weights = leafWeights.isEmpty ? baseWeights : leafWeights
        return (0..<leafVectorSize).map { output in
            var one = tree
            one.output = output
            one.leafValues = starts.map { Double(weights[$0 + output]) }
            return one
        }
    }

    /// Where the vector of each leaf starts.
    private func vectorStarts(of leaves: [Int]) throws(Refusal) -> [Int] {
        let size = leafVectorSize
        guard size <= ModelFile.outputsMax else {
            throw Refusal(
                problem: "its leaves are vectors of \(size) numbers",
                remedy: "at most \(ModelFile.outputsMax) outputs are supported; train with fewer classes or targets"
            )
        }
        guard !leafWeights.isEmpty else {
            guard baseWeights.count == left.count * size else {
                throw .damaged("\(baseWeights.count) numbers in base_weights for \(left.count) vectors of \(size)")
            }
            return leaves.map { $0 * size }
        }
        // Leaves that share a vector would let a small file cost a square of its size in memory.
        guard leafWeights.count >= leaves.count * size else {
            throw .damaged("\(leafWeights.count) numbers in leaf_weights for \(leaves.count) vectors of \(size)")
        }
        var starts: [Int] = []
        starts.reserveCapacity(leaves.count)
        for leaf in leaves {
            let number = Int(right[leaf])
            guard number >= 0, number < leafWeights.count / size else {
                throw .damaged("node \(leaf) is leaf \(number) of \(leafWeights.count / size)")
            }
            starts.append(number * size)
        }
        return starts
    }

    /// The tree of nodes; leaves hold their plain values.
    /// - Parameters:
    ///   - categoryWords: the words of category sets so far; grows.
    ///   - leafSources: takes the file's node of each leaf, if leaves are vectors.
    /// - Returns: the tree, for output 0.
    /// - Throws: ``Refusal``.
    private func tree(categoryWords: inout Int, leafSources: inout [Int]) throws(Refusal) -> Tree {
        let count = left.count
        guard count >= 1, nodeCount == nil || nodeCount == count, right.count == count, features.count == count,
            conditions.count == count, defaultLeft.count == count, splitTypes.isEmpty || splitTypes.count == count
        else { throw .damaged("its arrays differ in length, or from num_nodes") }
        let segments = try segmentsByNode()

        let walk = try XGBoostTreeWalk(
            left: left.span,
            right: right.span,
            features: features.span,
            conditions: conditions.span,
            defaultLeft: defaultLeft.span,
            splitTypes: splitTypes.span
        )
        if leafVectorSize > 1 { leafSources = walk.leafSources.map { Int($0) } }
        var tree = Tree(output: 0, nodes: walk.nodes, leafValues: walk.leafValues)
        for node in walk.categoryNodes {
            let set = try categorySet(segments[node], node: node)
            tree.categorySets.append(set)
            categoryWords += set.words.count
            guard categoryWords <= Self.categoryWordsMax else {
                throw Refusal(
                    problem: "the category sets take more than \(Self.categoryWordsMax / (1 << 18)) MiB",
                    remedy: "train with fewer or smaller category codes"
                )
            }
        }
        return tree
    }

    /// Where in ``categories`` the set of each categorical node stands.
    private func segmentsByNode() throws(Refusal) -> [Int32: Range<Int>] {
        guard categorySegments.count == categoryNodes.count, categorySizes.count == categoryNodes.count else {
            throw .damaged("the arrays of its categories differ in length")
        }
        var segments: [Int32: Range<Int>] = [:]
        var total = 0
        for (index, node) in categoryNodes.enumerated() {
            let start = Int(categorySegments[index])
            let size = Int(categorySizes[index])
            total += size
            guard start >= 0, size >= 0, start + size <= categories.count else {
                throw .damaged("node \(node) has categories \(start)..<\(start + size) of \(categories.count)")
            }
            segments[node] = start..<start + size
        }
        // Sets that share their categories would let a small file cost a square of its size in time.
        guard total <= categories.count else {
            throw .damaged("its category sets hold \(total) codes, its categories are \(categories.count)")
        }
        return segments
    }

    private func categorySet(_ segment: Range<Int>?, node: Int32) throws(Refusal) -> CategorySet {
        guard let segment else { throw .damaged("node \(node) splits by category but has no categories") }
        var largest: Int32 = -1
        for category in categories[segment] {
            guard category >= 0, category < Self.categoriesMax else {
                throw .damaged("node \(node) has the category \(category)")
            }
            largest = max(largest, category)
        }
        var words = [UInt32](repeating: 0, count: largest < 0 ? 0 : Int(largest) / 32 + 1)
        for category in categories[segment] { words[Int(category) / 32] |= 1 << UInt32(category % 32) }
        return CategorySet(words: words)
    }
}
