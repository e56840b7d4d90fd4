/// Which result columns a request asks for and a reply carries.
public struct ScoreOutputs: OptionSet, Sendable, Hashable {
    /// One bit a column, as on the wire.
    public let rawValue: UInt32

    /// The columns whose bits are set.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The model's raw sum, as a double.
    public static let margin = ScoreOutputs(rawValue: 1 << 0)
    /// The calibrated probability, as a float.
    public static let probability = ScoreOutputs(rawValue: 1 << 1)
    /// The score from 0 to 100.
    public static let score = ScoreOutputs(rawValue: 1 << 2)
    /// The index of the tier, 0 the best.
    public static let tier = ScoreOutputs(rawValue: 1 << 3)
    /// The ``RowStatus``.
    public static let status = ScoreOutputs(rawValue: 1 << 4)

    /// How long the server took, once a reply and not a column.
    public static let timings = ScoreOutputs(rawValue: 1 << 5)

    /// All there are, by the names that people see.
    public static let names: [(name: String, output: ScoreOutputs)] = [
        ("margin", .margin), ("probability", .probability), ("score", .score), ("tier", .tier), ("status", .status),
        ("timings", .timings),
    ]

    /// Every column there is.
    public static let all: ScoreOutputs = [.margin, .probability, .score, .tier, .status]
}

/// What became of one row of a batch.
public enum RowStatus: UInt8, Sendable, CaseIterable {
    /// Scored; the other columns hold its results.
    case scored = 0
    /// Not scored: a value that its column cannot hold, such as a category code past the last level.
    case invalidValue = 1
    /// Not scored: the deadline passed before its turn came.
    case deadlinePassed = 2
}

/// What the result columns hold for a row that was not scored; margin and probability are NaN.
public enum UnscoredValue {
    /// Its score.
    public static let score: UInt8 = 255
    /// Its tier.
    public static let tier: UInt8 = 255
}
