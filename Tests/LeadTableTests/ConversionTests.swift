import Foundation
import LeadTable
import LeadTypes
import Testing

@Suite struct ConversionTests {
    private let schema = LeadSchema(columns: [
        LeadColumn(name: "source", kind: .category, levels: ["web", "partner"]),
        LeadColumn(name: "visits", kind: .number),
        LeadColumn(name: "opt in", kind: .boolean),
        LeadColumn(name: "created", kind: .date),
    ])

    private func table(_ text: String) throws -> LeadTable {
        try LeadTable(bytes: Array(text.utf8), fileName: "open.csv")
    }

    @Test func columnsComeInTheSchemasOrderAsNumbers() throws {
        let table = try table(
            """
            created,visits,ignored,source,opt in
            2024-01-02,3.5,x,partner,Yes
            ,,y,billboard,
            2024-01-01T12:00Z,?,z, web ,false

            """
        )
        let columns = try table.columns(for: schema, missing: MissingTokens(["?"]))
        #expect(columns.map(\.count) == [3, 3, 3, 3])
        #expect(columns[0] == [1, 2, 0])
        #expect(columns[1][0] == 3.5 && columns[1][1].isNaN && columns[1][2].isNaN)
        #expect(columns[2][0] == 1 && columns[2][1].isNaN && columns[2][2] == 0)
        #expect(columns[3][0] == 19_724 && columns[3][1].isNaN && columns[3][2] == 19_723.5)
    }

    @Test func allAbsentColumnsAreNamed() throws {
        let error = try #require(throws: TableError.self) {
            try table("visits,x\n1,2\n").columns(for: schema)
        }
        #expect(error.fault == .missingColumn)
        for name in ["'source'", "'opt in'", "'created'", "the file has 'visits', 'x'"] {
            #expect(error.description.contains(name), "\(error)")
        }
    }

    @Test func textInANumberColumnIsNamedWithLineColumnAndValue() throws {
        let error = try #require(throws: TableError.self) {
            try table("source,visits,opt in,created\nweb,1,no,2024-01-01\nweb,many,no,2024-01-01\n")
                .columns(for: schema)
        }
        #expect(error.fault == .badValue)
        #expect(
            error.description.hasPrefix("open.csv, line 3, column 'visits', byte 53: 'many' is not a number; "),
            "\(error)"
        )
    }

    @Test func wordInABooleanColumnIsRefused() throws {
        let error = try #require(throws: TableError.self) {
            try table("source,visits,opt in,created\nweb,1,maybe,2024-01-01\n").columns(for: schema)
        }
        #expect(error.line == 2 && error.column == "opt in")
    }

    @Test func uncertainDateFormIsRefusedUnlessItIsGiven() throws {
        let table = try table("source,visits,opt in,created\nweb,1,no,01/02/2024\n")
        #expect(throws: TableError.self) { try table.columns(for: schema) }
        let columns = try table.columns(for: schema, dateForms: ["created": .dayMonthYearSlashes])
        #expect(columns[3] == [19_754])
    }

    @Test func aChangeOfDateFormIsRefusedOnItsLine() throws {
        let error = try #require(throws: TableError.self) {
            try table("created\n2024-01-01\n1.2.2024\n").days(ofColumn: 0)
        }
        #expect(error.line == 3)
    }

    @Test func aLevelWithSpacesAtItsEndsIsFoundByItsBytesFirst() throws {
        let table = try table("c,d\n a,1\na ,2\na,3\n b ,4\n")
        let values = table.levels(ofColumn: 0, among: [" a", "a", " b"])
        // The last one is neither " b" byte for byte nor "b", which is no level.
        #expect(values == [0, 1, 1, 3])
    }

    @Test func fractionsOfASecondAreRoundedOnce() throws {
        // 0.123 / 10 / 10 / 10 rounds three times; other readers of the same text would give another last bit.
        let seconds: [(text: String, value: Double)] = [
            ("00.3", 0 + 0.3), ("00.123", 0 + 0.123), ("07.29", 7 + 0.29), ("59.999999999", 59 + 0.999999999),
            ("01.017", 1 + 0.017),
        ]
        let table = try table("c\n" + seconds.map { "1970-01-01T00:00:" + $0.text }.joined(separator: "\n"))
        #expect(try table.days(ofColumn: 0) == seconds.map { $0.value / 86_400 })
    }

    @Test func tenThousandLevelsAreFoundAgain() throws {
        let levels = (0..<10_000).map { "level \($0)" }
        let text = "c\n" + levels.reversed().joined(separator: "\n")
        let values = try table(text).levels(ofColumn: 0, among: levels)
        #expect(values == (0..<10_000).reversed().map(Double.init))
    }
}
