internal import HTTP2Transport
internal import SnapshotExchange
internal import Telemetry

/// What each worker counts; raw values are cells of its block.
enum WorkerCount: Int, CaseIterable, Sendable {
    case connectionsAccepted, connectionsClosed, handshakesFailed, handshakesDone, handshakesResumed, handshakesDelayed
    case refusedTotal, refusedAddress, refusedIdentity, connectionsRetired
    case timeoutsHandshake, timeoutsIdle, timeoutsHead, timeoutsMessage, timeoutsProgress, acceptPauses
    case streams, streamsReset, streamsRefused
    case messages, jsonRequests, rows, rowsLate
    case bytesRead, bytesWritten, bytesInFlight, keyUpdateFloods
    case turns, slicesYielded
    case deniedRole, deniedModel, deniedRows, deniedBytes, queueRefusals
    case status2xx, status4xx, status5xx
}

/// The stages of a request's walk, each with a histogram.
enum Stage: Int, CaseIterable, Sendable {
    case read, open, receive, decode, prepare, score, encode, seal, write, total, turn

    var label: String { String(describing: self) }
}

/// What one worker counts and measures; written by its thread alone, read by anyone.
final class WorkerTelemetry: Sendable {
    let counts = Counters<WorkerCount>()
    let stages = Histograms<Stage>()
    /// Errors by the code on the wire; codes end well below 128.
    let errors = Counters<ErrorCell>()
    /// Connections ended on the client's account, by the rule of HTTP/2 that it broke or exhausted.
    let violations = Counters<ViolationCell>()

    /// Counts a response by the class of its status.
    func count(status: Int) {
        counts.add(status < 400 ? .status2xx : status < 500 ? .status4xx : .status5xx)
    }

}

/// A cell for each way to break HTTP/2.
struct ViolationCell: RawRepresentable, CaseIterable, Sendable {
    let rawValue: Int
    init(rawValue: Int) { self.rawValue = rawValue }

    init(_ violation: HTTP2Violation) {
        rawValue = HTTP2Violation.allCases.firstIndex(of: violation) ?? 0
    }

    static let allCases = HTTP2Violation.allCases.map { ViolationCell($0) }
    var violation: HTTP2Violation { HTTP2Violation.allCases[rawValue] }
}

/// A cell for each error code there may be.
struct ErrorCell: RawRepresentable, CaseIterable, Sendable {
    let rawValue: Int
    init(rawValue: Int) { self.rawValue = rawValue }
    /// JSON requests that are refused before there is a message.
    static let json = ErrorCell(rawValue: 127)
    static let allCases = (0..<128).map { ErrorCell(rawValue: $0) }
}
