import Foundation
import LeadTable
import LeadTypes
import Testing

@Suite struct RecognitionTests {
    /// A table of one column.
    private func table(_ values: [String], name: String = "c") throws -> LeadTable {
        var text: [UInt8] = []
        SeparatedValuesText.appendLine([name, "other"], to: &text)
        for value in values { SeparatedValuesText.appendLine([value, "x"], to: &text) }
        return try LeadTable(bytes: text, fileName: "leads.csv")
    }

    private func profile(_ values: [String], name: String = "c", missing: [String] = []) throws -> ColumnProfile {
        try table(values, name: name).profile(ofColumn: 0, missing: MissingTokens(missing))
    }

    static let meanings: [([String], ColumnProfile.Meaning)] = [
        (["1", "-2.5", "", "3e2", " .5 ", "+7."], .number),
        (["0", "1", "1"], .number),
        (["1", "inf"], .category),
        (["0x10", "2"], .category),
        (["1,000", "2"], .category),
        (["TRUE", "false", ""], .boolean),
        (["Yes", "No"], .boolean),
        (["yes", "no", "unknown"], .category),
        (["2024-02-29", "2023-01-01T10:00:00Z"], .date),
        (["2023-02-29", "2023-01-01"], .category),
        (["31.12.2023", "1.2.2023"], .date),
        (["2023/1/2", "2023/12/31"], .date),
        (["13/01/2023", "01/02/2023"], .date),
        (["01/02/2023", "03/04/2023"], .category),
        (["13/01/2023", "01/13/2023"], .category),
        (["10/49", "50-99"], .category),
        (["red", "blue", "red"], .category),
        (["same", "same"], .constant),
        (["7", "7"], .constant),
        (["same", ""], .category),
        (["", ""], .empty),
        ((0..<100).map { "\($0 + 5000)" }, .id),
        ((0..<100).map { "\($0 * 100_000)" }, .number),
        ((0..<100).map { "\(Double($0) / 8)" }, .number),
        ((0..<100).map { "u-\($0)-x" }, .id),
        ((0..<100).map { "call number \($0) back" }, .text),
        ((0..<100).map { "level \($0 % 40)" }, .category),
    ]

    @Test(arguments: meanings)
    func columnIsWhatAllItsValuesCanBeReadAs(values: [String], meaning: ColumnProfile.Meaning) throws {
        #expect(try profile(values).meaning == meaning, "\(values.prefix(5))")
    }

    @Test func missingTokensTurnACategoryIntoWhatTheRestIs() throws {
        #expect(try profile(["1", "NA", "2"]).meaning == .category)
        let number = try profile(["1", "NA", "2", ""], missing: ["NA"])
        #expect(number.meaning == .number)
        #expect(number.missingRows == 2)
        #expect(try profile(["yes", "no", "unknown"], missing: ["unknown"]).meaning == .boolean)
    }

    @Test func placeholderIsPointedOut() throws {
        let notes = try profile(["Select", "Mumbai", "Select", "Pune"]).notes
        #expect(notes.contains { $0.contains("'Select' in 2 rows") && $0.contains("--missing 'Select'") })
    }

    @Test func fewTextsAmongNumbersArePointedOut() throws {
        let notes = try profile((0..<40).map { "\($0 % 10)" } + ["abc"]).notes
        #expect(notes.contains { $0.contains("'abc'") })
    }

    @Test func ambiguousAndMixedDatesAreExplained() throws {
        #expect(try profile(["01/02/2023", "03/04/2023"]).notes.contains { $0.contains("dd/mm/yyyy, mm/dd/yyyy") })
        #expect(try profile(["2023-01-02", "2.1.2023"]).notes.contains { $0.contains("more than one form") })
    }

    @Test func levelsComeCommonestFirstAndTiesByName() throws {
        let levels = try profile(["b", "c", "a", "c", " b ", "a", "c"]).levels
        #expect(levels.map(\.text) == ["c", "a", "b"])
        #expect(levels.map(\.rows) == [3, 2, 2])
    }

    @Test func nameThatSaysIdAllowsGapsAndAFewRepeats() throws {
        let values = (0..<200).map { "\($0 * 1_000_003)" }
        #expect(try profile(values, name: "Lead Number").meaning == .id)
        #expect(try profile(values, name: "revenue").meaning == .number)
    }

    static let instants: [(String, DateForm, Double)] = [
        ("1970-01-01", .yearMonthDayDashes, 0),
        ("2000-03-01", .yearMonthDayDashes, 11_017),
        ("1969-12-31T12:00:00Z", .yearMonthDayDashes, -0.5),
        ("2024-01-01T01:00+01:00", .yearMonthDayDashes, 19_723),
        ("2024-01-01 06:00:00.000-0600", .yearMonthDayDashes, 19_723.5),
        ("31.12.2023", .dayMonthYearDots, 19_722),
        ("12/31/2023 18:00", .monthDayYearSlashes, 19_722.75),
        ("31-12-2023", .dayMonthYearDashes, 19_722),
    ]

    @Test(arguments: instants)
    func dateIsDaysSince1970(text: String, form: DateForm, days: Double) throws {
        #expect(try table([text]).days(ofColumn: 0, form: form) == [days])
    }

    @Test(arguments: [
        "2023-02-29", "2023-13-01", "2023-00-10", "2024-1-5", "2024-01-01T25:00", "2024-01-01T10:61", "2024-01-01Tx",
        "2024-01-01T10:00Q", "24-01-01", "2024-01-011", "2024-01/01", "2024-01-01T10:00+15:00",
    ])
    func textThatIsNoDateIsRefusedWithItsLine(text: String) throws {
        let error = try #require(throws: TableError.self) {
            try table(["2024-01-01", text]).days(ofColumn: 0, form: .yearMonthDayDashes)
        }
        #expect(error.line == 3)
        #expect(error.column == "c")
        #expect(error.problem.contains("'\(text)'"))
    }

    @Test func everyDayOfFourCenturiesGoesThereAndBack() {
        var number = dayNumber(year: 1800, month: 1, day: 1) ?? 0
        let last = dayNumber(year: 2200, month: 12, day: 31) ?? 0
        #expect(last - number + 1 == 401 * 365 + 97)
        while number <= last {
            let parts = isoDate(dayNumber: number).split(separator: "-").compactMap { Int($0) }
            #expect(dayNumber(year: parts[0], month: parts[1], day: parts[2]) == number)
            number += 1
        }
    }

    @Test func numbersAreRoundedAsTheStandardLibraryDoes() throws {
        var texts = [
            "0.1", "-0", "1e22", "1e23", "9007199254740993", "123456789012345678901", "4.9e-324", "2.5E-3", "00012",
        ]
        var state: UInt64 = 42
        for _ in 0..<2000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            texts.append("\(Double(Int64(bitPattern: state)) / 1e7)")
            texts.append("\(Double(state >> 40) / 1000)")
        }
        let values = try table(texts).numbers(ofColumn: 0)
        for (text, value) in zip(texts, values) { #expect(value.bitPattern == Double(text)?.bitPattern, "\(text)") }
    }
}
