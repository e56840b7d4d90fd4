internal import ByteKit
internal import LeadScoring

/// Jobs in the order in which they get their next slice, and used ones that wait to be used again.
///
/// Connections take turns, and the jobs of each connection among themselves: a client with a job on each of a hundred
/// streams lets the next client wait for one slice, not for a hundred.
struct JobQueue {
    private var lines: [UInt64: JobLine] = [:]
    /// The connections that have jobs, each once.
    private var turns = Line<UInt64>()
    private var unused: [ScoreJob] = []
    private var spareColumns: [ScoreColumns] = []

    /// What the jobs under way are thought to take, those being worked on among them.
    private(set) var estimatedNanoseconds = 0.0
    private var costs = (message: WorkCost(), json: WorkCost())

    /// Unused jobs that are kept with their memory.
    private static let unusedMax = 32
    /// Results of large batches whose memory is kept.
    ///
    /// It counts as no memory in flight, so they are few, and only jobs that have begun hold them: those that wait may be
    /// any number.
    private static let spareColumnsMax = 4
    /// A message buffer larger than this is given back to the system.
    private static let bufferBytesMax = 1 << 20

    /// Whether no job waits for a slice.
    var isEmpty: Bool { turns.isEmpty }

    /// A job to fill, used before if possible.
    mutating func makeJob() -> ScoreJob { unused.popLast() ?? ScoreJob() }

    /// Enters a job that is whole, to be worked on sooner or later.
    /// - Parameters:
    ///   - job: with its bytes.
    ///   - most: the most nanoseconds of work that may be under way.
    /// - Returns: nil, or how long until there is room for it, and then it is not entered.
    mutating func enter(_ job: ScoreJob, atMost most: Double) -> Double? {
        let cost = job.isJSON ? costs.json : costs.message
        let estimate = cost.nanoseconds(of: job)
        // Alone, it may be as large as the limits of messages allow.
        if estimatedNanoseconds > 0, estimatedNanoseconds + estimate > most {
            return estimatedNanoseconds + estimate - most
        }
        job.estimatedNanoseconds = estimate
        estimatedNanoseconds += estimate
        return nil
    }

    /// Learns from a job that has been scored what a byte costs.
    mutating func learn(from job: ScoreJob) {
        if job.isJSON { costs.json.learn(from: job) } else { costs.message.learn(from: job) }
    }

    /// Puts a job at the end of its connection's line.
    mutating func append(_ job: ScoreJob) {
        let line: JobLine
        if let known = lines[job.connection] {
            line = known
        } else {
            line = JobLine()
            lines[job.connection] = line
        }
        if line.jobs.isEmpty { turns.append(job.connection) }
        line.jobs.append(job)
    }

    /// Takes the job whose turn it is.
    mutating func popFirst() -> ScoreJob? {
        // A connection that is gone may have a turn left, and nothing to do in it.
        while let connection = turns.popFirst() {
            guard let line = lines[connection], let job = line.jobs.popFirst() else { continue }
            if !line.jobs.isEmpty { turns.append(connection) }
            return job
        }
        return nil
    }

    /// Lets go of the line of a connection that is gone; until then it keeps its memory.
    mutating func forget(_ connection: UInt64) {
        guard let line = lines.removeValue(forKey: connection) else { return }
        while let job = line.jobs.popFirst() { recycle(job) }
    }

    /// Lends a job that begins what memory for results there is.
    mutating func equip(_ job: ScoreJob) {
        if let columns = spareColumns.popLast() { job.columns = columns }
    }

    /// Takes a finished job back.
    mutating func recycle(_ job: ScoreJob) {
        estimatedNanoseconds = max(0, estimatedNanoseconds - job.estimatedNanoseconds)
        job.end()
        if job.columns.margins.capacity > ScoreJob.rowsKeptMax {
            if spareColumns.count < Self.spareColumnsMax { spareColumns.append(job.columns) }
            job.columns = ScoreColumns()
        }
        guard unused.count < Self.unusedMax else { return }
        if job.message.bytes.capacity > Self.bufferBytesMax { _ = job.message.take() } else { job.message.removeAll() }
        unused.append(job)
    }
}

/// What a byte of a message costs, by the messages before: a moving average of medians of three, the last ten counting most.
private struct WorkCost {
    private var nanosecondsPerByte = 2.0

    /// What a message costs however small it is, in bytes that would cost as much: or else the smallest would make the
    /// largest look a hundred times dearer than they are.
    private static let bytesOfNone = 4_096

    private static func weight(of job: ScoreJob) -> Double { Double(job.byteCount + bytesOfNone) }

    /// What a job is thought to take.
    func nanoseconds(of job: ScoreJob) -> Double { nanosecondsPerByte * Self.weight(of: job) }

    /// Of the two messages before.
    private var measuredBefore = (2.0, 2.0)

    /// Learns from a message, unless its cost stands alone: while it was scored, the system may have taken the processor away,
    /// which shows most in the smallest.
    mutating func learn(from job: ScoreJob) {
        guard job.byteCount > 0 else { return }
        let measured = Double(job.workedNanoseconds) / Self.weight(of: job)
        let (one, other) = measuredBefore
        let median = max(min(one, other), min(max(one, other), measured))
        nanosecondsPerByte += 0.1 * (median - nanosecondsPerByte)
        measuredBefore = (other, measured)
    }
}

/// The jobs of one connection; an object, since changing a value in a dictionary allocates.
private final class JobLine {
    var jobs = Line<ScoreJob>()
}

/// First in, first out.
private struct Line<Element> {
    private var elements: [Element] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64, head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }
}
