/// What kernels must agree in to read the same packed plan.
public struct PlanKind: Hashable, Sendable, CustomStringConvertible {
    /// Whether leaves can be looked up byte by byte.
    let hasLookups: Bool
    /// Whether a few rows can be scored with trees in lanes.
    let hasTreeLanes: Bool

    init(hasLookups: Bool, hasTreeLanes: Bool) {
        self.hasLookups = hasLookups
        self.hasTreeLanes = hasTreeLanes
    }

    /// The kind of a plan's header; nil if there is none such.
    init?(code: UInt32) {
        guard code < 4 else { return nil }
        self.init(hasLookups: code & 1 != 0, hasTreeLanes: code & 2 != 0)
    }

    /// As a plan's header says it.
    var code: UInt32 { (hasLookups ? 1 : 0) | (hasTreeLanes ? 2 : 0) }

    /// For kernels that look up in registers: AVX-512, AVX2, and any on arm64.
    public static let registers = Self(hasLookups: true, hasTreeLanes: true)
    /// For kernels that look up in memory: the portable one on x86-64.
    public static let memory = Self(hasLookups: false, hasTreeLanes: false)

    /// A word for people and file names.
    public var description: String {
        switch self {
        case .registers: "registers"
        case .memory: "memory"
        default: "kind-\(code)"
        }
    }
}

extension KernelName {
    /// The kind of plan that the kernel reads; ``PlanKind/registers`` for one that the processor cannot run.
    public var planKind: PlanKind {
        guard missingOnThisProcessor.isEmpty else { return .registers }
        return PlanKind(hasLookups: hasLookups, hasTreeLanes: hasLanes)
    }
}
