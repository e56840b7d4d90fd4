internal import Dispatch
internal import EnsembleKernels
internal import Foundation
internal import Synchronization

/// Scores batches on several threads at once, each with working memory of its own, and times every call.
///
/// Threads begin together, after each has scored for a while unseen, and go through the rows from different places.
struct KernelLoad {
    /// What a call takes in nanoseconds, reading the clock (some 30) included.
    struct Latency: Encodable {
        /// Half of all calls took at most that.
        var p50: UInt64
        /// All but one in a hundred.
        var p99: UInt64
        /// All but one in a thousand.
        var p999: UInt64
        var max: UInt64
        /// Calls timed, of all threads.
        var calls: Int
    }

    /// Wall time by row, of all threads together.
    let nanosecondsPerRow: Double
    let latency: Latency

    private static let warmNanoseconds: UInt64 = 100_000_000
    private static let timedNanoseconds: UInt64 = 1_500_000_000

    /// What threads share: they wait for each other once, and hand in what they found.
    private final class Meeting: Sendable {
        let arrived = Atomic(0)
        let found = Mutex<[(rowsPerNanosecond: Double, calls: [UInt32])]>([])
        let group = DispatchGroup()
    }

    /// Times scoring `batch` of the float rows, row-major and `rowCount` in all, at a time on `threads` threads.
    init(_ kernel: EnsembleKernel, _ values: [Float], rowCount: Int, batch: Int, threads: Int) {
        let meeting = Meeting()
        for index in 0..<threads {
            meeting.group.enter()
            Thread.detachNewThread {
                let first = index * (rowCount / threads)
                Self.score(kernel, values, rowCount: rowCount, batch: batch, from: first, threads: threads, meeting)
                meeting.group.leave()
            }
        }
        meeting.group.wait()
        let found = meeting.found.withLock { $0 }
        nanosecondsPerRow = 1 / found.reduce(0) { $0 + $1.rowsPerNanosecond }
        let calls = found.flatMap(\.calls).sorted()
        func among(_ share: Double) -> UInt64 {
            UInt64(calls[min(calls.count - 1, Int((share * Double(calls.count)).rounded(.up)) - 1)])
        }
        latency = Latency(
            p50: among(0.5),
            p99: among(0.99),
            p999: among(0.999),
            max: UInt64(calls[calls.count - 1]),
            calls: calls.count
        )
    }

    private static func score(
        _ kernel: EnsembleKernel,
        _ values: [Float],
        rowCount: Int,
        batch: Int,
        from first: Int,
        threads: Int,
        _ meeting: Meeting
    ) {
        let scratch = KernelScratch()
        let width = kernel.featureCount
        var margins = [Double](repeating: 0, count: batch * kernel.outputCount)
        var start = min(first, rowCount - batch)
        func call() {
            let rows = values.span.extracting(start * width..<(start + batch) * width)
            var span = margins.mutableSpan
            let layout = MatrixLayout.rowMajor(stride: width)
            kernel.margins(rows: batch, values: rows, layout: layout, scratch: scratch, into: &span)
            start += batch
            if start + batch > rowCount { start = 0 }
        }
        let warm = DispatchTime.now().uptimeNanoseconds + warmNanoseconds
        while DispatchTime.now().uptimeNanoseconds < warm { call() }
        var calls: [UInt32] = []
        calls.reserveCapacity(1 << 22)
        meeting.arrived.add(1, ordering: .relaxed)
        while meeting.arrived.load(ordering: .relaxed) < threads {}
        let began = DispatchTime.now().uptimeNanoseconds
        var last = began
        while last < began + timedNanoseconds {
            call()
            let now = DispatchTime.now().uptimeNanoseconds
            calls.append(UInt32(clamping: now - last))
            last = now
        }
        let rate = Double(calls.count * batch) / Double(last - began)
        meeting.found.withLock { $0.append((rate, calls)) }
    }
}
