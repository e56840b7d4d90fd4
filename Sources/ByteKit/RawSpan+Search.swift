internal import Glibc

extension RawSpan {
    /// The offset of the first byte of this value in the range; nil if there is none.
    public func firstOffset(of byte: UInt8, in range: Range<Int>) -> Int? {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "a range outside the span")
        guard !range.isEmpty else { return nil }
        // Safety: the range is inside the span and not empty, so that there is an address; `memchr` reads that range alone.
        return unsafe withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + range.lowerBound, Int32(byte), range.count)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    /// Whether the bytes of the range are those of a text.
    public func holds(_ text: String, in range: Range<Int>) -> Bool {
        var text = text
        return text.withUTF8 { letters in unsafe holds(letters.span, in: range) }
    }

    /// Whether the bytes of the range are these letters.
    public func holds(_ letters: [UInt8], in range: Range<Int>) -> Bool { holds(letters.span, in: range) }

    private func holds(_ letters: Span<UInt8>, in range: Range<Int>) -> Bool {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "a range outside the span")
        guard letters.count == range.count, !range.isEmpty else { return letters.count == range.count }
        // Safety: both have as many bytes as are compared, and live through the closures.
        return unsafe withUnsafeBytes { bytes in
            unsafe letters.withUnsafeBytes { wanted in
                guard let base = bytes.baseAddress, let other = wanted.baseAddress else { return false }
                return unsafe memcmp(base + range.lowerBound, other, range.count) == 0
            }
        }
    }
}
