internal import CShims
import TreeEnsemble

/// An ensemble packed for a few rows at a time: lanes are trees, as `CShimsEnsemblePlan.h` draws them.
///
/// Unchecked because of its pointers: they point into blocks that it owns, and nothing is written after `init`.
@safe
final class TreeLanes: @unchecked Sendable {
    let forest: CShimsLaneForest
    /// Bytes of it all.
    let byteCount: Int

    private let blocks: Blocks

    private struct Blocks: ~Copyable {
        let groups: AlignedBytes
        let slots: AlignedBytes
        let leaves: AlignedBytes
        let outputs: AlignedBytes
        let tableColumns: AlignedBytes
    }

    /// Packs a valid ensemble; nil if a row's codes do not fit a table in registers, a tree's leaves one byte, or a node
    /// looks up a category.
    init?(_ ensemble: Ensemble, _ columns: CodeColumns) {
        guard !ensemble.trees.isEmpty, columns.count <= Int(CShimsLaneColumnsMax), columns.categories.tables.isEmpty,
            ensemble.trees.allSatisfy({ $0.leafValues.count <= 8 * Int(CShimsLanePlanesMax) })
        else { return nil }
        let tables = LaneTables(ensemble, columns)
        var builder = LaneBuilder(tables: tables)
        for first in stride(from: 0, to: ensemble.trees.count, by: Int(CShimsTreeLanes)) {
            let end = min(first + Int(CShimsTreeLanes), ensemble.trees.count)
            builder.add(ensemble.trees[first..<end], columns)
        }
        blocks = Blocks(
            groups: AlignedBytes(copying: builder.groups),
            slots: AlignedBytes(copying: builder.slots),
            leaves: ensemble.arithmetic.sum == .float32
                ? AlignedBytes(copying: builder.leaves.map { Float($0) }) : AlignedBytes(copying: builder.leaves),
            outputs: AlignedBytes(copying: ensemble.trees.map { UInt32($0.output) }),
            tableColumns: AlignedBytes(copying: tables.columns.map { UInt8($0) })
        )
        // Safety: each block holds the array it was copied from, and lives as long as this value does.
        unsafe forest = CShimsLaneForest(
            groups: UnsafePointer(blocks.groups.start.assumingMemoryBound(to: CShimsLaneGroup.self)),
            slots: UnsafePointer(blocks.slots.start.assumingMemoryBound(to: UInt8.self)),
            leaves: UnsafeRawPointer(blocks.leaves.start),
            outputs: UnsafePointer(blocks.outputs.start.assumingMemoryBound(to: UInt32.self)),
            tableColumns: UnsafePointer(blocks.tableColumns.start.assumingMemoryBound(to: UInt8.self)),
            groupCount: UInt32(builder.groups.count),
            columnCount: UInt32(columns.count),
            outputCount: UInt32(ensemble.outputCount),
            unused: 0
        )
        byteCount = blocks.groups.count + blocks.slots.count + blocks.leaves.count + blocks.outputs.count
    }
}

private struct LaneBuilder {
    let tables: LaneTables
    private static let lanes = Int(CShimsTreeLanes)

    /// A node's clear of some leaves of a plane.
    private struct Clear {
        /// The node's column.
        var column: UInt8
        /// 64 if a row is cleared where its code is not above the key.
        var side: UInt8
        var key: UInt8
        var bits: UInt8
    }

    var groups: [CShimsLaneGroup] = []
    var slots: [UInt8] = []
    var leaves: [Double] = []

    mutating func add(_ trees: ArraySlice<Tree>, _ columns: CodeColumns) {
        let leafStride = trees.reduce(1) { max($0, $1.leafValues.count) }
        let planeCount = (leafStride + 7) / 8
        var group = CShimsLaneGroup()
        group.slotOffset = UInt64(slots.count)
        group.leafOffset = UInt64(leaves.count)
        group.leafStride = UInt32(leafStride)
        group.treeCount = UInt32(trees.count)
        group.planeCount = UInt32(planeCount)
        // By plane, then by lane.
        var clears = [[[Clear]]](repeating: [[Clear]](repeating: [], count: Self.lanes), count: planeCount)
        for (lane, tree) in trees.enumerated() {
            let order = LeafOrder(tree)
            var values = [Double](repeating: 0, count: leafStride)
            for (leaf, number) in order.number.enumerated() { values[number] = tree.leafValues[leaf] }
            leaves += values
            for (index, node) in tree.nodes.enumerated() {
                let small = order.smallSide[index]
                for plane in small.first / 8...(small.first + small.count - 1) / 8 {
                    let from = max(small.first - plane * 8, 0)
                    let to = min(small.first + small.count - plane * 8, 8)
                    clears[plane][lane].append(Self.clear(node, columns, smallIsLeft: small.isLeft, from..<to))
                }
            }
        }
        var counts: [(Int, Int)] = []
        for plane in clears.reversed() { counts.append(append(plane)) }
        counts.reverse()
        unsafe withUnsafeMutableBytes(of: &group.slotCounts) { bytes in
            // Safety: a group has at most as many planes as there are pairs of counts, of which the block is made.
            let places = unsafe bytes.bindMemory(to: UInt16.self)
            for (plane, (first, second)) in counts.enumerated() {
                unsafe places[plane * 2] = UInt16(first)
                unsafe places[plane * 2 + 1] = UInt16(second)
            }
        }
        groups.append(group)
    }

    private static func clear(_ node: Node, _ columns: CodeColumns, smallIsLeft: Bool, _ bits: Range<Int>) -> Clear {
        guard case .threshold(let threshold) = node.test else { preconditionFailure("no node looks up a category") }
        let (column, key) = columns.ranks.place(of: node, threshold: threshold)
        // A row goes left if its code is not above the key.
        return Clear(
            column: UInt8(column),
            side: smallIsLeft ? 0 : 64,
            key: UInt8(key),
            bits: bits.reduce(0) { $0 | 1 << UInt8($1) }
        )
    }

    /// Appends a plane's slots and returns how many look columns up in the first table, and how many in the second.
    ///
    /// Columns that the first table lacks need slots of the second. Where those leave room, they take others too.
    private mutating func append(_ plane: [[Clear]]) -> (first: Int, second: Int) {
        var firsts = plane
        var seconds = plane.map { $0.filter { tables.firstPlaces[$0.column] == nil } }
        let second = seconds.reduce(0) { max($0, $1.count) }
        for lane in plane.indices {
            firsts[lane].removeAll { tables.firstPlaces[$0.column] == nil }
            while seconds[lane].count < second,
                let shared = firsts[lane].lastIndex(where: { tables.secondPlaces[$0.column] != nil })
            {
                seconds[lane].append(firsts[lane].remove(at: shared))
            }
        }
        let first = firsts.reduce(0) { max($0, $1.count) }
        append(firsts, slots: first, tables.firstPlaces)
        append(seconds, slots: second, tables.secondPlaces)
        return (first, second)
    }

    private mutating func append(_ clears: [[Clear]], slots count: Int, _ places: [UInt8: UInt8]) {
        for slot in 0..<count {
            let lanes = clears.map { slot < $0.count ? $0[slot] : nil }
            slots += lanes.map { clear in clear.map { $0.side | (places[$0.column] ?? 0) } ?? 0 }
            slots += lanes.map { $0?.key ?? 0 }
            slots += lanes.map { $0?.bits ?? 0 }
        }
    }
}

/// Which columns the tables of a row hold: all in one; or the most used in the first, and in the second the least used
/// beside as many of the most used as there is room for.
private struct LaneTables {
    private static let size = 64

    /// The first table's columns, then the second's.
    let columns: [Int]
    /// By column, its place in each table.
    let firstPlaces: [UInt8: UInt8]
    let secondPlaces: [UInt8: UInt8]

    init(_ ensemble: Ensemble, _ codes: CodeColumns) {
        var uses = [Int](repeating: 0, count: codes.count)
        for tree in ensemble.trees {
            for node in tree.nodes {
                guard case .threshold(let threshold) = node.test else { continue }
                uses[codes.ranks.place(of: node, threshold: threshold).column] += 1
            }
        }
        let mostUsedFirst = uses.indices.sorted { (uses[$1], $0) < (uses[$0], $1) }
        let first = mostUsedFirst.prefix(Self.size)
        let rest = mostUsedFirst.dropFirst(Self.size)
        let second = Array(rest) + first.prefix(rest.isEmpty ? 0 : Self.size - rest.count)
        firstPlaces = Self.places(Array(first))
        secondPlaces = Self.places(second)
        func padded(_ table: [Int]) -> [Int] { table + [Int](repeating: 0, count: Self.size - table.count) }
        columns = padded(Array(first)) + padded(second)
    }

    private static func places(_ columns: [Int]) -> [UInt8: UInt8] {
        var places: [UInt8: UInt8] = [:]
        for (place, column) in columns.enumerated() { places[UInt8(column)] = UInt8(place) }
        return places
    }
}
