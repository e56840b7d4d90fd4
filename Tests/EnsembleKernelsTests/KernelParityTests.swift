import Testing
import TreeEnsemble

#if !LEADLINE_WIDE_LANES
import EnsembleKernels
#endif

@Suite("Every kernel gives the reference evaluator's bits")
struct KernelParityTests {
    /// What the processor can run; of the wide form, which has the portable kernel's place, that alone.
    private static var compared: [KernelName] {
        #if LEADLINE_WIDE_LANES
        [.portable]
        #else
        EnsembleKernel.supportedByProcessor
        #endif
    }

    @Test("on random ensembles and the values next to their thresholds", arguments: EnsembleShape.ofParity)
    func randomEnsembles(_ shape: EnsembleShape) throws {
        for seed in 1...3 as ClosedRange<UInt64> {
            try compare(shape, seed: seed, batches: [1, 2, 3, 15, 63, 64, 65, 127, 128, 130, 200, 255, 256, 257])
        }
    }

    @Test("at every batch size up to 200, and at 1,000", arguments: [Arithmetic.float32LessThan, .float64LessOrEqual])
    func everyBatchSize(_ arithmetic: Arithmetic) throws {
        let shape = EnsembleShape(
            name: "batches",
            arithmetic: arithmetic,
            leaves: [31, 64, 1, 100],
            outputs: 2,
            categoricalOneIn: 5
        )
        try compare(shape, seed: 11, batches: Array(1...200) + [1000])
    }

    @Test("on trees of thousands of leaves", arguments: [Arithmetic.float32LessThan, .float64LessOrEqual])
    func largeTrees(_ arithmetic: Arithmetic) throws {
        let shape = EnsembleShape(
            name: "large",
            arithmetic: arithmetic,
            trees: 3,
            leaves: [4096, 2048, 10_000],
            thresholds: 700,
            categoricalOneIn: 10
        )
        try compare(shape, seed: 5, batches: [1, 70, 300])
    }

    @Test(
        "on trees with more leaves than two bytes can number in groups of eight",
        arguments: [Arithmetic.float32LessThan, .float64LessOrEqual]
    )
    func hugeTrees(_ arithmetic: Arithmetic) throws {
        var generator = SeededGenerator(seed: 17)
        let random = RandomEnsemble(completeTreeOf: (1 << 19) + 150_000, arithmetic, using: &generator)
        try compare(random.ensemble, random.rows(130, using: &generator), "a tree of 674,288 leaves, seed 17")
    }

    @Test("when nothing is known of a row")
    func allMissing() throws {
        for shape in EnsembleShape.ofParity {
            var generator = SeededGenerator(seed: 3)
            let random = RandomEnsemble(shape, using: &generator)
            let rows = [[Double]](repeating: [Double](repeating: .nan, count: shape.features), count: 9)
            try compare(random.ensemble, rows, "\(shape), all missing")
        }
    }

    private func compare(_ shape: EnsembleShape, seed: UInt64, batches: [Int]) throws {
        var generator = SeededGenerator(seed: seed)
        let random = RandomEnsemble(shape, using: &generator)
        let rows = random.rows(batches.max() ?? 0, using: &generator)
        try PackedForms(random.ensemble, Self.compared).compare(rows, batches: batches, "\(shape), seed \(seed)")
    }

    private func compare(_ ensemble: Ensemble, _ rows: [[Double]], _ place: String) throws {
        try PackedForms(ensemble, Self.compared).compare(rows, batches: [rows.count], place)
    }
}

/// An ensemble packed for each kernel, as it is measured to be fastest and in each form.
struct PackedForms {
    private let reference: ReferenceEvaluator
    private let outputs: Int
    private let kernels: [(label: String, kernel: EnsembleKernel)]

    init(_ ensemble: Ensemble, _ names: [KernelName]) throws {
        reference = try ReferenceEvaluator(ensemble)
        outputs = ensemble.outputCount
        let forms: [EvaluationForm?] = [nil] + EvaluationForm.allCases
        kernels = try names.flatMap { name in
            try forms.map { form in
                let label = "\(name.rawValue), \(form?.rawValue ?? "as measured")"
                return (label, try EnsembleKernel(ensemble, kernel: name, form: form))
            }
        }
    }

    /// Compares every kernel's margins of the first rows, as many as each batch takes, with the reference's.
    func compare(_ rows: [[Double]], batches: [Int], _ place: String) throws {
        for form in RowForm.allCases {
            let expected = referenceMargins(reference, rows, form)
            for (label, kernel) in kernels {
                let scratch = KernelScratch()
                for batch in batches {
                    let margins = kernelMargins(kernel, Array(rows.prefix(batch)), form, scratch)
                    let difference = firstDifference(margins, Array(expected.prefix(batch * outputs)))
                    #expect(difference == nil, "\(label), \(form), batch \(batch), \(place)")
                }
            }
        }
    }
}
