import Foundation
import HTTP2Transport
import LeadServer
import LeadWire
import Testing

/// Peers that mean harm, or know no better, against a real server over TLS on loopback.
///
/// One test a row of the list of attacks that a trustworthy server survives. All are in one suite, so that one happens at
/// a time.
@Suite("Hostile peers", .serialized) enum HostilePeers {}

extension HostilePeers {
    /// What RFC 9113 section 7 calls the errors.
    enum Code {
        static let protocolError = HTTP2ErrorCode.protocolError.rawValue
        static let flowControl = HTTP2ErrorCode.flowControlError.rawValue
        static let streamClosed = HTTP2ErrorCode.streamClosed.rawValue
        static let frameSize = HTTP2ErrorCode.frameSizeError.rawValue
        static let refusedStream = HTTP2ErrorCode.refusedStream.rawValue
        static let cancel = HTTP2ErrorCode.cancel.rawValue
        static let compression = HTTP2ErrorCode.compressionError.rawValue
        static let calm = HTTP2ErrorCode.enhanceYourCalm.rawValue
    }

    /// Expects GOAWAY with one of these codes, and the end of the connection.
    static func expectGoAway(
        _ peer: HostilePeer,
        _ codes: UInt32...,
        about what: String = "",
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let isOver = try peer.ends()
        let said = peer.goAwayCode.map { "GOAWAY \($0)" } ?? "no GOAWAY"
        #expect(isOver, "\(what): the connection goes on, \(said)", sourceLocation: location)
        #expect(peer.goAwayCode.map(codes.contains) ?? false, "\(what): \(said)", sourceLocation: location)
    }

    /// Expects RST_STREAM with one of these codes, and that the connection goes on.
    static func expectReset(
        _ peer: HostilePeer,
        _ stream: UInt32,
        _ codes: UInt32...,
        about what: String = "",
        at location: SourceLocation = #_sourceLocation
    ) throws {
        try peer.wait { $0.resetCode(stream) != nil }
        let code = peer.resetCode(stream)
        let said = code.map { "RST_STREAM \($0)" } ?? peer.goAwayCode.map { "GOAWAY \($0)" } ?? "nothing"
        #expect(code.map(codes.contains) ?? false, "\(what): \(said)", sourceLocation: location)
        #expect(try peer.isServed(), "\(what): the connection does not go on", sourceLocation: location)
    }

    /// Sends until the server has had enough, or so many times.
    @discardableResult
    static func flood(_ peer: HostilePeer, _ count: Int, _ bytes: (Int) throws -> [UInt8]) throws -> Int {
        var sent = 0
        while sent < count, !peer.isEnded, peer.goAwayCode == nil {
            try peer.send(try bytes(sent))
            try peer.wait(seconds: 0) { _ in false }
            sent += 1
        }
        return sent
    }

    /// The number of the stream that is opened as this one.
    static func stream(_ index: Int) -> UInt32 { UInt32(2 * index + 1) }
}

extension HostilePeers {
    @Suite("Attacks on streams", .serialized)
    struct StreamAttacks {
        @Test func `Rapid Reset (CVE-2023-44487)`() throws {
            try underAttack("Rapid Reset") { server in
                let peer = try HostilePeer(server)
                try flood(peer, 400) { batch in
                    (0..<10).flatMap { index -> [UInt8] in
                        let id = stream(10 * batch + index)
                        return Frame.headers(id, Block.request()) + Frame.reset(id)
                    }
                }
                try expectGoAway(peer, Code.calm)
            }
        }

        @Test(arguments: ["window", "content-length", "field", "zero increment", "after the end", "short PRIORITY"])
        func `MadeYouReset (CVE-2025-8671)`(_ way: String) throws {
            try underAttack("MadeYouReset, \(way)") { server in
                let peer = try HostilePeer(server)
                var made = 0
                // One stream at a time, so that the limit on streams has no part in it.
                while made < 1_000, !peer.isEnded, peer.goAwayCode == nil {
                    let id = stream(made)
                    let block = Block.request()
                    let bytes =
                        switch way {
                        case "window": Frame.headers(id, block) + Frame.windowUpdate(id, 0x7FFF_FFFF)
                        case "content-length":
                            Frame.headers(id, Block.request(extra: [("content-length", "3")]))
                                + Frame.data(id, [1, 2, 3, 4])
                        case "field": Frame.headers(id, Block.request(extra: [("Upper", "x")]))
                        case "zero increment": Frame.headers(id, block) + Frame.windowUpdate(id, 0)
                        case "after the end": Frame.headers(id, block, ends: true) + Frame.data(id, [1])
                        default:
                            Frame.headers(id, block) + Frame(Frame.Kind.priority, stream: id, [0, 0, 0, 0]).bytes
                        }
                    try peer.send(bytes)
                    try peer.wait { $0.resetCode(id) != nil || $0.goAwayCode != nil }
                    made += 1
                }
                // What nghttp2 ends the whole connection for is a stronger answer than a budget.
                try expectGoAway(peer, Code.calm, Code.protocolError, Code.streamClosed, Code.frameSize, about: way)
                // The budget is 200, and grows by 33 a second.
                #expect(made <= 230, "\(way): \(made) streams")
            }
        }

        @Test(arguments: [true, false])
        func `refused-stream flood`(_ acknowledges: Bool) throws {
            try underAttack("refused streams, settings \(acknowledges ? "" : "not ")acknowledged") { server in
                let peer = try HostilePeer(to: server.server.listenAddress, context: try HostilePeer.context())
                if acknowledges {
                    try peer.open()
                } else {
                    try peer.send(Frame.preface + Frame.settings([(1, 0)]))
                }
                try flood(peer, 4_000) { Frame.headers(stream($0), Block.request()) }
                try expectGoAway(peer, Code.protocolError, Code.calm, Code.refusedStream)
            }
        }

        @Test(arguments: [
            ("DATA on a half-closed stream", Code.streamClosed), ("HEADERS on a half-closed stream", Code.streamClosed),
            ("DATA on a closed stream", Code.streamClosed), ("HEADERS on a closed stream", Code.streamClosed),
            ("DATA on an idle stream", Code.protocolError), ("HEADERS on an even stream", Code.protocolError),
            ("HEADERS on a falling stream", Code.protocolError),
            ("WINDOW_UPDATE on an idle stream", Code.protocolError),
            ("RST_STREAM on an idle stream", Code.protocolError), ("HEADERS on stream 0", Code.protocolError),
            ("DATA on stream 0", Code.protocolError),
        ])
        func `frames on streams of the wrong state or number`(_ what: String, _ code: UInt32) throws {
            try underAttack(what) { server in
                let peer = try HostilePeer(server)
                let block = Block.request()
                switch what {
                case "DATA on a half-closed stream":
                    try peer.send(Frame.headers(1, block, ends: true) + Frame.data(1, [1]))
                case "HEADERS on a half-closed stream":
                    try peer.send(Frame.headers(1, block, ends: true) + Frame.headers(1, block, ends: true))
                case "DATA on a closed stream", "HEADERS on a closed stream":
                    try peer.send(Frame.headers(1, Block.get(), ends: true))
                    try peer.wait { $0.ended.contains(1) }
                    try peer.send(what.hasPrefix("DATA") ? Frame.data(1, [1]) : Frame.headers(1, block, ends: true))
                case "DATA on an idle stream": try peer.send(Frame.data(7, [1]))
                case "HEADERS on an even stream": try peer.send(Frame.headers(2, block))
                case "HEADERS on a falling stream":
                    try peer.send(Frame.headers(9, block))
                    try peer.send(Frame.headers(5, block))
                case "WINDOW_UPDATE on an idle stream": try peer.send(Frame.windowUpdate(7, 1))
                case "RST_STREAM on an idle stream": try peer.send(Frame.reset(7))
                case "HEADERS on stream 0": try peer.send(Frame.headers(0, block))
                default: try peer.send(Frame.data(0, [1]))
                }
                // A stream's own error would do where RFC 9113 section 5.1 allows it; nghttp2 ends the connection.
                try expectGoAway(peer, code, about: what)
            }
        }

        @Test func `streams reset in the middle of their messages leave nothing behind`() throws {
            try underAttack("RST_STREAM in mid-flow", rounds: 3) { server in
                let peer = try HostilePeer(server)
                let message = try TestModel.request((0..<4_000).map { Double($0) + 0.5 })
                for index in 0..<150 {
                    let part = Array(message.prefix(index * message.count / 150))
                    try peer.send(Frame.headers(stream(index), Block.request()))
                    for offset in stride(from: 0, to: part.count, by: 16_000) {
                        try peer.send(Frame.data(stream(index), Array(part[offset..<min(part.count, offset + 16_000)])))
                    }
                    try peer.send(Frame.reset(stream(index)))
                }
                #expect(try peer.isServed())
                try expectNothingKept(server)
            }
        }

        @Test func `connections that break in the middle of a message leave nothing behind`() throws {
            try underAttack("connections broken in mid-flow", rounds: 1) { server in
                let message = try TestModel.request((0..<4_000).map { Double($0) + 0.5 })
                for index in 0..<60 {
                    let peer = try HostilePeer(server)
                    try peer.send(Frame.headers(1, Block.request()))
                    try peer.send(Frame.data(1, Array(message.prefix(200 * index))))
                    if index % 2 == 0 { peer.sendRaw(Array(repeating: 0x17, count: 3)) }
                    // Bytes that we never read make the kernel break the connection with RST.
                    if index % 3 == 0 { try peer.send(Frame.ping()) }
                }
                try expectNothingKept(server)
            }
        }

        @Test func `random frames`() throws {
            try underAttack("random frames", rounds: 1) { server in
                for seed in UInt64(1)...40 {
                    var random = SplitMix(state: seed)
                    let peer = try HostilePeer(server)
                    for _ in 0..<60 where !peer.isEnded {
                        let id = UInt32(random.next() % 9)
                        if random.next() % 3 == 0 {
                            try peer.send(Frame.headers(id | 1, Block.request(), ends: random.next() % 2 == 0))
                        } else {
                            let payload = (0..<Int(random.next() % 40)).map { _ in
                                UInt8(truncatingIfNeeded: random.next())
                            }
                            let type = UInt8(random.next() % 11)
                            try peer.send(Frame(type, UInt8(random.next() & 0x2D), stream: id, payload).bytes)
                        }
                    }
                    try peer.wait(seconds: 0.02) { $0.isEnded }
                    #expect(!peer.frames.isEmpty, "seed \(seed)")
                }
                try expectNothingKept(server)
            }
        }
    }
}

extension HostilePeers {
    /// Expects that no byte of requests and answers is kept, once the server has noticed what happened.
    static func expectNothingKept(_ server: TestServer, at location: SourceLocation = #_sourceLocation) throws {
        // The polite client keeps its small batch now and then.
        var kept = Int.max
        for _ in 0..<100 where kept > 4_096 {
            kept = try Int(AdminPage.metric("leadline_request_bytes_in_flight", of: server))
            if kept > 4_096 { usleep(20_000) }
        }
        #expect(kept <= 4_096, "\(kept) bytes are kept", sourceLocation: location)
    }
}

/// A small generator with a seed, so that a failure repeats.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
