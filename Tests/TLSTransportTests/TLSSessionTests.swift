import ByteKit
import COpenSSL
import TLSTransport
import Testing

@Suite struct TLSSessionTests {
    let folder: CertificateFolder

    init() throws { folder = try CertificateFolder() }

    @Test(arguments: ["localhost", "127.0.0.1", "::1", "emea.leads.example"])
    func `a handshake opens both sides with TLS 1.3 and HTTP/2`(_ name: String) throws {
        var pair = try TLSPair(folder.client(), folder.server(), name: name)
        pair.exchange()
        let states = (pair.client.state, pair.server.state)
        #expect(states.0 == .open && states.1 == .open)
        let words = (pair.server.protocolVersion, pair.server.peerIdentity)
        #expect(words.0 == "TLSv1.3")
        #expect(words.1 == nil)
    }

    @Test(arguments: [1, 2, 7, 1000, 16_000, Int.max])
    func `a conversation cut into pieces is the same conversation`(_ pieces: Int) throws {
        var pair = try TLSPair(folder.client(), folder.server())
        pair.exchange(pieces: pieces)
        let question = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let answer = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        try pair.client.seal(question.rawBytes)
        try pair.server.seal(answer.rawBytes)
        pair.exchange(pieces: pieces)
        pair.client.close()
        pair.exchange(pieces: pieces)
        let received = (pair.serverPlaintext.copy(), pair.clientPlaintext.copy())
        #expect(received.0 == question)
        #expect(received.1 == answer)
        let states = (pair.client.state, pair.server.state)
        #expect(states.0 == .closed && states.1 == .peerClosed)
    }

    @Test func `plaintext is sealed in full records`() throws {
        var pair = try TLSPair(folder.client(), folder.server())
        pair.exchange()
        try pair.server.seal([UInt8](repeating: 1, count: 64 << 10).rawBytes)
        let count = pair.server.outgoingCount
        // Four records of 16,384 bytes, each with 5 bytes of header, a content type and a tag of 16.
        #expect(count == 4 * (16384 + 22))
    }

    @Test func `the first bytes go in small records where that is asked for`() throws {
        var pair = try TLSPair(folder.client(), folder.server())
        pair.exchange()
        let bytes = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 11) }
        try pair.server.seal(bytes.rawBytes, smallBytes: 4_000)
        // Three records of 1,400 bytes reach beyond 4,000; then come 35,800 in full ones.
        let count = pair.server.outgoingCount
        #expect(count == 40_000 + (3 + 3) * 22)
        // A segment carries the first, and that is enough to open it.
        var segment = ByteQueue()
        segment.append(pair.server.outgoing.extracting(0..<1_448))
        var plaintext = ByteQueue()
        _ = try pair.client.open(from: &segment, into: &plaintext)
        let first = plaintext.copy()
        #expect(first == Array(bytes[..<1_400]))
    }

    @Test func `a limit stops at a record, and the rest comes later`() throws {
        var pair = try TLSPair(folder.client(), folder.server())
        pair.exchange()
        try pair.client.seal([UInt8](repeating: 7, count: 100_000).rawBytes)
        var ciphertext = ByteQueue()
        ciphertext.append(pair.client.outgoing)
        var plaintext = ByteQueue()
        let hasMore = try pair.server.open(from: &ciphertext, into: &plaintext, atMost: 20_000)
        let counts = (plaintext.count, ciphertext.count)
        #expect(hasMore && counts.0 == 2 * 16384 && counts.1 > 60_000)
        let isLeft = try pair.server.open(from: &ciphertext, into: &plaintext)
        let after = (plaintext.count, ciphertext.count)
        #expect(!isLeft && after.0 == 100_000 && after.1 == 0)
    }

    @Test func `a server of another name is refused`() throws {
        var pair = try TLSPair(folder.client(), folder.server(), name: "other.example")
        pair.exchange()
        let errors = (pair.clientError, pair.serverError)
        #expect(errors.0?.kind == .peerCertificate)
        #expect(errors.0?.reason.lowercased().contains("hostname mismatch") == true, "\(errors.0?.reason ?? "none")")
        #expect(errors.1?.kind == .handshake)
    }

    @Test func `a server of an unknown authority is refused`() throws {
        let stranger = try CertificateFolder()
        var pair = try TLSPair(stranger.client(), folder.server())
        pair.exchange()
        let error = pair.clientError
        #expect(error?.kind == .peerCertificate)
    }

    @Test func `a client without ALPN is refused after the handshake`() throws {
        let client = try folder.client()
        client.forgetApplicationProtocols()
        var pair = try TLSPair(client, folder.server())
        pair.exchange()
        let error = pair.serverError
        #expect(error?.kind == .applicationProtocol)
    }

    @Test func `a client that offers only HTTP/1.1 gets the alert no_application_protocol`() throws {
        let client = try folder.client()
        // Safety: the library copies the nine bytes.
        #expect(unsafe SSL_CTX_set_alpn_protos(client.pointer, [8] + Array("http/1.1".utf8), 9) == 0)
        var pair = try TLSPair(client, folder.server())
        pair.exchange()
        let errors = (pair.clientError, pair.serverError)
        #expect(errors.1?.kind == .applicationProtocol)
        #expect(errors.0?.kind == .applicationProtocol)
    }

    @Test
    func `a server of HTTP/1.1 takes clients that offer it or nothing, and refuses those that offer HTTP/2 alone`()
        throws
    {
        let server = try TLSContext(server: folder.serverConfiguration, speaking: .http1)
        func error(_ client: TLSContext) throws -> TLSError? {
            var pair = try TLSPair(client, server)
            pair.exchange()
            return pair.serverError
        }
        let configuration = TLSClientConfiguration(authorityPath: folder.path + "/ca.pem")
        #expect(try error(TLSContext(client: configuration, speaking: .http1)) == nil)
        let silent = try TLSContext(client: configuration, speaking: .http1)
        silent.forgetApplicationProtocols()
        #expect(try error(silent) == nil)
        let both = try TLSContext(client: configuration, speaking: .http1)
        // Safety: the library copies the twelve bytes.
        #expect(unsafe SSL_CTX_set_alpn_protos(both.pointer, [2, 0x68, 0x32, 8] + Array("http/1.1".utf8), 12) == 0)
        #expect(try error(both) == nil)
        #expect(try error(folder.client())?.kind == .applicationProtocol)
    }

    @Test func `TLS 1.1 is refused`() throws {
        let client = try folder.client()
        client.limitVersions(minimum: TLS1_VERSION, maximum: TLS1_1_VERSION)
        var pair = try TLSPair(client, folder.server())
        pair.exchange()
        let error = pair.serverError
        #expect(error?.kind == .handshake)
        #expect(error?.reason.contains("unsupported protocol") == true, "\(error?.reason ?? "none")")
    }

    @Test func `TLS 1.2 has forward secrecy and an authenticated suite`() throws {
        let client = try folder.client()
        client.limitVersions(minimum: TLS1_2_VERSION, maximum: TLS1_2_VERSION)
        var pair = try TLSPair(client, folder.server())
        pair.exchange()
        let words = (pair.server.protocolVersion, pair.server.cipherSuite)
        #expect(words.0 == "TLSv1.2")
        #expect(words.1.hasPrefix("ECDHE-ECDSA-") && (words.1.contains("GCM") || words.1.contains("CHACHA20")))
    }

    @Test func `an expired certificate is refused by the server that loads it and by the client that meets it`() throws
    {
        let configuration = try latePair(startsInSeconds: -7200, endsInSeconds: -3600)
        #expect { try TLSContext(server: configuration) } throws: { ($0 as? TLSError)?.kind == .certificateExpired }
        let server = try TLSContext(server: configuration, checksDates: false)
        var pair = try TLSPair(
            TLSContext(client: TLSClientConfiguration(authorityPath: folder.path + "/late.pem")),
            server
        )
        pair.exchange()
        let error = pair.clientError
        #expect(error?.kind == .peerCertificate)
        #expect(error?.reason.contains("expired") == true, "\(error?.reason ?? "none")")
    }

    @Test func `a certificate of tomorrow is refused by the server that loads it`() throws {
        let configuration = try latePair(startsInSeconds: 86_400, endsInSeconds: 172_800)
        #expect { try TLSContext(server: configuration) } throws: {
            ($0 as? TLSError)?.kind == .certificateNotYetValid
        }
    }

    @Test(arguments: [
        (ClientCertificatePolicy.off, true, true), (.off, false, true), (.optional, true, true),
        (.optional, false, true), (.required, true, true), (.required, false, false),
    ])
    func `client certificates follow the policy`(_ policy: ClientCertificatePolicy, _ has: Bool, _ opens: Bool) throws {
        var pair = try TLSPair(folder.client(withCertificate: has), folder.server(clients: policy))
        pair.exchange()
        let (state, identity, error) = (pair.server.state, pair.server.peerIdentity, pair.serverError)
        #expect((state == .open) == opens)
        if opens, has, policy != .off {
            #expect(identity?.uris == ["spiffe://leadline.development/client"])
            #expect(identity?.commonName == "Leadline development client")
        } else {
            #expect(identity == nil)
        }
        if !opens { #expect(error?.kind == .peerCertificate) }
    }

    @Test func `a client certificate of an unknown authority is refused even when it is optional`() throws {
        let stranger = try CertificateFolder()
        var configuration = TLSClientConfiguration(authorityPath: folder.path + "/ca.pem")
        configuration.certificateChainPath = stranger.path + "/client.pem"
        configuration.privateKeyPath = stranger.path + "/client.key"
        var pair = try TLSPair(TLSContext(client: configuration), folder.server(clients: .optional))
        pair.exchange()
        let error = pair.serverError
        #expect(error?.kind == .peerCertificate)
    }

    @Test func `a server's certificate is no client's`() throws {
        var configuration = TLSClientConfiguration(authorityPath: folder.path + "/ca.pem")
        configuration.certificateChainPath = folder.path + "/server.pem"
        configuration.privateKeyPath = folder.path + "/server.key"
        var pair = try TLSPair(TLSContext(client: configuration), folder.server(clients: .required))
        pair.exchange()
        let error = pair.serverError
        #expect(error?.kind == .peerCertificate)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}",
    ])
    func `plaintext and garbage on the TLS port are a handshake failure`(_ text: String) throws {
        var server = try TLSSession(accepting: folder.server())
        var ciphertext = ByteQueue()
        ciphertext.append(Array(text.utf8))
        var plaintext = ByteQueue()
        var error: TLSError?
        do { _ = try server.open(from: &ciphertext, into: &plaintext) } catch let caught { error = caught }
        #expect(error?.kind == .handshake)
        // The failure stays, and nothing traps afterwards.
        ciphertext.append([1, 2, 3])
        #expect(throws: TLSError.self) { _ = try folder.feed(&server, &ciphertext, &plaintext) }
        #expect(throws: TLSError.self) { try folder.seal(&server) }
    }

    @Test func `a changed byte breaks the session and nothing else`() throws {
        var pair = try TLSPair(folder.client(), folder.server())
        pair.exchange()
        try pair.client.seal([UInt8](repeating: 7, count: 100).rawBytes)
        var bytes = pair.client.withOutgoing { $0.copy() }
        bytes[20] ^= 1
        var ciphertext = ByteQueue()
        ciphertext.append(bytes)
        var plaintext = ByteQueue()
        var error: TLSError?
        do { _ = try pair.server.open(from: &ciphertext, into: &plaintext) } catch let caught {
            error = caught
        }
        #expect(error?.kind == .protocolViolation)
        let count = plaintext.count
        #expect(count == 0)
    }

    private func latePair(startsInSeconds start: Int, endsInSeconds end: Int) throws -> TLSServerConfiguration {
        let certificate = try IssuedCertificate(
            commonName: "late",
            purpose: .server,
            alternativeNames: ["DNS:localhost"],
            startsInSeconds: start,
            endsInSeconds: end
        )
        let path = folder.path + "/late"
        try PEMFile.create(certificate.certificatePEM, at: path + ".pem", isSecret: false)
        try PEMFile.create(certificate.keyPEM, at: path + ".key", isSecret: true)
        return TLSServerConfiguration(certificateChainPath: path + ".pem", privateKeyPath: path + ".key")
    }
}

extension CertificateFolder {
    func feed(_ session: inout TLSSession, _ bytes: inout ByteQueue, _ plaintext: inout ByteQueue) throws -> Bool {
        try session.open(from: &bytes, into: &plaintext)
    }

    func seal(_ session: inout TLSSession) throws {
        try session.seal([UInt8(1)].rawBytes)
    }
}
