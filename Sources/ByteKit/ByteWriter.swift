/// Bytes that grow at the end: little-endian numbers, text, whole columns, and patches of what was written before.
///
/// Keeps its storage through ``removeAll()``, so that a writer in use again and again stops allocating.
public struct ByteWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8] = []

    /// An empty writer with room for so many bytes.
    public init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// How many bytes have been written.
    public var count: Int { bytes.count }

    /// Forgets the bytes and keeps the storage.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// Forgets the bytes from this offset on.
    public mutating func truncate(to count: Int) {
        bytes.removeLast(bytes.count - count)
    }

    /// Makes room for so many bytes more.
    public mutating func reserve(_ more: Int) {
        bytes.reserveCapacity(bytes.count + more)
    }

    /// Hands the bytes out and is empty after.
    public mutating func take() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        return taken
    }

    /// Writes one byte.
    public mutating func put(_ byte: UInt8) {
        bytes.append(byte)
    }

    /// Writes an integer, low byte first.
    @inlinable
    public mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ integer: T) {
        let start = count
        putZeros(MemoryLayout<T>.size)
        patch(integer, at: start)
    }

    /// Writes the bytes of a single-precision number.
    public mutating func put(_ number: Float) {
        put(number.bitPattern)
    }

    /// Writes the bytes of a double-precision number.
    public mutating func put(_ number: Double) {
        put(number.bitPattern)
    }

    /// Writes the UTF-8 of a text, without a length or an end mark.
    public mutating func put(utf8 text: some StringProtocol) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Writes these bytes.
    public mutating func put(contentsOf more: RawSpan) {
        // Safety: the span keeps its bytes alive through the closure, and the array copies them.
        unsafe more.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// Writes so many zero bytes.
    public mutating func putZeros(_ count: Int) {
        bytes.append(contentsOf: repeatElement(0, count: count))
    }

    /// Writes zero bytes until the count is a multiple of the alignment, a power of two.
    public mutating func align(to alignment: Int) {
        precondition(alignment > 0 && alignment & (alignment - 1) == 0, "an alignment is a power of two")
        let gap = -bytes.count & (alignment - 1)
        for _ in 0..<gap { bytes.append(0) }
    }

    /// Overwrites an integer written before, low byte first.
    public mutating func patch<T: FixedWidthInteger & BitwiseCopyable>(_ integer: T, at offset: Int) {
        precondition(offset >= 0 && offset <= bytes.count - MemoryLayout<T>.size, "a patch outside what was written")
        // Safety: the bounds are checked on the line above; the store is of a trivial type and needs no alignment.
        unsafe bytes.withUnsafeMutableBytes {
            unsafe $0.storeBytes(of: integer.littleEndian, toByteOffset: offset, as: T.self)
        }
    }

    /// Writes a column of numbers as they lie in memory.
    public mutating func put(column: Span<Double>) {
        putElements(column)
    }

    /// Writes a column of numbers as they lie in memory.
    public mutating func put(column: Span<Float>) {
        putElements(column)
    }

    /// Writes a column of bytes.
    public mutating func put(column: Span<UInt8>) {
        putElements(column)
    }

    /// Writes a column of integers as they lie in memory.
    public mutating func put(column: Span<Int8>) {
        putElements(column)
    }

    /// Writes a column of integers as they lie in memory.
    public mutating func put(column: Span<Int64>) {
        putElements(column)
    }

    /// Writes a column of integers as they lie in memory.
    public mutating func put(column: Span<Int16>) {
        putElements(column)
    }

    /// Writes a column of integers as they lie in memory.
    public mutating func put(column: Span<UInt16>) {
        putElements(column)
    }

    /// Writes a column of integers as they lie in memory.
    public mutating func put(column: Span<Int32>) {
        putElements(column)
    }

    private mutating func putElements<T: BitwiseCopyable>(_ column: Span<T>) {
        #if _endian(big)
        #error("columns are copied as they lie in memory, which must be little-endian")
        #endif
        // Safety: the span keeps its elements alive through the closure, they are trivial, and the array copies them.
        unsafe column.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
}
