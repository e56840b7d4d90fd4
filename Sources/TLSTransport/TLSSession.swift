public import ByteKit
internal import COpenSSL

/// One TLS connection without its socket: ciphertext in, plaintext out, and the reverse.
///
/// ```
///   socket ── ciphertext ──▶ open(from:into:) ── plaintext ──▶ HTTP/2
///   socket ◀── outgoing ──── seal(from:)      ◀── plaintext ── HTTP/2
/// ```
/// Ciphertext is read where it lies; only an incomplete record is kept. After every call look at `outgoing`: handshake
/// messages, alerts and tickets wait there too. One thread at a time.
@safe public struct TLSSession: ~Copyable {
    /// Where a session stands.
    public enum State: Equatable, Sendable {
        /// The handshake goes on; no plaintext yet.
        case handshaking

        /// Plaintext both ways.
        case open

        /// The peer has said that it will send no more; we still may.
        case peerClosed

        /// We have said that we will send no more.
        case closed

        /// It broke; `outgoing` may hold an alert that tells the peer.
        case failed(TLSError)
    }

    /// Where the session stands.
    public private(set) var state = State.handshaking

    package let handle: TLSHandle
    private let applicationProtocol: ApplicationProtocol
    private var session: OpaquePointer { unsafe handle.session }
    private var channel: UnsafeMutablePointer<TLSChannel> { unsafe handle.channel }

    /// A server's side of a connection.
    ///
    /// - Parameters:
    ///   - context: A server's context.
    ///   - pool: Where `outgoing` borrows memory.
    /// - Throws: `TLSError` when there is no memory.
    public init(accepting context: TLSContext, pool: BytePool? = nil) throws(TLSError) {
        precondition(context.isServer, "accepting takes a server's context")
        applicationProtocol = context.applicationProtocol
        handle = try TLSHandle.make(context, pool: pool)
        unsafe SSL_set_accept_state(handle.session)
        // Safety: the channel outlives the session, and the callback only counts in it.
        _ = unsafe leadline_SSL_set_msg_callback_arg(handle.session, handle.channel)
        unsafe SSL_set_msg_callback(handle.session) { isSent, _, type, _, _, _, channel in
            guard isSent == 0, type == SSL3_RT_HANDSHAKE, let channel = unsafe channel else { return }
            unsafe channel.assumingMemoryBound(to: TLSChannel.self).pointee.handshakeMessages &+= 1
        }
    }

    /// A client's side of a connection; the first bytes wait in `outgoing` at once.
    ///
    /// - Parameters:
    ///   - context: A client's context.
    ///   - serverName: The host name or IP address that the server's certificate must be for.
    ///   - ticket: Of an earlier session with that server, to continue it if the server will.
    ///   - pool: Where `outgoing` borrows memory.
    /// - Throws: `TLSError` when the name cannot be one or there is no memory.
    public init(
        connecting context: TLSContext,
        serverName: String,
        resuming ticket: TLSTicket? = nil,
        pool: BytePool? = nil
    ) throws(TLSError) {
        precondition(!context.isServer, "connecting takes a client's context")
        applicationProtocol = context.applicationProtocol
        let handle = try TLSHandle.make(context, pool: pool)
        let session = unsafe handle.session
        // Safety: our own session; the library copies the names.
        OpenSSLErrors.clear()
        let isAddress = unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), serverName) == 1
        if !isAddress {
            OpenSSLErrors.clear()
            // RFC 6066 section 3: names only, never addresses, are sent.
            guard unsafe SSL_set1_host(session, serverName) == 1,
                unsafe leadline_SSL_set_tlsext_host_name(session, serverName) == 1
            else { throw TLSError(.setup, "'\(serverName)' is not a server name") }
            unsafe SSL_set_hostflags(session, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        }
        unsafe SSL_set_connect_state(session)
        // Safety: the library takes a reference of its own; without it the handshake is a full one.
        if let ticket { _ = unsafe SSL_set_session(session, ticket.session) }
        self.handle = handle
        // Puts the first message into `outgoing`; should even that fail, the state says so.
        try? shakeHands()
    }

    /// Ciphertext for the peer.
    public var outgoing: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            // Safety: the channel lives as long as the session, whose borrow keeps it from changing.
            unsafe _overrideLifetime(channel.pointee.outgoing.bytes, borrowing: self)
        }
    }

    /// How many bytes wait in `outgoing`.
    public var outgoingCount: Int { unsafe channel.pointee.outgoing.count }

    /// Takes bytes from the front of `outgoing` that the socket has taken.
    public mutating func removeOutgoing(_ count: Int) {
        unsafe channel.pointee.outgoing.removeFirst(count)
    }

    /// Calls a body with the queue of `outgoing`, as a socket wants it.
    ///
    /// - Parameter body: What writes and removes bytes.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws.
    public mutating func withOutgoing<Result, Failure: Error>(
        _ body: (inout ByteQueue) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(&channel.pointee.outgoing)
    }

    /// Opens ciphertext: goes on with the handshake, and adds the plaintext that there is.
    ///
    /// - Parameters:
    ///   - ciphertext: What came from the socket; what was used is removed, all of it unless the limit was met.
    ///   - plaintext: The plaintext is added to it.
    ///   - limit: Stop once so many bytes were added, to a whole record.
    /// - Returns: Whether there may be more: call again, with or without further ciphertext.
    /// - Throws: `TLSError`; the state is then `failed`, and an alert may wait in `outgoing`.
    public mutating func open(
        from ciphertext: inout ByteQueue,
        into plaintext: inout ByteQueue,
        atMost limit: Int = 256 << 10
    ) throws(TLSError) -> Bool {
        let before = ciphertext.count
        // Safety: the bytes are valid and unchanged until `input` is cleared below.
        unsafe ciphertext.bytes.withUnsafeBytes { bytes in
            unsafe channel.pointee.input = bytes.baseAddress
            unsafe channel.pointee.inputCount = bytes.count
        }
        let result = advance(into: &plaintext, atMost: limit)
        let left = unsafe channel.pointee.inputCount
        unsafe channel.pointee.input = nil
        unsafe channel.pointee.inputCount = 0
        ciphertext.removeFirst(before - left)
        return try result.get()
    }

    /// What a small record holds: with its header and tag a segment's bytes on an Ethernet, with room for options.
    private static let smallRecordBytes = 1_400

    /// Seals plaintext into `outgoing`, in full records as far as it reaches: give it all at once.
    ///
    /// A record is of no use before its last byte has come. So for a path that has been silent, and takes only so much at
    /// first, there are small records, each of which a segment carries whole (RFC 8446 section 5.1 leaves their size to us).
    ///
    /// - Parameters:
    ///   - plaintext: Any number of bytes.
    ///   - smallBytes: So many of the first bytes go in records of a segment's size.
    /// - Throws: `TLSError` when the session is not open or breaks.
    public mutating func seal(_ plaintext: RawSpan, smallBytes: Int = 0) throws(TLSError) {
        guard state == .open || state == .peerClosed else { throw TLSError(.notOpen, "the session is not open") }
        guard plaintext.byteCount > 0 else { return }
        OpenSSLErrors.clear()
        var written = 0
        while written < plaintext.byteCount {
            var count = 0
            let left = plaintext.byteCount - written
            let most = written < smallBytes ? min(Self.smallRecordBytes, left) : left
            // Safety: the span is alive during the call; the BIO takes every byte, so nothing is retried later.
            let result = unsafe plaintext.withUnsafeBytes {
                unsafe SSL_write_ex(session, $0.baseAddress! + written, most, &count)
            }
            guard result == 1 else { throw fail(result, .protocolViolation) }
            written += count
        }
    }

    /// Seals all plaintext of a queue into `outgoing` and empties the queue.
    ///
    /// - Parameters:
    ///   - plaintext: Any number of bytes.
    ///   - smallBytes: So many of the first bytes go in records of a segment's size.
    /// - Throws: `TLSError` when the session is not open or breaks.
    public mutating func seal(from plaintext: inout ByteQueue, smallBytes: Int = 0) throws(TLSError) {
        try seal(plaintext.bytes, smallBytes: smallBytes)
        plaintext.removeAll()
    }

    /// Lets go of memory for records, 33 KiB, until there are records again; what has come of one is kept.
    public mutating func releaseBuffers() { _ = unsafe SSL_free_buffers(session) }

    /// Says that we send no more (close_notify), once; it does nothing on a session that never opened or broke.
    public mutating func close() {
        guard state == .open || state == .peerClosed else { return }
        OpenSSLErrors.clear()
        _ = unsafe SSL_shutdown(session)
        OpenSSLErrors.clear()
        state = .closed
    }

    /// The protocol in use, such as "TLSv1.3", once open.
    public var protocolVersion: String {
        // Safety: the text is a constant of the library.
        unsafe String(cString: SSL_get_version(session))
    }

    /// The cipher suite in use, such as "TLS_AES_256_GCM_SHA384", once open.
    public var cipherSuite: String {
        // Safety: the text is a constant of the library.
        guard let text = unsafe SSL_CIPHER_get_name(SSL_get_current_cipher(session)) else { return "none" }
        return unsafe String(cString: text)
    }

    /// Whether the session continues an earlier one by its ticket.
    public var isResumed: Bool { unsafe SSL_session_reused(session) == 1 }

    /// How many messages of handshakes a server's peer has sent since the session opened.
    ///
    /// They ask for new keys, or for another handshake, and OpenSSL does as they ask without end.
    public var lateHandshakeMessages: Int { unsafe channel.pointee.handshakeMessages &- channel.pointee.messagesToOpen }

    /// Who the peer is by its certificate, once open; `nil` when it gave none.
    public var peerIdentity: PeerIdentity? {
        // Safety: the certificate is ours to free.
        guard state != .handshaking, let certificate = unsafe SSL_get1_peer_certificate(session) else { return nil }
        defer { unsafe X509_free(certificate) }
        return unsafe PeerIdentity(certificate)
    }

    private mutating func advance(into plaintext: inout ByteQueue, atMost limit: Int) -> Result<Bool, TLSError> {
        do throws(TLSError) {
            switch state {
            case .failed(let error): throw error
            case .peerClosed:
                // Whatever follows a close_notify is not part of the conversation.
                unsafe channel.pointee.inputCount = 0
                return .success(false)
            case .handshaking:
                try shakeHands()
                guard state == .open else { return .success(false) }
            case .open, .closed: break
            }
            return .success(try read(into: &plaintext, atMost: limit))
        } catch {
            return .failure(error)
        }
    }

    private mutating func read(into plaintext: inout ByteQueue, atMost limit: Int) throws(TLSError) -> Bool {
        OpenSSLErrors.clear()
        var added = 0
        while added < limit {
            // A record holds at most 16,384 bytes; with room for one, SSL_read_ex empties it in one call.
            let room = unsafe plaintext.unusedStorage(minimumBytes: 16384)
            var count = 0
            // Safety: the room is the queue's, and only what was written is committed.
            let result = unsafe SSL_read_ex(session, room.baseAddress, room.count, &count)
            unsafe plaintext.commit(result == 1 ? count : 0)
            if result == 1 {
                added += count
                continue
            }
            switch unsafe SSL_get_error(session, result) {
            case SSL_ERROR_WANT_READ: return false
            case SSL_ERROR_ZERO_RETURN:
                if state == .open { state = .peerClosed }
                return false
            default: throw fail(result, .protocolViolation)
            }
        }
        return true
    }

    private mutating func shakeHands() throws(TLSError) {
        OpenSSLErrors.clear()
        let result = unsafe SSL_do_handshake(session)
        guard result == 1 else {
            if unsafe SSL_get_error(session, result) == SSL_ERROR_WANT_READ { return }
            throw fail(result, .handshake)
        }
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        // Safety: the name belongs to the session; its bytes are read at once.
        unsafe SSL_get0_alpn_selected(session, &name, &count)
        let isSpoken = unsafe UnsafeBufferPointer(start: name, count: Int(count))
            .elementsEqual(applicationProtocol.rawValue.utf8)
        guard isSpoken || applicationProtocol == .http1 && count == 0 else {
            let words = applicationProtocol == .http2 ? "HTTP/2" : "HTTP/1.1"
            let name = applicationProtocol.rawValue
            let error = TLSError(.applicationProtocol, "the peer does not speak \(words) (no \"\(name)\" by ALPN)")
            state = .failed(error)
            throw error
        }
        try checkResumedCertificate()
        unsafe channel.pointee.messagesToOpen = unsafe channel.pointee.handshakeMessages
        state = .open
    }

    /// A resumed session is not verified again, and its peer's certificate may have ended meanwhile.
    private mutating func checkResumedCertificate() throws(TLSError) {
        // Safety: the certificate is ours to free.
        guard isResumed, unsafe SSL_is_server(session) == 1, let certificate = unsafe SSL_get1_peer_certificate(session)
        else { return }
        defer { unsafe X509_free(certificate) }
        guard unsafe X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0 else { return }
        let error = TLSError(.peerCertificate, "TLS: certificate refused: certificate has expired")
        state = .failed(error)
        throw error
    }

    /// Remembers a failure, with the verification's reason when that was it.
    private mutating func fail(_ result: Int32, _ kind: TLSError.Kind) -> TLSError {
        var kind = kind
        var reason = OpenSSLErrors.takeReason() ?? "the connection broke"
        let verification = unsafe SSL_get_verify_result(session)
        if kind == .handshake {
            if reason == "certificate verify failed", verification != X509_V_OK {
                // Safety: the text is a constant of the library.
                reason = "certificate refused: " + (unsafe String(cString: X509_verify_cert_error_string(verification)))
                kind = .peerCertificate
            } else if reason.contains("peer did not return a certificate") {
                kind = .peerCertificate
            } else if reason.contains("no application protocol") {
                kind = .applicationProtocol
            }
        }
        let error = TLSError(kind, "TLS: " + reason)
        state = .failed(error)
        return error
    }
}

/// Owns a session and the channel under it, and frees both once.
///
/// Not private: an optimised build of another module destroys sessions by itself and needs this type's name (Swift 6.3.1
/// stops with a broken module otherwise).
@safe package struct TLSHandle: ~Copyable {
    package let session: OpaquePointer
    let channel: UnsafeMutablePointer<TLSChannel>

    private init(session: OpaquePointer, channel: UnsafeMutablePointer<TLSChannel>) {
        unsafe self.session = unsafe session
        unsafe self.channel = unsafe channel
    }

    static func make(_ context: TLSContext, pool: BytePool?) throws(TLSError) -> TLSHandle {
        OpenSSLErrors.clear()
        // Safety: both go to the handle, which frees them; the BIO belongs to the session.
        guard let session = unsafe SSL_new(context.pointer) else {
            throw TLSError(.setup, OpenSSLErrors.takeReason() ?? "no memory for a TLS session")
        }
        let channel = UnsafeMutablePointer<TLSChannel>.allocate(capacity: 1)
        unsafe channel.initialize(to: TLSChannel(input: nil, outgoing: ByteQueue(pool: pool)))
        let handle = unsafe TLSHandle(session: session, channel: channel)
        guard let bio = unsafe MemoryBIO.make(over: channel) else {
            throw TLSError(.setup, "no memory for a TLS session")
        }
        unsafe SSL_set_bio(session, bio, bio)
        return handle
    }

    deinit {
        // Safety: this is the only owner of both; SSL_free frees the BIO, which points to the channel, first.
        unsafe SSL_free(session)
        unsafe channel.deinitialize(count: 1)
        unsafe channel.deallocate()
    }
}
