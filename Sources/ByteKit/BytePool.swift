/// Blocks of memory that byte queues of one thread lend each other, so that only queues with something in them hold any.
///
/// The last block given back is the first lent again: the one that is still in the processor's cache. Not `Sendable`:
/// a pool and its queues belong to one thread.
@safe public final class BytePool {
    /// The size of a block in bytes.
    public let blockBytes: Int
    private let blocksKeptMax: Int
    private var blocks: [UnsafeMutableRawPointer] = unsafe []

    /// An empty pool.
    ///
    /// - Parameters:
    ///   - blockBytes: The size of a block in bytes.
    ///   - blocksKeptMax: How many unused blocks are kept; further ones are freed.
    public init(blockBytes: Int = 64 << 10, blocksKeptMax: Int = 64) {
        precondition(blockBytes > 0, "a block holds at least one byte")
        self.blockBytes = blockBytes
        self.blocksKeptMax = blocksKeptMax
    }

    /// How many unused blocks wait in the pool.
    public var unusedBlockCount: Int { unsafe blocks.count }

    /// Lends a block; the caller owns it until it is given back.
    @unsafe func lend() -> UnsafeMutableRawPointer {
        if let block = unsafe blocks.popLast() { return unsafe block }
        // Safety: owned by the caller from here on; `takeBack` or the caller frees it, once.
        return UnsafeMutableRawPointer.allocate(byteCount: blockBytes, alignment: 64)
    }

    /// Takes a block back that `lend` gave.
    @unsafe func takeBack(_ block: UnsafeMutableRawPointer) {
        if unsafe blocks.count < blocksKeptMax {
            unsafe blocks.append(block)
        } else {
            // Safety: the caller gave up its only reference to a block from `lend`.
            unsafe block.deallocate()
        }
    }

    deinit {
        // Safety: each block of the list was given back by its only owner.
        while let block = unsafe blocks.popLast() { unsafe block.deallocate() }
    }
}
