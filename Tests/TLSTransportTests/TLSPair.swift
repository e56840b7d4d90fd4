import ByteKit
import Glibc
import TLSTransport
import Testing

/// A client's and a server's session, and the bytes between them.
struct TLSPair: ~Copyable {
    var client: TLSSession
    var server: TLSSession
    var clientPlaintext = ByteQueue()
    var serverPlaintext = ByteQueue()
    var clientError: TLSError?
    var serverError: TLSError?

    init(
        _ client: TLSContext,
        _ server: TLSContext,
        name: String = "localhost",
        resuming ticket: TLSTicket? = nil
    ) throws {
        let connecting = try TLSSession(connecting: client, serverName: name, resuming: ticket)
        let accepting = try TLSSession(accepting: server)
        self.client = connecting
        self.server = accepting
    }

    /// Carries bytes to and fro until neither has any for the other, in pieces of a size.
    mutating func exchange(pieces: Int = .max) {
        for _ in 0..<100_000 where client.outgoingCount > 0 || server.outgoingCount > 0 {
            clientError = clientError ?? Self.carry(&server, &client, &clientPlaintext, pieces)
            serverError = serverError ?? Self.carry(&client, &server, &serverPlaintext, pieces)
        }
    }

    private static func carry(
        _ from: inout TLSSession,
        _ to: inout TLSSession,
        _ plaintext: inout ByteQueue,
        _ pieces: Int
    ) -> TLSError? {
        let bytes = from.withOutgoing { queue in
            let bytes = queue.copy()
            queue.removeAll()
            return bytes
        }
        var sent = 0
        var piece = ByteQueue()
        while sent < bytes.count {
            let count = min(pieces, bytes.count - sent)
            piece.append(Array(bytes[sent..<sent + count]))
            sent += count
            do {
                while try to.open(from: &piece, into: &plaintext, atMost: 1000) {}
            } catch {
                return error
            }
        }
        return nil
    }
}

/// A folder of its own with development certificates, gone at the end.
final class CertificateFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/leadline-tls-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw TLSError(.file, "mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        _ = try DevelopmentCertificates.create(in: path, hosts: ["localhost", "127.0.0.1", "::1", "*.leads.example"])
    }

    deinit {
        for name in DevelopmentCertificates.fileNames + ["late.pem", "late.key"] {
            _ = unsafe unlink(path + "/" + name)
        }
        rmdirQuietly(path)
    }

    var serverConfiguration: TLSServerConfiguration {
        TLSServerConfiguration(certificateChainPath: path + "/server.pem", privateKeyPath: path + "/server.key")
    }

    func server(clients: ClientCertificatePolicy = .off, tickets: TicketKeys? = nil) throws -> TLSContext {
        var configuration = serverConfiguration
        configuration.clientCertificates = clients
        configuration.clientAuthorityPath = path + "/ca.pem"
        return try TLSContext(server: configuration, tickets: tickets)
    }

    func client(withCertificate: Bool = false) throws -> TLSContext {
        var configuration = TLSClientConfiguration(authorityPath: path + "/ca.pem")
        if withCertificate {
            configuration.certificateChainPath = path + "/client.pem"
            configuration.privateKeyPath = path + "/client.key"
        }
        return try TLSContext(client: configuration)
    }
}

private func rmdirQuietly(_ path: String) { _ = unsafe rmdir(path) }
