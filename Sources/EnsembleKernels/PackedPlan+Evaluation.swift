internal import CShims
import TreeEnsemble

// Safety of this file: `EnsembleKernel` checked that the matrix covers `rows` and that there is room for all margins; the
// scratch gives blocks as large as asked for, to one thread.
extension PackedPlan {
    static var rowsMax: Int { Int(CShimsRowsMax) }

    /// Evaluates float rows, a pass of up to `rowsMax` at a time: codes, then trees, then margins.
    func evaluate(
        _ matrix: RowSource<Float>,
        rows: Int,
        _ kernel: KernelName,
        _ scratch: KernelScratch,
        into margins: UnsafeMutablePointer<Double>
    ) {
        let memory = unsafe work(scratch, narrowedValues: 0)
        for first in stride(from: 0, to: rows, by: Self.rowsMax) {
            let count = min(Self.rowsMax, rows - first)
            let pass = unsafe matrix.advanced(rows: first)
            let codeStride = codeStride(count)
            unsafe encode(pass, count: count, kernel, memory, codeStride)
            unsafe sum(memory, count: count, kernel, codeStride, into: margins + first * outputCount)
        }
    }

    /// From one code column to the next.
    ///
    /// Columns of a whole pass begin in the same few places of a cache, so that those of a few rows lie closer. Only trees in
    /// lanes know other strides than a pass's.
    private func codeStride(_ count: Int) -> Int {
        guard count <= Self.fewRows, lanes != nil, forms[count] == .lanes else { return Self.rowsMax }
        return count == 1 ? 1 : Self.fewRows
    }

    private static let fewRows = 64

    /// Values that are narrowed at a time, if that is more than eight rows.
    private static let narrowedMax = 1 << 22

    /// Evaluates double rows; those of a float32 ensemble are narrowed, a pass at a time.
    func evaluate(
        _ matrix: RowSource<Double>,
        rows: Int,
        _ kernel: KernelName,
        _ scratch: KernelScratch,
        into margins: UnsafeMutablePointer<Double>
    ) {
        let narrows = arithmetic.values == .float32
        // A file of a few bytes may claim a million features: then fewer rows are narrowed at a time.
        let passRows = narrows ? min(Self.rowsMax, max(8, Self.narrowedMax / max(featureCount, 1) & ~7)) : Self.rowsMax
        let memory = unsafe work(scratch, narrowedValues: narrows ? featureCount * passRows : 0)
        for first in stride(from: 0, to: rows, by: passRows) {
            let count = min(passRows, rows - first)
            let pass = unsafe matrix.advanced(rows: first)
            if narrows {
                for feature in 0..<featureCount {
                    let from = unsafe pass.start + feature * pass.featureStride
                    let to = unsafe memory.narrowed + feature * passRows
                    for row in 0..<count { unsafe to[row] = Float(from[row * pass.rowStride]) }
                }
                let narrow = unsafe RowSource(
                    start: UnsafePointer(memory.narrowed),
                    rowStride: 1,
                    featureStride: passRows
                )
                unsafe encode(narrow, count: count, kernel, memory)
            } else {
                unsafe PortableQuantiser.rank(pass, count: count, ranks.rankers, into: memory.codes)
                unsafe PortableQuantiser.classify(pass, count: count, categoryTables, lowest: -1, into: memory.codes)
                unsafe WideRank.rank(
                    pass,
                    count: count,
                    wideRanks.rankers,
                    passesEqual: wideRanks.passesEqual,
                    columns: wideColumnCount,
                    into: memory.wideCodes
                )
            }
            unsafe sum(memory, count: count, kernel, into: margins + first * outputCount)
        }
    }

    /// Turns a pass of float rows into codes.
    func encode(
        _ pass: RowSource<Float>,
        count: Int,
        _ kernel: KernelName,
        _ memory: Work,
        _ codeStride: Int = PackedPlan.rowsMax
    ) {
        unsafe kernel.rank(
            pass,
            featureCount: featureCount,
            count: count,
            ranks.rankers,
            zeroEdge: Float(Arithmetic.zeroThreshold),
            memory.temporary,
            memory.codes,
            codeStride
        )
        // XGBoost takes no negative number for a category, LightGBM those above -1 for category 0.
        let lowest: Float = arithmetic.comparison == .lessThan ? -.leastNonzeroMagnitude : -1
        unsafe PortableQuantiser.classify(
            pass,
            count: count,
            categoryTables,
            lowest: lowest,
            codeStride: codeStride,
            into: memory.codes
        )
        unsafe WideRank.rank(pass, count: count, wideRanks.rankers, columns: wideColumnCount, into: memory.wideCodes)
    }

    /// Sums the trees over a pass of codes and writes its margins, widened, row by row.
    func sum(
        _ memory: Work,
        count: Int,
        _ kernel: KernelName,
        _ codeStride: Int = PackedPlan.rowsMax,
        into margins: UnsafeMutablePointer<Double>
    ) {
        switch arithmetic.sum {
        case .float32: unsafe sum(Float.self, memory, count: count, kernel, codeStride, into: margins)
        case .float64: unsafe sum(Double.self, memory, count: count, kernel, codeStride, into: margins)
        }
        for output in 0..<outputCount where arithmetic.addsBaseLast || !outputHasTree[output] {
            let (base, hasTree) = (baseMargins[output], outputHasTree[output])
            for row in 0..<count {
                let sum = unsafe margins[row * outputCount + output]
                unsafe margins[row * outputCount + output] = arithmetic.margin(
                    ofSum: sum,
                    base: base,
                    scale: sumScale,
                    hasTree: hasTree
                )
            }
        }
    }

    private func sum<Sum: MarginSum>(
        _: Sum.Type,
        _ memory: Work,
        count: Int,
        _ kernel: KernelName,
        _ codeStride: Int,
        into margins: UnsafeMutablePointer<Double>
    ) {
        let sums = unsafe memory.sums.assumingMemoryBound(to: Sum.self)
        // Kernels add to whole registers of rows.
        let started = min((count + Self.rowsTogether - 1) / Self.rowsTogether * Self.rowsTogether, Self.rowsMax)
        for output in 0..<outputCount {
            let start = Sum(arithmetic.start(base: baseMargins[output]))
            unsafe (sums + output * Self.rowsMax).update(repeating: start, count: started)
        }
        unsafe addTrees(memory, count: count, kernel, forms[count], codeStride, sums)
        for output in 0..<outputCount {
            let (from, to) = unsafe (sums + output * Self.rowsMax, margins + output)
            for row in 0..<count { unsafe to[row * outputCount] = Double(from[row]) }
        }
    }

    /// Rows that any kernel may add to, if it adds to one of them.
    private static let rowsTogether = 64

    /// Adds all trees to the sums of the first `count` rows, in one form; in slices, if the plan has not that form.
    func addTrees<Sum: MarginSum>(
        _ memory: Work,
        count: Int,
        _ kernel: KernelName,
        _ form: EvaluationForm,
        _ codeStride: Int,
        _ sums: UnsafeMutablePointer<Sum>
    ) {
        if form == .lanes, let lanes {
            unsafe kernel.addLanes(
                lanes.forest,
                memory.codes,
                codeStride,
                count: count,
                memory.temporary,
                sums
            )
        } else if form == .walk, let walk {
            for row in 0..<count {
                if large.treeCount > 0 {
                    unsafe LargeTreeWalk.add(large, walk, memory.rows, row: row, sums + row)
                } else {
                    let codes = unsafe memory.codes + row
                    unsafe TreeWalk.add(walk, codes, columns: columnCount, work: memory.temporary, sums + row)
                }
            }
        } else {
            unsafe addSlices(memory, count: count, kernel, sums)
        }
    }

    private func addSlices<Sum: MarginSum>(
        _ memory: Work,
        count: Int,
        _ kernel: KernelName,
        _ sums: UnsafeMutablePointer<Sum>
    ) {
        unsafe kernel.fillMasks(sliced.forest, memory.codes, count: count, memory.temporary, memory.masks)
        let runs = unsafe sliced.runs
        for index in runs.indices {
            let run = unsafe runs[index]
            let (first, many) = (Int(run.first), Int(run.count))
            if run.isWalked != 0 {
                unsafe LargeTreeWalk.add(large, largeTrees(from: first, many), memory.rows, count: count, sums)
            } else {
                unsafe kernel.addSlices(
                    sliced.forest,
                    from: first,
                    many,
                    memory.masks,
                    count: count,
                    memory.temporary,
                    sums
                )
            }
        }
    }

    /// Where some trees that follow each other, all of them large, are among the large ones.
    private func largeTrees(from first: Int, _ count: Int) -> Range<Int> {
        // Safety: the plan has `treeCount` trees, in order.
        var (low, high) = (0, large.treeCount)
        while low < high {
            let middle = (low + high) / 2
            if unsafe Int(large.trees[middle].tree) < first { low = middle + 1 } else { high = middle }
        }
        return low..<low + count
    }

    /// A thread's working memory, cut up for this plan.
    @unsafe
    struct Work {
        /// A pass of codes: 512 rows of a column, then those of the next.
        var codes: UnsafeMutablePointer<UInt8>
        var wideCodes: UnsafeMutablePointer<UInt16>
        let sums: UnsafeMutableRawPointer
        let temporary: UnsafeMutableRawPointer
        let narrowed: UnsafeMutablePointer<Float>
        let masks: UnsafeMutableRawPointer
        /// What large trees walk on.
        let rows: LargeTreeWalk.Rows
    }

    func work(_ scratch: KernelScratch, narrowedValues: Int) -> Work {
        let codeBytes = columnCount * Self.rowsMax
        let wideBytes = WideRank.codeCount(columns: wideColumnCount) * MemoryLayout<UInt16>.stride
        let maskBytes = sliced.maskCount * Int(CShimsMaskBytes)
        let narrowedBytes = (narrowedValues * MemoryLayout<Float>.stride + 63) / 64 * 64
        let blocks = unsafe scratch.prepare(
            codeByteCount: codeBytes + wideBytes + narrowedBytes + maskBytes + temporaryByteCount,
            sumByteCount: outputCount * Self.rowsMax * MemoryLayout<Double>.stride
        )
        let codes = unsafe blocks.codes.assumingMemoryBound(to: UInt8.self)
        let wideCodes = unsafe (blocks.codes + codeBytes).assumingMemoryBound(to: UInt16.self)
        let narrowed = unsafe blocks.codes + codeBytes + wideBytes
        let temporary = unsafe narrowed + narrowedBytes + maskBytes
        return unsafe Work(
            codes: codes,
            wideCodes: wideCodes,
            sums: blocks.sums,
            temporary: temporary,
            narrowed: narrowed.assumingMemoryBound(to: Float.self),
            masks: narrowed + narrowedBytes,
            rows: LargeTreeWalk.Rows(
                codes: codes,
                columnCount: columnCount,
                wideCodes: UnsafePointer(wideCodes),
                wideColumnCount: max(1, wideColumnCount),
                work: temporary
            )
        )
    }
}

extension RowSource {
    /// The rows from this one on.
    func advanced(rows: Int) -> Self {
        unsafe Self(start: start + rows * rowStride, rowStride: rowStride, featureStride: featureStride)
    }
}
