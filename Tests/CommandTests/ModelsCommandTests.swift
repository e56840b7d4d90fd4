import Foundation
import Testing

@Suite("leadline models", .serialized, .timeLimit(.minutes(5)))
struct ModelsCommandTests {
    private let runner: CommandRunner
    private let versions: [String]

    /// `visits <= 0.5 ? leaf : 3`, a sigmoid behind it.
    private static func model(_ leaf: Int) -> String {
        """
        tree
        version=v4
        num_class=1
        num_tree_per_iteration=1
        label_index=0
        max_feature_idx=0
        objective=binary sigmoid:1
        feature_names=visits
        feature_infos=[0:1]

        Tree=0
        num_leaves=2
        num_cat=0
        split_feature=0
        threshold=0.5
        decision_type=2
        left_child=-1
        right_child=-2
        leaf_value=\(leaf) 3
        shrinkage=1


        end of trees

        """
    }

    init() throws {
        let runner = try CommandRunner()
        for leaf in 1...3 {
            try runner.write(Self.model(leaf), to: "model.txt")
            let result = try runner.run("import", "model.txt", "--out", "models/leads")
            try #require(result.status == 0, "\(result.errors)")
        }
        self.runner = runner
        versions = try FileManager.default.contentsOfDirectory(atPath: runner.path("models/leads"))
            .filter { !$0.hasPrefix(".") }.sorted()
    }

    private func run(_ words: String...) throws -> CommandRunner.Result {
        try runner.run(["models"] + words + ["--models", "models"])
    }

    private func object(_ result: CommandRunner.Result) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
    }

    @Test("publishes, rolls back, names and tells, in words and as JSON")
    func conversation() throws {
        try #require(versions.count == 3)
        let before = try run("list")
        #expect(before.status == 0 && before.text.contains("newest that loads"), "\(before.text)\(before.errors)")
        let first = try run("publish", "leads", versions[0])
        #expect(
            first.status == 0 && first.text == "leads@production is \(versions[0])\n",
            "\(first.text)\(first.errors)"
        )
        let second = try object(run("publish", "leads", versions[1], "--reason", "better", "--json"))
        #expect(second["version"] as? String == versions[1] && second["previous"] as? String == versions[0])
        #expect(second["changed"] as? Bool == true)
        #expect(try run("publish", "leads", versions[1]).text.contains("already"))
        #expect(try run("alias", "leads", "candidate", versions[2]).status == 0)
        let show = try run("show", "leads")
        for word in ["better", "candidate", "production", "user:", versions[2]] {
            #expect(show.text.contains(word), "\(word) is missing in \(show.text)")
        }
        let back = try run("rollback", "leads")
        #expect(
            back.text == "leads@production is \(versions[0]) (before: \(versions[1]))\n",
            "\(back.text)\(back.errors)"
        )
        let list = try object(run("list", "--json"))
        #expect(list["production"] as? String == versions[0])
        #expect(list["aliases"] as? [String: String] == ["production": versions[0], "candidate": versions[2]])
        #expect(try run("alias", "leads", "candidate", "--remove").text.contains("is gone"))
        let report = try object(run("show", "leads", "--json"))
        #expect((report["publications"] as? [[String: Any]])?.count == 5)
    }

    @Test("leaves with 1 and a remedy when it cannot, and with 2 when it is asked wrongly")
    func mistakes() throws {
        let cases: [([String], Int32, String)] = [
            (["publish", "nobody", versions[0]], 1, "there are: leads"),
            (["publish", "leads", "000009-00000000"], 1, versions[2]),
            (["publish", "leads", versions[0], "--alias", "a/b"], 2, "cannot be an alias"),
            (["publish", "leads", versions[0], "--reason", String(repeating: "r", count: 501)], 2, "500 bytes"),
            (["rollback", "leads"], 1, "there is no alias"), (["alias", "leads", "candidate"], 2, "--remove"),
            (["alias", "leads", "candidate", versions[0], "--remove"], 2, "--remove"),
            (["alias", "leads", "candidate", "--remove"], 1, "there is no alias"),
            (["publish", "leads"], 2, "version"),
        ]
        for (words, status, text) in cases {
            let result = try runner.run(["models"] + words + ["--models", "models"])
            #expect(
                result.status == status && result.errors.contains(text),
                "\(words): \(result.status) \(result.errors)"
            )
            #expect(result.output.isEmpty)
        }
        #expect(!FileManager.default.fileExists(atPath: runner.path("models/leads/aliases.json")))
        #expect(try runner.run("models", "list", "--models", "nowhere").status == 1)
    }

    @Test("processes that write at once lose nothing")
    func atOnce() throws {
        let (runner, version) = (runner, versions[0])
        DispatchQueue.concurrentPerform(iterations: 8) { index in
            _ = try? runner.run("models", "alias", "leads", "a\(index)", version, "--models", "models")
        }
        let list = try object(run("list", "--json"))
        #expect((list["aliases"] as? [String: String])?.count == 8)
        #expect((try object(run("show", "leads", "--json"))["publications"] as? [Any])?.count == 8)
    }

    @Test("a version that does not pass its checks is not published")
    func damaged() throws {
        let golden = URL(fileURLWithPath: runner.path("models/leads/\(versions[1])/golden.bin"))
        var bytes = try Data(contentsOf: golden)
        bytes[30] ^= 1
        try bytes.write(to: golden)
        let result = try run("publish", "leads", versions[1])
        #expect(result.status == 1 && result.errors.contains("golden.bin"), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: runner.path("models/leads/aliases.json")))
    }

    @Test("each command has help with an example", arguments: ["list", "show", "publish", "rollback", "alias"])
    func help(_ command: String) throws {
        let help = try runner.run("models", command, "--help")
        #expect(help.status == 0 && help.text.contains("leadline models \(command)"), "\(help.text)")
    }
}
