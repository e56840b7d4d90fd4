internal import ByteKit
internal import LeadScoring

/// Jobs in the order in which they get their next slice, and used ones that wait to be used again.
///
/// Connections take turns, and the jobs of each connection among themselves: a client with a job on each of a hundred
/// streams lets the next client wait for one slice, not for a hundred.
struct JobQueue {
    private var lines: [UInt64: Line<ScoreJob>] = [:]
    /// The connections that have jobs, each once.
    private var turns = Line<UInt64>()
    private var unused: [ScoreJob] = []
    private var spareColumns: [ScoreColumns] = []

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

    /// Puts a job at the end of its connection's line.
    mutating func append(_ job: ScoreJob) {
        let connection = job.connection
        if lines[connection] == nil { turns.append(connection) }
        lines[connection, default: Line()].append(job)
    }

    /// Takes the job whose turn it is.
    mutating func popFirst() -> ScoreJob? {
        guard let connection = turns.popFirst() else { return nil }
        let job = lines[connection]?.popFirst()
        if lines[connection]?.isEmpty ?? true {
            lines[connection] = nil
        } else {
            turns.append(connection)
        }
        return job
    }

    /// Lends a job that begins what memory for results there is.
    mutating func equip(_ job: ScoreJob) {
        if let columns = spareColumns.popLast() { job.columns = columns }
    }

    /// Takes a finished job back.
    mutating func recycle(_ job: ScoreJob) {
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
