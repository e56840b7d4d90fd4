internal import CShims
import TreeEnsemble

/// An ensemble packed for a few rows at a time on AVX-512: lanes are trees, as `CShimsEnsemblePlan.h` draws them.
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
    }

    /// Packs a valid ensemble; nil if a row's codes do not fit a table in registers, a tree's leaves one byte, or a node
    /// looks up a category.
    init?(_ ensemble: Ensemble, _ columns: CodeColumns) {
        guard !ensemble.trees.isEmpty, columns.count <= Int(CShimsLaneColumnsMax), columns.categories.tables.isEmpty,
            ensemble.trees.allSatisfy({ $0.leafValues.count <= 8 * Int(CShimsLanePlanesMax) })
        else { return nil }
        var builder = LaneBuilder()
        for first in stride(from: 0, to: ensemble.trees.count, by: Int(CShimsTreeLanes)) {
            let end = min(first + Int(CShimsTreeLanes), ensemble.trees.count)
            builder.add(ensemble.trees[first..<end], columns)
        }
        blocks = Blocks(
            groups: AlignedBytes(copying: builder.groups),
            slots: AlignedBytes(copying: builder.slots),
            leaves: ensemble.arithmetic == .float32LessThan
                ? AlignedBytes(copying: builder.leaves.map { Float($0) }) : AlignedBytes(copying: builder.leaves),
            outputs: AlignedBytes(copying: ensemble.trees.map { UInt32($0.output) })
        )
        // Safety: each block holds the array it was copied from, and lives as long as this value does.
        unsafe forest = CShimsLaneForest(
            groups: UnsafePointer(blocks.groups.start.assumingMemoryBound(to: CShimsLaneGroup.self)),
            slots: UnsafePointer(blocks.slots.start.assumingMemoryBound(to: UInt8.self)),
            leaves: UnsafeRawPointer(blocks.leaves.start),
            outputs: UnsafePointer(blocks.outputs.start.assumingMemoryBound(to: UInt32.self)),
            groupCount: UInt32(builder.groups.count),
            columnCount: UInt32(columns.count),
            outputCount: UInt32(ensemble.outputCount),
            unused: 0
        )
        byteCount = blocks.groups.count + blocks.slots.count + blocks.leaves.count + blocks.outputs.count
    }
}

private struct LaneBuilder {
    private static let lanes = Int(CShimsTreeLanes)

    /// A node's clear of some leaves of a plane.
    private struct Clear {
        var columnAndSide: UInt8
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
        unsafe withUnsafeMutableBytes(of: &group.slotCounts) { bytes in
            // Safety: a group has at most as many planes as there are counts, of which the block is made.
            let counts = unsafe bytes.bindMemory(to: UInt16.self)
            for plane in 0..<planeCount {
                unsafe counts[plane] = UInt16(clears[plane].reduce(0) { max($0, $1.count) })
            }
        }
        groups.append(group)
        for plane in clears.reversed() { append(plane) }
    }

    private static func clear(_ node: Node, _ columns: CodeColumns, smallIsLeft: Bool, _ bits: Range<Int>) -> Clear {
        guard case .threshold(let threshold) = node.test else { preconditionFailure("no node looks up a category") }
        let (column, key) = columns.ranks.place(of: node, threshold: threshold)
        // A row goes left if its code is not above the key.
        return Clear(
            columnAndSide: UInt8(column) | (smallIsLeft ? 0 : 0x80),
            key: UInt8(key),
            bits: bits.reduce(0) { $0 | 1 << UInt8($1) }
        )
    }

    private mutating func append(_ plane: [[Clear]]) {
        for slot in 0..<plane.reduce(0, { max($0, $1.count) }) {
            let row = plane.map { slot < $0.count ? $0[slot] : Clear(columnAndSide: 0, key: 0, bits: 0) }
            slots += row.map(\.columnAndSide)
            slots += row.map(\.key)
            slots += row.map(\.bits)
        }
    }
}
