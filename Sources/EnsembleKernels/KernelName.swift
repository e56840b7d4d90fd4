private import CShims

/// A way of evaluating an ensemble; all give the same bits.
public enum KernelName: String, CaseIterable, Sendable {
    /// 512-bit registers (F, BW, DQ, VL, VBMI).
    case avx512
    /// 256-bit registers (AVX2).
    case avx2
    /// 128-bit registers of any arm64 processor (NEON).
    case neon
    /// 128-bit registers of any processor: without lookups in them on x86-64; on arm64 the same code as ``neon``.
    case portable
}

extension KernelName {
    /// What the kernel needs and this processor (or its operating system) lacks; empty if it can run here.
    public var missingOnThisProcessor: [String] {
        switch self {
        case .portable: return []
        case .neon: return Self.missingOfNEON
        case .avx2: return Self.missing(Self.avx2Needs)
        case .avx512: return Self.missing(Self.avx512Needs)
        }
    }

    private static var missingOfNEON: [String] {
        #if arch(arm64)
        return []
        #else
        return ["arm64"]
        #endif
    }

    private static func missing(_ needs: [(name: String, bit: CShimsProcessorFeature)]) -> [String] {
        #if arch(x86_64)
        let features = CShims_processorFeatures()
        return needs.filter { features & UInt32($0.bit.rawValue) == 0 }.map(\.name)
        #else
        return ["x86-64"]
        #endif
    }

    private static var avx2Needs: [(name: String, bit: CShimsProcessorFeature)] {
        [("AVX2", CShimsProcessorAVX2)]
    }

    private static var avx512Needs: [(name: String, bit: CShimsProcessorFeature)] {
        [
            ("AVX512F", CShimsProcessorAVX512F), ("AVX512BW", CShimsProcessorAVX512BW),
            ("AVX512DQ", CShimsProcessorAVX512DQ), ("AVX512VL", CShimsProcessorAVX512VL),
            ("AVX512_VBMI", CShimsProcessorAVX512VBMI),
        ]
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
