internal import ByteKit
internal import LeadClient
internal import Reactor
internal import Synchronization

/// One thread of a load test: its epoll loop, its connections, its part of the requests, and what came of them.
final class LoadWorker {
    private static let second: UInt64 = 1_000_000_000
    /// How often timeouts and connections are looked at.
    private static let careNanoseconds: UInt64 = 10_000_000
    private static let readyNanoseconds: UInt64 = 10_000_000_000
    /// How many requests are sent before answers are looked at.
    private static let burstMax = 64

    private let plan: LoadPlan
    private let shared: LoadShared
    private let loop: EventLoop
    private let connections: [LoadConnection]
    private var nextConnection = 0
    private var schedule: ArrivalSchedule?
    /// Requests that are to be on their way in a closed loop.
    private let inFlightWanted: Int
    private var inFlight = 0
    private var random: SeededRandom
    private var cursors: [Int]

    private var start: UInt64 = 0
    /// When measuring begins.
    private var opening: UInt64 = 0
    private var end: UInt64 = .max
    private var nextArrival: UInt64 = 0
    /// When there was last no room for a request that was due.
    private var lastFull: UInt64 = 0
    private var nextCare: UInt64 = 0
    private var processorTimeBefore: UInt64?
    private var figures = LoadFigures()
    private var slice = SecondFigures(second: 0)

    /// A thread's part of a plan.
    init(_ plan: LoadPlan, _ target: LoadTarget, _ shared: LoadShared, part: Int) throws {
        self.plan = plan
        self.shared = shared
        let loop = try EventLoop()
        self.loop = loop
        let count = share(of: plan.connections, part, plan.threads)
        connections = (0..<count).map { LoadConnection(target, loop, token: UInt64($0)) }
        random = SeededRandom(seed: plan.seed ^ 0x6D69_7865_6420_7570 &+ UInt64(part))
        // Threads begin with different messages, and with different ones of each size.
        cursors = plan.messages.map { part % $0.count }
        switch plan.pace {
        case .open(let rate, let arrivals):
            schedule = ArrivalSchedule(arrivals, rate: rate, seed: plan.seed, part: part, of: plan.threads)
            inFlightWanted = 0
        case .closed(let inFlight): inFlightWanted = share(of: inFlight, part, plan.threads)
        }
    }

    /// The body of the thread.
    func run() throws {
        WorkerThread.sleepPrecisely()
        try connectAll()
        shared.ready.add(1, ordering: .relaxed)
        while true {
            let (now, start) = (MonotonicClock.now(), shared.start.load(ordering: .acquiring))
            if start > 0, now >= start { break }
            guard shared.end.load(ordering: .relaxed) > now else { return }
            flush()
            try turn(atMost: start > 0 ? start - now : 1_000_000)
        }
        begin()
        while true {
            let now = MonotonicClock.now()
            end = shared.end.load(ordering: .relaxed)
            guard now < end else { break }
            look(now)
            sendDue(now)
            flush()
            try turn(atMost: sleep(now))
        }
        try finish()
    }

    private func connectAll() throws {
        let began = MonotonicClock.now()
        while !connections.allSatisfy(\.isReady) {
            let now = MonotonicClock.now()
            // While getting ready, the first failure tells what is wrong.
            if let failure = connections.lazy.compactMap(\.failure).first { throw failure }
            guard now < began + Self.readyNanoseconds else {
                throw LoadError("the server did not answer on all connections within 10 s; try fewer --connections")
            }
            guard shared.end.load(ordering: .relaxed) > now, shared.failure == nil else { return }
            for connection in connections { connection.connectIfDue(now, take) }
            flush()
            try turn(atMost: 5_000_000)
        }
    }

    private func begin() {
        start = shared.start.load(ordering: .acquiring)
        opening = start + UInt64(plan.warmupSeconds * 1e9)
        slice.second = secondOf(start)
        nextArrival = start + (schedule?.next() ?? 0)
        for connection in connections { connection.forgetBytes() }
    }

    /// The second, counted from the beginning of the measured time, that a time falls into.
    private func secondOf(_ time: UInt64) -> Int {
        let nanoseconds = Int(time) - Int(opening)
        return nanoseconds >= 0
            ? nanoseconds / Int(Self.second) : -((Int(Self.second) - 1 - nanoseconds) / Int(Self.second))
    }

    /// Looks at what goes by time.
    private func look(_ now: UInt64) {
        if processorTimeBefore == nil, now >= opening { processorTimeBefore = WorkerThread.processorTime() }
        while secondOf(now) > slice.second { postSlice() }
        guard now >= nextCare else { return }
        nextCare = now + Self.careNanoseconds
        for connection in connections {
            if now > plan.timeoutNanoseconds {
                connection.giveUp(sentBefore: now - plan.timeoutNanoseconds, now, take)
            }
            connection.connectIfDue(now, take)
        }
    }

    private func postSlice() {
        slice.inFlight = inFlight
        shared.post(slice)
        slice = SecondFigures(second: slice.second + 1)
    }

    private func sendDue(_ now: UInt64) {
        if schedule == nil {
            while inFlight < inFlightWanted, send(intended: now, now) {}
            return
        }
        var sent = 0
        while nextArrival <= now, nextArrival < end, sent < Self.burstMax {
            guard send(intended: nextArrival, now) else {
                lastFull = now
                // A request that found no room for as long as an answer may take is given up.
                guard now - nextArrival > plan.timeoutNanoseconds else { return }
                missArrival(now)
                continue
            }
            advance()
            sent += 1
        }
    }

    private func advance() { nextArrival = start + (schedule?.next() ?? 0) }

    /// Counts a request that was not sent.
    private func missArrival(_ now: UInt64) {
        if nextArrival >= opening {
            figures.intended += 1
            figures.heldBack += 1
        }
        slice.failed += 1
        fail(LoadErrorKind.notSent, intended: nextArrival, waited: now - nextArrival)
        advance()
    }

    /// Sends a request over the next connection that has room; false when none has.
    private func send(intended: UInt64, _ now: UInt64) -> Bool {
        for step in 0..<connections.count {
            let index = (nextConnection + step) % connections.count
            guard connections[index].inFlight < inFlightMax(index), connections[index].hasRoom else { continue }
            let part = plan.mix.parts.count == 1 ? 0 : plan.mix.part(at: random.uniform())
            let message = plan.messages[part][cursors[part]]
            guard connections[index].send(message, intended: intended, now: now) else { continue }
            cursors[part] = (cursors[part] + 1) % plan.messages[part].count
            nextConnection = (index + 1) % connections.count
            inFlight += 1
            figures.noteSent(
                rows: message.rows,
                lateness: intended <= lastFull ? nil : now - intended,
                isMeasured: intended >= opening
            )
            return true
        }
        return false
    }

    /// In a closed loop each connection keeps its share, so that a request follows the answer on the same one.
    private func inFlightMax(_ index: Int) -> Int {
        schedule == nil ? share(of: inFlightWanted, index, connections.count) : .max
    }

    private func flush() {
        for connection in connections where connection.needsFlush { connection.flush(take) }
    }

    /// Takes what comes; the next ``flush()`` sends what that calls for, in one with further requests.
    private func turn(atMost nanoseconds: UInt64) throws {
        let count = try loop.wait(atMost: nanoseconds)
        for index in 0..<count {
            let event = loop.event(at: index)
            let place = Int(event.token & 0xFFFF_FFFF)
            if connections[place].owns(event) { connections[place].take(event, take) }
        }
    }

    /// How long nothing is to be done by time.
    private func sleep(_ now: UInt64) -> UInt64 {
        var next = min(end, nextCare)
        // With no room, the next answer ends the sleep.
        if schedule != nil, lastFull != now { next = min(next, nextArrival) }
        let time = MonotonicClock.now()
        return next > time ? next - time : 0
    }

    /// Takes a request that is over.
    private func take(_ exchange: LoadExchange, _ outcome: LoadExchange.Outcome, _ time: UInt64) {
        inFlight -= 1
        let whole = time - min(time, exchange.intended)
        switch outcome {
        case .failed(let kind):
            slice.failed += 1
            fail(kind, intended: exchange.intended, waited: whole)
        case .answered(let unscoredRows):
            let answer = LoadAnswer(
                rows: UInt64(exchange.rows),
                unscoredRows: UInt64(unscoredRows),
                latency: whole,
                service: time - min(time, exchange.sent),
                isLate: plan.deadlineNanoseconds.map { whole > $0 } ?? false,
                isMeasured: exchange.intended >= opening,
                isInMeasuredTime: time >= opening && time < end
            )
            figures.note(answer)
            if time < end { slice.note(answer) }
        }
    }

    private func fail(_ kind: String, intended: UInt64, waited: UInt64) {
        guard intended >= opening else { return }
        figures.errors[kind, default: 0] += 1
        // Whoever was never answered has waited at least so long; a refusal is an answer and no latency of one.
        let isUnanswered = [LoadErrorKind.timeout, LoadErrorKind.connectionLost, LoadErrorKind.notSent].contains(kind)
        if isUnanswered { figures.latency.record(waited) }
    }

    /// Waits for what is on its way, gives up the rest, and tells.
    private func finish() throws {
        let used = WorkerThread.processorTime() - (processorTimeBefore ?? WorkerThread.processorTime())
        if end > opening { figures.busiestThread = Double(used) / Double(end - opening) }
        // What became due since the last turn still goes out, if there is room.
        while schedule != nil, nextArrival < end {
            if lastFull < end { sendDue(end) }
            if lastFull == end, nextArrival < end { missArrival(end) }
        }
        // What comes from here on belongs to no second that was measured.
        postSlice()
        let patience = end + plan.timeoutNanoseconds
        while inFlight > 0, MonotonicClock.now() < min(patience, shared.drainEnd.load(ordering: .relaxed)) {
            look(MonotonicClock.now())
            flush()
            try turn(atMost: Self.careNanoseconds)
        }
        let now = MonotonicClock.now()
        for connection in connections {
            connection.giveUp(sentBefore: .max, now, take)
            figures.connectionFailures += connection.failures
            figures.bytesSent &+= UInt64(max(0, connection.bytes.sent))
            figures.bytesReceived &+= UInt64(max(0, connection.bytes.received))
            connection.close()
        }
        postSlice()
        shared.post(figures)
    }
}

/// A part's share of a number that is dealt out as evenly as it goes.
func share(of number: Int, _ part: Int, _ parts: Int) -> Int {
    number / parts + (part < number % parts ? 1 : 0)
}
