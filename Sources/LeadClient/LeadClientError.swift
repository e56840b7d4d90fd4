/// Why a client has no answer; a refusal by the server is a `WireError` instead.
public struct LeadClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What failed.
    public enum Kind: String, Sendable {
        /// The server's address cannot be one.
        case badAddress
        /// No connection came about.
        case connect
        /// TLS failed: usually a certificate that is not trusted.
        case tls
        /// The connection broke or closed while requests were on their way.
        case connectionLost
        /// The answer did not come in time.
        case timeout
        /// The server answered in a way this client does not understand.
        case badResponse
        /// The client was closed.
        case closed
    }

    /// What failed.
    public let kind: Kind
    /// The reason, with the remedy where there is one.
    public let reason: String

    /// An error with its reason.
    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}
