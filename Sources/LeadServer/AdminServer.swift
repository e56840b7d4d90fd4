internal import ByteKit
internal import Reactor
internal import Synchronization

/// The admin listener: one thread, HTTP/1.1 in the clear, GET and HEAD, one request a connection.
///
/// It shares no thread, no lock and no memory that is written often with the workers, so that asking never delays
/// scoring.
final class AdminServer: Sendable {
    /// Answers a path.
    typealias Handler = @Sendable (String) -> PlainResponse

    /// Connections at once; further ones wait in the kernel.
    static let connectionsMax = 64
    /// From accept to the last byte of the answer.
    static let timeoutNanoseconds: UInt64 = 5_000_000_000

    /// Where it listens.
    let address: SocketAddress
    private let waker: Waker
    private let stopping: AdminStop
    private let thread: Mutex<WorkerThread?>

    /// Binds, and starts the thread.
    /// - Parameters:
    ///   - requested: the address; port 0 lets the system choose.
    ///   - handler: called on the admin thread.
    /// - Throws: `SystemError` when the address cannot be had.
    init(binding requested: SocketAddress, handler: @escaping Handler) throws {
        let started = Handover<Result<(SocketAddress, Waker), SystemError>>()
        let stopping = AdminStop()
        let thread = try WorkerThread(name: "leadline-admin") {
            do throws(SystemError) {
                let house = try AdminHouse(binding: requested, handler: handler)
                started.bring(.success((house.address, house.loop.waker)))
                try house.run(until: stopping)
            } catch {
                started.bring(.failure(error))
            }
        }
        do {
            (address, waker) = try started.wait().get()
        } catch {
            thread.join()
            throw error
        }
        self.stopping = stopping
        self.thread = Mutex(consume thread)
    }

    /// Closes the listener and what is open, and waits for the thread.
    func stop() {
        stopping.isSet.store(true, ordering: .releasing)
        waker.wake()
        if let thread = thread.withLock({ $0.take() }) { thread.join() }
    }
}

final class AdminStop: Sendable {
    let isSet = Atomic<Bool>(false)
}

/// What the admin thread owns.
private final class AdminHouse {
    let loop: EventLoop
    var address: SocketAddress { listener.address }
    private var listener: TCPListener
    private let handler: AdminServer.Handler
    private var clients: [UInt64: AdminClient] = [:]
    private var nextToken: UInt64 = 1
    private var isPaused = false

    init(binding requested: SocketAddress, handler: @escaping AdminServer.Handler) throws(SystemError) {
        loop = try EventLoop()
        listener = try TCPListener(binding: requested, sharesPort: false, backlog: 128)
        self.handler = handler
        try listener.register(with: loop, token: 0)
    }

    func run(until stop: AdminStop) throws(SystemError) {
        while !stop.isSet.load(ordering: .acquiring) {
            let count = try loop.wait()
            for index in 0..<count {
                let event = loop.event(at: index)
                if event.token == 0 { try accept() } else { serve(event.token) }
            }
            while let token = loop.deadlines.popMet(now: loop.now) {
                if let client = clients[token] { client.expire() }
                if token != 0 { close(token) }
            }
            if isPaused, clients.count < AdminServer.connectionsMax {
                try listener.resume(in: loop)
                isPaused = false
            }
        }
    }

    private func accept() throws(SystemError) {
        do throws(SystemError) {
            while clients.count < AdminServer.connectionsMax {
                guard let socket = try listener.accept() else { return }
                let token = nextToken
                nextToken += 1
                let deadline = loop.deadlines.schedule(at: loop.now + AdminServer.timeoutNanoseconds, token: token)
                let client = AdminClient(socket: socket, deadline: deadline)
                clients[token] = client
                try client.socket.register(with: loop, token: token)
            }
        } catch  where error.isShortage {
            // The next connection that ends, or this deadline that is nobody's, looks again.
            _ = loop.deadlines.schedule(at: loop.now + 100_000_000, token: 0)
        }
        try listener.pause(in: loop)
        isPaused = true
    }

    private func serve(_ token: UInt64) {
        guard let client = clients[token] else { return }
        do throws(SystemError) {
            switch try client.advance(handler) {
            case .wantsMoreInput: break
            case .wantsToWrite: try client.socket.update(in: loop, token: token, interest: .writable)
            case .finished: close(token)
            }
        } catch {
            close(token)
        }
    }

    private func close(_ token: UInt64) {
        if let client = clients.removeValue(forKey: token) { loop.deadlines.cancel(client.deadline) }
    }
}

/// One connection to the admin listener.
private final class AdminClient {
    enum Want { case wantsMoreInput, wantsToWrite, finished }

    let socket: TCPSocket
    let deadline: DeadlineQueue.Handle
    private var received = ByteQueue()
    private var answer = ByteQueue()
    private var hasAnswered = false

    init(socket: consuming TCPSocket, deadline: DeadlineQueue.Handle) {
        self.socket = socket
        self.deadline = deadline
    }

    func advance(_ handler: AdminServer.Handler) throws(SystemError) -> Want {
        if !hasAnswered {
            switch try socket.read(into: &received, atMost: PlainRequest.headBytesMax + 1) {
            case .wouldBlock: return .wantsMoreInput
            case .endOfStream: return .finished
            case .bytes: break
            }
            switch PlainRequest.parse(received.copy()) {
            case .incomplete: return .wantsMoreInput
            case .request(let request): answer.append(handler(request.path).bytes(isHead: request.isHead))
            case .refused(let status, let reason):
                var response = PlainResponse.error(status: status, code: "bad-request", reason)
                if status == 405 { response.allow = "GET, HEAD" }
                answer.append(response.bytes(isHead: false))
            }
            hasAnswered = true
        }
        while !answer.isEmpty {
            if try socket.write(from: &answer) == .wouldBlock { return .wantsToWrite }
        }
        // The client sees the end of our bytes before a reset could take them away.
        socket.finishWriting()
        return .finished
    }

    /// Tells a slow client why it is cut off, if it will take it.
    func expire() {
        guard !hasAnswered else { return }
        answer.append(
            PlainResponse.error(status: 408, code: "timeout", "the request came too slowly").bytes(isHead: false)
        )
        _ = try? socket.write(from: &answer)
    }
}
