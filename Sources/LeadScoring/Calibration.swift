/// From margin to probability; never falling, so that a higher margin never gets a lower probability.
public enum Calibration: Sendable, Equatable {
    /// The ensemble's own transform (a sigmoid or a softmax), for models whose objective already gives a probability.
    case identity
    /// `1 / (1 + exp(-(slope * margin + intercept)))`, with a slope above 0.
    case platt(slope: Double, intercept: Double)
    /// Straight lines between points; a margin outside of them gets the nearest point's probability.
    ///
    /// Lines instead of steps, so that leads of one step keep their order. Margins rise from point to point, and
    /// probabilities do not fall.
    case isotonic(margins: [Double], probabilities: [Double])

    /// The probability of a margin, where the calibration alone knows it.
    ///
    /// Computed in double without the machine's mathematical library: the same bits everywhere.
    /// - Parameter margin: any number; NaN gives NaN.
    /// - Returns: a number from 0 to 1, or nil for ``identity``, where the ensemble is to be asked.
    public func probability(ofMargin margin: Double) -> Double? {
        switch self {
        case .identity: nil
        case .platt(let slope, let intercept): stableSigmoid(slope * margin + intercept)
        case .isotonic(let margins, let probabilities):
            interpolate(
                margin,
                above: countNotAbove(margin, margins.span),
                margins.span,
                probabilities.span
            )
        }
    }
}

/// The value at `x` on the lines through the points, the nearest end's value outside of them, NaN at NaN.
/// - Parameters:
///   - x: where.
///   - above: how many of `xs` are at most `x`.
///   - xs: the points' places, rising.
///   - ys: the points' values, not falling.
/// - Returns: the value.
@inline(__always)
func interpolate(_ x: Double, above: Int, _ xs: Span<Double>, _ ys: Span<Double>) -> Double {
    if x.isNaN { return x }
    if above == 0 { return ys[0] }
    if above == xs.count { return ys[above - 1] }
    let (left, right) = (xs[above - 1], xs[above])
    let (low, high) = (ys[above - 1], ys[above])
    // Rounding may lift the sum past `high` by one unit in the last place.
    return min(low + (high - low) * ((x - left) / (right - left)), high)
}

/// How many of the rising numbers are at most `x`, by halves; 0 for NaN.
///
/// ``RisingCuts`` is the fast form.
package func countNotAbove(_ x: Double, _ rising: Span<Double>) -> Int {
    var low = 0
    var high = rising.count
    while low < high {
        let middle = (low + high) >> 1
        if rising[middle] <= x { low = middle + 1 } else { high = middle }
    }
    return low
}

extension Calibration: Codable {
    private enum Key: String, CodingKey { case kind, slope, intercept, margins, probabilities }

    /// Reads `{"kind": "identity" | "platt" | "isotonic"}` with the numbers of its kind.
    public init(from decoder: any Decoder) throws {
        let box = try decoder.container(keyedBy: Key.self)
        let kind = try box.decode(String.self, forKey: .kind)
        switch kind {
        case "identity": self = .identity
        case "platt":
            self = .platt(
                slope: try box.decode(Double.self, forKey: .slope),
                intercept: try box.decode(Double.self, forKey: .intercept)
            )
        case "isotonic":
            self = .isotonic(
                margins: try box.decode([Double].self, forKey: .margins),
                probabilities: try box.decode([Double].self, forKey: .probabilities)
            )
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .kind,
                in: box,
                debugDescription: "this version does not know the calibration \"\(kind)\""
            )
        }
    }

    /// Writes the form that is read.
    public func encode(to encoder: any Encoder) throws {
        var box = encoder.container(keyedBy: Key.self)
        switch self {
        case .identity: try box.encode("identity", forKey: .kind)
        case .platt(let slope, let intercept):
            try box.encode("platt", forKey: .kind)
            try box.encode(slope, forKey: .slope)
            try box.encode(intercept, forKey: .intercept)
        case .isotonic(let margins, let probabilities):
            try box.encode("isotonic", forKey: .kind)
            try box.encode(margins, forKey: .margins)
            try box.encode(probabilities, forKey: .probabilities)
        }
    }
}
