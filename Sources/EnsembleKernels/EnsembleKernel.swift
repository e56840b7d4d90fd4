internal import CShims
public import TreeEnsemble

/// How a matrix of values lies in memory; strides count elements.
public enum MatrixLayout: Sendable, Equatable {
    /// A row's values side by side; `stride` from one row to the next.
    case rowMajor(stride: Int)
    /// A feature's values side by side; `stride` from one feature to the next.
    case featureMajor(stride: Int)
}

/// An ensemble packed for fast evaluation: immutable, for any number of threads at once.
///
/// Its margins are, bit for bit, those of `ReferenceEvaluator`, whatever the kernel, the batch size and the layout.
public final class EnsembleKernel: Sendable {
    /// The kernel that evaluates; an ensemble that needs raw values is walked whichever it is.
    public let kernel: KernelName
    /// The width of a row.
    public let featureCount: Int
    /// Margins a row gets.
    public let outputCount: Int
    /// Bytes of the packed ensemble.
    public let packedByteCount: Int
    /// Bytes that a row's codes take: one a code column, two a column of trees too large for slices.
    public let columnCount: Int

    /// By feature, whether any tree looks at it; what others hold need not be filled in.
    public let readsFeature: [Bool]

    /// What was packed, without its trees.
    public let outline: EnsembleOutline

    let plan: PackedPlan
    /// In the plan's stead, for an ensemble that needs more than codes; the plan has no trees then.
    let raw: RawPlan?
    /// What is computed from a row before the plan's trees look at it.
    let derived: DerivedColumns?
    /// Whether there are columns that are computed from others.
    let hasDerivedFeatures: Bool

    /// The forms in which trees are gone through, each with the number of rows from which on it is the fastest.
    ///
    /// Measured when the ensemble was packed, unless one was asked for; empty for an ensemble that needs raw values.
    public var forms: [(firstRows: Int, form: EvaluationForm)] { raw == nil ? plan.forms.ranges : [] }

    /// Kernels that this processor can run, best first.
    public static var supportedByProcessor: [KernelName] {
        KernelName.allCases.filter { $0.missingOnThisProcessor.isEmpty }
    }

    #if !hasFeature(Embedded)
    /// Validates and packs an ensemble.
    ///
    /// - Parameters:
    ///   - ensemble: what to evaluate.
    ///   - kernel: the kernel to use; the best that the processor can run if nil.
    ///   - form: the form to use whatever the number of rows, and slices where the ensemble does not have it; if nil the
    ///     fastest, as is then measured.
    /// - Throws: `InvalidEnsemble`, or ``KernelError`` when the processor cannot run the kernel or the
    ///   ensemble is too large.
    public convenience init(_ ensemble: Ensemble, kernel: KernelName? = nil, form: EvaluationForm? = nil) throws {
        try ensemble.validate()
        try self.init(valid: ensemble, kernel: kernel, form: form)
    }
    #endif

    /// Packs an ensemble that is known to be valid; `.ci/arm64` builds this without the error of any kind above.
    package convenience init(
        valid ensemble: Ensemble,
        kernel: KernelName? = nil,
        form: EvaluationForm? = nil
    ) throws(KernelError) {
        let chosen = try Self.chosen(kernel)
        let raw = try RawPlan(ensemble)
        var packed = ensemble.widened
        if raw != nil { packed.trees = [] }
        self.init(
            chosen,
            EnsembleOutline(ensemble),
            try PackedPlan(packed, chosen.planKind),
            raw,
            ensemble.derivedFeatures,
            form
        )
    }

    /// Takes a plan that was packed before: every number of it is checked, nothing is packed.
    ///
    /// Time is linear in the plan's size. A damaged plan is refused, or gives wrong margins, but never reads outside itself;
    /// compare digests and golden rows to know that it is what was stored.
    ///
    /// - Parameters:
    ///   - stored: the plan, which is kept while the kernel lives.
    ///   - modelDigest: the SHA-256 of the model file that it must be of.
    ///   - kernel: the kernel to use; the best that the processor can run if nil.
    ///   - form: the form to use whatever the number of rows; if nil the fastest, as is then measured.
    /// - Throws: ``StoredPlanError`` if the plan is damaged, of another version, of another model or for other kernels, or
    ///   when the processor cannot run the kernel.
    public convenience init(
        stored: StoredPlan,
        modelDigest: [UInt8],
        kernel: KernelName? = nil,
        form: EvaluationForm? = nil
    ) throws(StoredPlanError) {
        let chosen: KernelName
        do throws(KernelError) {
            chosen = try Self.chosen(kernel)
        } catch {
            throw StoredPlanError(error.description)
        }
        let blocks = try stored.blocks(for: chosen.planKind, modelDigest: modelDigest)
        // Safety: the bytes are copied.
        let head = try PlanHead(reading: unsafe [UInt8](blocks.elements(.head)))
        try PlanCheck(blocks, head.shape, chosen.planKind, planByteCount: stored.byteCount).run()
        self.init(chosen, head.outline, PackedPlan(blocks, head.shape), nil, head.derived, form)
    }

    private init(
        _ kernel: KernelName,
        _ outline: EnsembleOutline,
        _ packed: consuming PackedPlan,
        _ raw: RawPlan?,
        _ features: DerivedFeatures?,
        _ form: EvaluationForm?
    ) {
        packed.prepare(kernel, form)
        plan = packed
        self.kernel = kernel
        self.outline = outline
        self.raw = raw
        var derivedByteCount = 0
        if let features {
            let columns = DerivedColumns(features, featureCount: outline.featureCount)
            derivedByteCount = columns.byteCount
            derived = consume columns
        } else {
            derived = nil
        }
        hasDerivedFeatures = features != nil
        readsFeature =
            raw == nil && features == nil
            ? plan.readsFeature(outline.featureCount) : [Bool](repeating: true, count: outline.featureCount)
        featureCount = outline.featureCount
        outputCount = plan.outputCount
        packedByteCount = raw?.byteCount ?? plan.byteCount + derivedByteCount
        columnCount = plan.columnCount + 2 * plan.wideColumnCount
    }

    private static func chosen(_ kernel: KernelName?) throws(KernelError) -> KernelName {
        let chosen = kernel ?? supportedByProcessor.first ?? .portable
        let missing = chosen.missingOnThisProcessor
        guard missing.isEmpty else { throw .unsupported(kernel: chosen, missing: missing) }
        return chosen
    }

    /// The margins of float rows, before the output transform: `rows` × ``outputCount``, row by row.
    ///
    /// Float values are exact for a LightGBM ensemble too: they mean what their widened doubles mean. In the categorical
    /// columns of a CatBoost ensemble they are whole numbers, categories by their decimal text; a category's hash, which
    /// float32 does not hold, goes into rows of doubles.
    ///
    /// - Parameters:
    ///   - rows: how many.
    ///   - values: the matrix; NaN is missing.
    ///   - layout: how it lies in memory.
    ///   - scratch: this thread's working memory.
    ///   - margins: where margins go; float32 ones are widened.
    /// - Precondition: the spans are large enough for `rows` and the layout.
    public func margins(
        rows: Int,
        values: Span<Float>,
        layout: MatrixLayout,
        scratch: KernelScratch,
        into margins: inout MutableSpan<Double>
    ) {
        check(rows: rows, values: values.count, layout, margins: margins.count)
        // Safety: `check` made sure that both spans cover what the strides reach; they outlive the call.
        unsafe values.withUnsafeBufferPointer { source in
            unsafe margins.withUnsafeMutableBufferPointer { target in
                guard let out = target.baseAddress else { return }
                let matrix = unsafe RowSource(start: source.baseAddress ?? nowhere(beside: out), layout)
                if let raw { return unsafe raw.evaluate(matrix, count: rows, into: out) }
                unsafe evaluate(matrix, rows: rows, scratch, into: out)
            }
        }
    }

    /// The margins of double rows; an XGBoost ensemble rounds each value to float32 first.
    ///
    /// In a CatBoost ensemble's categorical columns they are hashes (`CategoryHash`).
    ///
    /// - Parameters:
    ///   - rows: how many.
    ///   - values: the matrix; NaN is missing.
    ///   - layout: how it lies in memory.
    ///   - scratch: this thread's working memory.
    ///   - margins: where margins go.
    /// - Precondition: the spans are large enough for `rows` and the layout.
    public func margins(
        rows: Int,
        values: Span<Double>,
        layout: MatrixLayout,
        scratch: KernelScratch,
        into margins: inout MutableSpan<Double>
    ) {
        check(rows: rows, values: values.count, layout, margins: margins.count)
        // Safety: as above.
        unsafe values.withUnsafeBufferPointer { source in
            unsafe margins.withUnsafeMutableBufferPointer { target in
                guard let out = target.baseAddress else { return }
                let matrix = unsafe RowSource(start: source.baseAddress ?? nowhere(beside: out), layout)
                if let raw { return unsafe raw.evaluate(matrix, count: rows, into: out) }
                unsafe evaluate(matrix, rows: rows, scratch, into: out)
            }
        }
    }

    private func evaluate(
        _ matrix: RowSource<Float>,
        rows: Int,
        _ scratch: KernelScratch,
        into margins: UnsafeMutablePointer<Double>
    ) {
        switch derived {
        case .some(let derived): unsafe evaluate(derived, matrix, rows: rows, scratch, into: margins)
        case .none: unsafe plan.evaluate(matrix, rows: rows, kernel, scratch, into: margins)
        }
    }

    private func evaluate(
        _ matrix: RowSource<Double>,
        rows: Int,
        _ scratch: KernelScratch,
        into margins: UnsafeMutablePointer<Double>
    ) {
        switch derived {
        case .some(let derived): unsafe evaluate(derived, matrix, rows: rows, scratch, into: margins)
        case .none: unsafe plan.evaluate(matrix, rows: rows, kernel, scratch, into: margins)
        }
    }

    /// Raw and derived columns of a pass at a time, then the trees over them as over any float rows.
    private func evaluate<Value: CategoryValue>(
        _ derived: borrowing DerivedColumns,
        _ matrix: RowSource<Value>,
        rows: Int,
        _ scratch: KernelScratch,
        into margins: UnsafeMutablePointer<Double>
    ) {
        // Safety: `check` made sure of the matrix and the margins; the scratch's columns are not its codes and sums.
        let memory = unsafe scratch.prepareColumns(byteCount: derived.workByteCount)
        for first in stride(from: 0, to: rows, by: derived.passRows) {
            let count = min(derived.passRows, rows - first)
            let columns = unsafe derived.fill(matrix.advanced(rows: first), count: count, memory: memory)
            let pass = unsafe RowSource(
                start: UnsafePointer(columns),
                rowStride: 1,
                featureStride: derived.passRows
            )
            unsafe plan.evaluate(pass, rows: count, kernel, scratch, into: margins + first * outputCount)
        }
    }

    /// Where a matrix without a place begins: it has no features, so that nothing is read there.
    private func nowhere<Value>(beside margins: UnsafeMutablePointer<Double>) -> UnsafePointer<Value> {
        unsafe UnsafePointer(UnsafeMutableRawPointer(margins).assumingMemoryBound(to: Value.self))
    }

    private func check(rows: Int, values: Int, _ layout: MatrixLayout, margins: Int) {
        precondition(rows >= 0 && margins >= rows * outputCount, "room for every row's margins")
        guard rows > 0, featureCount > 0 else { return }
        switch layout {
        case .rowMajor(let stride):
            precondition(stride >= featureCount, "a row's values do not overlap the next row's")
            precondition(values >= (rows - 1) * stride + featureCount, "the matrix holds every row")
        case .featureMajor(let stride):
            precondition(stride >= rows, "a feature's values do not overlap the next feature's")
            precondition(values >= (featureCount - 1) * stride + rows, "the matrix holds every feature")
        }
    }
}

extension RowSource {
    fileprivate init(start: UnsafePointer<Value>, _ layout: MatrixLayout) {
        // Safety: the caller keeps the matrix alive while this value is used.
        switch layout {
        case .rowMajor(let stride): unsafe self.init(start: start, rowStride: stride, featureStride: 1)
        case .featureMajor(let stride): unsafe self.init(start: start, rowStride: 1, featureStride: stride)
        }
    }
}
