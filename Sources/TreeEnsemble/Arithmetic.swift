/// Comparison, precision and order of the sum: all that the libraries do differently with the same tree.
public struct Arithmetic: Sendable, Hashable {
    /// How many bits a number has.
    public enum Precision: Sendable, Hashable {
        /// IEEE binary32.
        case float32
        /// IEEE binary64.
        case float64
    }

    /// When a value goes left at a threshold.
    public enum Comparison: Sendable, Hashable {
        /// `value < threshold`.
        case lessThan
        /// `value <= threshold`.
        case lessOrEqual
    }

    /// How the leaves of a row become one number an output.
    public enum Aggregate: Sendable, Hashable {
        /// They are added, one by one, in tree order.
        case sum
        /// The smallest of them (ONNX).
        case minimum
        /// The largest of them (ONNX).
        case maximum
    }

    /// What values are rounded to before they are compared, and what thresholds are exact in.
    public var values: Precision
    /// When a value goes left.
    public var comparison: Comparison
    /// Whether a value of at most ``zeroThreshold`` in size counts as 0 (LightGBM).
    public var hasZeroBand: Bool
    /// What leaves are exact in and added in.
    public var sum: Precision
    /// How leaves become one number.
    public var aggregate: Aggregate
    /// Whether the base margin is added after the trees and the scale, in the sum's precision (ONNX, CatBoost), rather
    /// than being what the sum starts from.
    public var addsBaseLast: Bool

    /// An arithmetic of these parts.
    public init(
        values: Precision,
        comparison: Comparison,
        hasZeroBand: Bool = false,
        sum: Precision,
        aggregate: Aggregate = .sum,
        addsBaseLast: Bool = false
    ) {
        self.values = values
        self.comparison = comparison
        self.hasZeroBand = hasZeroBand
        self.sum = sum
        self.aggregate = aggregate
        self.addsBaseLast = addsBaseLast
    }

    /// XGBoost: the value is rounded to float32, goes left if `value < threshold`, and leaves are added in float32, in
    /// tree order, to the base margin.
    public static let float32LessThan = Self(values: .float32, comparison: .lessThan, sum: .float32)
    /// LightGBM: the value is a double (one of at most `1e-35f` in size is 0), goes left if `value <= threshold`, and
    /// leaves are added in double, in tree order, from 0.
    public static let float64LessOrEqual =
        Self(values: .float64, comparison: .lessOrEqual, hasZeroBand: true, sum: .float64)
    /// ONNX trees over floats: left if `value <= threshold`, leaves added in float32, in tree order, from 0; the base
    /// value comes last.
    public static let onnxFloat32 =
        Self(values: .float32, comparison: .lessOrEqual, sum: .float32, addsBaseLast: true)
    /// ONNX trees over doubles.
    public static let onnxFloat64 =
        Self(values: .float64, comparison: .lessOrEqual, sum: .float64, addsBaseLast: true)
    /// CatBoost: the value is rounded to float32, sets its bit if `value > border` (and so goes left if it is at most the
    /// border), leaves are added in double from 0; the sum times the scale plus the bias is the margin.
    public static let catBoost =
        Self(values: .float32, comparison: .lessOrEqual, sum: .float64, addsBaseLast: true)

    /// LightGBM's `kZeroThreshold`: `1e-35f` widened to double (`include/LightGBM/meta.h`).
    public static let zeroThreshold = Double(Float(1e-35))

    /// A sum with one more leaf in it.
    @inlinable
    public func adding(_ leaf: Double, to sum: Double) -> Double {
        switch (aggregate, self.sum) {
        case (.sum, .float32): Double(Float(sum) + Float(leaf))
        case (.sum, .float64): sum + leaf
        case (.minimum, _): leaf < sum ? leaf : sum
        case (.maximum, _): leaf > sum ? leaf : sum
        }
    }

    /// What an output's sum starts from before any tree.
    public func start(base: Double) -> Double {
        switch aggregate {
        case .sum: addsBaseLast ? 0 : base
        case .minimum: .infinity
        case .maximum: -.infinity
        }
    }

    /// The margin that an output's finished sum becomes: scaled, and with the base margin if that comes last.
    ///
    /// An output that no tree adds to has its base margin.
    @inlinable
    public func margin(ofSum sum: Double, base: Double, scale: SumScale, hasTree: Bool) -> Double {
        guard hasTree else { return base }
        guard addsBaseLast else { return sum }
        switch (scale, self.sum) {
        case (.none, .float32): return Double(Float(sum) + Float(base))
        case (.none, .float64): return sum + base
        case (.times(let factor), _): return sum * factor + base
        case (.dividedBy(let count), .float32): return Double(Float(sum) / Float(count) + Float(base))
        case (.dividedBy(let count), .float64): return sum / Double(count) + base
        }
    }
}

/// What an output's sum is multiplied with before a base margin that comes last.
public enum SumScale: Sendable, Hashable {
    /// Nothing.
    case none
    /// A factor (CatBoost's scale), in double.
    case times(Double)
    /// A number of trees (ONNX's `AVERAGE`), in the sum's precision.
    case dividedBy(Int)
}
