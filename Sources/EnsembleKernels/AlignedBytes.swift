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

    deinit { unsafe start.deallocate() }
}
