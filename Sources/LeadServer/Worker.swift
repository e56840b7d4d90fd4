internal import ByteKit
internal import HTTP2Transport
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
    /// Between two looks at whether there may be handshakes again.
    private static let handshakePauseNanoseconds: UInt64 = 5_000_000
    /// Connections that may wait in the kernel.
    private static let waitingMax = 4_096
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
    let policies: SnapshotReader<AccessPolicy>
    private let workspace = ScoringWorkspace()
    let log: Logger
    var requestLog: RequestLog
    private var listener: TCPListener?
    private var connections: [UInt64: Connection] = [:]
    private var nextToken: UInt64 = 1
    private var touched: [Connection] = []
    /// Those of the last round, so that no round allocates.
    private var lastTouched: [Connection] = []
    /// Connections that keep memory for records between their turns.
    private var bufferHolders = 0
    /// Beyond these they let go of it after each turn, so that many slow clients cost no more.
    private static let bufferHoldersMax = 256
    private var isListenerPaused = false
    private var handshakes: TokenBucket
    private var nextShortageWarning: UInt64 = 0
    private static let shortageWarningNanoseconds: UInt64 = 10_000_000_000
    private var answer = ByteWriter()
    /// The JSON request that was worked on last.
    private var jsonUnderWay: ScoreJob?
    var jobs = JobQueue()
    /// Bytes of requests and answers in memory, of all connections.
    var bytesInFlight = 0

    /// Binds; to be called on the worker's own thread.
    init(index: Int, binding address: SocketAddress, state: ServerState, log: Logger) throws(SystemError) {
        self.state = state
        self.log = log
        requestLog = RequestLog(log, state.logging)
        telemetry = state.telemetry[index]
        limits = state.limits
        handshakes = TokenBucket(state.limits.handshakes)
        loop = try EventLoop()
        models = state.models.reader(index)
        certificates = state.certificates.reader(index)
        policies = state.policies.reader(index)
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
                policies.goOffline()
            }
            let count = try loop.wait(atMost: jobs.isEmpty && touched.isEmpty ? nil : 0)
            models.turn()
            certificates.turn()
            policies.turn()
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
            telemetry.stages.record(.turn, nanoseconds: MonotonicClock.now() - loop.now)
            if try isDone() { return }
        }
    }

    /// Notes that a connection may have something to write, or may be over.
    func touch(_ connection: Connection) {
        guard !connection.isTouched else { return }
        connection.isTouched = true
        touched.append(connection)
    }

    // MARK: Streams

    /// Streams that are over, to be used again with the memory they have.
    private var unusedStreams: [ScoreStream] = []
    private var unusedStreamBytes = 0
    private static let unusedStreamsMax = 256
    private static let unusedStreamBytesMax = 32 << 20

    /// A stream, used before if possible.
    func makeStream(_ id: Int32, isJSON: Bool, now: UInt64) -> ScoreStream {
        guard let stream = unusedStreams.popLast() else {
            return ScoreStream(id: id, isJSON: isJSON, now: now, progressBytes: limits.progressBytes)
        }
        unusedStreamBytes -= stream.assembler.capacity
        stream.begin(id, isJSON: isJSON, now: now)
        return stream
    }

    /// Takes a stream back that no connection knows any more.
    func recycle(_ stream: ScoreStream) {
        stream.end()
        guard unusedStreams.count < Self.unusedStreamsMax else { return }
        if unusedStreamBytes + stream.assembler.capacity > Self.unusedStreamBytesMax { _ = stream.assembler.discard() }
        unusedStreamBytes += stream.assembler.capacity
        unusedStreams.append(stream)
    }

    // MARK: Connections

    private func accept() throws(SystemError) {
        for _ in 0..<Self.acceptsMax {
            guard handshakes.takeIfThere(1, now: loop.now) else {
                telemetry.counts.add(.handshakesDelayed)
                return try pauseListener(for: Self.handshakePauseNanoseconds)
            }
            do throws(SystemError) {
                guard let socket = try listener?.accept() else { return handshakes.giveBack(1) }
                telemetry.counts.add(.connectionsAccepted)
                open(socket)
            } catch  where error.isShortage {
                handshakes.giveBack(1)
                telemetry.counts.add(.acceptPauses)
                warnOfShortage(error)
                return try pauseListener(for: Self.acceptPauseNanoseconds)
            }
        }
    }

    /// Says now and then that descriptors are short; the counter tells how often.
    private func warnOfShortage(_ error: SystemError) {
        guard loop.now >= nextShortageWarning else { return }
        nextShortageWarning = loop.now + Self.shortageWarningNanoseconds
        log.warning("accept pauses: no descriptors left", metadata: ["error": "\(error)"])
    }

    /// Leaves new connections in the kernel for a while.
    private func pauseListener(for nanoseconds: UInt64) throws(SystemError) {
        try listener?.pause(in: loop)
        isListenerPaused = true
        _ = loop.deadlines.schedule(at: loop.now + nanoseconds, token: Self.listenerToken)
    }

    private func open(_ socket: consuming TCPSocket) {
        let address = ConnectionLedger.AddressKey(socket.peer)
        do throws(ConnectionLedger.Refusal) {
            try state.ledger.enter(address)
        } catch {
            telemetry.counts.add(error == .tooMany ? .refusedTotal : .refusedAddress)
            telemetry.counts.add(.connectionsClosed)
            return
        }
        let token = nextToken
        nextToken += 1
        let context = certificates.retainCurrent().value
        do {
            let connection = try Connection(
                socket: socket,
                address: address,
                token: token,
                context: context,
                worker: self
            )
            connections[token] = connection
        } catch {
            state.ledger.leave(address, identity: nil)
            telemetry.counts.add(.connectionsClosed)
            log.debug("connection not opened", metadata: ["error": "\(error)"])
        }
    }

    /// Whether one more connection may keep memory for records.
    func takeBufferRoom() -> Bool {
        guard bufferHolders < Self.bufferHoldersMax else { return false }
        bufferHolders += 1
        return true
    }

    /// Takes it back.
    func giveBufferRoomBack() { bufferHolders -= 1 }

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
        swap(&touched, &lastTouched)
        for index in lastTouched.indices {
            let connection = lastTouched[index]
            connection.isTouched = false
            connection.flush()
            if connection.isOver { close(connection) }
        }
        lastTouched.removeAll(keepingCapacity: true)
    }

    private func close(_ connection: Connection) {
        guard connections.removeValue(forKey: connection.token) != nil else { return }
        connection.abandon()
        if connection.holdsBuffers { bufferHolders -= 1 }
        jobs.forget(connection.token)
        state.ledger.leave(connection.address, identity: connection.enteredIdentity)
        loop.deadlines.cancel(connection.deadline)
        telemetry.counts.add(.connectionsClosed)
    }

    /// Whether the server drains and nothing is left, or what is left has to go.
    private func isDone() throws(SystemError) -> Bool {
        guard state.isDraining.load(ordering: .acquiring) else { return false }
        if listener != nil {
            // Connections that wait in the kernel would be cut off with it, requests on them unanswered.
            for _ in 0..<Self.waitingMax {
                guard let socket = try? listener?.accept() else { break }
                telemetry.counts.add(.connectionsAccepted)
                open(socket)
            }
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
            guard !job.isJSON || job.failure != nil || hasTurnForJSON(job) else {
                jobs.append(job)
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

    /// Whether a JSON request may be worked on.
    ///
    /// One at a time is, from its first byte to its answer: what it is taken apart into is many times its size, and counts
    /// as no memory in flight.
    private func hasTurnForJSON(_ job: ScoreJob) -> Bool {
        if let other = jsonUnderWay, other !== job, other.isJSONUnderWay { return false }
        jsonUnderWay = job
        return true
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
                let limits = limits
                if job.isJSON {
                    let translated = models.withCurrent { publication -> Result<Bool, JSONFailure> in
                        Result { () throws(JSONFailure) in
                            try job.translate(until: sliceEnd, publication, limits: limits)
                        }
                    }
                    switch translated {
                    case .success(true): break
                    case .success(false): return nil
                    case .failure(let failure): return Outcome(failure: .json(failure))
                    }
                }
                jobs.equip(job)
                let failure = models.withCurrent { publication -> ScoreFailure? in
                    do throws(WireError) {
                        try job.begin(publication, limits: limits.wire, telemetry: telemetry)
                    } catch {
                        return job.json == nil ? .wire(error) : .json(JSONFailure(error))
                    }
                    return nil
                }
                if let failure { return Outcome(failure: failure) }
                try connection.admit(job)
                try connection.reserveWork(of: job, stream)
            }
            return try job.advance(until: sliceEnd, workspace: workspace) ? Outcome() : nil
        } catch {
            return Outcome(failure: job.json == nil ? .wire(error) : .json(JSONFailure(error)))
        }
    }
}
