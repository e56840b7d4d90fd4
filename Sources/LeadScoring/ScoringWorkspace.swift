internal import EnsembleKernels

/// A thread's working memory for scoring: it grows to what the largest model needs, then nothing is allocated.
///
/// One thread at a time; not `Sendable`, so that it cannot wander.
public final class ScoringWorkspace {
    /// Features of a block of rows, feature after feature.
    var floats: [Float] = []
    /// The same in double, for models that compare doubles.
    var doubles: [Double] = []
    /// A column of dates.
    var dates: [Double] = []
    /// The column of dates that another one is counted from.
    var references: [Double] = []
    /// Margins of a block, where the ensemble has several outputs.
    var margins: [Double] = []
    /// The kernel's own memory.
    let scratch = KernelScratch()
    /// Time spent on turning columns into features since it was last taken.
    private var preparation = Duration.zero

    /// Empty working memory.
    public init() {}

    /// Runs a step of preparation and adds up its time: two looks at the clock a block of rows.
    func timingPreparation(_ step: () -> Void) {
        let start = ContinuousClock.now
        step()
        preparation += ContinuousClock.now - start
    }

    /// The time spent on turning columns into features since the last call.
    public func takePreparationNanoseconds() -> UInt64 {
        let (seconds, attoseconds) = preparation.components
        preparation = .zero
        return UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds)) / 1_000_000_000
    }
}
