import ByteKit
import Foundation
import HTTP2Transport
import LeadServer
import LeadWire
import Reactor
import TLSTransport
import Testing

/// Clients that would have the server keep memory or connections for them, for little.
@Suite("What a client may have kept for it is bounded", .serialized)
struct MemoryBoundTests {
    private func client(_ server: borrowing TestServer, window: Int) throws -> TestClient {
        var limits = HTTP2Limits()
        limits.streamWindowBytes = window
        let client = try TestClient(
            to: server.server.listenAddress,
            authority: server.folder.path + "/ca.pem",
            limits: limits
        )
        client.givesCredit = false
        return client
    }

    private func bytesInFlight(_ server: borrowing TestServer) throws -> Double {
        let text = try server.adminPage("/metrics")
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("leadline_request_bytes_in_flight") })
        return try #require(Double(line.split(separator: " ")[1]))
    }

    @Test("headers that promise large messages keep no memory from others")
    func promises() throws {
        var limits = ServerLimits()
        limits.bytesInFlightPerConnectionMax = 64 << 20
        limits.bytesInFlightPerWorkerMax = 64 << 20
        let server = try TestServer(limits: limits)
        let hoarder = try server.client()
        var header = Array(try TestModel.request([1]).prefix(32))
        header[8...11] = [0, 0, 0, 2]
        let checksum = CRC32C.of(header.rawBytes.extracting(0..<28))
        for index in 0..<4 { header[28 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
        for _ in 0..<20 {
            let id = try hoarder.begin("POST", WireFormat.scorePath, contentType: WireFormat.contentType)
            hoarder.append(id, header)
        }
        try hoarder.pump(seconds: 5) { $0.responses.keys.allSatisfy { hoarder.isUploaded($0) } }
        let other = try server.client()
        let body = try TestModel.request([1, 2, 3])
        let response = try other.request("POST", WireFormat.scorePath, contentType: WireFormat.contentType, body: body)
        #expect(response.status == 200)
        try? hoarder.pump(seconds: 0.3) { _ in false }
        #expect(hoarder.responses.values.allSatisfy { $0.status == 0 }, "and none of them is refused")
    }

    @Test("answers that nobody takes count as memory, and are given up with the connection")
    func unreadAnswers() throws {
        var limits = ServerLimits()
        limits.bytesInFlightPerConnectionMax = 2 << 20
        let server = try TestServer(limits: limits)
        let hoarder = try client(server, window: 0)
        let message = try TestModel.request([Double](repeating: 1, count: 20_000))
        for _ in 0..<20 {
            _ = try hoarder.submit("POST", WireFormat.scorePath, contentType: WireFormat.contentType, body: message)
        }
        try hoarder.pump(seconds: 60) { $0.responses.values.allSatisfy { $0.status != 0 } }
        let statuses = hoarder.responses.values.map(\.status)
        #expect(statuses.contains(200) && statuses.contains(503), "\(statuses)")
        let kept = try bytesInFlight(server)
        #expect(kept > 290_000 && kept <= 4_194_304, "\(kept) bytes")
        for id in hoarder.responses.keys { hoarder.reset(id) }
        try hoarder.pump(seconds: 10) { $0.responses.values.allSatisfy { $0.closed != nil } }
        for _ in 0..<50 where try bytesInFlight(server) > 0 { usleep(20_000) }
        #expect(try bytesInFlight(server) == 0)
    }

    @Test("a page that nobody reads, and a request head that never ends, end by time")
    func neverEnding() throws {
        var limits = ServerLimits()
        limits.idleTimeout = .milliseconds(600)
        limits.progressTimeout = .milliseconds(300)
        let server = try TestServer(limits: limits)
        let reader = try client(server, window: 0)
        let id = try reader.submit("GET", "/v1/models")
        try reader.pump(seconds: 5) { $0.responses[id]?.closed != nil || $0.isEnded }
        #expect(reader.responses[id]?.status == 200 && reader.responses[id]?.closed == .cancel)

        let headless = try RawClient(to: server.server.listenAddress, authority: server.folder.path + "/ca.pem")
        // Preface, empty SETTINGS, and HEADERS of stream 1 without END_HEADERS.
        try headless.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0])
        try headless.send([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82])
        #expect(try headless.ends(withinSeconds: 10), "the connection is kept for ever")
    }

    @Test("bytes in drops do not keep a message alive")
    func trickle() throws {
        var limits = ServerLimits()
        limits.progressTimeout = .milliseconds(400)
        let server = try TestServer(limits: limits)
        let client = try server.client()
        let id = try client.begin("POST", WireFormat.scorePath, contentType: WireFormat.contentType)
        let message = try TestModel.request((0..<1_000).map { Double($0) + 0.5 })
        for byte in message.prefix(200) where client.responses[id]?.closed == nil {
            client.append(id, [byte])
            try client.send()
            try? client.pump(seconds: 0.05) { _ in false }
        }
        #expect(client.responses[id]?.closed == .cancel)
    }

    @Test("many leads of two bytes each do not become a table of gigabytes")
    func emptyLeads() throws {
        var limits = ServerLimits()
        limits.jsonValuesMax = 400
        let server = try TestServer(limits: limits)
        let client = try server.client()
        func post(_ leads: Int) throws -> TestClient.Response {
            let body = "{\"leads\":[" + repeatElement("{}", count: leads).joined(separator: ",") + "]}"
            return try client.request(
                "POST",
                WireFormat.scorePath,
                contentType: "application/json",
                body: Array(body.utf8)
            )
        }
        #expect(try post(100).status == 200)
        let refused = try post(101)
        #expect(refused.status == 413 && refused.text.contains("at most 100 are taken"), "\(refused.text)")
    }

    @Test("an error does not send back what a client sent at length")
    func longEcho() throws {
        let server = try TestServer()
        let client = try server.client()
        let body = "{\"fingerprint\":\"" + String(repeating: "a", count: 200_000) + "\",\"leads\":[{}]}"
        let response = try client.request(
            "POST",
            WireFormat.scorePath,
            contentType: "application/json",
            body: Array(body.utf8)
        )
        #expect(response.status == 409 && response.body.count < 2_000)
    }
}
