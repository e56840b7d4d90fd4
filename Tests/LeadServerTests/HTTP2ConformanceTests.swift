import HTTP2Transport
import LeadServer
import Testing

/// One thing that RFC 9113 or RFC 7541 asks of a server: what a client does, and how it is to be answered.
struct Requirement: Sendable, CustomTestStringConvertible {
    /// How a server answers.
    enum Answer: Sendable {
        /// GOAWAY with one of these codes, and the end of the connection.
        case goAway([UInt32])
        /// RST_STREAM of stream 1 with one of these codes; the connection goes on.
        case reset([UInt32])
        /// RST_STREAM of stream 1, or the end of the connection, with one of these codes.
        case resetOrGoAway([UInt32])
        /// The connection goes on as if nothing were wrong.
        case goesOn
        /// Stream 1 is answered with this status to its end, and the connection goes on.
        case answered(Int)
        /// The test looks for itself.
        case looked
    }

    let name: String
    let answer: Answer
    let settings: [(UInt16, UInt32)]
    let act: @Sendable (HostilePeer) throws -> Void

    init(
        _ name: String,
        _ answer: Answer,
        settings: [(UInt16, UInt32)] = [],
        _ act: @escaping @Sendable (HostilePeer) throws -> Void
    ) {
        self.name = name
        self.answer = answer
        self.settings = settings
        self.act = act
    }

    var testDescription: String { name }

    static func goAway(_ codes: UInt32...) -> Answer { .goAway(codes) }

    /// Expects the answer from a server.
    func check(_ server: TestServer) throws {
        let peer = try HostilePeer(server, settings: settings)
        try act(peer)
        switch answer {
        case .goAway(let codes):
            let isOver = try peer.ends()
            #expect(isOver && codes.contains(peer.goAwayCode ?? .max), "\(name): \(said(peer))")
        case .reset(let codes):
            try peer.wait { $0.resetCode(1) != nil }
            let isServed = try peer.isServed()
            #expect(isServed && codes.contains(peer.resetCode(1) ?? .max), "\(name): \(said(peer))")
        case .resetOrGoAway(let codes):
            try peer.wait { $0.resetCode(1) != nil }
            #expect(codes.contains(peer.resetCode(1) ?? peer.goAwayCode ?? .max), "\(name): \(said(peer))")
        case .goesOn:
            let isServed = try peer.isServed()
            #expect(isServed && peer.goAwayCode == nil && peer.resets == 0, "\(name): \(said(peer))")
        case .answered(let status):
            try peer.wait { $0.ended.contains(1) }
            let isServed = try peer.isServed()
            #expect(
                isServed && peer.status(1) == status && peer.ended.contains(1) && peer.goAwayCode == nil,
                "\(name): \(said(peer))"
            )
        case .looked: break
        }
    }

    private func said(_ peer: HostilePeer) -> String {
        let resets = peer.frames.filter { $0.type == Frame.Kind.resetStream }.map { frame in
            "RST_STREAM of \(frame.stream) with \(frame.word(at: 0) ?? .max)"
        }
        let goAway = peer.goAwayCode.map { ["GOAWAY \($0)"] } ?? []
        let status = peer.status(1).map { ["status \($0)"] } ?? []
        let words = goAway + resets + status
        return words.isEmpty ? "the server says nothing" : words.joined(separator: ", ")
    }
}

extension HostilePeers {
    /// What RFC 9113 and RFC 7541 ask of a server, over real sockets; written from the RFCs, one case a requirement.
    ///
    /// What is not covered, and why, stands in proto-docs/CONFORMANCE.md.
    @Suite("Conformance", .serialized)
    struct Conformance {
        let server: TestServer

        init() throws { server = try TestServer() }

        @Test(arguments: Requirement.framing)
        func `RFC 9113 sections 3 and 4: preface, frames, header blocks`(_ requirement: Requirement) throws {
            try requirement.check(server)
        }

        @Test(arguments: Requirement.streams)
        func `RFC 9113 section 5: streams`(_ requirement: Requirement) throws {
            try requirement.check(server)
        }

        @Test(arguments: Requirement.frameTypes)
        func `RFC 9113 sections 6 and 7: frame types, error codes`(_ requirement: Requirement) throws {
            try requirement.check(server)
        }

        @Test(arguments: Requirement.flowControl)
        func `RFC 9113 section 6.9: flow control`(_ requirement: Requirement) throws {
            try requirement.check(server)
        }

        @Test(arguments: Requirement.messages)
        func `RFC 9113 section 8: requests and answers`(_ requirement: Requirement) throws {
            try requirement.check(server)
        }

        @Test(arguments: Requirement.compression)
        func `RFC 7541: header compression`(_ requirement: Requirement) throws {
            try requirement.check(server)
        }

        @Test(arguments: Preface.all)
        func `RFC 9113 section 3.4: the connection preface`(_ preface: Preface) throws {
            let peer = try HostilePeer(to: server.server.listenAddress, context: try HostilePeer.context())
            for piece in preface.pieces { try peer.send(piece) }
            if let code = preface.code {
                let isOver = try peer.ends()
                #expect(isOver && peer.goAwayCode == code, "\(preface.name): \(peer.goAwayCode ?? .max)")
            } else {
                try peer.wait { $0.ended.contains(1) }
                #expect(peer.status(1) == 200, "\(preface.name)")
                let first = try #require(peer.frames.first)
                #expect(first.type == Frame.Kind.settings && first.flags == 0 && first.stream == 0)
            }
        }
    }

    /// A beginning of a connection; without a code it is good, and its request is answered.
    struct Preface: Sendable, CustomTestStringConvertible {
        let name: String
        let pieces: [[UInt8]]
        let code: UInt32?

        var testDescription: String { "RFC 9113 3.4: \(name)" }

        static let all: [Preface] = {
            let good = Frame.preface + Frame.settings([(1, 0)])
            let request = Frame.headers(1, Block.get(), ends: true)
            return [
                Preface(name: "a request need not wait for the server's SETTINGS", pieces: [good + request], code: nil),
                Preface(
                    name: "the preface may come octet by octet",
                    pieces: (good + request).map { [$0] },
                    code: nil
                ),
                Preface(name: "the server's SETTINGS come first", pieces: [good, request], code: nil),
                Preface(
                    name: "an invalid preface is PROTOCOL_ERROR",
                    pieces: [Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r".utf8) + Frame.settings([])],
                    code: Code.protocolError
                ),
                Preface(
                    name: "a first frame that is not SETTINGS is PROTOCOL_ERROR",
                    pieces: [Frame.preface + Frame.ping()],
                    code: Code.protocolError
                ),
                Preface(
                    name: "a first frame that acknowledges SETTINGS is PROTOCOL_ERROR",
                    pieces: [Frame.preface + Frame(Frame.Kind.settings, Frame.Flag.ack).bytes],
                    code: Code.protocolError
                ),
                Preface(
                    name: "a request before SETTINGS is PROTOCOL_ERROR",
                    pieces: [Frame.preface + request],
                    code: Code.protocolError
                ),
            ]
        }()
    }
}
