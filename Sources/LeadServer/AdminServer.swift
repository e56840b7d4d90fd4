internal import Reactor
internal import SnapshotExchange
internal import Synchronization
internal import TLSTransport

/// Who asks on the admin listener.
enum AdminPeer: Sendable {
    /// Somebody, in the clear.
    case unknown
    /// Somebody over TLS; with the identity of the certificate, if there is one.
    case overTLS(identity: String?)
}

/// What becomes of a request to the admin listener.
enum AdminReply: Sendable {
    /// It is answered at once.
    case now(PlainResponse)
    /// It is answered when this is done.
    case later(ControlOrder)
}

/// The admin listener: one thread, HTTP/1.1, in the clear or over TLS, one request a connection.
///
/// It shares no thread, no lock and no memory that is written often with the workers, so that asking never delays
/// scoring. What takes long is done elsewhere, and only its connection waits for it.
final class AdminServer: Sendable {
    /// Takes the answer to a request later, on any thread.
    typealias Later = @Sendable (PlainResponse) -> Void
    /// Answers a request.
    typealias Handler = @Sendable (PlainRequest, AdminPeer, @escaping Later) -> AdminReply

    /// Connections at once; further ones wait in the kernel.
    static let connectionsMax = 64
    /// From accept to the last byte of the request, the handshake of TLS included; and once more for the answer.
    static let timeoutNanoseconds: UInt64 = 5_000_000_000

    /// Where it listens.
    let address: SocketAddress
    private let waker: Waker
    private let stopping: AdminStop
    private let thread: Mutex<WorkerThread?>

    /// Binds, and starts the thread.
    /// - Parameters:
    ///   - requested: the address; port 0 lets the system choose.
    ///   - certificates: for TLS; nil speaks in the clear.
    ///   - actionTimeout: how long an action may take before its connection is told that it goes on.
    ///   - handler: called on the admin thread.
    /// - Throws: `SystemError` when the address cannot be had.
    init(
        binding requested: SocketAddress,
        certificates: SnapshotBoard<TLSContext>?,
        actionTimeout: Duration,
        handler: @escaping Handler
    ) throws {
        let started = Handover<Result<(SocketAddress, Waker), SystemError>>()
        let stopping = AdminStop()
        let thread = try WorkerThread(name: "leadline-admin") {
            do throws(SystemError) {
                let house = try AdminHouse(binding: requested, certificates, actionTimeout, handler: handler)
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
