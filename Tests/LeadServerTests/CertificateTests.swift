import Foundation
import LeadServer
import TLSTransport
import Testing

@Suite("Certificates of a running server", .serialized)
struct CertificateTests {
    private func answers(_ server: LeadServer, trusting authority: String) -> Bool {
        let client = try? TestClient(to: server.listenAddress, authority: authority)
        return (try? client?.request("GET", "/healthz").status) == 200
    }

    @Test("a reload serves the new pair to new connections and keeps the old ones; a bad pair changes nothing")
    func reload() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/leadline-reload-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try DevelopmentCertificates.create(in: folder)
        let server = try TestServer(certificates: folder)
        try FileManager.default.copyItem(atPath: folder + "/ca.pem", toPath: folder + "/old-ca.pem")
        let old = try TestClient(to: server.server.listenAddress, authority: folder + "/ca.pem")
        #expect(try old.request("GET", "/healthz").status == 200)

        try Data("no certificate".utf8).write(to: URL(fileURLWithPath: folder + "/server.pem"))
        server.server.reload()
        usleep(300_000)
        #expect(answers(server.server, trusting: folder + "/old-ca.pem"), "the old pair is kept")

        _ = try DevelopmentCertificates.create(in: folder, replacesExisting: true)
        server.server.reload()
        let address = server.server
        #expect(eventually { answers(address, trusting: folder + "/ca.pem") }, "the new pair is served")
        #expect(!answers(address, trusting: folder + "/old-ca.pem"))
        #expect(try old.request("GET", "/healthz").status == 200, "an open connection lives on")
    }

    @Test("with a client authority, a client without a certificate is turned away")
    func clientCertificates() throws {
        let shared = TestFolder.shared.path
        let server = try TestServer(clientAuthority: shared + "/ca.pem")
        // TLS 1.3 tells the client only after it believes to be connected.
        let stranger = try? TestClient(to: server.server.listenAddress, authority: shared + "/ca.pem")
        #expect((try? stranger?.request("GET", "/healthz").status) ?? 0 != 200)
        let known = try TestClient(
            to: server.server.listenAddress,
            authority: shared + "/ca.pem",
            certificate: (shared + "/client.pem", shared + "/client.key")
        )
        #expect(try known.request("GET", "/healthz").status == 200)
    }

    @Test("a server without usable certificates does not start, and says how to make some")
    func startErrors() throws {
        #expect {
            _ = try TestServer(certificates: "/nowhere")
        } throws: { error in
            "\(error)".contains("/nowhere/server.pem") && "\(error)".contains("leadline certs")
        }
    }
}
