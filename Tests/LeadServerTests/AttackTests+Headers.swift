import HTTP2Transport
import LeadServer
import LeadWire
import Testing

extension HostilePeers {
    @Suite("Attacks by header blocks", .serialized)
    struct HeaderAttacks {
        @Test(arguments: [0, 1_000, 16_000])
        func `CONTINUATION flood (CVE-2024-28182 and its kin)`(_ bytes: Int) throws {
            try underAttack("CONTINUATION flood, \(bytes) bytes each") { server in
                let peer = try HostilePeer(server)
                try peer.send(Frame(Frame.Kind.headers, stream: 1, Block.request()).bytes)
                let block = bytes == 0 ? [] : Block.literal("a", String(repeating: "x", count: bytes - 6))
                try flood(peer, 10_000) { _ in Frame.continuation(1, block, ends: false) }
                try expectGoAway(peer, Code.calm)
            }
        }

        @Test func `CONTINUATION flood behind END_HEADERS`() throws {
            try underAttack("CONTINUATION behind END_HEADERS") { server in
                let peer = try HostilePeer(server)
                try peer.send(Frame.headers(1, Block.request()))
                try flood(peer, 100) { _ in Frame.continuation(1, [], ends: true) }
                try expectGoAway(peer, Code.protocolError)
            }
        }

        @Test func `CONTINUATION flood in blocks that end, over and over`() throws {
            try underAttack("CONTINUATION in blocks that end") { server in
                let peer = try HostilePeer(server)
                var sent = 0
                while sent < 60 {
                    var bytes = Frame(Frame.Kind.headers, Frame.Flag.endStream, stream: stream(sent), Block.get()).bytes
                    for index in 0..<7 { bytes += Frame.continuation(stream(sent), [], ends: index == 6) }
                    try peer.send(bytes)
                    sent += 1
                }
                // Within its limits such a client is odd, and served.
                try peer.wait { $0.ended.count == sent }
                #expect(peer.ended.count == sent && peer.goAwayCode == nil)
            }
        }

        @Test func `HPACK bomb (CVE-2016-6581)`() throws {
            try underAttack("HPACK bomb") { server in
                let peer = try HostilePeer(server)
                let entry = Block.kept("a", String(repeating: "x", count: 3_900))
                try peer.send(Frame.headers(1, Block.get() + entry, ends: true))
                let bomb = Block.request() + [UInt8](repeating: 0x80 | 62, count: 12_000)
                try flood(peer, 60) { Frame.headers(stream($0 + 1), bomb) }
                try expectGoAway(peer, Code.calm)
            }
        }

        @Test(arguments: ["a", "cookie"])
        func `HTTP/2 bomb by count (CVE-2026-49975)`(_ name: String) throws {
            try underAttack("HTTP/2 bomb, \(name)") { server in
                let peer = try HostilePeer(server, settings: [(4, 0)])
                try peer.send(Frame.headers(1, Block.get() + Block.kept(name, ""), ends: true))
                let bomb = Block.get() + [UInt8](repeating: 0x80 | 62, count: 14_000)
                try flood(peer, 100) { Frame.headers(stream($0 + 1), bomb, ends: true) }
                try expectGoAway(peer, Code.calm)
            }
        }

        @Test func `oversize header list of many frames`() throws {
            try underAttack("60 KB field") { server in
                let peer = try HostilePeer(server)
                let block = Block.request() + Block.literal("a", String(repeating: "x", count: 60_000))
                try peer.send(Frame(Frame.Kind.headers, stream: 1, Array(block.prefix(16_000))).bytes)
                for part in 1...3 {
                    let rest = Array(block.dropFirst(16_000 * part).prefix(16_000))
                    try peer.send(Frame.continuation(1, rest, ends: part == 3))
                }
                try expectGoAway(peer, Code.calm)
            }
        }

        @Test(arguments: [1, 50, 5_000])
        func `empty field names (CVE-2019-9516)`(_ count: Int) throws {
            try underAttack("\(count) empty field names") { server in
                let peer = try HostilePeer(server)
                let fields = (0..<count).flatMap { _ in Block.literal("", "") }
                try peer.send(Frame.headers(1, Block.request() + fields))
                try expectReset(peer, 1, Code.protocolError)
            }
        }

        @Test(arguments: [
            ("longer", "10", 3), ("shorter", "3", 4), ("signed", "+3", 3), ("twice", "3", 3), ("not a number", "3x", 3),
            ("overflow", "18446744073709551619", 3), ("on an empty end", "5", 0),
        ])
        func `content-length lies`(_ what: String, _ length: String, _ bytes: Int) throws {
            try underAttack("content-length \(what)") { server in
                let peer = try HostilePeer(server)
                var extra = [("content-length", length)]
                if what == "twice" { extra.append(("content-length", "4")) }
                let block = Block.request(extra: extra)
                if bytes == 0 {
                    try peer.send(Frame.headers(1, block, ends: true))
                } else {
                    try peer.send(
                        Frame.headers(1, block) + Frame.data(1, [UInt8](repeating: 1, count: bytes), ends: true)
                    )
                }
                try expectReset(peer, 1, Code.protocolError, about: what)
            }
        }

        /// Blocks that an intermediary or a server might read otherwise than the next one; all are malformed.
        static let smuggled: [(what: String, block: [UInt8])] = {
            var blocks: [(String, [UInt8])] = []
            for (name, value) in [
                ("transfer-encoding", "chunked"), ("connection", "close"), ("connection", "content-length"),
                ("upgrade", "h2c"), ("te", "gzip"), ("proxy-connection", "keep-alive"), ("keep-alive", "5"),
                ("x", "a\r\nb: c"), ("x", "a\nb"), ("x", "a\rb"), ("x", "a\u{0}b"), ("x", " a"), ("x", "a "),
                ("x\r\ny", "a"), ("x y", "a"), ("x:y", "a"), ("X", "a"), ("x\u{0}", "a"),
                (":path", "/again"), (":authority", "other"), (":unknown", "x"), (":status", "200"),
            ] {
                blocks.append(("\(name): \(value)".debugDescription, Block.request(extra: [(name, value)])))
            }
            let method = Block.literal(":method", "POST")
            let scheme = Block.literal(":scheme", "https")
            let path = Block.literal(":path", "/v1/score")
            let authority = Block.literal(":authority", "localhost")
            blocks += [
                ("no :method", scheme + path + authority), ("no :scheme", method + path + authority),
                ("no :path", method + scheme + authority),
                ("empty :path", method + scheme + Block.literal(":path", "") + authority),
                ("no path", method + scheme + Block.literal(":path", "v1/score") + authority),
                (":path after a field", method + scheme + authority + Block.literal("x", "y") + path),
                (":method twice", method + method + scheme + path + authority),
                ("CRLF in :path", method + scheme + Block.literal(":path", "/v1/score\r\nx: y") + authority),
                ("CRLF in :method", Block.literal(":method", "POST\r\n") + scheme + path + authority),
                ("a space in :method", Block.literal(":method", "PO ST") + scheme + path + authority),
                ("CONNECT with a path", Block.literal(":method", "CONNECT") + scheme + path + authority),
                ("a space in :authority", method + scheme + path + Block.literal(":authority", "local host")),
            ]
            return blocks
        }()

        @Test func `smuggling fields`() throws {
            try underAttack("smuggling fields", rounds: 1) { server in
                for (what, block) in Self.smuggled {
                    let peer = try HostilePeer(server)
                    try peer.send(Frame.headers(1, block, ends: true))
                    try expectReset(peer, 1, Code.protocolError, about: what)
                    #expect(peer.status(1) == nil, "\(what) is answered")
                }
            }
        }

        @Test(arguments: ["pseudo field", "without END_STREAM", "upper case"])
        func `smuggling trailers`(_ what: String) throws {
            try underAttack("trailers, \(what)") { server in
                let peer = try HostilePeer(server)
                let trailer =
                    switch what {
                    case "pseudo field": Block.literal(":path", "/")
                    case "upper case": Block.literal("X", "y")
                    default: Block.literal("x", "y")
                    }
                try peer.send(Frame.headers(1, Block.request()) + Frame.data(1, [1]))
                try peer.send(Frame.headers(1, trailer, ends: what != "without END_STREAM"))
                try expectReset(peer, 1, Code.protocolError, about: what)
            }
        }

        @Test(
            arguments: [
                ("user:word@localhost", nil), ("localhost", "other"), (nil, "user@localhost"), ("", "other"),
                ("localhost", "localhost:1"),
            ] as [(String?, String?)]
        )
        func `userinfo, and a host that is not the authority`(_ authority: String?, _ host: String?) throws {
            let what = ":authority \(authority ?? "none"), host \(host ?? "none")"
            try underAttack(what) { server in
                let peer = try HostilePeer(server)
                let extra = host.map { [("host", $0)] } ?? []
                try peer.send(Frame.headers(1, Block.request(authority: authority, extra: extra), ends: true))
                try expectReset(peer, 1, Code.protocolError, about: what)
            }
        }
    }
}
