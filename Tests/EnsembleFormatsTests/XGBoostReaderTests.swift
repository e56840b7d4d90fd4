import EnsembleFormats
import Testing
import TreeEnsemble

@Suite("XGBoost's JSON and UBJSON")
struct XGBoostReaderTests {
    /// The margins of rows, from either form; they must agree to the bit.
    private func margins(_ fixture: XGBoostFixture, _ rows: [[Double]]) throws -> [[Double]] {
        let json = try ModelFile.read(fixture.document.json, name: "m.json")
        var ubjson = try ModelFile.read(fixture.document.ubjson, name: "m.ubj")
        #expect(ubjson.provenance.format == "xgboost-ubjson")
        ubjson.provenance.format = json.provenance.format
        #expect(json == ubjson)
        let evaluator = try ReferenceEvaluator(json)
        return rows.map(evaluator.margins(of:))
    }

    private func refusal(_ fixture: XGBoostFixture) throws -> String {
        let errors = [fixture.document.json, fixture.document.ubjson].map { bytes in
            #expect(throws: ModelFileError.self) { try ModelFile.read(bytes, name: "m") }
        }
        let problems = try errors.map { try #require($0) }
        #expect(problems[0].problem == problems[1].problem)
        #expect(!problems[0].remedy.isEmpty)
        return problems[0].description
    }

    @Test("a tree with both directions of missing, and equality to the right")
    func plainTree() throws {
        let found = try margins(
            XGBoostFixture(),
            [[0.4, 9], [0.5, 1], [0.5, 2], [.nan, 9], [0.9, .nan], [.infinity, -.infinity]]
        )
        #expect(found == [[-1], [3], [4], [-1], [4], [3]])
    }

    @Test("the file's keys may come in any order, and unknown ones are passed over")
    func order() throws {
        #expect(try margins(XGBoostFixture(isReversed: true), [[0, 0]]) == [[-1]])
    }

    @Test("nodes that pruning left behind are not taken")
    func deletedNodes() throws {
        var tree = XGBoostFixture.TreeFixture()
        tree.left += [-1]
        tree.right += [77]
        tree.features += [99]
        tree.conditions += [.nan]
        tree.defaultLeft += [0]
        let bytes = XGBoostFixture(trees: [tree]).document.json
        let ensemble = try ModelFile.read(bytes)
        #expect(ensemble.leafCount == 3)
    }

    @Test("a category in the set goes right, all else left; missing takes the default side")
    func categories() throws {
        var tree = XGBoostFixture.TreeFixture()
        tree.splitTypes = [1, 0, 0, 0, 0]
        tree.conditions[0] = .nan
        tree.categories = [0, 3, 40]
        tree.categoryNodes = [0]
        tree.categorySegments = [0]
        tree.categorySizes = [3]
        let rows: [[Double]] = [
            [0, 0], [3.9, 0], [40, 9], [41, 9], [-0.5, 9], [-1, 9], [16_777_216, 9], [.nan, 9],
        ]
        #expect(
            try margins(XGBoostFixture(trees: [tree]), rows) == [[3], [3], [4], [-1], [-1], [-1], [-1], [-1]]
        )
    }

    @Test("dart: leaf times weight in float32, wherever the weights are kept", arguments: [false, true])
    func dart(hasOldDart: Bool) throws {
        let weight: Float = 0.7661
        var fixture = XGBoostFixture()
        fixture.weights = [weight]
        fixture.hasOldDart = hasOldDart
        #expect(try margins(fixture, [[0.9, 0]]) == [[Double(Float(3) * weight)]])
        fixture.weights = [weight, weight]
        #expect(try refusal(fixture).contains("weight_drop tells of 2 trees"))
    }

    @Test("vectors at the leaves: one tree an output, by the leaf's number, or in base_weights by the node's")
    func vectors() throws {
        let rows: [[Double]] = [[0, 0], [1, 0], [1, 3]]
        var fixture = XGBoostFixture(targets: "2", trees: [.vectors])
        #expect(try margins(fixture, rows) == [[-1, -10], [3, 30], [4, 40]])
        fixture.weights = [0.5]
        #expect(try margins(fixture, rows) == [[-0.5, -5], [1.5, 15], [2, 20]])
        fixture.weights = nil
        fixture.trees[0].leafWeights = nil
        fixture.trees[0].baseWeights = [7, 7, -2, -20, 7, 7, 5, 50, 6, 60]
        #expect(try margins(fixture, rows) == [[-2, -20], [5, 50], [6, 60]])
        // Trees of either kind may stand side by side.
        fixture.trees.append(.init())
        fixture.treeInfo = [0, 1]
        #expect(try margins(fixture, rows) == [[-2, -21], [5, 53], [6, 64]])
        let leaf = XGBoostFixture.TreeFixture(
            left: [-1],
            right: [0],
            features: [0],
            conditions: [0],
            defaultLeft: [0],
            leafVectorSize: "2",
            leafWeights: [8, 9]
        )
        #expect(try margins(XGBoostFixture(targets: "2", trees: [leaf]), [[0, 0]]) == [[8, 9]])
    }

    @Test("gblinear: bias and base margin, then the features that are not missing, one by one in float32")
    func linear() throws {
        let weights: [Float] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
        var fixture = XGBoostFixture(baseScore: "7E-1", targets: "2", booster: "gblinear", linearWeights: weights)
        let expected = [(0.5 + Float(0.7)) + 3 * 0.1, (0.6 + Float(0.7)) + 3 * 0.2]
        #expect(try margins(fixture, [[3, .nan]]) == [expected.map { Double($0) }])
        // One base score an output is in the file, yet the first is used for all.
        fixture.baseScore = "[7E-1,9E-1]"
        #expect(try margins(fixture, [[3, .nan]]) == [expected.map { Double($0) }])
        fixture.linearWeights = [1, 2, 3]
        #expect(try refusal(fixture).contains("3 weights for 2 features, a bias and 2 outputs"))
    }

    @Test("expectiles rise from output to output, and so do their base scores")
    func expectiles() throws {
        let fixture = XGBoostFixture(
            version: [3, 4, 1],
            objective: "reg:expectileerror",
            baseScore: "[1E0,1E0,1E2]",
            targets: "3"
        )
        let ensemble = try ModelFile.read(fixture.document.json)
        #expect(ensemble.baseMargins[0] == 1)
        #expect(Float(ensemble.baseMargins[1]) == -13.81551, "a rise of less than 1e-6 counts as one")
        #expect(abs(ensemble.baseMargins[2] - 99) < 1e-4)
        let predictions = ensemble.predictions(fromMargins: [-5, -200, 3])
        #expect(predictions[0] == -5 && predictions[1] > -5 && predictions[1] < -4.99999)
        #expect(abs(predictions[2] - (-5 + 3.0485873)) < 1e-5)
    }

    @Test("classes and targets: tree_info says which output a tree adds to, whatever the order")
    func outputs() throws {
        var fixture = XGBoostFixture(objective: "multi:softprob", baseScore: "5E-1", classes: "3")
        fixture.trees = [.init(), .init(), .init(), .init()]
        fixture.treeInfo = [2, 2, 0, 1]
        #expect(try margins(fixture, [[0, 0]]) == [[-0.5, -0.5, -1.5]])
        fixture.treeInfo = [0, 1, 2, 3]
        #expect(try refusal(fixture).contains("output 3 of 3"))
        var targets = XGBoostFixture(baseScore: "[1E0,2E0]", targets: "2")
        targets.trees = [.init(), .init()]
        targets.treeInfo = [1, 0]
        #expect(try margins(targets, [[0.9, 2]]) == [[5, 6]])
    }

    @Test(
        "base score becomes a margin by its objective, in float32",
        arguments: [
            ("reg:squarederror", "2.5E-1", Float(0.25)), ("reg:squarederror", "[2.5E-1]", 0.25),
            ("binary:logistic", "5E-1", 0), ("binary:logistic", "[2.3538704E-1]", -1.1781387),
            ("binary:logitraw", "5E-1", 0.5), ("binary:hinge", "5E-1", 0.5), ("count:poisson", "1E0", 0),
            ("reg:gamma", "2E0", 0.6931472), ("rank:ndcg", "5E-1", 0.5),
        ]
    )
    func baseScores(objective: String, text: String, margin: Float) throws {
        let found = try margins(XGBoostFixture(objective: objective, baseScore: text), [[0, 0]])
        #expect(found == [[Double(margin + -1)]])
    }

    @Test("binary:logitraw took its base score for a probability until 1.3.0")
    func versions() throws {
        for (version, margin) in [
            ([1, 2, 1], -1), ([1, 3, 0], -1), ([1, 3, 1], -0.5), ([1, 4, 0], -0.5), ([2, 0, 0], -0.5),
        ] {
            let raw = XGBoostFixture(version: version, objective: "binary:logitraw", baseScore: "5E-1")
            #expect(try margins(raw, [[0, 0]]) == [[margin]], "\(version)")
        }
        #expect(try refusal(XGBoostFixture(objective: "binary:logistic", baseScore: "0E0")).contains("outside"))
        let clamped = XGBoostFixture(version: [3, 2, 0], objective: "binary:logistic", baseScore: "0E0")
        #expect(try margins(clamped, [[0, 0]])[0][0] < -14)
        let quantiles = XGBoostFixture(version: [3, 4, 0], objective: "reg:quantileerror", targets: "2")
        let sorted = try ModelFile.read(quantiles.document.json)
        #expect(sorted.predictions(fromMargins: [3, 1]) == [1, 3])
    }

    @Test("names, versions and the best iteration are kept")
    func particulars() throws {
        var fixture = XGBoostFixture(featureNames: ["Größe", "visits"])
        fixture.attributes = [("best_iteration", .text("17"))]
        let ensemble = try ModelFile.read(fixture.document.ubjson)
        #expect(ensemble.featureNames == ["Größe", "visits"])
        #expect(ensemble.bestIteration == 17)
        #expect(ensemble.provenance.libraryVersion == "3.0.2")
        #expect(ensemble.depth == 2)
        #expect(ensemble.featureUse().map(\.splits) == [1, 1])
    }

    @Test("names of categories are kept where the file has them, and another form of them is passed over")
    func categoryNames() throws {
        var fixture = XGBoostFixture()
        func names() throws -> [[String]] {
            let found = [try ModelFile.read(fixture.document.json), try ModelFile.read(fixture.document.ubjson)]
                .map(\.categoryNames)
            #expect(found[0] == found[1])
            return found[0]
        }
        let texts: [(String, Document)] = [
            ("offsets", .integers([0, 4, 9])), ("values", .integers([98, 108, 97, 117, 103, 114, -61, -68, 110])),
        ]
        let numbers: [(String, Document)] = [("type", .integers([15])), ("values", .integers([10, 20, 30]))]
        fixture.categories = [.object(texts), .object(numbers)]
        #expect(try names() == [["blau", "grün"], ["10", "20", "30"]])
        fixture.categories = [.object(texts)]
        #expect(try names() == [], "not as many as features")
        for offsets in [[0, 10], [-1, 2], [4, 0]] {
            fixture.categories = [.object([("offsets", .integers(offsets)), texts[1]]), .object(numbers)]
            #expect(try names() == [], "\(offsets)")
        }
    }

    @Test("arrays of mixed values are passed over where nothing needs them")
    func mixedArrays() throws {
        let text = String(decoding: XGBoostFixture().document.json, as: UTF8.self)
            .replacing("\"cats\":{", with: "\"cats\":{\"mixed\":[1, [2, -3e5, \"a\", [], {}], null, true, NaN],")
        #expect(try ReferenceEvaluator(ModelFile.read(Array(text.utf8))).margins(of: [0, 0]) == [-1])
    }

    @Test("a tree's keys are known wherever they stand, unknown ones between them, escaped or not")
    func treeKeys() throws {
        let text = String(decoding: XGBoostFixture().document.json, as: UTF8.self)
            .replacing("\"left_children\"", with: #""left\u005fchildren""#)
            .replacing("\"split_type", with: "\"split_typ\":[7],\"split_type")
            .replacing("\"right_children\"", with: "\"\":[1.5],\"right_child\":[9],\"right_children\"")
            .replacing("\"num_nodes\"", with: "\"num_deleted\":[1],\"num_nodes\"")
        #expect(try ReferenceEvaluator(ModelFile.read(Array(text.utf8))).margins(of: [0.9, 2]) == [4])
        let wrong = text.replacing("\"num_nodes\":\"5\"", with: "\"num_nodes\":\"6\"")
        #expect(throws: ModelFileError.self) { try ModelFile.read(Array(wrong.utf8)) }
    }

    @Test("white space may stand around every number and bracket of JSON")
    func spacedJSON() throws {
        let text = String(decoding: XGBoostFixture().document.json, as: UTF8.self)
        let spaced = text.replacing(",", with: " ,\n\t").replacing("[", with: "[ ").replacing("]", with: "\r\n]")
            .replacing(":", with: " : ")
            .replacing("reg : squarederror", with: "reg:squarederror")
        #expect(try ModelFile.read(Array(spaced.utf8)) == ModelFile.read(Array(text.utf8)))
    }

    @Test("UBJSON's numbers may be of any type, typed or marked one by one")
    func ubjsonTypes() throws {
        let plain = XGBoostFixture().document.ubjson
        let wanted = try ModelFile.read(plain)
        let left = Array("left_children".utf8)
        let start = try #require((0..<plain.count - 13).first { plain[$0..<$0 + 13].elementsEqual(left) }) + 13
        let end = start + 13 + 5 * 4
        #expect(plain[start..<start + 5].elementsEqual("[$l#L".utf8), "the fixture's array stands here")
        let values: [Int] = [1, -1, 3, -1, -1]
        let forms: [[UInt8]] = [
            Array("[$i#U\u{5}".utf8) + values.map { UInt8(truncatingIfNeeded: $0) },
            Array("[$I#i\u{5}".utf8) + values.flatMap { Document.bigEndian(UInt64(bitPattern: Int64($0)), 2) },
            Array("[$L#L".utf8) + Document.bigEndian(5, 8)
                + values.flatMap { Document.bigEndian(UInt64(bitPattern: Int64($0)), 8) },
            Array("[#i\u{5}".utf8) + values.flatMap { [UInt8(ascii: "i"), UInt8(truncatingIfNeeded: $0)] },
            Array("[".utf8) + values.flatMap { Array("NNi".utf8) + [UInt8(truncatingIfNeeded: $0)] } + Array("]".utf8),
        ]
        for form in forms {
            let changed = plain[..<start] + form + plain[end...]
            #expect(try ModelFile.read(Array(changed)) == wanted, "\(form)")
        }
        // One element more than the file's arrays have, and more than the file can hold.
        for count in [6, UInt64(plain.count), 1 << 62, .max] {
            let changed = plain[..<(start + 5)] + Document.bigEndian(count, 8) + plain[(start + 13)...]
            #expect(throws: ModelFileError.self) { try ModelFile.read(Array(changed)) }
        }
    }

    @Test("text in JSON may hold escapes, and the two bare words stand for themselves")
    func jsonLiberties() throws {
        let text = String(decoding: XGBoostFixture(featureNames: ["A", "B"]).document.json, as: UTF8.self)
            .replacing("\"A\"", with: #""\u00e9\n\ud83d\ude00\"""#).replacing(",2.0,", with: ", Infinity ,")
        let ensemble = try ModelFile.read(Array(text.utf8))
        #expect(ensemble.featureNames[0] == "é\n😀\"")
        #expect(try ReferenceEvaluator(ensemble).margins(of: [1, 1e30]) == [3])
        let integers = text.replacing("[0.5,", with: "[1 ,")
        #expect(try ReferenceEvaluator(ModelFile.read(Array(integers.utf8))).margins(of: [0.7, 0]) == [-1])
    }

    @Test("what is not supported is refused by its name")
    func refusals() throws {
        #expect(try refusal(XGBoostFixture(booster: "gbstump")).contains("gbstump"))
        #expect(try refusal(XGBoostFixture(booster: "gblinear")).contains("0 weights for 2 features, a bias and 1"))
        #expect(try refusal(XGBoostFixture(objective: "reg:mystery")).contains("reg:mystery"))
        #expect(try refusal(XGBoostFixture(objective: nil)).contains("objective"))
        #expect(try refusal(XGBoostFixture(features: "2147483647")).contains("at most 1048576"))
        #expect(try refusal(XGBoostFixture(objective: "multi:softprob", classes: "2147483647")).contains("outputs"))
        #expect(try refusal(XGBoostFixture(features: "99999999999999999999")).contains("num_feature"))
        #expect(try refusal(XGBoostFixture(features: "1")).contains("feature 1 of 1"))
        #expect(try refusal(XGBoostFixture(featureNames: ["one"])).contains("1 feature names for 2"))
        for score in ["", "[]", "[1,2]", "abc", "1E99", "[1", "1 2", "NaN"] {
            #expect(try refusal(XGBoostFixture(baseScore: score)).contains("base_score"), "\(score)")
        }
    }

    @Test("a tree's counts that are none are refused", arguments: ["2x", "-2", "2.0", ""])
    func treeCounts(text: String) throws {
        var fixture = XGBoostFixture()
        fixture.trees[0].leafVectorSize = text
        #expect(try refusal(fixture).contains("size_leaf_vector is \(text), not a count"))
        fixture.trees[0] = .init(nodeCount: text)
        #expect(try refusal(fixture).contains("num_nodes is \(text), not a count"))
    }

    @Test("trees that hang together wrongly are refused with tree and node")
    func hostileTrees() throws {
        func refusalOf(_ change: (inout XGBoostFixture.TreeFixture) -> Void) throws -> String {
            var fixture = XGBoostFixture(trees: [.init(), .init()])
            change(&fixture.trees[1])
            let text = try refusal(fixture)
            #expect(text.contains("tree 1"), "\(text)")
            return text
        }
        #expect(try refusalOf { $0.left[2] = 0 }.contains("node 0 is reached twice"))
        #expect(try refusalOf { $0.left[2] = 2 }.contains("node 2 is reached twice"))
        #expect(try refusalOf { $0.right[2] = 3 }.contains("node 3 is reached twice"))
        #expect(try refusalOf { $0.right[0] = 5 }.contains("a child is node 5 of 5"))
        #expect(try refusalOf { $0.right[0] = -1 }.contains("a child is node -1 of 5"))
        #expect(try refusalOf { $0.left[0] = Int(Int32.min) }.contains("a child is node"))
        #expect(try refusalOf { $0.features[0] = -1 }.contains("feature -1"))
        #expect(try refusalOf { $0.conditions[0] = .nan }.contains("threshold"))
        #expect(try refusalOf { $0.conditions.removeLast() }.contains("differ in length"))
        #expect(try refusalOf { $0.nodeCount = "2147483648" }.contains("differ in length"))
        #expect(try refusalOf { $0.splitTypes = [1, 0, 0, 0, 0] }.contains("no categories"))
        func vector(_ change: (inout XGBoostFixture.TreeFixture) -> Void) throws -> String {
            var fixture = XGBoostFixture(targets: "2", trees: [.vectors, .vectors])
            change(&fixture.trees[1])
            return try refusal(fixture)
        }
        #expect(try vector { $0.right[1] = 3 }.contains("tree 1: node 1 is leaf 3 of 3"))
        #expect(try vector { $0.right[1] = -1 }.contains("node 1 is leaf -1 of 3"))
        #expect(try vector { $0.leafWeights?.removeLast() }.contains("5 numbers in leaf_weights for 3 vectors of 2"))
        #expect(try vector { $0.leafVectorSize = "3" }.contains("6 numbers in leaf_weights for 3 vectors of 3"))
        #expect(try vector { $0.leafVectorSize = "2147483647" }.contains("vectors of 2147483647"))
        #expect(try vector { $0.leafVectorSize = "9223372036854775807" }.contains("at most 16384 outputs"))
        #expect(try vector { $0.leafWeights = nil }.contains("5 numbers in base_weights for 5 vectors of 2"))
        let three = XGBoostFixture(targets: "3", trees: [.vectors])
        #expect(try refusal(three).contains("the leaves of tree 0 are vectors of 2 numbers for 3 outputs"))
        func categorical(_ change: (inout XGBoostFixture.TreeFixture) -> Void) throws -> String {
            try refusalOf { tree in
                tree.splitTypes = [1, 0, 0, 0, 0]
                tree.categories = [1]
                tree.categoryNodes = [0]
                tree.categorySegments = [0]
                tree.categorySizes = [1]
                change(&tree)
            }
        }
        #expect(try categorical { $0.categorySizes = [2] }.contains("categories 0..<2 of 1"))
        #expect(try categorical { $0.categorySegments = [-1] }.contains("categories -1..<0"))
        #expect(try categorical { $0.categories = [1 << 24] }.contains("category 16777216"))
        #expect(try categorical { $0.categories = [-1] }.contains("category -1"))
        #expect(try categorical { $0.categorySizes = [] }.contains("differ in length"))
    }
}
