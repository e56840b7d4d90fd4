import ByteKit
import LeadServer
import LeadTypes
import LeadWire
import Testing

@Suite("Forms of a message", .serialized)
struct MessageFormTests {
    private let visits: [Float] = [1, 7, .nan, .infinity, -.infinity, 4.5, 5, 300]

    private func post(_ client: TestClient, _ message: [UInt8]) throws -> (status: Int, bytes: [UInt8]) {
        let response = try client.request(
            "POST",
            WireFormat.scorePath,
            contentType: WireFormat.contentType,
            body: message
        )
        return (response.status, response.body)
    }

    private func encoder(_ outputs: ScoreOutputs, _ flags: MessageFlags) throws -> ScoreRequestEncoder {
        try ScoreRequestEncoder(
            requestID: 5,
            fingerprint: TestModel.schema.fingerprint,
            rows: visits.count,
            columnCount: 4,
            outputs: outputs,
            flags: flags
        )
    }

    @Test("a matrix scores as its columns do")
    func matrix() throws {
        let server = try TestServer()
        let client = try server.client()
        var columns = try encoder(.all, [])
        columns.add(visits.span)
        for _ in 1..<4 { columns.add([Double](repeating: .nan, count: visits.count)) }
        var matrix = try encoder(.all, .matrix)
        var values: [Float] = []
        for visit in visits { values += [visit, .nan, .nan, .nan] }
        matrix.addMatrix(values.span)
        let expected = try post(client, columns.finish())
        let actual = try post(client, matrix.finish())
        #expect(actual.status == 200 && actual.bytes == expected.bytes)
        let margins = try ScoreReply.decode(actual.bytes.rawBytes).margins
        #expect(margins == [1, 1.5, 1, 1.5, 1, 1, 1.5, 1.5])
    }

    /// Posts the visits as bins of a column; the others are missing.
    private func post(
        _ client: TestClient,
        _ bins: ColumnBins,
        in place: Int = 0
    ) throws -> (status: Int, bytes: [UInt8]) {
        var encoder = try encoder(.all, [])
        let values = visits.map { Double($0) }
        for column in 0..<4 {
            if column == place {
                encoder.add(values.span, in: bins)
            } else {
                encoder.add([Double](repeating: .nan, count: visits.count))
            }
        }
        return try post(client, encoder.finish())
    }

    @Test("bins score as their values do, and those of another model are refused")
    func bins() throws {
        let server = try TestServer()
        let client = try server.client()
        let page = try JSONValue(parsing: try client.request("GET", "/v1/models/leads/bins").body)
        guard case .array(let columns)? = page["columns"] else {
            Issue.record("no columns")
            return
        }
        #expect(columns.map { $0["bins"] == .null } == [false, true, true, true])
        #expect(columns[0]["bins"]?["edges"] == .array([.number(5)]))
        #expect(columns[0]["bins"]?["side"] == .string("right") && columns[0]["bins"]?["type"] == .string("float32"))
        let right = ColumnBins(edges: [5], side: .right, areSingle: true)
        #expect(columns[0]["bins"]?["fingerprint"] == .string(hexadecimal(right.fingerprint)))
        let good = try post(client, right)
        let scored = try ScoreReply.decode(good.bytes.rawBytes)
        #expect(scored.margins == [1, 1.5, 1, 1.5, 1, 1, 1.5, 1.5])
        let wrong = ColumnBins(edges: [5.5], side: .right, areSingle: true)
        let stale = try post(client, wrong)
        let error = try WireError.decode(stale.bytes.rawBytes).1
        #expect(stale.status == 409 && error.code == .binsMismatch && error.column == 0)
        #expect(error.expectedFingerprint == right.fingerprint)
        let misplaced = try post(client, right, in: 3)
        let elsewhere = try WireError.decode(misplaced.bytes.rawBytes).1
        #expect(elsewhere.code == .columnKind && elsewhere.column == 3)
    }

    @Test("who sends a checksum gets one, and a wrong one is refused")
    func checksums() throws {
        let server = try TestServer()
        let client = try server.client()
        for flags in [MessageFlags.bodyChecksum, []] {
            var encoder = try encoder([.margin, .timings], flags)
            encoder.add(visits.span)
            for _ in 1..<4 { encoder.add([Double](repeating: .nan, count: visits.count)) }
            var message = try encoder.finish()
            let answer = try post(client, message)
            let reply = try ScoreReply.decode(answer.bytes.rawBytes)
            #expect(reply.hasBodyChecksum == !flags.isEmpty && reply.margins.count == visits.count)
            let timings = try #require(reply.timings)
            #expect(timings.total >= timings.waiting && timings.total < 10_000_000)
            #expect(timings.decoding + timings.preparing + timings.scoring <= timings.total)
            message[message.count - 9] ^= 1
            let spoilt = try post(client, message)
            if flags.isEmpty { continue }
            let error = try WireError.decode(spoilt.bytes.rawBytes).1
            #expect(spoilt.status == 400 && error.code == .bodyChecksum)
        }
    }

    @Test("a message whose body is at fault has its answer, and so does the next one of the stream")
    func nextMessage() throws {
        let server = try TestServer()
        let client = try server.client()
        var checked = try encoder(.margin, .bodyChecksum)
        checked.add(visits.span)
        for _ in 1..<4 { checked.add([Double](repeating: .nan, count: visits.count)) }
        var spoilt = try checked.finish()
        spoilt[spoilt.count - 1] ^= 1
        var matrix = try encoder(.margin, .matrix)
        matrix.addMatrix([Float](repeating: 1, count: 4 * visits.count).span)
        var longer = try matrix.finish()
        // One row more than there is.
        longer[48] += 1
        let response = try post(client, spoilt + longer + TestModel.request([7], id: 9))
        let answers = try answers(in: response.bytes)
        #expect(answers.map(\.id) == [5, 5, 9])
        #expect(answers[0].error?.code == .bodyChecksum && answers[1].error?.code == .badLength)
        #expect(answers[2].reply?.margins == [1.5])
    }

    @Test("microseconds are dates, and of no other kind")
    func microseconds() throws {
        let server = try TestServer()
        let client = try server.client()
        let instants = [Int64](repeating: 1_767_225_600_000_000, count: visits.count)
        for place in 0..<4 {
            var encoder = try encoder(.margin, [])
            for column in 0..<4 {
                if column == place {
                    encoder.add(microseconds: instants.span)
                } else {
                    encoder.add([Double](repeating: .nan, count: visits.count))
                }
            }
            let answer = try post(client, encoder.finish())
            guard TestModel.schema.columns[place].kind != .date else {
                #expect(answer.status == 200)
                continue
            }
            let error = try WireError.decode(answer.bytes.rawBytes).1
            #expect(answer.status == 400 && error.code == .columnKind && error.column == UInt32(place))
        }
    }

    @Test("everyone is told what is spoken, with the limits of this server")
    func protocolPage() throws {
        var limits = ServerLimits()
        limits.wire = WireLimits(rowsMax: 1_234)
        let server = try TestServer(limits: limits, policy: nil)
        let client = try server.client()
        let page = try client.request("GET", "/v1/protocol")
        let json = try JSONValue(parsing: page.body)
        #expect(page.status == 200 && json["versions"] == .array([.string("1.0")]))
        #expect(json["contentType"] == .string(WireFormat.contentType))
        #expect(json["limits"]?["rowsMax"] == .number(1_234))
        for encoding in ColumnEncoding.allCases {
            #expect(json["encodings"]?["\(encoding)"] == .number(Double(encoding.rawValue)))
        }
        #expect(json["outputs"]?["timings"] == .number(5) && json["flags"]?["matrix"] == .number(1))
        #expect(json["errors"]?["overloaded"] == .number(41))
        #expect(try client.request("POST", "/v1/protocol").status == 405)
    }
}
