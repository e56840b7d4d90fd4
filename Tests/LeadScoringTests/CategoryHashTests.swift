import ByteKit
import LeadScoring
import LeadTypes
import LeadWire
import Testing
import TreeEnsemble

@Suite("Categories of any text")
struct CategoryHashTests {
    /// 1 if the category is "fair", else -1; and a count of "ads" and "mail" behind it.
    private static let ensemble = Ensemble(
        provenance: Provenance(library: "test", libraryVersion: "", format: "none"),
        objective: "none",
        featureNames: ["source"],
        outputCount: 1,
        arithmetic: .catBoost,
        baseMargins: [0],
        derivedFeatures: DerivedFeatures(
            categoryColumns: [0],
            combinations: [
                CategoryCombination(
                    columns: [0],
                    borders: [],
                    categories: [],
                    keys: [key("ads"), key("mail")].sorted()
                )
            ],
            features: [
                .isCategory(CategoryCondition(column: 0, hash: CategoryHash.of("fair"))),
                .statistic(CategoryStatistic(combination: 0, kind: "Counter", values: [8, 8], otherwise: 0)),
            ]
        ),
        trees: [
            tree(feature: 1, threshold: 0.5, leaves: [-1, 1]), tree(feature: 2, threshold: 4, leaves: [0, 10]),
        ],
        transform: .sigmoid64(scale: 1)
    )

    private static func key(_ text: String) -> UInt64 {
        CategoryCombination.folded(0, category: CategoryHash.of(text))
    }

    private static func tree(feature: Int32, threshold: Double, leaves: [Double]) -> Tree {
        let node = Node(
            feature: feature,
            test: .threshold(threshold),
            missing: .nan,
            defaultLeft: true,
            left: ~0,
            right: ~1
        )
        return Tree(output: 0, nodes: [node], leafValues: leaves)
    }

    private static func model(_ preparation: FeaturePreparation, levels: [String] = []) throws -> LeadModel {
        let recipe = ScoringRecipe(
            schema: LeadSchema(columns: [LeadColumn(name: "source", kind: .category, levels: levels)]),
            features: [FeatureRule(column: "source", preparation: preparation)],
            calibration: .identity,
            scale: .probability,
            tiers: [TierCut(name: "all", minimumProbability: 0)],
            missingTokens: ["Select"]
        )
        return try LeadModel(name: "leads", version: "1", recipe: recipe, ensemble: ensemble)
    }

    @Test("strings and their hashes score alike; a number that is no hash makes the row invalid")
    func scoring() throws {
        let model = try Self.model(.categoryHash)
        let words: [String?] = ["fair", "ads", "unheard of", nil, "mail", " ", "Select", "fair "]
        let wanted = [1.0, 9, -1, -1, 9, -1, -1, -1]
        func margins(_ add: (inout ScoreRequestEncoder) throws -> Void, rows: Int) throws -> ScoreColumns {
            var encoder = try ScoreRequestEncoder(
                requestID: 1,
                fingerprint: model.schema.fingerprint,
                rows: rows,
                columnCount: 1
            )
            try add(&encoder)
            let message = try encoder.finish()
            var request = ScoreRequest()
            try request.decode(message.rawBytes)
            try model.check(request)
            var results = ScoreColumns()
            results.reset(rows: rows)
            let workspace = ScoringWorkspace()
            model.score(
                request,
                message: message.rawBytes,
                rows: 0..<rows,
                asOfDays: 0,
                workspace: workspace,
                into: &results
            )
            return results
        }
        #expect(try margins({ try $0.add(strings: words) }, rows: words.count).margins == wanted)
        let hashes = words.map { word in
            word.map { [" ", "Select"].contains($0) ? .nan : Double(CategoryHash.of($0)) } ?? .nan
        }
        #expect(try margins({ $0.add(hashes) }, rows: words.count).margins == wanted)
        let wrong = try margins({ $0.add([-1, 0.5, 4_294_967_296, 7]) }, rows: 4)
        #expect(wrong.statuses.map { $0 == 0 } == [false, false, false, true])
    }

    @Test("a recipe that does not fit the model's categories is refused")
    func refusals() {
        #expect(throws: InvalidRecipe.self) { try Self.model(.category(unseen: nil)) }
        #expect(throws: InvalidRecipe.self) { try Self.model(.categoryHash, levels: ["a"]) }
        #expect(throws: Never.self) { try Self.model(.categoryHash) }
    }

    @Test("the category of a key is found again")
    func keys() {
        for word in ["", "ads", "mail", "fair"] {
            #expect(CategoryCombination.category(ofKey: Self.key(word)) == CategoryHash.of(word))
        }
    }
}
