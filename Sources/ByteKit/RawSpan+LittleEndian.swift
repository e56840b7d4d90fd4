/// Little-endian reads at any byte offset; alignment does not matter.
///
/// An offset outside the span is the caller's mistake and stops the process: whoever reads bytes of a peer checks the
/// lengths first.
extension RawSpan {
    /// The byte at this offset.
    @inlinable
    public func byte(at offset: Int) -> UInt8 {
        // One comparison instead of two: a negative offset is a huge unsigned one.
        precondition(UInt(bitPattern: offset) < UInt(bitPattern: byteCount), "a read outside the span")
        // Safety: the bounds are checked on the line above.
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// The integer whose little-endian bytes begin at this offset.
    @inlinable
    public func integer<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: T.Type = T.self) -> T {
        T(littleEndian: load(at: offset, as: T.self))
    }

    /// The single-precision number whose little-endian bytes begin at this offset.
    @inlinable
    public func float(at offset: Int) -> Float {
        Float(bitPattern: integer(at: offset, as: UInt32.self))
    }

    /// The double-precision number whose little-endian bytes begin at this offset.
    @inlinable
    public func double(at offset: Int) -> Double {
        Double(bitPattern: integer(at: offset, as: UInt64.self))
    }

    /// Whether every byte of the range is zero.
    public func isZero(_ range: Range<Int>) -> Bool {
        var all: UInt8 = 0
        for offset in range { all |= byte(at: offset) }
        return all == 0
    }

    /// Whether the bytes of the range are well-formed UTF-8.
    public func isUTF8(_ range: Range<Int>) -> Bool {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "a range outside the span")
        // Safety: the range is inside the span, which lives through the closure; the buffer does not leave it.
        return unsafe withUnsafeBytes { bytes in
            let text = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
            return unsafe (try? UTF8Span(validating: text.bindMemory(to: UInt8.self).span)) != nil
        }
    }

    /// The bytes of the range as text; what is not UTF-8 becomes the replacement character.
    public func text(_ range: Range<Int>) -> String {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "a range outside the span")
        // Safety: the range is inside the span, and the string copies the bytes before the closure returns.
        return unsafe withUnsafeBytes { bytes in
            unsafe String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
        }
    }

    /// The bytes of the range as text; nil if they are not UTF-8.
    public func validText(_ range: Range<Int>) -> String? {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "a range outside the span")
        // Safety: the range is inside the span, and the string copies the bytes before the closure returns.
        return unsafe withUnsafeBytes { bytes in
            let text = unsafe UnsafeRawBufferPointer(rebasing: bytes[range]).bindMemory(to: UInt8.self)
            guard let valid = unsafe try? UTF8Span(validating: text.span) else { return nil }
            return String(copying: valid)
        }
    }

    /// A copy of the bytes.
    public var array: [UInt8] {
        // Safety: the array copies the bytes before the closure returns.
        unsafe withUnsafeBytes { unsafe Array($0) }
    }

    @inlinable
    @inline(__always)
    func load<T: BitwiseCopyable>(at offset: Int, as type: T.Type) -> T {
        precondition(
            offset >= 0 && MemoryLayout<T>.size <= byteCount && offset <= byteCount - MemoryLayout<T>.size,
            "a read outside the span"
        )
        // Safety: the bounds are checked on the line above, the type is bitwise copyable, and the load is unaligned.
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: T.self)
    }
}
