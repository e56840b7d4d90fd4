internal import ByteKit

/// Jobs in the order in which they get their next slice, and used ones that wait to be used again.
struct JobQueue {
    private var waiting: [ScoreJob] = []
    private var head = 0
    private var unused: [ScoreJob] = []

    /// Unused jobs that are kept with their memory.
    private static let unusedMax = 32
    /// A message buffer larger than this is given back to the system.
    private static let bufferBytesMax = 1 << 20

    /// Whether no job waits for a slice.
    var isEmpty: Bool { head == waiting.count }

    /// A job to fill, used before if possible.
    mutating func makeJob() -> ScoreJob { unused.popLast() ?? ScoreJob() }

    /// Puts a job at the end.
    mutating func append(_ job: ScoreJob) { waiting.append(job) }

    /// Takes the job whose turn it is.
    mutating func popFirst() -> ScoreJob? {
        guard head < waiting.count else { return nil }
        let job = waiting[head]
        head += 1
        if head == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64, head * 2 >= waiting.count {
            waiting.removeFirst(head)
            head = 0
        }
        return job
    }

    /// Takes a finished job back.
    mutating func recycle(_ job: ScoreJob) {
        job.end()
        guard unused.count < Self.unusedMax else { return }
        if job.message.bytes.capacity > Self.bufferBytesMax { _ = job.message.take() } else { job.message.removeAll() }
        unused.append(job)
    }
}
