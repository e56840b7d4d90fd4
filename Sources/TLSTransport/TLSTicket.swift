internal import COpenSSL

/// What a client needs to come back to a server without a full handshake (RFC 8446 section 2.2).
///
/// Good for one server, while it lasts; a server that does not know it any more shakes hands in full.
@safe public final class TLSTicket: @unchecked Sendable {
    // Guarded by being immutable: the library counts references with atomic operations, and a session given to SSL_set_session
    // is only read.
    let session: OpaquePointer

    /// Takes over a reference.
    @unsafe init(owning session: OpaquePointer) { unsafe self.session = session }

    deinit { unsafe SSL_SESSION_free(session) }
}

extension TLSSession {
    /// A client's latest ticket; `nil` before the server has given one, which with TLS 1.3 it does after the handshake.
    public var ticket: TLSTicket? {
        // Safety: both references are ours; the copy goes to the ticket, the other is given back. A copy, because the library
        // spoils the session of a connection that ends without good-bye.
        guard let latest = unsafe SSL_get1_session(handle.session) else { return nil }
        defer { unsafe SSL_SESSION_free(latest) }
        guard unsafe SSL_SESSION_is_resumable(latest) == 1, let copy = unsafe SSL_SESSION_dup(latest) else {
            return nil
        }
        return unsafe TLSTicket(owning: copy)
    }

    /// Asks for new keys, as no client of ours has reason to: tests play those that do it without end.
    package mutating func updateKeys() {
        // Safety: our own session; the message goes out with the next bytes that are sealed.
        _ = unsafe SSL_key_update(handle.session, SSL_KEY_UPDATE_REQUESTED)
        _ = unsafe SSL_do_handshake(handle.session)
    }
}
