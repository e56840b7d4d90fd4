/// A way of evaluating an ensemble; all give the same bits.
public enum KernelName: String, CaseIterable, Sendable {
    /// Plain Swift for any processor.
    case portable
}

extension KernelName {
    /// What the kernel needs and this processor (or its operating system) lacks; empty if it can run here.
    public var missingOnThisProcessor: [String] {
        switch self {
        case .portable: return []
        }
    }
}

/// Why a kernel cannot be had.
public enum KernelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The processor or its operating system lacks these extensions.
    case unsupported(kernel: KernelName, missing: [String])
    /// The ensemble packs into more bytes or codes than the plan can number.
    case tooLarge(String)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .unsupported(let kernel, let missing):
            "this processor cannot run the kernel \(kernel.rawValue): it lacks \(missing.joined(separator: ", ")); "
                + "leave the kernel out to have the best one chosen, or ask for portable"
        case .tooLarge(let what): "the ensemble is too large for any kernel: \(what)"
        }
    }
}
