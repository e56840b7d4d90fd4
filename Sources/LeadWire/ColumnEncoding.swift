public import ByteKit

/// How the values of one column are written.
public enum ColumnEncoding: UInt8, Sendable, CaseIterable {
    /// No bytes: every value is missing.
    case absent = 0x00
    /// One double that all rows share.
    case constant = 0x01
    /// One bit a row.
    case bits = 0x10
    /// An unsigned byte a row.
    case uint8 = 0x11
    /// A signed byte a row.
    case int8 = 0x12
    /// An unsigned 16-bit integer a row.
    case uint16 = 0x13
    /// A signed 16-bit integer a row.
    case int16 = 0x14
    /// A signed 32-bit integer a row.
    case int32 = 0x15
    /// A signed 64-bit integer a row.
    case int64 = 0x16
    /// Signed 64-bit microseconds since 1970-01-01T00:00Z a row, for dates.
    case microseconds = 0x17
    /// A half-precision number a row; NaN is missing.
    case float16 = 0x20
    /// A single-precision number a row; NaN is missing.
    case float32 = 0x21
    /// A double-precision number a row; NaN is missing.
    case float64 = 0x22
    /// Strings, then for each row the index of one of them in a byte.
    case dictionary8 = 0x30
    /// Strings, then for each row the index of one of them in 16 bits.
    case dictionary16 = 0x31

    /// A fingerprint of bins, then for each row the bin of its value in a byte.
    case bins8 = 0x38
    /// A fingerprint of bins, then for each row the bin of its value in 16 bits.
    case bins16 = 0x39

    /// How the row values lie in the bytes; nil where there are none.
    public var element: PackedElement? {
        switch self {
        case .absent, .constant: nil
        case .bits: .bit
        case .uint8, .dictionary8, .bins8: .uint8
        case .int8: .int8
        case .uint16, .dictionary16, .bins16: .uint16
        case .int16: .int16
        case .int32: .int32
        case .int64: .int64
        case .microseconds: .microseconds
        case .float16: .float16
        case .float32: .float32
        case .float64: .float64
        }
    }

    /// Whether the row values are indices of strings that the message brings along.
    public var isDictionary: Bool {
        self == .dictionary8 || self == .dictionary16
    }

    /// Whether the row values are numbers of bins, which a model has for its columns.
    public var isBins: Bool {
        self == .bins8 || self == .bins16
    }

    /// Whether it can carry nothing but whole numbers, or indices.
    public var isWhole: Bool {
        switch self {
        case .bits, .uint8, .int8, .uint16, .int16, .int32, .int64, .dictionary8, .dictionary16, .bins8, .bins16:
            true
        case .absent, .constant, .microseconds, .float16, .float32, .float64: false
        }
    }

    /// Whether a validity bitmap may mark rows as missing; numbers in floating point say it by NaN.
    public var allowsValidity: Bool {
        switch self {
        case .absent, .float16, .float32, .float64: false
        default: true
        }
    }
}
