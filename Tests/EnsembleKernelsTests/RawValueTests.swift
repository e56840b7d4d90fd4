import EnsembleKernels
import Testing
import TreeEnsemble

/// Ensembles that codes cannot tell enough to: whatever kernel is asked for, the bits are the reference evaluator's.
@Suite("Ensembles that need raw values")
struct RawValueTests {
    /// How a random ensemble is changed into one that needs raw values.
    struct Change: Sendable, CustomStringConvertible {
        let description: String
        let arithmetic: Arithmetic
        let apply: @Sendable (inout Ensemble, [[Double]], inout SeededGenerator) -> Void
    }

    static let changes: [Change] = {
        func aggregate(_ aggregate: Arithmetic.Aggregate, _ arithmetic: Arithmetic, last: Bool) -> Change {
            Change(description: "\(aggregate) in \(arithmetic.sum), base last: \(last)", arithmetic: arithmetic) {
                ensemble,
                _,
                _ in
                ensemble.arithmetic.aggregate = aggregate
                ensemble.arithmetic.addsBaseLast = last
                ensemble.baseMargins = ensemble.baseMargins.map { _ in 0.25 }
            }
        }
        func numbers(_ arithmetic: Arithmetic) -> Change {
            Change(description: "sets of numbers, values in \(arithmetic.values)", arithmetic: arithmetic) {
                ensemble,
                probes,
                generator in
                addNumbers(to: &ensemble, probes, &generator)
            }
        }
        return [
            aggregate(.minimum, .float32LessThan, last: false), aggregate(.maximum, .float32LessThan, last: true),
            aggregate(.minimum, .float64LessOrEqual, last: true), aggregate(.maximum, .float64LessOrEqual, last: false),
            numbers(.float32LessThan), numbers(.float64LessOrEqual),
            Change(description: "numbers and an average, as in ONNX", arithmetic: .float32LessThan) {
                ensemble,
                probes,
                generator in
                ensemble.arithmetic = .onnxFloat32
                ensemble.sumScale = .dividedBy(ensemble.trees.count)
                addNumbers(to: &ensemble, probes, &generator)
            },
            Change(description: "linear leaves", arithmetic: .float64LessOrEqual) { ensemble, _, generator in
                addLinearLeaves(to: &ensemble, everyTree: true, &generator)
            },
            Change(
                description: "linear leaves in every other tree, no zero band, a scale",
                arithmetic: .float64LessOrEqual
            ) {
                ensemble,
                _,
                generator in
                ensemble.arithmetic.hasZeroBand = false
                ensemble.arithmetic.addsBaseLast = true
                ensemble.sumScale = .times(0.3)
                addLinearLeaves(to: &ensemble, everyTree: false, &generator)
            },
            Change(description: "linear leaves in float32", arithmetic: .float32LessThan) { ensemble, _, generator in
                addLinearLeaves(to: &ensemble, everyTree: true, &generator)
            },
            Change(description: "a linear model", arithmetic: .float32LessThan) { ensemble, _, generator in
                ensemble.trees = []
                func weight() -> Double { Double(Float.random(in: -2...2, using: &generator)) }
                ensemble.linearModel = LinearModel(
                    weights: (0..<ensemble.featureCount * ensemble.outputCount).map { _ in weight() },
                    biases: (0..<ensemble.outputCount).map { _ in weight() }
                )
            },
        ]
    }()

    private static func addNumbers(
        to ensemble: inout Ensemble,
        _ probes: [[Double]],
        _ generator: inout SeededGenerator
    ) {
        let isFloat = ensemble.arithmetic.values == .float32
        for tree in ensemble.trees.indices {
            for node in ensemble.trees[tree].nodes.indices where Bool.random(using: &generator) {
                let values = probes[Int(ensemble.trees[tree].nodes[node].feature)].filter { !$0.isNaN }
                let count = Int.random(in: 0...6, using: &generator)
                let chosen = (0..<count).compactMap { _ in values.randomElement(using: &generator) }
                ensemble.trees[tree].nodes[node].test = .equalsLeft(
                    numbers: Int32(ensemble.trees[tree].numberSets.count)
                )
                ensemble.trees[tree].numberSets.append(isFloat ? chosen.map { Double(Float($0)) } : chosen)
            }
        }
    }

    private static func addLinearLeaves(
        to ensemble: inout Ensemble,
        everyTree: Bool,
        _ generator: inout SeededGenerator
    ) {
        for tree in ensemble.trees.indices where everyTree || tree % 2 == 1 {
            ensemble.trees[tree].linearLeaves = ensemble.trees[tree].leafValues.map { _ in
                let features = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                    Int32.random(in: 0..<Int32(ensemble.featureCount), using: &generator)
                }
                return LinearLeaf(
                    constant: .random(in: -1...1, using: &generator),
                    features: features,
                    coefficients: features.map { _ in
                        .random(in: -1...1, using: &generator) * (Bool.random(using: &generator) ? 1 : 1e36)
                    }
                )
            }
        }
    }

    @Test("are walked to the reference evaluator's bits on every kernel", arguments: changes)
    func parity(_ change: Change) throws {
        for seed in 1...4 as ClosedRange<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let shape = EnsembleShape(
                name: change.description,
                arithmetic: change.arithmetic,
                trees: 9,
                leaves: [1, 31, 4, 100],
                outputs: seed == 1 ? 1 : 4,
                categoricalOneIn: 4
            )
            let random = RandomEnsemble(shape, using: &generator)
            var ensemble = random.ensemble
            change.apply(&ensemble, random.probes, &generator)
            #expect(ensemble.needsRawValues)
            let rows = random.rows(200, using: &generator)
            let reference = try ReferenceEvaluator(ensemble)
            for name in EnsembleKernel.supportedByProcessor {
                let kernel = try EnsembleKernel(ensemble, kernel: name)
                #expect(kernel.kernel == name && kernel.packedByteCount > 0)
                for form in RowForm.allCases {
                    for batch in [1, 63, 64, 65, 200] {
                        let part = Array(rows.prefix(batch))
                        let difference = firstDifference(
                            kernelMargins(kernel, part, form, KernelScratch()),
                            referenceMargins(reference, part, form)
                        )
                        #expect(difference == nil, "\(name.rawValue), \(form), \(change), seed \(seed), batch \(batch)")
                    }
                }
            }
        }
    }

    @Test("are told from those that codes are enough for")
    func need() {
        var generator = SeededGenerator(seed: 5)
        let shape = EnsembleShape(name: "plain", arithmetic: .float64LessOrEqual, leaves: [8], categoricalOneIn: 3)
        #expect(!RandomEnsemble(shape, using: &generator).ensemble.needsRawValues)
    }

    @Test("are told apart from ones with a single wrong coefficient or number: the comparison's alarm rings")
    func alarm() throws {
        var generator = SeededGenerator(seed: 8)
        let shape = EnsembleShape(name: "alarm", arithmetic: .float64LessOrEqual, trees: 3, leaves: [4])
        let random = RandomEnsemble(shape, using: &generator)
        var ensemble = random.ensemble
        Self.addLinearLeaves(to: &ensemble, everyTree: true, &generator)
        let rows = random.rows(300, using: &generator)
        let form = RowForm.allCases[2]
        let expected = referenceMargins(try ReferenceEvaluator(ensemble), rows, form)
        var wrong = ensemble
        for leaf in wrong.trees[0].linearLeaves.indices { wrong.trees[0].linearLeaves[leaf].constant += 0.5 }
        let margins = kernelMargins(try EnsembleKernel(wrong), rows, form, KernelScratch())
        #expect(firstDifference(margins, expected) != nil)
    }
}
