internal import ByteKit
internal import LeadScoring
internal import LeadTypes
internal import LeadWire
internal import Reactor
internal import SnapshotExchange
internal import Telemetry

/// Why a request gets no scores, in the form it was made in.
enum ScoreFailure: Error {
    case wire(WireError)
    case json(JSONFailure)

    /// The stable word for it.
    var codeName: String {
        switch self {
        case .wire(let error): error.code.name
        case .json(let error): error.code
        }
    }

    var httpStatus: Int {
        switch self {
        case .wire(let error): error.httpStatus
        case .json(let error): error.status
        }
    }
}

/// One message on its way from bytes to answer; reused from message to message, so that the steady state allocates
/// nothing.
///
/// `begin` reads and checks the message against one publication, `advance` scores row blocks until its slice of time is
/// over, `writeAnswer` appends the reply. All rows are scored by the model that `begin` found: the job counts a reference
/// to it, because a long batch goes on in later turns, whatever is published meanwhile.
final class ScoreJob {
    /// Rows between two looks at the clock: some 100 µs with a model of a few hundred trees.
    static let blockRows = 1_024

    /// The message; the job owns its storage.
    var message = ByteWriter()
    /// When the message's header had arrived, in nanoseconds of the monotonic clock.
    var arrival: UInt64 = 0
    /// The JSON body that the message is to be made from; the answer is JSON then.
    var json: [UInt8]?
    /// The stream that waits for the answer.
    var connection: UInt64 = 0
    var stream: Int32 = 0

    /// What it was thought to take when it came whole.
    var estimatedNanoseconds = 0.0
    /// The JSON body between its bytes and the message.
    private var translation: JSONTranslation?
    /// Whether the message was made from JSON.
    private var isTranslated = false
    private var jsonAnswer: JSONAnswer?
    /// Whether it has more memory than its bytes count as, for being JSON.
    var isJSONUnderWay: Bool { translation != nil || isTranslated }
    /// Whether it came as JSON.
    var isJSON: Bool { json != nil }
    /// Bytes of the message, or of the JSON that it is made from.
    var byteCount: Int { json?.count ?? message.count }
    /// What it has taken so far.
    var workedNanoseconds: UInt64 {
        translationNanoseconds + beginningNanoseconds + preparationNanoseconds + scoringNanoseconds + answerNanoseconds
    }
    private var beginningNanoseconds: UInt64 = 0
    /// Time spent on turning JSON into the message, and results into JSON.
    private var translationNanoseconds: UInt64 = 0
    private var answerNanoseconds: UInt64 = 0

    /// Why there is nothing to score; told when the message's turn comes.
    private(set) var failure: WireError?
    /// What the job counts as in memory: its bytes, itself, and once it has begun what its rows take.
    var reservedBytes = 0
    /// What a job takes besides its bytes.
    static let overheadBytes = 1_024
    /// What a row takes while it is scored: results, and the answer they become.
    private static let rowBytes = 32
    /// Rows whose results a job may have room for while it has not begun.
    static let rowsKeptMax = 4_096
    /// What beginning took: the rows, and the message that JSON became.
    var workingBytes: Int {
        let strings = request.columns.reduce(0) { $0 + $1.dictionaryCount }
        return request.rows * Self.rowBytes + 4 * strings + (json == nil ? 0 : message.count)
    }
    /// Time spent in `advance`, but for preparation.
    private var scoringNanoseconds: UInt64 = 0
    /// Time spent on turning columns into features.
    private var preparationNanoseconds: UInt64 = 0
    /// Whether `begin` has succeeded.
    private(set) var hasBegun = false
    /// The counted reference that outlives the turn.
    private var model: LeadModel?
    private var epoch: UInt64 = 0
    private var request = ScoreRequest()
    /// The results so far.
    var columns = ScoreColumns()
    private var asOfDays = Double.nan
    private var deadline = UInt64.max
    private var nextRow = 0
    private var isLate = false

    /// The request's id, as far as it is known.
    private(set) var requestID: UInt64 = 0
    /// The model that scores it, once it has begun.
    var modelName: String { model?.name ?? "" }
    /// The rows of the message.
    var rows: Int { request.rows }

    /// The request's id, before the message is read; 0 for JSON.
    func peekRequestID() -> UInt64 {
        guard json == nil, message.count >= WireFormat.headerBytes else { return 0 }
        let bytes = message.bytes
        return bytes.rawBytes.integer(at: 16)
    }

    /// Makes it a job that answers with an error when its turn comes.
    func fail(_ error: WireError, requestID: UInt64) {
        failure = error
        self.requestID = requestID
    }

    /// Makes the message from the JSON body, a slice at a time.
    ///
    /// - Parameters:
    ///   - sliceEnd: when to come back.
    ///   - publication: the turn's.
    ///   - limits: what is accepted.
    /// - Returns: whether the message is there.
    /// - Throws: what is wrong with the body.
    func translate(
        until sliceEnd: UInt64,
        _ publication: Publication<ModelDirectory>,
        limits: ServerLimits
    ) throws(JSONFailure) -> Bool {
        guard let json, !isTranslated else { return true }
        let start = MonotonicClock.now()
        defer { translationNanoseconds += MonotonicClock.now() - start }
        if translation == nil { translation = JSONTranslation(json) }
        guard let bytes = try translation?.advance(until: sliceEnd, publication, limits: limits) else { return false }
        message.removeAll()
        message.put(contentsOf: bytes.rawBytes)
        model = translation?.model
        epoch = translation?.epoch ?? 0
        translation = nil
        isTranslated = true
        return true
    }

    /// Reads the message and finds its model.
    /// - Parameters:
    ///   - publication: the turn's.
    ///   - limits: what is accepted.
    ///   - telemetry: takes the time.
    /// - Throws: why there will be no scores.
    func begin(
        _ publication: Publication<ModelDirectory>,
        limits: WireLimits,
        telemetry: WorkerTelemetry
    ) throws(WireError) {
        let start = MonotonicClock.now()
        let bytes = message.bytes
        requestID = bytes.rawBytes.integer(at: 16)
        try request.decode(bytes.rawBytes, limits: limits)
        // A body in JSON was translated for a model's schema, and that model scores it.
        if !isTranslated {
            model = try publication.value.model(for: request, message: bytes.rawBytes)
            epoch = publication.epoch
        }
        try model?.check(request)
        asOfDays = request.asOfDays.isNaN ? WallClock.days() : request.asOfDays
        deadline =
            request.deadlineMicroseconds == 0
            ? .max : arrival + UInt64(request.deadlineMicroseconds) * 1_000
        columns.reset(rows: request.rows)
        hasBegun = true
        beginningNanoseconds = MonotonicClock.now() - start
        telemetry.stages.record(.decode, nanoseconds: beginningNanoseconds)
    }

    /// Scores rows until all are done, the deadline has passed, or the slice is over.
    /// - Parameters:
    ///   - sliceEnd: when to come back; at least one block is scored before.
    ///   - workspace: the thread's.
    /// - Returns: whether the work is done.
    /// - Throws: `deadlineExceeded` when it passed before the first row.
    func advance(until sliceEnd: UInt64, workspace: ScoringWorkspace) throws(WireError) -> Bool {
        guard let model else { return true }
        if isLate || nextRow == request.rows { return writeJSON(model, until: sliceEnd) }
        let start = MonotonicClock.now()
        guard nextRow > 0 || start < deadline else {
            throw WireError(.deadlineExceeded, "the deadline passed before the first row was scored")
        }
        let now = score(model, from: start, until: sliceEnd, workspace)
        let preparation = min(workspace.takePreparationNanoseconds(), now - start)
        preparationNanoseconds += preparation
        scoringNanoseconds += now - start - preparation
        isLate = nextRow < request.rows && now >= deadline
        guard isLate || nextRow == request.rows else { return false }
        return writeJSON(model, until: sliceEnd)
    }

    /// Writes the answer, if it is JSON, and comes back when the slice is over, but not before some leads are written.
    /// - Returns: whether the answer is whole.
    private func writeJSON(_ model: LeadModel, until sliceEnd: UInt64) -> Bool {
        guard isJSON else { return true }
        let start = MonotonicClock.now()
        defer { answerNanoseconds += MonotonicClock.now() - start }
        if jsonAnswer == nil { jsonAnswer = JSONAnswer(model, epoch: epoch) }
        repeat {
            if jsonAnswer?.advance(rows: request.rows, columns, model) ?? true { return true }
        } while MonotonicClock.now() < sliceEnd
        return false
    }

    /// Scores blocks of rows until one of the ends is reached; returns the time.
    private func score(
        _ model: LeadModel,
        from start: UInt64,
        until sliceEnd: UInt64,
        _ workspace: ScoringWorkspace
    ) -> UInt64 {
        let bytes = message.bytes
        let rowCount = request.rows
        var now = start
        repeat {
            let end = min(nextRow + Self.blockRows, rowCount)
            model.score(
                request,
                message: bytes.rawBytes,
                rows: nextRow..<end,
                asOfDays: asOfDays,
                workspace: workspace,
                into: &columns
            )
            nextRow = end
            now = MonotonicClock.now()
        } while nextRow < rowCount && now < min(sliceEnd, deadline)
        return now
    }

    /// Appends the answer.
    func writeAnswer(into writer: inout ByteWriter) {
        guard let model else { return }
        if isJSON {
            jsonAnswer?.write(to: &writer)
            return
        }
        let columns = columns
        ScoreReplyEncoder.encode(
            into: &writer,
            requestID: requestID,
            model: model.name,
            version: model.version,
            epoch: epoch,
            fingerprint: model.schema.fingerprint,
            rows: request.rows,
            outputs: request.outputs,
            margins: columns.margins.span,
            probabilities: columns.probabilities.span,
            scores: columns.scores.span,
            tiers: columns.tiers.span,
            statuses: columns.statuses.span,
            timings: request.outputs.contains(.timings) ? timings() : nil,
            flags: request.hasBodyChecksum ? .bodyChecksum : []
        )
    }

    /// How long it took until now.
    private func timings() -> ScoreTimings {
        func microseconds(_ nanoseconds: UInt64) -> UInt32 { UInt32(clamping: nanoseconds / 1_000) }
        let total = MonotonicClock.now() - arrival
        return ScoreTimings(
            total: microseconds(total),
            waiting: microseconds(total - min(total, workedNanoseconds)),
            decoding: microseconds(beginningNanoseconds),
            preparing: microseconds(preparationNanoseconds),
            scoring: microseconds(scoringNanoseconds)
        )
    }

    /// Counts what became of the request and its rows.
    func count(in telemetry: WorkerTelemetry, _ failure: ScoreFailure?) {
        switch failure {
        case .json?: telemetry.errors.add(.json)
        case .wire(let error)?: telemetry.errors.add(ErrorCell(rawValue: Int(error.code.rawValue)))
        case nil:
            telemetry.counts.add(.messages)
            if json != nil { telemetry.counts.add(.jsonRequests) }
            telemetry.counts.add(.rows, nextRow)
            if isLate { telemetry.counts.add(.rowsLate, request.rows - nextRow) }
            telemetry.stages.record(.prepare, nanoseconds: preparationNanoseconds)
            telemetry.stages.record(.score, nanoseconds: scoringNanoseconds)
        }
    }

    /// Lets go of what the message needed.
    func end() {
        model = nil
        json = nil
        translation = nil
        isTranslated = false
        jsonAnswer = nil
        translationNanoseconds = 0
        answerNanoseconds = 0
        failure = nil
        hasBegun = false
        isLate = false
        nextRow = 0
        requestID = 0
        reservedBytes = 0
        estimatedNanoseconds = 0
        beginningNanoseconds = 0
        scoringNanoseconds = 0
        preparationNanoseconds = 0
    }
}
