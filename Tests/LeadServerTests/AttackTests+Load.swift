import Foundation
import HTTP2Transport
import LeadScoring
import LeadServer
import LeadTypes
import LeadWire
import Testing
import TreeEnsemble

extension HostilePeers {
    /// Nothing that these clients send is wrong: it is only too much.
    @Suite("Attacks by good requests", .serialized)
    struct LoadAttacks {
        @Test func `answers that nobody reads, on many connections (CVE-2019-9517 kin)`() throws {
            var limits = SlowAttacks.hasty
            limits.bytesInFlightPerConnectionMax = 8 << 20
            limits.bytesInFlightPerWorkerMax = 24 << 20
            try underAttack("answers not read, 8 connections", limits: limits, rounds: 1, fillsMemory: true) { server in
                let peers = try (0..<8).map { _ in try HostilePeer(server, settings: [(4, 0)]) }
                // Small ones fill what the large ones leave.
                let bodies = try [(50_000, 1), (2_000, 1), (20, 20), (1, 500)].map { rows, count in
                    let message = try TestModel.request([Double](repeating: 1, count: rows))
                    return [[UInt8]](repeating: message, count: count).flatMap { $0 }
                }
                for index in 0..<120 {
                    let body = bodies[index / 30]
                    for peer in peers {
                        let id = stream(index)
                        for piece in [Frame.headers(id, Block.request())] + Frame.dataFrames(id, body) {
                            try peer.send(piece)
                        }
                    }
                }
                for peer in peers { try peer.wait(seconds: 0.2) { _ in false } }
            }
        }

        @Test func `large batches on many streams of many connections`() throws {
            try underAttack("large batches, 4 connections of 100 streams", residentBytesMax: 512 << 20, rounds: 1) {
                server in
                let message = try TestModel.request([Double](repeating: 1, count: 50_000))
                let peers = try (0..<4).map { _ in try HostilePeer(server, settings: [(4, 1 << 24)]) }
                for index in 0..<100 {
                    for peer in peers {
                        let id = stream(index)
                        try peer.send(Frame.headers(id, Block.request()) + Frame.data(id, message, ends: true))
                    }
                }
                for peer in peers { try peer.wait(seconds: 10) { $0.ended.count == 100 } }
                let areAnswered = peers.allSatisfy { $0.ended.count == 100 }
                #expect(areAnswered)
            }
        }

        @Test func `moderate JSON bodies on many streams of many connections`() throws {
            try underAttack("JSON, 4 connections of 40 streams", rounds: 1) { server in
                let leads = (0..<1_000).map { #"{"visits":\#($0),"opted":true}"# }.joined(separator: ",")
                let body = Array("{\"leads\":[\(leads)]}".utf8)
                let head = Self.jsonHead
                let peers = try (0..<4).map { _ in try HostilePeer(server, settings: [(4, 1 << 24)]) }
                for index in 0..<40 {
                    for peer in peers {
                        let id = stream(index)
                        try peer.send(Frame.headers(id, head))
                        for piece in Frame.dataFrames(id, body) { try peer.send(piece) }
                    }
                }
                for peer in peers { try peer.wait(seconds: 20) { $0.ended.count == 40 } }
                let areAnswered = peers.allSatisfy { $0.ended.count == 40 }
                #expect(areAnswered)
            }
        }

        private static let jsonHead =
            Block.literal(":method", "POST") + Block.literal(":scheme", "https") + Block.literal(":path", "/v1/score")
            + Block.literal(":authority", "localhost") + Block.literal("content-type", "application/json")

        @Test func `pages on many streams of many connections`() throws {
            try underAttack("pages, 4 connections", rounds: 5) { server in
                let peers = try (0..<4).map { _ in try HostilePeer(server, settings: [(4, 1 << 24)]) }
                for round in 0..<10 {
                    for peer in peers {
                        let requests = (0..<100).flatMap {
                            Frame.headers(stream(100 * round + $0), Block.get("/v1/models/leads/schema"), ends: true)
                        }
                        try peer.send(requests)
                    }
                    for peer in peers { try peer.wait { $0.ended.count == 100 * (round + 1) } }
                }
                let areAnswered = peers.allSatisfy { $0.ended.count == 1_000 && $0.status(1) == 200 }
                #expect(areAnswered)
            }
        }
    }
}
