internal import CShims
internal import EnsembleKernelsAVX512
import TreeEnsemble

// Safety of this file: `EnsembleKernel` checked that the matrix covers `rows` and that there is room for all margins; the
// scratch gives blocks as large as asked for, to one thread.
extension PackedPlan {
    private static var rowsMax: Int { Int(CShimsRowsMax) }
    private static var blockRows: Int { Int(CShimsBlockRows) }

    /// Evaluates float rows, a pass of up to `rowsMax` at a time: codes, then trees, then margins.
    func evaluate(
        _ matrix: RowSource<Float>,
        rows: Int,
        _ kernel: KernelName,
        _ scratch: KernelScratch,
        into margins: UnsafeMutablePointer<Double>
    ) {
        let memory = unsafe work(scratch, narrowedFeatures: 0)
        for first in stride(from: 0, to: rows, by: Self.rowsMax) {
            let count = min(Self.rowsMax, rows - first)
            let pass = unsafe matrix.advanced(rows: first)
            unsafe encode(pass, count: count, kernel, memory)
            unsafe sum(memory, count: count, kernel, into: margins + first * outputCount)
        }
    }

    /// Evaluates double rows; those of a float32 ensemble are narrowed, a pass at a time.
    func evaluate(
        _ matrix: RowSource<Double>,
        rows: Int,
        _ kernel: KernelName,
        _ scratch: KernelScratch,
        into margins: UnsafeMutablePointer<Double>
    ) {
        let narrows = arithmetic.values == .float32
        let memory = unsafe work(scratch, narrowedFeatures: narrows ? featureCount : 0)
        for first in stride(from: 0, to: rows, by: Self.rowsMax) {
            let count = min(Self.rowsMax, rows - first)
            let pass = unsafe matrix.advanced(rows: first)
            if narrows {
                for feature in 0..<featureCount {
                    let from = unsafe pass.start + feature * pass.featureStride
                    let to = unsafe memory.narrowed + feature * Self.rowsMax
                    for row in 0..<count { unsafe to[row] = Float(from[row * pass.rowStride]) }
                }
                let narrow = unsafe RowSource(
                    start: UnsafePointer(memory.narrowed),
                    rowStride: 1,
                    featureStride: Self.rowsMax
                )
                unsafe encode(narrow, count: count, kernel, memory)
            } else {
                unsafe PortableQuantiser.rank(pass, count: count, rankers, into: memory.codes)
                unsafe PortableQuantiser.classify(pass, count: count, categoryTables, lowest: -1, into: memory.codes)
            }
            unsafe sum(memory, count: count, kernel, into: margins + first * outputCount)
        }
    }

    /// Turns a pass of float rows into codes.
    private func encode(
        _ pass: RowSource<Float>,
        count: Int,
        _ kernel: KernelName,
        _ memory: Work
    ) {
        let isFloat32 = arithmetic.comparison == .lessThan
        switch kernel {
        case .portable:
            unsafe PortableQuantiser.rank(pass, count: count, rankers, passesEqual: isFloat32, into: memory.codes)
        case .avx512:
            #if arch(x86_64)
            if let first = unsafe rankers.baseAddress {
                unsafe rankAVX512(
                    pass.start,
                    rowStride: pass.rowStride,
                    featureStride: pass.featureStride,
                    featureCount: featureCount,
                    count: count,
                    first,
                    rankerCount: rankers.count,
                    passesEqual: isFloat32,
                    zeroEdge: Float(Arithmetic.zeroThreshold),
                    work: memory.temporary,
                    into: memory.codes
                )
            }
            #endif
        }
        // XGBoost takes no negative number for a category, LightGBM those above -1 for category 0.
        let lowest: Float = isFloat32 ? -.leastNonzeroMagnitude : -1
        unsafe PortableQuantiser.classify(pass, count: count, categoryTables, lowest: lowest, into: memory.codes)
    }

    /// Sums the trees over a pass of codes and writes its margins, widened, row by row.
    private func sum(_ memory: Work, count: Int, _ kernel: KernelName, into margins: UnsafeMutablePointer<Double>) {
        // Vector kernels add to whole blocks, or to a few rows.
        let starts = count <= fewRowsMax(kernel) ? Self.blockRows : Self.rowsMax
        switch arithmetic.sum {
        case .float32:
            let sums = unsafe memory.sums.assumingMemoryBound(to: Float.self)
            for output in 0..<outputCount {
                unsafe (sums + output * Self.rowsMax).update(repeating: Float(start(output)), count: starts)
            }
            unsafe addTrees(memory, count: count, kernel, sums)
            for output in 0..<outputCount {
                let (from, to) = unsafe (sums + output * Self.rowsMax, margins + output)
                for row in 0..<count {
                    unsafe to[row * outputCount] = Double(from[place(ofRow: row, kernel, count: count)])
                }
            }
        case .float64:
            let sums = unsafe memory.sums.assumingMemoryBound(to: Double.self)
            for output in 0..<outputCount {
                unsafe (sums + output * Self.rowsMax).update(repeating: start(output), count: starts)
            }
            unsafe addTrees(memory, count: count, kernel, sums)
            for output in 0..<outputCount {
                let (from, to) = unsafe (sums + output * Self.rowsMax, margins + output)
                for row in 0..<count { unsafe to[row * outputCount] = from[place(ofRow: row, kernel, count: count)] }
            }
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

    private func start(_ output: Int) -> Double { arithmetic.start(base: baseMargins[output]) }

    private func addTrees(_ memory: Work, count: Int, _ kernel: KernelName, _ sums: UnsafeMutablePointer<Float>) {
        if count <= fewRowsMax(kernel) {
            unsafe addTreesToFew(memory, count: count, sums)
            return
        }
        let blocks = (count + Self.blockRows - 1) / Self.blockRows
        switch kernel {
        case .portable:
            unsafe PortableKernel.add(
                forest,
                memory.codes,
                blocks: blocks,
                work: memory.temporary.assumingMemoryBound(to: UInt8.self),
                sums
            )
        case .avx512:
            #if arch(x86_64)
            unsafe addTreesAVX512(forest, memory.codes, blocks: blocks, sums)
            #endif
        }
    }

    private func addTrees(_ memory: Work, count: Int, _ kernel: KernelName, _ sums: UnsafeMutablePointer<Double>) {
        if count <= fewRowsMax(kernel) {
            unsafe addTreesToFew(memory, count: count, sums)
            return
        }
        let blocks = (count + Self.blockRows - 1) / Self.blockRows
        switch kernel {
        case .portable:
            unsafe PortableKernel.add(
                forest,
                memory.codes,
                blocks: blocks,
                work: memory.temporary.assumingMemoryBound(to: UInt8.self),
                sums
            )
        case .avx512:
            #if arch(x86_64)
            unsafe addTreesAVX512(forest, memory.codes, blocks: blocks, sums)
            #endif
        }
    }

    /// Walks a few rows, or takes their trees side by side; sums lie row by row.
    private func addTreesToFew(_ memory: Work, count: Int, _ sums: UnsafeMutablePointer<Float>) {
        #if arch(x86_64)
        if let lanes {
            unsafe addTreeLanesAVX512(lanes.forest, memory.codes, count: count, work: memory.temporary, sums)
        }
        #endif
        guard let walk else { return }
        for row in 0..<count {
            let codes = unsafe memory.codes + row
            unsafe TreeWalk.add(walk, codes, columns: columnCount, work: memory.temporary, sums + row)
        }
    }

    private func addTreesToFew(_ memory: Work, count: Int, _ sums: UnsafeMutablePointer<Double>) {
        #if arch(x86_64)
        if let lanes {
            unsafe addTreeLanesAVX512(lanes.forest, memory.codes, count: count, work: memory.temporary, sums)
        }
        #endif
        guard let walk else { return }
        for row in 0..<count {
            let codes = unsafe memory.codes + row
            unsafe TreeWalk.add(walk, codes, columns: columnCount, work: memory.temporary, sums + row)
        }
    }

    /// Up to this many rows another form is faster than clearing bits for 64: measured on 500 trees of 31 and of 64
    /// leaves.
    private func fewRowsMax(_ kernel: KernelName) -> Int {
        if let lanes { return lanes.rowsMax }
        guard walk != nil else { return 0 }
        switch kernel {
        case .portable: return 24
        case .avx512: return 5
        }
    }

    /// Where a row's sum lies among an output's: vector kernels keep each block in the order that their lanes have.
    @inline(__always)
    private func place(ofRow row: Int, _ kernel: KernelName, count: Int) -> Int {
        switch kernel {
        case .portable: row
        case .avx512 where count <= fewRowsMax(kernel): row
        case .avx512: row / Self.blockRows * Self.blockRows + Int(sumPlaces[row % Self.blockRows])
        }
    }

    /// A thread's working memory, cut up for this plan.
    @unsafe
    private struct Work {
        let codes: UnsafeMutablePointer<UInt8>
        let sums: UnsafeMutableRawPointer
        let temporary: UnsafeMutableRawPointer
        let narrowed: UnsafeMutablePointer<Float>
    }

    /// Working memory for whichever of the evaluators runs: ranking, clearing or walking.
    private var temporaryByteCount: Int {
        let walking = TreeWalk.workByteCount(columns: columnCount, trees: Int(unsafe forest.treeCount))
        #if arch(x86_64)
        return max(PortableKernel.workByteCount, rankWorkByteCount, treeLanesWorkByteCount, walking)
        #else
        return max(PortableKernel.workByteCount, walking)
        #endif
    }

    private func work(_ scratch: KernelScratch, narrowedFeatures: Int) -> Work {
        let codeBytes = columnCount * Self.rowsMax
        let narrowedBytes = narrowedFeatures * Self.rowsMax * MemoryLayout<Float>.stride
        let blocks = unsafe scratch.prepare(
            codeByteCount: codeBytes + narrowedBytes + temporaryByteCount,
            sumByteCount: outputCount * Self.rowsMax * MemoryLayout<Double>.stride
        )
        let codes = unsafe blocks.codes.assumingMemoryBound(to: UInt8.self)
        return unsafe Work(
            codes: codes,
            sums: blocks.sums,
            temporary: blocks.codes + codeBytes + narrowedBytes,
            narrowed: UnsafeMutableRawPointer(codes + codeBytes).assumingMemoryBound(to: Float.self)
        )
    }
}

extension RowSource {
    /// The rows from this one on.
    func advanced(rows: Int) -> Self {
        unsafe Self(start: start + rows * rowStride, rowStride: rowStride, featureStride: featureStride)
    }
}
