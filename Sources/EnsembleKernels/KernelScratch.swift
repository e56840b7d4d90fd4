/// A thread's working memory: codes of a block of rows, their sums, and columns that are computed first.
///
/// Grows to what the largest ensemble it has met needs; after that a call allocates nothing. One thread at a time.
@safe public final class KernelScratch {
    private struct Blocks: ~Copyable {
        var codes = AlignedBytes(count: 0)
        var sums = AlignedBytes(count: 0)
        var columns = AlignedBytes(count: 0)
    }

    /// At a place of their own: a class's variables are watched for overlapping access, at every call.
    private let blocks: UnsafeMutablePointer<Blocks>

    /// Empty working memory.
    public init() {
        // Safety: made here, freed in `deinit` alone, and private.
        unsafe blocks = .allocate(capacity: 1)
        unsafe blocks.initialize(to: Blocks())
    }

    deinit {
        unsafe blocks.deinitialize(count: 1)
        unsafe blocks.deallocate()
    }

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
        // Safety: the caller holds this object while it uses the blocks, on one thread.
        if unsafe blocks.pointee.codes.count < codeByteCount {
            unsafe blocks.pointee.codes = AlignedBytes(count: codeByteCount)
        }
        if unsafe blocks.pointee.sums.count < sumByteCount {
            unsafe blocks.pointee.sums = AlignedBytes(count: sumByteCount)
        }
        return unsafe (blocks.pointee.codes.start, blocks.pointee.sums.start)
    }

    /// Memory for this many bytes of columns, beside codes and sums.
    ///
    /// - Parameter byteCount: bytes of columns.
    /// - Returns: the block, aligned to 64; valid until the next call.
    func prepareColumns(byteCount: Int) -> UnsafeMutableRawPointer {
        // Safety: as above.
        if unsafe blocks.pointee.columns.count < byteCount {
            unsafe blocks.pointee.columns = AlignedBytes(count: byteCount)
        }
        return unsafe blocks.pointee.columns.start
    }
}
