internal import HTTP2Transport
internal import LeadClient
internal import LeadWire
internal import Reactor
internal import Synchronization
internal import TLSTransport

/// A run of a plan: threads that send, and the one that waits for them.
public struct LoadRun {
    /// What a run brought.
    public struct Outcome: Sendable {
        /// All threads' figures.
        public var figures: LoadFigures
        /// Second by second, the warm-up with negative numbers.
        public var seconds: [LoadSecond]
        /// How long was measured.
        public var measuredSeconds: Double
        /// Whether somebody ended it early.
        public var wasInterrupted: Bool
        /// What was published meanwhile.
        public var reloads: [LoadReload] = []

        /// An outcome.
        public init(figures: LoadFigures, seconds: [LoadSecond], measuredSeconds: Double, wasInterrupted: Bool = false)
        {
            self.figures = figures
            self.seconds = seconds
            self.measuredSeconds = measuredSeconds
            self.wasInterrupted = wasInterrupted
        }
    }

    private static let lookNanoseconds: UInt64 = 20_000_000
    /// How long answers are waited for when a run is ended early.
    private static let patienceNanoseconds: UInt64 = 1_000_000_000

    private let plan: LoadPlan
    private let interruption: LoadInterruption?
    private let shared = LoadShared()
    private var open: [Int: (parts: Int, figures: SecondFigures)] = [:]
    private var seconds: [LoadSecond] = []

    private init(_ plan: LoadPlan, _ interruption: LoadInterruption?) {
        self.plan = plan
        self.interruption = interruption
    }

    /// Carries out a plan and waits for its end.
    ///
    /// - Parameters:
    ///   - plan: What to do.
    ///   - interruption: Ends it early when a signal comes.
    ///   - onSecond: Called for each second that is over.
    /// - Returns: What was measured.
    /// - Throws: ``LoadError`` when the server cannot be reached, `TLSError` for certificate files that cannot be used.
    public static func run(
        _ plan: LoadPlan,
        interruption: LoadInterruption? = nil,
        onSecond: (LoadSecond) -> Void = { _ in }
    ) throws -> Outcome {
        precondition(plan.connections >= plan.threads && plan.threads > 0, "a connection for each thread")
        var run = LoadRun(plan, interruption)
        let endpoint = try ServerEndpoint(plan.server)
        let target = LoadTarget(
            addresses: try SocketAddress.resolve(endpoint.authority),
            serverName: endpoint.host,
            context: try TLSContext(client: plan.tls),
            head: HTTP2RequestHead(
                method: "POST",
                path: WireFormat.scorePath,
                authority: endpoint.authority,
                contentType: WireFormat.contentType
            ),
            verifies: plan.verifies
        )
        var wasInterrupted = false
        try run.withThreads(0, target) { run in wasInterrupted = try run.wait(onSecond) }
        if let failure = run.shared.failure {
            throw LoadError("cannot use \(endpoint.authority): \(failure)")
        }
        run.gather(onSecond, isLast: true)
        let start = run.shared.start.load(ordering: .relaxed)
        let opening = start + UInt64(plan.warmupSeconds * 1e9)
        let end = run.shared.end.load(ordering: .relaxed)
        let measured = start > 0 && end > opening ? Double(end - opening) / 1e9 : 0
        var outcome = Outcome(
            figures: run.shared.figures,
            seconds: run.seconds.filter { Double($0.second) < measured },
            measuredSeconds: measured,
            wasInterrupted: wasInterrupted
        )
        outcome.reloads = run.shared.reloads
        return outcome
    }

    /// Starts the threads from this part on, does the body, and joins them.
    private mutating func withThreads(_ part: Int, _ target: LoadTarget, _ body: (inout LoadRun) throws -> Void) throws
    {
        guard part < plan.threads else { return try withReloads(body) }
        let (plan, shared) = (plan, shared)
        let thread = try WorkerThread(name: "load-\(part)") {
            do {
                try LoadWorker(plan, target, shared, part: part).run()
            } catch {
                shared.fail(error)
            }
        }
        let result = Result { try withThreads(part + 1, target, body) }
        if case .failure = result { shared.end.store(0, ordering: .relaxed) }
        thread.join()
        try result.get()
    }

    /// Does the body while versions are published, if they are to be.
    private mutating func withReloads(_ body: (inout LoadRun) throws -> Void) throws {
        guard let reload = plan.reload else { return try body(&self) }
        let (shared, warmupSeconds) = (shared, plan.warmupSeconds)
        let thread = try WorkerThread(name: "load-reload") { reload.run(shared, warmupSeconds: warmupSeconds) }
        let result = Result { try body(&self) }
        if case .failure = result { shared.end.store(0, ordering: .relaxed) }
        thread.join()
        try result.get()
    }

    /// Says when to begin, and waits until the last request was to be sent; tells whether it was ended early.
    private mutating func wait(_ onSecond: (LoadSecond) -> Void) throws -> Bool {
        let loop = try EventLoop(eventsMax: 1)
        while shared.ready.load(ordering: .relaxed) < plan.threads {
            if shared.failure != nil || interruption?.isRequested == true {
                shared.end.store(0, ordering: .relaxed)
                return true
            }
            _ = try loop.wait(atMost: 2_000_000)
        }
        let start = MonotonicClock.now() + 5_000_000
        let end = start + UInt64((plan.warmupSeconds + plan.durationSeconds) * 1e9)
        shared.end.store(end, ordering: .relaxed)
        shared.start.store(start, ordering: .releasing)
        while true {
            let now = MonotonicClock.now()
            if interruption?.isRequested == true || shared.failure != nil {
                shared.drainEnd.store(now + Self.patienceNanoseconds, ordering: .relaxed)
                shared.end.store(min(end, now), ordering: .relaxed)
                return now < end
            }
            guard now < end else { return false }
            _ = try loop.wait(atMost: min(Self.lookNanoseconds, end - now))
            gather(onSecond, isLast: false)
        }
    }

    /// Puts together what threads have told of seconds; one is whole when all have.
    private mutating func gather(_ onSecond: (LoadSecond) -> Void, isLast: Bool) {
        for part in shared.takeSeconds() {
            var sum = open[part.second] ?? (0, SecondFigures(second: part.second))
            sum.parts += 1
            sum.figures += part
            open[part.second] = sum
        }
        for second in open.keys.sorted() {
            guard let sum = open[second], isLast || sum.parts == plan.threads else { break }
            open[second] = nil
            seconds.append(LoadSecond(sum.figures))
            if !isLast { onSecond(LoadSecond(sum.figures)) }
        }
    }
}

/// Ctrl-C and its kin, for runs that tell what they have measured before they go.
public final class LoadInterruption: Sendable {
    private let source: Mutex<SignalSource>
    private let hasCome = Atomic(false)

    /// Blocks SIGINT, SIGTERM and SIGHUP from here on; to be made before threads are.
    ///
    /// - Throws: What stands in the way of it.
    public init() throws {
        try SignalSource.blockInAllThreads()
        source = Mutex(try SignalSource())
    }

    /// Whether a signal has come.
    public var isRequested: Bool {
        if hasCome.load(ordering: .relaxed) { return true }
        guard (try? source.withLock({ try $0.next() })) != nil else { return false }
        hasCome.store(true, ordering: .relaxed)
        return true
    }
}
