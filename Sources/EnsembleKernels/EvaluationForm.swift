internal import CShims

/// How a packed ensemble goes through its trees; all forms give the same bits.
public enum EvaluationForm: String, CaseIterable, Sendable {
    /// Row by row, from node to node, all trees in step.
    case walk
    /// Trees side by side in a register's lanes, up to four rows at a time.
    case lanes
    /// Rows side by side, a bit each; trees too large for that are walked, eight rows in step.
    case slices
}

/// Which form is the fastest for how many rows, as measured on the processor that packed the ensemble.
struct FormTable: Equatable {
    /// More rows than that are not asked about: slices take them together.
    static let rowsMax = 256

    /// Rows that cost slices about as much as one.
    static let rowsOfFew = 8

    /// By number of rows, from 0 on.
    private(set) var forms: [EvaluationForm]
    /// The form for more rows.
    private let rest: EvaluationForm

    /// One form for any number of rows.
    init(_ form: EvaluationForm = .slices) {
        forms = [EvaluationForm](repeating: form, count: Self.rowsMax + 1)
        rest = form
    }

    /// The cheapest form for each number of rows.
    ///
    /// - Parameters:
    ///   - walk: what a row costs that is walked; nil where none can be.
    ///   - lanes: what one, two and four rows cost in lanes; nil where there are none.
    ///   - slices: what ``rowsOfFew`` rows or fewer cost in slices, and each row above that.
    init(walk: Double?, lanes: (one: Double, two: Double, four: Double)?, slices: (few: Double, perRow: Double)) {
        self.init()
        for rows in 1...Self.rowsMax {
            let above = Double(max(0, rows - Self.rowsOfFew))
            var best = (form: EvaluationForm.slices, cost: slices.few + above * slices.perRow)
            if let lanes {
                let rest = [0, lanes.one, lanes.two, lanes.four][rows % 4]
                let cost = Double(rows / 4) * lanes.four + rest
                if cost < best.cost { best = (.lanes, cost) }
            }
            if let walk, Double(rows) * walk < best.cost { best = (.walk, Double(rows) * walk) }
            forms[rows] = best.form
        }
    }

    subscript(rows: Int) -> EvaluationForm { rows <= Self.rowsMax ? forms[rows] : rest }

    /// The forms and the first number of rows for each, in order.
    var ranges: [(firstRows: Int, form: EvaluationForm)] {
        (1...Self.rowsMax + 1).reduce(into: []) { ranges, rows in
            if ranges.last?.form != self[rows] { ranges.append((rows, self[rows])) }
        }
    }
}
