import EnsembleFormats
import Foundation
import Testing

@Suite("The commands with a CatBoost model")
struct CatBoostCommandTests {
    /// Made by CatBoost, with the raw values that it gives (`make_catboost.py` beside them).
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("EnsembleFormatsTests/CatBoost")

    /// The rows of a fixture without answers, and CatBoost's raw values; infinities are left out: text has none.
    private func fixture(_ name: String, _ runner: CommandRunner) throws -> [Double] {
        let text = try String(contentsOf: Self.fixtures.appendingPathComponent(name + ".csv"), encoding: .utf8)
        var raw: [Double] = []
        var lines: [String] = []
        for line in text.split(separator: "\n") where !line.contains("inf") {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            let width = fields.count - (name == "one-hot" ? 3 : 2)
            lines.append(fields[..<width].joined(separator: ","))
            if let value = Double(fields[width]) { raw.append(value) }
        }
        try runner.write(lines.joined(separator: "\n") + "\n", to: "rows.csv")
        try Data(contentsOf: Self.fixtures.appendingPathComponent(name + ".cbm"))
            .write(to: runner.folder.appendingPathComponent("model.cbm"))
        return raw
    }

    @Test("predict takes text for categories, and whole numbers in an array")
    func predict() throws {
        let runner = try CommandRunner()
        let raw = try fixture("one-hot", runner)
        for kernel in ["best", "reference"] {
            let result = try runner.run("predict", "model.cbm", "rows.csv", "-o", "out.npy", "--kernel", kernel)
            #expect(result.status == 0, "\(result.errors)")
            let bytes = try Data(contentsOf: runner.folder.appendingPathComponent("out.npy"))
            #expect(try NumpyArray(reading: [UInt8](bytes)).values == .float64(raw))
        }
        let integers = try fixture("integers", runner)
        #expect(try runner.run("predict", "model.cbm", "rows.csv", "-o", "text.npy").status == 0)
        let text = try NumpyArray(reading: [UInt8](Data(contentsOf: runner.folder.appendingPathComponent("text.npy"))))
        #expect(text.values == .float64(integers))
        let table = try String(contentsOf: runner.folder.appendingPathComponent("rows.csv"), encoding: .utf8)
        let values = table.split(separator: "\n").dropFirst().flatMap { line in
            line.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
        }
        let array = NumpyArray(shape: [integers.count, 3], values: .float64(values))
        try Data(array.fileBytes()).write(to: runner.folder.appendingPathComponent("rows.npy"))
        #expect(try runner.run("predict", "model.cbm", "rows.npy", "-o", "array.npy").status == 0)
        let found = try NumpyArray(
            reading: [UInt8](Data(contentsOf: runner.folder.appendingPathComponent("array.npy")))
        )
        #expect(found.values == .float64(integers))
        try runner.write("n0,c0\n1,2\n", to: "narrow.csv")
        let narrow = try runner.run("predict", "model.cbm", "narrow.csv", "-o", "out.npy")
        #expect(narrow.status == 1 && narrow.errors.contains("no column \"c1\""), "\(narrow.errors)")
    }

    @Test("inspect tells of categories; an imported model scores text as CatBoost does")
    func importAndScore() throws {
        let runner = try CommandRunner()
        let raw = try fixture("one-hot", runner)
        let page = String(decoding: try runner.run("inspect", "model.cbm").output, as: UTF8.self)
        #expect(page.contains("category, any text") && page.contains("one-hot"), "\(page)")
        let imported = try runner.run("import", "model.cbm", "--out", "models/leads")
        #expect(
            imported.status == 0
                && String(decoding: imported.output, as: UTF8.self).contains("golden rows, bit for bit"),
            "\(imported.errors)"
        )
        let scored = try runner.run("score", "--model", "models/leads", "rows.csv", "--format", "csv")
        #expect(scored.status == 0, "\(scored.errors)")
        let lines = String(decoding: scored.output, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: ",").map(String.init)
        }
        let margin = try #require(lines[0].firstIndex(of: "margin"))
        #expect(lines.dropFirst().map { Double($0[margin]) } == raw.map(Optional.some))
    }
}
