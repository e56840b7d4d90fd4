/// Every reason for which a message gets no score; the numbers are part of the format and never change.
public enum WireErrorCode: UInt16, Error, Sendable, CaseIterable {
    /// The bytes do not begin as a message does.
    case badMagic = 1
    /// A version this receiver does not speak.
    case unsupportedVersion = 2
    /// The header's checksum does not fit its bytes.
    case headerChecksum = 3
    /// A type of message that does not exist, or has no business here.
    case unexpectedType = 4
    /// A flag this receiver does not know.
    case unknownFlag = 5
    /// A reserved byte, padding byte or unused bit that is not zero.
    case reservedNotZero = 6
    /// A length that contradicts the message, or runs past its end.
    case badLength = 7
    /// The stream ended inside a message.
    case truncated = 8
    /// A column encoding this receiver does not know.
    case unknownEncoding = 9
    /// A dictionary without entries, with too many, or a code past its last entry.
    case badDictionary = 10
    /// A name, version or dictionary entry that is not UTF-8.
    case badText = 11
    /// An output this receiver does not know, or none at all.
    case badOutputs = 12
    /// A number that may not stand where it stands.
    case badValue = 13
    /// A batch without rows.
    case emptyBatch = 14
    /// The checksum of the body does not fit its bytes.
    case bodyChecksum = 15

    /// More bytes than the receiver takes in a message.
    case messageTooLarge = 20
    /// More rows than the receiver takes in a message.
    case tooManyRows = 21
    /// More columns than the receiver takes in a message.
    case tooManyColumns = 22

    /// No model of this name.
    case unknownModel = 30
    /// The model has no such version in service.
    case unknownVersion = 31
    /// The batch was made for another schema; the error carries the expected fingerprint.
    case schemaMismatch = 32
    /// The batch has not as many columns as the schema.
    case columnCount = 33
    /// A column is encoded in a way its kind does not allow.
    case columnKind = 34
    /// The bins of a column are another model's; the error carries the fingerprint of this one's.
    case binsMismatch = 35

    /// The deadline passed before a row was scored.
    case deadlineExceeded = 40
    /// More work than the server can take now.
    case overloaded = 41
    /// The server is going down and takes no new requests.
    case draining = 42
    /// The server has no model in service yet.
    case notReady = 43
    /// The client has used what it may have scored, or keep in memory, for now.
    case quotaExceeded = 44

    /// The body is not of the media type of messages.
    case unsupportedMediaType = 50
    /// The client may not ask for that, or not of this model.
    case forbidden = 51
    /// The server failed; the fault is its own.
    case internalFailure = 60

    /// The name people see.
    public var name: String {
        switch self {
        case .badMagic: "bad-magic"
        case .unsupportedVersion: "unsupported-version"
        case .headerChecksum: "header-checksum"
        case .unexpectedType: "unexpected-type"
        case .unknownFlag: "unknown-flag"
        case .reservedNotZero: "reserved-not-zero"
        case .badLength: "bad-length"
        case .truncated: "truncated"
        case .unknownEncoding: "unknown-encoding"
        case .badDictionary: "bad-dictionary"
        case .badText: "bad-text"
        case .badOutputs: "bad-outputs"
        case .badValue: "bad-value"
        case .emptyBatch: "empty-batch"
        case .bodyChecksum: "body-checksum"
        case .messageTooLarge: "message-too-large"
        case .tooManyRows: "too-many-rows"
        case .tooManyColumns: "too-many-columns"
        case .unknownModel: "unknown-model"
        case .unknownVersion: "unknown-version"
        case .schemaMismatch: "schema-mismatch"
        case .columnCount: "column-count"
        case .columnKind: "column-kind"
        case .binsMismatch: "bins-mismatch"
        case .deadlineExceeded: "deadline-exceeded"
        case .overloaded: "overloaded"
        case .draining: "draining"
        case .notReady: "not-ready"
        case .quotaExceeded: "quota-exceeded"
        case .forbidden: "forbidden"
        case .unsupportedMediaType: "unsupported-media-type"
        case .internalFailure: "internal-failure"
        }
    }

    /// The status of the HTTP response whose first message is this error.
    public var httpStatus: Int {
        switch self {
        case .forbidden: 403
        case .unknownModel, .unknownVersion: 404
        case .schemaMismatch, .binsMismatch: 409
        case .messageTooLarge, .tooManyRows, .tooManyColumns: 413
        case .unsupportedMediaType: 415
        case .quotaExceeded: 429
        case .internalFailure: 500
        case .overloaded, .draining, .notReady: 503
        case .deadlineExceeded: 504
        default: 400
        }
    }

    /// Whether the same message may succeed later, and sending it again does no harm.
    public var isRetryable: Bool {
        switch self {
        case .deadlineExceeded, .overloaded, .draining, .notReady, .quotaExceeded: true
        default: false
        }
    }
}
