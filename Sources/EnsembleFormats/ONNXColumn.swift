internal import TreeEnsemble

/// A column of a table in the graph: one feature of the model's input, and what happens to it on its way to the trees.
///
/// Every step rounds once and is monotone: a larger value never becomes a smaller one (or, where ``isFalling``, never
/// a larger one). That is what lets a threshold behind the steps be moved in front of them without changing any
/// comparison; see ``Threshold``.
struct ONNXColumn {
    /// One operation with a constant, in the precision of the graph at that place.
    struct Step: Equatable {
        enum Operation: Equatable {
            /// Rounds to float32.
            case narrow
            /// Adds, subtracts, multiplies with or divides by the operand.
            case add, subtract, multiply, divide
            /// Subtracts the value from the operand.
            case subtractFrom
            /// Puts the operand in the place of NaN.
            case replaceMissing
        }

        var operation: Operation
        var operand = 0.0
        var precision = Arithmetic.Precision.float32
    }

    /// The feature's index in the model's input.
    var feature: Int
    private(set) var steps: [Step] = []
    /// Whether a larger feature becomes a smaller value.
    private(set) var isFalling = false

    /// The most steps; each costs time at every threshold.
    static let stepsMax = 16

    init(feature: Int) { self.feature = feature }

    /// Adds a step.
    /// - Returns: false if the step would not be monotone (a factor of 0, an operand that is not finite), or if there
    ///   are too many.
    mutating func append(_ step: Step) -> Bool {
        guard steps.count < Self.stepsMax, step.operand.isFinite else { return false }
        switch step.operation {
        case .narrow:
            if steps.last?.operation == .narrow { return true }
        case .multiply, .divide:
            guard step.operand != 0 else { return false }
            if step.operand < 0 { isFalling.toggle() }
        case .subtractFrom: isFalling.toggle()
        case .add, .subtract, .replaceMissing: break
        }
        steps.append(step)
        return true
    }

    /// Whether the feature is rounded to float32 before anything else happens to it.
    var startsNarrow: Bool { steps.first?.operation == .narrow }

    /// The column without its first step, for an ensemble whose values are float32 anyway.
    func droppingFirstStep() -> ONNXColumn {
        var column = self
        column.steps.removeFirst()
        return column
    }

    /// What a value of the feature becomes.
    func value(of feature: Double) -> Double {
        var value = feature
        for step in steps {
            switch step.precision {
            case .float32:
                let narrow = Float(value)
                let operand = Float(step.operand)
                switch step.operation {
                case .narrow: value = Double(narrow)
                case .add: value = Double(narrow + operand)
                case .subtract: value = Double(narrow - operand)
                case .multiply: value = Double(narrow * operand)
                case .divide: value = Double(narrow / operand)
                case .subtractFrom: value = Double(operand - narrow)
                case .replaceMissing: value = value.isNaN ? step.operand : value
                }
            case .float64:
                switch step.operation {
                case .narrow: value = Double(Float(value))
                case .add: value += step.operand
                case .subtract: value -= step.operand
                case .multiply: value *= step.operand
                case .divide: value /= step.operand
                case .subtractFrom: value = step.operand - value
                case .replaceMissing: value = value.isNaN ? step.operand : value
                }
            }
        }
        return value
    }
}

// MARK: - Thresholds in front of the steps

extension ONNXColumn {
    /// A comparison of the feature itself that agrees with one behind the steps on every value but NaN.
    struct Threshold {
        /// The feature is at most this on one side; nil if no value is on that side.
        var atMost: Double?
        /// Whether that side is the one on which the comparison behind the steps holds.
        var holdsBelow: Bool
    }

    /// Moves a comparison in front of the steps.
    ///
    /// The values on which a monotone condition holds reach from one end of the number line to some last number; that
    /// is found by bisection over all float32 (or float64) numbers, in 32 (64) evaluations of the very arithmetic that
    /// ONNX Runtime does. Example: `(x - 0.1) * 3 <= 0.75` in float32 becomes `x <= 0.35` there, and by search rather
    /// than by algebra, because `0.75 / 3 + 0.1` may round to a neighbour.
    /// - Parameters:
    ///   - isTrueForSmall: whether the comparison holds for small values (`<`, `<=`) rather than for large ones.
    ///   - precision: what the feature is exact in.
    ///   - holds: a comparison with a threshold, true or false for any value but NaN.
    /// - Returns: the comparison of the feature.
    func threshold(
        isTrueForSmall: Bool,
        in precision: Arithmetic.Precision,
        holds: (Double) -> Bool
    ) -> Threshold {
        let holdsBelow = isTrueForSmall != isFalling
        func isBelow(_ feature: Double) -> Bool { holds(value(of: feature)) == holdsBelow }
        guard isBelow(-.infinity) else { return Threshold(atMost: nil, holdsBelow: holdsBelow) }
        var low = Self.place(of: -.infinity, in: precision)
        var high = Self.place(of: .infinity, in: precision)
        // The number at `low` is below; the search ends when no number after it is.
        while low < high {
            // The upper middle, without the sum or difference that would not fit.
            let middle = (low | high) - ((low ^ high) >> 1)
            if isBelow(Self.number(at: middle, in: precision)) { low = middle } else { high = middle - 1 }
        }
        return Threshold(atMost: Self.number(at: low, in: precision), holdsBelow: holdsBelow)
    }

    /// The rank of a number among all numbers of its precision; 0 for 0, -1 for -0.
    private static func place(of number: Double, in precision: Arithmetic.Precision) -> Int {
        switch precision {
        case .float32:
            let bits = Int32(bitPattern: Float(number).bitPattern)
            return Int(bits >= 0 ? bits : Int32.min ^ ~bits)
        case .float64:
            let bits = Int64(bitPattern: number.bitPattern)
            return Int(bits >= 0 ? bits : Int64.min ^ ~bits)
        }
    }

    private static func number(at place: Int, in precision: Arithmetic.Precision) -> Double {
        switch precision {
        case .float32:
            let bits = Int32(truncatingIfNeeded: place)
            return Double(Float(bitPattern: UInt32(bitPattern: bits >= 0 ? bits : Int32.min ^ ~bits)))
        case .float64:
            let bits = Int64(place)
            return Double(bitPattern: UInt64(bitPattern: bits >= 0 ? bits : Int64.min ^ ~bits))
        }
    }
}
