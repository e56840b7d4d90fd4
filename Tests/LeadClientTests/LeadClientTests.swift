import ByteKit
import LeadClient
import LeadTypes
import LeadWire
import TLSTransport
import Testing

@Suite("Lead client", .timeLimit(.minutes(2)))
struct LeadClientTests {
    @Test("a batch is answered over TLS and HTTP/2, with its time")
    func answered() async throws {
        let server = try ScriptedServer(answerRows)
        let client = try makeClient(server)
        let scored = try await client.score(batch(5, rows: 3))
        #expect(scored.reply.requestID == 5)
        #expect(scored.reply.probabilities == [0.5, 0.5, 0.5])
        #expect(scored.nanoseconds > 0)
    }

    @Test("many requests share one connection, and each gets its own answer")
    func many() async throws {
        let server = try ScriptedServer(answerRows)
        let client = try makeClient(server)
        try await withThrowingTaskGroup(of: (UInt64, Int, ScoreReply).self) { group in
            for number in 1...100 {
                group.addTask {
                    let rows = 1 + number * 37 % 900
                    return (UInt64(number), rows, try await client.score(batch(UInt64(number), rows: rows)).reply)
                }
            }
            for try await (number, rows, reply) in group {
                #expect(reply.requestID == number)
                #expect(reply.rows == rows)
            }
        }
        #expect(server.connectionCount == 1)
    }

    @Test("the server's error comes as it is")
    func refusal() async throws {
        let error = WireError(.schemaMismatch, "another schema", expectedFingerprint: 77)
        let server = try ScriptedServer { request in
            .answer(status: 409, contentType: WireFormat.contentType, body: message(of: error, for: request))
        }
        let client = try makeClient(server)
        let thrown = await #expect(throws: WireError.self) { try await client.score(batch(1, rows: 1)) }
        #expect(thrown == error)
    }

    @Test("what cannot be taken now is sent again after the time that was told, so often and no longer")
    func retries() async throws {
        let overloaded = WireError(.overloaded, "later", retryAfterMilliseconds: 30)
        let server = try ScriptedServer { request in
            guard request.number < 2 else { return answerRows(request) }
            return .answer(
                status: 503,
                contentType: WireFormat.contentType,
                body: message(of: overloaded, for: request)
            )
        }
        let client = try makeClient(server)
        let start = ContinuousClock.now
        #expect(try await client.score(batch(1, rows: 3)).reply.rows == 3)
        #expect(server.requestCount == 3 && ContinuousClock.now - start >= .milliseconds(60))

        let never = try ScriptedServer { request in
            .answer(status: 503, contentType: WireFormat.contentType, body: message(of: overloaded, for: request))
        }
        let impatient = try makeClient(never)
        #expect(await #expect(throws: WireError.self) { try await impatient.score(batch(1, rows: 1)) } == overloaded)
        #expect(never.requestCount == 3)

        let late = WireError(.deadlineExceeded, "too late")
        let hasty = try ScriptedServer { request in
            .answer(status: 504, contentType: WireFormat.contentType, body: message(of: late, for: request))
        }
        let other = try makeClient(hasty)
        #expect(await #expect(throws: WireError.self) { try await other.score(batch(1, rows: 1)) } == late)
        #expect(hasty.requestCount == 1)
    }

    @Test("bins are read and checked")
    func bins() async throws {
        let right = ColumnBins(edges: [-1.5, 0.25, 1e30], side: .left, areSingle: true)
        func page(_ fingerprint: UInt64, _ edges: String = "[-1.5,0.25,1e30]") -> [UInt8] {
            let bins =
                #"{"fingerprint":"\#(String(fingerprint, radix: 16))","type":"float32","side":"left","edges":\#(edges)}"#
            return Array(#"{"columns":[{"name":"visits","bins":\#(bins)},{"name":"source","bins":null}]}"#.utf8)
        }
        let schema = LeadSchema(columns: [
            LeadColumn(name: "visits", kind: .number), LeadColumn(name: "source", kind: .category),
        ])
        let columns =
            #"[{"name":"visits","kind":"number","levels":[]},{"name":"source","kind":"category","levels":[]}]"#
        let fingerprint = String(schema.fingerprint, radix: 16)
        let description =
            #"{"name":"a/b","version":"1","fingerprint":"\#(fingerprint)","columns":\#(columns)}"#
        let pages = [page(right.fingerprint), page(1), page(right.fingerprint, "[0.25,-1.5,1e30]"), Array("{}".utf8)]
        let server = try ScriptedServer { request in
            if request.path == "/v1/models/a%2Fb/schema" {
                return .answer(status: 200, contentType: "application/json", body: Array(description.utf8))
            }
            guard request.path == "/v1/models/a%2Fb/bins" else { return .hangUp }
            return .answer(status: 200, contentType: "application/json", body: pages[min(request.number - 1, 3)])
        }
        let client = try makeClient(server)
        let model = try await client.schema(of: "a/b")
        #expect(try await client.bins(of: model) == [right, nil])
        for _ in 1..<pages.count {
            let error = await #expect(throws: LeadClientError.self) { try await client.bins(of: model) }
            #expect(error?.kind == .badResponse)
        }
    }

    @Test("a page of a proxy is shown, not decoded")
    func proxy() async throws {
        let server = try ScriptedServer { _ in
            .answer(status: 502, contentType: "text/html", body: Array("<h1>Bad Gateway</h1>".utf8))
        }
        let client = try makeClient(server)
        let error = await #expect(throws: LeadClientError.self) { try await client.score(batch(1, rows: 1)) }
        #expect(error?.kind == .badResponse)
        #expect(error?.reason.contains("502") == true && error?.reason.contains("Bad Gateway") == true)
    }

    @Test("an answer to another request, or one cut short, is refused")
    func wrongAnswers() async throws {
        let server = try ScriptedServer { request in
            let good = reply(to: request.body, requestID: request.number == 0 ? 99 : nil)
            let body = request.number == 0 ? good : Array(good.dropLast(8))
            return .answer(status: 200, contentType: WireFormat.contentType, body: body)
        }
        let client = try makeClient(server)
        let error = await #expect(throws: LeadClientError.self) { try await client.score(batch(1, rows: 1)) }
        #expect(error?.kind == .badResponse)
        let cut = await #expect(throws: WireError.self) { try await client.score(batch(1, rows: 1)) }
        #expect(cut?.code == .truncated)
    }

    @Test("a refused stream is sent again, three times in all")
    func refusedStream() async throws {
        let server = try ScriptedServer { $0.number < 2 ? .refuse : answerRows($0) }
        let scored = try await makeClient(server).score(batch(1, rows: 1))
        #expect(scored.reply.requestID == 1)

        let stubborn = try ScriptedServer { _ in .refuse }
        let client = try makeClient(stubborn)
        let error = await #expect(throws: LeadClientError.self) { try await client.score(batch(1, rows: 1)) }
        #expect(error?.kind == .connectionLost && error?.reason.contains("REFUSED_STREAM") == true)
        #expect(stubborn.requestCount == 3)
    }

    @Test("a lost connection is opened again, and the request sent again")
    func lostConnection() async throws {
        let server = try ScriptedServer { $0.connection == 1 ? .hangUp : answerRows($0) }
        let client = try makeClient(server)
        #expect(try await client.score(batch(1, rows: 2)).reply.rows == 2)
        #expect(server.connectionCount == 2)
    }

    @Test("a server that drains finishes what it has, and the next request goes over a new connection")
    func drain() async throws {
        let server = try ScriptedServer { request in
            guard request.connection == 1 else { return answerRows(request) }
            return .answerAndDrain(contentType: WireFormat.contentType, body: reply(to: request.body))
        }
        let client = try makeClient(server)
        for number in 1...3 {
            #expect(try await client.score(batch(UInt64(number), rows: 1)).reply.requestID == UInt64(number))
        }
        #expect(server.connectionCount == 2)
    }

    @Test("a request that is not answered times out, and the connection goes on")
    func timeout() async throws {
        let server = try ScriptedServer { $0.number == 0 ? .ignore : answerRows($0) }
        let client = try makeClient(server, timeout: 150)
        let error = await #expect(throws: LeadClientError.self) { try await client.score(batch(1, rows: 1)) }
        #expect(error?.kind == .timeout)
        #expect(try await client.score(batch(2, rows: 1)).reply.requestID == 2)
        #expect(server.connectionCount == 1)
    }

    @Test("a cancelled task stops waiting")
    func cancelled() async throws {
        let server = try ScriptedServer { _ in .ignore }
        let client = try makeClient(server)
        let task = Task { try await client.score(batch(1, rows: 1)) }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("closing ends what waits, and what comes later")
    func closed() async throws {
        let server = try ScriptedServer { _ in .ignore }
        let client = try makeClient(server)
        let task = Task { try await client.score(batch(1, rows: 1)) }
        try await Task.sleep(for: .milliseconds(100))
        client.close()
        client.close()
        let waiting = await #expect(throws: LeadClientError.self) { try await task.value }
        #expect(waiting?.kind == .closed)
        let later = await #expect(throws: LeadClientError.self) { try await client.score(batch(2, rows: 1)) }
        #expect(later?.kind == .closed)
    }

    @Test("a server that is not there, or not trusted, is told apart")
    func noConnection() async throws {
        let server = try ScriptedServer(answerRows)
        let nobody = try LeadClient(LeadClientConfiguration(server: "https://127.0.0.1:1"))
        let refused = await #expect(throws: LeadClientError.self) { try await nobody.score(batch(1, rows: 1)) }
        #expect(refused?.kind == .connect && refused?.reason.contains("127.0.0.1:1") == true)

        let stranger = try LeadClient(LeadClientConfiguration(server: server.address))
        let distrust = await #expect(throws: LeadClientError.self) { try await stranger.score(batch(1, rows: 1)) }
        #expect(distrust?.kind == .tls && distrust?.reason.contains("--ca") == true)

        let misnamed = try LeadClient(
            LeadClientConfiguration(
                server: server.address,
                tls: TLSClientConfiguration(authorityPath: server.authorityPath),
                serverName: "elsewhere.example"
            )
        )
        let mismatch = await #expect(throws: LeadClientError.self) { try await misnamed.score(batch(1, rows: 1)) }
        #expect(mismatch?.kind == .tls)
    }

    @Test("a model's description is read, its name escaped, its fingerprint checked")
    func description() async throws {
        let schema = LeadSchema(columns: [LeadColumn(name: "source", kind: .category, levels: ["web", "fair"])])
        let fingerprint = String(schema.fingerprint, radix: 16)
        let server = try ScriptedServer { request in
            let right = request.path == "/v1/models/caf%C3%A9%2F1/schema"
            let json = """
                {"name":"café/1","version":"000001-aa","fingerprint":"\(right ? fingerprint : "1")","epoch":4,
                 "columns":[{"name":"source","kind":"category","levels":["web","fair"]}],
                 "tiers":[{"name":"A","minimumProbability":0.5},{"name":"B","minimumProbability":0}],
                 "missingTokens":["n/a"],"idColumn":"lead_id","limits":{"rowsMax":5000}}
                """
            return .answer(status: 200, contentType: "application/json", body: Array(json.utf8))
        }
        let client = try makeClient(server)
        let model = try await client.schema(of: "café/1")
        #expect(model.schema == schema)
        #expect(model.tiers.map(\.name) == ["A", "B"])
        #expect(model.missingTokens == ["n/a"] && model.idColumn == "lead_id" && model.rowsMax == 5_000)
        let error = await #expect(throws: LeadClientError.self) { try await client.schema(of: "other") }
        #expect(error?.kind == .badResponse)
    }

    @Test(
        "addresses are taken apart, and bad ones refused",
        arguments: [
            ("https://scores.example:8443", "scores.example:8443", "scores.example"),
            ("scores.example:8443/", "scores.example:8443", "scores.example"),
            ("https://scores.example", "scores.example:443", "scores.example"),
            ("https://[::1]:9", "[::1]:9", "::1"), ("http://scores.example", "", ""), ("", "", ""),
            ("https://host:0", "", ""), ("https://host:99999", "", ""), ("https://host/path", "", ""),
            (":8443", "", ""),
        ]
    )
    func addresses(text: String, authority: String, host: String) {
        guard let endpoint = try? ServerEndpoint(text) else {
            #expect(authority.isEmpty)
            return
        }
        #expect(endpoint.authority == authority && endpoint.host == host)
    }
}

private func makeClient(_ server: ScriptedServer, timeout: Int = 20_000) throws -> LeadClient {
    try LeadClient(
        LeadClientConfiguration(
            server: server.address,
            tls: TLSClientConfiguration(authorityPath: server.authorityPath),
            requestTimeoutMilliseconds: timeout
        )
    )
}

/// A batch of so many rows.
private func batch(_ requestID: UInt64, rows: Int) throws -> [UInt8] {
    var encoder = try ScoreRequestEncoder(requestID: requestID, fingerprint: 1, rows: rows, columnCount: 2)
    encoder.add((0..<rows).map { Double($0) / 3 })
    encoder.add((0..<rows).map { Double($0 % 2) })
    return try encoder.finish()
}
