/// Features that are computed from a row before any tree looks at it: what CatBoost makes of categories.
///
/// The derived feature of index k is feature `featureCount + k` to the trees: an exact float32 number. In a row a
/// categorical column holds a ``CategoryHash``. ``values(of:)`` is the definition of every bit; kernels must agree.
public struct DerivedFeatures: Sendable, Equatable {
    /// The columns of a row that hold categories, ascending; no tree looks at them itself.
    public var categoryColumns: [Int]
    /// What several features may be looked up by.
    public var combinations: [CategoryCombination]
    /// The features in the order of their indices.
    public var features: [DerivedFeature]

    /// Features of these parts.
    public init(categoryColumns: [Int], combinations: [CategoryCombination], features: [DerivedFeature]) {
        self.categoryColumns = categoryColumns
        self.combinations = combinations
        self.features = features
    }
}

/// One derived feature.
public enum DerivedFeature: Sendable, Equatable {
    /// 1 if the column holds the category, else 0 (CatBoost's one-hot features).
    case isCategory(CategoryCondition)
    /// A number that goes with the row's combination (CatBoost's target statistics and counters, CTRs).
    case statistic(CategoryStatistic)
}

/// Whether a column holds a category.
public struct CategoryCondition: Sendable, Hashable {
    /// The column, one of the categorical ones.
    public var column: Int
    /// The category.
    public var hash: UInt32

    /// A condition of these parts.
    public init(column: Int, hash: UInt32) {
        self.column = column
        self.hash = hash
    }
}

/// Whether a numeric column, rounded to float32, is above a border.
public struct BorderCondition: Sendable, Hashable {
    /// The column, one that is not categorical.
    public var column: Int
    /// The border.
    public var border: Float
    /// Whether a missing value counts as above it.
    public var missingIsAbove: Bool

    /// A condition of these parts.
    public init(column: Int, border: Float, missingIsAbove: Bool) {
        self.column = column
        self.border = border
        self.missingIsAbove = missingIsAbove
    }
}

/// Categories and conditions that are folded into one 64-bit key, and the keys that something is known of.
public struct CategoryCombination: Sendable, Equatable {
    /// Categorical columns, in the order in which they are folded in.
    public var columns: [Int]
    /// Then these conditions on numbers.
    public var borders: [BorderCondition]
    /// Then these on categories.
    public var categories: [CategoryCondition]
    /// The keys that something is known of, ascending.
    public var keys: [UInt64]

    /// A combination of these parts.
    public init(columns: [Int], borders: [BorderCondition], categories: [CategoryCondition], keys: [UInt64]) {
        self.columns = columns
        self.borders = borders
        self.categories = categories
        self.keys = keys
    }

    /// A key with one more number folded in (`CalcHash` of CatBoost's `libs/model/hash.h`).
    @inlinable
    public static func folded(_ key: UInt64, _ number: UInt64) -> UInt64 {
        let multiplier: UInt64 = 0x4906_BA49_4954_CB65
        return multiplier &* (key &+ multiplier &* number)
    }

    /// A key with a category folded in; its 32 bits count as a signed number.
    @inlinable
    public static func folded(_ key: UInt64, category: UInt32) -> UInt64 {
        folded(key, UInt64(bitPattern: Int64(Int32(bitPattern: category))))
    }

    /// The category of a key that nothing but one category was folded into.
    public static func category(ofKey key: UInt64) -> UInt32 {
        let once = folded(0, 1)
        // The inverse of an odd number modulo 2^64: each step doubles the bits that are right, three to begin with.
        var inverse = once
        for _ in 0..<5 { inverse = inverse &* (2 &- once &* inverse) }
        return UInt32(truncatingIfNeeded: key &* inverse)
    }

    /// A key that no row has anything known of: CatBoost marks its free places with it.
    public static let nobodysKey = UInt64.max
}

/// A number for each key of a combination.
public struct CategoryStatistic: Sendable, Equatable {
    /// The combination, an index of ``DerivedFeatures/combinations``.
    public var combination: Int
    /// What the number is, in the library's word (`Borders`, `Counter`, …).
    public var kind: String
    /// The numbers, one a key.
    public var values: [Float]
    /// The number of a row whose key is not listed.
    public var otherwise: Float

    /// A statistic of these parts.
    public init(combination: Int, kind: String, values: [Float], otherwise: Float) {
        self.combination = combination
        self.kind = kind
        self.values = values
        self.otherwise = otherwise
    }
}

// MARK: - Evaluation

extension DerivedFeatures {
    /// The derived values of a row.
    /// - Parameter row: the raw columns.
    /// - Returns: one exact float32 number a feature.
    /// - Precondition: the features are valid for a row of this width.
    public func values(of row: [Double]) -> [Double] {
        let places = combinations.map { $0.place(of: $0.key(of: row)) }
        return features.map { feature in
            switch feature {
            case .isCategory(let condition): condition.holds(for: row) ? 1 : 0
            case .statistic(let statistic):
                Double(places[statistic.combination].map { statistic.values[$0] } ?? statistic.otherwise)
            }
        }
    }
}

extension CategoryCombination {
    /// The key of a row.
    func key(of row: [Double]) -> UInt64 {
        var key: UInt64 = 0
        for column in columns { key = Self.folded(key, category: CategoryHash.of(value: row[column])) }
        for condition in borders { key = Self.folded(key, condition.holds(for: row) ? 1 : 0) }
        for condition in categories { key = Self.folded(key, condition.holds(for: row) ? 1 : 0) }
        return key
    }

    /// The place of a key among ``keys``; nil if nothing is known of it.
    func place(of key: UInt64) -> Int? {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low < keys.count && keys[low] == key ? low : nil
    }
}

extension CategoryCondition {
    func holds(for row: [Double]) -> Bool { CategoryHash.of(value: row[column]) == hash }
}

extension BorderCondition {
    func holds(for row: [Double]) -> Bool {
        let value = Float(row[column])
        return value.isNaN ? missingIsAbove : value > border
    }
}

extension Ensemble {
    /// What trees look at: raw columns and derived features.
    public var widenedFeatureCount: Int { featureCount + (derivedFeatures?.features.count ?? 0) }

    /// The same trees with the derived features as plain columns behind the raw ones.
    ///
    /// They are named `derived 0`, `derived 1`, …; the ensemble itself if it has none.
    public var widened: Ensemble {
        guard let derivedFeatures else { return self }
        var copy = self
        copy.derivedFeatures = nil
        copy.featureNames += derivedFeatures.features.indices.map { "derived \($0)" }
        return copy
    }

    /// A row with its derived values behind it.
    func widened(_ row: [Double]) -> [Double] { derivedFeatures.map { row + $0.values(of: row) } ?? row }
}
