import Foundation
import Testing

@Suite("leadline score", .serialized, .timeLimit(.minutes(5)))
struct ScoreCommandTests {
    /// A folder with leads, a model of them, and a reference in CSV; made once.
    static let trained = Result { () throws -> CommandRunner in
        let runner = try CommandRunner()
        let leads = try runner.run("sample-leads", "--rows", "3000", "--seed", "5", "-o", "leads.csv")
        let model = try runner.run(
            "train",
            "leads.csv",
            "--label",
            "converted",
            "--id",
            "lead_id",
            "--out",
            "models/leads"
        )
        #expect(leads.status == 0, "\(leads.errors)")
        #expect(model.status == 0, "\(model.errors)")
        let score = try runner.run(
            "score",
            "--model",
            "models/leads",
            "leads.csv",
            "--format",
            "csv",
            "--as-of",
            "2026-11-21",
            "-o",
            "all.csv"
        )
        #expect(score.status == 0, "\(score.errors)")
        return runner
    }

    private func reference(_ runner: CommandRunner) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: runner.path("all.csv"))))
    }

    @Test("a line for each lead, in order, with its id and numbers that read back")
    func lines() throws {
        let runner = try Self.trained.get()
        let lines = String(decoding: try reference(runner), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 3_001)
        #expect(lines.first == "lead_id,probability,score,tier,margin")
        let leads = try String(contentsOfFile: runner.path("leads.csv"), encoding: .utf8).split(separator: "\n")
        for (lead, line) in zip(leads, lines).dropFirst() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            let probability = try #require(Float(fields[1]))
            let (score, margin) = (try #require(UInt8(fields[2])), try #require(Double(fields[4])))
            #expect((0...1).contains(probability) && score <= 100 && margin.isFinite)
            #expect(lead.hasPrefix(fields[0] + ","))
            #expect("\(probability)" == fields[1] && "\(margin)" == fields[4])
        }
    }

    @Test("a server gives the same bytes, in batches of any size", arguments: [7, 64, 1_000, 5_000])
    func server(batch: Int) throws {
        let runner = try Self.trained.get()
        if !FileManager.default.fileExists(atPath: runner.path("certs")) {
            #expect(try runner.run("certs", "certs").status == 0)
        }
        let server = try RunningServer(runner)
        let remote = try runner.run(
            "score",
            "--server",
            "https://\(server.address)",
            "--ca",
            "certs/ca.pem",
            "leads.csv",
            "--format",
            "csv",
            "--batch",
            "\(batch)",
            "--as-of",
            "2026-11-21"
        )
        #expect(remote.status == 0, "\(remote.errors)")
        let isSame = try remote.output == reference(runner)
        #expect(isSame)
        let local = try runner.run(
            "score",
            "--model",
            "models/leads",
            "leads.csv",
            "--format",
            "csv",
            "--batch",
            "\(batch)",
            "--as-of",
            "2026-11-21"
        )
        let isSameHere = try local.output == reference(runner)
        #expect(isSameHere)
        let distrust = try runner.run("score", "--server", "https://\(server.address)", "leads.csv")
        #expect(distrust.status == 1)
        #expect(distrust.errors.contains("--ca"))
        let unknown = try runner.run(
            "score",
            "--server",
            "https://\(server.address)",
            "--ca",
            "certs/ca.pem",
            "--name",
            "nobody",
            "leads.csv"
        )
        #expect(unknown.status == 1)
        #expect(unknown.errors.contains("nobody"))
        #expect(server.stop() == 0)
    }

    @Test("JSON has an object a line, the table the best leads and every tier")
    func formats() throws {
        let runner = try Self.trained.get()
        let json = try runner.run(
            "score",
            "--model",
            "models/leads",
            "leads.csv",
            "--format",
            "json",
            "--as-of",
            "2026-11-21",
            "--stats-json"
        )
        #expect(json.status == 0)
        struct Line: Decodable {
            var lead_id: String
            var probability: Float
            var score: Int
            var tier: String
            var margin: Double
        }
        let lines = try json.text.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        #expect(lines.count == 3_000)
        struct Figures: Decodable {
            var leads: Int
            var batches: Int
            var leadsPerSecond: Double
            var p50Milliseconds: Double
            var p99Milliseconds: Double
        }
        let figures = try JSONDecoder().decode(Figures.self, from: Data(json.errors.utf8))
        #expect(figures.leads == 3_000 && figures.batches == 3 && figures.leadsPerSecond > 0)
        #expect(figures.p99Milliseconds >= figures.p50Milliseconds)

        let table = try runner.run("score", "--model", "models/leads", "leads.csv", "--top", "3")
        #expect(table.status == 0)
        let best = try #require(lines.max { ($0.probability, $0.margin) < ($1.probability, $1.margin) })
        let rows = table.text.split(separator: "\n")
        #expect(rows[0].contains("lead_id") && rows[1].contains(" \(best.lead_id) "))
        #expect(table.text.contains("2,997 more leads"))
        #expect(table.errors.contains("leads/s"))
    }

    @Test("what is wrong is said, with the remedy and the right exit status")
    func errors() throws {
        let runner = try Self.trained.get()
        try Data("lead_id,x\n1,2\n".utf8).write(to: URL(fileURLWithPath: runner.path("other.csv")))
        let missing = try runner.run("score", "--model", "models/leads", "other.csv")
        #expect(missing.status == 1)
        let header = try String(contentsOfFile: runner.path("leads.csv"), encoding: .utf8).prefix { $0 != "\n" }
        let named = header.split(separator: ",").filter { missing.errors.contains($0) }
        #expect(named.count > 5, "the columns that are not there are named: \(missing.errors)")
        for arguments in [[], ["--model", "m", "--server", "s"], ["--model", "m", "--ca", "x"]] {
            let usage = try runner.run(
                "score",
                arguments.first ?? "leads.csv",
                arguments.dropFirst().first ?? "leads.csv"
            )
            #expect(usage.status == 2)
        }
        let date = try runner.run("score", "--model", "models/leads", "leads.csv", "--as-of", "2026-02-30")
        #expect(date.status == 2)
        #expect(date.errors.contains("2026-02-30"))
        let nobody = try runner.run("score", "--server", "https://127.0.0.1:1", "leads.csv")
        #expect(nobody.status == 1)
        #expect(nobody.errors.contains("127.0.0.1:1"))
        let absent = try runner.run("score", "--model", "models/none", "leads.csv")
        #expect(absent.status == 1)
        #expect(absent.errors.contains("models/none"))
    }
}
