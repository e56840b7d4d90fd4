internal import ByteKit
internal import COpenSSL
internal import Glibc

/// Whether a server asks its clients for certificates.
public enum ClientCertificatePolicy: String, CaseIterable, Sendable {
    /// It does not ask.
    case off

    /// It asks; a client without one is served too, one with a bad one is not.
    case optional

    /// It serves only clients with a certificate of the given authority.
    case required
}

/// The protocol that is spoken inside of TLS, by its name of ALPN (RFC 7301).
public enum ApplicationProtocol: String, Sendable {
    /// HTTP/2. A peer that does not offer it is refused.
    case http2 = "h2"

    /// HTTP/1.1. A peer that offers no protocol at all means it too; one that offers others is refused.
    case http1 = "http/1.1"
}

/// What a server's TLS is made of.
public struct TLSServerConfiguration: Sendable {
    /// The PEM file of the certificate, followed by those between it and the authority's.
    public var certificateChainPath: String

    /// The PEM file of its private key.
    public var privateKeyPath: String

    /// Whether clients are asked for certificates.
    public var clientCertificates: ClientCertificatePolicy

    /// The PEM file of the authorities whose client certificates are accepted.
    public var clientAuthorityPath: String?

    /// A configuration.
    public init(
        certificateChainPath: String,
        privateKeyPath: String,
        clientCertificates: ClientCertificatePolicy = .off,
        clientAuthorityPath: String? = nil
    ) {
        self.certificateChainPath = certificateChainPath
        self.privateKeyPath = privateKeyPath
        self.clientCertificates = clientCertificates
        self.clientAuthorityPath = clientAuthorityPath
    }
}

/// What a client's TLS is made of.
public struct TLSClientConfiguration: Sendable {
    /// The PEM file of the authorities that are trusted; `nil` trusts those of the system.
    public var authorityPath: String?

    /// The PEM file of our certificate, for servers that ask.
    public var certificateChainPath: String?

    /// The PEM file of its private key.
    public var privateKeyPath: String?

    /// A configuration.
    public init(authorityPath: String? = nil, certificateChainPath: String? = nil, privateKeyPath: String? = nil) {
        self.authorityPath = authorityPath
        self.certificateChainPath = certificateChainPath
        self.privateKeyPath = privateKeyPath
    }
}

/// Keys, trust and rules that sessions share: TLS 1.2 and 1.3, forward secrecy and authenticated suites, one protocol inside.
///
/// No renegotiation, no compression, no early data, no server-side session cache. Immutable; to change certificates,
/// make a new context and give it to new sessions: those under way keep the one they began with.
@safe public final class TLSContext: @unchecked Sendable {
    // Guarded by being immutable: after init, the pointer goes only to SSL_new, which may be called from any thread.
    package let pointer: OpaquePointer

    /// Whether sessions accept (server) or connect (client).
    public let isServer: Bool

    /// What is spoken inside.
    public let applicationProtocol: ApplicationProtocol

    /// When our own certificate ends, in seconds since 1970; `nil` for a client without one.
    public private(set) var certificateEnd: Int?

    /// The keys of its tickets; the context's C side knows where they are.
    private let tickets: TicketKeys?

    /// A server's context.
    ///
    /// - Parameters:
    ///   - configuration: Files and policy.
    ///   - tickets: The keys of session tickets; keys of its own, for as long as it lives, when `nil`.
    ///   - applicationProtocol: What is spoken inside.
    /// - Throws: `TLSError` when a file cannot be used, the pair does not match, or the certificate is not valid now.
    public convenience init(
        server configuration: TLSServerConfiguration,
        tickets: TicketKeys? = nil,
        speaking applicationProtocol: ApplicationProtocol = .http2
    ) throws(TLSError) {
        try self.init(server: configuration, tickets: tickets, speaking: applicationProtocol, checksDates: true)
    }

    /// Tests need servers with certificates that no one should trust.
    package init(
        server configuration: TLSServerConfiguration,
        tickets: TicketKeys? = nil,
        speaking applicationProtocol: ApplicationProtocol = .http2,
        checksDates: Bool
    ) throws(TLSError) {
        // Safety: the method is a constant; the context is freed in deinit, also when a later line throws.
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else {
            throw TLSError(.setup, "no memory for a TLS context")
        }
        unsafe pointer = context
        isServer = true
        self.applicationProtocol = applicationProtocol
        self.tickets = tickets
        try applyCommonRules()
        try useCertificate(configuration.certificateChainPath, key: configuration.privateKeyPath, checksDates)
        // Safety: the callbacks capture nothing and read only what OpenSSL hands them.
        switch applicationProtocol {
        case .http2: unsafe SSL_CTX_set_alpn_select_cb(context, selectHTTP2, nil)
        case .http1: unsafe SSL_CTX_set_alpn_select_cb(context, selectHTTP1, nil)
        }
        _ = unsafe SSL_CTX_set_num_tickets(context, 1)
        _ = unsafe SSL_CTX_set_max_early_data(context, 0)
        if let tickets, unsafe !tickets.install(in: context) {
            throw TLSError(.setup, OpenSSLErrors.takeReason() ?? "session tickets cannot be set up")
        }
        try askForClientCertificates(configuration)
    }

    /// A client's context.
    ///
    /// - Parameters:
    ///   - configuration: Files.
    ///   - applicationProtocol: What is spoken inside.
    /// - Throws: `TLSError` when a file cannot be used or the pair does not match.
    public init(
        client configuration: TLSClientConfiguration,
        speaking applicationProtocol: ApplicationProtocol = .http2
    ) throws(TLSError) {
        // Safety: as for servers.
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw TLSError(.setup, "no memory for a TLS context")
        }
        unsafe pointer = context
        isServer = false
        self.applicationProtocol = applicationProtocol
        tickets = nil
        try applyCommonRules()
        OpenSSLErrors.clear()
        if let authorities = configuration.authorityPath {
            try Self.checkReadable(authorities, as: "authority file")
            guard unsafe SSL_CTX_load_verify_locations(context, authorities, nil) == 1 else {
                throw Self.fileError("authority file", authorities)
            }
        } else {
            guard unsafe SSL_CTX_set_default_verify_paths(context) == 1 else {
                throw TLSError(.setup, "the system's certificate authorities cannot be read")
            }
        }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        let name = Array(applicationProtocol.rawValue.utf8)
        // Safety: the library copies the bytes: the name's length, and the name.
        guard unsafe SSL_CTX_set_alpn_protos(context, [UInt8(name.count)] + name, UInt32(name.count + 1)) == 0 else {
            throw TLSError(.setup, "ALPN cannot be set")
        }
        switch (configuration.certificateChainPath, configuration.privateKeyPath) {
        case (let certificate?, let key?): try useCertificate(certificate, key: key, true)
        case (nil, nil): break
        case (_?, nil): throw TLSError(.file, "a client certificate needs its private key")
        case (nil, _?): throw TLSError(.file, "a client's private key needs its certificate")
        }
    }

    deinit { unsafe SSL_CTX_free(pointer) }

    /// Narrows the versions: tests play peers of long ago.
    package func limitVersions(minimum: Int32, maximum: Int32) {
        // Safety: the context is ours and no session uses it yet. Level 0 lets such a peer exist at all.
        _ = unsafe leadline_SSL_CTX_set_min_proto_version(pointer, minimum)
        _ = unsafe leadline_SSL_CTX_set_max_proto_version(pointer, maximum)
        unsafe SSL_CTX_set_security_level(pointer, 0)
        _ = unsafe SSL_CTX_set_cipher_list(pointer, "ALL:@SECLEVEL=0")
    }

    /// Takes ALPN away: tests play clients that do not offer it.
    package func forgetApplicationProtocols() {
        // Safety: the context is ours and no session uses it yet.
        _ = unsafe SSL_CTX_set_alpn_protos(pointer, nil, 0)
    }

    private func applyCommonRules() throws(TLSError) {
        // Safety: all calls change our own context, which no session uses yet.
        OpenSSLErrors.clear()
        guard unsafe leadline_SSL_CTX_set_min_proto_version(pointer, TLS1_2_VERSION) == 1,
            // RFC 9113 section 9.2.2 and appendix A: for TLS 1.2 ephemeral key exchange and AEAD only.
            unsafe SSL_CTX_set_cipher_list(pointer, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1
        else { throw TLSError(.setup, OpenSSLErrors.takeReason() ?? "TLS rules cannot be set") }
        _ = unsafe leadline_SSL_CTX_set_mode(pointer, leadline_SSL_modes())
        _ = unsafe SSL_CTX_set_options(pointer, leadline_SSL_options())
        _ = unsafe leadline_SSL_CTX_set_session_cache_mode(pointer, Int(SSL_SESS_CACHE_OFF))
        // A key with a passphrase would otherwise ask for it on the terminal, and a server would hang there.
        unsafe SSL_CTX_set_default_passwd_cb(pointer, { _, _, _, _ in 0 })
    }

    private func useCertificate(_ chain: String, key: String, _ checksDates: Bool) throws(TLSError) {
        try Self.checkReadable(chain, as: "certificate file")
        try Self.checkReadable(key, as: "private key file")
        OpenSSLErrors.clear()
        guard unsafe SSL_CTX_use_certificate_chain_file(pointer, chain) == 1 else {
            throw Self.fileError("certificate file", chain)
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(pointer, key, SSL_FILETYPE_PEM) == 1 else {
            let reason = OpenSSLErrors.takeReason() ?? ""
            if reason.contains("mismatch") { throw Self.mismatch(chain, key) }
            if reason.contains("password") || reason.contains("bad decrypt") {
                throw TLSError(.file, "private key file \(key): it is protected by a passphrase; give one without")
            }
            throw TLSError(.file, "private key file \(key): \(reason.isEmpty ? "not a PEM private key" : reason)")
        }
        guard unsafe SSL_CTX_check_private_key(pointer) == 1 else {
            OpenSSLErrors.clear()
            throw Self.mismatch(chain, key)
        }
        // Safety: the certificate belongs to the context, and its times to the certificate.
        let certificate = unsafe SSL_CTX_get0_certificate(pointer)
        if checksDates {
            if unsafe X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0 {
                throw TLSError(.certificateExpired, "certificate file \(chain): the certificate has expired")
            }
            if unsafe X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0 {
                throw TLSError(.certificateNotYetValid, "certificate file \(chain): the certificate is not valid yet")
            }
        }
        var days: Int32 = 0
        var seconds: Int32 = 0
        if unsafe ASN1_TIME_diff(&days, &seconds, nil, X509_get0_notAfter(certificate)) == 1 {
            certificateEnd = time(nil) + Int(days) * 86_400 + Int(seconds)
        }
    }

    private func askForClientCertificates(_ configuration: TLSServerConfiguration) throws(TLSError) {
        guard configuration.clientCertificates != .off else { return }
        guard let authorities = configuration.clientAuthorityPath else {
            throw TLSError(.file, "client certificates can be checked only with an authority file")
        }
        let bytes = try Self.checkReadable(authorities, as: "client authority file")
        OpenSSLErrors.clear()
        // Safety: our own context; the name list is given to it.
        guard unsafe SSL_CTX_load_verify_locations(pointer, authorities, nil) == 1,
            let names = unsafe SSL_load_client_CA_file(authorities)
        else { throw Self.fileError("client authority file", authorities) }
        unsafe SSL_CTX_set_client_CA_list(pointer, names)
        let isRequired = configuration.clientCertificates == .required
        unsafe SSL_CTX_set_verify(
            pointer,
            isRequired ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_PEER,
            nil
        )
        // A resumed session is not verified again: a ticket is good only under the authorities that it was made under.
        let digest = SHA256Digest.of(bytes + Array(configuration.clientCertificates.rawValue.utf8))
        guard unsafe SSL_CTX_set_session_id_context(pointer, digest, UInt32(digest.count)) == 1 else {
            throw TLSError(.setup, OpenSSLErrors.takeReason() ?? "the session context cannot be set")
        }
    }

    /// Reads a file, for its errno: OpenSSL's own report of a missing file is not meant for people.
    @discardableResult
    private static func checkReadable(_ path: String, as what: String) throws(TLSError) -> [UInt8] {
        do {
            return try PEMFile.read(path)
        } catch {
            throw TLSError(.file, "\(what) \(path): \(error.reason)")
        }
    }

    private static func fileError(_ what: String, _ path: String) -> TLSError {
        TLSError(.file, "\(what) \(path): \(OpenSSLErrors.takeReason() ?? "not PEM")")
    }

    private static func mismatch(_ chain: String, _ key: String) -> TLSError {
        TLSError(.keyMismatch, "private key \(key) does not belong to certificate \(chain)")
    }
}

/// ALPN for a server of HTTP/2.
private func selectHTTP2(
    _ session: OpaquePointer?,
    _ selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ selectedCount: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?,
    _ offeredCount: UInt32,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe select(.http2, selected, selectedCount, offered, offeredCount)
}

/// ALPN for a server of HTTP/1.1.
private func selectHTTP1(
    _ session: OpaquePointer?,
    _ selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ selectedCount: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?,
    _ offeredCount: UInt32,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe select(.http1, selected, selectedCount, offered, offeredCount)
}

/// Selects the one protocol that is spoken, or has OpenSSL send a fatal no_application_protocol alert.
private func select(
    _ wanted: ApplicationProtocol,
    _ selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ selectedCount: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?,
    _ offeredCount: UInt32
) -> Int32 {
    // Safety: `offered` has `offeredCount` bytes, a list of length-prefixed names that OpenSSL has already checked; the
    // answer points into it, as the documentation of SSL_CTX_set_alpn_select_cb asks.
    guard let offered = unsafe offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    let name = wanted.rawValue.utf8
    var index = 0
    let count = Int(offeredCount)
    while index < count {
        let length = Int(unsafe offered[index])
        guard index + 1 + length <= count else { break }
        if length == name.count,
            unsafe UnsafeBufferPointer(start: offered + index + 1, count: length).elementsEqual(name)
        {
            unsafe selected!.pointee = unsafe offered + index + 1
            unsafe selectedCount!.pointee = UInt8(length)
            return SSL_TLSEXT_ERR_OK
        }
        index += 1 + length
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
