import HTTP2Transport
import LeadWire
import Testing

private typealias Code = HostilePeers.Code
private typealias Kind = Frame.Kind
private typealias Flag = Frame.Flag

/// The head of a request on stream 1 whose body is to follow.
private let open = Frame.headers(1, Block.request())
/// Pseudo fields of a good request.
private let method = Block.literal(":method", "GET")
private let scheme = Block.literal(":scheme", "https")
private let path = Block.literal(":path", "/healthz")
private let authority = Block.literal(":authority", "localhost")

extension Requirement {
    /// Section 8.
    static let messages: [Requirement] = exchange + fields + pseudoFields

    private static func malformed(_ name: String, _ block: [UInt8]) -> Requirement {
        Requirement("RFC 9113 " + name + " is malformed", .reset([Code.protocolError])) { peer in
            try peer.send(Frame.headers(1, block, ends: true))
        }
    }

    private static func good(_ name: String, _ block: [UInt8], status: Int = 200) -> Requirement {
        Requirement("RFC 9113 " + name, .answered(status)) { peer in
            try peer.send(Frame.headers(1, block, ends: true))
        }
    }

    private static let exchange: [Requirement] = [
        Requirement("RFC 9113 8.1: a request is HEADERS, DATA and perhaps a trailer", .answered(200)) { peer in
            try peer.send(open + Frame.data(1, try TestModel.request([1])))
            try peer.send(Frame.headers(1, Block.literal("x-checksum", "1"), ends: true))
        },
        Requirement("RFC 9113 8.1: a trailer in several frames", .answered(200)) { peer in
            try peer.send(open + Frame.data(1, try TestModel.request([1])))
            try peer.send(Frame(Kind.headers, Flag.endStream, stream: 1, Block.literal("x", "1")).bytes)
            try peer.send(Frame.continuation(1, Block.literal("y", "1"), ends: true))
        },
        Requirement(
            "RFC 9113 8.1: HEADERS amid a request without END_STREAM is malformed",
            .reset([Code.protocolError])
        ) { peer in
            try peer.send(open + Frame.headers(1, Block.literal("x", "y")))
        },
        Requirement("RFC 9113 8.1: pseudo fields in a trailer are malformed", .reset([Code.protocolError])) { peer in
            try peer.send(open + Frame.data(1, [1]) + Frame.headers(1, Block.literal(":method", "GET"), ends: true))
        },
        Requirement("RFC 9113 8.1: HEADERS behind a trailer is STREAM_CLOSED", .resetOrGoAway([Code.streamClosed])) {
            peer in
            try peer.send(open + Frame.headers(1, Block.literal("x", "y"), ends: true))
            try peer.send(Frame.headers(1, Block.literal("x", "y"), ends: true))
        },
        Requirement("RFC 9113 8.1: an answer is one HEADERS, DATA, and END_STREAM once", .looked) { peer in
            try peer.send(Frame.headers(1, Block.get(), ends: true))
            try peer.wait { $0.ended.contains(1) }
            #expect(try peer.isServed())
            #expect(peer.frames.count { $0.stream == 1 } == 1 && (peer.received[1] ?? 0) > 0)
        },
        Requirement("RFC 9113 8.1: an answer may come before the request ends, and is no error", .looked) { peer in
            try peer.send(Frame.headers(1, Block.request(path: "/nothing")))
            try peer.wait { $0.ended.contains(1) }
            #expect(peer.status(1) == 404)
            try peer.send(Frame.data(1, [1, 2, 3], ends: true))
            #expect(try peer.isServed() && [nil, 0].contains(peer.resetCode(1)))
        },
        Requirement("RFC 9113 8.1: an answer to HEAD has no body", .looked) { peer in
            try peer.send(Frame.headers(1, Block.request(method: "HEAD", path: "/healthz"), ends: true))
            try peer.wait { $0.ended.contains(1) }
            #expect(peer.status(1) == 200 && (peer.received[1] ?? 0) == 0)
        },
        Requirement("RFC 9113 8.1.1: content-length shorter than the body is malformed", .reset([Code.protocolError])) {
            peer in
            try peer.send(
                Frame.headers(1, Block.request(extra: [("content-length", "1")])) + Frame.data(1, [1, 2], ends: true)
            )
        },
        Requirement("RFC 9113 8.1.1: content-length longer than the body is malformed", .reset([Code.protocolError])) {
            peer in
            try peer.send(Frame.headers(1, Block.request(extra: [("content-length", "3")])) + Frame.data(1, [1]))
            try peer.send(Frame.data(1, [2], ends: true))
        },
        Requirement("RFC 9113 8.1.1: content-length of an empty body is malformed", .reset([Code.protocolError])) {
            peer in
            try peer.send(Frame.headers(1, Block.request(extra: [("content-length", "3")]), ends: true))
        },
        Requirement("RFC 9113 8.1.1: content-length counts no padding", .answered(200)) { peer in
            let message = try TestModel.request([1])
            try peer.send(Frame.headers(1, Block.request(extra: [("content-length", "\(message.count)")])))
            let payload = [9] + message + [UInt8](repeating: 0, count: 9)
            try peer.send(Frame(Kind.data, Flag.padded | Flag.endStream, stream: 1, payload).bytes)
        },
        Requirement("RFC 9113 8.1.1: a malformed request is not processed", .looked) { peer in
            try peer.send(Frame.headers(1, Block.get(extra: [("connection", "close")]), ends: true))
            try peer.wait { $0.isOver(1) }
            #expect(peer.status(1) == nil && peer.resetCode(1) == Code.protocolError)
        },
        Requirement("RFC 9113 8.4: the server pushes nothing", .looked, settings: [(2, 1)]) { peer in
            try peer.send(Frame.headers(1, Block.get("/v1/models"), ends: true))
            try peer.wait { $0.ended.contains(1) }
            #expect(peer.status(1) == 200)
            #expect(!peer.frames.contains { $0.type == Kind.pushPromise || ($0.stream > 0 && $0.stream % 2 == 0) })
        },
    ]

    private static let fields: [Requirement] = {
        var list: [Requirement] = []
        for byte in [
            0, 9, 10, 13, 32, 0x22, 0x28, 0x2C, 0x2F, 0x3A, 0x3B, 0x40, 0x41, 0x5A, 0x5B, 0x7B, 0x7F, 0x80, 0xFF,
        ] {
            let name = Array("x".utf8) + [UInt8(byte)] + Array("y".utf8)
            list.append(malformed("8.2.1: a field name with octet \(byte)", Block.get() + Block.literal(name, [0x61])))
        }
        for byte: UInt8 in [0, 10, 13] {
            for value in [[byte], [0x61, byte, 0x61], [0x61, byte]] {
                let block = Block.get() + Block.literal(Array("x".utf8), value)
                list.append(malformed("8.2.1: a field value \(value)", block))
            }
        }
        for value in [" a", "a ", "\ta", "a\t"] {
            list.append(
                malformed(
                    "8.2.1: a field value with space at an end, \(value.debugDescription)",
                    Block.get(extra: [("x", value)])
                )
            )
        }
        list += [
            malformed("8.2.1: an empty field name", Block.get(extra: [("", "x")])),
            malformed("8.2.1: a field name in upper case", Block.get(extra: [("X-Upper", "x")])),
            malformed("8.2.1: a colon in front of a regular field", Block.get(extra: [(":x", "x")])),
            good("8.2.1: an empty field value is taken", Block.get(extra: [("x", "")])),
            good("8.2.1: octets above ASCII in a value are taken", Block.get() + Block.literal([0x78], [0x80, 0xFF])),
            malformed("8.2.2: connection", Block.get(extra: [("connection", "keep-alive")])),
            malformed("8.2.2: proxy-connection", Block.get(extra: [("proxy-connection", "keep-alive")])),
            malformed("8.2.2: keep-alive", Block.get(extra: [("keep-alive", "timeout=5")])),
            malformed("8.2.2: transfer-encoding", Block.get(extra: [("transfer-encoding", "chunked")])),
            malformed("8.2.2: upgrade", Block.get(extra: [("upgrade", "websocket")])),
            malformed("8.2.2: te other than trailers", Block.get(extra: [("te", "trailers, deflate")])),
            good("8.2.2: te with trailers is taken", Block.get(extra: [("te", "trailers")])),
            good("8.2.3: a cookie in crumbs is taken", Block.get(extra: [("cookie", "a=b"), ("cookie", "c=d")])),
        ]
        return list
    }()

    private static let pseudoFields: [Requirement] = [
        malformed("8.3: an unknown pseudo field", method + scheme + path + authority + Block.literal(":x", "y")),
        malformed(
            "8.3: a pseudo field of answers",
            method + scheme + path + authority + Block.literal(":status", "200")
        ),
        malformed(
            "8.3: a pseudo field behind a regular one",
            method + scheme + path + Block.literal("x", "y") + authority
        ),
        malformed("8.3: :method twice", method + method + scheme + path + authority),
        malformed("8.3: :scheme twice", method + scheme + scheme + path + authority),
        malformed("8.3: :path twice", method + scheme + path + path + authority),
        malformed("8.3: :authority twice", method + scheme + path + authority + authority),
        malformed("8.3.1: a request without :method", scheme + path + authority),
        malformed("8.3.1: a request without :scheme", method + path + authority),
        malformed("8.3.1: a request without :path", method + scheme + authority),
        malformed("8.3.1: an empty :path", method + scheme + Block.literal(":path", "") + authority),
        malformed(
            "8.3.1: a :path that begins with no slash",
            method + scheme + Block.literal(":path", "x") + authority
        ),
        malformed("8.3.1: a :path of * without OPTIONS", method + scheme + Block.literal(":path", "*") + authority),
        malformed("8.3.1: an empty :method", Block.literal(":method", "") + scheme + path + authority),
        malformed(
            "8.3.1: userinfo in :authority",
            method + scheme + path + Block.literal(":authority", "me@localhost")
        ),
        malformed(
            "8.3.1: a host that is not :authority",
            method + scheme + path + authority + Block.literal("host", "other")
        ),
        malformed(
            "8.3.1: host twice",
            method + scheme + path + Block.literal("host", "a") + Block.literal("host", "b")
        ),
        good("8.3.1: host stands in for :authority", method + scheme + path + Block.literal("host", "localhost")),
        good(
            "8.3.1: host may say what :authority says",
            method + scheme + path + authority + Block.literal("host", "localhost")
        ),
        good("8.3.1: pseudo fields come in any order", authority + path + scheme + method),
        good(
            "8.3.1: OPTIONS * is a request like others",
            Block.literal(":method", "OPTIONS") + scheme + Block.literal(":path", "*") + authority,
            status: 404
        ),
        malformed(
            "8.5: CONNECT with :scheme and :path",
            Block.literal(":method", "CONNECT") + scheme + path + authority
        ),
        malformed("8.5: CONNECT without :authority", Block.literal(":method", "CONNECT")),
        malformed(
            "8.5: extended CONNECT, which nobody allowed,",
            Block.literal(":method", "CONNECT") + Block.literal(":protocol", "websocket") + scheme + path + authority
        ),
        Requirement("RFC 9113 8.5: CONNECT is refused, for there is nothing to connect to", .looked) { peer in
            try peer.send(Frame.headers(1, Block.literal(":method", "CONNECT") + authority))
            try peer.wait { $0.isOver(1) }
            let status = peer.status(1)
            #expect(status == nil || (400...599).contains(status ?? 0))
            #expect(try peer.isServed())
        },
    ]
}
