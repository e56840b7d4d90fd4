import EnsembleFormats
import EnsembleKernels
import FuzzTargets
import Testing
import TreeEnsemble

/// What the readers must do with bytes of any kind.
enum Attack {
    /// Reads; an ensemble that comes out must evaluate, and a refusal must say what is wrong and what to do.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - value: every value of the row that is scored.
    ///   - packs: whether the portable kernel scores the row too, and alike.
    ///   - context: what was done to the file.
    /// - Returns: whether an ensemble came out.
    @discardableResult
    static func survives(
        _ bytes: [UInt8],
        value: Double = 0.7,
        packs: Bool = false,
        _ context: @autoclosure () -> String
    ) -> Bool {
        do throws(ModelFileError) {
            let ensemble = try ModelFile.read(bytes, name: "attack")
            guard let evaluator = try? ReferenceEvaluator(ensemble) else {
                Issue.record("\(context()): an ensemble that is not valid was returned")
                return true
            }
            let row = [Double](repeating: value, count: ensemble.featureCount)
            let margins = evaluator.margins(of: row)
            #expect(ensemble.predictions(fromMargins: margins).count >= 1, "\(context())")
            _ = ensemble.featureUse()
            _ = ensemble.depth
            guard packs, let kernel = try? EnsembleKernel(ensemble, kernel: .portable) else { return true }
            var found = [Double](repeating: 0, count: margins.count)
            var span = found.mutableSpan
            kernel.margins(
                rows: 1,
                values: row.span,
                layout: .rowMajor(stride: row.count),
                scratch: KernelScratch(),
                into: &span
            )
            let isSame = zip(margins, found).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
            #expect(isSame, "\(context())")
            return true
        } catch {
            if error.problem.isEmpty || error.remedy.isEmpty {
                Issue.record("\(context()): no problem or no remedy in \"\(error)\"")
            }
            return false
        }
    }

    /// The file with bytes changed, dropped, doubled and moved at random, 3,000 times.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - words: what to put in now and then.
    ///   - body: takes a changed file, the round, and words for a failure.
    static func randomChanges(
        of bytes: [UInt8],
        words: [String],
        _ body: (_ changed: [UInt8], _ round: Int, _ context: String) -> Void
    ) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var mutator = Mutator(seed: seed, words: words, bytesMax: 2 * bytes.count)
        for round in 0..<3_000 { body(mutator.next(from: [bytes]), round, "seed \(seed), round \(round)") }
    }
}
