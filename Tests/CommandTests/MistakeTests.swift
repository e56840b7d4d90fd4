import Foundation
import Testing

@Suite("what people type wrongly", .serialized, .timeLimit(.minutes(5)))
struct MistakeTests {
    /// A command line, the status it leaves with, and what its message must tell.
    struct Mistake: CustomTestStringConvertible, Sendable {
        var line: String
        var status: Int32
        var words: [String]

        init(_ line: String, _ status: Int32, _ words: String...) {
            (self.line, self.status, self.words) = (line, status, words)
        }

        var testDescription: String { "leadline \(line)" }
    }

    private static let mistakes = [
        Mistake("nonsense", 2, "nonsense"),
        Mistake("train leads.csv", 2, "--label"),
        Mistake("train leads.csv --label converted --out=", 2, "--out"),
        Mistake("train leads.csv --label converted --out m/x --threads 100000", 2, "--threads", "256"),
        Mistake("train none.csv --label converted --out m/x", 1, "none.csv", "no such file"),
        Mistake("train folder --label converted --out m/x", 1, "folder", "name a file"),
        Mistake("train leads.csv --label konverted --out m/x", 1, "konverted", "'converted'"),
        Mistake("train leads.csv --label industry --out m/x", 1, "--positive"),
        Mistake("train leads.csv --label converted --date industry --out m/x", 1, "industry", "dates"),
        Mistake("train leads.csv --label converted --out leads.csv/x", 1, "leads.csv", "this is a file"),
        Mistake("train leads.csv --label converted --out m/x --test-leads folder", 1, "folder is a folder"),
        Mistake("train empty.csv --label converted --out m/x", 1, "line 1", "empty"),
        Mistake("train ragged.csv --label converted --out m/x", 1, "ragged.csv, line 3", "2 fields"),
        Mistake("train /dev/null --label converted --out m/x", 1, "/dev/null", "empty"),
        Mistake("import leads.csv --out m/x", 1, "leads.csv", "XGBoost"),
        Mistake("import leads.csv --out=", 2, "--out"),
        Mistake("inspect /dev/null", 1, "/dev/null", "empty"),
        Mistake("inspect models", 1, "models/leads"),
        Mistake("score --model models/leads leads.csv --batch 0", 2, "--batch", "at least 1"),
        Mistake("score --model models/leads leads.csv --batch -1", 2, "--batch", "at least 1"),
        Mistake("score --model models/leads leads.csv --top -1", 2, "--top"),
        Mistake("score --model models leads.csv", 1, "models/leads"),
        Mistake("score --model models/leads few.csv", 1, "few.csv", "there are no columns"),
        Mistake("score --model models/leads leads.csv -o folder", 1, "folder is a folder"),
        Mistake("score --model models/leads leads.csv -o none/x.csv", 1, "none/x.csv", "no folder"),
        Mistake("score --server https://127.0.0.1:1 leads.csv", 1, "127.0.0.1:1", "start the server"),
        Mistake("score --server https://[::1 leads.csv", 1, "write https://HOST:PORT"),
        Mistake("serve --models models", 2, "--tls-cert", "leadline certs"),
        Mistake("serve --models models --listen nonsense --tls-cert a --tls-key b", 2, "--listen", "HOST:PORT"),
        Mistake("serve --models none --tls-cert certs/server.pem --tls-key certs/server.key", 1, "none", "--models"),
        Mistake("serve --models leads.csv --tls-cert certs/server.pem --tls-key certs/server.key", 1, "is a file"),
    ]

    /// A folder with leads, a model of them, certificates, and files that are wrong.
    private func prepared() throws -> CommandRunner {
        let runner = try ScoreCommandTests.trained.get()
        if !FileManager.default.fileExists(atPath: runner.path("certs")) {
            #expect(try runner.run("certs", "certs").status == 0)
        }
        try FileManager.default.createDirectory(
            at: runner.folder.appendingPathComponent("folder"),
            withIntermediateDirectories: true
        )
        try runner.write("", to: "empty.csv")
        try runner.write("a,b,converted\n1,2,0\n2,1\n", to: "ragged.csv")
        try runner.write("lead_id,converted\n1,0\n2,1\n", to: "few.csv")
        return runner
    }

    @Test("are told what, where and the remedy, with the right exit status", arguments: mistakes)
    func told(_ mistake: Mistake) throws {
        let runner = try prepared()
        let answer = try runner.run(mistake.line.split(separator: " ").map(String.init))
        #expect(answer.status == mistake.status, "\(answer.errors)")
        #expect(answer.output.isEmpty && answer.errors.hasPrefix("error: ") || mistake.line.hasPrefix("serve"))
        for word in mistake.words { #expect(answer.errors.contains(word), "\(answer.errors)") }
        #expect(!answer.errors.contains("NSCocoaErrorDomain"), "\(answer.errors)")
    }

    @Test("a device or a pipe that is named as the output is written to, not replaced")
    func devices() throws {
        let runner = try ScoreCommandTests.trained.get()
        let score = ["score", "--model", "models/leads", "leads.csv", "--format", "csv", "-o"]
        // Not /dev/null: were it replaced after all, the machine would suffer.
        let shown = try runner.run(score + ["/proc/self/fd/1"])
        #expect(shown.status == 0 && shown.text.hasPrefix("lead_id,probability"))
        try runner.write("old", to: "target.csv")
        try FileManager.default.createSymbolicLink(atPath: runner.path("link.csv"), withDestinationPath: "target.csv")
        #expect(try runner.run(score + ["link.csv"]).status == 0)
        let target = try String(contentsOfFile: runner.path("target.csv"), encoding: .utf8)
        #expect(target.hasPrefix("lead_id,probability"))
    }

    @Test("a second server does not share the first one's port in silence")
    func portTaken() throws {
        let runner = try prepared()
        let options = [
            "--models", "models", "--admin", "127.0.0.1:0", "--tls-cert", "certs/server.pem", "--tls-key",
            "certs/server.key", "--workers", "1", "--listen",
        ]
        let first = try RunningServer(runner, options + ["127.0.0.1:0"])
        let second = try runner.run(["serve"] + options + [first.address])
        #expect(second.status == 1)
        #expect(second.errors.contains(first.address) && second.errors.contains("--listen"), "\(second.errors)")
        #expect(first.stop() == 0)
    }

    @Test("ids with anything in them leave the table in line")
    func table() throws {
        let runner = try prepared()
        let leads = try String(contentsOfFile: runner.path("leads.csv"), encoding: .utf8).split(separator: "\n")
        let ids = ["日本語", "Zoë", "\u{1B}[31mred", String(repeating: "x", count: 200), "\"a\nb\""]
        let lines = zip(ids, leads.dropFirst()).map { id, line in id + line.drop { $0 != "," } }
        try runner.write(([String(leads[0])] + lines).joined(separator: "\n") + "\n", to: "odd.csv")
        let answer = try runner.run("score", "--model", "models/leads", "odd.csv")
        #expect(answer.status == 0, "\(answer.errors)")
        #expect(!answer.text.contains("\u{1B}") && answer.text.contains("␛[31mred") && answer.text.contains("a␊b"))
        let rows = answer.text.split(separator: "\n").prefix(6)
        #expect(rows.allSatisfy { $0.count < 80 })
        // The tier stands in one column, wide characters counted twice.
        let places = rows.dropFirst().map { row in row.unicodeScalars.reduce(0) { $0 + ($1.value > 0x3000 ? 2 : 1) } }
        #expect(Set(places).count == 1, "\(answer.text)")
    }
}
