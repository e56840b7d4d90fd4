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
            let layout = unsafe codeLayout(count, pass)
            if layout.isByRow {
                unsafe encodeByRow(pass, count: count, kernel, memory)
            } else {
                unsafe encode(pass, count: count, kernel, memory, codeStride: layout.columnStride)
            }
            unsafe sum(memory, count: count, kernel, layout, into: margins + first * outputCount)
        }
    }

    /// How the codes of so many rows go to the form that takes them; only trees in lanes know other layouts than a pass's.
    private func codeLayout(_ count: Int, _ rows: RowSource<Float>) -> CodeLayout {
        guard count <= CodeLayout.few.columnStride, lanes != nil, forms[count] == .lanes else { return .pass }
        // Places of values are numbers of 32 bits there.
        if count <= Self.rowsRankedSingly, ranks.hasGroups,
            unsafe featureCount <= Int(Int32.max) / max(1, rows.featureStride)
        {
            return .byRow
        }
        return count == 1 ? .one : .few
    }

    /// More rows are better turned into columns.
    private static let rowsRankedSingly = 16

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
        codeStride: Int = PackedPlan.rowsMax
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
        unsafe classify(pass, count: count, codeStride: codeStride, into: memory.codes)
        unsafe WideRank.rank(pass, count: count, wideRanks.rankers, columns: wideColumnCount, into: memory.wideCodes)
    }

    /// Turns a few float rows into codes, one after the other; trees in lanes have no wide columns.
    private func encodeByRow(_ pass: RowSource<Float>, count: Int, _ kernel: KernelName, _ memory: Work) {
        for index in 0..<count {
            let row = unsafe pass.advanced(rows: index)
            let codes = unsafe memory.codes + index * CodeLayout.byRow.rowStride
            unsafe ranks.rankRow(row, kernel, zeroEdge: Float(Arithmetic.zeroThreshold), into: codes)
            if !categoryTables.isEmpty { unsafe classify(row, count: 1, codeStride: 1, into: codes) }
        }
    }

    private func classify(
        _ rows: RowSource<Float>,
        count: Int,
        codeStride: Int,
        into codes: UnsafeMutablePointer<UInt8>
    ) {
        // XGBoost takes no negative number for a category, LightGBM those above -1 for category 0.
        let lowest: Float = arithmetic.comparison == .lessThan ? -.leastNonzeroMagnitude : -1
        unsafe PortableQuantiser.classify(
            rows,
            count: count,
            categoryTables,
            lowest: lowest,
            codeStride: codeStride,
            into: codes
        )
    }

    /// Sums the trees over a pass of codes and writes its margins, widened, row by row.
    func sum(
        _ memory: Work,
        count: Int,
        _ kernel: KernelName,
        _ layout: CodeLayout = .pass,
        into margins: UnsafeMutablePointer<Double>
    ) {
        switch arithmetic.sum {
        case .float32: unsafe sum(Float.self, memory, count: count, kernel, layout, into: margins)
        case .float64: unsafe sum(Double.self, memory, count: count, kernel, layout, into: margins)
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
        _ layout: CodeLayout,
        into margins: UnsafeMutablePointer<Double>
    ) {
        let sums = unsafe memory.sums.assumingMemoryBound(to: Sum.self)
        // Kernels add to whole registers of rows.
        let started = min((count + Self.rowsTogether - 1) / Self.rowsTogether * Self.rowsTogether, Self.rowsMax)
        for output in 0..<outputCount {
            let start = Sum(arithmetic.start(base: baseMargins[output]))
            unsafe (sums + output * Self.rowsMax).update(repeating: start, count: started)
        }
        unsafe addTrees(memory, count: count, kernel, forms[count], layout, sums)
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
        _ layout: CodeLayout,
        _ sums: UnsafeMutablePointer<Sum>
    ) {
        if form == .lanes, let lanes {
            unsafe kernel.addLanes(
                lanes.forest,
                memory.codes,
                layout,
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
        let codeBytes = max(columnCount, 4) * Self.rowsMax + 64
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
