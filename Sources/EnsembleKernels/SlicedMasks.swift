internal import CShims
import TreeEnsemble

/// Numbers the masks of the tests that sliced trees have.
struct SlicedMasks {
    /// A mask's place in bytes takes 32 bits.
    static let countMax = (1 << 32) / Int(CShimsMaskBytes) - 1

    private(set) var count = 0
    private(set) var columns: [CShimsSlicedColumn] = []
    private(set) var sets: [CShimsSlicedSet] = []
    private(set) var setBits: [UInt64] = []
    /// By code column its first mask.
    private var firstMaskOfColumn: [UInt32]
    /// By split and which of its rows pass: the mask plus one, or 0.
    private var maskOfSplit: [UInt32]

    init(_ ensemble: Ensemble, _ codes: CodeColumns) {
        var used = [Bool](repeating: false, count: codes.count)
        for (index, tree) in ensemble.trees.enumerated() where SlicedPlan.slices(tree) {
            let first = codes.firstNodes[index]
            for place in codes.places[first..<first + tree.nodes.count] where place.test == .comparison {
                used[Int(place.number)] = true
            }
        }
        firstMaskOfColumn = [UInt32](repeating: 0, count: codes.count)
        maskOfSplit = [UInt32](repeating: 0, count: codes.categories.splitCount * 2)
        for table in codes.ranks.tables {
            for column in table.columns.map({ $0.column }) where used[column] {
                firstMaskOfColumn[column] = UInt32(count)
                columns.append(
                    CShimsSlicedColumn(
                        column: UInt32(column),
                        firstMask: UInt32(count),
                        count: UInt32(table.thresholds.count)
                    )
                )
                count += table.thresholds.count
            }
        }
    }

    /// The mask of a node's test, which rows pass that go right.
    mutating func mask(of place: NodePlace, _ codes: CodeColumns) -> UInt32 {
        if place.test == .comparison { return firstMaskOfColumn[Int(place.number)] + UInt32(place.key) }
        let key = Int(place.number) * 2 + (place.test == .membersRight ? 1 : 0)
        if maskOfSplit[key] > 0 { return maskOfSplit[key] - 1 }
        let columns = codes.categories.columns(ofSplit: Int(place.number))
        sets.append(
            CShimsSlicedSet(
                firstColumn: UInt32(columns.lowerBound),
                columnCount: UInt32(columns.count),
                firstSet: UInt32(setBits.count),
                mask: UInt32(count)
            )
        )
        codes.categories.appendSets(of: place, to: &setBits)
        count += 1
        maskOfSplit[key] = UInt32(count)
        return UInt32(count - 1)
    }
}
