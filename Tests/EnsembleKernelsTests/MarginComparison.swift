import TreeEnsemble

#if !LEADLINE_WIDE_LANES
import EnsembleKernels
#endif

/// The precision and layout that rows are given in.
struct RowForm: Sendable, CaseIterable, CustomStringConvertible {
    var isFloat: Bool
    var isRowMajor: Bool
    /// Elements between the end of one row (or feature) and the start of the next.
    var gap: Int

    static let allCases = [
        RowForm(isFloat: true, isRowMajor: true, gap: 0), RowForm(isFloat: true, isRowMajor: false, gap: 3),
        RowForm(isFloat: false, isRowMajor: true, gap: 2), RowForm(isFloat: false, isRowMajor: false, gap: 0),
    ]

    var description: String {
        "\(isFloat ? "float" : "double"), \(isRowMajor ? "row" : "feature")-major, gap \(gap)"
    }
}

/// The rows' margins by the kernel, row by row.
func kernelMargins(_ kernel: EnsembleKernel, _ rows: [[Double]], _ form: RowForm, _ scratch: KernelScratch) -> [Double]
{
    let features = kernel.featureCount
    let stride = (form.isRowMajor ? features : rows.count) + form.gap
    var matrix = [Double](repeating: 12345, count: stride * (form.isRowMajor ? rows.count : features))
    for (row, values) in rows.enumerated() {
        for (feature, value) in values.enumerated() {
            matrix[form.isRowMajor ? row * stride + feature : feature * stride + row] = value
        }
    }
    let layout: MatrixLayout = form.isRowMajor ? .rowMajor(stride: stride) : .featureMajor(stride: stride)
    var margins = [Double](repeating: -1, count: rows.count * kernel.outputCount)
    var span = margins.mutableSpan
    if form.isFloat {
        let narrow = matrix.map { Float($0) }
        kernel.margins(rows: rows.count, values: narrow.span, layout: layout, scratch: scratch, into: &span)
    } else {
        kernel.margins(rows: rows.count, values: matrix.span, layout: layout, scratch: scratch, into: &span)
    }
    return margins
}

/// The reference's margins of the rows, as the form gives them.
func referenceMargins(_ reference: ReferenceEvaluator, _ rows: [[Double]], _ form: RowForm) -> [Double] {
    rows.flatMap { row in
        reference.margins(of: form.isFloat ? row.map { Double(Float($0)) } : row)
    }
}

/// The first margin whose bits differ, in words; nil if all agree.
///
/// Any NaN equals any other.
func firstDifference(_ margins: [Double], _ expected: [Double]) -> String? {
    guard margins.count == expected.count else { return "\(margins.count) margins instead of \(expected.count)" }
    for (index, (margin, right)) in zip(margins, expected).enumerated()
    where margin.bitPattern != right.bitPattern && !(margin.isNaN && right.isNaN) {
        return "margin \(index) is \(margin) instead of \(right)"
    }
    return nil
}
