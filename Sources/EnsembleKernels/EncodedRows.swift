// Safety of this file: the blocks are as large as the plan they were made for needs, with room behind for kernels that
// read a pass to its end; nothing is written after `init`, and whoever reads holds the object.

/// Rows that one kernel has turned into codes, in batches of one size: what trees look at, without what comes before.
///
/// For measuring. A batch lies as the kernel would have put it; batches of less than 512 rows share a pass.
public final class EncodedRows {
    /// How many batches there are.
    public let batchCount: Int
    /// Rows of a batch.
    public let batchRows: Int

    /// Whose plan the codes belong to.
    fileprivate let owner: EnsembleKernel
    /// A pass a block.
    fileprivate let blocks: Blocks
    /// From one batch of a pass to the next; nil if a batch takes whole passes.
    fileprivate let rowStride: Int?

    /// Memory of passes, which arrays cannot hold.
    final class Blocks {
        let bytes: AlignedBytes
        let passByteCount: Int

        init(passes: Int, passByteCount: Int) {
            bytes = AlignedBytes(count: passes * passByteCount + PackedPlan.rowsMax)
            self.passByteCount = passByteCount
        }

        func start(ofPass pass: Int) -> UnsafeMutablePointer<UInt8> {
            unsafe (bytes.start + pass * passByteCount).assumingMemoryBound(to: UInt8.self)
        }
    }

    fileprivate init(_ owner: EnsembleKernel, batches: Int, of rows: Int) {
        self.owner = owner
        (batchCount, batchRows) = (batches, rows)
        rowStride = Self.rowStride(owner, rows)
        let passes = Self.passCount(batches: batches, of: rows, rowStride)
        blocks = Blocks(passes: passes, passByteCount: owner.plan.columnCount * PackedPlan.rowsMax)
    }

    /// A few rows are taken from any place of a pass, more from a register's.
    private static func rowStride(_ owner: EnsembleKernel, _ rows: Int) -> Int? {
        if owner.plan.forms[rows] != .slices, rows <= PackedPlan.rowsMax { return rows }
        return rows <= PackedPlan.rowsMax / 2 ? (rows + 63) / 64 * 64 : nil
    }

    private static func passCount(batches: Int, of rows: Int, _ rowStride: Int?) -> Int {
        guard let rowStride else { return batches * ((rows + PackedPlan.rowsMax - 1) / PackedPlan.rowsMax) }
        let perPass = PackedPlan.rowsMax / rowStride
        return (batches + perPass - 1) / perPass
    }

    /// Where the codes of a batch's rows from `first` on start.
    fileprivate func start(ofBatch batch: Int, row first: Int) -> UnsafeMutablePointer<UInt8> {
        guard let rowStride else {
            let passes = (batchRows + PackedPlan.rowsMax - 1) / PackedPlan.rowsMax
            return unsafe blocks.start(ofPass: batch * passes + first / PackedPlan.rowsMax)
        }
        let perPass = PackedPlan.rowsMax / rowStride
        return unsafe blocks.start(ofPass: batch / perPass) + batch % perPass * rowStride
    }
}

extension EnsembleKernel {
    /// Turns float rows that lie side by side into codes.
    ///
    /// - Parameters:
    ///   - batches: how many batches.
    ///   - rows: rows of each.
    ///   - values: the matrix, row by row without gaps; NaN is missing.
    ///   - scratch: this thread's working memory.
    /// - Returns: the codes; nil for an ensemble that needs raw values or derived ones, or has trees too large
    ///   for slices.
    /// - Precondition: the matrix holds every row.
    public func encode(batches: Int, of rows: Int, values: Span<Float>, scratch: KernelScratch) -> EncodedRows? {
        precondition(batches > 0 && rows > 0, "there are rows")
        precondition(values.count >= batches * rows * featureCount, "the matrix holds every row")
        guard raw == nil, !hasDerivedFeatures, plan.large.treeCount == 0 else { return nil }
        let encoded = EncodedRows(self, batches: batches, of: rows)
        // Safety: the span was checked to hold every row, and outlives the call.
        unsafe values.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            let memory = unsafe plan.work(scratch, narrowedValues: 0)
            for batch in 0..<batches {
                for first in stride(from: 0, to: rows, by: PackedPlan.rowsMax) {
                    let count = min(PackedPlan.rowsMax, rows - first)
                    let pass = unsafe RowSource(
                        start: start + (batch * rows + first) * featureCount,
                        rowStride: featureCount,
                        featureStride: 1
                    )
                    unsafe plan.encode(pass, count: count, kernel, memory)
                    let to = unsafe encoded.start(ofBatch: batch, row: first)
                    for column in 0..<plan.columnCount {
                        let place = column * PackedPlan.rowsMax
                        unsafe (to + place).update(from: memory.codes + place, count: count)
                    }
                }
            }
        }
        return encoded
    }

    /// The margins of a batch of encoded rows, the same as those of the rows.
    ///
    /// - Parameters:
    ///   - encoded: what this kernel made of the rows.
    ///   - batch: which batch.
    ///   - scratch: this thread's working memory.
    ///   - margins: where margins go, row by row.
    /// - Precondition: this kernel made the codes, and there is room for the batch's margins.
    public func margins(
        of encoded: EncodedRows,
        batch: Int,
        scratch: KernelScratch,
        into margins: inout MutableSpan<Double>
    ) {
        precondition(encoded.owner === self, "codes mean nothing to another kernel")
        precondition((0..<encoded.batchCount).contains(batch), "there is such a batch")
        precondition(margins.count >= encoded.batchRows * outputCount, "room for every row's margins")
        // Safety: there is room for the margins, as just checked.
        unsafe margins.withUnsafeMutableBufferPointer { target in
            guard let out = target.baseAddress else { return }
            var memory = unsafe plan.work(scratch, narrowedValues: 0)
            for first in stride(from: 0, to: encoded.batchRows, by: PackedPlan.rowsMax) {
                let count = min(PackedPlan.rowsMax, encoded.batchRows - first)
                unsafe memory.codes = encoded.start(ofBatch: batch, row: first)
                unsafe plan.sum(memory, count: count, kernel, into: out + first * outputCount)
            }
        }
    }
}
