import ByteKit
import HTTP2Transport
import Testing

/// A conversation means the same however the network cuts it.
@Suite struct CutTests {
    /// All bytes a client sends: three requests, one with a body in two pieces, a reset.
    private static func clientBytes() throws -> (bytes: [UInt8], told: [Told]) {
        var pair = HTTP2Pair(keptFields: ["traceparent"])
        var head = scoreHead
        head.fields = [HTTP2Field("traceparent", "00-1-2-01")]
        var bytes: [UInt8] = []
        _ = try pair.client.submitRequest(head, body: Array(0..<200))
        let open = try pair.client.beginRequest(scoreHead)
        pair.client.appendBody(open, [UInt8]([1, 2, 3]).rawBytes)
        let health = HTTP2RequestHead(method: "GET", path: "/healthz", authority: "x")
        _ = try pair.client.submitRequest(health)
        take(&pair.client, &bytes)
        pair.client.appendBody(open, [UInt8]([4, 5]).rawBytes)
        pair.client.finishBody(open)
        take(&pair.client, &bytes)
        let dropped = try pair.client.beginRequest(scoreHead)
        take(&pair.client, &bytes)
        pair.client.reset(dropped, .cancel)
        take(&pair.client, &bytes)
        pair.deliverToServer(bytes)
        return (bytes, joined(pair.serverTold))
    }

    private static func take(_ client: inout HTTP2ClientSession, _ bytes: inout [UInt8]) {
        var queue = ByteQueue()
        client.pull(into: &queue, upTo: 1 << 20)
        bytes += queue.copy()
    }

    @Test func `requests cut in two at every byte are the same requests`() throws {
        let (bytes, told) = try Self.clientBytes()
        #expect(told.count >= 11)
        for cut in 1..<bytes.count {
            var pair = HTTP2Pair(keptFields: ["traceparent"])
            pair.deliverToServer(Array(bytes[..<cut]))
            pair.deliverToServer(Array(bytes[cut...]))
            let same = joined(pair.serverTold) == told
            #expect(same, "cut at \(cut)")
        }
    }

    @Test(arguments: [1, 2, 3, 9, 10, 64])
    func `requests in pieces of a size are the same requests`(_ pieces: Int) throws {
        let (bytes, told) = try Self.clientBytes()
        var pair = HTTP2Pair(keptFields: ["traceparent"])
        pair.deliverToServer(bytes, pieces: pieces)
        let same = joined(pair.serverTold)
        #expect(same == told)
    }

    @Test(arguments: [1, 2, 9, 1000])
    func `a whole exchange in pieces of a size tells both sides the same`(_ pieces: Int) throws {
        var whole = HTTP2Pair()
        var cut = HTTP2Pair()
        try Self.converse(&whole, pieces: .max)
        try Self.converse(&cut, pieces: pieces)
        let (wholeServer, cutServer) = (joined(whole.serverTold), joined(cut.serverTold))
        let (wholeClient, cutClient) = (joined(whole.clientTold), joined(cut.clientTold))
        #expect(wholeServer == cutServer)
        #expect(wholeClient == cutClient)
    }

    private static func converse(_ pair: inout HTTP2Pair, pieces: Int) throws {
        pair.answer = { _, body in (HTTP2ResponseHead(status: 200, contentType: "text/plain"), body + body) }
        for count in [0, 1, 1000, 20_000] {
            _ = try pair.client.submitRequest(scoreHead, body: [UInt8](repeating: UInt8(count & 255), count: count))
            pair.exchange(pieces: pieces)
        }
    }
}
