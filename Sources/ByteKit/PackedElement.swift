/// How the values of a column lie in bytes, little-endian and without gaps.
public enum PackedElement: Sendable, Equatable {
    /// One bit a value, the lowest bit of a byte first.
    case bit
    /// Unsigned bytes.
    case uint8
    /// Signed bytes.
    case int8
    /// Unsigned 16-bit integers.
    case uint16
    /// Signed 16-bit integers.
    case int16
    /// Signed 32-bit integers.
    case int32
    /// Signed 64-bit integers, rounded where double precision does not hold them.
    case int64
    /// Signed 64-bit counts of microseconds, which are read as days.
    case microseconds
    /// Half-precision numbers.
    case float16
    /// Single-precision numbers.
    case float32
    /// Double-precision numbers.
    case float64

    /// How many bytes so many values take.
    @inlinable
    public func byteCount(of count: Int) -> Int {
        switch self {
        case .bit: (count + 7) >> 3
        case .uint8, .int8: count
        case .uint16, .int16, .float16: count << 1
        case .int32, .float32: count << 2
        case .int64, .microseconds, .float64: count << 3
        }
    }
}
