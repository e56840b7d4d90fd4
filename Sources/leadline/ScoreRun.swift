internal import Foundation
internal import LeadTypes
internal import LeadWire

/// What leads are encoded for.
struct ScoreTarget: Sendable {
    var model: String
    var version: String
    var schema: LeadSchema
    var tiers: [String]
    var missingTokens: [String]
    /// How text writes the dates of a column, by the column's name.
    var dateForms: [String: String]
    var idColumn: String?
    /// The most rows that a message may have.
    var rowsMax: Int
}

/// Answers messages: a model in this process, or a server.
protocol MessageScorer: Sendable {
    /// How many messages may be on their way at once.
    var messagesInFlightMax: Int { get }

    /// The reply to a message, and how long it took in nanoseconds.
    func score(_ message: [UInt8]) async throws -> (reply: ScoreReply, nanoseconds: UInt64)
}

/// Leads as columns of numbers, cut into messages.
struct BatchSource: Sendable {
    let target: ScoreTarget
    let columns: [[Double]]
    let rows: Int
    let rowsPerBatch: Int
    let asOfDays: Double

    var batchCount: Int { (rows + rowsPerBatch - 1) / rowsPerBatch }

    func rows(ofBatch batch: Int) -> Range<Int> {
        batch * rowsPerBatch..<min(rows, (batch + 1) * rowsPerBatch)
    }

    /// The message of a batch; the same whether a server or this process answers it.
    func message(_ batch: Int) throws -> [UInt8] {
        let part = rows(ofBatch: batch)
        var encoder = try ScoreRequestEncoder(
            requestID: UInt64(batch) + 1,
            model: target.model,
            fingerprint: target.schema.fingerprint,
            rows: part.count,
            columnCount: columns.count,
            asOfDays: asOfDays
        )
        for column in columns { encoder.add(column.span.extracting(part)) }
        return try encoder.finish()
    }
}

/// The server put another version of the model into service while leads were being scored.
struct VersionChanged: Error {
    var from: String
    var to: String
}

/// Sends all batches, keeps so many on their way at once, and gathers the replies in order.
func scoreAll(
    _ source: BatchSource,
    with scorer: some MessageScorer,
    into output: inout ScoreOutput
) async throws -> ScoreFigures {
    let started = ContinuousClock.now
    var progress = ProgressLine("Scoring")
    var waiting: [Int: ScoreReply] = [:]
    var nanoseconds: [UInt64] = []
    var next = 0
    try await withThrowingTaskGroup(of: (Int, ScoreReply, UInt64).self) { group in
        var started = 0
        func start() {
            guard started < source.batchCount else { return }
            let batch = started
            started += 1
            group.addTask {
                do {
                    let message = try source.message(batch)
                    let answer = try await scorer.score(message)
                    let rows = source.rows(ofBatch: batch).count
                    guard answer.reply.rows == rows, answer.reply.outputs == .all else {
                        throw Failure("the server answered \(answer.reply.rows) rows instead of \(rows)")
                    }
                    guard answer.reply.version == source.target.version else {
                        throw VersionChanged(from: source.target.version, to: answer.reply.version)
                    }
                    return (batch, answer.reply, answer.nanoseconds)
                } catch let error as WireError where error.code == .schemaMismatch {
                    throw VersionChanged(from: source.target.version, to: "a version with another schema")
                } catch let error as WireError {
                    let rows = source.rows(ofBatch: batch)
                    throw Failure("leads \(rows.lowerBound + 1) to \(rows.upperBound) were refused: \(error)")
                }
            }
        }
        for _ in 0..<scorer.messagesInFlightMax { start() }
        while let (batch, reply, time) = try await group.next() {
            start()
            nanoseconds.append(time)
            waiting[batch] = reply
            while let ready = waiting.removeValue(forKey: next) {
                output.append(ready)
                next += 1
            }
            progress.update(output.rows, of: source.rows)
        }
    }
    progress.finish()
    return ScoreFigures(
        leads: source.rows,
        rowsPerBatch: source.rowsPerBatch,
        elapsed: ContinuousClock.now - started,
        nanoseconds: nanoseconds
    )
}

/// How fast a run was.
struct ScoreFigures: Encodable {
    var leads: Int
    var batch: Int
    var batches: Int
    var seconds: Double
    var leadsPerSecond: Double
    var p50Milliseconds: Double
    var p99Milliseconds: Double

    init(leads: Int, rowsPerBatch: Int, elapsed: Duration, nanoseconds: [UInt64]) {
        let sorted = nanoseconds.sorted()
        /// The smallest time that so great a share of the batches did not exceed.
        func percentile(_ share: Double) -> Double {
            guard !sorted.isEmpty else { return 0 }
            let index = max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)
            return Double(sorted[index]) / 1e6
        }
        let (whole, fraction) = elapsed.components
        self.leads = leads
        batch = rowsPerBatch
        batches = sorted.count
        seconds = Double(whole) + Double(fraction) / 1e18
        leadsPerSecond = seconds > 0 ? (Double(leads) / seconds).rounded() : 0
        p50Milliseconds = percentile(0.5)
        p99Milliseconds = percentile(0.99)
    }

    /// One line for people.
    var sentence: String {
        func milliseconds(_ number: Double) -> String { String(format: "%.3f ms", number) }
        let each =
            batches == 1
            ? "one batch: \(milliseconds(p50Milliseconds))"
            : "\(grouped(batches)) batches of \(grouped(batch)): p50 \(milliseconds(p50Milliseconds)), "
                + "p99 \(milliseconds(p99Milliseconds))"
        return "\(grouped(leads)) leads in \(String(format: "%.3f", seconds)) s, "
            + "\(grouped(Int(leadsPerSecond))) leads/s; \(each)\n"
    }
}
