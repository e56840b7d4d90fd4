import ByteKit
import LeadServer
import LeadTypes
import LeadWire
import Testing

/// Splits a response's body into its messages.
func answers(in body: [UInt8]) throws -> [Answer] {
    var answers: [Answer] = []
    var offset = 0
    while offset < body.count {
        let rest = Array(body[offset...])
        let header = try #require(try MessageHeader.decode(rest.rawBytes))
        try #require(header.totalBytes <= rest.count, "the last answer is cut")
        let message = Array(rest[..<header.totalBytes])
        if header.type == .error {
            let (id, error) = try WireError.decode(message.rawBytes)
            answers.append(.error(id, error))
        } else {
            answers.append(.reply(try ScoreReply.decode(message.rawBytes)))
        }
        offset += header.totalBytes
    }
    return answers
}

enum Answer {
    case reply(ScoreReply)
    case error(UInt64, WireError)

    var reply: ScoreReply? { if case .reply(let reply) = self { reply } else { nil } }
    var error: WireError? { if case .error(_, let error) = self { error } else { nil } }
    var id: UInt64 {
        switch self {
        case .reply(let reply): reply.requestID
        case .error(let id, _): id
        }
    }
}

@Suite("Scoring over TLS HTTP/2", .serialized)
struct ScoringTests {
    private func post(_ client: TestClient, _ body: [UInt8]) throws -> (status: Int, answers: [Answer]) {
        let response = try client.request("POST", WireFormat.scorePath, contentType: WireFormat.contentType, body: body)
        return (response.status, try answers(in: response.body))
    }

    @Test("a batch comes back scored, with version, epoch and fingerprint")
    func roundTrip() throws {
        let server = try TestServer()
        let client = try server.client()
        let (status, answers) = try post(client, try TestModel.request([1, 7, .nan, .infinity, -.infinity], id: 77))
        let reply = try #require(answers.first?.reply)
        #expect(status == 200 && answers.count == 1)
        #expect(reply.requestID == 77 && reply.model == "leads" && reply.version == "v1" && reply.epoch == 1)
        #expect(reply.fingerprint == TestModel.schema.fingerprint)
        #expect(reply.margins == [1, 1.5, 1, 1.5, 1])
        #expect(reply.statuses == [0, 0, 0, 0, 0])
        #expect(reply.tiers == [1, 1, 1, 1, 1] && reply.scores.allSatisfy { (70...85).contains($0) })
    }

    @Test("many messages on one stream are answered in their order, an error among them too")
    func severalMessages() throws {
        let server = try TestServer()
        let client = try server.client()
        var body: [UInt8] = []
        for id in 1...20 {
            body += try TestModel.request([Double(id)], id: UInt64(id), fingerprint: id == 7 ? 1 : nil)
        }
        let (status, answers) = try post(client, body)
        #expect(status == 200)
        #expect(answers.map(\.id) == Array(1...20))
        #expect(answers.filter { $0.reply == nil }.map(\.id) == [7])
        #expect(answers[6].error?.code == .schemaMismatch)
        #expect(answers[6].error?.expectedFingerprint == TestModel.schema.fingerprint)
        #expect(
            answers.compactMap(\.reply).map { $0.margins[0] } == (1...20).filter { $0 != 7 }.map { $0 < 5 ? 1 : 1.5 }
        )
    }

    @Test("a message sent byte by byte, answered before the stream ends, is the same message")
    func trickle() throws {
        let server = try TestServer()
        let client = try server.client()
        let id = try client.begin("POST", WireFormat.scorePath, contentType: WireFormat.contentType)
        let message = try TestModel.request([1, 9], id: 5)
        for byte in message {
            client.append(id, [byte])
            try client.send()
        }
        try client.pump(seconds: 5) { ($0.responses[id]?.body.count ?? 0) > 0 }
        for part in [message[..<40], message[40...]] { client.append(id, Array(part)) }
        client.finish(id)
        try client.pump(seconds: 5) { $0.responses[id]?.closed != nil }
        let response = try #require(client.responses[id])
        #expect(try answers(in: response.body).compactMap(\.reply).map(\.margins) == [[1, 1.5], [1, 1.5]])
    }

    @Test("a batch of many rows, larger than every window, is scored whole")
    func largeBatch() throws {
        let server = try TestServer(models: [try TestModel.make(version: 3, copies: 200)])
        let client = try server.client()
        let visits = (0..<65_536).map { Double($0 % 11) + 0.1 }
        let (status, answers) = try post(client, try TestModel.request(visits))
        #expect(status == 200)
        #expect(answers.first?.reply?.margins == visits.map { $0 < 5 ? 3 : 3.5 })
    }

    @Test("each mistake gets its error and status, and the server goes on")
    func mistakes() throws {
        var limits = ServerLimits(wire: WireLimits(rowsMax: 10, columnsMax: 8, messageBytesMax: 4_096))
        limits.jsonBytesMax = 1_000
        let server = try TestServer(limits: limits)
        let client = try server.client()
        let good = try TestModel.request([1, 2, 3])
        func damaged(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
            var bytes = good
            change(&bytes)
            return bytes
        }
        func resealed(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
            damaged {
                change(&$0)
                let checksum = CRC32C.of($0.rawBytes.extracting(0..<28))
                for index in 0..<4 { $0[28 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
            }
        }
        let cases: [(String, [UInt8], WireErrorCode, Int)] = [
            ("wrong magic", damaged { $0[0] = 0x47 }, .badMagic, 400),
            ("wrong version", damaged { $0[4] = 9 }, .unsupportedVersion, 400),
            ("wrong checksum", damaged { $0[16] ^= 1 }, .headerChecksum, 400),
            ("unknown flag", resealed { $0[12] = 4 }, .unknownFlag, 400),
            ("a reply", resealed { $0[6] = 2 }, .unexpectedType, 400),
            ("wrong length", resealed { $0[8] = $0[8] &+ 8 }, .truncated, 400),
            ("too long", resealed { $0[10] = 0x7F }, .messageTooLarge, 413),
            ("empty body", [], .truncated, 400),
            ("no rows", damaged { $0[48] = 0 }, .emptyBatch, 400),
            ("too many rows", try TestModel.request(Array(repeating: 1, count: 11)), .tooManyRows, 413),
            ("wrong fingerprint", try TestModel.request([1], fingerprint: 42), .schemaMismatch, 409),
            ("unknown model", try TestModel.request([1], model: "nobody"), .unknownModel, 404),
            ("unknown version", try TestModel.request([1], version: "v0"), .unknownVersion, 404),
        ]
        for (name, body, code, status) in cases {
            let (found, answers) = try post(client, body)
            #expect(
                found == status && answers.count == 1 && answers[0].error?.code == code,
                "\(name): \(found) \(answers)"
            )
        }
        for length in 1..<good.count {
            let (status, answers) = try post(client, Array(good[..<length]))
            #expect(status == 400 && answers.first?.error?.code == .truncated, "cut at \(length)")
        }
        let (status, answers) = try post(client, good)
        #expect(status == 200 && answers.first?.reply?.rows == 3)
        #expect(!client.isEnded, "all of it on one connection")
    }

    @Test("a body that goes on after a refusal is dropped, and the connection lives")
    func refusedWhileSending() throws {
        let server = try TestServer()
        let client = try server.client()
        let id = try client.begin("POST", WireFormat.scorePath, contentType: WireFormat.contentType)
        client.append(id, [UInt8](repeating: 0x20, count: 3 << 20))
        try client.pump(seconds: 5) { $0.responses[id]?.closed != nil }
        #expect(client.responses[id]?.status == 400)
        let (status, _) = try post(client, try TestModel.request([1]))
        #expect(status == 200)
    }

    @Test("a deadline that has passed is told, row by row or as an error")
    func deadlines() throws {
        let server = try TestServer(models: [try TestModel.make(version: 1, copies: 3_000)])
        let client = try server.client()
        let visits = [Double](repeating: 1, count: 65_536)
        let (_, answers) = try post(client, try TestModel.request(visits, deadline: 2_000))
        if let reply = answers.first?.reply {
            let scored = reply.statuses.prefix { $0 == RowStatus.scored.rawValue }.count
            #expect(scored > 0 && scored < 65_536 && scored % 1_024 == 0)
            #expect(reply.statuses.dropFirst(scored).allSatisfy { $0 == RowStatus.deadlinePassed.rawValue })
            #expect(reply.margins.prefix(scored).allSatisfy { $0 == 1 })
            #expect(reply.margins.dropFirst(scored).allSatisfy { $0.isNaN })
        } else {
            #expect(answers.first?.error?.code == .deadlineExceeded)
        }
    }

    @Test("a small batch does not wait for a huge one on the same worker")
    func slices() throws {
        let server = try TestServer(models: [try TestModel.make(version: 1, copies: 600)])
        let (huge, small) = (try server.client(), try server.client())
        let body = try TestModel.request([Double](repeating: 1, count: 65_536))
        let first = try huge.submit("POST", WireFormat.scorePath, contentType: WireFormat.contentType, body: body)
        try huge.send()
        var answered = 0
        while huge.responses[first]?.closed == nil, answered < 1_000 {
            let (status, _) = try post(small, try TestModel.request([1]))
            #expect(status == 200)
            answered += 1
            try huge.pump(seconds: 0.001) { _ in true }
            try? huge.pump(seconds: 0.0001) { $0.responses[first]?.closed != nil }
        }
        #expect(answered >= 3, "only \(answered) small batches were answered while the huge one was scored")
        #expect(huge.responses[first]?.status == 200)
    }
}
