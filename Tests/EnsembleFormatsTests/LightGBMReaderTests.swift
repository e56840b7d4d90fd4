import EnsembleFormats
import Testing
import TreeEnsemble

/// A small LightGBM model as text, every part of which a test may change.
struct LightGBMFixture {
    /// By default `x0 <= 0.5 ? -1 : (x1 <= 2 ? 3 : 4)`; decision types 2 and 10 are None and NaN with default left.
    struct TreeFixture {
        var lines = [
            "num_leaves=3", "num_cat=0", "split_feature=0 1", "split_gain=1 1", "threshold=0.5 2", "decision_type=2 10",
            "left_child=-1 -2", "right_child=1 -3", "leaf_value=-1 3 4", "leaf_count=1 1 1", "internal_value=0 0",
            "is_linear=0", "shrinkage=1",
        ]

        /// Takes the place of the line of the same key.
        mutating func set(_ line: String) {
            let key = line.prefix { $0 != "=" } + "="
            lines.removeAll { $0.hasPrefix(key) }
            lines.insert(line, at: lines.count - 1)
        }
    }

    var version = "v4"
    var perIteration = 1
    var lastFeature = "1"
    var objective: String? = "regression"
    var isAveraged = false
    var names = "visits opens"
    var trees = [TreeFixture()]
    var sizes: [Int]?
    var hasSizes = true
    var end: String? = "end of trees"
    var lineEnd = "\n"

    var text: String {
        let blocks = trees.enumerated().map { index, tree in
            "Tree=\(index)\n" + tree.lines.joined(separator: "\n") + "\n\n\n"
        }
        var lines = [
            "tree", "version=\(version)", "num_class=1", "num_tree_per_iteration=\(perIteration)", "label_index=0",
            "max_feature_idx=\(lastFeature)",
        ]
        if let objective { lines.append("objective=\(objective)") }
        if isAveraged { lines.append("average_output") }
        lines += ["feature_names=\(names)", "feature_infos=[0:1] [0:1]"]
        if hasSizes {
            lines.append("tree_sizes=" + (sizes ?? blocks.map(\.utf8.count)).map(String.init).joined(separator: " "))
        }
        let tail =
            (end.map { $0 + "\n\n" } ?? "")
            + "feature_importances:\nvisits=1\n\nparameters:\n[a: 1]\nend of parameters\n"
        return (lines.joined(separator: "\n") + "\n\n" + blocks.joined() + tail).replacing("\n", with: lineEnd)
    }

    var bytes: [UInt8] { Array(text.utf8) }
}

@Suite("LightGBM's text")
struct LightGBMReaderTests {
    private func margins(_ fixture: LightGBMFixture, _ rows: [[Double]]) throws -> [[Double]] {
        let evaluator = try ReferenceEvaluator(ModelFile.read(fixture.bytes, name: "m.txt"))
        return rows.map(evaluator.margins(of:))
    }

    private func refusal(_ fixture: LightGBMFixture) throws -> ModelFileError {
        let error = #expect(throws: ModelFileError.self) { try ModelFile.read(fixture.bytes, name: "m.txt") }
        let found = try #require(error)
        #expect(found.kind == .lightGBMText && !found.remedy.isEmpty, "\(found)")
        return found
    }

    private func tree(_ lines: String...) -> LightGBMFixture.TreeFixture {
        var tree = LightGBMFixture.TreeFixture()
        for line in lines { tree.set(line) }
        return tree
    }

    @Test("a tree: equality to the left, missing as 0 without a missing type, to the default side with NaN")
    func plainTree() throws {
        let rows: [[Double]] = [[0.5, 9], [Double(0.5).nextUp, 2], [1, Double(2).nextUp], [.nan, 9], [1, .nan]]
        #expect(try margins(LightGBMFixture(), rows) == [[-1], [3], [4], [-1], [3]])
    }

    @Test("the version, the tail and the ends of lines do not matter", arguments: ["v2", "v3", "v4"])
    func versions(version: String) throws {
        #expect(try margins(LightGBMFixture(version: version), [[1, 3]]) == [[4]])
        #expect(try margins(LightGBMFixture(version: version, lineEnd: "\r\n"), [[1, 3]]) == [[4]])
        #expect(try ModelFile.read(LightGBMFixture(version: version).bytes).featureNames == ["visits", "opens"])
    }

    @Test("missing type Zero sends zero and NaN to the default side")
    func zeroIsMissing() throws {
        let fixture = LightGBMFixture(trees: [tree("decision_type=4 2", "threshold=-5 2")])
        let rows: [[Double]] = [[-6, 0], [-4, 0], [0, 0], [-0.0, 0], [1e-36, 0], [.nan, 0]]
        #expect(try margins(fixture, rows) == [[-1], [3], [3], [3], [3], [3]])
        let left = LightGBMFixture(trees: [tree("decision_type=6 2", "threshold=-5 2")])
        #expect(try margins(left, rows) == [[-1], [3], [-1], [-1], [-1], [-1]])
    }

    @Test("a category in the set goes left; NaN, negative and unknown ones go right")
    func categories() throws {
        let fixture = LightGBMFixture(
            trees: [
                tree("num_cat=2", "decision_type=1 2", "threshold=1 2", "cat_boundaries=0 1 3", "cat_threshold=1 9 256")
            ]
        )
        let rows: [[Double]] = [
            [0, 0], [3.9, 0], [40, 0], [1, 0], [41, 0], [-0.5, 0], [-1, 0], [.nan, 0], [1e300, 0],
        ]
        #expect(try margins(fixture, rows) == [[-1], [-1], [-1], [3], [3], [-1], [3], [3], [3]])
    }

    @Test("an infinite threshold parts NaN from every number")
    func infiniteThreshold() throws {
        let fixture = LightGBMFixture(trees: [tree("decision_type=8 2", "threshold=inf -inf")])
        let rows: [[Double]] = [[.infinity, 0], [1e308, 0], [.nan, -.infinity], [.nan, -1e308]]
        #expect(try margins(fixture, rows) == [[-1], [-1], [3], [4]])
    }

    @Test("linear leaves: the constant, then each product in order; the plain value if a feature is missing")
    func linearLeaves() throws {
        let lines = [
            "is_linear=1", "leaf_const=0.5 1 2", "num_features=2 0 1", "leaf_features=1 0   0 ",
            "leaf_coeff=0.1 1e36   -2 ",
        ]
        var block = LightGBMFixture.TreeFixture()
        for line in lines { block.set(line) }
        let fixture = LightGBMFixture(trees: [block])
        let rows: [[Double]] = [[0.5, 3], [1e-36, 3], [.nan, 3], [1, 2], [7, 3], [0.25, .nan]]
        #expect(
            try margins(fixture, rows)
                == [[0.5 + 0.1 * 3 + 1e36 * 0.5], [0.5 + 0.1 * 3], [-1], [1], [2 - 2.0 * 7], [-1]]
        )
        for (line, word) in [
            ("leaf_const=1 2", "2 numbers in leaf_const"), ("num_features=2 0", "2 in num_features"),
            ("num_features=2 0 2", "leaf 2 has 2 terms"), ("num_features=2 -1 1", "leaf 1 has -1 terms"),
            ("num_features=2 0 0", "3 numbers in leaf_features"), ("leaf_features=1 0 9", "feature 9 of 2"),
            ("leaf_features=1 -1 0", "feature -1"), ("num_features=2147483647 2147483647 1", "leaf 0 has 2147483647"),
            ("leaf_coeff=1 2 nan", "\"nan\""),
        ] {
            var hostile = block
            hostile.set(line)
            let problem = try refusal(LightGBMFixture(trees: [hostile])).problem
            #expect(problem.contains(word), "\(line): \(problem)")
        }
    }

    @Test("a constant tree has no arrays but its leaf")
    func constantTree() throws {
        var fixture = LightGBMFixture()
        fixture.trees.append(.init(lines: ["num_leaves=1", "num_cat=0", "leaf_value=0.25", "shrinkage=1"]))
        #expect(try margins(fixture, [[1, 3]]) == [[4.25]])
    }

    @Test("a random forest adds up, and predicts from the mean")
    func randomForest() throws {
        var fixture = LightGBMFixture(objective: "binary sigmoid:2", isAveraged: true)
        fixture.trees = [.init(), .init(), .init(), .init()]
        let ensemble = try ModelFile.read(fixture.bytes)
        #expect(try margins(fixture, [[0, 0]]) == [[-4]])
        let prediction = ensemble.predictions(fromMargins: [-4])[0]
        #expect(abs(prediction - 0.11920292202211755) < 1e-16, "1 / (1 + e^2)")
    }

    @Test(
        "objectives and what they make of a margin of 2",
        arguments: [
            ("binary sigmoid:1", 0.8807970779778823), ("cross_entropy", 0.8807970779778823),
            ("multiclassova num_class:1 sigmoid:0.5", 0.7310585786300049), ("poisson", 7.38905609893065),
            ("tweedie", 7.38905609893065), ("cross_entropy_lambda", 2.1269280110429727), ("regression sqrt", 4),
            ("quantile sqrt", 4), ("fair sqrt", 4),
            ("regression", 2), ("lambdarank", 2), ("huber", 2), ("custom", 2),
        ]
    )
    func objectives(objective: String, prediction: Double) throws {
        let ensemble = try ModelFile.read(LightGBMFixture(objective: objective).bytes)
        #expect(abs(ensemble.predictions(fromMargins: [2])[0] - prediction) <= 2 * prediction.ulp)
    }

    @Test("classes come by turns, iteration by iteration")
    func multiclass() throws {
        var fixture = LightGBMFixture(perIteration: 2, objective: "multiclass num_class:2")
        fixture.trees = [.init(), tree("leaf_value=10 20 30"), .init(), tree("leaf_value=1 2 3")]
        #expect(try margins(fixture, [[1, 3]]) == [[8, 33]])
        fixture.trees.removeLast()
        #expect(try refusal(fixture).problem.contains("3 trees are no whole number of 2"))
    }

    @Test("what is not supported is refused by its name")
    func refusals() throws {
        #expect(try refusal(LightGBMFixture(version: "v5")).problem.contains("version v5"))
        #expect(try refusal(LightGBMFixture(objective: "mystery")).problem.contains("mystery"))
        #expect(try refusal(LightGBMFixture(objective: "binary sigmoid:-1")).problem.contains("objective"))
        #expect(try refusal(LightGBMFixture(lastFeature: "1048576")).problem.hasPrefix("1048577 features"))
        #expect(try refusal(LightGBMFixture(perIteration: 1 << 20)).problem.contains("trees an iteration"))
        #expect(try refusal(LightGBMFixture(lastFeature: "2147483647")).problem.contains("2147483648 features"))
        #expect(try refusal(LightGBMFixture(lastFeature: "99999999999999999999")).problem.contains("count"))
        #expect(try refusal(LightGBMFixture(names: "one")).problem.contains("1 feature names for 2"))
    }

    @Test("a file that was cut is refused, whatever is missing")
    func missingParts() throws {
        #expect(try refusal(LightGBMFixture(end: nil)).problem.contains("end of trees"))
        #expect(try refusal(LightGBMFixture(sizes: [300, 300])).problem.contains("1 trees, but"))
        #expect(try refusal(LightGBMFixture(version: "v2", sizes: [3_000])).problem.contains("ends before"))
        var fixture = LightGBMFixture()
        for line in [
            "num_leaves", "split_feature", "threshold", "decision_type", "left_child", "leaf_value", "shrinkage",
        ] {
            fixture.trees[0] = .init()
            fixture.trees[0].lines.removeAll { $0.hasPrefix(line) }
            #expect(try refusal(fixture).problem.contains("tree 0"), "\(line)")
        }
    }

    @Test(
        "trees that hang together wrongly are refused",
        arguments: [
            ("left_child=0 -2", "reached twice"), ("left_child=-1 0", "reached twice"),
            ("left_child=-1 -1", "two parents"),
            ("right_child=5 -3", "node 5 of 2"), ("right_child=1 -9", "leaf 8 of 3"), ("right_child=1", "1 numbers in"),
            ("left_child=-2147483648 -2", "leaf 2147483647"), ("left_child=99999999999 -2", "not a number that fits"),
            ("split_feature=0 7", "feature 7 of 2"), ("split_feature=0 -1", "feature -1"),
            ("threshold=nan 2", "\"nan\""),
            ("threshold=1e999 2", "1e999"), ("threshold=0.5 2x", "\"2x\""), ("decision_type=14 2", "missing type 3"),
            ("decision_type=16 2", "decision_type 16"), ("decision_type=1 2", "category set 0.5 of 0"),
            ("num_leaves=2147483647", "3 leaf values"), ("num_leaves=-3", "count"), ("leaf_value=1 2", "2 leaf values"),
            ("num_leaves=0", "num_leaves"),
        ]
    )
    func hostileTrees(line: String, word: String) throws {
        let problem = try refusal(LightGBMFixture(trees: [tree(line)])).problem
        #expect(problem.contains(word), "\(problem)")
    }

    @Test(
        "category sets that do not fit are refused",
        arguments: [
            ("0 2", "1"), ("0 5", "1 2"), ("1 2", "1 2"), ("0 -1", "1"), ("0 2 1", "1 2"), ("0 1", "4294967296"),
        ]
    )
    func hostileCategories(boundaries: String, words: String) throws {
        let block = tree(
            "decision_type=1 2",
            "threshold=0 2",
            "cat_boundaries=\(boundaries)",
            "cat_threshold=\(words)"
        )
        _ = try refusal(LightGBMFixture(trees: [block]))
    }
}
