internal import CShims
import TreeEnsemble

/// Packs trees in lanes, a group after the other.
struct LaneBuilder {
    private let tables: LaneTables
    private static let lanes = Int(CShimsTreeLanes)
    private static let slotBytes = 3 * lanes

    /// A node's clear of some leaves of a plane.
    private struct Clear: BitwiseCopyable {
        /// The node's column.
        var column: UInt8
        /// 64 if a row is cleared where its code is not above the key.
        var side: UInt8
        var key: UInt8
        var bits: UInt8
        /// Whether its column is looked up in the second table.
        var isInSecond = false
    }

    private(set) var categories: LaneCategories
    private(set) var groups: [CShimsLaneGroup] = []
    private(set) var slots: [UInt8] = []
    private(set) var leaves: [Double] = []

    private var order = LeafOrder()
    private var sliced = SlicedTree()
    /// The group's clears by plane, then by lane; and by both, counted as one, where they start, and the end of all.
    private var clears: [Clear] = []
    private var starts: [Int] = []

    init(tables: LaneTables, categories: LaneCategories, leafCount: Int) {
        self.tables = tables
        self.categories = categories
        leaves.reserveCapacity(leafCount)
    }

    mutating func add(_ all: [Tree], _ trees: Range<Int>, _ columns: CodeColumns) {
        let leafStride = trees.reduce(1) { max($0, all[$1].leafValues.count) }
        let planeCount = LaneCategories.planeCount(leaves: leafStride)
        var group = CShimsLaneGroup()
        group.slotOffset = UInt64(slots.count)
        group.leafOffset = UInt64(leaves.count)
        group.leafStride = UInt32(leafStride)
        group.treeCount = UInt32(trees.count)
        group.planeCount = UInt32(planeCount)
        group.classOffset = UInt64(categories.startGroup(planes: planeCount))
        leaves.append(contentsOf: repeatElement(0, count: leafStride * trees.count))
        var found: [(place: Int, clear: Clear)] = []
        found.reserveCapacity(clears.count)
        if collectLevels(all, trees, columns, leafStride, &found) {
            group.isOblivious = 1
        } else {
            found.removeAll(keepingCapacity: true)
            collectClears(all, trees, columns, leafStride, &found)
        }
        sortClears(found, planeCount)
        unsafe withUnsafeMutableBytes(of: &group.slotCounts) { bytes in
            // Safety: a group has at most as many planes as there are pairs of counts, of which the block is made.
            let places = unsafe bytes.bindMemory(to: UInt16.self)
            for plane in (0..<planeCount).reversed() {
                let (first, second) = append(plane: plane)
                unsafe places[plane * 2] = UInt16(first)
                unsafe places[plane * 2 + 1] = UInt16(second)
            }
        }
        groups.append(group)
    }

    /// Collects the levels of a group's trees, as clears of plane 0, and places their leaves; false if a tree is not oblivious
    /// or looks a category up.
    private mutating func collectLevels(
        _ all: [Tree],
        _ trees: Range<Int>,
        _ columns: CodeColumns,
        _ leafStride: Int,
        _ found: inout [(place: Int, clear: Clear)]
    ) -> Bool {
        let firstLeaf = leaves.count - leafStride * trees.count
        for (lane, index) in trees.enumerated() {
            let tree = all[index]
            sliced.slice(tree)
            guard sliced.isOblivious else { return false }
            for (level, twig) in sliced.twigs.enumerated() {
                let place = columns.places[columns.firstNodes[index] + Int(twig.node)]
                guard place.test == .comparison else { return false }
                let clear = Clear(
                    column: UInt8(place.number),
                    side: 0,
                    key: UInt8(place.key),
                    bits: UInt8(1 << level)
                )
                found.append((lane, clear))
            }
            for (code, leaf) in sliced.leafOfCode.enumerated() where leaf >= 0 {
                leaves[firstLeaf + lane * leafStride + code] = tree.leafValues[Int(leaf)]
            }
        }
        return true
    }

    /// Collects the clears of a group's trees, and places their leaves.
    private mutating func collectClears(
        _ all: [Tree],
        _ trees: Range<Int>,
        _ columns: CodeColumns,
        _ leafStride: Int,
        _ found: inout [(place: Int, clear: Clear)]
    ) {
        let firstLeaf = leaves.count - leafStride * trees.count
        for (lane, index) in trees.enumerated() {
            let tree = all[index]
            order.order(tree)
            for (leaf, number) in order.number.enumerated() {
                leaves[firstLeaf + lane * leafStride + Int(number)] = tree.leafValues[leaf]
            }
            let firstNode = columns.firstNodes[index]
            for (node, small) in order.smallSide.enumerated() {
                let (first, end) = (Int(small.first), Int(small.first + small.count))
                let place = columns.places[firstNode + node]
                guard place.test == .comparison else {
                    categories.add(place, columns.categories, clearing: small, lane: lane)
                    continue
                }
                for plane in first / 8...(end - 1) / 8 {
                    let from = max(first - plane * 8, 0)
                    let to = min(end - plane * 8, 8)
                    // A row goes left if its code is not above the key.
                    let clear = Clear(
                        column: UInt8(place.number),
                        side: small.isLeft ? 0 : 64,
                        key: UInt8(place.key),
                        bits: UInt8(truncatingIfNeeded: (1 << to) - (1 << from))
                    )
                    found.append((plane * Self.lanes + lane, clear))
                }
            }
        }
    }

    /// Sorts a group's clears by plane and lane.
    private mutating func sortClears(_ found: [(place: Int, clear: Clear)], _ planeCount: Int) {
        starts.removeAll(keepingCapacity: true)
        starts.append(contentsOf: repeatElement(0, count: planeCount * Self.lanes + 1))
        for (home, _) in found { starts[home + 1] += 1 }
        for home in 1..<starts.count { starts[home] += starts[home - 1] }
        clears.removeAll(keepingCapacity: true)
        clears.append(contentsOf: repeatElement(Clear(column: 0, side: 0, key: 0, bits: 0), count: found.count))
        for (home, clear) in found {
            clears[starts[home]] = clear
            starts[home] += 1
        }
        // Each start has moved to its end, which is the next one's start.
        for home in (1..<starts.count).reversed() { starts[home] = starts[home - 1] }
        starts[0] = 0
    }

    /// Appends a plane's slots and returns how many look columns up in the first table, and how many in the second.
    ///
    /// Columns that the first table lacks need slots of the second. Where those leave room, they take others too.
    private mutating func append(plane: Int) -> (first: Int, second: Int) {
        let homes = plane * Self.lanes..<(plane + 1) * Self.lanes
        var second = 0
        for home in homes where tables.hasSecond {
            var count = 0
            for at in starts[home]..<starts[home + 1] where !tables.isInFirst(clears[at].column) {
                clears[at].isInSecond = true
                count += 1
            }
            second = max(second, count)
        }
        var first = 0
        for home in homes {
            var left = 0
            for at in starts[home]..<starts[home + 1] where !clears[at].isInSecond { left += 1 }
            var room = second - (starts[home + 1] - starts[home] - left)
            for at in (starts[home]..<starts[home + 1]).reversed() where room > 0 {
                if clears[at].isInSecond || !tables.isInSecond(clears[at].column) { continue }
                clears[at].isInSecond = true
                (room, left) = (room - 1, left - 1)
            }
            first = max(first, left)
        }
        let start = slots.count
        slots.append(contentsOf: repeatElement(0, count: (first + second) * Self.slotBytes))
        for (lane, home) in homes.enumerated() {
            let firstAt = start + lane
            let secondAt = firstAt + first * Self.slotBytes
            Self.fill(&slots, clears[starts[home]..<starts[home + 1]], tables, firstAt, secondAt)
        }
        return (first, second)
    }

    /// Fills a lane of the slots of the first table, and of the second's.
    private static func fill(
        _ slots: inout [UInt8],
        _ clears: ArraySlice<Clear>,
        _ tables: LaneTables,
        _ firstAt: Int,
        _ secondAt: Int
    ) {
        var to = slots.mutableSpan
        var (firstAt, secondAt) = (firstAt, secondAt)
        for clear in clears {
            let places = clear.isInSecond ? tables.secondPlaces : tables.firstPlaces
            let at = clear.isInSecond ? secondAt : firstAt
            to[at] = clear.side | places[Int(clear.column)]
            to[at + lanes] = clear.key
            to[at + 2 * lanes] = clear.bits
            if clear.isInSecond { secondAt += slotBytes } else { firstAt += slotBytes }
        }
    }
}

/// Which columns the tables of a row hold: all in one; or the most used in the first, and in the second the least used
/// beside as many of the most used as there is room for.
struct LaneTables {
    private static let size = Int(CShimsLaneColumnsMax) / 2
    private static let absent = UInt8.max

    /// The first table's columns, then the second's.
    let columns: [UInt8]
    /// By column, its place in each table.
    let firstPlaces: [UInt8]
    let secondPlaces: [UInt8]
    /// Whether one table is not enough.
    let hasSecond: Bool

    /// Tables for at most `CShimsLaneColumnsMax` columns.
    init(_ codes: CodeColumns) {
        var uses = [Int](repeating: 0, count: codes.count)
        for place in codes.places where place.test == .comparison { uses[Int(place.number)] += 1 }
        let mostUsedFirst = uses.indices.filter { uses[$0] > 0 }
            .sorted { (uses[$1], $0) < (uses[$0], $1) }.map { UInt8($0) }
        let first = Array(mostUsedFirst.prefix(Self.size))
        let rest = Array(mostUsedFirst.dropFirst(Self.size))
        let second = rest + first.prefix(rest.isEmpty ? 0 : Self.size - rest.count)
        hasSecond = !rest.isEmpty
        firstPlaces = Self.places(first, count: codes.count)
        secondPlaces = Self.places(second, count: codes.count)
        columns = Self.padded(first) + Self.padded(second)
    }

    func isInFirst(_ column: UInt8) -> Bool { firstPlaces[Int(column)] != Self.absent }
    func isInSecond(_ column: UInt8) -> Bool { secondPlaces[Int(column)] != Self.absent }

    private static func padded(_ table: [UInt8]) -> [UInt8] {
        table + [UInt8](repeating: 0, count: size - table.count)
    }

    private static func places(_ columns: [UInt8], count: Int) -> [UInt8] {
        var places = [UInt8](repeating: absent, count: count)
        for (place, column) in columns.enumerated() { places[Int(column)] = UInt8(place) }
        return places
    }
}
