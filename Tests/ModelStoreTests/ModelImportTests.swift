import Foundation
import LeadScoring
import LeadTypes
import ModelStore
import Testing
import TreeEnsemble

@Suite struct ModelImportTests {
    private func schema(_ json: String) throws -> ImportSchema {
        try ImportSchema(json: Array(json.utf8), path: "schema.json")
    }

    private func refusal(_ work: ModelImport) -> String {
        #expect(throws: InvalidRecipe.self) { try work.draft(tool: "test") }?.description ?? ""
    }

    @Test func `without a schema each feature is a number of its name`() throws {
        let fixture = try StoreFixture()
        let work = ModelImport(modelBytes: StoreFixture.model(), fileName: "m.txt")
        let (draft, ensemble) = try work.draft(tool: "test")
        #expect(draft.recipe.schema.columns.map(\.name) == ["visits", "source"])
        #expect(draft.recipe.schema.columns.allSatisfy { $0.kind == .number })
        #expect(draft.recipe.calibration == .identity)
        let bundle = try fixture.store.write(draft, name: "leads")
        let results = try bundle.model.score(columns: [[0, 1, 1], [0, 9, .nan]].map { $0 }, asOfDays: 0)
        #expect(results.margins == [-1, 1.5, 0.5])
        for row in 0..<3 {
            let wanted = ensemble.predictions(fromMargins: [results.margins[row]])[0]
            #expect(results.probabilities[row] == Float(wanted))
            #expect(results.scores[row] == UInt8((wanted * 100).rounded()))
        }
        #expect(bundle.goldenRows.expected.rows == GoldenRows.rowsMax)
        #expect(Set(bundle.goldenRows.expected.margins).count == 3, "golden rows reach every leaf")
    }

    @Test func `a schema file gives kinds, levels, dates and names`() throws {
        let fixture = try StoreFixture()
        let json = """
            { "columns": [
                { "name": "Lead Source", "kind": "category", "levels": ["Ads", "Fair", "Other"], "unseen": "Other",
                  "feature": "source" },
                { "name": "Created", "kind": "date", "rule": "none" },
                { "name": "Last Visit", "kind": "date", "rule": "days-after", "reference": "Created",
                  "feature": "visits" } ],
              "id": "Lead Number", "missing": ["Select"], "label": { "column": "Converted", "positive": "1" } }
            """
        let work = ModelImport(modelBytes: StoreFixture.model(), fileName: "m.txt", schema: try schema(json))
        let bundle = try fixture.store.write(try work.draft(tool: "test").draft, name: "leads")
        let recipe = bundle.model.recipe
        #expect(recipe.features.map(\.preparation) == [.daysAfter(reference: "Created"), .category(unseen: 2)])
        #expect(recipe.idColumn == "Lead Number" && recipe.missingTokens == ["Select"])
        #expect(recipe.label == LabelDescription(column: "Converted", positive: "1"))
        let results = try bundle.model.score(columns: [[0, 3, 1], [10, 10, 10], [10.5, 11, 11]], asOfDays: 0)
        #expect(results.margins == [-1, 1.5, 0.5])
    }

    @Test(arguments: [
        (#"{"columns":[{"name":"visits"}]}"#, "no column is for the model's feature \"source\""),
        (#"{"columns":[{"name":"visits"},{"name":"source"},{"name":"more"}]}"#, "the model has no feature \"more\""),
        (#"{"columns":[{"name":"visits"},{"name":"x","feature":"visits"}]}"#, "two columns are for the feature"),
        (#"{"columns":[{"name":"visits","kind":"text"},{"name":"source"}]}"#, "unknown kind \"text\""),
        (#"{"columns":[{"name":"visits","rule":"log"},{"name":"source"}]}"#, "unknown rule \"log\""),
        (
            #"{"columns":[{"name":"visits","kind":"date","rule":"days-after"},{"name":"source"}]}"#,
            "needs a \"reference\""
        ),
        (
            #"{"columns":[{"name":"visits","kind":"category","levels":["a"],"unseen":"b"},{"name":"source"}]}"#,
            "\"b\", is not listed"
        ),
        (
            #"{"columns":[{"name":"visits","kind":"date","rule":"boolean"},{"name":"source"}]}"#,
            "another kind than date"
        ),
        (#"{"columns":[{"name":"visits","levels":["a"]},{"name":"source"}]}"#, "is a number but has levels"),
    ])
    func `a schema that does not fit the model is refused`(json: String, words: String) throws {
        let work = ModelImport(modelBytes: StoreFixture.model(), fileName: "m.txt", schema: try schema(json))
        let refusal = refusal(work)
        #expect(refusal.contains(words), "\(refusal)")
    }

    @Test(arguments: [
        ("", "schema.json"), ("[]", "schema.json"), (#"{"columns":{}}"#, "columns"),
        (#"{"columns":[{"kind":"number"}]}"#, "\"name\" is missing"),
        (#"{"columns":[{"name":"a","level":["x"]}]}"#, "unknown field \"level\""),
        (#"{"columns":[],"ids":"x"}"#, "unknown field \"ids\""),
    ])
    func `a schema file that is wrong is refused with the place`(json: String, words: String) {
        let error = #expect(throws: BundleError.self) { try schema(json) }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test func `an objective without a probability is refused with the remedy`() throws {
        let bytes = StoreFixture.model(objective: "regression")
        var work = ModelImport(modelBytes: bytes, fileName: "m.txt")
        #expect(refusal(work).contains("--platt SLOPE,INTERCEPT"))
        work.calibration = .platt(slope: 2, intercept: 1)
        #expect(try work.draft(tool: "test").draft.recipe.calibration == .platt(slope: 2, intercept: 1))
        work.calibration = .platt(slope: -2, intercept: 1)
        #expect(refusal(work).contains("turns the ranking"))
    }

    @Test func `tiers and outputs that cannot be are refused`() throws {
        var work = ModelImport(modelBytes: StoreFixture.model(), fileName: "m.txt", output: 1)
        #expect(refusal(work).contains("output 1 of a model that has 1"))
        work.output = 0
        work.tiers = [TierCut(name: "A", minimumProbability: 0.5)]
        #expect(refusal(work).contains("must begin at 0"))
    }
}
