import CShims

/// Where a pass's codes lie: that of row r in column c is at c * ``columnStride`` + r * ``rowStride``.
struct CodeLayout {
    let columnStride: Int
    let rowStride: Int

    /// Whether rows follow each other, column by column within each.
    var isByRow: Bool { rowStride > 1 }

    /// Rows side by side, as slices need them.
    static let pass = CodeLayout(columnStride: Int(CShimsRowsMax), rowStride: 1)

    /// Columns of a few rows lie closer: those of a whole pass begin in the same few places of a cache.
    static let few = CodeLayout(columnStride: 64, rowStride: 1)

    /// One row's columns.
    static let one = CodeLayout(columnStride: 1, rowStride: 1)

    /// Columns side by side: there is room for two tables of 64 codes from a row's first on.
    static let byRow = CodeLayout(columnStride: 1, rowStride: 128)
}
