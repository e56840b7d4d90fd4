internal import SnapshotExchange
internal import Telemetry

/// What each worker counts; raw values are cells of its block.
enum WorkerCount: Int, CaseIterable, Sendable {
    case connectionsAccepted, connectionsClosed, connectionsRefused, handshakesFailed, handshakesDone
    case timeoutsHandshake, timeoutsIdle, timeoutsProgress, acceptPauses
    case streams, streamsReset
    case messages, jsonRequests, rows, rowsLate
    case bytesRead, bytesWritten, bytesInFlight, violations
    case turns, slicesYielded
    case status2xx, status4xx, status5xx
}

/// The stages of a request's walk, each with a histogram.
enum Stage: Int, CaseIterable, Sendable {
    case read, open, receive, decode, prepare, score, encode, seal, write, total

    var label: String { String(describing: self) }
}

/// What one worker counts and measures; written by its thread alone, read by anyone.
final class WorkerTelemetry: Sendable {
    let counts = Counters<WorkerCount>()
    let stages = Histograms<Stage>()
    /// Errors by the code on the wire; codes end well below 128.
    let errors = Counters<ErrorCell>()

    /// Counts a response by the class of its status.
    func count(status: Int) {
        counts.add(status < 400 ? .status2xx : status < 500 ? .status4xx : .status5xx)
    }

}

/// A cell for each error code there may be.
struct ErrorCell: RawRepresentable, CaseIterable, Sendable {
    let rawValue: Int
    init(rawValue: Int) { self.rawValue = rawValue }
    /// JSON requests that are refused before there is a message.
    static let json = ErrorCell(rawValue: 127)
    static let allCases = (0..<128).map { ErrorCell(rawValue: $0) }
}
