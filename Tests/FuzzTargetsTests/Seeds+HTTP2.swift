import ByteKit
import FuzzTargets
import HTTP2Transport

/// Frames written by hand, good and bad.
private enum Frames {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(4, 0, 0, [])
    static let acknowledgement = frame(4, 1, 0, [])

    static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        let head: [UInt8] = [UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags]
        return head + word(stream) + payload
    }

    static func word(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    static func setting(_ name: UInt8, _ value: UInt32) -> [UInt8] { [0, name] + word(value) }

    /// A field that no table keeps, or one that the dynamic table keeps (0x40).
    static func literal(_ name: String, _ value: String, form: UInt8 = 0) -> [UInt8] {
        var field: [UInt8] = [form, UInt8(name.utf8.count)]
        field += name.utf8
        field.append(UInt8(value.utf8.count))
        field += value.utf8
        return field
    }

    static func request(_ extra: [(String, String)] = [], path: String = "/v1/score") -> [UInt8] {
        // POST and https have numbers in the static table.
        var block: [UInt8] = [0x83, 0x87] + literal(":path", path) + literal(":authority", "localhost")
        block += literal("content-type", "application/json", form: 0x40)
        for (name, value) in extra { block += literal(name, value) }
        return block
    }

    static func headers(_ stream: UInt32, _ block: [UInt8], ends: Bool = false) -> [UInt8] {
        frame(1, ends ? 5 : 4, stream, block)
    }

    static func data(_ stream: UInt32, _ count: Int, ends: Bool = false) -> [UInt8] {
        frame(0, ends ? 1 : 0, stream, [UInt8](repeating: 0x61, count: count))
    }

    static func credit(_ stream: UInt32, _ count: UInt32) -> [UInt8] { frame(8, 0, stream, word(count)) }

    static func reset(_ stream: UInt32) -> [UInt8] { frame(3, 0, stream, word(8)) }
}

extension Seed {
    /// Settings (1: few of everything), steps of two bytes (how much, and what the house does), the conversation.
    private static func conversation(
        _ name: String,
        tight: Bool = false,
        steps: [UInt8] = [],
        _ frames: [[UInt8]]
    ) -> Seed {
        var bytes: [UInt8] = [tight ? 1 : 0, UInt8(steps.count / 2)]
        bytes += steps
        bytes += Frames.preface
        for frame in frames { bytes += frame }
        return Seed(target: .http2, name: name + ".bin", bytes: bytes)
    }

    static func http2() -> [Seed] { exchanges() + malformed() + floods() }

    private static func exchanges() -> [Seed] {
        let ask = Frames.headers(1, Frames.request()) + Frames.data(1, 40, ends: true)
        let trailer = Frames.headers(1, Frames.literal("a", "b"), ends: true)
        let padded = Frames.frame(0, 0x08, 1, [3, 1, 2, 0, 0, 0])
        let paddedHead = Frames.frame(1, 0x2C, 1, [2, 0, 0, 0, 3, 15] + Frames.request() + [0, 0])
        let block = Frames.request()
        let split = [
            Frames.frame(1, 1, 1, Array(block.prefix(9))), Frames.frame(9, 0, 1, Array(block[9..<20])),
            Frames.frame(9, 4, 1, Array(block.dropFirst(20))),
        ]
        let numbers: [UInt32] = [1, 3, 5]
        let heads: [[UInt8]] = numbers.map { Frames.headers($0, block) }
        let bodies: [[UInt8]] = numbers.map { Frames.data($0, 9) }
        let ends: [[UInt8]] = numbers.map { Frames.data($0, 1, ends: true) }
        var credits: [[UInt8]] = [Frames.frame(4, 0, 0, Frames.setting(4, 1)), ask]
        for count in 1...7 as ClosedRange<UInt32> { credits += [Frames.credit(1, count), Frames.credit(0, count)] }
        return [
            conversation("exchange", [ask, Frames.acknowledgement]),
            conversation("exchange-bytewise", steps: [1, 0x13], [ask, Frames.acknowledgement]),
            conversation("exchange-in-pieces", steps: [50, 0x17, 20, 0x31, 200, 0x16], [ask, Frames.acknowledgement]),
            conversation("get-and-head", [Frames.headers(1, [0x82, 0x87, 0x84, 0x41, 1, 0x61], ends: true)]),
            conversation("unknown-path", [Frames.headers(1, Frames.request(path: "/nowhere?x"), ends: true)]),
            conversation("early-answer", steps: [70, 0x18], [ask, Frames.data(1, 100), ask]),
            conversation("trailers", [Frames.headers(1, block), Frames.data(1, 5), trailer]),
            conversation("padding", [paddedHead, padded, padded, Frames.data(1, 0, ends: true)]),
            conversation("continuations", split),
            conversation("three-streams", steps: [255, 0x93], heads + bodies + ends),
            conversation(
                "priorities",
                [Frames.frame(2, 0, 3, [0x80, 0, 0, 1, 7]), ask, Frames.frame(2, 0, 1, [0, 0, 0, 9, 1])]
            ),
            conversation(
                "go-away",
                steps: [110, 0x13],
                [ask, Frames.frame(7, 0, 0, Frames.word(0) + Frames.word(0) + [0x62])]
            ),
            conversation(
                "ping",
                [Frames.frame(6, 0, 0, Array("leadline".utf8)), Frames.frame(6, 1, 0, Array("leadline".utf8))]
            ),
            conversation(
                "drained",
                steps: [100, 0x80, 30, 0x93],
                [ask, Frames.frame(6, 1, 0, Array("leadline".utf8)), ask]
            ),
            conversation(
                "small-windows",
                steps: [90, 0x33],
                credits
            ),
            conversation(
                "shifting-windows",
                steps: [64, 0x13],
                [Frames.frame(4, 0, 0, Frames.setting(4, 0) + Frames.setting(1, 0) + Frames.setting(5, 20_000)), ask]
                    + [Frames.frame(4, 0, 0, Frames.setting(4, 100)), Frames.frame(4, 0, 0, Frames.setting(4, 3))]
            ),
        ]
    }

    private static func malformed() -> [Seed] {
        func head(_ name: String, _ extra: [(String, String)]) -> Seed {
            conversation(name, [Frames.headers(1, Frames.request(extra)), Frames.data(1, 4, ends: true)])
        }
        let large = Frames.literal("a", String(repeating: "x", count: 100), form: 0x40)
        return [
            head("content-length", [("content-length", "5")]),
            head("host-differs", [("host", "elsewhere")]),
            head("upper-case", [("Upper", "a")]),
            head("connection", [("connection", "close"), ("te", "gzip")]),
            head("late-pseudo", [(":method", "GET")]),
            conversation(
                "user-information",
                [Frames.headers(1, [0x82, 0x87, 0x84] + Frames.literal(":authority", "u@a"))]
            ),
            conversation(
                "falling-numbers",
                [Frames.headers(7, Frames.request()), Frames.headers(3, Frames.request())]
            ),
            conversation("even-number", [Frames.headers(2, Frames.request())]),
            conversation("data-on-idle", [Frames.data(5, 3)]),
            conversation("after-the-end", [Frames.headers(1, Frames.request(), ends: true), Frames.data(1, 3)]),
            conversation("window-overflow", [Frames.headers(1, Frames.request()), Frames.credit(1, 0x7FFF_FFFF)]),
            conversation("connection-window-overflow", [Frames.credit(0, 0x7FFF_FFFF)]),
            conversation("zero-credit", [Frames.headers(1, Frames.request()), Frames.credit(1, 0)]),
            conversation("window-ignored", tight: true, [Frames.headers(1, Frames.request()), Frames.data(1, 1_200)]),
            conversation("frame-too-large", [[0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 1]]),
            conversation(
                "bad-settings",
                [Frames.frame(4, 0, 0, Frames.setting(5, 1)), Frames.frame(4, 0, 0, [1, 2])]
            ),
            conversation("bad-table-size", [Frames.headers(1, [0x3F, 0xFF, 0xFF, 0x03])]),
            conversation(
                "dynamic-table",
                [Frames.headers(1, Frames.request() + large, ends: true)]
                    + [Frames.headers(3, [0x83, 0x87, 0x84, 0xBF, 0xBE, 0xBE], ends: true)]
            ),
            Seed(target: .http2, name: "http1.bin", bytes: [0, 0] + Array("GET / HTTP/1.1\r\n\r\n".utf8)),
            conversation("pushed", [Frames.frame(5, 4, 1, Frames.word(2) + Frames.request())]),
        ]
    }

    private static func floods() -> [Seed] {
        func many(_ count: Int, _ frames: (UInt32) -> [UInt8]) -> [[UInt8]] {
            (0..<count).map { frames(UInt32(2 * $0 + 1)) }
        }
        let minimal: [UInt8] = [0x82, 0x87, 0x84, 0x41, 1, 0x61]
        return [
            conversation("rapid-reset", tight: true, many(8) { Frames.headers($0, minimal) + Frames.reset($0) }),
            conversation(
                "made-you-reset",
                tight: true,
                steps: [64, 0x10],
                many(8) { Frames.headers($0, minimal) + Frames.credit($0, 0x7FFF_FFFF) }
            ),
            conversation("refused-streams", tight: true, many(12) { Frames.headers($0, minimal) }),
            conversation("small-data", tight: true, [Frames.headers(1, minimal)] + many(24) { _ in Frames.data(1, 1) }),
            conversation("empty-data", tight: true, [Frames.headers(1, minimal)] + many(4) { _ in Frames.data(1, 0) }),
            conversation(
                "pings",
                tight: true,
                many(20) { _ in Frames.frame(6, 0, 0, [UInt8](repeating: 1, count: 8)) }
            ),
            conversation(
                "unknown-frames",
                tight: true,
                many(3) { _ in Frames.frame(0x42, 0, 0, [UInt8](repeating: 1, count: 900)) }
            ),
            conversation(
                "continuation-flood",
                [Frames.frame(1, 0, 1, minimal)] + many(12) { _ in Frames.frame(9, 0, 1, []) }
            ),
            conversation(
                "header-bomb",
                tight: true,
                [Frames.headers(1, minimal + [UInt8](repeating: 0x84 | 3, count: 20))]
            ),
            conversation(
                "fields",
                tight: true,
                steps: [255, 0x52],
                [Frames.headers(1, minimal + many(14) { _ in Frames.literal("a", "") }.flatMap { $0 })]
            ),
        ]
    }

    /// The same in the words of a real client: Huffman codes, and fields that the dynamic table keeps.
    static func http2OfClient() throws -> [Seed] {
        var client = HTTP2ClientSession()
        var output = ByteQueue()
        for index in 0..<3 {
            let head = HTTP2RequestHead(
                method: "POST",
                path: "/v1/score",
                authority: "leads.example:8443",
                contentType: index == 1 ? "application/json" : "application/vnd.leadline.v1",
                fields: [HTTP2Field("x-request-id", "number-\(index)"), HTTP2Field("priority", "u=1")]
            )
            _ = try client.submitRequest(head, body: [UInt8](repeating: 0x62, count: 50 * index))
        }
        client.pull(into: &output, upTo: 1 << 20)
        return [
            Seed(target: .http2, name: "client.bin", bytes: [0, 0] + output.copy(), isReproducible: false),
            Seed(
                target: .http2,
                name: "client-in-pieces.bin",
                bytes: [0, 3, 90, 0x13, 33, 0x53, 5, 0x35] + output.copy(),
                isReproducible: false
            ),
        ]
    }
}
