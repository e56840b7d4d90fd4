import Glibc
import TLSTransport
import Testing

@Suite struct CertificateFileTests {
    let folder: CertificateFolder

    init() throws { folder = try CertificateFolder() }

    @Test func `private keys are readable by their owner alone`() throws {
        for name in DevelopmentCertificates.fileNames {
            var status = stat()
            #expect(unsafe stat(folder.path + "/" + name, &status) == 0)
            #expect(status.st_mode & 0o777 == (name.hasSuffix(".key") ? 0o600 : 0o644), "\(name)")
        }
    }

    @Test func `files that are there are kept unless replacing is asked for`() throws {
        let before = try PEMFile.read(folder.path + "/server.key")
        #expect { try DevelopmentCertificates.create(in: folder.path) } throws: {
            ($0 as? TLSError)?.kind == .file && "\($0)".contains("--force")
        }
        #expect(try PEMFile.read(folder.path + "/server.key") == before)
        _ = try DevelopmentCertificates.create(in: folder.path, replacesExisting: true)
        #expect(try PEMFile.read(folder.path + "/server.key") != before)
        #expect(try folder.server().certificateEnd ?? 0 >= time(nil) + 364 * 86_400)
    }

    @Test(arguments: ["", "a,DNS:b", "a b", "-x", "http://x", "x:1"])
    func `a host that is none is refused`(_ host: String) {
        #expect(throws: TLSError.self) { try DevelopmentCertificates.create(in: folder.path + "/x", hosts: [host]) }
    }

    @Test func `another's key is named as such`() throws {
        var configuration = folder.serverConfiguration
        configuration.privateKeyPath = folder.path + "/client.key"
        #expect { try TLSContext(server: configuration) } throws: { ($0 as? TLSError)?.kind == .keyMismatch }
    }

    @Test func `a missing file is named with the system's words`() throws {
        var configuration = folder.serverConfiguration
        configuration.certificateChainPath = folder.path + "/none.pem"
        #expect { try TLSContext(server: configuration) } throws: {
            "\($0)".contains("none.pem") && "\($0)".contains("No such file")
        }
    }

    @Test func `a key in the place of a certificate is refused with a reason`() throws {
        var configuration = folder.serverConfiguration
        configuration.certificateChainPath = folder.path + "/server.key"
        #expect { try TLSContext(server: configuration) } throws: { "\($0)".contains("certificate file") }
        configuration = folder.serverConfiguration
        configuration.privateKeyPath = folder.path + "/server.pem"
        #expect { try TLSContext(server: configuration) } throws: { "\($0)".contains("private key file") }
    }

    @Test func `asking for client certificates needs an authority`() throws {
        var configuration = folder.serverConfiguration
        configuration.clientCertificates = .required
        #expect(throws: TLSError.self) { try TLSContext(server: configuration) }
    }
}
