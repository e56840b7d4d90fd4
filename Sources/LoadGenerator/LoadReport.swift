/// What a load test measured, under which circumstances: the JSON of `leadline bench load --json`.
public struct LoadReport: Codable, Sendable, Equatable {
    /// What was asked for; reports are comparable if this is alike.
    public struct Setup: Codable, Sendable, Equatable {
        /// The server's address.
        public var server: String
        /// The model's name.
        public var model: String
        /// Its version when the test began.
        public var modelVersion: String
        /// Its schema's fingerprint, 16 hexadecimal digits.
        public var fingerprint: String
        /// Where the leads came from.
        public var leads: String
        /// Requests a second that were to be sent; nil in a closed loop.
        public var rate: Double?
        /// How they follow each other; nil in a closed loop.
        public var arrivals: ArrivalPattern?
        /// Requests always on their way; nil in an open loop.
        public var inFlight: Int?
        /// Settles arrivals, mix and made-up leads.
        public var seed: UInt64
        /// Which batches, and how often each.
        public var mix: BatchMix
        /// Connections.
        public var connections: Int
        /// Threads of the generator.
        public var threads: Int
        /// Seconds before measuring.
        public var warmupSeconds: Double
        /// Seconds to be measured.
        public var durationSeconds: Double
        /// How long an answer was of use.
        public var deadlineMilliseconds: Double?
        /// Whether answers were decoded to the last row.
        public var verifies: Bool
        /// How often versions were published meanwhile; nil if they were not.
        public var reloadEverySeconds: Double?

        /// The setup of a plan for a model's leads.
        public init(_ plan: LoadPlan, leads: LoadLeads, modelVersion: String, origin: String) {
            server = plan.server
            model = leads.model
            self.modelVersion = modelVersion
            let digits = String(leads.fingerprint, radix: 16)
            fingerprint = String(repeating: "0", count: 16 - digits.count) + digits
            self.leads = origin
            switch plan.pace {
            case .open(let rate, let arrivals): (self.rate, self.arrivals) = (rate, arrivals)
            case .closed(let inFlight): self.inFlight = inFlight
            }
            seed = plan.seed
            mix = plan.mix
            connections = plan.connections
            threads = plan.threads
            warmupSeconds = plan.warmupSeconds
            durationSeconds = plan.durationSeconds
            deadlineMilliseconds = plan.deadlineNanoseconds.map { Double($0) / 1e6 }
            verifies = plan.verifies
            reloadEverySeconds = plan.reload?.everySeconds
        }
    }

    /// A histogram in short.
    public struct Latencies: Codable, Sendable, Equatable {
        /// How many there are.
        public var count: UInt64
        /// The mean.
        public var meanMilliseconds: Double
        /// Half are not longer.
        public var p50Milliseconds: Double
        /// 90 % are not longer.
        public var p90Milliseconds: Double
        /// 99 % are not longer.
        public var p99Milliseconds: Double
        /// 99.9 % are not longer.
        public var p999Milliseconds: Double
        /// The longest.
        public var maxMilliseconds: Double

        init(_ histogram: LatencyHistogram) {
            func milliseconds(_ percent: Double) -> Double { Double(histogram.percentile(percent)) / 1e6 }
            count = histogram.count
            meanMilliseconds = histogram.mean / 1e6
            p50Milliseconds = milliseconds(50)
            p90Milliseconds = milliseconds(90)
            p99Milliseconds = milliseconds(99)
            p999Milliseconds = milliseconds(99.9)
            maxMilliseconds = Double(histogram.max) / 1e6
        }
    }

    /// A rate that a search tried.
    public struct Step: Codable, Sendable, Equatable {
        /// Requests a second that were to be sent.
        public var rate: Double
        /// Whether it held.
        public var held: Bool
        /// Why it did not.
        public var reasons: [String]
        /// Whether that may be the generator's doing.
        public var isDoubtful: Bool

        /// A step of a search.
        public init(rate: Double, held: Bool, reasons: [String], isDoubtful: Bool) {
            (self.rate, self.held, self.reasons, self.isDoubtful) = (rate, held, reasons, isDoubtful)
        }
    }

    /// When it began, UTC.
    public var started: String
    /// The machine.
    public var environment: LoadEnvironment
    /// What was asked for.
    public var setup: Setup
    /// How long was measured.
    public var measuredSeconds: Double
    /// Whether it was ended early.
    public var wasInterrupted: Bool
    /// Requests a second that were to be sent.
    public var offeredRate: Double
    /// Requests a second that were well answered.
    public var achievedRate: Double
    /// Leads a second in good answers.
    public var leadsPerSecond: Double
    /// Leads a second in good answers within the deadline.
    public var goodLeadsPerSecond: Double
    /// From the time a request was to be sent.
    public var latency: Latencies
    /// From the time it was sent.
    public var service: Latencies
    /// How late the generator sent.
    public var lateness: Latencies
    /// Requests that were to be sent.
    public var intended: UInt64
    /// Those that waited for room on a connection.
    public var heldBack: UInt64
    /// Good answers after the deadline.
    public var missedDeadlines: UInt64
    /// Leads without a score in good answers, where they are decoded.
    public var unscoredLeads: UInt64
    /// Requests without a good answer.
    public var failed: UInt64
    /// The same by kind.
    public var errors: [String: UInt64]
    /// Connections that could not be made or were lost.
    public var connectionFailures: UInt64
    /// Bytes on the network, TLS and HTTP/2 included.
    public var bytesPerLeadSent: Double
    /// The same for answers.
    public var bytesPerLeadReceived: Double
    /// Processor time of the generator's busiest thread, as a part of the measured time.
    public var busiestThread: Double
    /// Why the figures cannot be trusted; empty if they can.
    public var doubts: [String]
    /// What latencies were to be, if anything was said.
    public var goal: String?
    /// Which of the goal's bounds were not held.
    public var goalMissed: [String]
    /// The rates that a search tried, if there was one; the figures are those of the largest that held.
    public var search: [Step]?
    /// What was published meanwhile.
    public var reloads: [LoadReload]
    /// Second by second.
    public var seconds: [LoadSecond]
    /// Percentiles of ``latency``, as fine as HdrHistogram's text form.
    public var latencyCurve: [PercentilePoint]
    /// Percentiles of ``service``.
    public var serviceCurve: [PercentilePoint]

    /// The report of a run.
    public init(
        _ outcome: LoadRun.Outcome,
        setup: Setup,
        goal: LatencyGoal?,
        environment: LoadEnvironment,
        started: String
    ) {
        let figures = outcome.figures
        func rate(_ count: UInt64) -> Double {
            outcome.measuredSeconds > 0 ? Double(count) / outcome.measuredSeconds : 0
        }
        self.started = started
        self.environment = environment
        self.setup = setup
        measuredSeconds = outcome.measuredSeconds
        wasInterrupted = outcome.wasInterrupted
        offeredRate = rate(figures.intended)
        achievedRate = rate(figures.answered)
        leadsPerSecond = rate(figures.rows)
        goodLeadsPerSecond = rate(figures.usefulRows)
        latency = Latencies(figures.latency)
        service = Latencies(figures.service)
        lateness = Latencies(figures.lateness)
        intended = figures.intended
        heldBack = figures.heldBack
        missedDeadlines = figures.missedDeadlines
        unscoredLeads = figures.unscoredRows
        failed = figures.failed
        errors = figures.errors
        connectionFailures = figures.connectionFailures
        bytesPerLeadSent = figures.rowsSent > 0 ? Double(figures.bytesSent) / Double(figures.rowsSent) : 0
        bytesPerLeadReceived =
            figures.rowsReceived > 0 ? Double(figures.bytesReceived) / Double(figures.rowsReceived) : 0
        busiestThread = figures.busiestThread
        doubts = Self.doubts(figures, isOpen: setup.rate != nil)
        self.goal = goal?.description
        goalMissed = goal?.missed(by: figures.latency).map(\.text) ?? []
        reloads = outcome.reloads
        seconds = outcome.seconds
        latencyCurve = figures.latency.curve
        serviceCurve = figures.service.curve
    }

    /// A thread that had so great a part of the time on a processor is what was measured.
    public static let busiestThreadMax = 0.9
    /// The generator may be so late at p99, or a tenth of the p99 of latencies where that is more.
    public static let latenessMax: UInt64 = 100_000

    /// Why figures cannot be trusted.
    static func doubts(_ figures: LoadFigures, isOpen: Bool) -> [String] {
        var doubts: [String] = []
        if figures.busiestThread > busiestThreadMax {
            let percent = Int((figures.busiestThread * 100).rounded())
            doubts.append(
                "a thread of the generator was busy for \(percent) % of the time: its own speed was measured; "
                    + "give it more --threads and --connections, or another machine"
            )
        }
        let lateness = figures.lateness.percentile(99)
        if isOpen, lateness > max(latenessMax, figures.latency.percentile(99) / 10) {
            doubts.append(
                "the generator sent one request in a hundred \(Double(lateness / 1_000) / 1_000) ms late or more, which is part of the "
                    + "latencies; give it a processor of its own, more --threads, or a lower rate"
            )
        }
        return doubts
    }

    /// Whether no request at all was well answered.
    public var nothingWorked: Bool { latency.count == 0 || service.count == 0 }
}
