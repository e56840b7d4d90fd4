import ByteKit
import Reactor
import Synchronization
import Testing

@Suite struct EventLoopTests {
    @Test func `a wake-up from another thread ends the sleep, many before it count once`() throws {
        let loop = try EventLoop()
        let waker = loop.waker
        let thread = try WorkerThread(name: "waker") { for _ in 0..<3 { waker.wake() } }
        #expect(try loop.wait(atMost: 10_000_000_000) == 0)
        thread.join()
        _ = try loop.wait(atMost: 0)
        let before = MonotonicClock.now()
        #expect(try loop.wait(atMost: 5_000_000) == 0)
        #expect(MonotonicClock.now() - before >= 5_000_000)
    }

    @Test func `the sleep ends at the earliest deadline, not before it`() throws {
        let loop = try EventLoop()
        let start = MonotonicClock.now()
        _ = loop.deadlines.schedule(at: start + 3_000_000, token: 42)
        var tokens: [UInt64] = []
        for _ in 0..<10 where tokens.isEmpty {
            _ = try loop.wait()
            while let token = loop.deadlines.popMet(now: loop.now) { tokens.append(token) }
        }
        #expect(tokens == [42])
        #expect(loop.now >= start + 3_000_000)
    }

    @Test func `an echo on loopback gives every byte back, in order, under back pressure`() throws {
        let loop = try EventLoop()
        var listener = try TCPListener(binding: .loopback())
        try listener.register(with: loop, token: 1)
        let address = listener.address
        #expect(address.port != 0)
        let total = 4 << 20
        let received = Mutex<[UInt8]>([])
        let client = try WorkerThread(name: "client") {
            guard let bytes = try? Self.exchange(total, with: address) else { return }
            received.withLock { $0 = bytes }
        }
        var echo: Echo?
        var isDone = false
        for _ in 0..<1_000_000 where !isDone {
            let count = try loop.wait(atMost: 10_000_000_000)
            guard count > 0 else { break }
            for index in 0..<count {
                let event = loop.event(at: index)
                if event.token == 1 {
                    if let socket = try listener.accept() {
                        echo = try Echo(socket, loop: loop)
                    } else {
                        Issue.record("a connection was announced")
                    }
                } else if let echo {
                    isDone = try echo.handle(event, loop: loop)
                }
            }
        }
        echo = nil
        client.join()
        #expect(received.withLock { $0 } == Self.pattern(total))
    }

    @Test func `a refused connection says so`() throws {
        let address = try Self.addressWithoutListener()
        #expect(throws: SystemError.self) {
            let socket = try TCPSocket.connecting(to: address)
            _ = try socket.wait(for: .writable, atMostMilliseconds: 5000)
            try socket.finishConnecting()
        }
    }

    @Test func `two listeners share a port only when both agree`() throws {
        let first = try TCPListener(binding: .loopback())
        let second = try TCPListener(binding: first.address)
        let addresses = (first.address, second.address)
        #expect(addresses.0 == addresses.1)
        let alone = try TCPListener(binding: .loopback(), sharesPort: false)
        let taken = alone.address
        #expect(throws: SystemError.self) { _ = try TCPListener(binding: taken, sharesPort: false) }
    }

    @Test func `a thread has its name and is joined`() throws {
        let ran = Atomic(false)
        let thread = try WorkerThread(name: "a-name-that-is-too-long", processor: 0) {
            ran.store(true, ordering: .releasing)
        }
        thread.join()
        let hasRun = ran.load(ordering: .acquiring)
        #expect(hasRun)
    }

    /// An address where someone listened just now, and no one does any more.
    static func addressWithoutListener() throws -> SocketAddress {
        let listener = try TCPListener(binding: .loopback(), sharesPort: false)
        return listener.address
    }

    /// Sends a pattern, reads slowly, and returns what came back.
    static func exchange(_ total: Int, with address: SocketAddress) throws -> [UInt8] {
        let socket = try TCPSocket.connecting(to: address)
        guard try socket.wait(for: .writable, atMostMilliseconds: 5000) else { return [] }
        try socket.finishConnecting()
        var outgoing = ByteQueue()
        outgoing.append(pattern(total))
        var incoming = ByteQueue()
        while incoming.count < total {
            if !outgoing.isEmpty, try socket.write(from: &outgoing) != .wouldBlock { continue }
            let interest: Interest = outgoing.isEmpty ? .readable : [.readable, .writable]
            guard try socket.wait(for: interest, atMostMilliseconds: 5000) else { break }
            if try socket.read(into: &incoming, atMost: 9973) == .endOfStream { break }
        }
        return incoming.copy()
    }

    static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    /// Sends back what it reads, with at most 64 KiB on the way.
    private final class Echo {
        let socket: TCPSocket
        var queue = ByteQueue(pool: BytePool())

        init(_ socket: consuming TCPSocket, loop: EventLoop) throws {
            self.socket = socket
            try self.socket.register(with: loop, token: 2)
        }

        /// - Returns: Whether the peer has closed.
        func handle(_ event: LoopEvent, loop: EventLoop) throws -> Bool {
            if event.isReadable, queue.count < 65536 {
                if try socket.read(into: &queue, atMost: 16384) == .endOfStream { return true }
            }
            while !queue.isEmpty, try socket.write(from: &queue) != .wouldBlock {}
            let interest: Interest =
                queue.isEmpty ? .readable : queue.count < 65536 ? [.readable, .writable] : .writable
            try socket.update(in: loop, token: 2, interest: interest)
            return false
        }
    }
}
