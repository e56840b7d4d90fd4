internal import EnsembleKernels
internal import TreeEnsemble

/// Tries an ensemble on every kernel of this processor, and compares with the reference evaluator bit for bit.
public final class EnsembleExamination {
    private let scratch = KernelScratch()

    /// One with working memory of its own; for one thread.
    public init() {}

    /// Packs, scores and compares.
    func run(_ ensemble: Ensemble, seed: UInt64) throws(FuzzTarget.Finding) {
        guard let reference = try? ReferenceEvaluator(ensemble) else {
            throw FuzzTarget.Finding("an ensemble that is not valid came out")
        }
        _ = ensemble.featureUse()
        _ = ensemble.depth
        let rows = ProbeRows(ensemble, seed: seed)
        let expected = rows.values.map { reference.margins(of: $0.map(Double.init)) }
        for margins in expected.prefix(1) {
            let count = ensemble.transform.predictionCount(outputs: ensemble.outputCount)
            let predictions = ensemble.predictions(fromMargins: margins)
            guard predictions.count == count else {
                throw FuzzTarget.Finding("\(predictions.count) predictions instead of \(count)")
            }
        }
        for name in EnsembleKernel.supportedByProcessor {
            let kernel: EnsembleKernel
            do {
                kernel = try EnsembleKernel(ensemble, kernel: name)
            } catch KernelError.tooLarge {
                continue
            } catch {
                throw FuzzTarget.Finding("the kernel \(name.rawValue) does not take it: \(error)")
            }
            // One row, a few, and enough for the kernel of many.
            for count in Set([1, min(3, expected.count), expected.count]) {
                try compare(kernel, rows, count, expected, isHashed: ensemble.derivedFeatures != nil)
            }
        }
    }

    /// Scores by a stored plan, in every form and on every kernel that reads it; what comes out may be any numbers.
    func run(plan bytes: [UInt8], seed: UInt64) throws(FuzzTarget.Finding) -> FuzzTarget.Outcome {
        let stored = StoredPlan(copying: bytes)
        // Whatever model the plan says it is of.
        let digest = Array(bytes.dropFirst(32).prefix(32))
        var outcome: FuzzTarget.Outcome?
        for name in EnsembleKernel.supportedByProcessor {
            for form in EvaluationForm.allCases {
                do throws(StoredPlanError) {
                    let kernel = try EnsembleKernel(stored: stored, modelDigest: digest, kernel: name, form: form)
                    if kernel.featureCount <= Self.featuresMax, kernel.outputCount <= Self.featuresMax {
                        score(kernel, seed: seed)
                    }
                    outcome = .read
                } catch {
                    guard !error.description.isEmpty else { throw FuzzTarget.Finding("refused without words") }
                    outcome = outcome ?? .refused(error.description)
                }
            }
        }
        return outcome ?? .refused("no kernel runs here")
    }

    private func score(_ kernel: EnsembleKernel, seed: UInt64) {
        var random = SplitMix(state: seed)
        let edges: [Double] = [.nan, 0, -1, 0.5, 3, 1e9, -.infinity]
        for rows in [1, 3, 70] {
            let doubles = (0..<rows * kernel.featureCount).map { _ in edges[Int.random(in: 0..<7, using: &random)] }
            let floats = doubles.map { Float($0) }
            let layout = MatrixLayout.rowMajor(stride: kernel.featureCount)
            var margins = [Double](repeating: 0, count: rows * kernel.outputCount)
            var span = margins.mutableSpan
            kernel.margins(rows: rows, values: floats.span, layout: layout, scratch: scratch, into: &span)
            var ofDoubles = margins.mutableSpan
            kernel.margins(rows: rows, values: doubles.span, layout: layout, scratch: scratch, into: &ofDoubles)
        }
    }

    /// Plans of more features would take long to score, whatever their trees.
    private static let featuresMax = 1024

    private func compare(
        _ kernel: EnsembleKernel,
        _ rows: ProbeRows,
        _ count: Int,
        _ expected: [[Double]],
        isHashed: Bool
    ) throws(FuzzTarget.Finding) {
        let floats = rows.values.prefix(count).flatMap { $0 }
        let layout = MatrixLayout.rowMajor(stride: kernel.featureCount)
        let marginCount = count * kernel.outputCount
        // A float is a whole number where a category is wanted, a double its hash.
        if !isHashed {
            var margins = [Double](repeating: 12345, count: marginCount)
            var span = margins.mutableSpan
            kernel.margins(rows: count, values: floats.span, layout: layout, scratch: scratch, into: &span)
            try check(margins, expected, "\(kernel.kernel.rawValue), \(count) float rows")
        }
        let doubles = floats.map(Double.init)
        var ofDoubles = [Double](repeating: 12345, count: marginCount)
        var doubleSpan = ofDoubles.mutableSpan
        kernel.margins(rows: count, values: doubles.span, layout: layout, scratch: scratch, into: &doubleSpan)
        try check(ofDoubles, expected, "\(kernel.kernel.rawValue), \(count) double rows")
    }

    private func check(_ margins: [Double], _ expected: [[Double]], _ place: String) throws(FuzzTarget.Finding) {
        for (index, (margin, right)) in zip(margins, expected.joined()).enumerated()
        where margin.bitPattern != right.bitPattern && !(margin.isNaN && right.isNaN) {
            throw FuzzTarget.Finding("\(place): margin \(index) is \(margin), the reference says \(right)")
        }
    }
}
