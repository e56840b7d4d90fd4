internal import TreeEnsemble

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What an objective of XGBoost's does with base score and margins (`src/objective/`).
struct XGBoostObjective {
    let name: String
    let transform: OutputTransform
    private let link: Link

    /// How `base_score`, kept in response space, becomes a margin.
    private enum Link {
        case identity
        case logarithm
        /// `-logf(1 / x - 1)`; clamped to `[1e-6, 1 - 1e-6]` from 3.2 on, refused outside (0, 1) before.
        case logit(isClamped: Bool)
        /// The first output as it is; each further one the inverse softplus of its rise above the one before it.
        case risingSoftplus
    }

    /// Why an objective is not supported.
    struct Unsupported: Error {
        let problem: String
    }

    /// The rule of an objective, as the version that wrote the file had it.
    /// - Throws: ``Unsupported`` for one whose transform is not known here; its margins alone would mislead.
    static func rule(
        _ name: String,
        version: [Int32],
        outputs: Int
    ) throws(Unsupported) -> XGBoostObjective {
        func isAtLeast(_ needed: Int32...) -> Bool {
            guard version.count >= 2 else { return true }
            return !version.lexicographicallyPrecedes(needed)
        }
        let logit = Link.logit(isClamped: isAtLeast(3, 2))
        switch name {
        case "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror",
            "rank:pairwise", "rank:ndcg", "rank:map", "reg:normal":
            return XGBoostObjective(name: name, transform: .identity, link: .identity)
        case "binary:logistic", "reg:logistic":
            return XGBoostObjective(name: name, transform: .sigmoid32, link: logit)
        case "binary:logitraw":
            // Until 1.3.0 the base score was a probability here too; since 1.3.1 it is the margin itself.
            return XGBoostObjective(name: name, transform: .identity, link: isAtLeast(1, 3, 1) ? .identity : logit)
        case "binary:hinge":
            return XGBoostObjective(name: name, transform: .hinge32, link: .identity)
        case "multi:softprob":
            return XGBoostObjective(name: name, transform: .softmax32, link: .identity)
        case "multi:softmax":
            return XGBoostObjective(name: name, transform: .argmax32, link: .identity)
        case "count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft":
            return XGBoostObjective(name: name, transform: .exp32, link: .logarithm)
        case "reg:quantileerror":
            // Since 3.4 the quantiles of a row come in ascending order.
            let isSorted = outputs > 1 && isAtLeast(3, 4)
            return XGBoostObjective(name: name, transform: isSorted ? .ascending32 : .identity, link: .identity)
        case "reg:expectileerror":
            return XGBoostObjective(name: name, transform: .cumulativeSoftplus32, link: .risingSoftplus)
        default:
            throw Unsupported(problem: "the objective \(name.prefix(80)) is not known, nor what its margins mean")
        }
    }

    /// The margins that base scores stand for, one an output, in float32 as XGBoost computes them; nil outside their
    /// domain.
    func margins(fromBaseScores scores: [Float]) -> [Float]? {
        var margins: [Float] = []
        margins.reserveCapacity(scores.count)
        for (output, score) in scores.enumerated() {
            guard let margin = margin(fromBaseScore: score, after: output == 0 ? nil : scores[output - 1]) else {
                return nil
            }
            margins.append(margin)
        }
        return margins
    }

    private func margin(fromBaseScore score: Float, after previous: Float?) -> Float? {
        switch link {
        case .identity: return score
        case .risingSoftplus:
            guard let previous else { return score }
            let rise = max(score - previous - 1e-6, 1e-6)
            return rise + logf(-expm1f(-rise))
        case .logarithm: return score > 0 ? logf(score) : nil
        case .logit(let isClamped):
            let inside = isClamped ? min(max(score, 1e-6), 1 - 1e-6) : score
            return inside > 0 && inside < 1 ? -logf(1 / inside - 1) : nil
        }
    }
}
