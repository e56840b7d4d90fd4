import ByteKit
import Foundation
import HTTP2Transport
import LeadScoring
import LeadServer
import LeadTypes
import LeadWire
import Reactor
import Synchronization
import TLSTransport
import Testing

@Suite("A server's life", .serialized)
struct LifecycleTests {
    @Test("publications every millisecond under load: no request fails, no reply mixes versions, nothing piles up")
    func publicationUnderLoad() throws {
        let seconds = ProcessInfo.processInfo.environment["LEADLINE_PUBLICATION_SECONDS"].flatMap(Double.init) ?? 3
        let models = try (1...8).map { try TestModel.make(version: $0, copies: 20) }
        let server = try TestServer(workers: 2, models: [models[0]])
        let stop = Atomic<Bool>(false)
        let lead = server.server
        let publisher = Thread {
            var turn = 0
            while !stop.load(ordering: .relaxed) {
                turn += 1
                lead.publish([models[turn % 8]])
                usleep(1_000)
            }
            stop.store(false, ordering: .releasing)
        }
        publisher.start()
        let clients = [try server.client(), try server.client(), try server.client()]
        let rowCounts = [1, 700, 5_000]
        var seen: Set<String> = []
        var lastEpochs = [UInt64](repeating: 0, count: clients.count)
        let begin = ContinuousClock.now
        var memoryEarly: Int?
        var requests = 0
        while ContinuousClock.now - begin < .seconds(seconds) {
            if memoryEarly == nil, ContinuousClock.now - begin > .seconds(seconds / 3) {
                memoryEarly = try residentBytes()
            }
            for (index, client) in clients.enumerated() {
                let rows = rowCounts[index]
                let visits = (0..<rows).map { Double($0 % 10) }
                let body = try TestModel.request(visits, id: UInt64(requests))
                let response = try client.request(
                    "POST",
                    WireFormat.scorePath,
                    contentType: WireFormat.contentType,
                    body: body
                )
                let reply = try #require(try answers(in: response.body).first?.reply, "request \(requests)")
                let version = try #require(Double(reply.version.dropFirst()))
                #expect(reply.margins == visits.map { $0 < 5 ? version : version + 0.5 }, "\(reply.version) mixed")
                #expect(models[Int(reply.epoch - 1) % 8].version == reply.version, "epoch \(reply.epoch)")
                #expect(reply.epoch >= lastEpochs[index], "the epoch never falls")
                lastEpochs[index] = reply.epoch
                seen.insert(reply.version)
                requests += 1
            }
        }
        stop.store(true, ordering: .relaxed)
        while stop.load(ordering: .acquiring) { usleep(1_000) }
        let epochs = lastEpochs.max() ?? 0
        let (early, late) = (memoryEarly ?? 0, try residentBytes())
        print(
            "\(requests) requests, \(epochs) publications, \(early >> 20) MiB a third through, \(late >> 20) MiB at the end"
        )
        #expect(requests > 30 && seen.count > 1, "\(requests) requests, \(seen.count) versions")
        // Other suites use this process's memory too: a long run, which is asked for, has to run alone (--filter).
        #expect(seconds < 10 || late < early + 32 << 20, "memory grew from \(early) to \(late) bytes")
        for _ in 0..<100 where server.server.retiredSnapshotCount > 0 {
            lead.reload()
            usleep(20_000)
        }
        #expect(server.server.retiredSnapshotCount == 0)
    }

    /// What the process holds in memory.
    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[1])) * Int(getpagesize())
    }

    @Test("draining finishes what is under way, tells the client, and takes no new connection")
    func drain() throws {
        let server = try TestServer(models: [try TestModel.make(version: 1, copies: 100)])
        let client = try server.client()
        let body = try TestModel.request([Double](repeating: 1, count: 30_000))
        let id = try client.submit("POST", WireFormat.scorePath, contentType: WireFormat.contentType, body: body)
        try client.pump(seconds: 5) { $0.isUploaded(id) }
        let stopped = Atomic<Int>(0)
        let lead = server.server
        let thread = Thread { stopped.store(lead.stop() ? 1 : 2, ordering: .releasing) }
        thread.start()
        try client.pump(seconds: 10) { $0.responses[id]?.closed != nil }
        #expect(client.responses[id]?.status == 200)
        #expect(try answers(in: client.responses[id]?.body ?? []).first?.reply?.rows == 30_000)
        try client.pump(seconds: 10) { $0.isEnded }
        #expect(client.goAways >= 1)
        for _ in 0..<500 where stopped.load(ordering: .acquiring) == 0 { usleep(10_000) }
        #expect(stopped.load(ordering: .acquiring) == 1, "the drain was clean")
        #expect(throws: (any Error).self) { try server.client() }
    }

    @Test("connections over the limit are closed, and there is room again when others end")
    func connectionLimit() throws {
        var limits = ServerLimits()
        limits.connectionsMax = 2
        let server = try TestServer(limits: limits)
        do {
            let (first, second) = (try server.client(), try server.client())
            #expect(try first.request("GET", "/healthz").status == 200)
            #expect(try second.request("GET", "/healthz").status == 200)
            if let third = try? server.client() {
                #expect((try? third.request("GET", "/healthz").status) ?? 0 == 0 && third.isEnded)
            }
        }
        var status = 0
        for _ in 0..<100 where status != 200 {
            usleep(10_000)
            status = (try? server.client().request("GET", "/healthz").status) ?? 0
        }
        #expect(status == 200)
    }

    @Test("an idle connection is ended with GOAWAY, a silent handshake and a stalled request are cut off")
    func timeouts() throws {
        var limits = ServerLimits()
        limits.idleTimeout = .milliseconds(300)
        limits.handshakeTimeout = .milliseconds(300)
        limits.progressTimeout = .milliseconds(300)
        let server = try TestServer(limits: limits)
        let idle = try server.client()
        try idle.pump(seconds: 5) { $0.isEnded }
        #expect(idle.isEnded && idle.goAways == 1)

        let silent = try TCPSocket.connecting(to: try SocketAddress.resolve(server.server.listenAddress)[0])
        _ = try silent.wait(for: .writable, atMostMilliseconds: 1_000)
        var queue = ByteQueue()
        var isEnded = false
        for _ in 0..<50 where !isEnded {
            _ = try silent.wait(for: .readable, atMostMilliseconds: 100)
            isEnded = (try? silent.read(into: &queue, atMost: 100)) != .wouldBlock
        }
        #expect(isEnded)

        let stalled = try server.client()
        let id = try stalled.begin("POST", WireFormat.scorePath, contentType: WireFormat.contentType)
        stalled.append(id, Array(try TestModel.request([1]).prefix(50)))
        try stalled.pump(seconds: 5) { $0.responses[id]?.closed != nil || $0.isEnded }
        #expect(stalled.responses[id]?.closed == .cancel)
    }

    @Test("a client that does not read its answers is held back, and the server's memory with it")
    func unreadAnswers() throws {
        var limits = ServerLimits()
        limits.progressTimeout = .milliseconds(500)
        let server = try TestServer(limits: limits)
        var window = HTTP2Limits()
        window.streamWindowBytes = 100_000
        let client = try TestClient(
            to: server.server.listenAddress,
            authority: server.folder.path + "/ca.pem",
            limits: window
        )
        client.givesCredit = false
        let id = try client.begin("POST", WireFormat.scorePath, contentType: WireFormat.contentType)
        let message = try TestModel.request([Double](repeating: 1, count: 20_000))
        for _ in 0..<400 { client.append(id, message) }
        try client.pump(seconds: 10) { $0.responses[id]?.closed != nil || $0.isEnded }
        #expect(client.responses[id]?.closed == .cancel)
        #expect(try server.client().request("GET", "/healthz").status == 200)
    }

    @Test("memory stays where it is over thousands of requests")
    func memoryIsFlat() throws {
        let server = try TestServer()
        let client = try server.client()
        let body = try TestModel.request((0..<1_000).map(Double.init))
        func residentBytes() throws -> Int {
            let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
            return (Int(text.split(separator: " ")[1]) ?? 0) * 4_096
        }
        func run(_ count: Int) throws {
            for _ in 0..<count {
                let response = try client.request(
                    "POST",
                    WireFormat.scorePath,
                    contentType: WireFormat.contentType,
                    body: body
                )
                #expect(response.status == 200)
            }
        }
        try run(300)
        let before = try residentBytes()
        try run(1_500)
        let grown = try residentBytes() - before
        // Other suites run beside this one; a leak of a message each would be 15 MB.
        #expect(grown < 12 << 20, "grew by \(grown) bytes")
    }
}

@Suite("The catalog of models")
struct ModelCatalogTests {
    private struct Broken: Error {}

    private func load(_ broken: Set<String> = []) -> (String, String) throws -> LeadModel {
        { name, version in
            if broken.contains("\(name)/\(version)") { throw Broken() }
            return try TestModel.make(name: name, version: Int(version.dropFirst()) ?? 0)
        }
    }

    @Test("the newest version comes into service, and an unchanged one is not loaded again")
    func newest() {
        var catalog = ModelCatalog()
        let first = catalog.update(found: ["a": ["v2", "v1"], "b": ["v1"]], isForced: false, load: load())
        #expect(first.loaded == ["a/v2", "b/v1"])
        let again = catalog.update(found: ["a": ["v2", "v1"], "b": ["v1"]], isForced: false) { _, _ in throw Broken() }
        #expect(!again.hasChanged && again.failures.isEmpty)
        let next = catalog.update(found: ["a": ["v3", "v2"], "b": ["v1"]], isForced: false, load: load())
        #expect(next.loaded == ["a/v3"] && catalog.inOrder.map(\.version) == ["v3", "v1"])
    }

    @Test("a version that fails keeps the old one, is told once, and is tried again when asked")
    func failures() {
        var catalog = ModelCatalog()
        _ = catalog.update(found: ["a": ["v1"]], isForced: false, load: load())
        let found = ["a": ["v2", "v1"]]
        let bad = catalog.update(found: found, isForced: false, load: load(["a/v2"]))
        #expect(!bad.hasChanged && bad.failures.count == 1 && catalog.models["a"]?.version == "v1")
        #expect(catalog.update(found: found, isForced: false, load: load(["a/v2"])).failures.isEmpty)
        #expect(catalog.update(found: found, isForced: true, load: load()).loaded == ["a/v2"])
    }

    @Test(
        "a bundle that was still being copied comes into service by itself, and a broken one is tried ever more seldom"
    )
    func laterWhole() {
        var catalog = ModelCatalog()
        _ = catalog.update(found: ["a": ["v1"]], isForced: false, load: load())
        let found = ["a": ["v2", "v1"]]
        var attempts: [Int] = []
        for turn in 0..<200 {
            let outcome = catalog.update(found: found, isForced: false) { _, _ in
                attempts.append(turn)
                throw Broken()
            }
            #expect(outcome.failures.count == (turn == 0 ? 1 : 0) && !outcome.hasChanged)
        }
        #expect(attempts == [0, 2, 6, 14, 30, 62, 126, 190])
        var loaded: [String] = []
        for _ in 0..<64 { loaded += catalog.update(found: found, isForced: false, load: load()).loaded }
        #expect(loaded == ["a/v2"] && catalog.models["a"]?.version == "v2")
    }

    @Test("without a good newest version the one before serves")
    func fallsBack() {
        var catalog = ModelCatalog()
        let outcome = catalog.update(found: ["a": ["v3", "v2", "v1"]], isForced: false, load: load(["a/v3"]))
        #expect(outcome.loaded == ["a/v2"] && outcome.failures.count == 1)
    }

    @Test("a name that is gone stays until the operator asks")
    func removal() {
        var catalog = ModelCatalog()
        _ = catalog.update(found: ["a": ["v1"], "b": ["v1"]], isForced: false, load: load())
        #expect(!catalog.update(found: ["b": ["v1"]], isForced: false, load: load()).hasChanged)
        let forced = catalog.update(found: ["b": ["v1"]], isForced: true, load: load())
        #expect(forced.removed == ["a"] && catalog.inOrder.map(\.name) == ["b"])
    }
}
