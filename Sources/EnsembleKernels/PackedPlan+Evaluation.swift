internal import CShims
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
            unsafe encode(pass, count: count, kernel, into: memory.codes)
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
        let narrows = arithmetic == .float32LessThan
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
                unsafe encode(narrow, count: count, kernel, into: memory.codes)
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
        into codes: UnsafeMutablePointer<UInt8>
    ) {
        let isFloat32 = arithmetic == .float32LessThan
        unsafe PortableQuantiser.rank(pass, count: count, rankers, passesEqual: isFloat32, into: codes)
        // XGBoost takes no negative number for a category, LightGBM those above -1 for category 0.
        let lowest: Float = isFloat32 ? -.leastNonzeroMagnitude : -1
        unsafe PortableQuantiser.classify(pass, count: count, categoryTables, lowest: lowest, into: codes)
    }

    /// Sums the trees over a pass of codes and writes its margins, widened, row by row.
    private func sum(_ memory: Work, count: Int, _ kernel: KernelName, into margins: UnsafeMutablePointer<Double>) {
        let blocks = (count + Self.blockRows - 1) / Self.blockRows
        switch arithmetic {
        case .float32LessThan:
            let sums = unsafe memory.sums.assumingMemoryBound(to: Float.self)
            for output in 0..<outputCount {
                let start = unsafe sums + output * Self.rowsMax
                unsafe start.update(repeating: Float(baseMargins[output]), count: blocks * Self.blockRows)
            }
            unsafe PortableKernel.add(forest, memory.codes, blocks: blocks, work: memory.temporary, sums)
            for output in 0..<outputCount {
                let start = unsafe sums + output * Self.rowsMax
                for row in 0..<count { unsafe margins[row * outputCount + output] = Double(start[row]) }
            }
        case .float64LessOrEqual:
            let sums = unsafe memory.sums.assumingMemoryBound(to: Double.self)
            for output in 0..<outputCount {
                let start = unsafe sums + output * Self.rowsMax
                unsafe start.update(repeating: baseMargins[output], count: blocks * Self.blockRows)
            }
            unsafe PortableKernel.add(forest, memory.codes, blocks: blocks, work: memory.temporary, sums)
            for output in 0..<outputCount {
                let start = unsafe sums + output * Self.rowsMax
                for row in 0..<count { unsafe margins[row * outputCount + output] = start[row] }
            }
        }
        for output in 0..<outputCount where !outputHasTree[output] {
            for row in 0..<count { unsafe margins[row * outputCount + output] = baseMargins[output] }
        }
    }

    /// A thread's working memory, cut up for this plan.
    @unsafe
    private struct Work {
        let codes: UnsafeMutablePointer<UInt8>
        let sums: UnsafeMutableRawPointer
        let temporary: UnsafeMutablePointer<UInt8>
        let narrowed: UnsafeMutablePointer<Float>
    }

    private func work(_ scratch: KernelScratch, narrowedFeatures: Int) -> Work {
        let codeBytes = columnCount * Self.rowsMax
        let narrowedBytes = narrowedFeatures * Self.rowsMax * MemoryLayout<Float>.stride
        let blocks = unsafe scratch.prepare(
            codeByteCount: codeBytes + narrowedBytes + PortableKernel.workByteCount,
            sumByteCount: outputCount * Self.rowsMax * MemoryLayout<Double>.stride
        )
        let codes = unsafe blocks.codes.assumingMemoryBound(to: UInt8.self)
        return unsafe Work(
            codes: codes,
            sums: blocks.sums,
            temporary: codes + codeBytes + narrowedBytes,
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
