internal import CShims
import TreeEnsemble

/// Numbers the masks of the tests that sliced trees have.
struct SlicedMasks {
    /// A mask's place in bytes takes 32 bits.
    static let countMax = (1 << 32) / Int(CShimsMaskBytes) - 1

    private(set) var count = 0
    private(set) var columns: [CShimsSlicedColumn] = []
    private(set) var categories: [CShimsSlicedCategories] = []
    private(set) var runs: [CShimsSlicedRun] = []
    private(set) var entries: [UInt16] = []
    /// By code column its first mask.
    private var firstMaskOfColumn: [UInt32]
    /// By split and which of its rows pass: the mask.
    private var maskOfTest: [UInt32]

    init(_ ensemble: Ensemble, _ codes: CodeColumns) {
        firstMaskOfColumn = [UInt32](repeating: 0, count: codes.count)
        maskOfTest = [UInt32](repeating: 0, count: codes.categories.splitCount * 2)
        var isUsed = [Bool](repeating: false, count: codes.count)
        var isTest = [Bool](repeating: false, count: maskOfTest.count)
        var tests = [[CategoryTest]](repeating: [], count: codes.categories.tables.count)
        for (index, tree) in ensemble.trees.enumerated() where SlicedPlan.slices(tree) {
            let first = codes.firstNodes[index]
            for place in codes.places[first..<first + tree.nodes.count] {
                if place.test == .comparison {
                    isUsed[Int(place.number)] = true
                } else if !isTest[Self.key(place)] {
                    isTest[Self.key(place)] = true
                    tests[codes.categories.table(ofSplit: Int(place.number))].append(
                        CategoryTest(place, codes.categories)
                    )
                }
            }
        }
        for table in codes.ranks.tables {
            for (_, column) in table.columns where isUsed[column] {
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
        for (table, tests) in zip(codes.categories.tables, tests) where !tests.isEmpty {
            add(tests.sorted(), of: table, codes.categories)
        }
    }

    /// The mask of a node's test, which rows pass that go right.
    func mask(of place: NodePlace) -> UInt32 {
        place.test == .comparison
            ? firstMaskOfColumn[Int(place.number)] + UInt32(place.key) : maskOfTest[Self.key(place)]
    }

    private static func key(_ place: NodePlace) -> Int {
        Int(place.number) * 2 + (place.test == .membersRight ? 1 : 0)
    }

    /// Numbers a feature's tests.
    ///
    /// Those of equally many entries follow each other, so that the processor foresees where each one ends.
    private mutating func add(_ tests: [CategoryTest], of table: CategoryTable, _ categories: CategoryColumns) {
        let firstRun = runs.count
        for (index, test) in tests.enumerated() {
            if index == 0 || test > tests[index - 1] {
                runs.append(
                    CShimsSlicedRun(
                        firstEntry: UInt64(entries.count),
                        firstMask: UInt32(count),
                        testCount: 0,
                        entryCount: UInt32(test.entryCount),
                        isInverted: test.isInverted ? 1 : 0
                    )
                )
            }
            runs[runs.count - 1].testCount += 1
            test.appendEntries(to: &entries, categories)
            maskOfTest[Self.key(test.place)] = UInt32(count)
            count += 1
        }
        self.categories.append(
            CShimsSlicedCategories(
                firstColumn: UInt32(table.firstColumn),
                columnCount: UInt32(table.columnCount),
                firstRun: UInt32(firstRun),
                runCount: UInt32(runs.count - firstRun)
            )
        )
    }
}

/// A test of category, made of the rows that go right or, inverted, of those that go left, whichever take fewer entries;
/// in the order of runs.
private struct CategoryTest: Comparable {
    let place: NodePlace
    let entryCount: UInt16
    let isInverted: Bool

    init(_ place: NodePlace, _ categories: CategoryColumns) {
        let (rights, lefts) = (
            Self.entryCount(place, categories, goingRight: true), Self.entryCount(place, categories, goingRight: false)
        )
        self.place = place
        entryCount = UInt16(min(rights, lefts))
        isInverted = lefts < rights
    }

    static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
    static func == (a: Self, b: Self) -> Bool { a.rank == b.rank }
    private var rank: Int { Int(entryCount) * 2 + (isInverted ? 1 : 0) }

    func appendEntries(to entries: inout [UInt16], _ categories: CategoryColumns) {
        for column in Self.columns(place, categories) {
            let codes = categories.codes(of: place, goingRight: !isInverted, inColumn: column)
            for four in 0..<16 where codes >> UInt64(4 * four) & 15 != 0 {
                entries.append(UInt16((16 * column + four) * 16) + UInt16(codes >> UInt64(4 * four) & 15))
            }
        }
    }

    private static func entryCount(_ place: NodePlace, _ categories: CategoryColumns, goingRight: Bool) -> Int {
        columns(place, categories).reduce(0) {
            // The lowest bit of each four that has any.
            let codes = categories.codes(of: place, goingRight: goingRight, inColumn: $1)
            let pairs = codes | codes >> 1
            return $0 + ((pairs | pairs >> 2) & 0x1111_1111_1111_1111).nonzeroBitCount
        }
    }

    private static func columns(_ place: NodePlace, _ categories: CategoryColumns) -> Range<Int> {
        0..<categories.tables[categories.table(ofSplit: Int(place.number))].columnCount
    }
}
