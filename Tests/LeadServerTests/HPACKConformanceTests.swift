import HTTP2Transport
import Testing

private typealias Code = HostilePeers.Code

extension Requirement {
    /// RFC 7541, as far as a client can see it.
    static let compression: [Requirement] = [
        good("2.3.3: an index of the static table", [0x82, 0x87, 0x04, 0x08] + Array("/healthz".utf8) + authority),
        broken("2.3.3: an index beyond both tables", Block.get() + Block.indexed(62)),
        broken("2.3.3: an index far beyond both tables", Block.get() + Block.indexed(1_000_000)),
        Requirement("RFC 7541 2.3.3: the newest entry is the first of the dynamic table", .looked) { peer in
            try peer.send(Frame.headers(1, Block.get() + Block.kept("x", "1") + Block.kept("te", "gzip"), ends: true))
            try peer.wait { $0.isOver(1) }
            // te: gzip is malformed wherever it comes from; x is not.
            try peer.send(Frame.headers(3, Block.get() + Block.indexed(63), ends: true))
            try peer.send(Frame.headers(5, Block.get() + Block.indexed(62), ends: true))
            try peer.wait { $0.isOver(3) && $0.isOver(5) }
            #expect(peer.status(3) == 200 && peer.resetCode(5) == Code.protocolError)
        },
        good("4.2: a change of the table's size at the beginning of a block", [0x20] + Block.get()),
        good("4.2: two changes at the beginning of a block", [0x20] + update(4_096) + Block.get()),
        broken("4.2: a change within a block", Block.get() + [0x20] + Block.literal("x", "y")),
        broken("4.2: a change at the end of a block", Block.get() + [0x20]),
        broken("6.3: a change beyond SETTINGS_HEADER_TABLE_SIZE", update(4_097) + Block.get()),
        broken("6.3: a change beyond what an integer holds", [0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F] + Block.get()),
        Requirement("RFC 7541 4.2: the server's encoder says first that it keeps no table, as it was asked", .looked) {
            peer in
            // The peers of these tests send SETTINGS_HEADER_TABLE_SIZE 0.
            try peer.send(Frame.headers(1, Block.get(), ends: true))
            try peer.wait { $0.ended.contains(1) }
            let head = try #require(peer.frames.first { $0.type == Frame.Kind.headers })
            #expect(head.payload.first == 0x20 && peer.status(1) == 200)
        },
        Requirement("RFC 7541 4.3: a table of no bytes forgets all", .goAway([Code.compression])) { peer in
            try peer.send(Frame.headers(1, Block.get() + Block.kept("x", "1"), ends: true))
            try peer.send(Frame.headers(3, [0x20] + update(4_096) + Block.get() + Block.indexed(62), ends: true))
        },
        Requirement("RFC 7541 4.4: an entry larger than the table empties it", .goAway([Code.compression])) { peer in
            let large = Block.kept("x", String(repeating: "y", count: 4_096))
            try peer.send(Frame.headers(1, Block.get() + Block.kept("x", "1"), ends: true))
            try peer.send(Frame.headers(3, Block.get() + large, ends: true))
            try peer.send(Frame.headers(5, Block.get() + Block.indexed(62), ends: true))
        },
        Requirement("RFC 7541 4.4: the oldest entries make room", .goAway([Code.compression])) { peer in
            // Two entries of 2,033 bytes, 32 counted on each, fit 4,096 bytes no more than a third.
            let entry = Block.kept("x", String(repeating: "y", count: 2_000))
            try peer.send(Frame.headers(1, Block.get() + entry + entry, ends: true))
            try peer.send(Frame.headers(3, Block.get() + Block.indexed(63), ends: true))
            try peer.wait { $0.isOver(3) }
            #expect(peer.status(3) == 200)
            try peer.send(Frame.headers(5, Block.get() + Block.kept("x", "z"), ends: true))
            try peer.send(Frame.headers(7, Block.get() + Block.indexed(64), ends: true))
        },
        broken(
            "5.1: an integer beyond what a size holds",
            Block.get() + [0, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
        ),
        good(
            "5.1: an integer with octets that add nothing",
            Block.get() + [0x00, 0x01, 0x78, 0x01, 0x79] + longInteger
        ),
        good("5.2: a string in Huffman's code", [0x82, 0x87, 0x04] + huffmanPath + authority),
        broken(
            "5.2: padding of more than seven bits",
            [0x82, 0x87] + authority + [0x00, 0x01, 0x78, 0x83, 0x1F, 0xFF, 0xFF]
        ),
        broken("5.2: padding of zeros", [0x82, 0x87] + authority + [0x00, 0x01, 0x78, 0x81, 0x18]),
        broken(
            "5.2: the symbol EOS in a string",
            [0x82, 0x87] + authority + [0x00, 0x01, 0x78, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]
        ),
        broken("5.2: a string longer than its block", Block.get() + [0x00, 0x01, 0x78, 0x7E, 0x79]),
        broken("5.2: a block that ends within a field", Block.get() + [0x00, 0x01]),
        broken("6.1: index 0", Block.get() + [0x80]),
        good("6.2.1: a literal that is kept", Block.get() + Block.kept("x", "y")),
        good("6.2.2: a literal that is not kept", Block.get() + Block.literal("x", "y")),
        good("6.2.3: a literal that is never kept", Block.get() + [0x10, 0x01, 0x78, 0x01, 0x79]),
        broken("6.2.1: a name beyond both tables", Block.get() + [0x7F, 0x20, 0x01, 0x79]),
        Requirement("RFC 7541 6.2.2: a literal that is not kept enters no table", .goAway([Code.compression])) { peer in
            try peer.send(Frame.headers(1, Block.get() + Block.literal("x", "y"), ends: true))
            try peer.send(Frame.headers(3, Block.get() + Block.indexed(62), ends: true))
        },
        Requirement("RFC 7541 6.2.3: a literal that is never kept enters no table", .goAway([Code.compression])) {
            peer in
            try peer.send(Frame.headers(1, Block.get() + [0x10, 0x01, 0x78, 0x01, 0x79], ends: true))
            try peer.send(Frame.headers(3, Block.get() + Block.indexed(62), ends: true))
        },
    ]

    /// A block that is answered.
    private static func good(_ name: String, _ block: [UInt8]) -> Requirement {
        Requirement("RFC 7541 " + name, .answered(200)) { peer in
            try peer.send(Frame.headers(1, block, ends: true))
        }
    }

    /// A block that ends the connection with COMPRESSION_ERROR.
    private static func broken(_ name: String, _ block: [UInt8]) -> Requirement {
        Requirement("RFC 7541 " + name + " is COMPRESSION_ERROR", .goAway([Code.compression])) { peer in
            try peer.send(Frame.headers(1, block, ends: true))
        }
    }

    /// A change of the dynamic table's size (section 6.3).
    private static func update(_ size: Int) -> [UInt8] { Block.integer(size, prefix: 5, pattern: 0x20) }

    private static let authority = Block.literal(":authority", "localhost")
    /// The field x of 127 letters, its length in a form that is longer than it must be.
    private static let longInteger: [UInt8] =
        [0x00, 0x01, 0x7A, 0x7F, 0x80, 0x00] + [UInt8](repeating: 0x79, count: 127)
    /// "/healthz" in Huffman's code: / 011000, h 100111, e 00101, a 00011, l 101000, t 01001, h 100111, z 1111011, and the
    /// first bits of EOS.
    private static let huffmanPath: [UInt8] = {
        let bits = "011000" + "100111" + "00101" + "00011" + "101000" + "01001" + "100111" + "1111011"
        let whole = bits + String(repeating: "1", count: (8 - bits.count % 8) % 8)
        let octets = stride(from: 0, to: whole.count, by: 8).map { start in
            UInt8(Array(whole)[start..<start + 8].reduce(0) { $0 << 1 | ($1 == "1" ? 1 : 0) })
        }
        return [0x80 | UInt8(octets.count)] + octets
    }()
}
