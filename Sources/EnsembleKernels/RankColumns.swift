import TreeEnsemble

/// The numeric code columns of an ensemble.
struct RankColumns {
    private(set) var tables: [RankTable] = []

    /// Columns for all numeric nodes of some trees; column numbers are handed out from `nextColumn` on.
    ///
    /// - Parameters:
    ///   - ensemble: what is packed.
    ///   - thresholdsMax: as many thresholds as a column's codes can count.
    ///   - places: takes each numeric node's column and key, by node of all trees.
    ///   - nextColumn: the next column's number.
    ///   - isIncluded: whether a tree's nodes are looked at.
    init(
        _ ensemble: Ensemble,
        thresholdsMax: Int = RankTable.thresholdsMax,
        places: inout [NodePlace],
        nextColumn: inout Int,
        where isIncluded: (Tree) -> Bool
    ) {
        var distinct = DistinctThresholds()
        Self.number(ensemble, &distinct, &places, isIncluded)
        let sorted = SortedThresholds(distinct, kindCount: ensemble.featureCount * Self.specialCount)
        // By threshold's number, once it is in a table.
        var placeOfNumber = [NodePlace](repeating: .none, count: distinct.values.count)
        for feature in 0..<ensemble.featureCount {
            add(feature, sorted, thresholdsMax, &placeOfNumber, &nextColumn)
        }
        var at = 0
        for tree in ensemble.trees {
            let nodes = tree.nodes.span
            if isIncluded(tree) {
                for index in nodes.indices {
                    guard case .threshold = nodes[index].test else { continue }
                    places[at + index] = placeOfNumber[Int(places[at + index].number)]
                }
            }
            at += nodes.count
        }
    }

    private static let specialCount = SpecialValues.allCases.count

    /// Numbers the distinct thresholds, and notes each node's in its place.
    private static func number(
        _ ensemble: Ensemble,
        _ distinct: inout DistinctThresholds,
        _ places: inout [NodePlace],
        _ isIncluded: (Tree) -> Bool
    ) {
        let arithmetic = ensemble.arithmetic
        var at = 0
        for tree in ensemble.trees {
            let nodes = tree.nodes.span
            if isIncluded(tree) {
                for index in nodes.indices {
                    guard case .threshold(let threshold) = nodes[index].test else { continue }
                    let special = Int(SpecialValues(nodes[index], arithmetic).rawValue)
                    let number = distinct.number(
                        of: RankTable.comparable(threshold, arithmetic),
                        kind: Int(nodes[index].feature) * specialCount + special
                    )
                    places[at + index] = NodePlace(number: number, key: 0, test: .comparison)
                }
            }
            at += nodes.count
        }
    }

    /// Makes a feature's tables.
    private mutating func add(
        _ feature: Int,
        _ sorted: SortedThresholds,
        _ thresholdsMax: Int,
        _ placeOfNumber: inout [NodePlace],
        _ nextColumn: inout Int
    ) {
        let first = feature * Self.specialCount
        guard sorted.starts[first] < sorted.starts[first + Self.specialCount] else { return }
        let kinds = SpecialValues.allCases.filter { !sorted.range(ofKind: first + Int($0.rawValue)).isEmpty }
        func entries(_ kind: SpecialValues) -> ArraySlice<SortedThresholds.Entry> {
            sorted.entries[sorted.range(ofKind: first + Int(kind.rawValue))]
        }
        var union = kinds.flatMap { entries($0).lazy.map { $0.value } }
        if kinds.count > 1 {
            union.sort()
            var kept = 0
            for value in union where kept == 0 || union[kept - 1] != value {
                union[kept] = value
                kept += 1
            }
            union.removeSubrange(kept...)
        }
        // One search serves all columns of a feature while its thresholds fit the codes together.
        if union.count <= thresholdsMax {
            for (index, kind) in kinds.enumerated() {
                var key = 0
                for entry in entries(kind) {
                    while union[key] < entry.value { key += 1 }
                    placeOfNumber[entry.number] = NodePlace(
                        number: UInt32(nextColumn + index),
                        key: UInt16(key),
                        test: .comparison
                    )
                }
            }
            append(feature, union, kinds, &nextColumn)
            return
        }
        for kind in kinds {
            // More thresholds than codes take several columns, each ranking its own stretch: a value below the stretch
            // has rank 0 there and one above it the highest, so each comparison still comes out right.
            let all = entries(kind)
            for start in stride(from: all.startIndex, to: all.endIndex, by: thresholdsMax) {
                let stretch = all[start..<min(start + thresholdsMax, all.endIndex)]
                for (key, entry) in stretch.enumerated() {
                    placeOfNumber[entry.number] = NodePlace(
                        number: UInt32(nextColumn),
                        key: UInt16(key),
                        test: .comparison
                    )
                }
                append(feature, stretch.map { $0.value }, [kind], &nextColumn)
            }
        }
    }

    private mutating func append(
        _ feature: Int,
        _ thresholds: [Double],
        _ kinds: [SpecialValues],
        _ nextColumn: inout Int
    ) {
        var columns: [(special: SpecialValues, column: Int)] = []
        for kind in kinds {
            columns.append((kind, nextColumn))
            nextColumn += 1
        }
        tables.append(RankTable(feature: feature, thresholds: thresholds, columns: columns))
    }
}

/// The distinct thresholds of each kind of test, numbered in the order in which they are met.
///
/// A kind is a feature together with what its nodes do with special values.
private struct DistinctThresholds {
    /// By number.
    private(set) var values: [Double] = []
    private(set) var kinds: [Int] = []
    private var table = NumberTable()

    /// The number of a threshold, which is not NaN.
    mutating func number(of value: Double, kind: Int) -> UInt32 {
        // Both zeros compare alike.
        let value = value + 0
        let hash = table.hash(value.bitPattern, UInt64(truncatingIfNeeded: kind))
        var slot = table.firstSlot(hash)
        while let number = table.number(at: slot) {
            if values[number] == value, kinds[number] == kind { return UInt32(number) }
            slot = table.slot(after: slot)
        }
        values.append(value)
        kinds.append(kind)
        return table.add(hash, at: slot)
    }
}

/// Thresholds by kind, and sorted within a kind.
private struct SortedThresholds {
    struct Entry: BitwiseCopyable {
        var value: Double
        var number: Int
    }

    private(set) var entries: [Entry]
    /// By kind its first entry, and the end of all.
    let starts: [Int]

    init(_ distinct: DistinctThresholds, kindCount: Int) {
        var starts = [Int](repeating: 0, count: kindCount + 1)
        for kind in distinct.kinds { starts[kind + 1] += 1 }
        for kind in 0..<kindCount { starts[kind + 1] += starts[kind] }
        self.starts = starts
        entries = [Entry](repeating: Entry(value: 0, number: 0), count: distinct.values.count)
        for (number, kind) in distinct.kinds.enumerated() {
            entries[starts[kind]] = Entry(value: distinct.values[number], number: number)
            starts[kind] += 1
        }
        for kind in 0..<kindCount where self.starts[kind + 1] - self.starts[kind] > 1 {
            entries[range(ofKind: kind)].sort { $0.value < $1.value }
        }
    }

    func range(ofKind kind: Int) -> Range<Int> { starts[kind]..<starts[kind + 1] }
}
