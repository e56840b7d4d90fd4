import EnsembleFormats
import FuzzTargets
import Testing
import TreeEnsemble

/// Damaged and hostile files: whatever the bytes, reading ends soon, with a valid ensemble or an error in words.
@Suite("Attacks on the model readers", .timeLimit(.minutes(5)))
struct AttackTests {
    /// Small models that use every part of each form.
    static let models: [(name: String, bytes: [UInt8])] = {
        var plain = XGBoostFixture(objective: "multi:softprob", classes: "2", featureNames: ["alpha", "beta"])
        var categorical = XGBoostFixture.TreeFixture()
        categorical.splitTypes = [1, 0, 0, 0, 0]
        categorical.categories = [1, 5]
        categorical.categoryNodes = [0]
        categorical.categorySegments = [0]
        categorical.categorySizes = [2]
        plain.trees = [.init(), categorical]
        plain.treeInfo = [0, 1]
        plain.weights = [0.5, 0.25]
        var dart = plain
        dart.hasOldDart = true
        var forest = LightGBMFixture(
            perIteration: 2,
            objective: "multiclassova num_class:2 sigmoid:0.5",
            isAveraged: true
        )
        forest.trees.append(.init())
        forest.trees[1].set("num_cat=1")
        forest.trees[1].set("decision_type=1 8")
        forest.trees[1].set("threshold=0 1.0000000180025095e-35")
        forest.trees[1].set("cat_boundaries=0 2")
        forest.trees[1].set("cat_threshold=9 4294967295")
        var vectors = XGBoostFixture(targets: "2")
        vectors.trees = [.vectors, .vectors]
        vectors.trees[1].leafWeights = nil
        vectors.trees[1].baseWeights = [0, 0, 1, 2, 0, 0, 3, 4, 5, 6]
        let linear = XGBoostFixture(booster: "gblinear", linearWeights: [1, 2, 3])
        var linearLeaves = LightGBMFixture()
        for line in [
            "is_linear=1", "leaf_const=0.5 1 2", "num_features=2 0 1", "leaf_features=0 1  1", "leaf_coeff=3 4  5",
        ] { linearLeaves.trees[0].set(line) }
        var onnx = ONNXFixture()
        onnx.before = [
            .init(
                operation: "Scaler",
                outputs: ["S"],
                attributes: ["offset": .floats([0, 1]), "scale": .floats([2, -3])]
            ), .init(operation: "Mul", domain: "", inputs: ["S", "c"], outputs: ["T"]),
        ]
        onnx.constants = [ONNXFixture.tensor("c", [0.5])]
        onnx.trees.inputs = ["T"]
        return [
            ("json", plain.document.json), ("ubjson", plain.document.ubjson), ("dart json", dart.document.json),
            ("dart ubjson", dart.document.ubjson), ("text", forest.bytes),
            ("text v2", LightGBMFixture(version: "v2", end: nil).bytes), ("vectors json", vectors.document.json),
            ("vectors ubjson", vectors.document.ubjson), ("gblinear ubjson", linear.document.ubjson),
            ("text linear leaves", linearLeaves.bytes),
            ("onnx", onnx.bytes),
        ]
    }()

    @Test("the models are read when nothing is wrong with them")
    func whole() {
        for (name, bytes) in Self.models { #expect(Attack.survives(bytes, name), "\(name)") }
    }

    @Test("a file cut at any byte is refused, but for a tail that says nothing", arguments: models.indices)
    func cuts(model: Int) {
        let (name, bytes) = Self.models[model]
        // What follows the last tree of a LightGBM file tells of training only.
        let end = Array("feature_importances".utf8)
        let tail = bytes.indices.first { bytes[$0...].starts(with: end) } ?? bytes.count
        for length in 0..<bytes.count {
            let isRead = Attack.survives(Array(bytes[..<length]), "\(name) cut at \(length)")
            #expect(!isRead || name.hasPrefix("text") && length >= tail - 3, "\(name) cut at \(length) was read")
        }
    }

    @Test("one bit turned anywhere", arguments: models.indices)
    func bitFlips(model: Int) {
        let (name, bytes) = Self.models[model]
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                Attack.survives(changed, "\(name), bit \(bit) of byte \(index)")
            }
        }
    }

    @Test("bytes changed, dropped, doubled and moved at random", arguments: models.indices)
    func randomChanges(model: Int) {
        let (name, bytes) = Self.models[model]
        let kind = ModelFile.recognise(bytes)
        let words = FuzzTarget(rawValue: kind.rawValue)?.words ?? []
        #expect(!words.isEmpty, "\(kind)")
        Attack.randomChanges(of: bytes, words: words) { changed, _, context in
            Attack.survives(changed, "\(name), \(context)")
        }
    }

    @Test("each count in UBJSON made huge, negative or of another type")
    func hostileCounts() {
        let bytes = Self.models[1].bytes
        for index in bytes.indices where bytes[index] == UInt8(ascii: "L") && index + 9 <= bytes.count {
            for count in [-1, .min, .max, 1 << 40, 1 << 31, bytes.count, bytes.count - index] {
                var changed = bytes
                changed.replaceSubrange(
                    index + 1..<index + 9,
                    with: Document.bigEndian(UInt64(bitPattern: Int64(count)), 8)
                )
                Attack.survives(changed, "count \(count) at byte \(index)")
            }
            for marker in "TFZNCSHdDiUIl[{" {
                var changed = bytes
                changed[index] = marker.asciiValue ?? 0
                Attack.survives(changed, "\(marker) at byte \(index)")
            }
        }
        for type in "TFZN[{SHdLC" {
            let typed = Array("{L".utf8) + Document.bigEndian(7, 8) + Array("learner[$\(type)#".utf8)
            Attack.survives(typed + Document.count(.max), "typed array of \(type)")
            Attack.survives(typed + Document.count(1 << 20), "typed array of \(type)")
        }
    }

    @Test("nesting without end is refused where the limit is passed")
    func deepNesting() {
        let deep = 1_000_000
        for opening in ["[", "[1,", "{\"a\":"] {
            let text = "{\"learner\":{\"x\":" + String(repeating: opening, count: deep)
            let error = #expect(throws: ModelFileError.self) { try ModelFile.read(Array(text.utf8)) }
            #expect(error?.problem == "nested more than 64 deep", "\(String(describing: error))")
        }
        let start = Array("{L".utf8) + Document.bigEndian(7, 8) + Array("learner{U\u{1}x".utf8)
        for opening in [Array("[".utf8), Array("{U\u{1}a".utf8), Array("[#U\u{1}".utf8), Array("[$[#U\u{1}".utf8)] {
            let bytes = start + (0..<deep / 10).flatMap { _ in opening }
            #expect(throws: ModelFileError.self) { try ModelFile.read(bytes) }
        }
        Attack.survives([UInt8](repeating: UInt8(ascii: "["), count: deep), "brackets alone")
        Attack.survives([UInt8](repeating: UInt8(ascii: "{"), count: deep), "braces alone")
    }

    @Test("a small file cannot claim large memory or long time")
    func amplification() {
        // Every node of a wide chain points at the same thousand categories.
        var chain = XGBoostFixture.TreeFixture()
        let nodes = 2_000
        chain.left = (0..<nodes).map { $0 + 1 < nodes ? $0 + 1 : -1 }
        chain.right = chain.left
        chain.features = [Int](repeating: 0, count: nodes)
        chain.conditions = [Float](repeating: 0, count: nodes)
        chain.defaultLeft = chain.features
        chain.splitTypes = [Int](repeating: 1, count: nodes)
        chain.categories = Array(0..<1_000)
        chain.categoryNodes = Array(0..<nodes)
        chain.categorySegments = chain.features
        chain.categorySizes = [Int](repeating: 1_000, count: nodes)
        let error = #expect(throws: ModelFileError.self) {
            try ModelFile.read(XGBoostFixture(trees: [chain]).document.ubjson)
        }
        #expect(error?.problem.contains("category sets hold 2000000 codes") == true, "\(String(describing: error))")

        // Each categorical node names one category, the largest there is: 2 MiB of bits for a few bytes of file.
        var wide = XGBoostFixture.TreeFixture()
        wide.left = (0..<nodes).map { $0 % 2 == 0 && $0 + 2 < nodes ? $0 + 1 : -1 }
        wide.right = (0..<nodes).map { $0 % 2 == 0 && $0 + 2 < nodes ? $0 + 2 : -1 }
        wide.features = chain.features
        wide.conditions = chain.conditions
        wide.defaultLeft = chain.features
        wide.splitTypes = chain.splitTypes
        wide.categoryNodes = Array(0..<nodes)
        wide.categories = [Int](repeating: (1 << 24) - 1, count: nodes)
        wide.categorySegments = Array(0..<nodes)
        wide.categorySizes = [Int](repeating: 1, count: nodes)
        let large = #expect(throws: ModelFileError.self) {
            try ModelFile.read(XGBoostFixture(trees: [wide]).document.json)
        }
        #expect(large?.problem.contains("take more than 128 MiB") == true, "\(String(describing: large))")
    }

    @Test("a tree that is one long chain is read without deep recursion")
    func longChain() throws {
        let splits = 100_000
        var chain = XGBoostFixture.TreeFixture()
        chain.left = (0..<splits).flatMap { [$0 * 2 + 1, -1] } + [-1]
        chain.right = (0..<splits).flatMap { [$0 * 2 + 2, -1] } + [-1]
        let count = splits * 2 + 1
        chain.features = [Int](repeating: 0, count: count)
        chain.defaultLeft = chain.features
        chain.conditions = (0..<count).map(Float.init)
        let ensemble = try ModelFile.read(XGBoostFixture(trees: [chain]).document.ubjson)
        #expect(ensemble.depth == splits)
        #expect(try ReferenceEvaluator(ensemble).margins(of: [1e9, 0]) == [Double(Float(count - 1))])
    }
}
