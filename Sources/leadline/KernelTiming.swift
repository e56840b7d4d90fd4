internal import EnsembleKernels
internal import Foundation

/// Times a kernel at one batch size.
///
/// Consecutive calls score different rows: one row again and again would let branch predictors learn its path. The
/// figure is the median of nine samples of at least 40 ms; a sample in which another process took part of the core
/// (processor time under 97 % of wall time) is set aside while there are others.
struct KernelTiming {
    /// Nanoseconds a row, the median sample.
    private(set) var nanosecondsPerRow = 0.0
    /// The fastest sample.
    private(set) var nanosecondsPerRowLeast = 0.0
    /// Samples set aside.
    private(set) var disturbed = 0

    private static let samples = 9
    private static let sampleSeconds = 0.04
    private static let attemptsMax = 60
    private static let codeBytesMax = 1 << 19

    /// Times scoring `batch` of the float rows, row-major and `rowCount` in all, at a time.
    init(_ kernel: EnsembleKernel, _ values: Span<Float>, rowCount: Int, batch: Int) {
        let scratch = KernelScratch()
        var margins = [Double](repeating: 0, count: batch * kernel.outputCount)
        var start = 0
        let width = kernel.featureCount
        time(batch: batch) { calls in
            var span = margins.mutableSpan
            for _ in 0..<calls {
                if start + batch > rowCount { start = 0 }
                let rows = values.extracting(start * width..<(start + batch) * width)
                kernel.margins(
                    rows: batch,
                    values: rows,
                    layout: .rowMajor(stride: width),
                    scratch: scratch,
                    into: &span
                )
                start += batch
            }
        }
    }

    /// Times the trees alone: the rows are turned into codes beforehand.
    ///
    /// Of the batches, as many as a core's cache holds, for that is where codes lie when they have just been made; at
    /// least one. Nil for a model that is not scored by codes.
    init?(codesOf values: Span<Float>, _ kernel: EnsembleKernel, rowCount: Int, batch: Int) {
        let scratch = KernelScratch()
        let rowsMax = max(batch, Self.codeBytesMax / max(kernel.columnCount, 1))
        let count = min(rowCount, rowsMax) / batch
        guard let encoded = kernel.encode(batches: count, of: batch, values: values, scratch: scratch) else {
            return nil
        }
        var margins = [Double](repeating: 0, count: batch * kernel.outputCount)
        var next = 0
        time(batch: batch) { calls in
            var span = margins.mutableSpan
            for _ in 0..<calls {
                kernel.margins(of: encoded, batch: next, scratch: scratch, into: &span)
                next = next + 1 == count ? 0 : next + 1
            }
        }
    }

    /// Takes the samples of calls that score `batch` rows each.
    private mutating func time(batch: Int, _ score: (_ calls: Int) -> Void) {
        var calls = 1
        while Self.seconds({ score(calls) }).wall < Self.sampleSeconds { calls *= 2 }
        var quiet: [Double] = []
        var all: [Double] = []
        while quiet.count < Self.samples, all.count < Self.attemptsMax {
            let seconds = Self.seconds { score(calls) }
            let perRow = seconds.wall * 1e9 / Double(calls * batch)
            all.append(perRow)
            if seconds.processor >= 0.97 * seconds.wall { quiet.append(perRow) }
        }
        disturbed = all.count - quiet.count
        let kept = (quiet.count >= Self.samples ? quiet : all).sorted()
        nanosecondsPerRow = kept[kept.count / 2]
        nanosecondsPerRowLeast = kept[0]
    }

    private static func seconds(_ work: () -> Void) -> (wall: Double, processor: Double) {
        let before = clock()
        let started = ContinuousClock.now
        work()
        let wall = (ContinuousClock.now - started) / .seconds(1)
        return (wall, Double(clock() - before) / Double(CLOCKS_PER_SEC))
    }
}
