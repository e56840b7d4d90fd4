internal import CLanes

/// Asks for memory that rows are about to need, a share of it with each few rows: they would meet it in an order that no
/// processor foresees.
@unsafe
struct Prefetch {
    private var line: UnsafeRawPointer
    private var left: Int
    private let lines: Int
    private let rows: Int

    /// Asks for nothing yet.
    init(_ start: UnsafeRawPointer, byteCount: Int, rows: Int) {
        // Safety: the memory is asked for, never read.
        unsafe line = start
        unsafe lines = (byteCount + 63) / 64
        unsafe left = lines
        unsafe self.rows = rows
    }

    /// Asks for the share of so many rows.
    @inline(__always)
    mutating func next(forRows count: Int) {
        let now = unsafe min((lines &* count &+ rows &- 1) / rows, left)
        unsafe left &-= now
        for _ in 0..<now {
            unsafe CL_prefetch(line)
            unsafe line += 64
        }
    }
}
