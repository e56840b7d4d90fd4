internal import ByteKit
internal import HTTP2Transport
internal import LeadWire
internal import Logging
internal import Reactor
internal import SnapshotExchange
internal import TLSTransport
internal import Telemetry

/// One connection of a worker: socket, TLS and HTTP/2, and the streams on it.
///
///     read:   socket ─▶ ciphertext ─▶ TLS ─▶ plaintext ─▶ HTTP/2 ─▶ streams ─▶ jobs
///     flush:  answers ─▶ HTTP/2 ─▶ outgoing ─▶ TLS ─▶ socket, one send a turn
///
/// Nothing here waits, and nothing outlives the turn but what the queues hold.
final class Connection {
    /// Bytes read from the socket in one turn; the next connection has its turn then.
    private static let readBudgetBytes = 256 << 10
    /// Outgoing plaintext sealed in one turn.
    private static let writeTargetBytes = 256 << 10
    /// A client that leaves more of an answer unread gets no credit for further requests on that stream.
    private static let unreadAnswerBytesMax = 1 << 20
    /// How long, and how much, a client whose connection was ended may go on sending before the socket is closed.
    private static let lingerNanoseconds: UInt64 = 500_000_000
    private static let lingerBytesMax = 4 << 20
    /// Between the two GOAWAYs, when the client does not answer the ping.
    private static let drainNoticeNanoseconds: UInt64 = 1_000_000_000

    /// Header fields that are looked at, besides those that every request has.
    private static let keptFields = ["traceparent"]

    let token: UInt64
    /// What the ledger counts it under.
    let address: ConnectionLedger.AddressKey
    /// Who the client is by its certificate.
    private(set) var identity: String?
    /// The identity, once the ledger counts the connection under it.
    private(set) var enteredIdentity: String?
    /// What the client may do, by the policy of this epoch.
    private(set) var grant: AccessGrant?
    private var grantEpoch: UInt64 = 0
    private(set) var deadline: DeadlineQueue.Handle
    /// Whether the worker will flush it in this turn.
    var isTouched = false
    /// The socket has refused bytes; the loop tells when it takes them again.
    private var isWriteBlocked = false
    /// Nothing more is to be done; the worker lets go of it.
    private(set) var isOver = false

    unowned let worker: Worker
    private let socket: TCPSocket
    private var tls: TLSSession
    let http: HTTP2ServerSession
    private var ciphertext: ByteQueue
    private var plaintext: ByteQueue
    private var outgoing: ByteQueue
    var streams = StreamTable<ScoreStream>()
    /// Bytes of requests and answers in memory, of all streams.
    var bytesInFlight = 0
    /// Those among them that are answers which the client has not taken.
    var answerBytes = 0
    private var isOpen = false
    private var isDraining = false
    /// TLS has failed or said good-bye: what is sealed is sent, and that is all.
    private var isClosing = false
    /// The client's SETTINGS have come, and requests may.
    private var hasBegun = false
    private var keyUpdates: TokenBucket
    private var lateMessagesSeen = 0
    private var requestCount = 0
    private var hasCountedViolation = false
    /// When the deadline is met.
    private var wakeTime: UInt64
    /// All is said; what still comes is dropped.
    private var isLingering = false
    private var lingeredBytes = 0
    private var lastActivity: UInt64
    /// Whether memory for records is kept between turns.
    private(set) var holdsBuffers = false
    /// Without requests for so long, a connection rests.
    private static let restNanoseconds: UInt64 = 1_000_000_000
    private var lastWrite: UInt64
    /// What TCP sends at first after a pause, before anything is acknowledged (RFC 6928 section 2, RFC 5681 section 4.1).
    private static let firstWindowBytes = 14_600
    private var sealedSinceRest = 0

    init(
        socket: consuming TCPSocket,
        address: ConnectionLedger.AddressKey,
        token: UInt64,
        context: TLSContext,
        worker: Worker
    ) throws {
        let now = worker.loop.now
        self.token = token
        self.address = address
        self.worker = worker
        tls = try TLSSession(accepting: context, pool: worker.pool)
        http = HTTP2ServerSession(limits: worker.limits.http2, keptFields: Self.keptFields, pool: worker.pool)
        keyUpdates = TokenBucket(worker.limits.keyUpdates)
        ciphertext = ByteQueue(pool: worker.pool)
        plaintext = ByteQueue(pool: worker.pool)
        outgoing = ByteQueue(pool: worker.pool)
        self.socket = socket
        lastActivity = now
        lastWrite = now
        wakeTime = now + worker.limits.handshakeTimeout.nanoseconds
        deadline = worker.loop.deadlines.schedule(at: wakeTime, token: token)
        try self.socket.register(with: worker.loop, token: token)
    }

    /// Whether TLS is not agreed on yet: what the client says next may cost a signature.
    var isShakingHands: Bool { !isOpen && !isClosing }

    private var telemetry: WorkerTelemetry { worker.telemetry }

    // MARK: In

    /// Reads what there is, up to the turn's budget, and takes it in.
    func read() {
        if isLingering, !isOver { return drop() }
        guard !isOver, !isClosing else {
            isOver = true
            return
        }
        let start = MonotonicClock.now()
        do {
            switch try socket.read(into: &ciphertext, atMost: Self.readBudgetBytes) {
            case .wouldBlock: return
            case .endOfStream:
                isOver = true
                return
            case .bytes(let count): telemetry.counts.add(.bytesRead, count)
            }
        } catch {
            isOver = true
            return
        }
        let opened = MonotonicClock.now()
        telemetry.stages.record(.read, nanoseconds: opened - start)
        takeIn(since: opened)
    }

    private func takeIn(since start: UInt64) {
        var time = start
        do {
            var mayHaveMore = true
            while mayHaveMore {
                mayHaveMore = try tls.open(from: &ciphertext, into: &plaintext, atMost: Self.readBudgetBytes)
                let opened = MonotonicClock.now()
                if !isOpen, tls.state == .open { becomeOpen() }
                if !plaintext.isEmpty {
                    telemetry.stages.record(.open, nanoseconds: opened - time)
                    http.receive(plaintext.bytes, now: opened)
                    handleEvents(now: opened)
                    plaintext.removeAll()
                    time = MonotonicClock.now()
                    telemetry.stages.record(.receive, nanoseconds: time - opened)
                }
            }
        } catch {
            if !isOpen { telemetry.counts.add(.handshakesFailed) }
            worker.log.debug("tls", metadata: ["error": "\(error)"])
            isClosing = true
            return
        }
        if tls.state == .peerClosed { isClosing = true }
        if isOpen { lookForFloods() }
    }

    /// The handshake is done; a request may have come with its last message, and must find who the client is.
    private func becomeOpen() {
        isOpen = true
        telemetry.counts.add(.handshakesDone)
        if tls.isResumed { telemetry.counts.add(.handshakesResumed) }
        enterIdentity()
        if isDraining { http.beginDrain() }
    }

    /// Counts the connection under its client's identity, if it has one.
    private func enterIdentity() {
        identity = tls.peerIdentity?.name
        guard let identity else { return }
        do throws(ConnectionLedger.Refusal) {
            try worker.state.ledger.enter(identity: identity)
            enteredIdentity = identity
        } catch {
            telemetry.counts.add(.refusedIdentity)
            http.terminate(.enhanceYourCalm)
        }
    }

    /// What the client may do by the policy in force; looked up again when that is another one.
    func currentGrant() -> AccessGrant {
        worker.policies.withCurrent { publication in
            if let grant, grantEpoch == publication.epoch { return grant }
            let grant = publication.value.grant(for: identity)
            self.grant?.count(-bytesInFlight)
            grant.count(bytesInFlight)
            self.grant = grant
            grantEpoch = publication.epoch
            return grant
        }
    }

    /// Notes that bytes have come into memory, or gone, in the identity's quota.
    func countInGrant(_ bytes: Int) { grant?.count(bytes) }

    /// Ends a connection whose client goes beyond what OpenSSL and nghttp2 bear without end.
    private func lookForFloods() {
        let late = tls.lateHandshakeMessages
        if late > lateMessagesSeen {
            let areTooMany = !keyUpdates.take(Double(late - lateMessagesSeen), now: worker.loop.now)
            lateMessagesSeen = late
            if areTooMany {
                telemetry.counts.add(.keyUpdateFloods)
                isClosing = true
            }
        }
        noteViolation()
        if let began = http.headBegan {
            let end = began + worker.limits.headTimeout.nanoseconds
            if end < wakeTime { schedule(at: end) }
        }
    }

    /// Counts how the client broke HTTP/2, if it did, once.
    private func noteViolation() {
        guard !hasCountedViolation, let violation = http.violation else { return }
        hasCountedViolation = true
        telemetry.violations.add(ViolationCell(violation))
        worker.log.info("connection ended", metadata: ["violation": "\(violation)"])
    }

    private func handleEvents(now: UInt64) {
        while let event = http.nextEvent() {
            switch event.kind {
            case .head:
                lastActivity = now
                telemetry.counts.add(.streams)
                requestCount += 1
                if requestCount == worker.limits.requestsPerConnectionMax { retire() }
                begin(event.stream, http.head(of: event), now: now)
            case .body:
                if let stream = streams[event.stream] {
                    stream.received(event.range.count, now: now)
                    take(event.bytes(in: plaintext.bytes), of: stream, now: now)
                } else {
                    http.consume(event.stream, event.range.count)
                }
            case .end:
                if let stream = streams[event.stream] { endRequest(of: stream) }
            case .closed:
                lastActivity = now
                if event.errorCode != .noError { telemetry.counts.add(.streamsReset) }
                if let stream = streams.removeValue(forKey: event.stream) { forget(stream) }
            case .settings:
                guard !hasBegun else { break }
                hasBegun = true
                lastActivity = now
                let first = min(worker.limits.progressTimeout, worker.limits.idleTimeout).nanoseconds
                schedule(at: now + min(first, Self.restNanoseconds))
            case .goAway: break
            }
        }
    }

    // MARK: Out

    /// The loop says that the socket takes bytes again.
    func unblock() { isWriteBlocked = false }

    /// Seals what there is to send, and sends once.
    func flush() {
        defer { countAnswers() }
        defer { keepBuffers() }
        guard !isOver, !isWriteBlocked, !isLingering else { return }
        do {
            if isOpen, !isClosing { try seal() }
            guard tls.outgoingCount > 0 else { return finishIfDone() }
            let start = MonotonicClock.now()
            let transfer = try tls.withOutgoing { queue throws(SystemError) in try socket.write(from: &queue) }
            telemetry.stages.record(.write, nanoseconds: MonotonicClock.now() - start)
            if case .bytes(let count) = transfer {
                telemetry.counts.add(.bytesWritten, count)
                lastWrite = start
            }
            if tls.outgoingCount > 0 {
                isWriteBlocked = true
                try setInterest([.readable, .writable])
            } else {
                try setInterest(.readable)
                if http.hasOutput, !isClosing { worker.touch(self) }
                finishIfDone()
            }
        } catch {
            isOver = true
        }
    }

    /// Keeps memory for records until the connection rests, if there is room for that.
    private func keepBuffers() {
        guard !holdsBuffers, !isOver else { return }
        holdsBuffers = worker.takeBufferRoom()
        if !holdsBuffers { tls.releaseBuffers() }
    }

    private var interest: Interest = .readable

    private func setInterest(_ wanted: Interest) throws(SystemError) {
        guard interest != wanted else { return }
        try socket.update(in: worker.loop, token: token, interest: wanted)
        interest = wanted
    }

    private func seal() throws {
        http.pull(into: &outgoing, upTo: Self.writeTargetBytes)
        telemetry.counts.add(.streamsRefused, http.takeRefusedStreamCount())
        // A breach that the library finds is known when it says GOAWAY.
        noteViolation()
        handleEvents(now: worker.loop.now)
        creditReaders()
        guard !outgoing.isEmpty else { return }
        let start = MonotonicClock.now()
        // A path that was silent takes only so much at first: small records are of use as they come, large ones cost less.
        if start >= lastWrite + Self.restNanoseconds { sealedSinceRest = 0 }
        let smallBytes = max(0, Self.firstWindowBytes - sealedSinceRest)
        sealedSinceRest += min(outgoing.count, Self.firstWindowBytes)
        try tls.seal(from: &outgoing, smallBytes: smallBytes)
        telemetry.stages.record(.seal, nanoseconds: MonotonicClock.now() - start)
    }

    private func finishIfDone() {
        if isClosing {
            isOver = true
        } else if isOpen, http.isFinished, outgoing.isEmpty {
            tls.close()
            isClosing = true
            // The good-bye goes out on a best-effort basis.
            _ = try? tls.withOutgoing { queue throws(SystemError) in try socket.write(from: &queue) }
            linger()
        }
    }

    /// Says that no more comes, and drops what the client still sends for a while: closing a socket with unread bytes resets it, and
    /// a reset takes the good-bye away that is on its way.
    private func linger() {
        guard http.violation != nil else {
            isOver = true
            return
        }
        socket.finishWriting()
        isLingering = true
        schedule(at: worker.loop.now + Self.lingerNanoseconds)
    }

    /// Drops what came; the end of it, or too much, is the end.
    private func drop() {
        let transfer = try? socket.read(into: &ciphertext, atMost: Self.readBudgetBytes)
        ciphertext.removeAll()
        switch transfer {
        case .wouldBlock?: break
        case .bytes(let count)?:
            lingeredBytes += count
            isOver = lingeredBytes > Self.lingerBytesMax
        case .endOfStream?, nil: isOver = true
        }
    }

    /// Gives credit to streams whose client has begun to read again.
    private func creditReaders() {
        guard isHoldingBack else { return }
        isHoldingBack = false
        for stream in streams.values {
            scoreNext(of: stream)
            credit(stream)
        }
    }

    private var isHoldingBack = false

    /// Lets the stream's next message have its turn, unless one is being scored or the client does not read.
    ///
    /// A request of a few hundred bytes may have an answer of a megabyte: without this, a window full of them would
    /// fill the memory with answers that nobody takes.
    func scoreNext(of stream: ScoreStream) {
        guard !stream.isScoring, !stream.waiting.isEmpty else { return }
        guard http.unsentBody(stream.id) < Self.unreadAnswerBytesMax else {
            isHoldingBack = true
            return
        }
        stream.isScoring = true
        worker.jobs.append(stream.waiting.removeFirst())
    }

    /// Credits what a stream's client may send again, unless messages wait or the client does not read.
    func credit(_ stream: ScoreStream) {
        guard stream.uncredited > 0, stream.waiting.isEmpty else { return }
        guard http.unsentBody(stream.id) < Self.unreadAnswerBytesMax else {
            isHoldingBack = true
            return
        }
        http.consume(stream.id, stream.uncredited)
        stream.uncredited = 0
    }

    // MARK: Time

    /// The connection's deadline is met: ends what is too slow, and sets the next one.
    func deadlineMet() {
        let now = worker.loop.now
        let limits = worker.limits
        if isLingering {
            isOver = true
            return
        }
        guard hasBegun else {
            telemetry.counts.add(.timeoutsHandshake)
            isOver = true
            return
        }
        if isDraining { http.finishDrain() }
        let progress = limits.progressTimeout.nanoseconds
        if isWriteBlocked, now >= lastWrite + progress {
            telemetry.counts.add(.timeoutsProgress)
            isOver = true
            return
        }
        var next = now + progress
        if let began = http.headBegan {
            let end = began + limits.headTimeout.nanoseconds
            if now >= end {
                telemetry.counts.add(.timeoutsHead)
                http.terminate(.enhanceYourCalm)
            } else {
                next = min(next, end)
            }
        }
        if holdsBuffers {
            let restEnd = lastActivity + Self.restNanoseconds
            if streams.isEmpty, now >= restEnd {
                tls.releaseBuffers()
                worker.giveBufferRoomBack()
                holdsBuffers = false
            } else {
                next = min(next, now < restEnd ? restEnd : now + Self.restNanoseconds)
            }
        }
        // A head that never ends is no stream of ours, and keeps no connection alive.
        if streams.isEmpty {
            let idleEnd = lastActivity + limits.idleTimeout.nanoseconds
            if now >= idleEnd {
                telemetry.counts.add(.timeoutsIdle)
                http.terminate(.noError)
            } else {
                next = min(next, idleEnd)
            }
        }
        for stream in streams.values {
            if let began = stream.messageBegan {
                let end = began + limits.messageTimeout.nanoseconds
                if now >= end {
                    telemetry.counts.add(.timeoutsMessage)
                    http.reset(stream.id, .cancel)
                    continue
                }
                next = min(next, end)
            }
            let unread = http.unsentBody(stream.id)
            stream.looked(atUnread: unread, now: now)
            // An answered stream is still there when its request has not ended.
            guard stream.waitsForClient || unread > 0 || stream.hasResponseEnded else { continue }
            if now >= stream.lastProgress + progress {
                telemetry.counts.add(.timeoutsProgress)
                http.reset(stream.id, unread == 0 && stream.hasResponseEnded ? .noError : .cancel)
            } else {
                next = min(next, stream.lastProgress + progress)
            }
        }
        schedule(at: next)
    }

    private func schedule(at time: UInt64) {
        worker.loop.deadlines.cancel(deadline)
        wakeTime = time
        deadline = worker.loop.deadlines.schedule(at: time, token: token)
    }

    /// The connection has served long enough: a new one may find a worker with less to do.
    private func retire() {
        telemetry.counts.add(.connectionsRetired)
        drain()
    }

    /// Begins to drain: the client shall open no more streams; those there are go on.
    ///
    /// A client that is still shaking hands may have sent a request behind its last message, and gets a second for it.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        if isOpen { http.beginDrain() }
        schedule(at: worker.loop.now + Self.drainNoticeNanoseconds)
    }

    /// Lets go of everything; the connection is gone after.
    func abandon() {
        for stream in streams.values { forget(stream) }
        streams.removeAll()
        count(-answerBytes)
        answerBytes = 0
    }
}

extension Duration {
    /// Whole nanoseconds; 0 for negative ones.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return seconds < 0 ? 0 : UInt64(seconds) &* 1_000_000_000 &+ UInt64(attoseconds / 1_000_000_000)
    }
}
