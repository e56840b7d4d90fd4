// The parity of `.ci/arm64`: every kernel of the processor it is built for against the reference evaluator, bit for bit,
// on the random ensembles of the package's own tests. With REFERENCE_ONLY, the reference evaluator alone.
//
// Prints what it compared, and a checksum of all the reference's margins, which must be the same on every processor.
import TreeEnsemble

#if !REFERENCE_ONLY
import EnsembleKernels
#endif

@main
struct Parity {
    private var checksum: UInt64 = 0xcbf2_9ce4_8422_2325
    private var margins = 0
    private var compared = 0
    private var wrong = 0

    static func main() {
        var parity = Parity()
        for shape in EnsembleShape.ofParity {
            for seed in 1...2 as ClosedRange<UInt64> {
                parity.compare(shape, seed: seed, batches: [1, 2, 3, 4, 7, 15, 64, 65, 128, 130, 257, 512, 600])
            }
        }
        // Every number of rows up to a whole register's bits and beyond.
        for arithmetic in [Arithmetic.float32LessThan, .float64LessOrEqual] {
            let shape = EnsembleShape(name: "batches", arithmetic: arithmetic, leaves: [31, 64, 1, 100], outputs: 2)
            parity.compare(shape, seed: 11, batches: Array(1...140))
            let large = EnsembleShape(name: "large", arithmetic: arithmetic, trees: 2, leaves: [4096], thresholds: 700)
            parity.compare(large, seed: 5, batches: [1, 70, 300])
        }
        parity.ring()
        print("reference margins \(parity.margins), checksum \(parity.checksum)")
        print("compared \(parity.compared), wrong \(parity.wrong)")
        precondition(parity.wrong == 0, "every margin has the reference evaluator's bits")
    }

    private mutating func compare(_ shape: EnsembleShape, seed: UInt64, batches: [Int]) {
        var generator = SeededGenerator(seed: seed)
        let random = RandomEnsemble(shape, using: &generator)
        let rows = random.rows(batches.max() ?? 0, using: &generator)
        guard let reference = try? ReferenceEvaluator(random.ensemble) else { preconditionFailure("a valid ensemble") }
        let wide = rows.map { reference.margins(of: $0) }
        let narrow = rows.map { row in reference.margins(of: row.map { Double(Float($0)) }) }
        for margin in (wide + narrow).joined() { add(margin) }
        #if !REFERENCE_ONLY
        for name in EnsembleKernel.supportedByProcessor {
            guard let kernel = try? EnsembleKernel(valid: random.ensemble, kernel: name) else {
                preconditionFailure("a kernel that the processor has")
            }
            let scratch = KernelScratch()
            for batch in batches {
                for form in RowForm.allCases {
                    let got = kernelMargins(kernel, Array(rows.suffix(batch)), form, scratch)
                    let expected = Array((form.isFloat ? narrow : wide).suffix(batch).joined())
                    if !same(got, expected) {
                        print("\(name.rawValue), \(shape.name), seed \(seed), \(batch) rows: not the reference's bits")
                        wrong += 1
                    }
                    compared += got.count
                }
            }
        }
        #endif
    }

    /// An alarm that cannot ring proves nothing: an ensemble with one leaf a bit larger must be told apart.
    private mutating func ring() {
        #if !REFERENCE_ONLY
        let shape = EnsembleShape(name: "alarm", arithmetic: .float64LessOrEqual, leaves: [31, 40])
        var generator = SeededGenerator(seed: 42)
        let random = RandomEnsemble(shape, using: &generator)
        let rows = random.rows(300, using: &generator)
        var altered = random.ensemble
        altered.trees[3].leafValues[0] = altered.trees[3].leafValues[0].nextUp
        for name in EnsembleKernel.supportedByProcessor {
            guard let right = try? EnsembleKernel(valid: random.ensemble, kernel: name),
                let wrong = try? EnsembleKernel(valid: altered, kernel: name)
            else { preconditionFailure("a kernel that the processor has") }
            let form = RowForm(isFloat: false, isRowMajor: true, gap: 0)
            let scratch = KernelScratch()
            let isTold = !same(kernelMargins(right, rows, form, scratch), kernelMargins(wrong, rows, form, scratch))
            precondition(isTold, "one leaf's last bit is noticed")
            print("kernel \(name.rawValue) ran")
        }
        #endif
    }

    private func same(_ margins: [Double], _ expected: [Double]) -> Bool {
        guard margins.count == expected.count else { return false }
        return zip(margins, expected).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
    }

    /// FNV-1a over the bits; any NaN equals any other.
    private mutating func add(_ margin: Double) {
        margins += 1
        checksum = (checksum ^ (margin.isNaN ? 0x7ff8 << 48 : margin.bitPattern)) &* 0x100_0000_01b3
    }
}
