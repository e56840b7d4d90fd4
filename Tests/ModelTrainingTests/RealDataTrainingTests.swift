import Foundation
import LeadTable
import ModelTraining
import Testing

/// The folder of public data sets, when this checkout has it beside itself or the environment names it.
private let sharedData: URL? = {
    let named = ProcessInfo.processInfo.environment["LEADLINE_SHARED"].map { URL(fileURLWithPath: $0) }
    let beside = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared")
    let folder = (named ?? beside).appendingPathComponent("data")
    guard FileManager.default.fileExists(atPath: folder.path) else {
        print("SKIPPED: training on real data sets; no data at \(folder.path) (set LEADLINE_SHARED to have it)")
        return nil
    }
    return folder
}()

@Suite(.enabled(if: sharedData != nil, "the public data sets are not here"))
struct RealDataTrainingTests {
    private func train(_ file: String, _ options: TrainingOptions) throws -> TrainingReport {
        let path = try #require(sharedData).appendingPathComponent(file).path
        return try ModelTrainer.train(try LeadTable(path: path), options).report
    }

    @Test func bankMarketingWithoutDurationIsRankedAndCalibrated() throws {
        let report = try train(
            "bank-marketing/bank-additional-full.csv.gz",
            TrainingOptions(labelColumn: "y", excludedColumns: ["duration"], missingTokens: ["unknown"])
        )
        // Python's xgboost on the same split and parameters: 0.8018.
        #expect(report.test.areaUnderCurve > 0.797, "\(report.test.areaUnderCurve)")
        #expect(report.test.afterCalibration.expectedCalibrationError < 0.02)
        #expect((report.test.lift.first?.lift ?? 0) > 4)
        #expect(report.rowsWithoutOutcome == 0 && report.parts.reduce(0) { $0 + $1.positives } == 4640)
    }

    @Test func educationLeadsAreRankedByTime() throws {
        // The lead number rises with time, and the columns that sales writes after the contact are left out.
        let report = try train(
            "x-education-leads/Leads.csv.gz",
            TrainingOptions(
                labelColumn: "Converted",
                idColumn: "Prospect ID",
                dateColumn: "Lead Number",
                excludedColumns: [
                    "Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity",
                    "Asymmetrique Activity Index", "Asymmetrique Profile Index", "Asymmetrique Activity Score",
                    "Asymmetrique Profile Score",
                ],
                missingTokens: ["Select"]
            )
        )
        #expect(report.split == "time" && report.parts.allSatisfy { $0.days == nil })
        #expect(report.test.areaUnderCurve > 0.85, "\(report.test.areaUnderCurve)")
        #expect(report.warnings.contains { $0.contains("has no name") })
    }

    @Test func openOpportunitiesAreNotTakenForLostOnesWhenTheyAreNamedMissing() throws {
        let report = try train(
            "crm-sales-opportunities/sales_pipeline.csv",
            TrainingOptions(
                labelColumn: "deal_stage",
                positiveValue: "Won",
                idColumn: "opportunity_id",
                dateColumn: "engage_date",
                excludedColumns: ["close_date", "close_value"],
                missingTokens: ["Engaging", "Prospecting"]
            )
        )
        #expect(report.rowsWithoutOutcome == 2089 && report.negativeValues == ["Lost"])
    }
}
