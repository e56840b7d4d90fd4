/// Runs of numbers out of bytes at any alignment, put behind those that an array holds.
///
/// The range is checked once; the loops have plain bodies over plain pointers, so that they become vector code.
extension RawSpan {
    /// Takes so many big-endian 32-bit integers from this offset.
    public func appendBigEndian(count: Int, at offset: Int, to numbers: inout [Int32]) {
        append(count: count, at: offset, UInt32.self, to: &numbers) { Int32(bitPattern: $0.byteSwapped) }
    }

    /// Takes so many big-endian single-precision numbers from this offset.
    public func appendBigEndian(count: Int, at offset: Int, to numbers: inout [Float]) {
        append(count: count, at: offset, UInt32.self, to: &numbers) { Float(bitPattern: $0.byteSwapped) }
    }

    /// Takes so many unsigned bytes from this offset.
    public func appendBytes(count: Int, at offset: Int, to numbers: inout [Int32]) {
        append(count: count, at: offset, UInt8.self, to: &numbers) { Int32($0) }
    }

    @inline(__always)
    private func append<Source: BitwiseCopyable, Target>(
        count: Int,
        at offset: Int,
        _ type: Source.Type,
        to numbers: inout [Target],
        _ convert: (Source) -> Target
    ) {
        let size = MemoryLayout<Source>.size
        precondition(
            count >= 0 && offset >= 0 && offset <= byteCount && count <= (byteCount - offset) / size,
            "a run of numbers outside the span"
        )
        numbers.append(addingCapacity: count) { output in
            // Safety: the precondition has put `count` numbers inside the span, the array has made room for as many behind
            // `filled`, they do not overlap (one is exclusive), and the reads need no alignment.
            unsafe withUnsafeBytes { source in
                unsafe output.withUnsafeMutableBufferPointer { room, filled in
                    guard let base = source.baseAddress, let to = room.baseAddress else { return }
                    let first = unsafe to + filled
                    for index in 0..<count {
                        let value = unsafe base.loadUnaligned(fromByteOffset: offset &+ index &* size, as: Source.self)
                        unsafe (first + index).initialize(to: convert(value))
                    }
                    filled += count
                }
            }
        }
    }
}
