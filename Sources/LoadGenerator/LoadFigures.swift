/// What came of requests.
public struct LoadFigures: Sendable, Equatable {
    /// From the time a request was to be sent to its last byte, of those well answered; of those never answered, as long as
    /// they had waited when they were given up.
    public var latency = LatencyHistogram()
    /// From the time a request was sent to its last byte, of those well answered.
    public var service = LatencyHistogram()
    /// How much later than intended requests were sent, of those for which a connection had room.
    public var lateness = LatencyHistogram()
    /// Requests that were to be sent in the measured time.
    public var intended: UInt64 = 0
    /// Those of them that had to wait for room on a connection.
    public var heldBack: UInt64 = 0
    /// Requests well answered within the measured time, whenever they were sent.
    public var answered: UInt64 = 0
    /// Leads in those answers.
    public var rows: UInt64 = 0
    /// Leads in those answers that came within the deadline.
    public var usefulRows: UInt64 = 0
    /// Good answers that came after the deadline, of requests of the measured time.
    public var missedDeadlines: UInt64 = 0
    /// Leads without a score in good answers, where answers are decoded.
    public var unscoredRows: UInt64 = 0
    /// Failures of requests of the measured time, by kind.
    public var errors: [String: UInt64] = [:]
    /// Connections that could not be made or were lost, the whole run long.
    public var connectionFailures: UInt64 = 0
    /// Leads sent, the whole run long.
    public var rowsSent: UInt64 = 0
    /// Leads in good answers, the whole run long.
    public var rowsReceived: UInt64 = 0
    /// Bytes given to sockets and taken from them after the handshakes, the whole run long.
    public var bytesSent: UInt64 = 0, bytesReceived: UInt64 = 0
    /// Processor time of the busiest thread, as a part of the measured time.
    public var busiestThread = 0.0

    /// Nothing yet.
    public init() {}

    /// Requests of the measured time without a good answer.
    public var failed: UInt64 { errors.values.reduce(0, &+) }

    /// Counts a request that is sent.
    ///
    /// - Parameters:
    ///   - rows: Leads in it.
    ///   - lateness: How late it is, if there was room for it all the while.
    ///   - isMeasured: Whether it was to be sent in the measured time.
    mutating func noteSent(rows: Int, lateness: UInt64?, isMeasured: Bool) {
        rowsSent &+= UInt64(rows)
        guard isMeasured else { return }
        intended &+= 1
        if let lateness { self.lateness.record(lateness) } else { heldBack &+= 1 }
    }

    /// Counts a good answer.
    mutating func note(_ answer: LoadAnswer) {
        rowsReceived &+= answer.rows
        if answer.isInMeasuredTime {
            answered &+= 1
            rows &+= answer.rows
            if !answer.isLate { usefulRows &+= answer.rows &- answer.unscoredRows }
        }
        guard answer.isMeasured else { return }
        latency.record(answer.latency)
        service.record(answer.service)
        unscoredRows &+= answer.unscoredRows
        if answer.isLate { missedDeadlines &+= 1 }
    }

    /// Adds another thread's.
    public static func += (left: inout Self, right: Self) {
        left.latency += right.latency
        left.service += right.service
        left.lateness += right.lateness
        left.intended += right.intended
        left.heldBack += right.heldBack
        left.answered += right.answered
        left.rows += right.rows
        left.usefulRows += right.usefulRows
        left.missedDeadlines += right.missedDeadlines
        left.unscoredRows += right.unscoredRows
        left.errors.merge(right.errors, uniquingKeysWith: &+)
        left.connectionFailures += right.connectionFailures
        left.rowsSent += right.rowsSent
        left.rowsReceived += right.rowsReceived
        left.bytesSent += right.bytesSent
        left.bytesReceived += right.bytesReceived
        left.busiestThread = max(left.busiestThread, right.busiestThread)
    }
}

/// A good answer.
struct LoadAnswer {
    let rows: UInt64, unscoredRows: UInt64
    /// From the time its request was to be sent, and from when it was.
    let latency: UInt64, service: UInt64
    /// Whether the deadline had passed.
    let isLate: Bool
    /// Whether its request was to be sent in the measured time, and whether it came in it.
    let isMeasured: Bool, isInMeasuredTime: Bool
}

/// What a second brought, by the time at which answers came.
struct SecondFigures: Sendable {
    /// Seconds from the beginning of the measured time; below 0 while warming up.
    var second: Int
    var answered: UInt64 = 0
    var rows: UInt64 = 0
    var failed: UInt64 = 0
    var inFlight = 0
    var latency = LatencyHistogram()

    mutating func note(_ answer: LoadAnswer) {
        answered &+= 1
        rows &+= answer.rows
        latency.record(answer.latency)
    }

    static func += (left: inout Self, right: Self) {
        left.answered += right.answered
        left.rows += right.rows
        left.failed += right.failed
        left.inFlight += right.inFlight
        left.latency += right.latency
    }
}

/// A second of a run.
public struct LoadSecond: Codable, Sendable, Equatable {
    /// Seconds from the beginning of the measured time; below 0 while warming up.
    public var second: Int
    /// Good answers in it.
    public var answered: UInt64
    /// Leads in those answers.
    public var leads: UInt64
    /// Failures in it.
    public var failed: UInt64
    /// Requests on their way at its end.
    public var inFlight: Int
    /// Latencies of its good answers.
    public var p50Milliseconds: Double
    /// One in a hundred took longer.
    public var p99Milliseconds: Double
    /// The longest.
    public var maxMilliseconds: Double

    init(_ figures: SecondFigures) {
        second = figures.second
        answered = figures.answered
        leads = figures.rows
        failed = figures.failed
        inFlight = figures.inFlight
        p50Milliseconds = Double(figures.latency.percentile(50)) / 1e6
        p99Milliseconds = Double(figures.latency.percentile(99)) / 1e6
        maxMilliseconds = Double(figures.latency.max) / 1e6
    }
}
