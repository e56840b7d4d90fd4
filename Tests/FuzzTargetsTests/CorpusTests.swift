import Foundation
import FuzzTargets
import Testing

/// What fuzzers start from, and what they ever found: tried again with each run of the tests.
@Suite("The corpus of the fuzzers", .timeLimit(.minutes(5)))
struct CorpusTests {
    private static func files(_ target: FuzzTarget) throws -> [URL] {
        let folder = Seed.corpus.appendingPathComponent(target.rawValue)
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
    }

    @Test("is read or refused, and what is read holds what it promises", arguments: FuzzTarget.allCases)
    func replay(_ target: FuzzTarget) throws {
        let examination = EnsembleExamination()
        var reads = 0
        for file in try Self.files(target) {
            let bytes = [UInt8](try Data(contentsOf: file))
            do throws(FuzzTarget.Finding) {
                if try target.examine(bytes, examination) == .read { reads += 1 }
            } catch {
                Issue.record("\(target.rawValue)/\(file.lastPathComponent): \(error)")
            }
        }
        #expect(reads >= 3, "\(target.rawValue): the corpus has files that are read")
    }

    @Test("changed at random is read or refused too", arguments: FuzzTarget.allCases)
    func changes(_ target: FuzzTarget) throws {
        let corpus = try Self.files(target).map { [UInt8](try Data(contentsOf: $0)) }
        let seed = UInt64.random(in: 0...UInt64.max)
        var mutator = Mutator(seed: seed, words: target.words, bytesMax: 1 << 16, hasFrames: target.hasFrames)
        let examination = EnsembleExamination()
        for round in 0..<500 {
            let input = mutator.next(from: corpus)
            do throws(FuzzTarget.Finding) {
                _ = try target.examine(input, examination)
            } catch {
                Issue.record("\(target.rawValue), seed \(seed), round \(round): \(error)")
            }
        }
    }
}
