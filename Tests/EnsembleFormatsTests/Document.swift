/// A document that can be written as JSON and as UBJSON, to try both readers on the same model.
enum Document {
    case members([Member])
    case array([Document])
    case text(String)
    case integers([Int])
    case floats([Float])

    struct Member {
        let key: String
        let value: Document
    }

    static func object(_ pairs: [(String, Document)]) -> Document {
        .members(pairs.map { Member(key: $0.0, value: $0.1) })
    }

    var json: [UInt8] { Array(jsonText.utf8) }

    private var jsonText: String {
        switch self {
        case .members(let members):
            "{" + members.map { "\"\($0.key)\":\($0.value.jsonText)" }.joined(separator: ",") + "}"
        case .array(let elements): "[" + elements.map(\.jsonText).joined(separator: ", ") + "]"
        case .text(let text): "\"\(text)\""
        case .integers(let numbers): "[" + numbers.map { "\($0)" }.joined(separator: ",") + "]"
        case .floats(let numbers):
            "[" + numbers.map { $0.isNaN ? "NaN" : $0 == .infinity ? "Infinity" : "\($0)" }.joined(separator: ",") + "]"
        }
    }

    var ubjson: [UInt8] {
        switch self {
        case .members(let members):
            [UInt8(ascii: "{")] + members.flatMap { Self.counted($0.key) + $0.value.ubjson } + [UInt8(ascii: "}")]
        case .array(let elements): Array("[#".utf8) + Self.count(elements.count) + elements.flatMap(\.ubjson)
        case .text(let text): [UInt8(ascii: "S")] + Self.counted(text)
        case .integers(let numbers):
            Array("[$l#".utf8) + Self.count(numbers.count)
                + numbers.flatMap { Self.bigEndian(UInt64(bitPattern: Int64($0)), 4) }
        case .floats(let numbers):
            Array("[$d#".utf8) + Self.count(numbers.count)
                + numbers.flatMap { Self.bigEndian(UInt64($0.bitPattern), 4) }
        }
    }

    static func bigEndian(_ value: UInt64, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64((width - 1 - $0) * 8)) }
    }

    static func count(_ count: Int) -> [UInt8] { [UInt8(ascii: "L")] + bigEndian(UInt64(count), 8) }

    private static func counted(_ text: String) -> [UInt8] { count(text.utf8.count) + Array(text.utf8) }
}

/// A small XGBoost model, every part of which a test may change.
struct XGBoostFixture {
    /// One tree, by default `x0 < 0.5 (missing left) ? -1 : (x1 < 2 (missing right) ? 3 : 4)`.
    struct TreeFixture {
        var left = [1, -1, 3, -1, -1]
        var right = [2, -1, 4, -1, -1]
        var features = [0, 0, 1, 0, 0]
        var conditions: [Float] = [0.5, -1, 2, 3, 4]
        var defaultLeft = [1, 0, 0, 0, 0]
        var splitTypes: [Int]?
        var categories: [Int] = []
        var categoryNodes: [Int] = []
        var categorySegments: [Int] = []
        var categorySizes: [Int] = []
        var nodeCount: String?
        var leafVectorSize = "1"
        var leafWeights: [Float]?
        var baseWeights: [Float]?

        /// The same tree with two numbers a leaf, its own and ten times it; leaves come in the order 2, 0, 1.
        static let vectors: TreeFixture = {
            var tree = TreeFixture()
            tree.right = [2, 2, 4, 0, 1]
            tree.leafVectorSize = "2"
            tree.leafWeights = [3, 30, 4, 40, -1, -10]
            tree.conditions = [0.5, .nan, 2, .nan, .nan]
            return tree
        }()

        var document: Document {
            var members: [(String, Document)] = [
                ("base_weights", .floats(baseWeights ?? conditions)), ("default_left", .integers(defaultLeft)),
                ("left_children", .integers(left)), ("right_children", .integers(right)),
                ("split_conditions", .floats(conditions)), ("split_indices", .integers(features)),
                (
                    "tree_param",
                    .object([
                        ("num_nodes", .text(nodeCount ?? "\(left.count)")), ("size_leaf_vector", .text(leafVectorSize)),
                    ])
                ),
                ("categories", .integers(categories)), ("categories_nodes", .integers(categoryNodes)),
                ("categories_segments", .integers(categorySegments)), ("categories_sizes", .integers(categorySizes)),
            ]
            if let leafWeights { members.append(("leaf_weights", .floats(leafWeights))) }
            if let splitTypes { members.append(("split_type", .integers(splitTypes))) }
            return .object(members)
        }
    }

    var version = [3, 0, 2]
    var objective: String? = "reg:squarederror"
    var baseScore = "0E0"
    var classes = "0"
    var targets = "1"
    var features = "2"
    var featureNames: [String] = []
    var trees = [TreeFixture()]
    var treeInfo: [Int]?
    var booster = "gbtree"
    var weights: [Float]?
    /// Takes the place of the trees.
    var linearWeights: [Float]?
    /// By feature, what `cats` tells of its categories; by default in a form that XGBoost does not write.
    var categories: [Document] = [.object([("values", .array([.text("a"), .text("b")]))])]
    var hasOldDart = false
    var attributes: [(String, Document)] = []
    var isReversed = false

    var document: Document {
        var model: [(String, Document)] = [
            ("gbtree_model_param", .object([("num_trees", .text("\(trees.count)"))])),
            ("tree_info", .integers(treeInfo ?? trees.map { _ in 0 })), ("trees", .array(trees.map(\.document))),
            ("cats", .object([("enc", .array(categories))])),
        ]
        if let weights, !hasOldDart { model.append(("weight_drop", .floats(weights))) }
        if let linearWeights { model = [("boosted_rounds", .integers([3])), ("weights", .floats(linearWeights))] }
        var gradient: [(String, Document)] = [("name", .text(booster)), ("model", .object(model))]
        if hasOldDart {
            gradient = [
                ("gbtree", .object([("model", .object(model)), ("name", .text("gbtree"))])), ("name", .text("dart")),
                ("weight_drop", .floats(weights ?? [])),
            ]
        }
        let parameters: [(String, Document)] = [
            ("base_score", .text(baseScore)), ("num_class", .text(classes)), ("num_feature", .text(features)),
            ("num_target", .text(targets)),
        ]
        var learner: [(String, Document)] = [
            ("attributes", .object(attributes)), ("feature_names", .array(featureNames.map { .text($0) })),
            ("gradient_booster", .object(gradient)), ("learner_model_param", .object(parameters)),
        ]
        if let objective { learner.append(("objective", .object([("name", .text(objective))]))) }
        let all: [(String, Document)] = [("learner", .object(learner)), ("version", .integers(version))]
        return .object(isReversed ? all.reversed() : all)
    }
}
