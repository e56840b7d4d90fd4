/// An HTTP/2 error code (RFC 9113 section 7).
public struct HTTP2ErrorCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number on the wire.
    public let rawValue: UInt32

    /// A code by its number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Nothing is wrong.
    public static let noError = HTTP2ErrorCode(rawValue: 0)

    /// The protocol was broken.
    public static let protocolError = HTTP2ErrorCode(rawValue: 1)

    /// We failed.
    public static let internalError = HTTP2ErrorCode(rawValue: 2)

    /// More was sent than the window allowed.
    public static let flowControlError = HTTP2ErrorCode(rawValue: 3)

    /// Settings were not acknowledged in time.
    public static let settingsTimeout = HTTP2ErrorCode(rawValue: 4)

    /// A frame came on a closed stream.
    public static let streamClosed = HTTP2ErrorCode(rawValue: 5)

    /// A frame has a wrong size.
    public static let frameSizeError = HTTP2ErrorCode(rawValue: 6)

    /// The stream was not processed at all; it may be tried again.
    public static let refusedStream = HTTP2ErrorCode(rawValue: 7)

    /// The stream is no longer wanted.
    public static let cancel = HTTP2ErrorCode(rawValue: 8)

    /// The header compression is out of step.
    public static let compressionError = HTTP2ErrorCode(rawValue: 9)

    /// The peer asks for too much.
    public static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 11)

    /// TLS is not good enough.
    public static let inadequateSecurity = HTTP2ErrorCode(rawValue: 12)

    /// The name in the RFC, or the number.
    public var description: String {
        let names = [
            "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
            "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
            "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
        ]
        return rawValue < UInt32(names.count) ? names[Int(rawValue)] : "error \(rawValue)"
    }
}

/// A request that cannot be begun.
public enum HTTP2Error: Error, Equatable, Sendable, CustomStringConvertible {
    /// The connection takes no new streams: it drains, broke, or used up its numbers.
    case noNewStreams

    /// The library refused, with its reason.
    case library(String)

    /// The reason in words.
    public var description: String {
        switch self {
        case .noNewStreams: "the HTTP/2 connection takes no new streams"
        case .library(let reason): "HTTP/2: \(reason)"
        }
    }
}
