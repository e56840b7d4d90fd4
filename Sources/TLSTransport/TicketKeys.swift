internal import COpenSSL
internal import Synchronization

/// The keys of session tickets, which let a client come back without a full handshake (RFC 8446 section 2.2, RFC 5077).
///
/// Contexts that share them know each other's tickets: all workers, and after the certificates were read again. Tickets are
/// sealed under the newest key; those of the two keys before are taken and replaced by new ones. Whoever has a key can read
/// sessions of TLS 1.2 that were resumed under it, so rotate them every few hours; they are in memory alone.
public final class TicketKeys: Sendable {
    /// One key; a ticket says which by the name.
    struct Key: Sendable {
        var name: [UInt8]
        var cipher: [UInt8]
        var mac: [UInt8]
    }

    /// How many keys tickets are taken of.
    static let keysMax = 3

    private let keys: Mutex<[Key]>

    /// The first key.
    ///
    /// - Throws: `TLSError` when there are no random bytes.
    public init() throws(TLSError) {
        keys = Mutex([try Self.makeKey()])
    }

    /// Makes a new key, and forgets the oldest of four.
    ///
    /// - Throws: `TLSError` when there are no random bytes; the keys stay as they are.
    public func rotate() throws(TLSError) {
        let key = try Self.makeKey()
        keys.withLock { keys in
            keys.insert(key, at: 0)
            if keys.count > Self.keysMax { keys.removeLast() }
        }
    }

    /// The key that new tickets are sealed under.
    fileprivate var newest: Key { keys.withLock { $0[0] } }

    /// The key of a ticket, and whether it is the newest.
    fileprivate func key(named name: [UInt8]) -> (key: Key, isNewest: Bool)? {
        keys.withLock { keys in
            keys.firstIndex { $0.name == name }.map { (keys[$0], $0 == 0) }
        }
    }

    private static func makeKey() throws(TLSError) -> Key {
        var bytes = [UInt8](repeating: 0, count: 80)
        // Safety: the library fills a local array of that size.
        guard unsafe RAND_bytes(&bytes, Int32(bytes.count)) == 1 else {
            throw TLSError(.setup, OpenSSLErrors.takeReason() ?? "no random bytes")
        }
        return Key(name: Array(bytes[0..<16]), cipher: Array(bytes[16..<48]), mac: Array(bytes[48..<80]))
    }

    /// Where a context keeps its keys.
    private static let place = leadline_SSL_CTX_new_index()

    /// Has a context use these keys; it must keep them.
    @unsafe func install(in context: OpaquePointer) -> Bool {
        // Safety: the context's owner keeps this object as long as the context; the callback only borrows it.
        guard unsafe SSL_CTX_set_ex_data(context, Self.place, Unmanaged.passUnretained(self).toOpaque()) == 1 else {
            return false
        }
        return unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(context) { session, name, vector, cipher, mac, isSealing in
            guard let keys = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), TicketKeys.place),
                let name = unsafe name,
                let vector = unsafe vector
            else { return -1 }
            return unsafe Unmanaged<TicketKeys>.fromOpaque(keys)._withUnsafeGuaranteedRef { keys in
                unsafe keys.use(name, vector, cipher, mac, isSealing: isSealing == 1)
            }
        } == 1
    }

    /// Prepares a ticket's cipher and MAC, as the documentation of SSL_CTX_set_tlsext_ticket_key_evp_cb asks.
    @unsafe private func use(
        _ name: UnsafeMutablePointer<UInt8>,
        _ vector: UnsafeMutablePointer<UInt8>,
        _ cipher: OpaquePointer?,
        _ mac: OpaquePointer?,
        isSealing: Bool
    ) -> Int32 {
        // Safety: the library gives 16 bytes of name and EVP_MAX_IV_LENGTH, 16, of vector.
        if isSealing {
            let key = newest
            for index in 0..<16 { unsafe name[index] = key.name[index] }
            guard unsafe RAND_bytes(vector, 16) == 1,
                unsafe EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipher, vector) == 1,
                unsafe leadline_ticket_mac(mac, key.mac) == 1
            else { return -1 }
            return 1
        }
        guard let (key, isNewest) = self.key(named: unsafe Array(UnsafeBufferPointer(start: name, count: 16))) else {
            return 0
        }
        guard unsafe leadline_ticket_mac(mac, key.mac) == 1,
            unsafe EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipher, vector) == 1
        else { return -1 }
        return isNewest ? 1 : 2
    }
}
