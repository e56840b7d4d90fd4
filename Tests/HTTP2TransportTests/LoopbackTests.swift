import ByteKit
import Glibc
import HTTP2Transport
import Reactor
import Synchronization
import TLSTransport
import Testing

/// The three rooms together on real sockets: an echo server of one thread, and clients without a loop.
@Suite struct LoopbackTests {
    @Test func `bodies of all sizes come back over TLS, on several connections at a time`() throws {
        let house = try EchoHouse()
        let sameCount = Atomic(0)
        var threads: [JoinableThread] = []
        for seed in UInt8(0)..<4 {
            threads.append(
                JoinableThread(
                    try WorkerThread(name: "client-\(seed)") {
                        guard let isSame = try? Self.converse(with: house, seed: seed), isSame else { return }
                        sameCount.add(1, ordering: .relaxed)
                    }
                )
            )
        }
        for thread in threads { thread.join() }
        let same = sameCount.load(ordering: .relaxed)
        #expect(same == 4)
        let counts = house.stop()
        #expect(counts.accepted == 4)
        #expect(counts.requests == 4 * 8)
        #expect(counts.failed == 0)
    }

    @Test func `a client that goes away in the middle leaves nothing behind`() throws {
        let house = try EchoHouse()
        for _ in 0..<20 {
            var client = try EchoClient(house)
            _ = try client.http2.beginRequest(scoreHead)
            try client.flush()
        }
        var client = try EchoClient(house)
        let reply = try client.ask([1, 2, 3])
        #expect(reply == [1, 2, 3])
        try client.finish()
        let counts = house.stop()
        #expect(counts.accepted == 21)
        #expect(counts.open == 0)
    }

    @Test(arguments: [1, 100, 2_000_000])
    func `curl gets its body back`(_ count: Int) throws {
        guard unsafe access("/usr/bin/curl", X_OK) == 0 else {
            print("SKIPPED: curl is not here")
            return
        }
        let house = try EchoHouse()
        let question = house.folder + "/question"
        let answer = house.folder + "/answer"
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 11) }
        try write(bytes, to: question)
        let code = unsafe system(
            "curl -sf --http2 --cacert \(house.folder)/ca.pem --data-binary @\(question) -o \(answer)"
                + " https://127.0.0.1:\(house.address.port)/echo"
        )
        #expect(code == 0)
        let isSame = try read(answer) == bytes
        #expect(isSame)
        _ = house.stop()
    }

    @Test func `curl without HTTP/2 is refused`() throws {
        guard unsafe access("/usr/bin/curl", X_OK) == 0 else {
            print("SKIPPED: curl is not here")
            return
        }
        let house = try EchoHouse()
        let port = house.address.port
        let code = unsafe system("curl -sf --http1.1 --cacert \(house.folder)/ca.pem https://127.0.0.1:\(port)/echo")
        // curl's 35: the TLS handshake failed.
        #expect(code >> 8 & 255 == 35)
        let counts = house.stop()
        #expect(counts.failed == 1)
    }

    private static func converse(with house: EchoHouse, seed: UInt8) throws -> Bool {
        var client = try EchoClient(house)
        for count in [0, 1, 100, 16_384, 16_385, 200_000, 1_200_000, 5] {
            let question = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) &+ seed }
            guard try client.ask(question) == question else { return false }
        }
        try client.finish()
        return true
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = unsafe fopen(path, "w") else { throw SystemError(call: "fopen", code: errno) }
        let written = unsafe fwrite(bytes, 1, bytes.count, file)
        #expect(written == bytes.count)
        unsafe fclose(file)
    }

    private func read(_ path: String) throws -> [UInt8] {
        guard let file = unsafe fopen(path, "r") else { throw SystemError(call: "fopen", code: errno) }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8 << 20)
        let capacity = bytes.count
        let count = unsafe fread(&bytes, 1, capacity, file)
        return Array(bytes[..<count])
    }
}

/// A thread that an array can hold.
private final class JoinableThread {
    private var thread: WorkerThread?

    init(_ thread: consuming WorkerThread) { self.thread = consume thread }

    func join() { thread.take()?.join() }
}
