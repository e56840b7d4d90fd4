internal import HTTP2Transport
internal import Logging

/// A worker's lines about requests: who, what model, how many leads, how long; nothing of a lead.
///
/// Whatever clients do, there are so many lines a second at most; the rest is counted.
struct RequestLog {
    private let log: Logger
    private let slowNanoseconds: UInt64
    private let oneIn: Int
    private var budget = TokenBucket(HTTP2Limits.Rate(burst: 200, perSecond: 100))
    private var sinceSample = 0
    private var suppressed = 0

    init(_ log: Logger, _ logging: RequestLogging) {
        self.log = log
        slowNanoseconds = logging.slowerThan.nanoseconds
        oneIn = logging.oneIn
    }

    /// Whether a request is worth a line; the line follows with ``write(_:now:)``.
    mutating func wants(nanoseconds: UInt64, hasFailed: Bool) -> Bool {
        if hasFailed || nanoseconds > slowNanoseconds { return true }
        guard oneIn > 0 else { return false }
        sinceSample += 1
        guard sinceSample >= oneIn else { return false }
        sinceSample = 0
        return true
    }

    /// Writes a line, if there may be one.
    mutating func write(_ metadata: Logger.Metadata, now: UInt64) {
        guard budget.takeIfThere(1, now: now) else {
            suppressed += 1
            return
        }
        var metadata = metadata
        if suppressed > 0 {
            metadata["lines-left-out"] = "\(suppressed)"
            suppressed = 0
        }
        log.info("request", metadata: metadata)
    }
}
