import Foundation
import LeadServer
import LeadWire
import Logging
import Reactor
import Synchronization
import Testing

@Suite("A worker that hangs")
struct HungWorkerTests {
    @Test("is told of everywhere, while the others serve, and forgotten when it goes on")
    func hungWorker() throws {
        let gate = Gate()
        defer { gate.open() }
        let server = try TestServer(workers: 2, log: Logger(label: "test") { _ in gate })
        let address = try #require(server.server.adminAddress)
        #expect(try AdminPage.read("/healthz", at: address).hasPrefix("HTTP/1.1 200"))

        // The line about a failed request is written by the worker, which waits in it.
        let victim = try server.client()
        let stream = try victim.submit(
            "POST",
            WireFormat.scorePath,
            contentType: WireFormat.contentType,
            body: Array("not a message at all, but long enough".utf8)
        )
        try victim.pump(seconds: 5) { _ in gate.hasSomebody }

        let start = MonotonicClock.now()
        var servedBeside = 0
        while try AdminPage.metric("leadline_workers_stuck", of: server) == 0 {
            try #require(MonotonicClock.now() - start < 20_000_000_000, "nobody noticed")
            // Half of all connections come to the worker that hangs, which not even shakes hands.
            if servedBeside < 3, let other = try? server.client(atMostSeconds: 0.5) {
                #expect(try other.request("GET", "/v1/models").status == 200)
                servedBeside += 1
            }
            usleep(100_000)
        }
        #expect(servedBeside > 0)
        #expect(MonotonicClock.now() - start > 4_000_000_000, "a worker may be busy for a moment")
        for path in ["/healthz", "/readyz"] {
            let page = try AdminPage.read(path, at: address)
            #expect(page.hasPrefix("HTTP/1.1 503") && page.contains("a worker hangs"), "\(page)")
        }
        #expect(gate.lines.contains { $0.contains("workers hang") })

        gate.open()
        try victim.pump(seconds: 5) { $0.responses[stream]?.closed != nil }
        #expect(victim.responses[stream]?.status == 400)
        let resumed = MonotonicClock.now()
        while try AdminPage.metric("leadline_workers_stuck", of: server) > 0 {
            try #require(MonotonicClock.now() - resumed < 20_000_000_000, "still said to hang")
            usleep(100_000)
        }
        #expect(try AdminPage.read("/healthz", at: address).hasPrefix("HTTP/1.1 200"))
    }
}

/// A log in which whoever writes about a request waits until it is opened.
private final class Gate: LogHandler, Sendable {
    private struct Inside {
        var isOpen = false
        var waiting = 0
        var lines: [String] = []
    }

    private let inside = Mutex(Inside())

    var hasSomebody: Bool { inside.withLock { $0.waiting > 0 } }
    var lines: [String] { inside.withLock(\.lines) }

    func open() { inside.withLock { $0.isOpen = true } }

    func log(event: LogEvent) {
        inside.withLock { $0.lines.append("\(event.message)") }
        guard event.metadata?["request"] != nil else { return }
        inside.withLock { $0.waiting += 1 }
        while inside.withLock({ !$0.isOpen }) { usleep(1_000) }
    }

    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
}
