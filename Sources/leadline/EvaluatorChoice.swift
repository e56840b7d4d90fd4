internal import ArgumentParser
internal import EnsembleKernels
internal import TreeEnsemble

/// Which evaluator a command uses: a kernel by name, the best one here, or the slow reference.
enum EvaluatorChoice: ExpressibleByArgument {
    case best
    case kernel(KernelName)
    case reference

    init?(argument: String) {
        switch argument {
        case "best": self = .best
        case "reference": self = .reference
        default:
            guard let name = KernelName(rawValue: argument) else { return nil }
            self = .kernel(name)
        }
    }

    var defaultValueDescription: String {
        switch self {
        case .best: "best"
        case .kernel(let name): name.rawValue
        case .reference: "reference"
        }
    }

    static var allValueStrings: [String] { ["best"] + KernelName.allCases.map(\.rawValue) + ["reference"] }
}

/// An ensemble with the evaluator that was chosen for it.
struct Evaluator {
    let ensemble: Ensemble
    private let kernel: EnsembleKernel?
    private let reference: ReferenceEvaluator?

    /// - Throws: ``Failure`` when the kernel cannot run here or cannot hold the ensemble.
    init(_ ensemble: Ensemble, _ choice: EvaluatorChoice) throws {
        self.ensemble = ensemble
        switch choice {
        case .best:
            kernel = try EnsembleKernel(ensemble)
            reference = nil
        case .kernel(let name):
            kernel = try EnsembleKernel(ensemble, kernel: name)
            reference = nil
        case .reference:
            kernel = nil
            reference = try ReferenceEvaluator(ensemble)
        }
    }

    /// What evaluates, for reports.
    var name: String { kernel?.kernel.rawValue ?? "reference" }

    /// The margins of float rows that lie side by side.
    func margins(rows: Int, values: Span<Float>, scratch: KernelScratch, into margins: inout MutableSpan<Double>) {
        if let kernel {
            kernel.margins(
                rows: rows,
                values: values,
                layout: .rowMajor(stride: ensemble.featureCount),
                scratch: scratch,
                into: &margins
            )
        } else {
            evaluate(rows: rows, into: &margins) { Double(values[$0]) }
        }
    }

    /// The margins of double rows that lie side by side.
    func margins(rows: Int, values: Span<Double>, scratch: KernelScratch, into margins: inout MutableSpan<Double>) {
        if let kernel {
            kernel.margins(
                rows: rows,
                values: values,
                layout: .rowMajor(stride: ensemble.featureCount),
                scratch: scratch,
                into: &margins
            )
        } else {
            evaluate(rows: rows, into: &margins) { values[$0] }
        }
    }

    private func evaluate(rows: Int, into margins: inout MutableSpan<Double>, value: (Int) -> Double) {
        guard let reference else { return }
        let width = ensemble.featureCount
        for row in 0..<rows {
            let sums = reference.margins(of: (0..<width).map { value(row * width + $0) })
            for output in sums.indices { margins[row * ensemble.outputCount + output] = sums[output] }
        }
    }
}
