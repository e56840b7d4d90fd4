import LeadWire

/// One HTTP/2 frame, written or read by hand: nothing checks that it makes sense.
struct Frame: Equatable {
    /// Frame types (RFC 9113 section 6).
    enum Kind {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let priority: UInt8 = 2
        static let resetStream: UInt8 = 3
        static let settings: UInt8 = 4
        static let pushPromise: UInt8 = 5
        static let ping: UInt8 = 6
        static let goAway: UInt8 = 7
        static let windowUpdate: UInt8 = 8
        static let continuation: UInt8 = 9
    }

    /// Flags; what a bit means depends on the type.
    enum Flag {
        static let ack: UInt8 = 1
        static let endStream: UInt8 = 1
        static let endHeaders: UInt8 = 4
        static let padded: UInt8 = 8
        static let priority: UInt8 = 32
    }

    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    var type: UInt8
    var flags: UInt8
    var stream: UInt32
    var payload: [UInt8]

    init(_ type: UInt8, _ flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) {
        self.type = type
        self.flags = flags
        self.stream = stream
        self.payload = payload
    }

    /// A frame on the wire.
    var bytes: [UInt8] { Self.header(payload.count, type, flags, stream: stream) + payload }

    /// The nine bytes before a payload, which may be a lie about its length.
    static func header(_ length: Int, _ type: UInt8, _ flags: UInt8 = 0, stream: UInt32 = 0) -> [UInt8] {
        [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags] + word(stream)
    }

    /// Four bytes, the highest first.
    static func word(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    /// The number that four bytes of the payload are.
    func word(at offset: Int) -> UInt32? {
        guard payload.count >= offset + 4 else { return nil }
        return payload[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    // MARK: Frames by their type

    static func headers(_ stream: UInt32, _ block: [UInt8], ends: Bool = false) -> [UInt8] {
        Frame(Kind.headers, Flag.endHeaders | (ends ? Flag.endStream : 0), stream: stream, block).bytes
    }

    static func data(_ stream: UInt32, _ payload: [UInt8], ends: Bool = false) -> [UInt8] {
        Frame(Kind.data, ends ? Flag.endStream : 0, stream: stream, payload).bytes
    }

    /// A whole body in frames of the usual size.
    static func dataFrames(_ stream: UInt32, _ body: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: body.count, by: 16_384).map { offset in
            let end = min(body.count, offset + 16_384)
            return data(stream, Array(body[offset..<end]), ends: end == body.count)
        }
    }

    static func continuation(_ stream: UInt32, _ block: [UInt8], ends: Bool) -> [UInt8] {
        Frame(Kind.continuation, ends ? Flag.endHeaders : 0, stream: stream, block).bytes
    }

    static func reset(_ stream: UInt32, _ code: UInt32 = 8) -> [UInt8] {
        Frame(Kind.resetStream, stream: stream, word(code)).bytes
    }

    static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> [UInt8] {
        Frame(Kind.windowUpdate, stream: stream, word(increment)).bytes
    }

    static func settings(_ entries: [(UInt16, UInt32)]) -> [UInt8] {
        let payload = entries.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 255)] + word($0.1) }
        return Frame(Kind.settings, payload).bytes
    }

    static func ping(_ text: String = "hostile!") -> [UInt8] { Frame(Kind.ping, Array(text.utf8)).bytes }

    /// A PRIORITY frame: depends on a stream, not exclusively, with weight 16.
    static func priority(_ stream: UInt32, on parent: UInt32) -> [UInt8] {
        Frame(Kind.priority, stream: stream, word(parent) + [15]).bytes
    }

    private init(_ type: UInt8, _ payload: [UInt8]) {
        self.init(type, 0, stream: 0, payload)
    }
}

/// Header blocks written by hand (RFC 7541): no table is kept, unless a test asks for it.
enum Block {
    /// A field that no table keeps (section 6.2.2).
    static func literal(_ name: String, _ value: String) -> [UInt8] { literal(Array(name.utf8), Array(value.utf8)) }

    /// The same with any bytes at all.
    static func literal(_ name: [UInt8], _ value: [UInt8]) -> [UInt8] { [0] + string(name) + string(value) }

    /// A field that the receiver's table keeps (section 6.2.1).
    static func kept(_ name: String, _ value: String) -> [UInt8] {
        [0x40] + string(Array(name.utf8)) + string(Array(value.utf8))
    }

    /// A reference to a table (section 6.1).
    static func indexed(_ index: Int) -> [UInt8] { integer(index, prefix: 7, pattern: 0x80) }

    /// A string as it is, without Huffman's code (section 5.2).
    static func string(_ bytes: [UInt8]) -> [UInt8] { integer(bytes.count, prefix: 7) + bytes }

    /// An integer behind some bits of a pattern (section 5.1).
    static func integer(_ value: Int, prefix: Int, pattern: UInt8 = 0) -> [UInt8] {
        let most = (1 << prefix) - 1
        guard value >= most else { return [pattern | UInt8(value)] }
        var left = value - most
        var bytes = [pattern | UInt8(most)]
        while left >= 128 {
            bytes.append(UInt8(left & 127 | 128))
            left >>= 7
        }
        return bytes + [UInt8(left)]
    }

    /// The head of a request, of one that posts a message unless told otherwise.
    static func request(
        method: String = "POST",
        path: String = "/v1/score",
        authority: String? = "localhost",
        extra: [(String, String)] = []
    ) -> [UInt8] {
        var block = literal(":method", method) + literal(":scheme", "https") + literal(":path", path)
        if let authority { block += literal(":authority", authority) }
        if method == "POST" { block += literal("content-type", WireFormat.contentType) }
        for (name, value) in extra { block += literal(name, value) }
        return block
    }

    /// A request for a page, whole.
    static func get(_ path: String = "/healthz", extra: [(String, String)] = []) -> [UInt8] {
        request(method: "GET", path: path, extra: extra)
    }

    /// The status that a response's block begins with, when it refers to the static table or spells its digits.
    ///
    /// The server's blocks stand alone because hostile peers allow it a table of no bytes.
    static func status(of block: [UInt8]) -> Int? {
        var rest = block[...]
        while let first = rest.first, first & 0xE0 == 0x20 { rest.removeFirst() }
        guard let first = rest.popFirst() else { return nil }
        let fixed = [200, 204, 206, 304, 400, 404, 500]
        if (0x88...0x8E).contains(first) { return fixed[Int(first) - 0x88] }
        guard [0x48, 0x08, 0x18].contains(first), let head = rest.popFirst() else { return nil }
        let text = rest.prefix(min(3, Int(head & 0x7F)))
        guard head & 0x80 != 0 else { return Int(String(decoding: text, as: UTF8.self)) }
        // Huffman's code for digits: five bits for 0 to 2, six for the others, which begin at 0x19.
        var bits = text.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } << UInt64(64 - 8 * text.count)
        var number = 0
        for _ in 0..<3 {
            let five = Int(bits >> 59)
            let isShort = five < 3
            number = number * 10 + (isShort ? five : Int(bits >> 58) - 0x19 + 3)
            bits <<= isShort ? 5 : 6
        }
        return number
    }
}
