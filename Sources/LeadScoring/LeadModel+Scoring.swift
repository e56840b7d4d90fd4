internal import EnsembleKernels
internal import LeadTypes
public import LeadWire

extension LeadModel {
    /// Scores rows of a batch that ``check(_:)`` has accepted.
    ///
    /// Each value is copied once, into a block of features that stays in the cache. In the steady state nothing is
    /// allocated. A row with a value that its column cannot hold gets ``LeadTypes/RowStatus/invalidValue`` and no score,
    /// and so does one whose margin is not a number. A batch may be scored in slices, the first rows first; its strings
    /// are looked up with them, once.
    /// - Parameters:
    ///   - request: the decoded batch.
    ///   - message: the bytes it was decoded from.
    ///   - rows: the rows to score.
    ///   - asOfDays: the instant that the batch is scored for, in days since 1970-01-01T00:00Z.
    ///   - workspace: this thread's working memory.
    ///   - results: takes the rows' results at the rows' places; ``ScoreColumns/reset(rows:)`` made room for the batch.
    /// - Precondition: `check` accepted the request, and the rows are within the batch and the results.
    public func score(
        _ request: borrowing ScoreRequest,
        message: RawSpan,
        rows: Range<Int>,
        asOfDays: Double,
        workspace: ScoringWorkspace,
        into results: inout ScoreColumns
    ) {
        precondition(request.columns.count == schema.columns.count, "the request was checked")
        precondition(rows.lowerBound >= 0 && rows.upperBound <= min(request.rows, results.rows), "rows of the batch")
        if rows.lowerBound == 0 || !results.strings.areKnown { results.strings.lookUp(plan, request, message) }
        // Out of the class and into locals, so that the loops below touch no class property.
        if needsDoubles(request) {
            var block: [Double] = []
            swap(&block, &workspace.doubles)
            scoreBlocks(request, message, rows, asOfDays, workspace, &block, &results)
            swap(&block, &workspace.doubles)
        } else {
            var block: [Float] = []
            swap(&block, &workspace.floats)
            scoreBlocks(request, message, rows, asOfDays, workspace, &block, &results)
            swap(&block, &workspace.floats)
        }
    }

    /// Whether some feature may have a value that float32 does not hold and the model tells apart.
    private func needsDoubles(_ request: borrowing ScoreRequest) -> Bool {
        if plan.hasHashes { return true }
        guard plan.comparesDoubles else { return false }
        if plan.hasDays { return true }
        for (feature, column) in plan.columns.enumerated()
        where plan.steps[feature] != .unread && !request.isExactInFloat(column) { return true }
        return false
    }

    private func scoreBlocks<Value: FeatureValue>(
        _ request: borrowing ScoreRequest,
        _ message: RawSpan,
        _ rows: Range<Int>,
        _ asOfDays: Double,
        _ workspace: ScoringWorkspace,
        _ block: inout [Value],
        _ results: inout ScoreColumns
    ) {
        let stride = plan.blockRows
        if block.count < stride * plan.columns.count { block.resize(to: stride * plan.columns.count) }
        let strings = results.strings
        var first = rows.lowerBound
        while first < rows.upperBound {
            let part = first..<min(first + stride, rows.upperBound)
            for row in part { results.statuses[row] = RowStatus.scored.rawValue }
            let batch = FeatureBatch(rows: part, asOfDays: asOfDays, stride: stride)
            workspace.timingPreparation {
                prepare(batch, of: request, message, workspace, strings, &block, &results.statuses)
            }
            evaluate(part, block, stride, workspace, &results)
            first = part.upperBound
        }
    }

    /// Margins, probabilities, scores and tiers of a prepared block.
    private func evaluate<Value: FeatureValue>(
        _ part: Range<Int>,
        _ block: [Value],
        _ stride: Int,
        _ workspace: ScoringWorkspace,
        _ results: inout ScoreColumns
    ) {
        let outputs = kernel.outputCount
        var all: [Double] = []
        swap(&all, &workspace.margins)
        if all.count < stride * outputs { all.resize(to: stride * outputs) }
        var margins = all.mutableSpan
        Value.margins(kernel, part.count, block.span, stride, workspace.scratch, &margins)
        let output = recipe.outputIndex
        for row in 0..<part.count { results.margins[part.lowerBound + row] = all[row * outputs + output] }
        probabilities.fill(part, margins: results.margins, all: all, outputs: outputs, into: &results.probabilities)
        swap(&all, &workspace.margins)
        rank(part, margins: results.margins, probabilities: results.probabilities, &results.scores, &results.tiers)
        for row in part where results.statuses[row] != 0 || results.margins[row].isNaN { results.markInvalid(row) }
    }

    /// Scores and tiers from margins and probabilities.
    private func rank(
        _ part: Range<Int>,
        margins: [Double],
        probabilities: [Float],
        _ scoreColumn: inout [UInt8],
        _ tierColumn: inout [UInt8]
    ) {
        var scores = scoreColumn.mutableSpan
        switch recipe.scale {
        case .percentile:
            let cuts = scoreCuts
            for row in part { scores[row] = UInt8(truncatingIfNeeded: cuts.countNotAbove(margins[row])) }
        case .probability:
            for row in part { scores[row] = percent(probabilities[row]) }
        }
        var tiers = tierColumn.mutableSpan
        for row in part { tiers[row] = 0 }
        // The last tier's minimum is 0 and counts nothing.
        for minimum in tierMinima.dropLast() {
            for row in part { tiers[row] += probabilities[row] < minimum ? 1 : 0 }
        }
    }
}

/// The two precisions in which features are prepared.
protocol FeatureValue: BinaryFloatingPoint, BitwiseCopyable {
    /// A value that is a code, as an integer; the generic conversion is slow even when specialised.
    var code: Int { get }

    /// Copies a column of the message.
    static func copy(
        _ column: Int,
        _ rows: Range<Int>,
        of request: borrowing ScoreRequest,
        _ message: RawSpan,
        into target: inout MutableSpan<Self>
    )

    /// The kernel's margins of a feature-major block.
    static func margins(
        _ kernel: EnsembleKernel,
        _ rows: Int,
        _ block: Span<Self>,
        _ stride: Int,
        _ scratch: KernelScratch,
        _ margins: inout MutableSpan<Double>
    )
}

extension Float: FeatureValue {
    var code: Int { Int(self) }

    static func copy(
        _ column: Int,
        _ rows: Range<Int>,
        of request: borrowing ScoreRequest,
        _ message: RawSpan,
        into target: inout MutableSpan<Float>
    ) {
        request.copyColumn(column, rows: rows, of: message, into: &target)
    }

    static func margins(
        _ kernel: EnsembleKernel,
        _ rows: Int,
        _ block: Span<Float>,
        _ stride: Int,
        _ scratch: KernelScratch,
        _ margins: inout MutableSpan<Double>
    ) {
        kernel.margins(
            rows: rows,
            values: block,
            layout: .featureMajor(stride: stride),
            scratch: scratch,
            into: &margins
        )
    }
}

extension Double: FeatureValue {
    var code: Int { Int(self) }

    static func copy(
        _ column: Int,
        _ rows: Range<Int>,
        of request: borrowing ScoreRequest,
        _ message: RawSpan,
        into target: inout MutableSpan<Double>
    ) {
        request.copyColumn(column, rows: rows, of: message, into: &target)
    }

    static func margins(
        _ kernel: EnsembleKernel,
        _ rows: Int,
        _ block: Span<Double>,
        _ stride: Int,
        _ scratch: KernelScratch,
        _ margins: inout MutableSpan<Double>
    ) {
        kernel.margins(
            rows: rows,
            values: block,
            layout: .featureMajor(stride: stride),
            scratch: scratch,
            into: &margins
        )
    }
}
