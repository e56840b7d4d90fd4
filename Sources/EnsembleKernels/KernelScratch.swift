/// A thread's working memory: codes of a block of rows, their sums, and columns that are computed first.
///
/// Grows to what the largest ensemble it has met needs; after that a call allocates nothing. One thread at a time.
public final class KernelScratch {
    private var codes = AlignedBytes(count: 0)
    private var sums = AlignedBytes(count: 0)
    private var columns = AlignedBytes(count: 0)

    /// Empty working memory.
    public init() {}

    /// Memory for this many bytes of codes and of sums.
    ///
    /// - Parameters:
    ///   - codeByteCount: bytes of codes; zero or what earlier rows left.
    ///   - sumByteCount: bytes of sums.
    /// - Returns: the two blocks, aligned to 64; valid until the next call.
    func prepare(
        codeByteCount: Int,
        sumByteCount: Int
    ) -> (codes: UnsafeMutableRawPointer, sums: UnsafeMutableRawPointer) {
        if codes.count < codeByteCount { codes = AlignedBytes(count: codeByteCount) }
        if sums.count < sumByteCount { sums = AlignedBytes(count: sumByteCount) }
        // Safety: the caller holds this object while it uses the blocks, on one thread.
        return unsafe (codes.start, sums.start)
    }

    /// Memory for this many bytes of columns, beside codes and sums.
    ///
    /// - Parameter byteCount: bytes of columns.
    /// - Returns: the block, aligned to 64; valid until the next call.
    func prepareColumns(byteCount: Int) -> UnsafeMutableRawPointer {
        if columns.count < byteCount { columns = AlignedBytes(count: byteCount) }
        // Safety: as above.
        return unsafe columns.start
    }
}
