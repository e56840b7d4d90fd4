/// One feature of the ensemble: which raw column it is made from, and how.
public struct FeatureRule: Sendable, Equatable {
    /// The feature's name, unique among the features.
    public var name: String
    /// The schema's column it is made from.
    public var column: String
    /// How the column's value becomes the feature's.
    public var preparation: FeaturePreparation

    /// A rule of these parts.
    public init(name: String, column: String, preparation: FeaturePreparation) {
        self.name = name
        self.column = column
        self.preparation = preparation
    }

    /// A rule for a feature that has its column's name.
    public init(column: String, preparation: FeaturePreparation) {
        self.init(name: column, column: column, preparation: preparation)
    }
}

/// How a column's value becomes a feature's; a missing value stays missing.
public enum FeaturePreparation: Sendable, Equatable {
    /// The number itself; for a date, its days since 1970-01-01T00:00Z.
    case number
    /// 0 or 1.
    case boolean
    /// The level's code. A level that the schema does not have becomes the code `unseen` (that of an "other" level), or
    /// missing where that is nil.
    case category(unseen: Int?)
    /// The 32-bit hash of the category's text, which may be any (CatBoost); a missing one counts as the empty text.
    case categoryHash
    /// A date's days after the date in another column of the schema: `column - reference`.
    case daysAfter(reference: String)
    /// The days from a date to the instant that the batch is scored for: `as of - column`.
    case daysBeforeAsOf
}

extension FeatureRule: Codable {
    private enum Key: String, CodingKey { case name, column, rule, unseen, reference }

    /// Reads `{"name", "column", "rule"}` with `unseen` or `reference` where the rule has one.
    public init(from decoder: any Decoder) throws {
        let box = try decoder.container(keyedBy: Key.self)
        name = try box.decode(String.self, forKey: .name)
        column = try box.decode(String.self, forKey: .column)
        let rule = try box.decode(String.self, forKey: .rule)
        switch rule {
        case "number": preparation = .number
        case "boolean": preparation = .boolean
        case "category": preparation = .category(unseen: try box.decodeIfPresent(Int.self, forKey: .unseen))
        case "category-hash": preparation = .categoryHash
        case "days-after": preparation = .daysAfter(reference: try box.decode(String.self, forKey: .reference))
        case "days-before-as-of": preparation = .daysBeforeAsOf
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .rule,
                in: box,
                debugDescription: "feature \"\(name)\" has the rule \"\(rule)\", which this version does not know"
            )
        }
    }

    /// Writes the form that is read.
    public func encode(to encoder: any Encoder) throws {
        var box = encoder.container(keyedBy: Key.self)
        try box.encode(name, forKey: .name)
        try box.encode(column, forKey: .column)
        switch preparation {
        case .number: try box.encode("number", forKey: .rule)
        case .boolean: try box.encode("boolean", forKey: .rule)
        case .category(let unseen):
            try box.encode("category", forKey: .rule)
            try box.encodeIfPresent(unseen, forKey: .unseen)
        case .categoryHash: try box.encode("category-hash", forKey: .rule)
        case .daysAfter(let reference):
            try box.encode("days-after", forKey: .rule)
            try box.encode(reference, forKey: .reference)
        case .daysBeforeAsOf: try box.encode("days-before-as-of", forKey: .rule)
        }
    }
}
