internal import EnsembleKernels

/// Which kernels there are, and which of them this processor runs.
struct KernelReport: Encodable {
    struct Kernel: Encodable {
        var name: String
        var runs: Bool
        var isDefault: Bool
        /// What the processor or its operating system lacks.
        var missing: [String]
    }

    var kernels: [Kernel]
    /// The one that is used where none is named.
    var chosen: String

    /// Asks the processor.
    init() {
        let best = EnsembleKernel.supportedByProcessor.first ?? .portable
        chosen = best.rawValue
        kernels = KernelName.allCases.map { name in
            let missing = name.missingOnThisProcessor
            return Kernel(name: name.rawValue, runs: missing.isEmpty, isDefault: name == best, missing: missing)
        }
    }

    /// The report as a table.
    var text: String {
        let table = aligned(
            kernels.map { kernel in
                let verdict = kernel.runs ? "runs here" : Self.lacking(kernel.missing)
                return [kernel.name, verdict + (kernel.isDefault ? ", chosen" : "")]
            },
            leftColumns: [0, 1]
        )
        return String(table.dropLast())
    }

    /// What is said of a kernel that the processor cannot run.
    static func lacking(_ missing: [String]) -> String {
        "cannot run here: it lacks " + missing.joined(separator: ", ")
    }

    /// What is said to a name that no kernel has.
    static func unknown(_ name: String) -> String {
        let names = KernelName.allCases.map(\.rawValue).joined(separator: ", ")
        return "there is no kernel \"\(name)\"; there are \(names) (leadline inspect --kernels tells which run here)"
    }
}
