/// A block of memory aligned to a cache line (and so to any vector register), owned by one value.
@safe
struct AlignedBytes: ~Copyable {
    /// The first byte; aligned to 64.
    let start: UnsafeMutableRawPointer
    /// Usable bytes.
    let count: Int
    /// Whose bytes these are, if not this value's own.
    private let plan: StoredPlan?

    /// Zeroed memory of this many bytes.
    init(count: Int) {
        // Safety: freshly allocated here and freed in `deinit` alone; readers keep the owner alive.
        unsafe start = UnsafeMutableRawPointer.allocate(byteCount: max(count, 64), alignment: 64)
        unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: max(count, 64))
        self.count = count
        plan = nil
    }

    /// A part of a stored plan, to be read alone; it starts at a multiple of 64.
    init(_ place: Range<Int>, of plan: StoredPlan) {
        precondition(place.upperBound <= plan.byteCount, "the part is inside the plan")
        // Safety: the plan's bytes stay where and as they are while the plan lives, which this value sees to.
        unsafe start = UnsafeMutableRawPointer(mutating: plan.start + place.lowerBound)
        count = place.count
        self.plan = plan
    }

    /// A copy of an array's elements.
    init<Element: BitwiseCopyable>(copying elements: [Element]) {
        count = elements.count * MemoryLayout<Element>.stride
        plan = nil
        let size = max(count, 64)
        // Safety: as above; the block is made as large as the source, and what is left of it is zeroed.
        unsafe start = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        unsafe elements.withUnsafeBytes { source in
            if let from = source.baseAddress { unsafe start.copyMemory(from: from, byteCount: source.count) }
        }
        unsafe (start + count).initializeMemory(as: UInt8.self, repeating: 0, count: size - count)
    }

    deinit {
        if plan == nil { unsafe start.deallocate() }
    }
}
