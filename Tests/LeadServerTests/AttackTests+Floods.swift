import Foundation
import HTTP2Transport
import LeadServer
import LeadWire
import Testing

extension HostilePeers {
    @Suite("Attacks by many frames", .serialized)
    struct FrameFloods {
        @Test(arguments: ["SETTINGS", "PING"])
        func `SETTINGS and PING floods whose answers are not read (CVE-2019-9515, CVE-2019-9512)`(
            _ kind: String
        ) throws {
            try underAttack("\(kind) flood, nothing read", rounds: 3) { server in
                let peer = try HostilePeer(server)
                peer.reads = false
                let frame = kind == "PING" ? Frame.ping() : Frame.settings([])
                let batch = [[UInt8]](repeating: frame, count: 2_000).flatMap { $0 }
                for _ in 0..<100 where !peer.isEnded { try peer.send(batch) }
                try expectGoAway(peer, Code.calm)
            }
        }

        @Test(arguments: ["PING", "SETTINGS", "WINDOW_UPDATE", "PRIORITY", "unknown", "ALTSVC"])
        func `control frames without end, answers read`(_ kind: String) throws {
            try underAttack("\(kind) flood, answers read", rounds: 3) { server in
                let peer = try HostilePeer(server)
                let frame =
                    switch kind {
                    case "PING": Frame.ping()
                    case "SETTINGS": Frame.settings([])
                    case "WINDOW_UPDATE": Frame.windowUpdate(0, 1)
                    case "PRIORITY": Frame.priority(1, on: 0)
                    case "ALTSVC": Frame(0x0A, stream: 0, [0, 1, 0x61, 0x62]).bytes
                    default: Frame(0xBE, stream: 0, [1, 2, 3]).bytes
                    }
                let batch = [[UInt8]](repeating: frame, count: 200).flatMap { $0 }
                try flood(peer, 3_000) { _ in batch }
                try expectGoAway(peer, Code.calm)
            }
        }

        @Test func `SETTINGS that shift all windows`() throws {
            try underAttack("SETTINGS that shift all windows") { server in
                let peer = try HostilePeer(server)
                for index in 0..<60 { try peer.send(Frame.headers(stream(index), Block.request())) }
                let entries = (0..<2_600).map { (UInt16(4), UInt32($0 % 2 == 0 ? 0x7FFF_0000 : 1)) }
                try flood(peer, 100) { _ in Frame.settings(entries) }
                try expectGoAway(peer, Code.calm)
            }
        }

        @Test func `resource loop by PRIORITY (CVE-2019-9513)`() throws {
            try underAttack("PRIORITY loop", rounds: 3) { server in
                let peer = try HostilePeer(server)
                try flood(peer, 300) { batch in
                    (0..<200).flatMap { index -> [UInt8] in
                        let number = batch * 200 + index
                        return Frame.priority(stream(number % 4_000), on: stream((number + 1) % 4_000))
                    }
                }
                try expectGoAway(peer, Code.calm)
            }
        }

        @Test func `empty DATA (CVE-2019-9518)`() throws {
            try underAttack("empty DATA") { server in
                let peer = try HostilePeer(server)
                try peer.send(Frame.headers(1, Block.request()))
                let frames = try flood(peer, 20_000) { _ in Frame.data(1, []) }
                try expectGoAway(peer, Code.calm)
                #expect(frames < 2_000)
            }
        }

        @Test func `DATA that is all padding`() throws {
            try underAttack("padding-only DATA") { server in
                let peer = try HostilePeer(server)
                try peer.send(Frame.headers(1, Block.request()))
                let frame = Frame(
                    Frame.Kind.data,
                    Frame.Flag.padded,
                    stream: 1,
                    [255] + [UInt8](repeating: 0, count: 255)
                )
                let frames = try flood(peer, 20_000) { _ in frame.bytes }
                try expectGoAway(peer, Code.calm)
                #expect(frames < 2_000)
            }
        }

        @Test func `DATA of one octet (RUSTSEC-2026-0258)`() throws {
            try underAttack("one-octet DATA") { server in
                let peer = try HostilePeer(server)
                let message = try TestModel.request((0..<40_000).map { Double($0) + 0.5 })
                try peer.send(Frame.headers(1, Block.request()))
                // All of it fits into the sockets' buffers: that the server breaks off is what GOAWAY tells.
                _ = try flood(peer, 400) { batch in
                    (0..<100).flatMap { Frame.data(1, [message[batch * 100 + $0]]) }
                }
                try expectGoAway(peer, Code.calm)
            }
        }

        @Test func `window overflow`() throws {
            try underAttack("window overflow") { server in
                let peer = try HostilePeer(server)
                try peer.send(Frame.headers(1, Block.request()))
                try peer.send(Frame.windowUpdate(1, 0x7FFF_FFFF) + Frame.windowUpdate(1, 0x7FFF_FFFF))
                try expectReset(peer, 1, Code.flowControl)
                try peer.send(Frame.windowUpdate(0, 0x7FFF_FFFF) + Frame.windowUpdate(0, 0x7FFF_FFFF))
                try expectGoAway(peer, Code.flowControl)
            }
        }

        @Test func `flow control ignored on a stream`() throws {
            try underAttack("flow control ignored on a stream", rounds: 4) { server in
                // Answers that have no window hold the credit back; then the client sends on.
                let peer = try HostilePeer(server, settings: [(4, 0)])
                try peer.send(Frame.headers(1, Block.request()) + Frame.data(1, try Self.largeAnswers()))
                try peer.wait { $0.status(1) != nil }
                let message = try Self.largeRequest()
                let sent = try flood(peer, 2_000) { _ in
                    peer.resetCode(1) == nil ? Frame.data(1, message) : Frame.ping()
                }
                #expect(peer.resetCode(1) == Code.flowControl || peer.goAwayCode == Code.flowControl)
                #expect(sent < 2_000 || peer.goAwayCode == nil)
            }
        }

        @Test func `flow control ignored on the connection`() throws {
            try underAttack("flow control ignored on the connection", rounds: 1) { server in
                let peer = try HostilePeer(server, settings: [(4, 0)])
                let answers = try Self.largeAnswers()
                for index in 0..<10 {
                    try peer.send(Frame.headers(stream(index), Block.request()) + Frame.data(stream(index), answers))
                    try peer.wait { $0.status(stream(index)) != nil }
                }
                // A little less than each stream's window, which together is more than the connection's.
                let message = try Self.largeRequest()
                try flood(peer, 650) { Frame.data(stream($0 / 65), message) }
                try expectGoAway(peer, Code.flowControl)
            }
        }

        /// Messages of a few hundred bytes whose answers are more than a stream may leave unread.
        static func largeAnswers() throws -> [UInt8] {
            let message = try TestModel.request([Double](repeating: 1, count: 50_000))
            return message + message + message
        }

        /// A message that just fits a frame of the usual size.
        static func largeRequest() throws -> [UInt8] {
            try TestModel.request((0..<1_900).map { Double($0) + 1e-9 })
        }

        @Test(
            arguments: [
                (Frame.Kind.data, 1), (Frame.Kind.headers, 3), (Frame.Kind.settings, 0), (Frame.Kind.ping, 0),
                (Frame.Kind.windowUpdate, 0), (0xBE, 0),
            ] as [(UInt8, UInt32)]
        )
        func `oversize frame`(_ type: UInt8, _ id: UInt32) throws {
            try underAttack("oversize frame of type \(type)") { server in
                let peer = try HostilePeer(server)
                try peer.send(Frame.headers(1, Block.request()))
                // The header alone: the answer does not wait for the payload.
                try peer.send(Frame.header(0xFFFFFF, type, stream: id))
                try expectGoAway(peer, Code.frameSize)
            }
        }
    }
}
