internal import LeadTypes

/// The constants of the format; `proto-docs/WIRE.md` is the specification.
public enum WireFormat {
    /// The first four bytes of every message, `LDLN`.
    public static let magic: [UInt8] = [0x4C, 0x44, 0x4C, 0x4E]
    /// A receiver refuses another major version.
    public static let versionMajor: UInt8 = 1
    /// A receiver refuses a later minor version.
    public static let versionMinor: UInt8 = 0
    /// How many bytes the fixed header takes.
    public static let headerBytes = 32
    /// Where the fixed part of every body ends.
    public static let fixedBytes = 64
    /// Every column, and every message, takes a multiple of this many bytes.
    public static let alignment = 8
    /// The media type of messages in an HTTP body.
    public static let contentType = "application/vnd.leadline.v1"
    /// Where requests are posted.
    public static let scorePath = "/v1/score"
    /// The bits a reader of this version knows.
    static let knownOutputs = ScoreOutputs.all.union(.timings)
    /// Row, column or byte offset not known, in an error message.
    static let unknownPlace: UInt32 = .max
}

/// Rounds up to the alignment of the format.
func aligned(_ count: Int) -> Int {
    (count + (WireFormat.alignment - 1)) & ~(WireFormat.alignment - 1)
}

/// What a receiver accepts; each limit has its own error code.
public struct WireLimits: Sendable, Equatable {
    /// Rows in a message.
    public var rowsMax: Int
    /// Columns in a message.
    public var columnsMax: Int
    /// Bytes of a message, header included.
    public var messageBytesMax: Int
    /// Entries of one dictionary.
    public var dictionaryEntriesMax: Int
    /// Bytes of the text in an error message.
    public var errorTextBytesMax: Int

    /// Limits; what is not named has the server's default.
    public init(
        rowsMax: Int = 65_536,
        columnsMax: Int = 1_024,
        messageBytesMax: Int = 32 << 20,
        dictionaryEntriesMax: Int = 65_535,
        errorTextBytesMax: Int = 4_096
    ) {
        precondition(rowsMax > 0 && rowsMax <= Int(Int32.max), "rows are counted in 31 bits")
        precondition(messageBytesMax >= WireFormat.fixedBytes && messageBytesMax <= Int(Int32.max), "bytes in 31 bits")
        self.rowsMax = rowsMax
        self.columnsMax = columnsMax
        self.messageBytesMax = messageBytesMax
        self.dictionaryEntriesMax = dictionaryEntriesMax
        self.errorTextBytesMax = errorTextBytesMax
    }
}
