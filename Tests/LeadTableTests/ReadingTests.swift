import Foundation
import LeadTable
import LeadTypes
import Testing

/// A file that must be refused, and the words its refusal must hold.
struct BadFile: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: [UInt8]
    let fault: TableError.Fault
    let words: [String]

    init(_ name: String, _ text: String, _ fault: TableError.Fault, _ words: [String]) {
        self.init(name, bytes: Array(text.utf8), fault, words)
    }

    init(_ name: String, bytes: [UInt8], _ fault: TableError.Fault, _ words: [String]) {
        self.name = name
        self.bytes = bytes
        self.fault = fault
        self.words = words
    }

    var testDescription: String { name }
}

/// `a,b`, `1,2`, `3,4` as gzip.
private let smallGzip: [UInt8] = Array(
    Data(base64Encoded: "H4sIAAAAAAACA0vUSeIy1DHiMtYx4QIA5enWzgwAAAA=") ?? Data()
)

@Suite struct ReadingTests {
    private func rows(_ table: LeadTable) -> [[String]] {
        (0..<table.rowCount).map { row in table.columnNames.indices.map { table.text(row: row, column: $0) } }
    }

    private func table(_ text: String) throws -> LeadTable {
        try LeadTable(bytes: Array(text.utf8), fileName: "leads.csv")
    }

    @Test(arguments: [",", ";", "\t", "|"])
    func separatorIsSniffedFromTheHeader(separator: String) throws {
        let text = ["name,x", "1,2", "3,4"].joined(separator: "\n")
            .replacingOccurrences(of: ",", with: separator)
        let table = try table(text)
        #expect(String(table.separator) == separator)
        #expect(table.columnNames == ["name", "x"])
        #expect(rows(table) == [["1", "2"], ["3", "4"]])
    }

    @Test func quotesSeparatorsAndLineEndsInsideQuotesAreText() throws {
        let table = try table("a,b\r\n\"x,\"\"y\"\"\",\"two\r\nlines\"\r\n\"\",plain\r\n")
        #expect(rows(table) == [["x,\"y\"", "two\r\nlines"], ["", "plain"]])
        #expect(table.line(ofRow: 0) == 2)
        #expect(table.line(ofRow: 1) == 4)
    }

    @Test func separatorInsideAQuotedHeaderNameIsNotCounted() throws {
        let table = try table("\"a,b,c\";d\n1;2\n")
        #expect(table.columnNames == ["a,b,c", "d"])
    }

    @Test func byteOrderMarkBlankLinesAndMissingLastLineEndAreFine() throws {
        let table = try LeadTable(bytes: [0xEF, 0xBB, 0xBF] + Array("a,b\n\n1,2\r\n\r\n3,".utf8), fileName: "x")
        #expect(table.columnNames == ["a", "b"])
        #expect(rows(table) == [["1", "2"], ["3", ""]])
        #expect(table.line(ofRow: 1) == 5)
    }

    @Test func namelessEmptyLastColumnIsLeftOutWithANote() throws {
        let table = try table("a,b,\n1,2,\n3,4,\n")
        #expect(table.columnNames == ["a", "b"])
        #expect(rows(table) == [["1", "2"], ["3", "4"]])
        #expect(table.notes.count == 1)
        #expect(table.notes[0].contains("Column 3 has no name"))
    }

    @Test func namelessColumnWithValuesIsKeptAndNamed() throws {
        let table = try table(",a\n0,x\n1,y\n")
        #expect(table.columnNames == ["column 1", "a"])
    }

    @Test func gzipIsRecognisedByItsBytesAndMayHaveSeveralMembers() throws {
        let one = try LeadTable(bytes: smallGzip, fileName: "leads.dat")
        #expect(rows(one) == [["1", "2"], ["3", "4"]])
        let two = try LeadTable(bytes: smallGzip + smallGzip, fileName: "leads.dat")
        #expect(rows(two) == [["1", "2"], ["3", "4"], ["a", "b"], ["1", "2"], ["3", "4"]])
    }

    static let badFiles: [BadFile] = [
        BadFile("empty file", "", .noHeader, ["empty"]),
        BadFile("header only", "a,b\n", .noRows, ["line 1", "no row"]),
        BadFile("short line", "a,b,c\n1,2,3\n4,5\n", .raggedLine, ["line 3", "byte 12", "2 fields", "header 3"]),
        BadFile("long line", "a,b\n1,2\n\n3,4,5\n", .raggedLine, ["line 4", "3 fields", "header 2"]),
        BadFile(
            "line counted after quoted line feeds",
            "a,b\n\"x\ny\",2\n3\n",
            .raggedLine,
            ["line 4", "byte 12"]
        ),
        BadFile("open quote", "a,b\n1,\"x\n2,3\n", .badQuote, ["line 2", "field 2", "byte 6", "never closed"]),
        BadFile("text after a quote", "a,b\n\"x\"y,2\n", .badQuote, ["line 2", "field 1", "byte 7"]),
        BadFile("quote inside a bare field", "a,b\n5\" pipe,2\n", .badQuote, ["line 2", "field 1", "byte 5"]),
        BadFile("lone carriage return", "a,b\n1,2\r3,4\n", .loneCarriageReturn, ["line 2", "field 2", "byte 7"]),
        BadFile("duplicate names", "a,b,a\n1,2,3\n", .duplicateColumn, ["line 1", "'a'", "1 and 3"]),
        BadFile(
            "Latin-1",
            bytes: Array("a,b\n1,2\n3,caf".utf8) + [0xE9, 0x0A],
            .notUTF8,
            ["line 3", "byte 13", "0xE9"]
        ),
        BadFile("UTF-16", bytes: [0xFF, 0xFE, 0x61, 0], .notText, ["UTF-16", "UTF-8"]),
        BadFile("spreadsheet", bytes: [0x50, 0x4B, 3, 4, 20, 0], .notText, ["spreadsheet"]),
        BadFile("zero byte", "a,b\n1,\u{0}\n", .notText, ["line 2", "field 2", "byte 6", "0x0"]),
        BadFile("gzip cut in half", bytes: Array(smallGzip.prefix(24)), .badGzip, ["cut off after 24 bytes"]),
        BadFile(
            "gzip damaged",
            bytes: smallGzip.enumerated().map { $0.offset == 12 ? $0.element ^ 0xFF : $0.element },
            .badGzip,
            ["again"]
        ),
    ]

    @Test(arguments: badFiles)
    func badFileIsRefusedWithItsPlaceAndRemedy(file: BadFile) throws {
        let error = try #require(throws: TableError.self) {
            try LeadTable(bytes: file.bytes, fileName: "leads.csv")
        }
        #expect(error.fault == file.fault)
        #expect(error.description.hasPrefix("leads.csv"))
        #expect(!error.remedy.isEmpty)
        for word in file.words { #expect(error.description.contains(word), "\(error)") }
    }

    @Test func gzipCutAtAnyByteIsRefused() {
        for length in 2..<smallGzip.count {
            #expect(throws: TableError.self) {
                try LeadTable(bytes: Array(smallGzip.prefix(length)), fileName: "x")
            }
        }
    }

    @Test func textBeyondTheLimitIsRefused() throws {
        let error = try #require(throws: TableError.self) {
            try LeadTable(bytes: smallGzip, fileName: "x", limits: TableLimits(textBytesMax: 8))
        }
        #expect(error.fault == .tooLarge)
    }

    @Test func missingFileIsNamed() throws {
        let error = try #require(throws: TableError.self) { try LeadTable(path: "/no/such/leads.csv") }
        #expect(error.description == "/no/such/leads.csv: there is no such file; check the path")
    }

    @Test func writtenRowsReadBackTheSame() throws {
        let table = try table("a,b\n\"x,\"\"y\"\"\",\" two\nlines \"\n,z\n")
        let again = try LeadTable(bytes: table.separatedValues(rows: [0, 1]), fileName: "again")
        #expect(rows(again) == rows(table))
        #expect(again.columnNames == table.columnNames)
    }

    @Test func everyCutOfAFileReadsOrIsRefusedWithoutATrap() {
        let whole = Array("a,b\r\n\"x,\"\"y\",é\r\n1,\"two\nlines\"\n".utf8)
        var read = 0
        for length in 0...whole.count where (try? LeadTable(bytes: Array(whole.prefix(length)), fileName: "x")) != nil {
            read += 1
        }
        #expect(read > 0)
    }

    @Test func anySoupOfSpecialBytesIsReadOrRefusedAndWhatIsReadComesBackTheSame() throws {
        let ingredients: [UInt8] = Array("ab1,;|\t\"\"\r\n\n é".utf8) + [0xC3, 0x00]
        var state: UInt64 = 2_024
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var read = 0
        for round in 0..<10_000 {
            var soup = Array("a,b\n".utf8)
            for _ in 0..<next(24) { soup.append(ingredients[next(ingredients.count)]) }
            guard let table = try? LeadTable(bytes: soup, fileName: "x") else { continue }
            read += 1
            let written = table.separatedValues(rows: Array(0..<table.rowCount))
            let again = try LeadTable(bytes: written, fileName: "x")
            #expect(rows(again) == rows(table), "round \(round): \(soup)")
            _ = again.profiles()
        }
        #expect(read > 100)
    }
}
