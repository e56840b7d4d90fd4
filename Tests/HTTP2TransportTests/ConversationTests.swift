import ByteKit
import HTTP2Transport
import Testing

@Suite struct ConversationTests {
    @Test func `a request with a body is answered`() throws {
        var pair = HTTP2Pair(keptFields: ["leadline-timeout"])
        pair.answer = { head, body in
            (HTTP2ResponseHead(status: 200, contentType: head.contentType), body.reversed())
        }
        var head = scoreHead
        head.fields = [HTTP2Field("leadline-timeout", "250us"), HTTP2Field("other", "dropped")]
        let stream = try pair.client.submitRequest(head, body: [1, 2, 3])
        pair.exchange()
        var expected = head
        expected.contentLength = 3
        expected.fields = [HTTP2Field("leadline-timeout", "250us")]
        let told = (pair.serverTold, pair.clientTold)
        #expect(
            told.0 == [
                .settings, .request(stream, expected), .body(stream, [1, 2, 3]), .end(stream),
                .closed(stream, .noError),
            ]
        )
        let response = HTTP2ResponseHead(status: 200, contentType: "application/x-leadline", contentLength: 3)
        #expect(
            told.1 == [
                .settings, .response(stream, response), .body(stream, [3, 2, 1]), .end(stream),
                .closed(stream, .noError),
            ]
        )
        let counts = (pair.server.openStreamCount, pair.client.openStreamCount)
        #expect(counts == (0, 0))
    }

    @Test(arguments: [100_000, 5_000_000])
    func `large bodies pass both ways through the default windows`(_ count: Int) throws {
        var pair = HTTP2Pair()
        pair.answer = { _, body in (HTTP2ResponseHead(status: 200), body) }
        let question = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }
        let streams = try [
            pair.client.submitRequest(scoreHead, body: question),
            pair.client.submitRequest(scoreHead, body: question),
        ]
        pair.exchange()
        for stream in streams {
            let isEqual = body(stream, in: pair.clientTold) == question
            #expect(isEqual)
        }
    }

    @Test func `an answer in pieces goes out as they come`() throws {
        var pair = HTTP2Pair()
        let stream = try pair.client.beginRequest(scoreHead)
        pair.exchange()
        pair.client.appendBody(stream, [UInt8]([1, 2]).rawBytes)
        pair.exchange()
        pair.server.beginResponse(stream, HTTP2ResponseHead(status: 200))
        pair.server.appendBody(stream, [UInt8]([9]).rawBytes)
        pair.exchange()
        pair.client.appendBody(stream, [UInt8]([3]).rawBytes)
        pair.client.finishBody(stream)
        pair.exchange()
        pair.server.appendBody(stream, [UInt8]([8, 7]).rawBytes)
        pair.exchange()
        pair.server.finishBody(stream)
        pair.exchange()
        let told = (pair.serverTold, pair.clientTold)
        #expect(
            Array(told.0.dropFirst(2)) == [
                .body(stream, [1, 2]), .body(stream, [3]), .end(stream), .closed(stream, .noError),
            ]
        )
        #expect(
            Array(told.1.dropFirst()) == [
                .response(stream, HTTP2ResponseHead(status: 200)), .body(stream, [9]), .body(stream, [8, 7]),
                .end(stream), .closed(stream, .noError),
            ]
        )
    }

    @Test func `an early answer closes the stream, and its body no longer counts`() throws {
        var limits = HTTP2Limits()
        limits.connectionWindowBytes = 200_000
        limits.streamWindowBytes = 100_000
        var pair = HTTP2Pair(limits: limits)
        pair.consumes = false
        // Each leaves 100,000 bytes in our hands: without their return the connection's window would shut at the third.
        for _ in 0..<10 {
            let stream = try pair.client.submitRequest(scoreHead, body: [UInt8](repeating: 1, count: 150_000))
            pair.exchange()
            pair.server.submitResponse(stream, HTTP2ResponseHead(status: 413), body: [0])
            pair.exchange()
            let hasAnswer = pair.clientTold.contains(.body(stream, [0]))
            #expect(hasAnswer)
        }
        let open = (pair.server.openStreamCount, pair.client.openStreamCount)
        #expect(open == (0, 0))
    }

    @Test func `after an early answer a moderate rest of the body is taken, and more ends the stream`() throws {
        for (bytes, isTaken) in [(900_000, true), (3 << 20, false)] {
            var pair = HTTP2Pair()
            let stream = try pair.client.beginRequest(scoreHead)
            pair.client.appendBody(stream, [UInt8]([1]).rawBytes)
            pair.exchange()
            pair.server.submitResponse(stream, HTTP2ResponseHead(status: 415), body: [0])
            pair.exchange()
            let before = pair.server.openStreamCount
            #expect(before == 1)
            pair.client.appendBody(stream, [UInt8](repeating: 2, count: bytes).rawBytes)
            pair.client.finishBody(stream)
            pair.exchange()
            let answer = pair.clientTold.contains(.body(stream, [0]))
            let isClosed = pair.clientTold.last == .closed(stream, .noError)
            #expect(answer && isClosed && pair.clientTold.contains(.end(stream)))
            let unsent = pair.client.unsentBody(stream)
            #expect(!isTaken || unsent == 0)
            let open = (pair.server.openStreamCount, pair.client.openStreamCount)
            #expect(open == (0, 0))
        }
    }

    @Test func `unused bytes hold the peer back`() throws {
        var pair = HTTP2Pair()
        pair.consumes = false
        let stream = try pair.client.submitRequest(scoreHead, body: [UInt8](repeating: 1, count: 3 << 20))
        pair.exchange()
        let held = body(stream, in: pair.serverTold).count
        #expect(held == 1 << 20)
        pair.server.consume(stream, 1 << 20)
        pair.consumes = true
        pair.exchange()
        let all = body(stream, in: pair.serverTold).count
        #expect(all == 3 << 20)
    }

    @Test func `a reset is told to the other side, and the stream is gone`() throws {
        var pair = HTTP2Pair()
        let stream = try pair.client.beginRequest(scoreHead)
        pair.exchange()
        pair.server.reset(stream, .cancel)
        pair.exchange()
        let told = (pair.clientTold, pair.serverTold)
        #expect(told.0.last == .closed(stream, .cancel))
        #expect(told.1.last == .closed(stream, .cancel))
        let isTaken = pair.server.appendBody(stream, [UInt8(1)].rawBytes)
        #expect(!isTaken)
    }

    @Test func `requests beyond the server's streams wait and are all answered`() throws {
        var limits = HTTP2Limits()
        limits.streamsMax = 3
        var pair = HTTP2Pair(limits: limits)
        pair.answer = { _, body in (HTTP2ResponseHead(status: 200), body) }
        pair.exchange()
        for index in 0..<50 { _ = try pair.client.submitRequest(scoreHead, body: [UInt8(index)]) }
        pair.exchange()
        let told = pair.clientTold
        #expect(told.filter { if case .end = $0 { true } else { false } }.count == 50)
    }

    @Test func `draining serves what is under way and refuses what comes later`() throws {
        var pair = HTTP2Pair()
        let first = try pair.client.beginRequest(scoreHead)
        pair.exchange()
        pair.server.beginDrain()
        pair.exchange()
        let told = pair.clientTold
        #expect(told.suffix(2) == [.goAway(.max, .noError), .goAway(first, .noError)])
        #expect(throws: HTTP2Error.noNewStreams) { try Self.submit(&pair.client) }
        pair.client.finishBody(first)
        pair.exchange()
        pair.server.submitResponse(first, HTTP2ResponseHead(status: 200), body: [5])
        pair.exchange()
        let bytes = body(first, in: pair.clientTold)
        #expect(bytes == [5])
        let finished = (pair.server.isFinished, pair.client.isFinished)
        #expect(finished.0 && finished.1)
    }

    private static func submit(_ client: inout HTTP2ClientSession) throws -> Int32 {
        try client.submitRequest(scoreHead)
    }
}
