import HTTP2Transport
import LeadWire
import Testing

private typealias Code = HostilePeers.Code
private typealias Kind = Frame.Kind
private typealias Flag = Frame.Flag

/// A whole request for a page on stream 1.
private let whole = Frame.headers(1, Block.get(), ends: true)
/// The head of a request on stream 1 whose body is to follow.
private let open = Frame.headers(1, Block.request())

extension Requirement {
    /// Sections 6.1 to 6.8, 6.10 and 7.
    static let frameTypes: [Requirement] = [
        // 6.1 DATA
        Requirement("RFC 9113 6.1: DATA on stream 0 is PROTOCOL_ERROR", goAway(Code.protocolError)) { peer in
            try peer.send(open + Frame.data(0, [1]))
        },
        Requirement("RFC 9113 6.1: DATA may be padded", .answered(200)) { peer in
            let message = try TestModel.request([1])
            let payload = [200] + message + [UInt8](repeating: 0, count: 200)
            try peer.send(open + Frame(Kind.data, Flag.padded | Flag.endStream, stream: 1, payload).bytes)
        },
        Requirement("RFC 9113 6.1: padding as long as the payload is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(open + Frame(Kind.data, Flag.padded, stream: 1, [3, 0, 0]).bytes)
        },
        Requirement(
            "RFC 9113 6.1: DATA padded without a length is an error",
            goAway(Code.frameSize, Code.protocolError)
        ) {
            peer in
            try peer.send(open + Frame(Kind.data, Flag.padded, stream: 1).bytes)
        },
        Requirement("RFC 9113 6.1: an empty DATA frame may end a request", .answered(200)) { peer in
            try peer.send(open + Frame.data(1, try TestModel.request([1])) + Frame.data(1, [], ends: true))
        },
        // 6.2 HEADERS
        Requirement("RFC 9113 6.2: HEADERS on stream 0 is PROTOCOL_ERROR", goAway(Code.protocolError)) { peer in
            try peer.send(Frame.headers(0, Block.get(), ends: true))
        },
        Requirement("RFC 9113 6.2: HEADERS may be padded, and hold a priority", .answered(200)) { peer in
            let flags = Flag.padded | Flag.priority | Flag.endHeaders | Flag.endStream
            let payload = [3] + Frame.word(0) + [9] + Block.get() + [0, 0, 0]
            try peer.send(Frame(Kind.headers, flags, stream: 1, payload).bytes)
        },
        Requirement("RFC 9113 6.2: padding longer than the rest is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            let payload = [200] + Block.get()
            try peer.send(Frame(Kind.headers, Flag.padded | Flag.endHeaders, stream: 1, payload).bytes)
        },
        Requirement(
            "RFC 9113 6.2: HEADERS too short for their priority is an error",
            goAway(Code.frameSize, Code.protocolError)
        ) { peer in
            try peer.send(Frame(Kind.headers, Flag.priority | Flag.endHeaders, stream: 1, [0, 0, 0]).bytes)
        },
        // 6.3 PRIORITY
        Requirement("RFC 9113 6.3: PRIORITY on stream 0 is PROTOCOL_ERROR", goAway(Code.protocolError)) { peer in
            try peer.send(Frame.priority(0, on: 1))
        },
        Requirement(
            "RFC 9113 6.3: PRIORITY of another length than 5 is FRAME_SIZE_ERROR",
            .resetOrGoAway([Code.frameSize])
        ) {
            peer in
            try peer.send(open + Frame(Kind.priority, stream: 1, [0, 0, 0, 0]).bytes)
        },
        // 6.4 RST_STREAM
        Requirement("RFC 9113 6.4: RST_STREAM on stream 0 is PROTOCOL_ERROR", goAway(Code.protocolError)) { peer in
            try peer.send(Frame.reset(0))
        },
        Requirement("RFC 9113 6.4: RST_STREAM of another length than 4 is FRAME_SIZE_ERROR", goAway(Code.frameSize)) {
            peer in
            try peer.send(open + Frame(Kind.resetStream, stream: 1, [0, 0, 0]).bytes)
        },
        // 6.5 SETTINGS
        Requirement("RFC 9113 6.5: SETTINGS on another stream than 0 is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(Frame(Kind.settings, stream: 1, [0, 4, 0, 0, 1, 0]).bytes)
        },
        Requirement("RFC 9113 6.5: SETTINGS with half an entry is FRAME_SIZE_ERROR", goAway(Code.frameSize)) { peer in
            try peer.send(Frame(Kind.settings, 0, [0, 4, 0]).bytes)
        },
        Requirement("RFC 9113 6.5: an acknowledgement with entries is FRAME_SIZE_ERROR", goAway(Code.frameSize)) {
            peer in
            try peer.send(Frame(Kind.settings, Flag.ack, [0, 4, 0, 0, 1, 0]).bytes)
        },
        Requirement("RFC 9113 6.5.2: SETTINGS_ENABLE_PUSH above 1 is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(Frame.settings([(2, 2)]))
        },
        Requirement("RFC 9113 6.5.2: SETTINGS_ENABLE_PUSH 0 and 1 are taken", .answered(200)) { peer in
            try peer.send(Frame.settings([(2, 0)]) + Frame.settings([(2, 1)]) + whole)
        },
        Requirement(
            "RFC 9113 6.5.2: SETTINGS_INITIAL_WINDOW_SIZE of 2^31 is FLOW_CONTROL_ERROR",
            goAway(Code.flowControl)
        ) {
            peer in
            try peer.send(Frame.settings([(4, 1 << 31)]))
        },
        Requirement(
            "RFC 9113 6.5.2: SETTINGS_MAX_FRAME_SIZE below 16,384 is PROTOCOL_ERROR",
            goAway(Code.protocolError)
        ) {
            peer in
            try peer.send(Frame.settings([(5, 16_383)]))
        },
        Requirement(
            "RFC 9113 6.5.2: SETTINGS_MAX_FRAME_SIZE above 2^24-1 is PROTOCOL_ERROR",
            goAway(Code.protocolError)
        ) {
            peer in
            try peer.send(Frame.settings([(5, 1 << 24)]))
        },
        Requirement("RFC 9113 6.5.2: the server's own settings are within their ranges", .looked) { peer in
            #expect((peer.setting(4) ?? 65_535) < 1 << 31)
            #expect((16_384..<1 << 24).contains(peer.setting(5) ?? 16_384))
            #expect((peer.setting(2) ?? 0) == 0, "a server does not speak of push, or says 0")
            #expect((peer.setting(3) ?? 0) >= 100, "section 6.5.2 advises no fewer than 100 streams")
        },
        Requirement(
            "RFC 9113 6.5.3: of one setting several times, the last counts",
            .answered(200),
            settings: [(4, 0), (4, 9)]
        ) {
            peer in
            try peer.send(whole)
            try peer.wait { $0.received[1] ?? 0 > 0 }
            #expect(peer.largestFrame <= 30 || peer.received[1] == 9)
        },
        Requirement("RFC 9113 6.5.3: each SETTINGS is acknowledged once", .looked) { peer in
            let before = peer.settingsAcknowledged
            for _ in 0..<5 { try peer.send(Frame.settings([(4, 70_000)])) }
            #expect(try peer.isServed() && peer.settingsAcknowledged == before + 5)
            #expect(peer.frames.allSatisfy { $0.type != Kind.settings || $0.flags == 0 || $0.payload.isEmpty })
        },
        // 6.6 PUSH_PROMISE
        Requirement("RFC 9113 6.6: PUSH_PROMISE of a client is PROTOCOL_ERROR", goAway(Code.protocolError)) { peer in
            try peer.send(open + Frame(Kind.pushPromise, Flag.endHeaders, stream: 1, Frame.word(2) + Block.get()).bytes)
        },
        // 6.7 PING
        Requirement("RFC 9113 6.7: PING comes back with its payload", .looked) { peer in
            try peer.send(Frame.ping("12345678"))
            try peer.wait { $0.frames.contains { $0.type == Kind.ping } }
            let pong = try #require(peer.frames.first { $0.type == Kind.ping })
            #expect(pong.flags == Flag.ack && pong.stream == 0 && pong.payload == Array("12345678".utf8))
        },
        Requirement("RFC 9113 6.7: an answer to no PING is not answered", .looked) { peer in
            try peer.send(Frame(Kind.ping, Flag.ack, Array("unasked!".utf8)).bytes)
            #expect(try peer.isServed() && !peer.frames.contains { $0.payload == Array("unasked!".utf8) })
        },
        Requirement("RFC 9113 6.7: PING on another stream than 0 is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(Frame(Kind.ping, stream: 1, Array("12345678".utf8)).bytes)
        },
        Requirement("RFC 9113 6.7: PING of another length than 8 is FRAME_SIZE_ERROR", goAway(Code.frameSize)) { peer in
            try peer.send(Frame(Kind.ping, 0, [1, 2, 3, 4, 5, 6, 7]).bytes)
        },
        // 6.8 GOAWAY
        Requirement("RFC 9113 6.8: GOAWAY on another stream than 0 is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(Frame(Kind.goAway, stream: 1, Frame.word(0) + Frame.word(0)).bytes)
        },
        Requirement("RFC 9113 6.8: GOAWAY too short is FRAME_SIZE_ERROR", goAway(Code.frameSize)) { peer in
            try peer.send(Frame(Kind.goAway, 0, [0, 0, 0, 0]).bytes)
        },
        Requirement("RFC 9113 6.8: requests before the client's GOAWAY are answered", .looked) { peer in
            let message = try TestModel.request([1])
            try peer.send(open + Frame.data(1, Array(message.prefix(9))))
            try peer.send(Frame(Kind.goAway, 0, Frame.word(0) + Frame.word(0) + Array("bye".utf8)).bytes)
            try peer.send(Frame.data(1, Array(message.dropFirst(9)), ends: true))
            try peer.wait { $0.isOver(1) }
            #expect(peer.status(1) == 200 && peer.ended.contains(1))
        },
        // 6.10 CONTINUATION
        Requirement("RFC 9113 6.10: several CONTINUATION frames make one block", .answered(200)) { peer in
            let block = Block.get()
            try peer.send(Frame(Kind.headers, Flag.endStream, stream: 1, Array(block.prefix(5))).bytes)
            for part in 1...5 {
                try peer.send(Frame.continuation(1, Array(block.dropFirst(5 * part).prefix(5)), ends: false))
            }
            try peer.send(Frame.continuation(1, Array(block.dropFirst(30)), ends: true))
        },
        Requirement("RFC 9113 6.10: CONTINUATION without HEADERS is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(Frame.continuation(1, Block.get(), ends: true))
        },
        Requirement("RFC 9113 6.10: CONTINUATION behind END_HEADERS is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(open + Frame.continuation(1, Block.literal("x", "y"), ends: true))
        },
        Requirement(
            "RFC 9113 6.10: CONTINUATION behind the end of CONTINUATION is PROTOCOL_ERROR",
            goAway(Code.protocolError)
        ) {
            peer in
            try peer.send(Frame(Kind.headers, stream: 1, Block.request()).bytes + Frame.continuation(1, [], ends: true))
            try peer.send(Frame.continuation(1, Block.literal("x", "y"), ends: true))
        },
        Requirement("RFC 9113 6.10: CONTINUATION behind DATA is PROTOCOL_ERROR", goAway(Code.protocolError)) { peer in
            try peer.send(open + Frame.data(1, [1]) + Frame.continuation(1, Block.literal("x", "y"), ends: true))
        },
        Requirement("RFC 9113 6.10: CONTINUATION of another stream is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(Frame(Kind.headers, stream: 1, Block.get()).bytes + Frame.continuation(3, [], ends: true))
        },
        Requirement("RFC 9113 6.10: CONTINUATION of stream 0 is PROTOCOL_ERROR", goAway(Code.protocolError)) { peer in
            try peer.send(Frame(Kind.headers, stream: 1, Block.get()).bytes + Frame.continuation(0, [], ends: true))
        },
        Requirement("RFC 9113 6.10: DATA within a block is PROTOCOL_ERROR", goAway(Code.protocolError)) { peer in
            try peer.send(Frame(Kind.headers, stream: 1, Block.request()).bytes + Frame.data(1, [1]))
        },
        // 7 error codes
        Requirement("RFC 9113 7: an unknown code in RST_STREAM ends the stream like any other", .goesOn) { peer in
            try peer.send(open + Frame.reset(1, 0xFFFF_FF00))
        },
        Requirement("RFC 9113 7: an unknown code in GOAWAY does no harm to streams that are open", .looked) { peer in
            try peer.send(open + Frame(Kind.goAway, 0, Frame.word(0) + Frame.word(0xABCD_EF01)).bytes)
            try peer.send(Frame.data(1, try TestModel.request([1]), ends: true))
            try peer.wait { $0.isOver(1) }
            #expect(peer.status(1) == 200)
        },
    ]

    /// Section 6.9.
    static let flowControl: [Requirement] = [
        Requirement("RFC 9113 6.9: WINDOW_UPDATE by 0 on the connection is PROTOCOL_ERROR", goAway(Code.protocolError))
        { peer in
            try peer.send(Frame.windowUpdate(0, 0))
        },
        Requirement(
            "RFC 9113 6.9: WINDOW_UPDATE by 0 on a stream is PROTOCOL_ERROR",
            .resetOrGoAway([Code.protocolError])
        ) {
            peer in
            try peer.send(open + Frame.windowUpdate(1, 0))
        },
        Requirement("RFC 9113 6.9: WINDOW_UPDATE of another length than 4 is FRAME_SIZE_ERROR", goAway(Code.frameSize))
        { peer in
            try peer.send(Frame(Kind.windowUpdate, 0, [0, 0, 1]).bytes)
        },
        Requirement("RFC 9113 6.9: the reserved bit of an increment is ignored", .goesOn) { peer in
            try peer.send(Frame.windowUpdate(0, 1 << 31 | 1))
        },
        Requirement("RFC 9113 6.9.1: no more is sent than the stream's window allows", .looked, settings: [(4, 5)]) {
            peer in
            peer.givesCredit = false
            try peer.send(whole)
            #expect(try peer.isServed() && peer.received[1] == 5)
            try peer.send(Frame.windowUpdate(1, 3))
            #expect(try peer.isServed() && peer.received[1] == 8 && !peer.ended.contains(1))
            try peer.send(Frame.windowUpdate(1, 1_000))
            try peer.wait { $0.ended.contains(1) }
            #expect(peer.ended.contains(1))
        },
        Requirement(
            "RFC 9113 6.9.1: no more is sent than the connection's window allows",
            .looked,
            settings: [(4, 1 << 30)]
        ) {
            peer in
            peer.givesCredit = false
            let message = try TestModel.request([Double](repeating: 1, count: 10_000))
            try peer.send(open + Frame.data(1, message, ends: true))
            try peer.wait { $0.received[1] ?? 0 >= 65_535 }
            #expect(try peer.isServed() && peer.received[1] == 65_535)
            try peer.send(Frame.windowUpdate(0, 1_000))
            try peer.wait { $0.received[1] ?? 0 >= 66_535 }
            #expect(try peer.isServed() && peer.received[1] == 66_535)
        },
        Requirement("RFC 9113 6.9.1: a stream's window above 2^31-1 is FLOW_CONTROL_ERROR", .reset([Code.flowControl]))
        { peer in
            try peer.send(open + Frame.windowUpdate(1, 0x7FFF_FFFF) + Frame.windowUpdate(1, 1))
        },
        Requirement(
            "RFC 9113 6.9.1: the connection's window above 2^31-1 is FLOW_CONTROL_ERROR",
            goAway(Code.flowControl)
        ) { peer in
            try peer.send(Frame.windowUpdate(0, 0x7FFF_FFFF) + Frame.windowUpdate(0, 1))
        },
        Requirement("RFC 9113 6.9.1: an empty DATA frame needs no window", .looked, settings: [(4, 0)]) { peer in
            try peer.send(Frame.headers(1, Block.request(method: "HEAD", path: "/healthz"), ends: true))
            try peer.wait { $0.ended.contains(1) }
            #expect(peer.ended.contains(1) && peer.status(1) == 200)
        },
        Requirement("RFC 9113 6.9.1: octets of padding are given back to the client's window", .answered(200)) { peer in
            // Much of it is padding, by which the stream's window would be used up.
            let message = try TestModel.request((0..<60_000).map { Double($0) + 1e-9 })
            try peer.send(open)
            for offset in stride(from: 0, to: message.count, by: 200) where !peer.isEnded {
                let part = message[offset..<min(offset + 200, message.count)]
                let payload = [255] + part + [UInt8](repeating: 0, count: 255)
                try peer.awaitWindow(1, payload.count)
                try peer.send(Frame(Kind.data, Flag.padded, stream: 1, payload).bytes)
            }
            try peer.send(Frame.data(1, [], ends: true))
        },
        Requirement(
            "RFC 9113 6.9.2: SETTINGS changes the windows of open streams, below zero too",
            .looked,
            settings: [(4, 10)]
        ) {
            peer in
            peer.givesCredit = false
            try peer.send(whole)
            #expect(try peer.isServed() && peer.received[1] == 10)
            try peer.send(Frame.settings([(4, 5)]) + Frame.windowUpdate(1, 5))
            #expect(try peer.isServed() && peer.received[1] == 10, "the window is zero, from five below")
            try peer.send(Frame.windowUpdate(1, 1))
            #expect(try peer.isServed() && peer.received[1] == 11)
            try peer.send(Frame.settings([(4, 7)]))
            #expect(try peer.isServed() && peer.received[1] == 13)
        },
        Requirement(
            "RFC 9113 6.9.2: SETTINGS does not change the connection's window",
            .looked,
            settings: [(4, 1 << 20)]
        ) { peer in
            peer.givesCredit = false
            try peer.send(Frame.settings([(4, 1 << 21)]))
            let message = try TestModel.request([Double](repeating: 1, count: 10_000))
            try peer.send(open + Frame.data(1, message, ends: true))
            try peer.wait { $0.received[1] ?? 0 >= 65_535 }
            #expect(try peer.isServed() && peer.received[1] == 65_535)
        },
        Requirement(
            "RFC 9113 6.9.2: SETTINGS that drives a window above 2^31-1 is FLOW_CONTROL_ERROR",
            goAway(Code.flowControl)
        ) {
            peer in
            try peer.send(open + Frame.windowUpdate(1, 0x7FFF_FFFF - 65_535) + Frame.settings([(4, 0x7FFF_FFFF)]))
        },
        Requirement("RFC 9113 6.9.3: the server gives credit as it uses what came", .answered(200)) { peer in
            // Eight windows of a stream; each DATA frame waits for its credit.
            let message = try TestModel.request((0..<60_000).map { Double($0) + 1e-9 })
            try peer.send(open)
            var sent = 0
            while sent < 8 << 20, !peer.isEnded {
                for offset in stride(from: 0, to: message.count, by: 16_000) {
                    let part = Array(message[offset..<min(offset + 16_000, message.count)])
                    try peer.awaitWindow(1, part.count)
                    try peer.send(Frame.data(1, part))
                }
                sent += message.count
            }
            try peer.send(Frame.data(1, [], ends: true))
        },
    ]
}

extension HostilePeer {
    /// Waits until the server's windows have room for so many octets, as a client has to, and counts them as sent.
    func awaitWindow(_ stream: UInt32, _ count: Int) throws {
        try wait(seconds: 5) { peer in
            peer.window(0, initial: 65_535) >= count
                && peer.window(stream, initial: Int(peer.setting(4) ?? 65_535)) >= count
        }
        sentData[0, default: 0] += count
        sentData[stream, default: 0] += count
    }

    private func window(_ stream: UInt32, initial: Int) -> Int {
        initial + (credits[stream] ?? 0) - (sentData[stream] ?? 0)
    }
}
