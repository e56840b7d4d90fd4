import Foundation
import Testing

@Suite("leadline bench load", .serialized, .timeLimit(.minutes(5)))
struct LoadCommandTests {
    /// What of a report is looked at here.
    private struct Report: Decodable {
        struct Latencies: Decodable {
            var count: Int
            var p50Milliseconds: Double
            var maxMilliseconds: Double
        }

        struct Setup: Decodable {
            var rate: Double?
            var seed: Int
            var leads: String
        }

        struct Step: Decodable {
            var rate: Double
            var held: Bool
        }

        var setup: Setup
        var offeredRate: Double
        var achievedRate: Double
        var leadsPerSecond: Double
        var intended: Int
        var failed: Int
        var unscoredLeads: Int
        var bytesPerLeadSent: Double
        var latency: Latencies
        var search: [Step]?
        var wasInterrupted: Bool
    }

    private func report(_ runner: CommandRunner, _ name: String) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(contentsOf: URL(fileURLWithPath: runner.path(name))))
    }

    /// The folder of the tests of `leadline score`, with certificates, and a server.
    private func serve() throws -> (CommandRunner, RunningServer) {
        let runner = try ScoreCommandTests.trained.get()
        if !FileManager.default.fileExists(atPath: runner.path("certs")) {
            #expect(try runner.run("certs", "certs").status == 0)
        }
        return (runner, try RunningServer(runner))
    }

    private func load(_ server: RunningServer, _ words: String) -> [String] {
        ["bench", "load", "--server", "https://\(server.address)", "--ca", "certs/ca.pem"]
            + words.split(separator: " ").map(String.init)
    }

    @Test("an open loop offers its rate, and tells so as text, JSON, page and histogram")
    func open() throws {
        let (runner, server) = try serve()
        let words =
            "leads.csv --rate 200 --mix 10:75%,500:25% --warmup 200ms --duration 1s --verify --progress --slo p50=5s"
        let run = try runner.run(
            load(server, words + " --json a.json --html a.html --hgrm a.hgrm --arrivals poisson --seed 7")
        )
        #expect(run.status == 0, "\(run.errors)")
        for word in [
            "open loop, 200 requests/s, poisson arrivals, seed 7", "3,000 leads of leads.csv", "p99.9", "goodput",
        ] {
            #expect(run.text.contains(word), "\(word): \(run.text)")
        }
        #expect(run.errors.contains("warm-up: ") && run.errors.contains("on their way"))
        let report = try report(runner, "a.json")
        #expect((150...250).contains(report.offeredRate) && report.failed == 0 && report.unscoredLeads == 0)
        #expect(report.latency.count == report.intended && report.latency.p50Milliseconds > 0)
        #expect(report.leadsPerSecond > 60 * report.achievedRate && report.setup.seed == 7)
        #expect(report.bytesPerLeadSent > 1 && !report.wasInterrupted)

        let page = try String(contentsOfFile: runner.path("a.html"), encoding: .utf8)
        // One whole second makes no line over time.
        #expect(page.components(separatedBy: "<svg").count == 2)
        for word in ["src=", "@import", "url(", "<script", "http://"] { #expect(!page.contains(word), "\(word)") }
        #expect(page.contains("The goal <b>p50=5s</b> holds."))
        let lines = try String(contentsOfFile: runner.path("a.hgrm"), encoding: .utf8).split(separator: "\n")
        #expect(lines[0].split(separator: " ") == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"])
        #expect(lines.last?.hasPrefix("#[Buckets") == true)
        #expect(lines.contains { $0.hasSuffix(" 1.000000000000 " + padded("\(report.intended)", 10)) })
        #expect(server.stop() == 0)
    }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    @Test("a closed loop finds what a server does; its reports are compared with their like alone")
    func closedAndCompared() throws {
        let (runner, server) = try serve()
        for name in ["c1", "c2", "c3", "c4"] {
            let words = "--concurrency 4 --connections 2 --batch 20 --warmup 0 --duration 300ms --json \(name).json"
            let run = try runner.run(load(server, words))
            #expect(run.status == 0, "\(run.errors)")
            #expect(
                run.text.contains("closed loop, 4 requests on their way")
                    && run.text.contains("made up from the schema")
            )
        }
        #expect(try report(runner, "c1.json").achievedRate > 100)
        let pair = try runner.run("bench", "compare", "c1.json", "c2.json")
        #expect(pair.status == 0 && pair.text.contains("achieved requests/s"), "\(pair.errors)")
        let sides = ["bench", "compare", "--before", "c1.json", "c2.json", "--after", "c3.json", "c4.json"]
        let repeated = try runner.run(sides)
        #expect(repeated.status == 0 && repeated.text.contains("means of 2 and 2 runs"), "\(repeated.errors)")
        #expect(repeated.text.contains("95 % interval"))
        let json = try runner.run(sides + ["--json"])
        #expect(json.text.contains("\"change_percent_low\"") && json.text.split(separator: "\n").count > 8)

        let other = try runner.run(
            load(server, "--concurrency 4 --connections 2 --batch 30 --warmup 0 --duration 300ms --json o.json")
        )
        #expect(other.status == 0)
        let refused = try runner.run("bench", "compare", "c1.json", "o.json")
        #expect(
            refused.status == 1 && refused.errors.contains("20:100% and 30:100%") && refused.errors.contains("--force")
        )
        let forced = try runner.run("bench", "compare", "c1.json", "o.json", "--force")
        #expect(forced.status == 0 && forced.errors.contains("not comparable: batches"))
        let none = try runner.run("bench", "compare", "c1.json", "leads.csv")
        #expect(none.status == 1 && none.errors.contains("leads.csv is no report"))
        #expect(try runner.run("bench", "compare", "c1.json").status == 2)
        #expect(server.stop() == 0)
    }

    @Test("the largest rate that holds is searched")
    func findRate() throws {
        let (runner, server) = try serve()
        // Too strict a goal holds nowhere.
        let hopeless = try runner.run(load(server, "--find-rate --rate 8 --slo max=1us --warmup 0 --duration 300ms"))
        #expect(hopeless.status == 1 && hopeless.errors.contains("not even 1.0 requests/s hold"), "\(hopeless.errors)")
        #expect(
            hopeless.errors.contains("rate 1: 8.0 requests/s") && hopeless.errors.contains("rate 4: 1.0 requests/s")
        )
        // A rate that leaves unanswered what a second offers does not hold, however generous the goal is.
        let words =
            "--find-rate --rate 20000 --batch 1000 --slo p99=60s --warmup 0 --duration 200ms --timeout 300ms --json f.json"
        let found = try runner.run(load(server, words))
        #expect(found.status == 0, "\(found.errors)")
        let report = try report(runner, "f.json")
        let steps = try #require(report.search)
        #expect(steps.contains { $0.held } && steps.contains { !$0.held })
        #expect(report.setup.rate == steps.filter(\.held).map(\.rate).max())
        #expect(found.text.contains("largest rate that holds p99=60s"))
        #expect(server.stop() == 0)
    }

    @Test("a missed goal, no server, and nothing that works leave with 1")
    func failures() throws {
        let (runner, server) = try serve()
        let missed = try runner.run(load(server, "--rate 50 --slo p50=1us --warmup 0 --duration 300ms"))
        #expect(
            missed.status == 1 && missed.errors.contains("--slo is missed: p50=1us") && missed.text.contains("achieved")
        )
        let large = try runner.run(load(server, "--rate 50 --batch 100000"))
        #expect(large.status == 1 && large.errors.contains("65536"), "\(large.errors)")
        // Leads that take longer than a deadline of a microsecond are not scored.
        let late = try runner.run(load(server, "--rate 50 --deadline 1us --warmup 0 --duration 300ms"))
        #expect(late.text.contains("deadline-exceeded") || late.text.contains("0.0 leads/s within"), "\(late.text)")
        #expect(server.stop() == 0)
        let gone = try runner.run(load(server, "--rate 50"))
        #expect(gone.status == 1 && gone.errors.contains(server.address), "\(gone.errors)")
    }

    @Test("versions are published in turn under load, no request fails, and what served before serves after")
    func reloads() throws {
        let runner = try CommandRunner()
        #expect(try runner.run("certs", "certs").status == 0)
        // Numbers alone, so that both versions have one schema.
        for shift in 1...2 {
            let rows = (0..<800).map { "\($0 % 17),\($0 % 5),\(($0 * 7 / 3 + $0 * shift) % 3 == 0 ? 1 : 0)" }
            try runner.write("x,y,converted\n" + rows.joined(separator: "\n") + "\n", to: "numbers.csv")
            let train = ["train", "numbers.csv", "--label", "converted", "--out", "models/leads"]
            let run = try runner.run(train)
            #expect(run.status == 0, "\(run.errors)")
        }
        let rule = #"{"identity": "spiffe://leadline.development/client", "roles": ["score", "read", "publish"]}"#
        try runner.write(#"{"rules": [\#(rule)]}"#, to: "policy.json")
        let words =
            "--models models --listen 127.0.0.1:0 --admin 127.0.0.1:0 --admin-tls --workers 1 --client-ca certs/ca.pem "
            + "--policy policy.json --tls-cert certs/server.pem --tls-key certs/server.key"
        let server = try RunningServer(runner, words.split(separator: " ").map(String.init))
        let admin = try #require(server.admin)
        let asked = " --cert certs/client.pem --key certs/client.key --rate 100 --warmup 0 --duration 2s"
        let run = try runner.run(
            load(server, "--admin https://\(admin) --reload-every 200ms --json r.json --html r.html" + asked)
        )
        #expect(run.status == 0 && run.text.contains("publications"), "\(run.errors)")
        struct Reloads: Decodable {
            struct Reload: Decodable {
                var second: Double
                var version: String
                var milliseconds: Double
                var problem: String?
            }

            var failed: Int
            var reloads: [Reload]
        }
        let report = try JSONDecoder().decode(
            Reloads.self,
            from: Data(contentsOf: URL(fileURLWithPath: runner.path("r.json")))
        )
        #expect(report.failed == 0 && report.reloads.count >= 2 && report.reloads.allSatisfy { $0.problem == nil })
        #expect(report.reloads[0].version.hasPrefix("000001-") && report.reloads[1].version.hasPrefix("000002-"))
        #expect(report.reloads[0].second >= 0.2 && report.reloads.allSatisfy { $0.milliseconds > 0 })
        let page = try String(contentsOfFile: runner.path("r.html"), encoding: .utf8)
        #expect(page.components(separatedBy: "<svg").count == 4 && page.contains("class=\"mark\""))
        let aliases = try String(contentsOfFile: runner.path("models/leads/aliases.json"), encoding: .utf8)
        #expect(!aliases.contains("production"), "there was no alias before: \(aliases)")

        let gone = try runner.run(load(server, "--admin https://127.0.0.1:1 --reload-every 1" + asked))
        #expect(gone.status == 1 && gone.errors.contains("admin listener at 127.0.0.1:1"), "\(gone.errors)")
        #expect(server.stop() == 0)
    }

    @Test("Ctrl-C ends early, and tells what was measured")
    func interrupted() throws {
        let (runner, server) = try serve()
        let process = Process()
        process.executableURL = CommandRunner.program
        process.arguments = load(server, "--rate 100 --warmup 0 --duration 100 --progress --json i.json")
        process.currentDirectoryURL = runner.folder
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        let began = Date()
        try process.run()
        // The first line is that of the first whole second.
        #expect(!errors.fileHandleForReading.availableData.isEmpty)
        process.interrupt()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0 && text.contains("Ended early.") && text.contains("achieved"), "\(text)")
        #expect(Date().timeIntervalSince(began) < 30)
        let report = try report(runner, "i.json")
        #expect(report.wasInterrupted && report.intended >= 90 && report.intended < 3_000 && report.failed == 0)
        #expect(server.stop() == 0)
    }

    @Test(
        "what is asked wrongly is told",
        arguments: [
            ("", "--rate"), ("--rate 5 --concurrency 5", "not both"), ("--rate 0", "--rate"),
            ("--concurrency 0", "--concurrency"),
            ("--rate 5 --mix 64:90%", "90 %"), ("--rate 5 --mix 64:100% --batch 5", "not both"),
            ("--rate 5 --slo fast", "fast"),
            ("--find-rate", "--slo"), ("--find-rate --slo p99=2ms --concurrency 5", "--concurrency"),
            ("--rate 5 --threads 4 --connections 2", "--connections"), ("--concurrency 2 --threads 4", "--threads"),
            ("--rate 5 --deadline 50", "unit"), ("--rate 5 --duration never", "--duration"),
            ("--rate 5 --batch 0", "--batch"),
            ("--rate 5 --arrivals sometimes", "poisson"), ("--rate 5 --cert c.pem", "--key"),
            ("--rate 5 --reload-every 5", "--admin"),
        ]
    )
    func mistakes(words: String, told: String) throws {
        let runner = try CommandRunner()
        let line = ["bench", "load", "--server", "https://127.0.0.1:1"] + words.split(separator: " ").map(String.init)
        let run = try runner.run(line)
        #expect(run.status == 2 && run.errors.contains(told), "\(run.errors)")
    }
}
