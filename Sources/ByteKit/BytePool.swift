/// Blocks of memory that byte queues of one thread lend each other, so that only queues with something in them hold any.
///
/// There are blocks of a few sizes; a queue borrows the smallest that holds its bytes and changes it for the next when it
/// grows. The last block given back is the first lent again: the one that is still in the processor's cache. Not
/// `Sendable`: a pool and its queues belong to one thread.
@safe public final class BytePool {
    /// The sizes of blocks in bytes, smallest first.
    public let blockSizes: [Int]

    private let blocksKeptMax: Int
    private var blocks: [[UnsafeMutableRawPointer]]

    /// The usual sizes: for a small answer, for a few frames, and for a whole turn's reading or sealing (256 KiB and what
    /// TLS adds to it).
    public static let usualSizes = [8 << 10, 64 << 10, 288 << 10]

    /// An empty pool.
    ///
    /// - Parameters:
    ///   - blockSizes: The sizes of blocks in bytes, smallest first.
    ///   - blocksKeptMax: How many unused blocks of a size are kept; further ones are freed.
    public init(blockSizes: [Int] = usualSizes, blocksKeptMax: Int = 64) {
        precondition(
            blockSizes.allSatisfy { $0 > 0 } && blockSizes == blockSizes.sorted(),
            "sizes rise from above zero"
        )
        self.blockSizes = blockSizes
        self.blocksKeptMax = blocksKeptMax
        unsafe blocks = unsafe blockSizes.map { _ in unsafe [] }
    }

    /// How many unused blocks wait in the pool.
    public var unusedBlockCount: Int { unsafe blocks.reduce(0) { unsafe $0 + $1.count } }

    /// The smallest size that holds so many bytes; `nil` when none does.
    func sizeIndex(for bytes: Int) -> Int? {
        blockSizes.firstIndex { $0 >= bytes }
    }

    /// Lends a block of a size; the caller owns it until it is given back.
    @unsafe func lend(_ sizeIndex: Int) -> UnsafeMutableRawPointer {
        if let block = unsafe blocks[sizeIndex].popLast() { return unsafe block }
        // Owned by the caller from here on; `takeBack` or the caller frees it, once.
        return UnsafeMutableRawPointer.allocate(byteCount: blockSizes[sizeIndex], alignment: 64)
    }

    /// Takes a block back that `lend` gave.
    @unsafe func takeBack(_ block: UnsafeMutableRawPointer, _ sizeIndex: Int) {
        if unsafe blocks[sizeIndex].count < blocksKeptMax {
            unsafe blocks[sizeIndex].append(block)
        } else {
            // Safety: the caller gave up its only reference to a block from `lend`.
            unsafe block.deallocate()
        }
    }

    deinit {
        for index in unsafe blocks.indices {
            // Safety: each block of the lists was given back by its only owner.
            while let block = unsafe blocks[index].popLast() { unsafe block.deallocate() }
        }
    }
}
