internal import Foundation
internal import FuzzTargets

/// Tries a parser with changed files: `leadline-fuzz TARGET FOLDER... [--seconds N] [--seed N]`.
///
/// Built with `-sanitize=fuzzer,address -D LIBFUZZER` it is libFuzzer's, with its own options; the target then comes from
/// the environment variable `LEADLINE_FUZZ_TARGET`.
@main
struct LeadlineFuzz {
    static func main() {
        #if LIBFUZZER
        runLibFuzzer()
        #else
        var words = Array(CommandLine.arguments.dropFirst())
        func option(_ name: String) -> String? {
            guard let at = words.firstIndex(of: name), at + 1 < words.count else { return nil }
            defer { words.removeSubrange(at...at + 1) }
            return words[at + 1]
        }
        let seconds = option("--seconds").flatMap(Double.init) ?? 60
        let seed = option("--seed").flatMap { UInt64($0) } ?? .random(in: 0...UInt64.max)
        guard let name = words.first, let target = FuzzTarget(rawValue: name), words.count > 1 else {
            let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
            print("leadline-fuzz TARGET FOLDER... [--seconds N] [--seed N]; targets: \(names)")
            exit(2)
        }
        let corpus = words.dropFirst().flatMap(files)
        guard !corpus.isEmpty else {
            print("no files in \(words.dropFirst().joined(separator: ", "))")
            exit(2)
        }
        let loop = FuzzLoop(target, corpus, seed: seed)
        exit(loop.run(seconds: seconds) ? 0 : 1)
        #endif
    }

    /// The files of a folder, or one file.
    private static func files(_ path: String) -> [[UInt8]] {
        let manager = FileManager.default
        let names = (try? manager.contentsOfDirectory(atPath: path))?.sorted().map { path + "/" + $0 } ?? [path]
        return names.compactMap { manager.contents(atPath: $0).map { [UInt8]($0) } }
    }
}
