internal import ByteKit
internal import LeadScoring
internal import LeadWire
internal import Logging
internal import Reactor
internal import SnapshotExchange
internal import Synchronization
internal import TLSTransport
internal import Telemetry

/// One thread that owns its listener, its connections, and everything they need: nothing of it is shared.
///
/// A turn: begin a reader's turn, look at epoll, read and take in what came, score for a slice, write what there is to
/// write. It sleeps only when no job waits.
final class Worker {
    /// How long jobs are worked on before the loop looks at its sockets again.
    static let sliceNanoseconds: UInt64 = 250_000
    private static let listenerToken: UInt64 = 0
    private static let acceptPauseNanoseconds: UInt64 = 100_000_000
    /// New connections a turn.
    private static let acceptsMax = 64
    /// Connections a turn whose handshake goes on, at half a millisecond each: a flood of them delays nobody for long.
    private static let handshakeStepsMax = 8

    let state: ServerState
    let telemetry: WorkerTelemetry
    let limits: ServerLimits
    let loop: EventLoop
    let pool = BytePool()
    let models: SnapshotReader<ModelDirectory>
    private let certificates: SnapshotReader<TLSContext>
    private let workspace = ScoringWorkspace()
    let log: Logger
    private var listener: TCPListener?
    private var connections: [UInt64: Connection] = [:]
    private var nextToken: UInt64 = 1
    private var touched: [Connection] = []
    private var isListenerPaused = false
    private var answer = ByteWriter()
    var jobs = JobQueue()
    /// Bytes of requests and answers in memory, of all connections.
    var bytesInFlight = 0

    /// Binds; to be called on the worker's own thread.
    init(index: Int, binding address: SocketAddress, state: ServerState, log: Logger) throws(SystemError) {
        self.state = state
        self.log = log
        telemetry = state.telemetry[index]
        limits = state.limits
        loop = try EventLoop()
        models = state.models.reader(index)
        certificates = state.certificates.reader(index)
        var listener = try TCPListener(binding: address)
        try listener.register(with: loop, token: Self.listenerToken)
        self.listener = consume listener
    }

    /// Where this worker listens.
    var address: SocketAddress? { listener?.address }

    /// Goes round until the server has drained or stops.
    func run() throws(SystemError) {
        while true {
            if jobs.isEmpty, touched.isEmpty {
                models.goOffline()
                certificates.goOffline()
            }
            let count = try loop.wait(atMost: jobs.isEmpty && touched.isEmpty ? nil : 0)
            models.turn()
            certificates.turn()
            telemetry.counts.add(.turns)
            var handshakeSteps = 0
            for index in 0..<count {
                let event = loop.event(at: index)
                if event.token == Self.listenerToken {
                    try accept()
                } else if let connection = connections[event.token] {
                    if connection.isShakingHands {
                        // What is not read now is reported again, after those that waited longer.
                        guard handshakeSteps < Self.handshakeStepsMax else { continue }
                        handshakeSteps += 1
                    }
                    if event.isReadable { connection.read() }
                    if event.isWritable { connection.unblock() }
                    touch(connection)
                }
            }
            try expire()
            score()
            flush()
            if try isDone() { return }
        }
    }

    /// Notes that a connection may have something to write, or may be over.
    func touch(_ connection: Connection) {
        guard !connection.isTouched else { return }
        connection.isTouched = true
        touched.append(connection)
    }

    // MARK: Connections

    private func accept() throws(SystemError) {
        for _ in 0..<Self.acceptsMax {
            do throws(SystemError) {
                guard let socket = try listener?.accept() else { return }
                telemetry.counts.add(.connectionsAccepted)
                guard connections.count < limits.connectionsPerWorkerMax else {
                    telemetry.counts.add(.connectionsRefused)
                    telemetry.counts.add(.connectionsClosed)
                    continue
                }
                open(socket)
            } catch  where error.isShortage {
                telemetry.counts.add(.acceptPauses)
                log.warning("accept pauses: no descriptors left", metadata: ["error": "\(error)"])
                try listener?.pause(in: loop)
                isListenerPaused = true
                _ = loop.deadlines.schedule(at: loop.now + Self.acceptPauseNanoseconds, token: Self.listenerToken)
                return
            }
        }
    }

    private func open(_ socket: consuming TCPSocket) {
        let token = nextToken
        nextToken += 1
        let context = certificates.retainCurrent().value
        do {
            let connection = try Connection(socket: socket, token: token, context: context, worker: self)
            connections[token] = connection
        } catch {
            telemetry.counts.add(.connectionsClosed)
            log.debug("connection not opened", metadata: ["error": "\(error)"])
        }
    }

    private func expire() throws(SystemError) {
        while let token = loop.deadlines.popMet(now: loop.now) {
            if token == Self.listenerToken {
                if isListenerPaused { try listener?.resume(in: loop) }
                isListenerPaused = false
            } else if let connection = connections[token] {
                connection.deadlineMet()
                touch(connection)
            }
        }
    }

    /// Writes what the touched connections have, and lets go of those that are over.
    private func flush() {
        guard !touched.isEmpty else { return }
        var connections = touched
        touched.removeAll(keepingCapacity: true)
        for connection in connections {
            connection.isTouched = false
            connection.flush()
            if connection.isOver { close(connection) }
        }
        connections.removeAll(keepingCapacity: true)
        if touched.isEmpty { touched = connections }
    }

    private func close(_ connection: Connection) {
        guard connections.removeValue(forKey: connection.token) != nil else { return }
        connection.abandon()
        loop.deadlines.cancel(connection.deadline)
        telemetry.counts.add(.connectionsClosed)
    }

    /// Whether the server drains and nothing is left, or what is left has to go.
    private func isDone() throws(SystemError) -> Bool {
        guard state.isDraining.load(ordering: .acquiring) else { return false }
        if listener != nil {
            listener?.unregister(from: loop)
            listener = nil
            for connection in connections.values {
                connection.drain()
                touch(connection)
            }
            flush()
        }
        if state.isStopping.load(ordering: .acquiring) {
            for connection in connections.values { close(connection) }
        }
        return connections.isEmpty
    }

    // MARK: Scoring

    /// Works on jobs for one slice, each in its turn.
    private func score() {
        guard !jobs.isEmpty else { return }
        let sliceEnd = MonotonicClock.now() + Self.sliceNanoseconds
        repeat {
            guard let job = jobs.popFirst() else { return }
            guard let connection = connections[job.connection], let stream = connection.stream(of: job) else {
                // Its stream was reset meanwhile.
                jobs.recycle(job)
                continue
            }
            if let outcome = work(on: job, of: connection, stream, until: sliceEnd) {
                connection.finish(job, stream, failure: outcome.failure, answer: &answer)
                touch(connection)
            } else {
                telemetry.counts.add(.slicesYielded)
                jobs.append(job)
            }
        } while MonotonicClock.now() < sliceEnd
    }

    private struct Outcome {
        var failure: ScoreFailure?
    }

    /// Gives a job its slice.
    /// - Returns: how it ended; nil when it is to go on in a later turn.
    private func work(
        on job: ScoreJob,
        of connection: Connection,
        _ stream: ScoreStream,
        until sliceEnd: UInt64
    ) -> Outcome? {
        do throws(WireError) {
            if let failure = job.failure { throw failure }
            if !job.hasBegun {
                jobs.equip(job)
                let limits = limits
                let failure = models.withCurrent { publication -> ScoreFailure? in
                    do throws(JSONFailure) {
                        try job.translate(publication, limits: limits)
                    } catch {
                        return .json(error)
                    }
                    do throws(WireError) {
                        try job.begin(publication, limits: limits.wire, telemetry: telemetry)
                    } catch {
                        return job.json == nil ? .wire(error) : .json(JSONFailure(error))
                    }
                    return nil
                }
                if let failure { return Outcome(failure: failure) }
                try connection.reserveWork(of: job, stream)
            }
            return try job.advance(until: sliceEnd, workspace: workspace) ? Outcome() : nil
        } catch {
            return Outcome(failure: job.json == nil ? .wire(error) : .json(JSONFailure(error)))
        }
    }
}
