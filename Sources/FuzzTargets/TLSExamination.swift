internal import ByteKit
internal import TLSTransport

/// What a peer says to a TLS server, in pieces that the input chooses (see ``Script``); steps are of one byte.
///
/// Keys and random numbers are others each time: a whole handshake cannot be recorded. So the conversation either is all
/// that the peer says, or tells how the words of a real client are changed on their way (see ``TLSEdits``).
enum TLSExamination {
    static func run(_ bytes: [UInt8]) throws(FuzzTarget.Finding) -> FuzzTarget.Outcome {
        let files = DevelopmentFiles.shared
        var script = Script(bytes, width: 1)
        let settings = Settings(rawValue: script.settings)
        var server = try ExaminedServer(files.server(asksForCertificate: settings.contains(.asksForCertificate)))
        if settings.contains(.isEdited) {
            let context = files.client(
                isOld: settings.contains(.isOld),
                hasCertificate: settings.contains(.hasCertificate)
            )
            var client = try RealClient(context, closes: settings.contains(.closes))
            let edits = TLSEdits(Array(script.conversation))
            for flight in 0..<TLSEdits.flightsMax {
                try server.take(edits.apply(to: client.words(flight), flight: flight), &script)
                client.listen(server.takeOutgoing())
            }
        } else {
            try server.take(Array(script.conversation), &script)
        }
        return try server.end()
    }

    /// The bits of a script's settings.
    struct Settings: OptionSet {
        let rawValue: UInt8

        /// The server asks for a certificate.
        static let asksForCertificate = Settings(rawValue: 1)
        /// There is a real client, and edits of what it says.
        static let isEdited = Settings(rawValue: 2)
        /// It speaks TLS 1.2.
        static let isOld = Settings(rawValue: 4)
        /// It has a certificate.
        static let hasCertificate = Settings(rawValue: 8)
        /// It says good-bye at the end.
        static let closes = Settings(rawValue: 16)
    }
}

/// Changes of what a client says, four bytes each: which flight and how, where (two bytes, low first), and a value.
///
/// What is left over of the conversation when a change says so follows its flight as it is.
struct TLSEdits {
    static let flightsMax = 4
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func apply(to words: [UInt8], flight: Int) -> [UInt8] {
        var words = words
        for start in stride(from: 0, to: min(bytes.count, Self.editsMax * 4) & ~3, by: 4)
        where Int(bytes[start] & 3) == flight {
            let value = bytes[start + 3]
            let at = min(words.count, Int(bytes[start + 1]) | Int(bytes[start + 2]) << 8)
            let end = min(words.count, at + Int(value))
            switch bytes[start] >> 2 & 7 {
            case 0 where at < words.count: words[at] ^= value
            case 1: words.insert(value, at: at)
            case 2: words.removeSubrange(at..<end)
            case 3: words.insert(contentsOf: words[at..<end], at: at)
            case 4: words.removeSubrange(at...)
            case 5: words += bytes[min(bytes.count, start + 4)...]
            case 6: words += words[at...]
            default: if at < words.count { words[at] = value }
            }
            // Doubled again and again they would be without bounds.
            words = Array(words.prefix(Self.wordsMax))
        }
        return words
    }

    private static let editsMax = 16
    private static let wordsMax = 1 << 17
}

/// A client that means well.
private struct RealClient: ~Copyable {
    private var session: TLSSession
    private let closes: Bool
    private var received = ByteQueue()
    private var plaintext = ByteQueue()

    init(_ context: TLSContext, closes: Bool) throws(FuzzTarget.Finding) {
        self.closes = closes
        do throws(TLSError) {
            session = try TLSSession(connecting: context, serverName: "localhost")
        } catch {
            throw FuzzTarget.Finding("no client: \(error)")
        }
    }

    /// What it says next; it makes nothing of answers that it does not understand.
    mutating func words(_ flight: Int) -> [UInt8] {
        if session.state == .open {
            try? session.seal([UInt8](repeating: UInt8(flight), count: 100).rawBytes)
            if closes, flight == TLSEdits.flightsMax - 1 { session.close() }
        }
        return session.withOutgoing { queue in
            let bytes = queue.copy()
            queue.removeAll()
            return bytes
        }
    }

    mutating func listen(_ answer: [UInt8]) {
        received.append(answer)
        while let hasMore = try? session.open(from: &received, into: &plaintext), hasMore {}
    }
}

/// A server's session with what must hold of it.
private struct ExaminedServer: ~Copyable {
    private var session: TLSSession
    private var ciphertext = ByteQueue()
    private var plaintext = ByteQueue()
    private var received = 0
    private var sent = 0
    private var sealed = 0
    private var read = 0
    private var stage = 0
    private var failure: TLSError?

    init(_ context: TLSContext) throws(FuzzTarget.Finding) {
        do throws(TLSError) {
            session = try TLSSession(accepting: context)
        } catch {
            throw FuzzTarget.Finding("no session: \(error)")
        }
    }

    /// Takes bytes of the peer, in pieces.
    mutating func take(_ bytes: [UInt8], _ script: inout Script) throws(FuzzTarget.Finding) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let step = script.step()?.first
            let piece = Array(rest.prefix(Script.pieceBytes(step)))
            rest = rest.dropFirst(piece.count)
            received += piece.count
            ciphertext.append(piece)
            try open(atMost: step == 77 ? 1 : 64 << 10)
            if step == 66 { try seal() }
        }
    }

    private mutating func open(atMost limit: Int) throws(FuzzTarget.Finding) {
        var calls = 0
        var mayHaveMore = true
        while mayHaveMore {
            calls += 1
            guard calls <= 2 + received else { throw FuzzTarget.Finding("there is always more") }
            do throws(TLSError) {
                mayHaveMore = try session.open(from: &ciphertext, into: &plaintext, atMost: limit)
            } catch {
                guard !error.reason.isEmpty, session.state == .failed(error), failure == nil || failure == error else {
                    throw FuzzTarget.Finding("'\(error)' in the state \(session.state)")
                }
                failure = error
                mayHaveMore = false
                // As a server does that lets go of the connection.
                ciphertext.removeAll()
            }
            read += plaintext.count
            if stage == 0, session.state == .handshaking, !plaintext.isEmpty {
                throw FuzzTarget.Finding("plaintext before the end of the handshake")
            }
            plaintext.removeAll()
            try check()
        }
        // What follows a good-bye is nobody's.
        if stage >= 2 { ciphertext.removeAll() }
        guard ciphertext.isEmpty else { throw FuzzTarget.Finding("\(ciphertext.count) bytes are left over") }
    }

    private mutating func seal() throws(FuzzTarget.Finding) {
        let isOpen = session.state == .open || session.state == .peerClosed
        do throws(TLSError) {
            try session.seal([UInt8](repeating: 1, count: 300).rawBytes)
            guard isOpen else { throw .init(.setup, "plaintext was sealed in the state \(session.state)") }
            sealed += 300
        } catch {
            guard error.kind != .setup, !isOpen || error.kind == .protocolViolation else {
                throw FuzzTarget.Finding("\(error)")
            }
            if isOpen { failure = error }
        }
        try check()
    }

    private mutating func check() throws(FuzzTarget.Finding) {
        let next =
            switch session.state {
            case .handshaking: 0
            case .open: 1
            case .peerClosed: 2
            case .closed: 3
            case .failed: 4
            }
        guard next >= stage else { throw FuzzTarget.Finding("from stage \(stage) back to \(session.state)") }
        stage = next
        // A handshake's certificates and tickets, an alert, and answers to what a peer may ask again and again.
        let outgoing = sent + session.outgoingCount
        guard outgoing <= (16 << 10) + 4 * received + 2 * sealed else {
            throw FuzzTarget.Finding("\(outgoing) bytes in answer to \(received)")
        }
        guard read <= received else { throw FuzzTarget.Finding("\(read) bytes of \(received)") }
    }

    /// What the server says.
    mutating func takeOutgoing() -> [UInt8] {
        let bytes = session.withOutgoing { queue in
            let bytes = queue.copy()
            queue.removeAll()
            return bytes
        }
        sent += bytes.count
        return bytes
    }

    /// Says good-bye; what is failed stays so.
    mutating func end() throws(FuzzTarget.Finding) -> FuzzTarget.Outcome {
        let wasOpen = stage >= 1 && failure == nil
        try seal()
        if wasOpen {
            guard !session.protocolVersion.isEmpty, session.cipherSuite != "none" else {
                throw FuzzTarget.Finding("open without a cipher suite")
            }
            _ = session.isResumed
        }
        _ = session.peerIdentity
        session.close()
        try check()
        ciphertext.append([0x17, 3, 3, 0, 1, 0])
        try open(atMost: 1)
        if let failure { return .refused("\(failure)") }
        return wasOpen ? .read : .refused("handshaking")
    }
}
