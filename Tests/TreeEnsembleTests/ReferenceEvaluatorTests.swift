import Testing
import TreeEnsemble

@Suite("The reference evaluator")
struct ReferenceEvaluatorTests {
    private func stump(
        _ arithmetic: Arithmetic,
        _ test: NodeTest,
        _ missing: MissingRule,
        defaultLeft: Bool
    ) -> Ensemble {
        Ensemble(
            provenance: Provenance(library: "test", libraryVersion: "", format: "none"),
            objective: "none",
            featureNames: ["x"],
            outputCount: 1,
            arithmetic: arithmetic,
            baseMargins: [0],
            trees: [
                Tree(
                    output: 0,
                    nodes: [
                        Node(feature: 0, test: test, missing: missing, defaultLeft: defaultLeft, left: ~0, right: ~1)
                    ],
                    leafValues: [-1, 1],
                    categorySets: [CategorySet(codes: [0, 3, 40])]
                )
            ],
            transform: .identity
        )
    }

    @Test("XGBoost sends a value at its threshold right, LightGBM left")
    func equality() throws {
        let strict = try ReferenceEvaluator(stump(.float32LessThan, .threshold(0.5), .nan, defaultLeft: true))
        #expect(strict.margins(of: [0.5]) == [1])
        #expect(strict.margins(of: [Double(0.5).nextDown]) == [1], "rounds to 0.5 as a float32")
        #expect(strict.margins(of: [Double(Float(0.5).nextDown)]) == [-1])
        #expect(strict.margins(of: [.nan]) == [-1])
        let loose = try ReferenceEvaluator(stump(.float64LessOrEqual, .threshold(0.5), .none, defaultLeft: true))
        #expect(loose.margins(of: [0.5]) == [-1])
        #expect(loose.margins(of: [Double(0.5).nextUp]) == [1])
        #expect(loose.margins(of: [.nan]) == [-1], "NaN reads as 0")
    }

    @Test("LightGBM's zero band takes the default side, and is zero elsewhere")
    func zeroBand() throws {
        let zero = try ReferenceEvaluator(stump(.float64LessOrEqual, .threshold(-5), .zeroAndNaN, defaultLeft: true))
        for value in [0.0, -0.0, 1e-36, Arithmetic.zeroThreshold, .nan] { #expect(zero.margins(of: [value]) == [-1]) }
        #expect(zero.margins(of: [Arithmetic.zeroThreshold.nextUp]) == [1])
        let band = try ReferenceEvaluator(stump(.float64LessOrEqual, .threshold(-1e-40), .none, defaultLeft: true))
        #expect(band.margins(of: [-1e-36]) == [1], "a dense row drops it and reads 0")
    }

    @Test(
        "categories: in the set, out of it, beyond its words, negative, missing",
        arguments: [(0.0, true), (3.9, true), (40, true), (41, false), (9e9, false), (-2, false)]
    )
    func categories(value: Double, inSet: Bool) throws {
        let left = try ReferenceEvaluator(stump(.float64LessOrEqual, .inSetLeft(set: 0), .none, defaultLeft: true))
        #expect(left.margins(of: [value]) == [inSet ? -1 : 1])
        #expect(left.margins(of: [.nan]) == [1])
        let right = try ReferenceEvaluator(stump(.float32LessThan, .inSetRight(set: 0), .nan, defaultLeft: true))
        #expect(right.margins(of: [value]) == [inSet ? 1 : -1])
        #expect(right.margins(of: [.nan]) == [-1])
    }

    @Test("an ensemble that cannot be evaluated is refused with tree and node")
    func refusals() {
        var cyclic = stump(.float32LessThan, .threshold(0), .nan, defaultLeft: true)
        cyclic.trees[0].nodes[0].left = 0
        #expect(throws: InvalidEnsemble("tree 0: node 0 is reached twice (a cycle or a shared child)")) {
            try cyclic.validate()
        }
        var outside = stump(.float32LessThan, .threshold(0), .nan, defaultLeft: true)
        outside.trees[0].nodes[0].right = 7
        #expect(throws: InvalidEnsemble("tree 0 refers to node 7 of 1")) { try outside.validate() }
        let unnamed = stump(.float32LessThan, .threshold(.nan), .nan, defaultLeft: true)
        #expect(throws: InvalidEnsemble("tree 0, node 0 has no threshold (NaN)")) { try unnamed.validate() }
    }
}
