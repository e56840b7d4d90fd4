internal import CShims
import TreeEnsemble

/// What the classes of categories clear in trees across, as `CShimsEnsemblePlan.h` draws it.
struct LaneCategories {
    /// More bytes are not made: most would be fetched from memory, row by row.
    private static let bytesMax = 8 << 20
    private static let lanes = Int(CShimsTreeLanes)

    /// A record for each table of classes.
    private(set) var features: [CShimsLaneCategories] = []
    /// By group, class and plane, a byte a tree.
    private(set) var bytes: [UInt8] = []
    private var classCount = 0
    /// Where the last group's bytes start, and a class's planes in it.
    private var start = 0
    private var planeCount = 0

    /// Tables without bytes; nil if there are too many tables, or their classes clear too many bits.
    init?(_ categories: CategoryColumns, _ ensemble: Ensemble) {
        guard categories.tables.count <= Int(CShimsLaneCategoriesMax) else { return nil }
        for table in categories.tables {
            features.append(
                CShimsLaneCategories(
                    firstColumn: UInt32(table.firstColumn),
                    columnCount: UInt32(table.columnCount),
                    firstClass: UInt32(classCount),
                    lastClass: UInt32(classCount + table.classCount - 1)
                )
            )
            classCount += table.classCount
        }
        let leavesMax = ensemble.trees.reduce(0) { max($0, $1.leafValues.count) }
        let planes = (ensemble.trees.count + Self.lanes - 1) / Self.lanes * Self.planeCount(leaves: leavesMax)
        guard classCount * planes * Self.lanes <= Self.bytesMax else { return nil }
    }

    /// Planes of eight leaves.
    static func planeCount(leaves: Int) -> Int { (leaves + 7) / 8 }

    /// Makes room for a group, whose classes clear nothing yet, and returns where it starts.
    mutating func startGroup(planes: Int) -> Int {
        (start, planeCount) = (bytes.count, planes)
        bytes.append(contentsOf: repeatElement(0, count: classCount * planes * Self.lanes))
        return start
    }

    /// Adds a node to the classes that lead to its larger side: they clear the smaller one.
    ///
    /// - Parameters:
    ///   - place: the node's, a lookup.
    ///   - categories: the columns that it looks up.
    ///   - small: its smaller side.
    ///   - lane: the tree's in the group.
    mutating func add(_ place: NodePlace, _ categories: CategoryColumns, clearing small: LeafOrder.Side, lane: Int) {
        let table = categories.table(ofSplit: Int(place.number))
        let columnCount = categories.tables[table].columnCount
        let (first, end) = (Int(small.first), Int(small.first + small.count))
        let (classBytes, start) = (planeCount * Self.lanes, start + lane)
        let firstClass = Int(features[table].firstClass)
        var to = bytes.mutableSpan
        for column in 0..<columnCount {
            var codes = categories.codes(of: place, goingRight: small.isLeft, inColumn: column)
            let firstCode = firstClass + column * CategoryTable.classesPerColumn
            while codes != 0 {
                let at = start + (firstCode + codes.trailingZeroBitCount) * classBytes
                codes &= codes - 1
                for plane in first / 8...(end - 1) / 8 {
                    let (from, past) = (max(first - plane * 8, 0), min(end - plane * 8, 8))
                    to[at + plane * Self.lanes] |= UInt8(truncatingIfNeeded: (1 << past) - (1 << from))
                }
            }
        }
    }
}
