/// Bytes in a row, appended at the back and taken from the front: the currency between sockets, TLS and HTTP/2.
///
/// ```
///  storage  |  taken  |  bytes (count)  |  unused  |
///           0         head              tail       capacity
/// ```
/// With a pool, an empty queue holds no memory at all: the first byte borrows a block and the last one taken gives it
/// back. A queue that outgrows its block moves to memory of its own. Not `Sendable` when it has a pool: one thread.
@safe public struct ByteQueue: ~Copyable {
    private var storage: UnsafeMutableRawPointer?
    private var capacity = 0
    private var head = 0
    private var tail = 0
    /// Which of the pool's sizes the storage is of; `nil` for memory of its own.
    private var lentSize: Int?
    private let pool: BytePool?

    /// An empty queue.
    ///
    /// - Parameter pool: Where its memory comes from; without one it is allocated, and kept until the end.
    public init(pool: BytePool? = nil) {
        unsafe storage = nil
        self.pool = pool
    }

    deinit {
        guard let storage = unsafe storage else { return }
        // Safety: the queue is the only owner of its storage.
        if let lentSize, let pool { unsafe pool.takeBack(storage, lentSize) } else { unsafe storage.deallocate() }
    }

    /// How many bytes wait.
    public var count: Int { tail &- head }

    /// Whether no byte waits.
    public var isEmpty: Bool { head == tail }

    /// The bytes that wait, oldest first.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            guard let storage = unsafe storage else { return RawSpan() }
            // Safety: head...tail lies in the storage and is initialised; the borrow keeps the queue from changing.
            let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(storage + head), byteCount: tail &- head)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Appends a copy of bytes.
    public mutating func append(_ more: RawSpan) {
        let count = more.byteCount
        guard count > 0 else { return }
        let unused = unsafe unusedStorage(minimumBytes: count)
        // Safety: `unusedStorage` made room for `count` bytes that no one else sees.
        unsafe more.withUnsafeBytes { source in
            unsafe unused.baseAddress!.copyMemory(from: source.baseAddress!, byteCount: count)
        }
        unsafe commit(count)
    }

    /// Appends a copy of bytes.
    public mutating func append(_ more: [UInt8]) {
        // Safety: the span does not outlive the call, and bytes have no padding.
        unsafe append(more.span.bytes)
    }

    /// Takes bytes from the front.
    ///
    /// - Parameter taken: How many; not more than there are.
    public mutating func removeFirst(_ taken: Int) {
        precondition(taken >= 0 && taken <= count, "no more bytes can be taken than wait")
        head &+= taken
        if head == tail { reset() }
    }

    /// Takes all bytes.
    public mutating func removeAll() {
        reset()
    }

    /// The bytes that wait, as an array.
    public func copy() -> [UInt8] {
        var array: [UInt8] = []
        array.reserveCapacity(count)
        // Safety: the span is used inside the closure only.
        unsafe bytes.withUnsafeBytes { unsafe array.append(contentsOf: $0) }
        return array
    }

    /// Makes room at the back without adding bytes, for a C function to fill; `commit` then adds what was filled.
    ///
    /// The pointer is good until the next change of the queue. The memory is not initialised.
    ///
    /// - Parameter minimumBytes: The least room needed.
    /// - Returns: All the room there is, at least that.
    @unsafe public mutating func unusedStorage(minimumBytes: Int) -> UnsafeMutableRawBufferPointer {
        if capacity &- tail < minimumBytes { makeRoom(minimumBytes) }
        return unsafe UnsafeMutableRawBufferPointer(start: storage! + tail, count: capacity &- tail)
    }

    /// Adds bytes that were written into `unusedStorage`.
    ///
    /// - Parameter added: How many bytes of it are now initialised.
    @unsafe public mutating func commit(_ added: Int) {
        precondition(added >= 0 && added <= capacity &- tail, "only bytes that had room can be added")
        tail &+= added
        if head == tail { reset() }
    }

    private mutating func makeRoom(_ minimumBytes: Int) {
        let count = self.count
        if let storage = unsafe storage, capacity &- count >= minimumBytes, head >= count {
            // Sliding costs no more than what was taken since the last time, and the ranges do not overlap.
            unsafe storage.copyMemory(from: storage + head, byteCount: count)
        } else {
            let needed = count + minimumBytes
            let newSize = pool?.sizeIndex(for: needed)
            let newCapacity: Int
            let newStorage: UnsafeMutableRawPointer
            // Safety: lent or allocated here, owned by the queue from here on; the old storage is let go exactly once.
            if let newSize, let pool {
                newCapacity = pool.blockSizes[newSize]
                unsafe newStorage = unsafe pool.lend(newSize)
            } else {
                newCapacity = max(needed, capacity * 2, 4096)
                unsafe newStorage = .allocate(byteCount: newCapacity, alignment: 64)
            }
            if let old = unsafe storage {
                unsafe newStorage.copyMemory(from: old + head, byteCount: count)
                unsafe letGo(old)
            }
            unsafe storage = newStorage
            capacity = newCapacity
            lentSize = newSize
        }
        head = 0
        tail = count
    }

    private mutating func reset() {
        head = 0
        tail = 0
        guard pool != nil, let old = unsafe storage else { return }
        unsafe letGo(old)
        unsafe storage = nil
        capacity = 0
        lentSize = nil
    }

    @unsafe private func letGo(_ old: UnsafeMutableRawPointer) {
        // Safety: the caller drops its only pointer to this storage.
        if let lentSize, let pool { unsafe pool.takeBack(old, lentSize) } else { unsafe old.deallocate() }
    }
}
