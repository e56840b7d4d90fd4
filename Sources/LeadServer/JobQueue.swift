internal import ByteKit

/// Jobs in the order in which they get their next slice, and used ones that wait to be used again.
struct JobQueue {
    private var waiting: [ScoreJob] = []
    private var head = 0
    private var unused: [ScoreJob] = []

    /// What the jobs under way are thought to take, those being worked on among them.
    private(set) var estimatedNanoseconds = 0.0
    private var costs = (message: WorkCost(), json: WorkCost())

    /// Unused jobs that are kept with their memory.
    private static let unusedMax = 32
    /// A message buffer larger than this is given back to the system.
    private static let bufferBytesMax = 1 << 20

    /// Whether no job waits for a slice.
    var isEmpty: Bool { head == waiting.count }

    /// A job to fill, used before if possible.
    mutating func makeJob() -> ScoreJob { unused.popLast() ?? ScoreJob() }

    /// Enters a job that is whole, to be worked on sooner or later.
    /// - Parameters:
    ///   - job: with its bytes.
    ///   - most: the most nanoseconds of work that may be under way.
    /// - Returns: nil, or how long until there is room for it, and then it is not entered.
    mutating func enter(_ job: ScoreJob, atMost most: Double) -> Double? {
        let cost = job.isJSON ? costs.json : costs.message
        let estimate = cost.nanosecondsPerByte * Double(job.byteCount)
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
        estimatedNanoseconds = max(0, estimatedNanoseconds - job.estimatedNanoseconds)
        job.end()
        guard unused.count < Self.unusedMax else { return }
        if job.message.bytes.capacity > Self.bufferBytesMax { _ = job.message.take() } else { job.message.removeAll() }
        unused.append(job)
    }
}

/// What a byte of a message costs, by the messages before: a moving average, the last ten counting most.
private struct WorkCost {
    private(set) var nanosecondsPerByte = 2.0

    mutating func learn(from job: ScoreJob) {
        guard job.byteCount > 0 else { return }
        nanosecondsPerByte += 0.1 * (Double(job.workedNanoseconds) / Double(job.byteCount) - nanosecondsPerByte)
    }
}
