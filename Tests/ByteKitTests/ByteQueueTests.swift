import ByteKit
import Testing

@Suite struct ByteQueueTests {
    @Test func `bytes come out in the order they went in`() {
        var queue = ByteQueue()
        var expected: [UInt8] = []
        var next: UInt8 = 0
        // Appends and takes of changing sizes, with the array as the simple twin.
        for step in 0..<2000 {
            let piece = (0..<(step * 37 % 301)).map { _ in
                next &+= 1
                return next
            }
            queue.append(piece)
            expected += piece
            let taken = min(expected.count, step * 53 % 311)
            queue.removeFirst(taken)
            expected.removeFirst(taken)
            let count = queue.count
            #expect(count == expected.count, "step \(step)")
        }
        let bytes = queue.copy()
        #expect(bytes == expected)
    }

    @Test func `a queue with a pool holds a block only while it holds a byte`() {
        let pool = BytePool(blockSizes: [1000], blocksKeptMax: 2)
        var first = ByteQueue(pool: pool)
        var second = ByteQueue(pool: pool)
        first.append([1, 2, 3])
        second.append([4])
        #expect(pool.unusedBlockCount == 0)
        first.removeFirst(3)
        #expect(pool.unusedBlockCount == 1)
        second.removeAll()
        #expect(pool.unusedBlockCount == 2)
        first.append([5])
        #expect(pool.unusedBlockCount == 1)
        let bytes = first.copy()
        #expect(bytes == [5])
    }

    @Test func `a queue that outgrows its block gives it back and keeps its bytes`() {
        let pool = BytePool(blockSizes: [100], blocksKeptMax: 2)
        var queue = ByteQueue(pool: pool)
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
        queue.append(Array(bytes[..<60]))
        queue.append(Array(bytes[60...]))
        #expect(pool.unusedBlockCount == 1)
        let copy = queue.copy()
        #expect(copy == bytes)
        queue.removeFirst(1000)
        let isEmpty = queue.isEmpty
        #expect(isEmpty)
        #expect(pool.unusedBlockCount == 1)
    }

    @Test func `a queue that goes gives its block back`() {
        let pool = BytePool()
        do {
            var queue = ByteQueue(pool: pool)
            queue.append([1])
        }
        #expect(pool.unusedBlockCount == 1)
    }

    @Test func `a queue changes its block for a larger one as it grows`() {
        let pool = BytePool(blockSizes: [100, 1000], blocksKeptMax: 2)
        var queue = ByteQueue(pool: pool)
        let bytes = (0..<900).map { UInt8(truncatingIfNeeded: $0) }
        for start in stride(from: 0, to: 900, by: 30) { queue.append(Array(bytes[start..<start + 30])) }
        #expect(pool.unusedBlockCount == 1)
        let copy = queue.copy()
        #expect(copy == bytes)
        queue.removeAll()
        #expect(pool.unusedBlockCount == 2)
    }
}
