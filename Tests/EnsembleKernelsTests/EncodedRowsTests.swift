import EnsembleKernels
import Testing
import TreeEnsemble

@Suite("Rows turned into codes beforehand")
struct EncodedRowsTests {
    @Test(
        "give the reference's bits in batches of every kind",
        arguments: [Arithmetic.float32LessThan, .float64LessOrEqual]
    )
    func parity(_ arithmetic: Arithmetic) throws {
        var generator = SeededGenerator(seed: 9)
        let shape = EnsembleShape(
            name: "encoded",
            arithmetic: arithmetic,
            leaves: [31, 64, 200],
            outputs: 2,
            categoricalOneIn: 5
        )
        let random = RandomEnsemble(shape, using: &generator)
        let rows = random.rows(1_800, using: &generator)
        let values = rows.flatMap { $0.map { Float($0) } }
        let reference = try ReferenceEvaluator(random.ensemble)
        let expected = rows.map { reference.margins(of: $0.map { Double(Float($0)) }) }
        let scratch = KernelScratch()
        let forms: [EvaluationForm?] = [nil] + EvaluationForm.allCases
        for (name, form) in EnsembleKernel.supportedByProcessor.flatMap({ name in forms.map { (name, $0) } }) {
            let kernel = try EnsembleKernel(random.ensemble, kernel: name, form: form)
            for size in [1, 2, 3, 8, 9, 37, 64, 65, 200, 256, 257, 511, 512, 513, 900] {
                let count = rows.count / size
                let made = kernel.encode(batches: count, of: size, values: values.span, scratch: scratch)
                let encoded = try #require(made)
                #expect(encoded.batchCount == count && encoded.batchRows == size)
                for batch in 0..<count {
                    var margins = [Double](repeating: -1, count: size * kernel.outputCount)
                    var span = margins.mutableSpan
                    kernel.margins(of: encoded, batch: batch, scratch: scratch, into: &span)
                    let right = expected[batch * size..<(batch + 1) * size].flatMap { $0 }
                    let difference = firstDifference(margins, right)
                    #expect(
                        difference == nil,
                        "\(name.rawValue), \(form?.rawValue ?? "measured"), batch \(batch) of \(size)"
                    )
                }
            }
        }
    }

    @Test("there are none of trees too large for slices")
    func large() throws {
        var generator = SeededGenerator(seed: 2)
        let shape = EnsembleShape(name: "large", arithmetic: .float32LessThan, leaves: [300])
        let kernel = try EnsembleKernel(RandomEnsemble(shape, using: &generator).ensemble)
        let values = [Float](repeating: 0, count: kernel.featureCount)
        #expect(kernel.encode(batches: 1, of: 1, values: values.span, scratch: KernelScratch()) == nil)
    }

    @Test("there are none of an ensemble that needs raw values")
    func raw() throws {
        var generator = SeededGenerator(seed: 1)
        let shape = EnsembleShape(name: "raw", arithmetic: .float32LessThan, leaves: [5])
        var ensemble = RandomEnsemble(shape, using: &generator).ensemble
        ensemble.arithmetic.aggregate = .maximum
        let kernel = try EnsembleKernel(ensemble)
        let values = [Float](repeating: 0, count: kernel.featureCount)
        #expect(kernel.encode(batches: 1, of: 1, values: values.span, scratch: KernelScratch()) == nil)
    }
}
