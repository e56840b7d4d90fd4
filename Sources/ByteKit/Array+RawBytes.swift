extension Array where Element == UInt8 {
    /// The array's bytes in place, for as long as the array is not changed.
    @inlinable
    public var rawBytes: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            // Safety: bytes have no padding, so that every byte of the view is initialised; its lifetime is the array's.
            unsafe _overrideLifetime(span.bytes, borrowing: self)
        }
    }
}

extension Span where Element == UInt8 {
    /// The same bytes without their element type.
    public var rawBytes: RawSpan {
        @_lifetime(copy self)
        get {
            // Safety: bytes have no padding, so that every byte of the view is initialised; its lifetime is the span's.
            unsafe bytes
        }
    }
}
