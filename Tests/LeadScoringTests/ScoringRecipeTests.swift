import Foundation
import LeadScoring
import LeadTypes
import Testing

@Suite struct ScoringRecipeTests {
    static let good = ScoringRecipe(
        schema: LeadSchema(columns: [
            LeadColumn(name: "Visits", kind: .number),
            LeadColumn(name: "Source", kind: .category, levels: ["Ads", "Fair", "Other"]),
            LeadColumn(name: "Opted in", kind: .boolean),
            LeadColumn(name: "Created", kind: .date),
            LeadColumn(name: "Last visit", kind: .date),
        ]),
        features: [
            FeatureRule(column: "Visits", preparation: .number),
            FeatureRule(column: "Source", preparation: .category(unseen: 2)),
            FeatureRule(column: "Opted in", preparation: .boolean),
            FeatureRule(
                name: "Days to last visit",
                column: "Last visit",
                preparation: .daysAfter(reference: "Created")
            ),
            FeatureRule(name: "Days since last visit", column: "Last visit", preparation: .daysBeforeAsOf),
            FeatureRule(name: "Source again", column: "Source", preparation: .category(unseen: nil)),
        ],
        calibration: .isotonic(margins: [-2, -0.1, 1.25], probabilities: [0.01, 0.2, 0.9]),
        scale: .percentile(cuts: (1...100).map { Double($0) / 7 - 6 }),
        tiers: [
            TierCut(name: "A", minimumProbability: 0.5), TierCut(name: "B", minimumProbability: 0.1),
            TierCut(name: "C", minimumProbability: 0),
        ],
        idColumn: "Lead",
        dateColumn: "Created",
        missingTokens: ["Select"],
        label: LabelDescription(column: "Converted", positive: "1"),
        trainedAsOfDays: 20_000.5
    )

    @Test func `a recipe that fits is accepted`() throws {
        try Self.good.validate(ensembleFeatureCount: 6, ensembleOutputCount: 1)
    }

    @Test(arguments: [
        Calibration.identity, .platt(slope: 0.1, intercept: -1 / 3.0),
        .isotonic(margins: [-1e-300, 0.1], probabilities: [0, 1]),
    ])
    func `what is written as JSON is read back the same`(calibration: Calibration) throws {
        for scale in [ScoreScale.probability, Self.good.scale] {
            var recipe = Self.good
            recipe.calibration = calibration
            recipe.scale = scale
            let bytes = try JSONEncoder().encode(recipe)
            #expect(try JSONDecoder().decode(ScoringRecipe.self, from: bytes) == recipe)
        }
    }

    @Test(arguments: [
        #"{"name":"x","column":"x","rule":"logarithm"}"#,
        #"{"name":"x","column":"x","rule":"days-after"}"#,
        #"{"name":"x","column":"x","rule":"category","unseen":"two"}"#,
        #"{"name":"x","rule":"number"}"#,
    ])
    func `a feature rule of another version is refused`(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(FeatureRule.self, from: Data(json.utf8)) }
    }

    /// A change to the good recipe, and a part of what its refusal says.
    struct Flaw: Sendable, CustomTestStringConvertible {
        var words: String
        var change: @Sendable (inout ScoringRecipe) -> Void
        var testDescription: String { words }
    }

    @Test(arguments: [
        Flaw(words: "5 feature rules for an ensemble of 6") { $0.features.removeLast() },
        Flaw(words: "two features are named \"Visits\"") { $0.features[1].name = "Visits" },
        Flaw(words: "feature 1 has no name") { $0.features[1].name = "" },
        Flaw(words: "column \"Gone\", which the schema does not have") { $0.features[0].column = "Gone" },
        Flaw(words: "for another kind than category") { $0.features[0].column = "Source" },
        Flaw(words: "unseen levels to code 3 of 3") { $0.features[1].preparation = .category(unseen: 3) },
        Flaw(words: "unseen levels to code -1") { $0.features[1].preparation = .category(unseen: -1) },
        Flaw(words: "days after \"Visits\", which is no date") {
            $0.features[3].preparation = .daysAfter(reference: "Visits")
        },
        Flaw(words: "output 1 of an ensemble that has 1") { $0.outputIndex = 1 },
        Flaw(words: "output -1") { $0.outputIndex = -1 },
        Flaw(words: "slope is 0.0") { $0.calibration = .platt(slope: 0, intercept: 0) },
        Flaw(words: "slope is nan") { $0.calibration = .platt(slope: .nan, intercept: 0) },
        Flaw(words: "intercept is inf") { $0.calibration = .platt(slope: 1, intercept: .infinity) },
        Flaw(words: "0 margins and 0 probabilities") { $0.calibration = .isotonic(margins: [], probabilities: []) },
        Flaw(words: "2 margins and 1 probabilities") {
            $0.calibration = .isotonic(margins: [1, 2], probabilities: [0])
        },
        Flaw(words: "margins do not rise at point 1") {
            $0.calibration = .isotonic(margins: [1, 1], probabilities: [0, 1])
        },
        Flaw(words: "margins do not rise at point 0") {
            $0.calibration = .isotonic(margins: [.nan], probabilities: [0])
        },
        Flaw(words: "at point 1") { $0.calibration = .isotonic(margins: [1, 2], probabilities: [0.5, 0.4]) },
        Flaw(words: "at point 0") { $0.calibration = .isotonic(margins: [1], probabilities: [1.5]) },
        Flaw(words: "the score has 3 cuts; it needs 100") { $0.scale = .percentile(cuts: [1, 2, 3]) },
        Flaw(words: "at cut 99") { $0.scale = .percentile(cuts: [Double](repeating: 0, count: 99) + [-1]) },
        Flaw(words: "at cut 0") { $0.scale = .percentile(cuts: [Double](repeating: .infinity, count: 100)) },
        Flaw(words: "0 tiers") { $0.tiers = [] },
        Flaw(words: "two tiers are named \"A\"") { $0.tiers[1].name = "A" },
        Flaw(words: "tier \"B\" begins at 0.5") { $0.tiers[1].minimumProbability = 0.5 },
        Flaw(words: "tier \"A\" begins at 1.5") { $0.tiers[0].minimumProbability = 1.5 },
        Flaw(words: "\"B\", must begin at 0") { $0.tiers.removeLast() },
        Flaw(words: "two columns are named \"Visits\"") {
            $0.schema = LeadSchema(columns: $0.schema.columns + [LeadColumn(name: "Visits", kind: .date)])
        },
        Flaw(words: "column 5 has no name") {
            $0.schema = LeadSchema(columns: $0.schema.columns + [LeadColumn(name: "", kind: .date)])
        },
        Flaw(words: "is a date but has levels") {
            $0.schema = LeadSchema(columns: $0.schema.columns + [LeadColumn(name: "x", kind: .date, levels: ["a"])])
        },
        Flaw(words: "has a level twice") {
            let twice = LeadColumn(name: "x", kind: .category, levels: ["a", "b", "a"])
            $0.schema = LeadSchema(columns: $0.schema.columns + [twice])
        },
        Flaw(words: "trained as of") { $0.trainedAsOfDays = .infinity },
    ])
    func `a recipe that does not fit is refused with the place`(flaw: Flaw) throws {
        var recipe = Self.good
        flaw.change(&recipe)
        let refusal = #expect(throws: InvalidRecipe.self) {
            try recipe.validate(ensembleFeatureCount: 6, ensembleOutputCount: 1)
        }
        #expect(refusal?.description.contains(flaw.words) == true, "\(String(describing: refusal))")
    }

    @Test func `features are made from raw columns`() throws {
        let columns: [[Double]] = [[3, .nan], [3, 1], [1, .nan], [100, 101], [110.5, .nan]]
        let features = try Self.good.featureColumns(from: columns, asOfDays: 120)
        #expect(features[5][0].isNaN)
        #expect(features.prefix(5).map { $0[0] } == [3, 2, 1, 10.5, 9.5])
        #expect(features.map { $0[1].isNaN } == [true, false, true, true, true, false])
        #expect(features[5][1] == 1)
    }

    @Test(arguments: [(1, 4.0), (1, -1), (1, 0.5), (2, 2), (1, .infinity)])
    func `a value that its kind does not have is named`(column: Int, value: Double) throws {
        var columns: [[Double]] = [[0], [0], [0], [0], [0]]
        columns[column][0] = value
        #expect(throws: InvalidRecipe.self) { try Self.good.featureColumns(from: columns, asOfDays: 0) }
    }
}
