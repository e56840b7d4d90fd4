internal import CShims

#if arch(x86_64)
internal import EnsembleKernelsAVX2
internal import EnsembleKernelsAVX512
internal import EnsembleKernelsAVX512By128
internal import EnsembleKernelsAVX512By256
#endif

// Which module's copy of the kernels' source a kernel is. They are called once a pass or once a run of trees, never once a
// row; what each asks of its arguments is said where it is defined, in `SlicedKernel.swift`, `MaskKernel.swift`,
// `TreeLanesKernel.swift` and `BucketRank.swift`, and is passed on as it comes: that is the safety of this file.
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

    /// Whether ranks are found by lookups among 256 bytes in registers.
    var hasRankLookups: Bool {
        switch self {
        #if arch(x86_64)
        case .avx512: EnsembleKernelsAVX512.bucketRankHasLookups()
        case .avx2: EnsembleKernelsAVX2.bucketRankHasLookups()
        #endif
        default: bucketRankHasLookups()
        }
    }

    /// Whether a few rows can be scored with trees in lanes.
    var hasLanes: Bool {
        switch self {
        #if arch(x86_64)
        case .avx512: EnsembleKernelsAVX512.hasTreeLanes()
        case .avx2: EnsembleKernelsAVX2.hasTreeLanes()
        #endif
        default: hasTreeLanes()
        }
    }

    /// Turns a pass of float rows into codes; see `rankByBuckets`.
    func rank(
        _ rows: RowSource<Float>,
        featureCount: Int,
        count: Int,
        _ rankers: UnsafeBufferPointer<CShimsRanker>,
        zeroEdge: Float,
        _ work: UnsafeMutableRawPointer,
        _ codes: UnsafeMutablePointer<UInt8>,
        _ stride: Int
    ) {
        guard let first = rankers.baseAddress else { return }
        let (start, row, feature, all) = unsafe (rows.start, rows.rowStride, rows.featureStride, rankers.count)
        let edge = zeroEdge
        switch self {
        #if arch(x86_64)
        case .avx512:
            unsafe EnsembleKernelsAVX512.rankByBuckets(
                start,
                rowStride: row,
                featureStride: feature,
                featureCount: featureCount,
                count: count,
                first,
                rankerCount: all,
                zeroEdge: edge,
                work: work,
                into: codes,
                codeStride: stride
            )
        case .avx2:
            unsafe EnsembleKernelsAVX2.rankByBuckets(
                start,
                rowStride: row,
                featureStride: feature,
                featureCount: featureCount,
                count: count,
                first,
                rankerCount: all,
                zeroEdge: edge,
                work: work,
                into: codes,
                codeStride: stride
            )
        #endif
        default:
            unsafe rankByBuckets(
                start,
                rowStride: row,
                featureStride: feature,
                featureCount: featureCount,
                count: count,
                first,
                rankerCount: all,
                zeroEdge: edge,
                work: work,
                into: codes,
                codeStride: stride
            )
        }
    }

    /// Turns a row into codes, if ``hasRankLookups``; see `rankRow`.
    func rankOneRow(
        _ row: UnsafePointer<Float>,
        featureStride: Int,
        _ groups: RankGroups.View,
        zeroEdge: Float,
        _ codes: UnsafeMutablePointer<UInt8>
    ) {
        switch self {
        #if arch(x86_64)
        case .avx512:
            unsafe EnsembleKernelsAVX512.rankRow(
                row,
                featureStride: featureStride,
                groups.start,
                groupCount: groups.count,
                groups.tables,
                zeroEdge: zeroEdge,
                into: codes
            )
        #endif
        default:
            unsafe rankRow(
                row,
                featureStride: featureStride,
                groups.start,
                groupCount: groups.count,
                groups.tables,
                zeroEdge: zeroEdge,
                into: codes
            )
        }
    }

    #if arch(x86_64)
    /// The kernel in as narrow registers as hold the bits of so many rows.
    private enum Width { case by128, by256, by512 }

    private static func width(_ rows: Int) -> Width {
        if rows <= EnsembleKernelsAVX512By128.slicedKernelRowStep() { return .by128 }
        return rows <= EnsembleKernelsAVX512By256.slicedKernelRowStep() ? .by256 : .by512
    }
    #endif

    /// Makes the masks of a pass of codes; see `makeMasks`.
    func fillMasks(
        _ forest: UnsafePointer<CShimsSlicedForest>,
        _ codes: UnsafePointer<UInt8>,
        count: Int,
        _ work: UnsafeMutableRawPointer,
        _ masks: UnsafeMutableRawPointer
    ) {
        switch self {
        #if arch(x86_64)
        case .avx512:
            switch Self.width(count) {
            case .by128:
                unsafe EnsembleKernelsAVX512By128.makeMasks(forest, codes, rows: count, work: work, into: masks)
            case .by256:
                unsafe EnsembleKernelsAVX512By256.makeMasks(forest, codes, rows: count, work: work, into: masks)
            case .by512: unsafe EnsembleKernelsAVX512.makeMasks(forest, codes, rows: count, work: work, into: masks)
            }
        case .avx2: unsafe EnsembleKernelsAVX2.makeMasks(forest, codes, rows: count, work: work, into: masks)
        #endif
        default: unsafe makeMasks(forest, codes, rows: count, work: work, into: masks)
        }
    }

    /// Adds the trees of `many` groups in slices; see `addSlicedTrees`.
    func addSlices<Sum: MarginSum>(
        _ forest: UnsafePointer<CShimsSlicedForest>,
        from first: Int,
        _ many: Int,
        _ masks: UnsafeRawPointer,
        count: Int,
        _ work: UnsafeMutableRawPointer,
        _ sums: UnsafeMutablePointer<Sum>
    ) {
        let (sums, asDoubles) = (UnsafeMutableRawPointer(sums), Sum.self == Double.self)
        switch self {
        #if arch(x86_64)
        case .avx512:
            switch Self.width(count) {
            case .by128:
                unsafe EnsembleKernelsAVX512By128.addSlicedTrees(
                    forest,
                    firstGroup: first,
                    groupCount: many,
                    masks,
                    rows: count,
                    work: work,
                    sums,
                    asDoubles: asDoubles
                )
            case .by256:
                unsafe EnsembleKernelsAVX512By256.addSlicedTrees(
                    forest,
                    firstGroup: first,
                    groupCount: many,
                    masks,
                    rows: count,
                    work: work,
                    sums,
                    asDoubles: asDoubles
                )
            case .by512:
                unsafe EnsembleKernelsAVX512.addSlicedTrees(
                    forest,
                    firstGroup: first,
                    groupCount: many,
                    masks,
                    rows: count,
                    work: work,
                    sums,
                    asDoubles: asDoubles
                )
            }
        case .avx2:
            unsafe EnsembleKernelsAVX2.addSlicedTrees(
                forest,
                firstGroup: first,
                groupCount: many,
                masks,
                rows: count,
                work: work,
                sums,
                asDoubles: asDoubles
            )
        #endif
        default:
            unsafe addSlicedTrees(
                forest,
                firstGroup: first,
                groupCount: many,
                masks,
                rows: count,
                work: work,
                sums,
                asDoubles: asDoubles
            )
        }
    }

    /// Adds all trees in lanes; see `addTreeLanes`.
    func addLanes<Sum: MarginSum>(
        _ forest: CShimsLaneForest,
        _ codes: UnsafePointer<UInt8>,
        _ layout: CodeLayout,
        count: Int,
        _ work: UnsafeMutableRawPointer,
        _ sums: UnsafeMutablePointer<Sum>
    ) {
        let (sums, asDoubles) = (UnsafeMutableRawPointer(sums), Sum.self == Double.self)
        switch self {
        #if arch(x86_64)
        case .avx512:
            unsafe EnsembleKernelsAVX512.addTreeLanes(
                forest,
                codes,
                columnStride: layout.columnStride,
                rowStride: layout.rowStride,
                count: count,
                work: work,
                sums,
                asDoubles: asDoubles
            )
        case .avx2:
            unsafe EnsembleKernelsAVX2.addTreeLanes(
                forest,
                codes,
                columnStride: layout.columnStride,
                rowStride: layout.rowStride,
                count: count,
                work: work,
                sums,
                asDoubles: asDoubles
            )
        #endif
        default:
            unsafe addTreeLanes(
                forest,
                codes,
                columnStride: layout.columnStride,
                rowStride: layout.rowStride,
                count: count,
                work: work,
                sums,
                asDoubles: asDoubles
            )
        }
    }
}

/// A number in which leaves are summed: a float or a double.
protocol MarginSum: BinaryFloatingPoint, BitwiseCopyable {}

extension Float: MarginSum {}

extension Double: MarginSum {}
