import ByteKit
import COpenSSL
import Synchronization
import TLSTransport
import Testing

/// OpenSSL's own count of freed sessions: each of ours carries a mark whose end is counted.
@Suite struct TLSLifetimeTests {
    static let freed = Atomic(0)

    @Test func `every session is freed once, in whatever state it ends`() throws {
        let folder = try CertificateFolder()
        // Safety: the callback touches an atomic only; the mark is never followed.
        let index = unsafe CRYPTO_get_ex_new_index(
            CRYPTO_EX_INDEX_SSL,
            0,
            nil,
            nil,
            nil,
            { _, mark, _, _, _, _ in
                if unsafe mark != nil { TLSLifetimeTests.freed.add(1, ordering: .relaxed) }
            }
        )
        let mark = unsafe UnsafeMutableRawPointer(bitPattern: 1)
        weak var pool: BytePool?
        for round in 0..<50 {
            let strong = BytePool()
            pool = strong
            var client = try TLSSession(connecting: folder.client(), serverName: "localhost", pool: strong)
            var server = try TLSSession(accepting: folder.server(), pool: strong)
            unsafe SSL_set_ex_data(client.handle.session, index, mark)
            unsafe SSL_set_ex_data(server.handle.session, index, mark)
            // Ends before, within and after the handshake, with bytes on the way.
            var ciphertext = ByteQueue()
            var plaintext = ByteQueue()
            for _ in 0..<round % 4 {
                ciphertext.append(client.outgoing)
                client.removeOutgoing(client.outgoingCount)
                _ = try server.open(from: &ciphertext, into: &plaintext)
                ciphertext.append(server.outgoing)
                server.removeOutgoing(server.outgoingCount)
                _ = try client.open(from: &ciphertext, into: &plaintext)
            }
            if client.state == .open { try client.seal([UInt8](repeating: 1, count: 1000).rawBytes) }
        }
        let count = Self.freed.load(ordering: .relaxed)
        #expect(count == 100)
        #expect(pool == nil)
    }
}
