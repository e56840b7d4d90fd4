internal import CShims
import TreeEnsemble

#if arch(x86_64)
internal import EnsembleKernelsAVX2
internal import EnsembleKernelsAVX512
#endif

// Which module's copy of the sliced kernel runs.
//
// Safety of this file: as in `SlicedKernel.swift`.
extension KernelName {
    /// Whether leaves are looked up byte by byte.
    var hasLookups: Bool {
        switch self {
        #if arch(x86_64)
        case .avx512: EnsembleKernelsAVX512.slicedKernelHasLookups()
        case .avx2: EnsembleKernelsAVX2.slicedKernelHasLookups()
        #endif
        default: slicedKernelHasLookups()
        }
    }

    /// Rows that cost as much in slices as one.
    var sliceRows: Int {
        switch self {
        #if arch(x86_64)
        case .avx512: EnsembleKernelsAVX512.slicedKernelRowStep()
        case .avx2: EnsembleKernelsAVX2.slicedKernelRowStep()
        #endif
        default: slicedKernelRowStep()
        }
    }

    /// Whether a few rows can be scored with trees in lanes.
    var hasTreeLanes: Bool {
        switch self {
        #if arch(x86_64)
        case .avx512: EnsembleKernelsAVX512.hasTreeLanes()
        case .avx2: EnsembleKernelsAVX2.hasTreeLanes()
        #endif
        default: ownHasTreeLanes()
        }
    }

    func addTreeLanes(
        _ forest: CShimsLaneForest,
        _ codes: UnsafePointer<UInt8>,
        count: Int,
        work: UnsafeMutableRawPointer,
        _ sums: UnsafeMutablePointer<Float>
    ) {
        switch self {
        #if arch(x86_64)
        case .avx512: unsafe EnsembleKernelsAVX512.addTreeLanesToFloats(forest, codes, count: count, work: work, sums)
        case .avx2: unsafe EnsembleKernelsAVX2.addTreeLanesToFloats(forest, codes, count: count, work: work, sums)
        #endif
        default: unsafe addTreeLanesToFloats(forest, codes, count: count, work: work, sums)
        }
    }

    func addTreeLanes(
        _ forest: CShimsLaneForest,
        _ codes: UnsafePointer<UInt8>,
        count: Int,
        work: UnsafeMutableRawPointer,
        _ sums: UnsafeMutablePointer<Double>
    ) {
        switch self {
        #if arch(x86_64)
        case .avx512: unsafe EnsembleKernelsAVX512.addTreeLanesToDoubles(forest, codes, count: count, work: work, sums)
        case .avx2: unsafe EnsembleKernelsAVX2.addTreeLanesToDoubles(forest, codes, count: count, work: work, sums)
        #endif
        default: unsafe addTreeLanesToDoubles(forest, codes, count: count, work: work, sums)
        }
    }

    /// Turns float rows of a pass into codes.
    func rank(
        _ rows: RowSource<Float>,
        featureCount: Int,
        count: Int,
        _ rankers: UnsafeBufferPointer<CShimsRanker>,
        work: UnsafeMutableRawPointer,
        into codes: UnsafeMutablePointer<UInt8>
    ) {
        guard let first = rankers.baseAddress else { return }
        let edge = Float(Arithmetic.zeroThreshold)
        switch self {
        #if arch(x86_64)
        case .avx512:
            unsafe EnsembleKernelsAVX512.rankByBuckets(
                rows.start,
                rowStride: rows.rowStride,
                featureStride: rows.featureStride,
                featureCount: featureCount,
                count: count,
                first,
                rankerCount: rankers.count,
                zeroEdge: edge,
                work: work,
                into: codes
            )
        case .avx2:
            unsafe EnsembleKernelsAVX2.rankByBuckets(
                rows.start,
                rowStride: rows.rowStride,
                featureStride: rows.featureStride,
                featureCount: featureCount,
                count: count,
                first,
                rankerCount: rankers.count,
                zeroEdge: edge,
                work: work,
                into: codes
            )
        #endif
        default:
            unsafe rankByBuckets(
                rows.start,
                rowStride: rows.rowStride,
                featureStride: rows.featureStride,
                featureCount: featureCount,
                count: count,
                first,
                rankerCount: rankers.count,
                zeroEdge: edge,
                work: work,
                into: codes
            )
        }
    }

    func makeMasks(
        _ forest: UnsafePointer<CShimsSlicedForest>,
        _ codes: UnsafePointer<UInt8>,
        rows: Int,
        work: UnsafeMutableRawPointer,
        into masks: UnsafeMutableRawPointer
    ) {
        switch self {
        #if arch(x86_64)
        case .avx512: unsafe EnsembleKernelsAVX512.makeMasks(forest, codes, rows: rows, work: work, into: masks)
        case .avx2: unsafe EnsembleKernelsAVX2.makeMasks(forest, codes, rows: rows, work: work, into: masks)
        #endif
        default: unsafe ownMakeMasks(forest, codes, rows, work, masks)
        }
    }

    func addTrees(
        _ forest: UnsafePointer<CShimsSlicedForest>,
        _ groups: Range<Int>,
        _ masks: UnsafeRawPointer,
        rows: Int,
        work: UnsafeMutableRawPointer,
        _ sums: UnsafeMutablePointer<Float>
    ) {
        let (first, count) = (groups.lowerBound, groups.count)
        switch self {
        #if arch(x86_64)
        case .avx512:
            unsafe EnsembleKernelsAVX512.addSlicedTreesToFloats(
                forest,
                firstGroup: first,
                groupCount: count,
                masks,
                rows: rows,
                work: work,
                sums
            )
        case .avx2:
            unsafe EnsembleKernelsAVX2.addSlicedTreesToFloats(
                forest,
                firstGroup: first,
                groupCount: count,
                masks,
                rows: rows,
                work: work,
                sums
            )
        #endif
        default:
            unsafe addSlicedTreesToFloats(
                forest,
                firstGroup: first,
                groupCount: count,
                masks,
                rows: rows,
                work: work,
                sums
            )
        }
    }

    func addTrees(
        _ forest: UnsafePointer<CShimsSlicedForest>,
        _ groups: Range<Int>,
        _ masks: UnsafeRawPointer,
        rows: Int,
        work: UnsafeMutableRawPointer,
        _ sums: UnsafeMutablePointer<Double>
    ) {
        let (first, count) = (groups.lowerBound, groups.count)
        switch self {
        #if arch(x86_64)
        case .avx512:
            unsafe EnsembleKernelsAVX512.addSlicedTreesToDoubles(
                forest,
                firstGroup: first,
                groupCount: count,
                masks,
                rows: rows,
                work: work,
                sums
            )
        case .avx2:
            unsafe EnsembleKernelsAVX2.addSlicedTreesToDoubles(
                forest,
                firstGroup: first,
                groupCount: count,
                masks,
                rows: rows,
                work: work,
                sums
            )
        #endif
        default:
            unsafe addSlicedTreesToDoubles(
                forest,
                firstGroup: first,
                groupCount: count,
                masks,
                rows: rows,
                work: work,
                sums
            )
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
