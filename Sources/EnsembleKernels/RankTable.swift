import TreeEnsemble

/// Which values a numeric node does not compare, and where it sends them.
///
/// Nodes of one feature that agree in this share a code column: "missing" is then the column's lowest code or its
/// highest, and costs a node nothing.
enum SpecialValues: UInt8, CaseIterable {
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
        case .zeroAndNaN where !arithmetic.hasZeroBand, .nan: self = node.defaultLeft ? .nanLeft : .nanRight
        case .none: self = .nanAsZero
        case .zeroAndNaN: self = node.defaultLeft ? .zeroLeft : .zeroRight
        }
    }

    var includesZero: Bool { self == .zeroLeft || self == .zeroRight }
}

/// The sorted thresholds of a feature (or some of them) and the code columns ranked by them.
struct RankTable {
    /// With so many thresholds ranks fit one byte, or two.
    static let thresholdsMax = 255
    static let wideThresholdsMax = 65_535

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
