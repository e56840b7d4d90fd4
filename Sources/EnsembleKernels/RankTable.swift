import TreeEnsemble

/// Which values a numeric node does not compare, and where it sends them.
///
/// Nodes of one feature that agree in this share a code column: "missing" is then the column's lowest code or its
/// highest, and costs a node nothing.
enum SpecialValues: Hashable, Comparable {
    /// NaN goes left.
    case nanLeft
    /// NaN goes right.
    case nanRight
    /// NaN is read as 0.
    case nanAsZero
    /// NaN and zero go left.
    case zeroLeft
    /// NaN and zero go right.
    case zeroRight

    init(_ node: Node, _ arithmetic: Arithmetic) {
        switch node.missing {
        case .nan: self = node.defaultLeft ? .nanLeft : .nanRight
        case .none: self = .nanAsZero
        case .zeroAndNaN: self = node.defaultLeft ? .zeroLeft : .zeroRight
        }
    }

    var includesZero: Bool { self == .zeroLeft || self == .zeroRight }
}

/// The sorted thresholds of a feature (or some of them, at most 255) and the code columns ranked by them.
struct RankTable {
    /// Thresholds fit one byte: ranks are 0...255.
    static let thresholdsMax = 255

    let feature: Int
    /// Sorted, distinct, as ``comparable(_:_:)`` makes them.
    let thresholds: [Double]
    /// The columns, by what they do with special values.
    let columns: [(special: SpecialValues, column: Int)]

    /// How many thresholds a value passes, which is the code of an ordinary value.
    ///
    /// XGBoost's `x < t` fails, and the threshold is passed, if `t <= x`; LightGBM's `x <= t` if `t < x`.
    func rank(of value: Double, _ arithmetic: Arithmetic) -> Int {
        thresholds.count { arithmetic.comparison == .lessThan ? $0 <= value : $0 < value }
    }

    /// The code of a special value.
    func code(of special: SpecialValues, _ arithmetic: Arithmetic) -> Int {
        switch special {
        case .nanLeft, .zeroLeft: 0
        case .nanRight, .zeroRight: thresholds.count
        case .nanAsZero: rank(of: 0, arithmetic)
        }
    }

    /// A threshold to which values compare as they are, LightGBM's band of zeros included.
    ///
    /// In the band (at most `1e-35f` in size) a value counts as 0. The map is monotone, so a threshold inside the band
    /// can be moved to its edge instead: from `0 <= t` on to the upper edge, else to just under the lower one.
    static func comparable(_ threshold: Double, _ arithmetic: Arithmetic) -> Double {
        let edge = Arithmetic.zeroThreshold
        guard arithmetic.hasZeroBand, abs(threshold) <= edge else { return threshold }
        return threshold >= 0 ? edge : (-edge).nextDown
    }

    /// The threshold for values that are float32: the largest float32 at most `threshold`, which orders them alike.
    static func narrowed(_ threshold: Double) -> Float {
        let nearest = Float(threshold)
        return Double(nearest) > threshold ? nearest.nextDown : nearest
    }
}

/// The numeric code columns of an ensemble.
struct RankColumns {
    private(set) var tables: [RankTable] = []
    private var tablesOfFeature: [[Int]]
    private let arithmetic: Arithmetic

    /// Columns for all numeric nodes; column numbers are handed out from `nextColumn` on.
    init(_ ensemble: Ensemble, nextColumn: inout Int) {
        arithmetic = ensemble.arithmetic
        tablesOfFeature = [[Int]](repeating: [], count: ensemble.featureCount)
        var found = [[SpecialValues: Set<Double>]](repeating: [:], count: ensemble.featureCount)
        for tree in ensemble.trees {
            for node in tree.nodes {
                guard case .threshold(let threshold) = node.test else { continue }
                let value = RankTable.comparable(threshold, arithmetic)
                found[Int(node.feature)][SpecialValues(node, arithmetic), default: []].insert(value)
            }
        }
        for (feature, kinds) in found.enumerated() where !kinds.isEmpty {
            let union = kinds.values.reduce(into: Set<Double>()) { $0.formUnion($1) }
            // One search serves all columns of a feature while its thresholds fit one byte together.
            if union.count <= RankTable.thresholdsMax {
                add(feature, union.sorted(), kinds.keys.sorted(), &nextColumn)
                continue
            }
            for (special, thresholds) in kinds.sorted(by: { $0.key < $1.key }) {
                // More than 255 thresholds take several columns, each ranking its own stretch: a value below the
                // stretch has rank 0 there and one above it the highest, so each comparison still comes out right.
                let sorted = thresholds.sorted()
                for start in stride(from: 0, to: sorted.count, by: RankTable.thresholdsMax) {
                    let end = min(start + RankTable.thresholdsMax, sorted.count)
                    add(feature, Array(sorted[start..<end]), [special], &nextColumn)
                }
            }
        }
    }

    private mutating func add(
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
        tablesOfFeature[feature].append(tables.count)
        tables.append(RankTable(feature: feature, thresholds: thresholds, columns: columns))
    }

    /// The column and key of a numeric node: a row goes left if its code in the column is at most the key.
    func place(of node: Node, threshold: Double) -> (column: Int, key: Int) {
        let value = RankTable.comparable(threshold, arithmetic)
        let special = SpecialValues(node, arithmetic)
        for index in tablesOfFeature[Int(node.feature)] {
            let table = tables[index]
            guard let last = table.thresholds.last, value <= last,
                let column = table.columns.first(where: { $0.special == special })?.column
            else { continue }
            var low = 0
            var high = table.thresholds.count - 1
            while low < high {
                let middle = (low + high) / 2
                if table.thresholds[middle] < value { low = middle + 1 } else { high = middle }
            }
            if table.thresholds[low] == value { return (column, low) }
        }
        preconditionFailure("every threshold of the ensemble is in a table")
    }
}
