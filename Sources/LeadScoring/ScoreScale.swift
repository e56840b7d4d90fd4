/// From margin or probability to a score of 0 to 100.
public enum ScoreScale: Sendable, Equatable {
    /// The share of known leads that the lead is not below: the number of cuts that its margin reaches, out of 100.
    ///
    /// Cut *i* (from 0) is the margin that a share of `(i + 1) / 101` or so of the leads stayed below; cuts never fall.
    case percentile(cuts: [Double])
    /// The probability in percent, rounded to the nearest whole number.
    case probability

    /// The cuts a percentile scale has.
    public static let cutCount = 100

    /// The score of a margin and its probability; 0 where the one that is looked at is NaN.
    public func score(margin: Double, probability: Float) -> UInt8 {
        switch self {
        case .percentile(let cuts): UInt8(min(countNotAbove(margin, cuts.span), Self.cutCount))
        case .probability: percent(probability)
        }
    }
}

/// A probability as whole percent, halves away from zero; 0 for NaN.
func percent(_ probability: Float) -> UInt8 {
    let percent = (Double(probability) * 100).rounded()
    return percent >= 100 ? 100 : percent > 0 ? UInt8(percent) : 0
}

extension ScoreScale: Codable {
    private enum Key: String, CodingKey { case kind, cuts }

    /// Reads `{"kind": "percentile", "cuts": […]}` or `{"kind": "probability"}`.
    public init(from decoder: any Decoder) throws {
        let box = try decoder.container(keyedBy: Key.self)
        let kind = try box.decode(String.self, forKey: .kind)
        switch kind {
        case "percentile": self = .percentile(cuts: try box.decode([Double].self, forKey: .cuts))
        case "probability": self = .probability
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .kind,
                in: box,
                debugDescription: "this version does not know the score scale \"\(kind)\""
            )
        }
    }

    /// Writes the form that is read.
    public func encode(to encoder: any Encoder) throws {
        var box = encoder.container(keyedBy: Key.self)
        switch self {
        case .percentile(let cuts):
            try box.encode("percentile", forKey: .kind)
            try box.encode(cuts, forKey: .cuts)
        case .probability: try box.encode("probability", forKey: .kind)
        }
    }
}

/// A tier: leads that are treated alike, from a probability on.
public struct TierCut: Codable, Sendable, Equatable {
    /// The name, unique among the tiers.
    public var name: String
    /// The least probability that is in the tier; 0 for the last one.
    public var minimumProbability: Double

    /// A tier of this name and minimum.
    public init(name: String, minimumProbability: Double) {
        self.name = name
        self.minimumProbability = minimumProbability
    }
}
