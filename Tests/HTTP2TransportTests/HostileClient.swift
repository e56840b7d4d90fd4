import ByteKit
import HTTP2Transport

/// Frames written by hand, good and bad, against one server session.
struct HostileClient: ~Copyable {
    var server: HTTP2ServerSession
    var now: UInt64 = 1_000_000_000
    private(set) var framesFromServer: [Frame] = []
    private var unread = ByteQueue()

    struct Frame: Equatable {
        let type: UInt8
        let flags: UInt8
        let stream: UInt32
        let payload: [UInt8]
    }

    init(limits: HTTP2Limits = HTTP2Limits(), sendsPreface: Bool = true) {
        server = HTTP2ServerSession(limits: limits)
        if sendsPreface {
            send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + Self.frame(4, 0, 0, []))
            turn()
        }
    }

    static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        return [UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags] + word(stream)
            + payload
    }

    static func word(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    /// A field of HPACK that no table keeps (RFC 7541 section 6.2.2).
    static func literal(_ name: String, _ value: String) -> [UInt8] {
        [0] + integer(name.utf8.count) + Array(name.utf8) + integer(value.utf8.count) + Array(value.utf8)
    }

    static func integer(_ value: Int) -> [UInt8] {
        if value < 127 { return [UInt8(value)] }
        var left = value - 127
        var bytes: [UInt8] = [127]
        while left >= 128 {
            bytes.append(UInt8(left & 127 | 128))
            left >>= 7
        }
        return bytes + [UInt8(left)]
    }

    /// The header block of a request; extra fields after the four that every request has.
    static func request(
        method: String = "POST",
        authority: String = "localhost",
        extra: [(String, String)] = []
    ) -> [UInt8] {
        var block = literal(":method", method) + literal(":scheme", "https") + literal(":path", "/v1/score")
        block += literal(":authority", authority)
        for (name, value) in extra { block += literal(name, value) }
        return block
    }

    static func headers(_ stream: UInt32, _ block: [UInt8], ends: Bool = false) -> [UInt8] {
        frame(1, ends ? 5 : 4, stream, block)
    }

    static func reset(_ stream: UInt32, _ code: UInt32 = 8) -> [UInt8] { frame(3, 0, stream, word(code)) }

    mutating func send(_ bytes: [UInt8]) {
        server.receive(bytes.rawBytes, now: now)
        while let event = server.nextEvent() {
            if event.kind == .body { server.consume(event.stream, event.range.count) }
        }
    }

    /// Reads all that the server has to say.
    mutating func turn() {
        var output = ByteQueue()
        for _ in 0..<1000 {
            server.pull(into: &output, upTo: 1 << 20)
            if output.isEmpty { break }
            unread.append(output.bytes)
            output.removeAll()
        }
        while server.nextEvent() != nil {}
        let bytes = unread.copy()
        var offset = 0
        while bytes.count - offset >= 9 {
            let count = Int(bytes[offset]) << 16 | Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2])
            guard bytes.count - offset >= 9 + count else { break }
            let stream = bytes[offset + 5..<offset + 9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            framesFromServer.append(
                Frame(
                    type: bytes[offset + 3],
                    flags: bytes[offset + 4],
                    stream: stream,
                    payload: Array(bytes[offset + 9..<offset + 9 + count])
                )
            )
            offset += 9 + count
        }
        unread.removeFirst(offset)
    }

    /// The code of the first GOAWAY.
    var goAwayCode: UInt32? {
        framesFromServer.first { $0.type == 7 }.map { frame in
            frame.payload[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
    }

    /// The code of the RST_STREAM of a stream.
    func resetCode(_ stream: UInt32) -> UInt32? {
        framesFromServer.first { $0.type == 3 && $0.stream == stream }.map { frame in
            frame.payload.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
    }
}
