/// The categories of a feature as a plan's blocks hold them.
struct StoredCategories: BitwiseCopyable {
    var feature: UInt32
    var firstColumn: UInt32
    var columnCount: UInt32
    /// Their classes follow those of the feature before.
    var classCount: UInt32
}

extension [PackedCategories] {
    /// The tables of a plan whose numbers stay inside its blocks.
    init(_ blocks: PlanBlocks) {
        // Safety: the blocks hold elements of their types, which are copied.
        let stored = unsafe [StoredCategories](blocks.elements(.categories))
        let classes = unsafe [UInt8](blocks.elements(.classes))
        var next = 0
        self = stored.map { table in
            defer { next += Int(table.classCount) }
            return PackedCategories(
                feature: Int(table.feature),
                firstColumn: Int(table.firstColumn),
                columnCount: Int(table.columnCount),
                classes: [UInt8](classes[next..<next + Int(table.classCount)])
            )
        }
    }

    /// Puts the tables into a plan's blocks.
    func put(into blocks: PlanBlocks) {
        blocks.put(
            .categories,
            map { table in
                StoredCategories(
                    feature: UInt32(table.feature),
                    firstColumn: UInt32(table.firstColumn),
                    columnCount: UInt32(table.columnCount),
                    classCount: UInt32(table.classes.count)
                )
            }
        )
        blocks.put(.classes, flatMap { $0.classes })
    }
}
