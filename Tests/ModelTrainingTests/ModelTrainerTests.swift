import ByteKit
import Foundation
import LeadScoring
import LeadTable
import LeadTypes
import ModelTraining
import Testing

@Suite(.serialized) struct ModelTrainerTests {
    /// Sample leads with their truth, and a model learned from them in time without it.
    private func learned(rows: Int = 6000, seed: UInt64 = 7) throws -> (LeadTable, TrainedModel) {
        let table = try sampleTable(rows: rows, seed: seed, withTruth: true)
        let options = TrainingOptions(
            labelColumn: SampleLeadGenerator.labelColumn,
            idColumn: "lead_id",
            dateColumn: "created_date",
            excludedColumns: [SampleLeadGenerator.truthColumn]
        )
        return (table, try ModelTrainer.train(table, options))
    }

    @Test func probabilitiesComeNearTheTrueOnes() throws {
        let (table, model) = try learned()
        let truth = try table.numbers(ofColumn: table.requiredColumn(named: SampleLeadGenerator.truthColumn))
        let tested = model.split[.test].compactMap { row in model.leads[row].map { (truth[row], $0) } }
        let outcomes = tested.map(\.1.converted)
        let best = try #require(EvaluationMetrics.areaUnderCurve(tested.map(\.0), outcomes))
        #expect(model.report.test.areaUnderCurve > best - 0.08, "AUC of the truth: \(best)")
        #expect(model.report.test.areaUnderCurve > 0.68)
        // In each fifth of the leads the mean promise is near the mean truth, which chance in outcomes does not blur.
        let rising = tested.sorted { $0.1.probability < $1.1.probability }
        for fifth in 0..<5 {
            let members = rising[(rising.count * fifth / 5)..<(rising.count * (fifth + 1) / 5)]
            let promised = members.reduce(0.0) { $0 + Double($1.1.probability) } / Double(members.count)
            let true_ = members.reduce(0.0) { $0 + $1.0 } / Double(members.count)
            #expect(abs(promised - true_) < 0.06, "fifth \(fifth): \(promised) against \(true_)")
        }
        #expect(model.report.test.afterCalibration.expectedCalibrationError < 0.05)
    }

    @Test func sameInputGivesTheSameModelByteForByte() throws {
        let (_, first) = try learned(rows: 1500)
        let (_, again) = try learned(rows: 1500)
        #expect(first.modelBytes == again.modelBytes)
        #expect(first.recipe == again.recipe)
        #expect(first.report == again.report)
    }

    @Test func numberOfThreadsDoesNotChangeWhatIsLearned() throws {
        let table = try sampleTable(rows: 2000, seed: 41)
        // Few rounds: threads that wait for each other do it by spinning, which is slow where tests share the processors.
        var boosting = BoostingParameters()
        boosting.roundsMax = 3
        let models = try [1, 2].map { threads in
            try ModelTrainer.train(
                table,
                TrainingOptions(labelColumn: "converted", idColumn: "lead_id", threads: threads, boosting: boosting)
            )
        }
        #expect(models[0].modelBytes == models[1].modelBytes)
        #expect(models[0].report == models[1].report)
    }

    @Test func recipeDescribesWhatWasLearned() throws {
        let (_, model) = try learned(rows: 3000)
        let recipe = model.recipe
        let columns = recipe.schema.columns.map(\.name)
        for name in ["lead_id", "company", "converted", "true_probability"] { #expect(!columns.contains(name)) }
        #expect(columns.contains("created_date"), "the date that others count from travels with them")
        #expect(recipe.features.contains { $0.preparation == .daysAfter(reference: "created_date") })
        #expect(!recipe.features.contains { $0.column == "created_date" })
        let dates = recipe.schema.columns.filter { $0.kind == .date }.map(\.name)
        #expect(
            dates.count > 1 && recipe.dateForms == Dictionary(uniqueKeysWithValues: dates.map { ($0, "yyyy-mm-dd") })
        )
        let campaign = try #require(recipe.schema.columns.first { $0.name == "campaign" })
        #expect(campaign.levels.last == "(other)")
        #expect(
            recipe.features.first { $0.column == "campaign" }?.preparation
                == .category(unseen: campaign.levels.count - 1)
        )
        #expect(recipe.tiers.first?.name == "A" && recipe.tiers.last?.minimumProbability == 0)
        #expect(model.report.parts.map(\.part) == LeadPart.allCases)
        #expect(abs(model.report.importance.reduce(0) { $0 + $1.gainShare } - 1) < 1e-9)
        #expect(model.report.boosting.roundsKept <= model.report.boosting.roundsGrown)
        #expect(model.report.text.contains("AUC"))
        let coded = try JSONDecoder().decode(TrainingReport.self, from: JSONEncoder().encode(model.report))
        #expect(coded == model.report)
    }

    @Test func unseenTextsAndMissingValuesHaveAFeatureValue() throws {
        let (_, model) = try learned(rows: 3000)
        let header = model.recipe.schema.columns.map(\.name)
        var text: [UInt8] = []
        SeparatedValuesText.appendLine(header, to: &text)
        SeparatedValuesText.appendLine(header.map { $0 == "campaign" ? "never heard of" : "" }, to: &text)
        let open = try LeadTable(bytes: text, fileName: "open.csv")
        let features = try model.recipe.featureColumns(
            from: open.columns(for: model.recipe.schema),
            asOfDays: .nan
        )
        for (rule, values) in zip(model.recipe.features, features) where rule.column != "campaign" {
            #expect(values[0].isNaN, "\(rule.name)")
        }
        let campaign = try #require(model.recipe.features.firstIndex { $0.column == "campaign" })
        let levels = try #require(model.recipe.schema.columns.first { $0.name == "campaign" }).levels
        #expect(features[campaign] == [Double(levels.count - 1)])
    }

    /// A history with so many conversions among so many leads, and one number that tells a little.
    private func history(rows: Int, positives: Int, yes: String = "1", no: String = "0") throws -> LeadTable {
        var random = SeededRandom(seed: 31)
        var text = Array("visits,colour,bought\n".utf8)
        for row in 0..<rows {
            let converted = row * positives / rows != (row + 1) * positives / rows
            let visits = random.below(10) + (converted ? 3 : 0)
            SeparatedValuesText.appendLine(
                ["\(visits)", ["red", "blue", "green"][random.below(3)], converted ? yes : no],
                to: &text
            )
        }
        return try LeadTable(bytes: text, fileName: "leads.csv")
    }

    private func refusal(_ table: LeadTable, _ options: TrainingOptions) throws -> String {
        try #require(throws: TrainingRefusal.self) { try ModelTrainer.train(table, options) }.description
    }

    @Test func thirtyNineConversionsAreRefusedAndFortyWarn() throws {
        let options = TrainingOptions(labelColumn: "bought")
        let words = try refusal(try history(rows: 800, positives: 39), options)
        #expect(words.contains("39 leads converted") && words.contains("at least 40"), "\(words)")
        let others = try refusal(try history(rows: 800, positives: 761), options)
        #expect(others.contains("39 did not"), "\(others)")
        let model = try ModelTrainer.train(try history(rows: 800, positives: 40), options)
        #expect(model.report.warnings.contains { $0.hasPrefix("Weak evidence: 40 leads converted") })
        #expect(model.report.calibration.method == "platt")
    }

    @Test func oneClassAndNoClassAreRefused() throws {
        let options = TrainingOptions(labelColumn: "bought")
        let words = try refusal(try history(rows: 200, positives: 0), options)
        #expect(words.contains("every outcome in the label column 'bought' is '0'"), "\(words)")
        let empty = try refusal(try history(rows: 200, positives: 50, yes: "", no: ""), options)
        #expect(empty.contains("is empty"), "\(empty)")
    }

    @Test func labelThatDoesNotSpeakForItselfNeedsItsPositiveValue() throws {
        let table = try history(rows: 400, positives: 100, yes: "Won", no: "Lost")
        let words = try refusal(table, TrainingOptions(labelColumn: "bought"))
        #expect(words.contains("'Lost', 'Won'") && words.contains("--positive"), "\(words)")
        let wrong = try refusal(table, TrainingOptions(labelColumn: "bought", positiveValue: "won"))
        #expect(wrong.contains("no row has 'won'") && wrong.contains("'Won'"), "\(wrong)")
        let model = try ModelTrainer.train(table, TrainingOptions(labelColumn: "bought", positiveValue: "Won"))
        #expect(model.report.positiveValue == "Won" && model.report.negativeValues == ["Lost"])
    }

    @Test(arguments: [("TRUE", "FALSE"), ("yes", "No"), ("1.0", "0.0")])
    func wordsForYesAndNoSpeakForThemselves(yes: String, no: String) throws {
        let model = try ModelTrainer.train(
            try history(rows: 400, positives: 100, yes: yes, no: no),
            TrainingOptions(labelColumn: "bought")
        )
        #expect(model.report.parts.reduce(0) { $0 + $1.positives } == 100)
    }

    @Test func absentColumnsAreNamed() throws {
        let table = try history(rows: 400, positives: 100)
        for options in [
            TrainingOptions(labelColumn: "converted"),
            TrainingOptions(labelColumn: "bought", excludedColumns: ["converted"]),
            TrainingOptions(labelColumn: "bought", dateColumn: "converted"),
        ] {
            let error = try #require(throws: TableError.self) { try ModelTrainer.train(table, options) }
            #expect(error.description.contains("'converted'") && error.description.contains("'colour'"))
        }
    }

    @Test func leadsWithoutOutcomeAreLeftOutAndCounted() throws {
        let table = try sampleTable(rows: 2000, seed: 2, openShare: 0.25)
        let model = try ModelTrainer.train(table, TrainingOptions(labelColumn: "converted", idColumn: "lead_id"))
        #expect(model.report.rowsWithoutOutcome == 500 && model.leads.count == 1500)
        #expect(model.report.warnings.contains { $0.hasPrefix("500 rows have no outcome") })
    }

    @Test func splitInTimeThatLeavesAPartOneSidedIsRefused() throws {
        var text = Array("when,visits,bought\n".utf8)
        for row in 0..<400 {
            SeparatedValuesText.appendLine(["\(row)", "\(row % 7)", row < 200 && row % 4 == 0 ? "1" : "0"], to: &text)
        }
        let table = try LeadTable(bytes: text, fileName: "leads.csv")
        let words = try refusal(table, TrainingOptions(labelColumn: "bought", dateColumn: "when"))
        #expect(words.contains("validation part") && words.contains("--date"), "\(words)")
    }

    @Test func theFormOfDatesIsKeptForLaterLeadsThatDoNotTellIt() throws {
        var text = Array("when,last,visits,bought\n".utf8)
        for row in 0..<800 {
            let (day, month) = (row % 28 + 1, row / 28 % 12 + 1)
            SeparatedValuesText.appendLine(
                [
                    "\(day)/\(month)/\(2020 + row / 336)", "\(day)/\(month)/2024", "\(row % 7)",
                    row % 3 == 0 ? "1" : "0",
                ],
                to: &text
            )
        }
        let table = try LeadTable(bytes: text, fileName: "leads.csv")
        let model = try ModelTrainer.train(table, TrainingOptions(labelColumn: "bought", dateColumn: "when"))
        #expect(model.recipe.dateForms == ["when": "dd/mm/yyyy", "last": "dd/mm/yyyy"])
        let later = try LeadTable(bytes: Array("when,last,visits\n1/2/2025,3/4/2025,1\n".utf8), fileName: "later.csv")
        #expect(throws: TableError.self, "one row alone does not tell") {
            try later.columns(for: model.recipe.schema)
        }
        let forms = (model.recipe.dateForms ?? [:]).compactMapValues(DateForm.init(rawValue:))
        let columns = try later.columns(for: model.recipe.schema, dateForms: forms)
        let place = try #require(model.recipe.schema.columns.firstIndex { $0.name == "last" })
        #expect(columns[place] == [Double(try #require(dayNumber(year: 2025, month: 4, day: 3)))])
    }

    @Test func nothingToLearnFromIsRefused() throws {
        let words = try refusal(
            try history(rows: 400, positives: 100),
            TrainingOptions(labelColumn: "bought", excludedColumns: ["visits", "colour"])
        )
        #expect(words.contains("no column is left"))
    }

    @Test func noiseGivesNearlyTheSameProbabilityToAll() throws {
        var random = SeededRandom(seed: 77)
        var text = Array("a,b,bought\n".utf8)
        for _ in 0..<1500 {
            SeparatedValuesText.appendLine(
                ["\(random.below(100))", "\(random.below(100))", random.uniform() < 0.2 ? "1" : "0"],
                to: &text
            )
        }
        let model = try ModelTrainer.train(
            try LeadTable(bytes: text, fileName: "noise.csv"),
            TrainingOptions(labelColumn: "bought")
        )
        let tested = model.split[.test].compactMap { model.leads[$0] }
        #expect(tested.allSatisfy { $0.probability > 0.05 && $0.probability < 0.5 })
        #expect(model.report.test.areaUnderCurve < 0.65)
    }
}
