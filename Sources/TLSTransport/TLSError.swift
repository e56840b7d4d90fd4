internal import COpenSSL

/// What went wrong with TLS, with OpenSSL's own words where it had some.
public struct TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Kinds of failure.
    public enum Kind: String, Sendable {
        /// A certificate, key or authority file cannot be read or understood.
        case file

        /// The private key is not the certificate's.
        case keyMismatch

        /// The certificate's time is over.
        case certificateExpired

        /// The certificate's time has not come.
        case certificateNotYetValid

        /// A setting that OpenSSL refuses, or memory that it did not get.
        case setup

        /// The handshake failed: versions, suites, or a peer that does not speak TLS.
        case handshake

        /// The peer's certificate is missing or not trusted.
        case peerCertificate

        /// The peer did not agree on HTTP/2 by ALPN.
        case applicationProtocol

        /// The peer broke TLS after the handshake.
        case protocolViolation

        /// The session does not take plaintext: not yet, or no more.
        case notOpen
    }

    /// The kind of failure.
    public let kind: Kind

    /// What happened, in words.
    public let reason: String

    /// An error of a kind.
    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// What happened, in words.
    public var description: String { reason }
}

/// OpenSSL's queue of errors, which belongs to the thread: emptied before a call, read right after it.
enum OpenSSLErrors {
    static func clear() {
        ERR_clear_error()
    }

    /// The oldest reason in the queue, such as "certificate verify failed"; the queue is empty afterwards.
    static func takeReason() -> String? {
        let code = ERR_get_error()
        guard code != 0 else { return nil }
        defer { ERR_clear_error() }
        // Safety: the text is a constant of the library.
        if let text = unsafe ERR_reason_error_string(code) { return unsafe String(cString: text) }
        // System errors have no such text; the number is all there is.
        return "OpenSSL error \(code)"
    }
}
