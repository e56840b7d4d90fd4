import EnsembleFormats
import Foundation
import Testing

@Suite("leadline predict and leadline inspect")
struct ModelCommandTests {
    /// `visits <= 0.5 ? -1 : (opens <= 2 ? 3 : 4)`, a sigmoid behind it.
    private static let model = """
        tree
        version=v4
        num_class=1
        num_tree_per_iteration=1
        label_index=0
        max_feature_idx=1
        objective=binary sigmoid:1
        feature_names=visits opens
        feature_infos=[0:1] [0:1]

        Tree=0
        num_leaves=3
        num_cat=0
        split_feature=0 1
        threshold=0.5 2
        decision_type=2 10
        left_child=-1 -2
        right_child=1 -3
        leaf_value=-1 3 4
        shrinkage=1


        end of trees

        """

    private func withModel(_ body: (CommandRunner) throws -> Void) throws {
        let runner = try CommandRunner()
        try runner.write(Self.model, to: "model.txt")
        let rows = NumpyArray(shape: [4, 2], values: .float32([0, 0, 1, 2, 1, 3, .nan, .nan]))
        try Data(rows.fileBytes()).write(to: runner.folder.appendingPathComponent("rows.npy"))
        try body(runner)
    }

    private func array(_ runner: CommandRunner, _ name: String) throws -> NumpyArray {
        try NumpyArray(reading: [UInt8](Data(contentsOf: runner.folder.appendingPathComponent(name))))
    }

    @Test("margins and probabilities come out as float64, by the kernel and by the reference alike")
    func predict() throws {
        try withModel { runner in
            for kernel in ["best", "portable", "reference"] {
                let margins = try runner.run(
                    "predict",
                    "model.txt",
                    "rows.npy",
                    "-o",
                    "out.npy",
                    "--kernel",
                    kernel
                )
                #expect(margins.status == 0, "\(margins.errors)")
                #expect(margins.text.isEmpty && margins.errors.isEmpty)
                let expected = NumpyArray(shape: [4], values: .float64([-1, 3, 4, -1]))
                #expect(try array(runner, "out.npy") == expected)
            }
            let answer = try runner.run(
                "predict",
                "model.txt",
                "rows.npy",
                "--output",
                "probability",
                "--out",
                "p.npy"
            )
            #expect(answer.status == 0, "\(answer.errors)")
            guard case .float64(let found) = try array(runner, "p.npy").values else {
                Issue.record("not float64")
                return
            }
            let expected = [-1.0, 3, 4, -1].map { 1 / (1 + exp(-$0)) }
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-15 } && found.count == 4)
        }
    }

    @Test("rows that do not fit the model are refused in words, with status 1")
    func misfits() throws {
        try withModel { runner in
            for (shape, word) in [([2, 4], "4 numbers a row"), ([8], "shape (8)"), ([2, 2, 2], "shape (2, 2, 2)")] {
                let rows = NumpyArray(shape: shape, values: .float64([Double](repeating: 0, count: 8)))
                try Data(rows.fileBytes()).write(to: runner.folder.appendingPathComponent("wrong.npy"))
                let answer = try runner.run("predict", "model.txt", "wrong.npy", "-o", "o.npy")
                #expect(answer.status == 1)
                #expect(answer.errors.hasPrefix("error: wrong.npy") && answer.errors.contains(word), "\(answer.errors)")
            }
            let swapped = try runner.run("predict", "rows.npy", "model.txt", "-o", "o.npy")
            #expect(swapped.status == 1)
            #expect(swapped.errors.contains("these are rows"), "\(swapped.errors)")
            let nowhere = try runner.run("predict", "model.txt", "rows.npy", "-o", "no/o.npy")
            #expect(nowhere.status == 1)
            #expect(nowhere.errors.contains("there is no folder"), "\(nowhere.errors)")
            #expect(!FileManager.default.fileExists(atPath: runner.folder.appendingPathComponent("o.npy").path))
        }
    }

    @Test("inspect tells people and machines the same")
    func inspect() throws {
        try withModel { runner in
            let text = try runner.run("inspect", "model.txt")
            #expect(text.status == 0, "\(text.errors)")
            for word in ["LightGBM text", "binary sigmoid:1", "1 with 3 leaves", "portable", "visits", "parsed in"] {
                #expect(text.text.contains(word), "\(word) is missing in \(text.text)")
            }
            let json = try runner.run("inspect", "--json", "model.txt")
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [String: Any]
            )
            #expect(object["trees"] as? Int == 1 && object["depth"] as? Int == 2)
            #expect(object["library_version"] as? String == "v4")
            let loading = try #require(object["loading"] as? [String: Any])
            for step in ["read", "parse", "validate", "pack"] {
                let time = try #require(loading[step + "_milliseconds"] as? Double, "\(loading)")
                #expect(time >= 0 && time < 60_000)
            }
            let peaks = ["before", "loaded", "packed"].compactMap { loading["peak_bytes_" + $0] as? Int }
            #expect(peaks == peaks.sorted() && peaks.count == 3 && peaks[0] > 0, "\(loading)")
            let sha256 = try #require(object["sha256"] as? String)
            #expect(sha256.utf8.count == 64 && text.text.contains(sha256))
        }
    }

    @Test("a file that is no model, is missing or is a folder without bundles is refused with status 1")
    func refusals() throws {
        try withModel { runner in
            for (name, word) in [
                ("rows.npy", "NumPy"), ("missing.json", "no such file"), (".", "no version of a model"),
            ] {
                let answer = try runner.run("inspect", name)
                #expect(answer.status == 1)
                #expect(answer.text.isEmpty && answer.errors.contains(word), "\(answer.errors)")
            }
        }
    }
}

@Suite("The leadline command")
struct LeadlineCommandTests {
    @Test("help and version are answers: standard output, status 0", arguments: ["--help", "--version"])
    func answers(argument: String) throws {
        let answer = try CommandRunner().run(argument)
        #expect(answer.status == 0)
        #expect(!answer.text.isEmpty && answer.errors.isEmpty)
    }

    @Test(
        "asked wrongly, it says how on standard error and leaves with 2",
        arguments: [["nonsense"], ["predict"], ["inspect"], ["predict", "a", "b", "-o", "c", "--kernel", "abacus"]]
    )
    func usage(arguments: [String]) throws {
        let answer = try CommandRunner().run(arguments)
        #expect(answer.status == 2, "\(arguments): \(answer.errors)")
        #expect(answer.text.isEmpty && answer.errors.contains("Usage: leadline"), "\(answer.errors)")
    }

    @Test("every command has help with an example")
    func examples() throws {
        let overview = try CommandRunner().run("--help").text
        let commands = overview.split(separator: "\n").drop { !$0.hasPrefix("SUBCOMMANDS") }.dropFirst()
            .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.contains("leadline help") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(commands.contains("predict") && commands.contains("inspect"), "\(overview)")
        for command in commands {
            let help = try CommandRunner().run(command, "--help")
            #expect(help.status == 0)
            let hasOwnCommands = help.text.contains("SUBCOMMANDS")
            #expect(hasOwnCommands || help.text.contains("Example"), "leadline \(command) --help has no example")
        }
    }
}
