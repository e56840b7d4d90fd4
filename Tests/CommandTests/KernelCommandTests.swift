import EnsembleFormats
import Foundation
import Testing

/// What the command tells of kernels, and what it times.
@Suite("leadline inspect --kernels and leadline bench kernel")
struct KernelCommandTests {
    private static let names = ["avx512", "avx2", "neon", "portable"]
    private static let model = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Recorded/model.txt")

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("every kernel is listed with what it lacks, and one that runs is chosen")
    func list() throws {
        let runner = try CommandRunner()
        let text = try runner.run("inspect", "--kernels")
        #expect(text.status == 0, "\(text.errors)")
        for name in Self.names { #expect(text.text.contains(name)) }
        #expect(text.text.contains("runs here") && text.text.contains("chosen"))
        let report = try object(runner.run("inspect", "--kernels", "--json").text)
        let kernels = try #require(report["kernels"] as? [[String: Any]])
        #expect(kernels.compactMap { $0["name"] as? String } == Self.names)
        for kernel in kernels {
            let missing = try #require(kernel["missing"] as? [String])
            #expect(kernel["runs"] as? Bool == missing.isEmpty)
            #expect(kernel["is_default"] as? Bool == (kernel["name"] as? String == report["chosen"] as? String))
        }
        #expect(kernels.contains { $0["is_default"] as? Bool == true && $0["runs"] as? Bool == true })
    }

    @Test("of a model that another kernel would run, the same few words are said of those that cannot run here")
    func lacking() throws {
        let runner = try CommandRunner()
        let list = try runner.run("inspect", "--kernels").text.split(separator: "\n")
        let model = try runner.run("inspect", Self.model.path)
        let report = try object(runner.run("inspect", "--json", Self.model.path).text)
        let kernels = try #require(report["kernels"] as? [[String: Any]])
        #expect(kernels.compactMap { $0["name"] as? String } == Self.names)
        for kernel in kernels where kernel["runs"] as? Bool == false {
            let name = try #require(kernel["name"] as? String)
            let reason = try #require(kernel["reason"] as? String)
            #expect(reason.hasPrefix("cannot run here: it lacks ") && reason.utf8.count < 100, "\(reason)")
            #expect(list.contains { $0.hasPrefix(name) && $0.hasSuffix(reason) }, "\(list)")
            let lines = model.text.split(separator: "\n").filter { $0.hasSuffix(reason) }
            #expect(lines.map { $0.dropFirst(18) }.contains { $0 == reason }, "\(model.text)")
        }
        // No processor is of both kinds.
        #expect(kernels.contains { $0["runs"] as? Bool == false })
    }

    @Test("a file and --kernels at once, and neither, are asked wrongly")
    func both() throws {
        let runner = try CommandRunner()
        for words in [["inspect", "--kernels", "model.txt"], ["inspect"]] {
            let answer = try runner.run(words)
            #expect(answer.status == 2 && answer.errors.contains("--kernels"), "\(answer.errors)")
        }
    }

    @Test(
        "a kernel that does not exist is answered with those that do",
        arguments: [["predict", "a", "b", "-o", "c"], ["bench", "kernel", "a", "--rows", "b"]]
    )
    func unknownKernel(words: [String]) throws {
        let answer = try CommandRunner().run(words + ["--kernel", "abacus"])
        #expect(answer.status == 2)
        for name in Self.names + ["abacus"] { #expect(answer.errors.contains(name), "\(answer.errors)") }
    }

    @Test("trees are timed with codes and without, and the share of codes is told")
    func codes() throws {
        let runner = try CommandRunner()
        let model = Self.model
        let inspected = try object(runner.run("inspect", "--json", model.path).text)
        let features = try #require(inspected["features"] as? [Any]).count
        let rows = NumpyArray(shape: [40, features], values: .float32((0..<40 * features).map { Float($0 % 17) }))
        try Data(rows.fileBytes()).write(to: URL(fileURLWithPath: runner.path("rows.npy")))
        let bench = ["bench", "kernel", model.path, "--rows", "rows.npy", "--batches", "40"]
        let whole = try runner.run(bench)
        #expect(whole.status == 0, "\(whole.errors)")
        let line = try object(whole.text)
        #expect(line["codes"] as? Bool == false)
        let share = try #require(line["preparation_share"] as? Double)
        #expect((0...1).contains(share))
        let trees = try object(runner.run(bench + ["--codes"]).text)
        #expect(trees["codes"] as? Bool == true && trees["preparation_share"] == nil)
        #expect(try #require(trees["ns_per_row"] as? Double) > 0)
    }

    @Test("threads score at once, and single calls have percentiles")
    func threads() throws {
        let runner = try CommandRunner()
        let inspected = try object(runner.run("inspect", "--json", Self.model.path).text)
        let features = try #require(inspected["features"] as? [Any]).count
        let rows = NumpyArray(shape: [9, features], values: .float32((0..<9 * features).map { Float($0 % 5) }))
        try Data(rows.fileBytes()).write(to: URL(fileURLWithPath: runner.path("rows.npy")))
        let bench = ["bench", "kernel", Self.model.path, "--rows", "rows.npy", "--batches", "4"]
        let line = try object(runner.run(bench + ["--threads", "3"]).text)
        #expect(line["threads"] as? Int == 3 && line["batch"] as? Int == 4)
        #expect(try #require(line["ns_per_row"] as? Double) > 0)
        let latency = try #require(line["latency_ns"] as? [String: Int])
        let figures = try ["p50", "p99", "p999", "max"].map { try #require(latency[$0]) }
        #expect(figures == figures.sorted() && figures[0] > 0, "\(latency)")
        #expect(try #require(latency["calls"]) > 1_000)
        #expect(try runner.run(bench + ["--threads", "0"]).errors.contains("1 to 256"))
        #expect(try runner.run(bench + ["--threads", "2", "--codes"]).errors.contains("leave one of the two out"))
    }
}
