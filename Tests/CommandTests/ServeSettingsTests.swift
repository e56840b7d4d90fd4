import Foundation
import Testing

@Suite("the settings of leadline serve", .serialized, .timeLimit(.minutes(5)))
struct ServeSettingsTests {
    private let runner: CommandRunner

    init() throws {
        runner = try CommandRunner()
        try runner.write(
            """
            # where the models are
            models = m

            max-rows = 1000
            max-streams = 32
            tls-cert = c
            tls-key = k

            """,
            to: "leadline.conf"
        )
    }

    @Test("come from the command line before the environment before the file, and each says from where")
    func order() throws {
        let answer = try runner.run(
            ["serve", "--config", "leadline.conf", "--max-streams", "64", "--print-config"],
            environment: ["LEADLINE_MAX_STREAMS": "48", "LEADLINE_MAX_ROWS": "2000"]
        )
        #expect(answer.status == 0, "\(answer.errors)")
        let lines = answer.text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        for line in [
            "models = m # leadline.conf, line 2", "max-rows = 2000 # environment LEADLINE_MAX_ROWS",
            "max-streams = 64 # command line", "max-columns = 1024 # default",
            "handshakes = 1000/1000 # default",
        ] {
            #expect(lines.contains(line), "\(line) is missing in \(lines)")
        }
    }

    @Test(
        "are refused with file, line and what is right",
        arguments: [
            ("max-row = 3", ["leadline.conf, line 8", "'max-row'", "is 'max-rows' meant"]),
            ("max-columns 3", ["leadline.conf, line 8", "NAME = VALUE"]),
            ("max-rows = 3", ["leadline.conf, line 8", "line 4"]),
            ("max-columns = many", ["--max-columns comes from: leadline.conf, line 8", "many"]),
            ("max-columns = 0", ["--max-columns comes from: leadline.conf, line 8", "give 1 to 65535"]),
            ("config = other.conf", ["there is no setting 'config'"]),
        ]
    )
    func mistakes(_ line: String, _ words: [String]) throws {
        let text = String(
            decoding: try Data(contentsOf: URL(fileURLWithPath: runner.path("leadline.conf"))),
            as: UTF8.self
        )
        try runner.write(text + line + "\n", to: "leadline.conf")
        let answer = try runner.run("serve", "--config", "leadline.conf")
        #expect(answer.status == 2, "\(answer.errors)")
        for word in words { #expect(answer.errors.contains(word), "\(word) is missing in \(answer.errors)") }
        #expect(!answer.errors.contains("--models comes from"), "\(answer.errors)")
    }

    /// The table that operators read must be the program's.
    @Test("that are limits stand in OPERATING.md with their defaults")
    func documentation() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("proto-docs/OPERATING.md"), encoding: .utf8)
        var documented: [String: String] = [:]
        for line in page.split(separator: "\n") where line.hasPrefix("| `--") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 4 else { continue }
            let name = cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`-"))
            let value = cells[1].split(separator: " ")[0].replacingOccurrences(of: ",", with: "")
            documented[name] = value
        }
        let table = try runner.run(["serve", "--models", "m", "--tls-cert", "c", "--tls-key", "k", "--print-config"])
            .text
        var limits: [String: String] = [:]
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            let (name, value) = (String(words[0]), String(words[2]))
            limits[name] = value.hasSuffix(".0") ? String(value.dropLast(2)) : value
        }
        #expect(documented.count > 25)
        for (name, value) in documented { #expect(limits[name] == value, "--\(name)") }
        let others: Set = [
            "models", "listen", "admin", "admin-tls", "tls-cert", "tls-key", "client-ca", "client-certificates",
            "policy", "workers",
            "drain-seconds", "drain-delay-seconds", "poll-seconds", "log-level", "log-format", "log-slower",
            "log-one-in",
        ]
        #expect(Set(limits.keys).subtracting(others) == Set(documented.keys))
    }
}
