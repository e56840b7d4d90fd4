import Foundation
import LeadTable
import Testing

/// The folder of public data sets, when this checkout has it beside itself or the environment names it.
private let sharedData: URL? = {
    let named = ProcessInfo.processInfo.environment["LEADLINE_SHARED"].map { URL(fileURLWithPath: $0) }
    let beside = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared")
    let folder = (named ?? beside).appendingPathComponent("data")
    guard FileManager.default.fileExists(atPath: folder.path) else {
        print("SKIPPED: the tests on real data sets; no data at \(folder.path) (set LEADLINE_SHARED to have them)")
        return nil
    }
    return folder
}()

@Suite(.enabled(if: sharedData != nil, "the public data sets are not here"))
struct RealDataTests {
    private func profiles(_ file: String, missing: [String] = []) throws -> (LeadTable, [String: ColumnProfile]) {
        let path = try #require(sharedData).appendingPathComponent(file).path
        let table = try LeadTable(path: path)
        let profiles = table.profiles(missing: MissingTokens(missing))
        return (table, Dictionary(uniqueKeysWithValues: profiles.map { ($0.name, $0) }))
    }

    @Test func bankMarketingIsSemicolonSeparatedWithDottedNames() throws {
        let (table, columns) = try profiles("bank-marketing/bank-additional-full.csv.gz")
        #expect(table.rowCount == 41_188 && table.columnNames.count == 21 && table.separator == ";")
        #expect(columns["emp.var.rate"]?.meaning == .number)
        #expect(columns["job"]?.levels.first?.text == "admin." && columns["job"]?.levels.first?.rows == 10_422)
        #expect(columns["default"]?.notes.contains { $0.contains("'unknown' in 8597 rows") } == true)
        #expect(columns["y"]?.meaning == .boolean)
        #expect(columns.values.allSatisfy { $0.meaning != .id && $0.meaning != .text })
    }

    @Test func educationLeadsHaveIdsConstantsAndANamelessColumn() throws {
        let (table, columns) = try profiles("x-education-leads/Leads.csv.gz", missing: ["Select"])
        #expect(table.rowCount == 9240 && table.columnNames.count == 37 && table.notes.count == 1)
        #expect(columns["Prospect ID"]?.meaning == .id)
        #expect(columns["Lead Number"]?.meaning == .id)
        #expect(columns["Magazine"]?.meaning == .constant)
        #expect(columns["City"]?.missingRows == 1420 + 2249)
        #expect(columns["TotalVisits"]?.meaning == .number)
        #expect(columns["Total Time Spent on Website"]?.meaning == .number)
    }

    @Test func daysFirstDatesAndIdsOfSmartLeadsAreSeen() throws {
        let (table, columns) = try profiles("smart-leads/train_wn75k28.csv.gz")
        #expect(table.rowCount == 39_161)
        #expect(columns["created_at"]?.dateForm == .dayMonthYearDashes)
        #expect(columns["signup_date"]?.dateForm == .dayMonthYearDashes)
        #expect(columns["signup_date"]?.missingRows == 15_113)
        #expect(columns["id"]?.meaning == .id)
    }

    @Test func sizesWrittenWithSlashesAreNoDates() throws {
        let (_, columns) = try profiles("hr-job-change/aug_train.csv.gz")
        #expect(columns["company_size"]?.meaning == .category)
        #expect(columns["enrollee_id"]?.meaning == .id)
        #expect(columns["city"]?.meaning == .category)
        #expect(columns["target"]?.meaning == .number)
    }

    @Test func fileWithoutALastLineEndKeepsItsLastRow() throws {
        let (table, columns) = try profiles("online-shoppers/online_shoppers_intention.csv.gz")
        #expect(table.rowCount == 12_330)
        #expect(columns["Weekend"]?.meaning == .boolean)
    }

    @Test func customersHaveADateAndAnId() throws {
        let (_, columns) = try profiles(
            "ibm-customer-value/WA_Fn-UseC_-Marketing-Customer-Value-Analysis.csv.gz"
        )
        #expect(columns["Effective_To_Date"]?.dateForm == .yearMonthDayDashes)
        #expect(columns["Customer"]?.meaning == .id)
        #expect(columns["Income"]?.meaning == .number)
    }
}
