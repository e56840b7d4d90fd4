internal import LeadTypes
internal import TreeEnsemble

/// A recipe's feature rules with names resolved to numbers.
struct FeaturePlan: Sendable {
    /// How one feature is made.
    enum Step: Sendable, Equatable {
        /// The number as it is.
        case number
        /// A number that no tree looks at.
        case unread
        /// 0 or 1; anything else is invalid.
        case boolean
        /// A code below `levelCount`; `levelCount` itself stands for unseen and becomes `unseen`.
        case category(levelCount: Float, unseen: Float)
        /// A hash of 32 bits.
        case categoryHash
        /// Days after the date in another column.
        case daysAfter(column: Int)
        /// Days before the instant that the batch is scored for.
        case daysBeforeAsOf
    }

    /// The source column of each feature.
    let columns: [Int]
    /// How each feature is made.
    let steps: [Step]
    /// For each feature the meaning of strings; nil where it is no category.
    let levels: [LevelTable?]
    /// Columns that cannot be strings.
    let nonCategories: [Int]
    /// Whether values must be compared as doubles where float32 does not hold them.
    let comparesDoubles: Bool
    /// Whether some feature comes as a hash, which float32 does not hold.
    let hasHashes: Bool
    /// Whether some feature is a difference of dates, which float32 does not hold.
    let hasDays: Bool
    /// Rows that are prepared and evaluated at a time.
    let blockRows: Int

    init(_ recipe: ScoringRecipe, _ arithmetic: Arithmetic, readsFeature: [Bool]) throws(InvalidRecipe) {
        let schema = recipe.schema.columns
        let places = Dictionary(schema.enumerated().map { ($1.name, $0) }) { first, _ in first }
        var columns: [Int] = []
        var steps: [Step] = []
        var levels: [LevelTable?] = []
        for rule in recipe.features {
            guard let column = places[rule.column] else {
                throw InvalidRecipe("feature \"\(rule.name)\" is made from a column that the schema does not have")
            }
            columns.append(column)
            var table: LevelTable?
            switch rule.preparation {
            case .number: steps.append(readsFeature[steps.count] ? .number : .unread)
            case .boolean: steps.append(.boolean)
            case .category(let unseen):
                let words = schema[column].levels
                steps.append(.category(levelCount: Float(words.count), unseen: unseen.map { Float($0) } ?? .nan))
                table = LevelTable(levels: words, missingTokens: recipe.missingTokens)
            case .categoryHash:
                steps.append(.categoryHash)
                table = LevelTable(levels: [], missingTokens: recipe.missingTokens)
            case .daysAfter(let reference):
                guard let other = places[reference] else {
                    throw InvalidRecipe("feature \"\(rule.name)\" counts from a column that the schema does not have")
                }
                steps.append(.daysAfter(column: other))
            case .daysBeforeAsOf: steps.append(.daysBeforeAsOf)
            }
            levels.append(table)
        }
        self.columns = columns
        self.steps = steps
        self.levels = levels
        nonCategories = schema.indices.filter { schema[$0].kind != .category }
        comparesDoubles = arithmetic.values == .float64
        hasHashes = steps.contains {
            switch $0 {
            // Without levels a category comes as its hash too, to be checked before it is called unseen.
            case .categoryHash, .category(levelCount: 0, _): true
            default: false
            }
        }
        hasDays = steps.contains {
            switch $0 {
            case .daysAfter, .daysBeforeAsOf: true
            default: false
            }
        }
        // The block's values stay in the second-level cache: 512 rows of up to 256 features, fewer rows beyond.
        blockRows = max(64, min(512, (512 * 256 / max(1, columns.count)) & ~63))
    }
}
