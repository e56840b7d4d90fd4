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
    /// For each string of the message's dictionaries the feature's value.
    var dictionaryValues: [Float] = []
    /// For each feature where its strings begin in `dictionaryValues`.
    var dictionaryStarts: [Int] = []
    /// The kernel's own memory.
    let scratch = KernelScratch()

    /// Empty working memory.
    public init() {}
}
