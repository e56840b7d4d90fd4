internal import CShims

#if arch(x86_64)
internal import EnsembleKernelsAVX2
internal import EnsembleKernelsAVX512
#endif

/// The functions of one module's copy of the kernels' source, and what they can do.
///
/// They are called once a pass or once a run of trees, never once a row. What each asks of its arguments is said where it is
/// defined, in `SlicedKernel.swift`, `TreeLanesKernel.swift` and `BucketRank.swift`.
@safe
struct KernelFunctions: Sendable {
    /// Rows, the strides to the next row and feature, how many features and rows; the rankers and how many; what counts
    /// as zero; working memory; the codes.
    typealias Rank =
        @Sendable (
            UnsafePointer<Float>, Int, Int, Int, Int, UnsafePointer<CShimsRanker>, Int, Float, UnsafeMutableRawPointer,
            UnsafeMutablePointer<UInt8>
        ) -> Void
    /// The forest, codes, how many rows; working memory; the masks.
    typealias MakeMasks =
        @Sendable (
            UnsafePointer<CShimsSlicedForest>, UnsafePointer<UInt8>, Int, UnsafeMutableRawPointer,
            UnsafeMutableRawPointer
        ) -> Void
    /// The forest, its first group and how many; masks, how many rows; working memory; the sums.
    typealias AddSlices<Sum> =
        @Sendable (
            UnsafePointer<CShimsSlicedForest>, Int, Int, UnsafeRawPointer, Int, UnsafeMutableRawPointer,
            UnsafeMutablePointer<Sum>
        ) -> Void
    /// The forest, codes, how many rows; working memory; the sums.
    typealias AddLanes<Sum> =
        @Sendable (
            CShimsLaneForest, UnsafePointer<UInt8>, Int, UnsafeMutableRawPointer, UnsafeMutablePointer<Sum>
        ) -> Void

    /// Whether leaves are looked up byte by byte.
    let hasLookups: Bool
    /// Whether a few rows can be scored with trees in lanes.
    let hasTreeLanes: Bool
    /// Rows that cost as much in slices as one.
    let sliceRows: Int
    let rank: Rank
    let makeMasks: MakeMasks
    let addSlicesToFloats: AddSlices<Float>
    let addSlicesToDoubles: AddSlices<Double>
    let addLanesToFloats: AddLanes<Float>
    let addLanesToDoubles: AddLanes<Double>
}

extension KernelFunctions {
    #if arch(x86_64)
    private static let avx512 = unsafe Self(
        hasLookups: EnsembleKernelsAVX512.slicedKernelHasLookups(),
        hasTreeLanes: EnsembleKernelsAVX512.hasTreeLanes(),
        sliceRows: EnsembleKernelsAVX512.slicedKernelRowStep(),
        rank: EnsembleKernelsAVX512.rankByBuckets,
        makeMasks: EnsembleKernelsAVX512.makeMasks,
        addSlicesToFloats: EnsembleKernelsAVX512.addSlicedTreesToFloats,
        addSlicesToDoubles: EnsembleKernelsAVX512.addSlicedTreesToDoubles,
        addLanesToFloats: EnsembleKernelsAVX512.addTreeLanesToFloats,
        addLanesToDoubles: EnsembleKernelsAVX512.addTreeLanesToDoubles
    )
    private static let avx2 = unsafe Self(
        hasLookups: EnsembleKernelsAVX2.slicedKernelHasLookups(),
        hasTreeLanes: EnsembleKernelsAVX2.hasTreeLanes(),
        sliceRows: EnsembleKernelsAVX2.slicedKernelRowStep(),
        rank: EnsembleKernelsAVX2.rankByBuckets,
        makeMasks: EnsembleKernelsAVX2.makeMasks,
        addSlicesToFloats: EnsembleKernelsAVX2.addSlicedTreesToFloats,
        addSlicesToDoubles: EnsembleKernelsAVX2.addSlicedTreesToDoubles,
        addLanesToFloats: EnsembleKernelsAVX2.addTreeLanesToFloats,
        addLanesToDoubles: EnsembleKernelsAVX2.addTreeLanesToDoubles
    )
    #endif
    /// This module's own copy.
    private static let own = unsafe Self(
        hasLookups: slicedKernelHasLookups(),
        hasTreeLanes: ownHasTreeLanes(),
        sliceRows: slicedKernelRowStep(),
        rank: rankByBuckets,
        makeMasks: ownMakeMasks,
        addSlicesToFloats: addSlicedTreesToFloats,
        addSlicesToDoubles: addSlicedTreesToDoubles,
        addLanesToFloats: addTreeLanesToFloats,
        addLanesToDoubles: addTreeLanesToDoubles
    )

    /// The functions of a kernel that the processor can run.
    static func of(_ kernel: KernelName) -> Self {
        switch kernel {
        #if arch(x86_64)
        case .avx512: avx512
        case .avx2: avx2
        #endif
        default: own
        }
    }
}

// This module's own functions whose names the members above hide. The module has no name here: the wide lanes' tests
// compile this file in theirs.

private func ownHasTreeLanes() -> Bool { hasTreeLanes() }

private func ownMakeMasks(
    _ forest: UnsafePointer<CShimsSlicedForest>,
    _ codes: UnsafePointer<UInt8>,
    _ rows: Int,
    _ work: UnsafeMutableRawPointer,
    _ masks: UnsafeMutableRawPointer
) {
    unsafe makeMasks(forest, codes, rows: rows, work: work, into: masks)
}

/// A number in which leaves are summed.
protocol MarginSum: BinaryFloatingPoint, BitwiseCopyable {
    /// A kernel's function that adds slices to sums of this type.
    static func addSlices(_ functions: KernelFunctions) -> KernelFunctions.AddSlices<Self>
    /// A kernel's function that adds trees in lanes to sums of this type.
    static func addLanes(_ functions: KernelFunctions) -> KernelFunctions.AddLanes<Self>
}

extension Float: MarginSum {
    static func addSlices(_ functions: KernelFunctions) -> KernelFunctions.AddSlices<Float> {
        unsafe functions.addSlicesToFloats
    }

    static func addLanes(_ functions: KernelFunctions) -> KernelFunctions.AddLanes<Float> {
        unsafe functions.addLanesToFloats
    }
}

extension Double: MarginSum {
    static func addSlices(_ functions: KernelFunctions) -> KernelFunctions.AddSlices<Double> {
        unsafe functions.addSlicesToDoubles
    }

    static func addLanes(_ functions: KernelFunctions) -> KernelFunctions.AddLanes<Double> {
        unsafe functions.addLanesToDoubles
    }
}
