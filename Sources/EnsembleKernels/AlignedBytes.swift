/// A block of memory aligned to a cache line (and so to any vector register), owned by one value.
@safe
struct AlignedBytes: ~Copyable {
    /// The first byte; aligned to 64.
    let start: UnsafeMutableRawPointer
    /// Usable bytes.
    let count: Int

    /// Zeroed memory of this many bytes.
    init(count: Int) {
        // Safety: freshly allocated here and freed in `deinit` alone; readers keep the owner alive.
        unsafe start = UnsafeMutableRawPointer.allocate(byteCount: max(count, 64), alignment: 64)
        unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: max(count, 64))
        self.count = count
    }

    /// A copy of an array's elements.
    init<Element: BitwiseCopyable>(copying elements: [Element]) {
        count = elements.count * MemoryLayout<Element>.stride
        let size = max(count, 64)
        // Safety: as above; the block is made as large as the source, and what is left of it is zeroed.
        unsafe start = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        unsafe elements.withUnsafeBytes { source in
            if let from = source.baseAddress { unsafe start.copyMemory(from: from, byteCount: source.count) }
        }
        unsafe (start + count).initializeMemory(as: UInt8.self, repeating: 0, count: size - count)
    }

    deinit { unsafe start.deallocate() }
}
