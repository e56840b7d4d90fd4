internal import EnsembleKernels
public import TreeEnsemble

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// From a row's margins to its probability, by the recipe's calibration or the ensemble's own transform.
struct ProbabilityPlan: Sendable {
    let calibration: Calibration
    /// The margins of an isotonic calibration.
    let curve: RisingCuts
    let transform: OutputTransform
    let outputIndex: Int
    let divisor: Double

    /// The plan of a recipe.
    /// - Throws: ``InvalidRecipe`` if the calibration is the ensemble's own and that gives no probability.
    init(_ recipe: ScoringRecipe, _ outline: EnsembleOutline) throws(InvalidRecipe) {
        guard recipe.calibration != .identity || outline.transform.givesProbability else {
            throw InvalidRecipe(
                "the objective \(outline.objective) gives no probability; the recipe needs a calibration of its own"
            )
        }
        calibration = recipe.calibration
        if case .isotonic(let margins, _) = recipe.calibration {
            curve = RisingCuts(margins)
        } else {
            curve = RisingCuts([])
        }
        transform = outline.transform
        outputIndex = recipe.outputIndex
        divisor = Double(outline.averageDivisor)
    }

    /// Fills in the probabilities of rows.
    /// - Parameters:
    ///   - rows: places in `margins` and `target`.
    ///   - margins: the margin that counts, one a row.
    ///   - all: every output's margin of these rows, row after row; looked at by a softmax only.
    ///   - outputs: margins a row has in `all`.
    ///   - target: takes the probabilities.
    func fill(
        _ rows: Range<Int>,
        margins: [Double],
        all: [Double],
        outputs: Int,
        into target: inout [Float]
    ) {
        let chosen = margins.span
        let each = all.span
        var target = target.mutableSpan
        switch calibration {
        case .platt(let slope, let intercept):
            for row in rows { target[row] = Float(stableSigmoid(slope * chosen[row] + intercept)) }
        case .isotonic(let margins, let probabilities):
            let (xs, ys) = (margins.span, probabilities.span)
            for row in rows {
                let margin = chosen[row]
                target[row] = Float(interpolate(margin, above: curve.countNotAbove(margin), xs, ys))
            }
        case .identity:
            switch transform {
            case .softmax32:
                for row in rows { target[row] = softmax32(each, (row - rows.lowerBound) * outputs, outputs) }
            case .softmaxFlat32, .softmaxZero32:
                let skipsZero = transform == .softmaxZero32
                for row in rows {
                    target[row] = softmaxFlat32(each, (row - rows.lowerBound) * outputs, outputs, skipsZero)
                }
            case .softmax64:
                for row in rows { target[row] = Float(softmax64(each, (row - rows.lowerBound) * outputs, outputs)) }
            default:
                for row in rows {
                    let margin = divisor == 1 ? chosen[row] : chosen[row] / divisor
                    target[row] = Float(transform.prediction(fromMargin: margin))
                }
            }
        }
    }
}

/// The chosen output's share without an array: the steps of `Ensemble.predictions(fromMargins:)`, bit for bit.
extension ProbabilityPlan {
    private func softmax32(_ margins: Span<Double>, _ first: Int, _ outputs: Int) -> Float {
        var largest = Float(margins[first] / divisor)
        for output in 1..<outputs {
            let margin = Float(margins[first + output] / divisor)
            if largest < margin { largest = margin }
        }
        var sum = 0.0
        for output in 0..<outputs { sum += Double(expf(Float(margins[first + output] / divisor) - largest)) }
        return expf(Float(margins[first + outputIndex] / divisor) - largest) / Float(sum)
    }

    private func softmaxFlat32(_ margins: Span<Double>, _ first: Int, _ outputs: Int, _ skipsZero: Bool) -> Float {
        var largest = -Float.greatestFiniteMagnitude
        for output in 0..<outputs where Float(margins[first + output]) > largest {
            largest = Float(margins[first + output])
        }
        var sum: Float = 0
        var chosen: Float = 0
        for output in 0..<outputs {
            let margin = Float(margins[first + output])
            let part = OutputTransform.softmaxPart(margin, largest: largest, skipsZero: skipsZero)
            if part.counts { sum += part.value }
            if output == outputIndex { chosen = part.value }
        }
        return chosen / sum
    }

    private func softmax64(_ margins: Span<Double>, _ first: Int, _ outputs: Int) -> Double {
        var largest = margins[first] / divisor
        for output in 1..<outputs {
            let margin = margins[first + output] / divisor
            if largest < margin { largest = margin }
        }
        var sum = 0.0
        for output in 0..<outputs { sum += exp(margins[first + output] / divisor - largest) }
        return exp(margins[first + outputIndex] / divisor - largest) / sum
    }
}

extension OutputTransform {
    /// Whether what comes out is a probability: a sigmoid's or a softmax's share, or a forest's own.
    public var givesProbability: Bool {
        switch self {
        case .sigmoid32, .softmax32, .sigmoid64, .softmax64, .probability32, .logistic32, .softmaxFlat32,
            .softmaxZero32:
            true
        case .identity, .argmax32, .ascending32, .cumulativeSoftplus32, .exp32, .hinge32, .exp64, .log1pExp64,
            .signedSquare64, .rounded32,
            .probit32, .scaledExp32:
            false
        }
    }
}
