import EnsembleFormats
import LeadScoring
import LeadTable
import ModelTraining
import Testing
import TreeEnsemble

@Suite struct ServedMarginTests {
    @Test func modelReadBackGivesTheMarginsItWasMeasuredWithBitForBit() throws {
        let table = try sampleTable(rows: 4000, seed: 13)
        let model = try ModelTrainer.train(
            table,
            TrainingOptions(labelColumn: "converted", idColumn: "lead_id", dateColumn: "created_date", seed: 3)
        )
        let evaluator = try ReferenceEvaluator(ModelFile.read(model.modelBytes, name: "model.ubj"))
        #expect(evaluator.ensemble.trees.count == model.report.boosting.roundsKept)
        let features = try model.recipe.featureColumns(
            from: table.columns(for: model.recipe.schema),
            asOfDays: .nan
        )
        for (row, lead) in model.leads {
            // XGBoost learns from and looks at float32 values.
            let margin = evaluator.margins(of: features.map { Double(Float($0[row])) })[0]
            #expect(margin.bitPattern == lead.margin.bitPattern, "row \(row): \(margin) against \(lead.margin)")
            #expect(
                model.recipe.calibration.probability(ofMargin: margin).map { Float($0) } == lead.probability,
                "row \(row)"
            )
        }
    }

    @Test func servingGivesEachLeadTheProbabilityThatTheFiguresWereTakenOn() throws {
        let table = try sampleTable(rows: 3000, seed: 29)
        let model = try ModelTrainer.train(
            table,
            TrainingOptions(labelColumn: "converted", idColumn: "lead_id", dateColumn: "created_date")
        )
        let served = try LeadModel(
            name: "leads",
            version: "test",
            recipe: model.recipe,
            ensemble: ModelFile.read(model.modelBytes, name: "model.ubj")
        )
        let scored = try served.score(columns: table.columns(for: model.recipe.schema), asOfDays: 20_000)
        var tiers = [Int](repeating: 0, count: model.recipe.tiers.count)
        for (row, lead) in model.leads {
            #expect(scored.margins[row].bitPattern == lead.margin.bitPattern, "row \(row)")
            #expect(scored.probabilities[row].bitPattern == lead.probability.bitPattern, "row \(row)")
            if lead.part == .test { tiers[Int(scored.tiers[row])] += 1 }
        }
        #expect(tiers == model.report.test.tiers.map(\.rows))
    }
}
