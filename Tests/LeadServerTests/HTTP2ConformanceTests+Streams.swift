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
    /// Sections 4.1 to 4.3, and what section 5.5 says of frames that nobody knows.
    static let framing: [Requirement] = [
        Requirement("RFC 9113 4.1: a frame of an unknown type is ignored", .answered(200)) { peer in
            try peer.send(Frame(0xBE, 0xFF, stream: 0, [1, 2, 3]).bytes + Frame(0x0B, stream: 1).bytes + whole)
        },
        Requirement("RFC 9113 4.1: flags that mean nothing are ignored", .answered(200)) { peer in
            try peer.send(Frame(Kind.ping, 0xF6, Array("flagship".utf8)).bytes)
            try peer.send(Frame(Kind.headers, Flag.endHeaders | Flag.endStream | 0xD2, stream: 1, Block.get()).bytes)
            try peer.wait { $0.frames.contains { $0.type == Kind.ping && $0.payload == Array("flagship".utf8) } }
            #expect(peer.frames.contains { $0.type == Kind.ping && $0.flags == Flag.ack })
        },
        Requirement("RFC 9113 4.1: the reserved bit of a stream identifier is ignored", .answered(200)) { peer in
            try peer.send(Frame(Kind.ping, stream: 1 << 31, Array("reserved".utf8)).bytes)
            try peer.send(Frame.headers(1 << 31 | 1, Block.get(), ends: true))
        },
        Requirement("RFC 9113 4.2: a frame of 16,384 octets is taken", .goesOn) { peer in
            try peer.send(open + Frame.data(1, Array(try largeMessage().prefix(16_384))))
        },
        Requirement("RFC 9113 4.2: a frame as large as SETTINGS_MAX_FRAME_SIZE is taken", .goesOn) { peer in
            let most = peer.setting(5) ?? 16_384
            try peer.send(open + Frame.data(1, Array(try largeMessage().prefix(Int(most)))))
        },
        Requirement("RFC 9113 4.2: a larger DATA frame is FRAME_SIZE_ERROR", .resetOrGoAway([Code.frameSize])) { peer in
            let most = peer.setting(5) ?? 16_384
            try peer.send(open + Frame.data(1, Array(try largeMessage().prefix(Int(most) + 1))))
        },
        Requirement("RFC 9113 4.2: a larger HEADERS frame is FRAME_SIZE_ERROR", goAway(Code.frameSize)) { peer in
            let most = peer.setting(5) ?? 16_384
            try peer.send(Frame.header(Int(most) + 1, Kind.headers, Flag.endHeaders, stream: 1))
        },
        Requirement("RFC 9113 4.2: no frame is larger than the client's SETTINGS_MAX_FRAME_SIZE", .answered(200)) {
            peer in
            try peer.send(
                open + Frame.data(1, try TestModel.request([Double](repeating: 1, count: 20_000)), ends: true)
            )
            try peer.wait { $0.ended.contains(1) }
            #expect(peer.largestFrame <= 16_384 && (peer.received[1] ?? 0) > 100_000)
        },
        Requirement(
            "RFC 9113 4.2: larger ones may be sent when the client says so",
            .answered(200),
            settings: [(5, 20_000)]
        ) {
            peer in
            try peer.send(
                open + Frame.data(1, try TestModel.request([Double](repeating: 1, count: 20_000)), ends: true)
            )
            try peer.wait { $0.ended.contains(1) }
            #expect(peer.largestFrame <= 20_000)
        },
        Requirement("RFC 9113 4.3: a block that cannot be decoded is COMPRESSION_ERROR", goAway(Code.compression)) {
            peer in
            try peer.send(Frame.headers(1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]))
        },
        Requirement("RFC 9113 4.3: a block may be cut anywhere", .looked) { peer in
            let block = Block.get()
            for cut in 0...block.count {
                let stream = UInt32(2 * cut + 1)
                try peer.send(Frame(Kind.headers, Flag.endStream, stream: stream, Array(block.prefix(cut))).bytes)
                try peer.send(Frame.continuation(stream, Array(block.dropFirst(cut)), ends: true))
            }
            try peer.wait { $0.ended.count == block.count + 1 }
            #expect(peer.ended.count == block.count + 1 && peer.status(1) == 200)
        },
        Requirement("RFC 9113 4.3: another frame within a block is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(Frame(Kind.headers, stream: 1, Block.get()).bytes + Frame.ping())
        },
        Requirement(
            "RFC 9113 4.3: HEADERS of another stream within a block is PROTOCOL_ERROR",
            goAway(Code.protocolError)
        ) {
            peer in
            try peer.send(Frame(Kind.headers, stream: 1, Block.get()).bytes + Frame.headers(3, Block.get()))
        },
        Requirement("RFC 9113 4.3: the block of a malformed request still changes the table", .looked) { peer in
            try peer.send(Frame.headers(1, Block.get(extra: [("Upper", "x")]) + Block.kept("x-kept", "y"), ends: true))
            try peer.wait { $0.resetCode(1) != nil }
            #expect(peer.resetCode(1) == Code.protocolError)
            try peer.send(Frame.headers(3, Block.get() + Block.indexed(62), ends: true))
            try peer.wait { $0.isOver(3) }
            #expect(peer.status(3) == 200)
        },
        Requirement("RFC 9113 4.3: the block of a request that is reset at once still changes the table", .looked) {
            peer in
            try peer.send(Frame.headers(1, Block.request() + Block.kept("x-kept", "y")) + Frame.reset(1))
            try peer.send(Frame.headers(3, Block.get() + Block.indexed(62), ends: true))
            try peer.wait { $0.isOver(3) }
            #expect(peer.status(3) == 200)
        },
        Requirement("RFC 9113 5.5: an unknown frame within a block is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(Frame(Kind.headers, stream: 1, Block.get()).bytes + Frame(0xBE, stream: 1).bytes)
        },
        Requirement("RFC 9113 5.5: an unknown frame amid a body is ignored", .answered(200)) { peer in
            let message = try TestModel.request([1])
            try peer.send(open + Frame.data(1, Array(message.prefix(10))) + Frame(0xBE, 1, stream: 1, [1]).bytes)
            try peer.send(Frame.data(1, Array(message.dropFirst(10)), ends: true))
        },
        Requirement("RFC 9113 5.5: unknown settings are ignored, and acknowledged", .answered(200)) { peer in
            let before = peer.settingsAcknowledged
            try peer.send(Frame.settings([(0xABCD, 7), (0, 1), (0x0A, 9)]) + whole)
            try peer.wait { $0.settingsAcknowledged > before }
            #expect(peer.settingsAcknowledged == before + 1)
        },
    ]

    /// Section 5.
    static let streams: [Requirement] = [
        Requirement("RFC 9113 5.1: DATA on an idle stream is PROTOCOL_ERROR", goAway(Code.protocolError)) { peer in
            try peer.send(Frame.data(1, [1]))
        },
        Requirement("RFC 9113 5.1: RST_STREAM on an idle stream is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(Frame.reset(1))
        },
        Requirement("RFC 9113 5.1: WINDOW_UPDATE on an idle stream is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(Frame.windowUpdate(1, 100))
        },
        Requirement("RFC 9113 5.1: CONTINUATION on an idle stream is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(Frame.continuation(1, Block.get(), ends: true))
        },
        Requirement("RFC 9113 5.1: PRIORITY on an idle stream is taken, which stays idle", .answered(200)) { peer in
            try peer.send(Frame.priority(9, on: 0) + whole)
        },
        Requirement("RFC 9113 5.1: DATA on a half-closed stream is STREAM_CLOSED", .resetOrGoAway([Code.streamClosed]))
        {
            peer in
            try peer.send(Frame.headers(1, Block.request(), ends: true) + Frame.data(1, [1]))
        },
        Requirement(
            "RFC 9113 5.1: HEADERS on a half-closed stream is STREAM_CLOSED",
            .resetOrGoAway([Code.streamClosed])
        ) {
            peer in
            try peer.send(Frame.headers(1, Block.request(), ends: true) + Frame.headers(1, Block.get(), ends: true))
        },
        Requirement(
            "RFC 9113 5.1: CONTINUATION on a half-closed stream is an error",
            .resetOrGoAway([Code.streamClosed, Code.protocolError])
        ) { peer in
            try peer.send(whole + Frame.continuation(1, Block.get(), ends: true))
        },
        Requirement(
            "RFC 9113 5.1: WINDOW_UPDATE, PRIORITY and RST_STREAM on a half-closed stream are taken",
            .looked,
            settings: [(4, 0)]
        ) { peer in
            try peer.send(whole + Frame.windowUpdate(1, 1) + Frame.priority(1, on: 0) + Frame.reset(1))
            #expect(try peer.isServed() && peer.goAwayCode == nil && peer.resetCode(1) == nil)
        },
        Requirement(
            "RFC 9113 5.1: DATA on a stream that the client reset is STREAM_CLOSED",
            .resetOrGoAway([Code.streamClosed])
        ) {
            peer in
            try peer.send(open + Frame.reset(1) + Frame.data(1, [1]))
        },
        Requirement(
            "RFC 9113 5.1: HEADERS on a stream that the client reset is STREAM_CLOSED",
            .resetOrGoAway([Code.streamClosed])
        ) {
            peer in
            try peer.send(open + Frame.reset(1) + Frame.headers(1, Block.get(), ends: true))
        },
        Requirement(
            "RFC 9113 5.1: CONTINUATION on a stream that the client reset is an error",
            .resetOrGoAway([Code.streamClosed, Code.protocolError])
        ) { peer in
            try peer.send(open + Frame.reset(1) + Frame.continuation(1, Block.get(), ends: true))
        },
        Requirement(
            "RFC 9113 5.1: DATA on a stream that has ended is STREAM_CLOSED",
            .resetOrGoAway([Code.streamClosed])
        ) {
            peer in
            try peer.send(whole)
            try peer.wait { $0.ended.contains(1) }
            try peer.send(Frame.data(1, [1]))
        },
        Requirement("RFC 9113 5.1: HEADERS on a stream that has ended is STREAM_CLOSED", goAway(Code.streamClosed)) {
            peer in
            try peer.send(whole)
            try peer.wait { $0.ended.contains(1) }
            try peer.send(whole)
        },
        Requirement(
            "RFC 9113 5.1: CONTINUATION on a stream that has ended is an error",
            .resetOrGoAway([Code.streamClosed, Code.protocolError])
        ) { peer in
            try peer.send(whole)
            try peer.wait { $0.ended.contains(1) }
            try peer.send(Frame.continuation(1, Block.get(), ends: true))
        },
        Requirement("RFC 9113 5.1: WINDOW_UPDATE, RST_STREAM and PRIORITY soon after the end are taken", .goesOn) {
            peer in
            try peer.send(whole)
            try peer.wait { $0.ended.contains(1) }
            try peer.send(Frame.windowUpdate(1, 1) + Frame.priority(1, on: 0) + Frame.reset(1, 0))
        },
        Requirement("RFC 9113 5.1.1: a stream of an even number is PROTOCOL_ERROR", goAway(Code.protocolError)) {
            peer in
            try peer.send(Frame.headers(2, Block.get(), ends: true))
        },
        Requirement(
            "RFC 9113 5.1.1: a number that a later stream passed over is PROTOCOL_ERROR",
            goAway(Code.protocolError)
        ) {
            peer in
            try peer.send(Frame.headers(5, Block.get(), ends: true) + Frame.headers(3, Block.get(), ends: true))
        },
        Requirement(
            "RFC 9113 5.1.1: the same, when the later stream is over",
            goAway(Code.protocolError, Code.streamClosed)
        ) { peer in
            try peer.send(Frame.headers(7, Block.get(), ends: true))
            try peer.wait { $0.ended.contains(7) }
            try peer.send(Frame.headers(5, Block.get(), ends: true))
        },
        Requirement("RFC 9113 5.1.1: numbers may be passed over", .looked) { peer in
            for stream: UInt32 in [1, 7, 1_001, 0x7FFF_FFFD] {
                try peer.send(Frame.headers(stream, Block.get(), ends: true))
                try peer.wait { $0.isOver(stream) }
                #expect(peer.status(stream) == 200)
            }
        },
        Requirement("RFC 9113 5.1.1: the highest number is served", .looked) { peer in
            try peer.send(Frame.headers(0x7FFF_FFFF, Block.get(), ends: true))
            try peer.wait { $0.isOver(0x7FFF_FFFF) }
            #expect(peer.status(0x7FFF_FFFF) == 200)
        },
        Requirement(
            "RFC 9113 5.1.2: a stream above SETTINGS_MAX_CONCURRENT_STREAMS is refused",
            goAway(Code.protocolError, Code.refusedStream)
        ) { peer in
            let most = try #require(peer.setting(3))
            for index in 0...most { try peer.send(Frame.headers(2 * index + 1, Block.request())) }
        },
        Requirement(
            "RFC 9113 5.1.2: as many streams as announced are open at once, and those that end make room",
            .looked
        ) {
            peer in
            let most = try #require(peer.setting(3))
            let message = try TestModel.request([1])
            for index in 0..<most { try peer.send(Frame.headers(2 * index + 1, Block.request())) }
            for index in 0..<most { try peer.send(Frame.data(2 * index + 1, message, ends: true)) }
            try peer.wait { $0.ended.count == Int(most) }
            for index in most..<most + 100 { try peer.send(Frame.headers(2 * index + 1, Block.request())) }
            #expect(try peer.isServed() && peer.ended.count == Int(most) && peer.resets == 0)
        },
        Requirement("RFC 9113 5.3.2: priority in HEADERS is taken and has no other effect", .answered(200)) { peer in
            let flags = Flag.priority | Flag.endHeaders | Flag.endStream
            try peer.send(Frame(Kind.headers, flags, stream: 1, [0x80, 0, 0, 0, 255] + Block.get()).bytes)
        },
        Requirement("RFC 9113 5.3.2: a stream may depend on one that does not exist", .answered(200)) { peer in
            let flags = Flag.priority | Flag.endHeaders | Flag.endStream
            try peer.send(Frame(Kind.headers, flags, stream: 1, Frame.word(99) + [0] + Block.get()).bytes)
        },
        Requirement("RFC 9113 5.4.1: GOAWAY names the last stream that was served", goAway(Code.protocolError)) {
            peer in
            try peer.send(Frame.headers(5, Block.get(), ends: true))
            try peer.wait { $0.ended.contains(5) }
            try peer.send(Frame.data(0, [1]))
            _ = try peer.ends()
            #expect(peer.frames.last { $0.type == Kind.goAway }?.word(at: 0) == 5)
        },
        Requirement(
            "RFC 9113 5.4.2: frames that were under way to a stream that the server reset are ignored",
            .reset([1])
        ) {
            peer in
            try peer.send(Frame.headers(1, Block.request(extra: [("Upper", "x")])))
            try peer.send(Frame.data(1, [1]) + Frame.windowUpdate(1, 1) + Frame.reset(1))
        },
        Requirement("RFC 9113 5.4.2: RST_STREAM is not answered with RST_STREAM", .goesOn) { peer in
            try peer.send(open + Frame.reset(1))
        },
        Requirement("RFC 9113 5.4.2: the error of one stream is none of another's", .looked) { peer in
            let message = try TestModel.request([1])
            try peer.send(Frame.headers(1, Block.request()) + Frame.data(1, Array(message.prefix(20))))
            try peer.send(Frame.headers(3, Block.request(extra: [("Upper", "x")]), ends: true))
            try peer.wait { $0.resetCode(3) != nil }
            try peer.send(Frame.data(1, Array(message.dropFirst(20)), ends: true))
            try peer.wait { $0.isOver(1) }
            #expect(peer.resetCode(3) == Code.protocolError && peer.status(1) == 200)
        },
    ]

    /// A message of more than a frame, whatever size frames may have.
    static func largeMessage() throws -> [UInt8] {
        try TestModel.request((0..<20_000).map { Double($0) + 1e-9 })
    }
}
