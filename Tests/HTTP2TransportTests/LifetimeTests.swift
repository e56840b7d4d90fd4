import ByteKit
import HTTP2Transport
import Testing

/// What sessions own goes with them, whatever state they are in: the pool under them, which only they hold, is freed.
@Suite struct LifetimeTests {
    @Test func `sessions in the middle of everything let go of all they hold`() throws {
        weak var pool: BytePool?
        do {
            let strong = BytePool()
            pool = strong
            var client = HTTP2ClientSession(pool: strong)
            let server = HTTP2ServerSession(pool: strong)
            var queue = ByteQueue(pool: strong)
            for _ in 0..<5 {
                let stream = try client.beginRequest(scoreHead)
                client.appendBody(stream, [UInt8](repeating: 1, count: 100_000).rawBytes)
            }
            client.pull(into: &queue, upTo: 150_000)
            server.receive(queue, now: 1)
            while let event = server.nextEvent() {
                guard event.kind == .head else { continue }
                server.beginResponse(event.stream, HTTP2ResponseHead(status: 200))
                server.appendBody(event.stream, [UInt8](repeating: 2, count: 10_000).rawBytes)
            }
            let open = server.openStreamCount
            #expect(open > 0)
        }
        #expect(pool == nil)
    }

    @Test func `streams that end give back their memory, and records are used again`() throws {
        let pool = BytePool()
        let server = HTTP2ServerSession(pool: pool)
        var client = HTTP2ClientSession()
        var queue = ByteQueue()
        for round in 0..<1000 {
            let stream = try client.submitRequest(scoreHead, body: [1, 2, 3])
            client.pull(into: &queue, upTo: 1 << 20)
            server.receive(queue, now: UInt64(round) * 1_000_000)
            queue.removeAll()
            while let event = server.nextEvent() {
                guard event.kind == .end else { continue }
                server.beginResponse(event.stream, HTTP2ResponseHead(status: 200))
                server.appendBody(event.stream, [UInt8](repeating: 2, count: 1000).rawBytes)
                server.finishBody(event.stream)
            }
            server.pull(into: &queue, upTo: 1 << 20)
            while server.nextEvent() != nil {}
            client.receive(queue, now: UInt64(round) * 1_000_000)
            queue.removeAll()
            var isClosed = false
            while let event = client.nextEvent() {
                if event.kind == .closed, event.stream == stream { isClosed = true }
            }
            #expect(isClosed, "round \(round)")
        }
        let open = (server.openStreamCount, client.openStreamCount)
        #expect(open == (0, 0))
        // One stream at a time: one block was ever needed.
        #expect(pool.unusedBlockCount == 1)
    }
}
