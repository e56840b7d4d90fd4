import HTTP2Transport
import Testing

/// What a small hostile client can send, and that each ends with the right code and a bounded cost.
@Suite struct FloodTests {
    static let calm = HTTP2ErrorCode.enhanceYourCalm.rawValue
    static let protocolError = HTTP2ErrorCode.protocolError.rawValue

    @Test func `rapid reset`() {
        var client = HostileClient()
        var streams = 0
        for index in 0..<4000 where !client.server.isFinished {
            let stream = UInt32(2 * index + 1)
            client.send(HostileClient.headers(stream, HostileClient.request()) + HostileClient.reset(stream))
            client.turn()
            streams += 1
        }
        expect(client, .tooManyResets, Self.calm)
        #expect(streams == 201)
    }

    @Test func `resets at a pace that the budget refills are no flood`() {
        var client = HostileClient()
        for index in 0..<1000 {
            let stream = UInt32(2 * index + 1)
            client.send(HostileClient.headers(stream, HostileClient.request()) + HostileClient.reset(stream))
            client.turn()
            client.now += 40_000_000
        }
        expectPeace(client)
    }

    @Test(arguments: ["window", "content-length", "field"])
    func `made you reset`(_ way: String) {
        var client = HostileClient()
        var streams = 0
        // One stream at a time, so that the limit on streams has no part in it.
        for index in 0..<4000 where !client.server.isFinished {
            let stream = UInt32(2 * index + 1)
            switch way {
            case "window":
                client.send(HostileClient.headers(stream, HostileClient.request()))
                client.turn()
                client.send(HostileClient.frame(8, 0, stream, HostileClient.word(0x7fff_ffff)))
            case "content-length":
                client.send(HostileClient.headers(stream, HostileClient.request(extra: [("content-length", "3")])))
                client.send(HostileClient.frame(0, 0, stream, [1, 2, 3, 4]))
            default:
                client.send(HostileClient.headers(stream, HostileClient.request(extra: [("Upper", "x")])))
            }
            client.turn()
            streams += 1
        }
        expect(client, .tooManyFaults, Self.calm)
        #expect(streams <= 202)
    }

    @Test func `header bomb by references to a long field`() {
        var client = HostileClient()
        // One entry of 3.9 KB in the dynamic table (index 62), then a byte for each reference to it.
        let value = String(repeating: "a", count: 3900)
        let entry =
            [0x40] + HostileClient.integer(1) + Array("a".utf8) + HostileClient.integer(3900) + Array(value.utf8)
        client.send(HostileClient.headers(1, HostileClient.request() + entry, ends: true))
        client.turn()
        client.send(HostileClient.headers(3, HostileClient.request() + [UInt8](repeating: 0x80 | 62, count: 12_000)))
        client.turn()
        expect(client, .headerListTooLarge, Self.calm)
    }

    @Test func `header bomb by many almost empty fields`() {
        var client = HostileClient()
        let block = (0..<2000).flatMap { _ in HostileClient.literal("a", "") }
        client.send(HostileClient.headers(1, HostileClient.request() + block))
        client.turn()
        expect(client, .tooManyHeaderFields, Self.calm)
    }

    @Test func `one field beyond the header list`() {
        var client = HostileClient()
        let block = HostileClient.request() + HostileClient.literal("a", String(repeating: "x", count: 33_000))
        client.send(HostileClient.frame(1, 0, 1, Array(block.prefix(16_000))))
        client.send(HostileClient.frame(9, 0, 1, Array(block.dropFirst(16_000).prefix(16_000))))
        client.send(HostileClient.frame(9, 4, 1, Array(block.dropFirst(32_000))))
        client.turn()
        expect(client, .headerListTooLarge, Self.calm)
    }

    @Test func `CONTINUATION without end`() {
        var client = HostileClient()
        client.send(HostileClient.frame(1, 0, 1, HostileClient.request()))
        for _ in 0..<100 where !client.server.isFinished {
            client.send(HostileClient.frame(9, 0, 1, HostileClient.literal("a", "b")))
            client.turn()
        }
        expect(client, .tooManyContinuations, Self.calm)
    }

    @Test func `empty DATA without end`() {
        var client = HostileClient()
        client.send(HostileClient.headers(1, HostileClient.request()))
        var frames = 0
        for _ in 0..<20_000 where !client.server.isFinished {
            client.send(HostileClient.frame(0, 0, 1, []))
            client.turn()
            frames += 1
        }
        expect(client, .tooManySmallFrames, Self.calm)
        #expect(frames == 26)
    }

    /// The library must not read on behind the frame that was one too many: it would stop the process there.
    @Test(arguments: ["data", "fields", "pings", "resets", "faults"])
    func `a malformed frame in the same piece as a flood`(_ way: String) {
        var client = HostileClient()
        var flood: [UInt8] = []
        let violation: HTTP2Violation
        switch way {
        case "data":
            violation = .tooManySmallFrames
            flood += HostileClient.headers(1, HostileClient.request())
            for _ in 0..<30 { flood += HostileClient.frame(0, 0, 1, []) }
        case "fields":
            violation = .tooManyHeaderFields
            flood += HostileClient.headers(1, HostileClient.request(extra: .init(repeating: ("a", ""), count: 100)))
        case "pings":
            violation = .tooManyControlFrames
            // Answers to none of ours, so that none of the library's wait to be read.
            for _ in 0..<10_100 { flood += HostileClient.frame(6, 1, 0, [UInt8](repeating: 1, count: 8)) }
        case "resets":
            violation = .tooManyResets
            for index in 0..<210 as Range<UInt32> {
                flood += HostileClient.headers(2 * index + 1, HostileClient.request())
                flood += HostileClient.reset(2 * index + 1)
            }
        default:
            violation = .tooManyFaults
            let block = HostileClient.request(extra: [("Upper", "x")])
            for index in 0..<210 as Range<UInt32> { flood += HostileClient.headers(2 * index + 1, block) }
        }
        client.send(flood + HostileClient.frame(3, 0, 1, []) + HostileClient.frame(8, 0, 0, []))
        client.turn()
        expect(client, violation, Self.calm)
    }

    @Test func `DATA of one byte without end`() {
        var client = HostileClient()
        client.send(HostileClient.headers(1, HostileClient.request()))
        for _ in 0..<40_000 where !client.server.isFinished {
            client.send(HostileClient.frame(0, 0, 1, [7]))
            client.turn()
        }
        expect(client, .tooManySmallFrames, Self.calm)
    }

    @Test func `small messages on a stream are no flood`() {
        var client = HostileClient()
        client.send(HostileClient.headers(1, HostileClient.request()))
        for _ in 0..<10_000 {
            client.send(HostileClient.frame(0, 0, 1, [UInt8](repeating: 1, count: 64)))
            client.turn()
        }
        expectPeace(client)
    }

    @Test(arguments: [UInt8(6), 4, 2, 8, 0x0a, 0xbe])
    func `control frames without end`(_ type: UInt8) {
        var client = HostileClient()
        let payload: [UInt8] =
            switch type {
            case 6: [UInt8](repeating: 1, count: 8)
            case 2: [0, 0, 0, 0, 16]
            case 8: [0, 0, 0, 1]
            default: []
            }
        let stream: UInt32 = type == 2 ? 1 : 0
        for _ in 0..<20_000 where !client.server.isFinished {
            client.send(HostileClient.frame(type, 0, stream, payload))
            client.turn()
        }
        expect(client, .tooManyControlFrames, Self.calm)
    }

    @Test func `unknown frames without end`() {
        var client = HostileClient()
        let frame = HostileClient.frame(0xbe, 0, 0, [UInt8](repeating: 1, count: 16_000))
        let bytes = [[UInt8]](repeating: frame, count: 16).flatMap { $0 }
        var sent = 0
        for _ in 0..<2000 where !client.server.isFinished {
            client.send(bytes)
            client.turn()
            sent += bytes.count
        }
        expect(client, .tooManyIgnoredBytes, Self.calm)
        #expect(sent < 65 << 20)
    }

    @Test(arguments: [UInt8(6), 4])
    func `control frames whose answers are not read`(_ type: UInt8) {
        var client = HostileClient()
        for _ in 0..<20_000 where client.server.violation == nil {
            client.send(HostileClient.frame(type, 0, 0, type == 6 ? [UInt8](repeating: 1, count: 8) : []))
        }
        client.turn()
        expect(client, .tooManyControlFrames, Self.calm)
    }

    @Test func `a stream number that was passed over`() {
        var client = HostileClient()
        client.send(HostileClient.headers(9, HostileClient.request()))
        client.turn()
        client.send(HostileClient.headers(5, HostileClient.request()))
        client.turn()
        expect(client, .fallingStreamNumber, Self.protocolError)
    }

    @Test func `user information and a host that differs are malformed`() {
        var client = HostileClient()
        client.send(HostileClient.headers(1, HostileClient.request(authority: "user:word@localhost"), ends: true))
        client.send(HostileClient.headers(3, HostileClient.request(extra: [("host", "other")]), ends: true))
        client.send(HostileClient.headers(5, HostileClient.request(extra: [("host", "LOCALHOST")]), ends: true))
        client.turn()
        let codes = [1, 3, 5].map { client.resetCode($0) }
        #expect(codes == [Self.protocolError, Self.protocolError, nil])
        expectPeace(client)
    }

    @Test(arguments: [
        ("connection", "close"), ("transfer-encoding", "chunked"), ("te", "gzip"), ("upgrade", "h2c"),
        ("content-length", "+10"), ("content-length", "99999999999999999999"), ("x", "a\r\nb"), ("x", "a\u{0}b"),
        (":path", "/again"), (":unknown", "x"), ("Big", "x"),
    ])
    func `malformed fields reset the stream`(_ name: String, _ value: String) {
        var client = HostileClient()
        client.send(HostileClient.headers(1, HostileClient.request(extra: [(name, value)]), ends: true))
        client.turn()
        let code = client.resetCode(1)
        #expect(code == Self.protocolError)
        expectPeace(client)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        String(repeating: "x", count: 100),
    ])
    func `a beginning that is not HTTP/2`(_ text: String) {
        var client = HostileClient(sendsPreface: false)
        client.send(Array(text.utf8))
        client.turn()
        expect(client, .badPreface, Self.protocolError)
    }

    @Test func `a preface without SETTINGS ends the connection`() {
        var client = HostileClient(sendsPreface: false)
        client.send(
            Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + HostileClient.frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8])
        )
        client.turn()
        let (code, isFinished) = (client.goAwayCode, client.server.isFinished)
        #expect(code == Self.protocolError)
        #expect(isFinished)
    }

    @Test(arguments: [
        ("a frame beyond the largest", [0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1], 6),
        ("DATA on an idle stream", [0, 0, 1, 0, 0, 0, 0, 0, 7, 1], 1),
        ("HEADERS on an even stream", [0, 0, 0, 1, 5, 0, 0, 0, 2], 1),
        ("a window beyond 2^31-1", [0, 0, 4, 8, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff], 3),
        ("SETTINGS with half an entry", [0, 0, 3, 4, 0, 0, 0, 0, 0, 0, 1, 0], 6),
        ("a PING of seven bytes", [0, 0, 7, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7], 6),
        ("PUSH_PROMISE from a client", [0, 0, 4, 5, 4, 0, 0, 0, 1, 0, 0, 0, 2], 1),
    ])
    func `broken frames end the connection with the code of the RFC`(_ name: String, _ bytes: [UInt8], _ code: UInt32) {
        var client = HostileClient()
        client.send(bytes)
        client.turn()
        let (sent, isFinished) = (client.goAwayCode, client.server.isFinished)
        #expect(sent == code)
        #expect(isFinished)
    }

    @Test func `streams beyond the limit are refused, and without end ended`() {
        var limits = HTTP2Limits()
        limits.streamsMax = 4
        var client = HostileClient(limits: limits)
        client.send(HostileClient.frame(4, 1, 0, []))
        for index in 0..<5 { client.send(HostileClient.headers(UInt32(2 * index + 1), HostileClient.request())) }
        client.turn()
        let (open, finished) = (client.server.openStreamCount, client.server.isFinished)
        #expect(open == 4 || finished)
        for index in 5..<2000 where !client.server.isFinished {
            client.send(HostileClient.headers(UInt32(2 * index + 1), HostileClient.request()))
            client.turn()
        }
        let isFinished = client.server.isFinished
        #expect(isFinished)
    }

    @Test func `random frames never trap, whatever they are`() {
        for seed in UInt64(1)...300 {
            var random = Scatter(state: seed)
            var client = HostileClient()
            for _ in 0..<60 where !client.server.isFinished {
                let stream = UInt32(random.next() % 9)
                let payload = (0..<Int(random.next() % 40)).map { _ in UInt8(truncatingIfNeeded: random.next() >> 7) }
                if random.next() % 3 == 0 {
                    client.send(
                        HostileClient.headers(stream | 1, HostileClient.request(), ends: random.next() % 2 == 0)
                    )
                } else {
                    let type = UInt8(random.next() % 11)
                    client.send(HostileClient.frame(type, UInt8(random.next() & 0x2d), stream, payload))
                }
                if random.next() % 4 == 0 { client.turn() }
            }
            client.turn()
            let frames = client.framesFromServer.count
            #expect(frames > 0, "seed \(seed)")
        }
    }

    private func expect(_ client: borrowing HostileClient, _ violation: HTTP2Violation, _ code: UInt32) {
        let (found, sent, isFinished) = (client.server.violation, client.goAwayCode, client.server.isFinished)
        #expect(found == violation)
        #expect(sent == code)
        #expect(isFinished)
    }

    private func expectPeace(_ client: borrowing HostileClient) {
        let (found, sent, isFinished) = (client.server.violation, client.goAwayCode, client.server.isFinished)
        #expect(found == nil)
        #expect(sent == nil)
        #expect(!isFinished)
    }
}

/// A small generator with a seed, so that a failure repeats (splitmix64).
struct Scatter {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
