#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How margins become predictions, each in the precision of its library.
public enum OutputTransform: Sendable, Equatable {
    /// The margin itself.
    case identity
    /// XGBoost's sigmoid in float32 (`src/common/math.h`): `1 / (expf(min(-x, 88.7)) + 1 + 1e-16)`.
    case sigmoid32
    /// XGBoost's softmax in float32 with its sum in double.
    case softmax32
    /// XGBoost's `multi:softmax`: the first output with the largest margin, as one number.
    case argmax32
    /// XGBoost's exponential in float32.
    case exp32
    /// XGBoost's hinge: 1 if the margin is above 0, else 0.
    case hinge32
    /// XGBoost's quantiles from 3.4 on: the outputs of a row in ascending order.
    case ascending32
    /// XGBoost's expectiles (from 3.3 on): the first output as it is, each further one `1e-6` and the softplus of its
    /// margin above the one before it.
    case cumulativeSoftplus32
    /// LightGBM's sigmoid in double, `1 / (1 + exp(-scale * x))`, on each output.
    case sigmoid64(scale: Double)
    /// LightGBM's softmax in double.
    case softmax64
    /// LightGBM's exponential in double.
    case exp64
    /// LightGBM's `cross_entropy_lambda`: `log1p(exp(x))`.
    case log1pExp64
    /// LightGBM's `regression sqrt`: `sign(x) * x * x`.
    case signedSquare64
    /// The margin itself, rounded to float32 (ONNX's older tree operators over doubles).
    case rounded32
    /// The margin itself, rounded to float32, which is a probability already (random forests in ONNX).
    case probability32
    /// ONNX's `LOGISTIC` in float32: `1 / (1 + expf(-|x|))`, and 1 minus that for a negative margin.
    case logistic32
    /// ONNX's `SOFTMAX` in float32, its sum too.
    case softmaxFlat32
    /// ONNX's `SOFTMAX_ZERO` in float32: a softmax that leaves out margins of at most `1e-7` in size.
    case softmaxZero32
    /// ONNX's `PROBIT` in float32: the inverse of the normal distribution function, by Winitzki's approximation.
    case probit32
    /// `expf(margin)` times a factor, in float32 (XGBoost's Poisson, gamma and Tweedie objectives in ONNX).
    case scaledExp32(factor: Float)

    /// Predictions a row gets from this many margins.
    public func predictionCount(outputs: Int) -> Int { self == .argmax32 ? 1 : outputs }
}

extension Ensemble {
    /// The predictions of one row from its margins: divided, where the library averages, and transformed.
    /// - Parameter margins: one an output.
    /// - Returns: one an output, or the one class of `multi:softmax`.
    public func predictions(fromMargins margins: [Double]) -> [Double] {
        let sums = averageDivisor == 1 ? margins : margins.map { $0 / Double(averageDivisor) }
        switch transform {
        case .identity: return sums
        case .softmax32: return softmax32(sums)
        case .softmax64: return softmax64(sums)
        case .softmaxFlat32: return softmaxFlat32(sums, skipsZero: false)
        case .softmaxZero32: return softmaxFlat32(sums, skipsZero: true)
        case .ascending32: return sums.sorted()
        case .cumulativeSoftplus32: return cumulativeSoftplus32(sums)
        case .argmax32:
            var best = 0
            for output in sums.indices where sums[output] > sums[best] { best = output }
            return [Double(best)]
        default: return sums.map(transform.prediction(fromMargin:))
        }
    }

    private func softmax32(_ margins: [Double]) -> [Double] {
        let largest = margins.map { Float($0) }.max() ?? 0
        let parts = margins.map { expf(Float($0) - largest) }
        let sum = Float(parts.reduce(0.0) { $0 + Double($1) })
        return parts.map { Double($0 / sum) }
    }

    /// `pred += 1e-6f + softplus(margin)` from output to output (`src/objective/expectile_obj.cc`).
    private func cumulativeSoftplus32(_ margins: [Double]) -> [Double] {
        var predictions = margins
        for output in margins.indices.dropFirst() {
            let margin = Float(margins[output])
            let rise = margin > 0 ? margin + log1pf(expf(-margin)) : log1pf(expf(margin))
            predictions[output] = Double(Float(predictions[output - 1]) + (1e-6 + rise))
        }
        return predictions
    }

    private func softmaxFlat32(_ margins: [Double], skipsZero: Bool) -> [Double] {
        var largest = -Float.greatestFiniteMagnitude
        for margin in margins where Float(margin) > largest { largest = Float(margin) }
        var sum: Float = 0
        let parts = margins.map { margin in
            let part = OutputTransform.softmaxPart(Float(margin), largest: largest, skipsZero: skipsZero)
            if part.counts { sum += part.value }
            return part.value
        }
        return parts.map { Double($0 / sum) }
    }

    private func softmax64(_ margins: [Double]) -> [Double] {
        let largest = margins.max() ?? 0
        let parts = margins.map { exp($0 - largest) }
        let sum = parts.reduce(0, +)
        return parts.map { $0 / sum }
    }
}

extension OutputTransform {
    /// The prediction for one margin by a transform that looks at one output alone.
    /// - Precondition: a transform that does not look at the whole row (softmax, argmax, ascending, cumulative).
    public func prediction(fromMargin margin: Double) -> Double {
        switch self {
        case .identity: return margin
        case .sigmoid32: return Double(1 / (expf(min(-Float(margin), 88.7)) + 1 + 1e-16))
        case .exp32: return Double(expf(Float(margin)))
        case .hinge32: return margin > 0 ? 1 : 0
        case .sigmoid64(let scale): return 1 / (1 + exp(-scale * margin))
        case .exp64: return exp(margin)
        case .log1pExp64: return log1p(exp(margin))
        case .signedSquare64: return margin < 0 ? -(margin * margin) : margin * margin
        case .rounded32, .probability32: return Double(Float(margin))
        case .logistic32:
            let narrow = Float(margin)
            let share = 1 / (1 + expf(-abs(narrow)))
            return Double(narrow < 0 ? 1 - share : share)
        case .probit32: return Double(Float(2).squareRoot() * inverseErrorFunction(2 * Float(margin) - 1))
        case .scaledExp32(let factor): return Double(expf(Float(margin)) * factor)
        case .softmax32, .softmax64, .softmaxFlat32, .softmaxZero32, .argmax32, .ascending32,
            .cumulativeSoftplus32:
            preconditionFailure("needs all outputs of the row")
        }
    }

    /// One output's part of an ONNX softmax, and whether it counts in the sum.
    public static func softmaxPart(
        _ margin: Float,
        largest: Float,
        skipsZero: Bool
    ) -> (value: Float, counts: Bool) {
        guard skipsZero, !(margin > 1e-7 || margin < -1e-7) else { return (expf(margin - largest), true) }
        return (margin * expf(-largest), false)
    }

    /// ONNX Runtime's approximation (`ErfInv` in `ml_common.h`), step by step in float32.
    private func inverseErrorFunction(_ value: Float) -> Float {
        let logarithm = logf((1 - value) * (1 + value))
        let half = 2 / (Float(3.14159265358979) * 0.147) + 0.5 * logarithm
        let root = (-half + (half * half - 1 / Float(0.147) * logarithm).squareRoot()).squareRoot()
        return value < 0 ? -root : root
    }
}
