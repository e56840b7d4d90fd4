import EnsembleKernels
import Testing
import TreeEnsemble

@Suite("A packed ensemble")
struct EnsembleKernelTests {
    private let shape = EnsembleShape(name: "plain", arithmetic: .float64LessOrEqual, leaves: [31, 40])

    @Test("is scored by several threads at once, each with its own scratch")
    func threads() async throws {
        var generator = SeededGenerator(seed: 7)
        let random = RandomEnsemble(shape, using: &generator)
        let rows = random.rows(500, using: &generator)
        let kernel = try EnsembleKernel(random.ensemble)
        let form = RowForm(isFloat: true, isRowMajor: true, gap: 0)
        let expected = referenceMargins(try ReferenceEvaluator(random.ensemble), rows, form)
        await withTaskGroup(of: String?.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let scratch = KernelScratch()
                    for _ in 0..<20 {
                        let margins = kernelMargins(kernel, rows, form, scratch)
                        if let difference = firstDifference(margins, expected) { return difference }
                    }
                    return nil
                }
            }
            for await difference in group { #expect(difference == nil) }
        }
    }

    @Test("scores nothing when given no rows")
    func emptyBatch() throws {
        var generator = SeededGenerator(seed: 1)
        let kernel = try EnsembleKernel(RandomEnsemble(shape, using: &generator).ensemble)
        for form in RowForm.allCases { #expect(kernelMargins(kernel, [], form, KernelScratch()).isEmpty) }
    }

    @Test("without features has the same margins for every row, though there is no matrix")
    func noFeatures() throws {
        var ensemble = Ensemble(
            provenance: Provenance(library: "test", libraryVersion: "", format: ""),
            objective: "",
            featureNames: [],
            outputCount: 2,
            arithmetic: .float64LessOrEqual,
            baseMargins: [0, 0],
            trees: [Tree(output: 1, nodes: [], leafValues: [2.5])],
            transform: .identity
        )
        for aggregate in [Arithmetic.Aggregate.sum, .maximum] {
            ensemble.arithmetic.aggregate = aggregate
            let expected = try ReferenceEvaluator(ensemble).margins(of: [])
            for name in EnsembleKernel.supportedByProcessor {
                let kernel = try EnsembleKernel(ensemble, kernel: name)
                for rows in [1, 3, 200] {
                    let wanted = (0..<rows).flatMap { _ in expected }
                    var margins = [Double](repeating: .nan, count: 2 * rows)
                    let (layout, scratch) = (MatrixLayout.rowMajor(stride: 0), KernelScratch())
                    var span = margins.mutableSpan
                    kernel.margins(rows: rows, values: Span<Double>(), layout: layout, scratch: scratch, into: &span)
                    #expect(margins == wanted, "\(name.rawValue), \(rows) rows of doubles, \(aggregate)")
                    margins = [Double](repeating: .nan, count: 2 * rows)
                    var again = margins.mutableSpan
                    kernel.margins(rows: rows, values: Span<Float>(), layout: layout, scratch: scratch, into: &again)
                    #expect(margins == wanted, "\(name.rawValue), \(rows) rows of floats, \(aggregate)")
                }
            }
        }
    }

    @Test("uses the same scratch as ensembles of other sizes")
    func sharedScratch() throws {
        let scratch = KernelScratch()
        let form = RowForm(isFloat: true, isRowMajor: false, gap: 0)
        for leaves in [3, 500, 31, 64, 2] {
            var generator = SeededGenerator(seed: UInt64(leaves))
            let shape = EnsembleShape(
                name: "shared",
                arithmetic: .float32LessThan,
                leaves: [leaves],
                outputs: leaves % 3 + 1
            )
            let random = RandomEnsemble(shape, using: &generator)
            let rows = random.rows(90, using: &generator)
            let expected = referenceMargins(try ReferenceEvaluator(random.ensemble), rows, form)
            let margins = kernelMargins(try EnsembleKernel(random.ensemble), rows, form, scratch)
            #expect(firstDifference(margins, expected) == nil)
        }
    }

    @Test("is refused with the reason when it is not valid")
    func invalid() throws {
        var generator = SeededGenerator(seed: 1)
        var broken = RandomEnsemble(shape, using: &generator).ensemble
        broken.trees[0].nodes[0].left = 0
        #expect(throws: InvalidEnsemble.self) { try EnsembleKernel(broken) }
    }

    @Test("can always be had from the portable kernel, and names what another lacks")
    func availability() throws {
        #expect(EnsembleKernel.supportedByProcessor.last == .portable)
        var generator = SeededGenerator(seed: 1)
        let ensemble = RandomEnsemble(shape, using: &generator).ensemble
        for name in KernelName.allCases {
            let missing = name.missingOnThisProcessor
            if missing.isEmpty {
                #expect(try EnsembleKernel(ensemble, kernel: name).kernel == name)
            } else {
                #expect(throws: KernelError.unsupported(kernel: name, missing: missing)) {
                    try EnsembleKernel(ensemble, kernel: name)
                }
            }
        }
        let refusal = KernelError.unsupported(kernel: .portable, missing: ["A", "B"])
        #expect(refusal.description.contains("lacks A, B"))
    }
}
