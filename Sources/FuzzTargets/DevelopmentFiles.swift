internal import Foundation
internal import TLSTransport

/// Certificates made once a process, and the contexts that use them.
final class DevelopmentFiles: Sendable {
    static let shared = DevelopmentFiles()

    /// The server's certificate, its key and the authority's certificate, as PEM.
    let certificate: [UInt8]
    let key: [UInt8]
    let authority: [UInt8]

    private let servers: [TLSContext]
    private let clients: [TLSContext]

    private init() {
        let folder = Self.temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            _ = try DevelopmentCertificates.create(in: folder)
            func bytes(_ name: String) throws -> [UInt8] { try PEMFile.read(folder + "/" + name) }
            (certificate, key, authority) = (try bytes("server.pem"), try bytes("server.key"), try bytes("ca.pem"))
            servers = try [ClientCertificatePolicy.off, .optional].map { policy in
                try TLSContext(
                    server: TLSServerConfiguration(
                        certificateChainPath: folder + "/server.pem",
                        privateKeyPath: folder + "/server.key",
                        clientCertificates: policy,
                        clientAuthorityPath: folder + "/ca.pem"
                    )
                )
            }
            clients = try (0..<4).map { kind in
                var configuration = TLSClientConfiguration(authorityPath: folder + "/ca.pem")
                if kind & 2 != 0 {
                    configuration.certificateChainPath = folder + "/client.pem"
                    configuration.privateKeyPath = folder + "/client.key"
                }
                let context = try TLSContext(client: configuration)
                if kind & 1 != 0 { context.limitVersions(minimum: 0x0303, maximum: 0x0303) }
                return context
            }
        } catch {
            fatalError("the fuzzers' own certificates cannot be made in \(folder): \(error)")
        }
    }

    /// A server's context; clients may be asked for certificates.
    func server(asksForCertificate: Bool) -> TLSContext { servers[asksForCertificate ? 1 : 0] }

    /// A client's context, of TLS 1.2 when it is old.
    func client(isOld: Bool, hasCertificate: Bool) -> TLSContext {
        clients[(isOld ? 1 : 0) + (hasCertificate ? 2 : 0)]
    }

    /// A path that no one else has.
    static func temporaryPath() -> String {
        NSTemporaryDirectory() + "leadline-fuzz-" + UUID().uuidString
    }
}
