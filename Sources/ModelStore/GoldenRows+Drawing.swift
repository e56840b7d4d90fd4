public import LeadScoring
internal import LeadTypes
public import TreeEnsemble

extension GoldenRows {
    /// Draws rows where an evaluator can go wrong: values at the trees' thresholds, one step beside them, zero, missing.
    ///
    /// The same recipe and ensemble give the same rows.
    /// - Parameters:
    ///   - recipe: says which columns there are.
    ///   - ensemble: its thresholds are looked at.
    ///   - asOfDays: the instant that the rows will be scored for.
    ///   - rows: how many.
    /// - Returns: one array a column of the schema.
    public static func drawColumns(
        for recipe: ScoringRecipe,
        _ ensemble: Ensemble,
        asOfDays: Double,
        rows: Int = rowsMax
    ) -> [[Double]] {
        let thresholds = thresholds(of: ensemble)
        let categories = ensemble.derivedFeatures.map { knownCategories(of: $0, ensemble.featureCount) } ?? []
        var lot = Lot(state: recipe.schema.fingerprint)
        return recipe.schema.columns.map { column in
            // The values that the features made from this column are told apart by, as the column would hold them.
            var values: [Double] = []
            for (feature, rule) in recipe.features.enumerated() where rule.column == column.name {
                switch rule.preparation {
                case .daysBeforeAsOf: values += thresholds[feature].map { asOfDays - $0 }
                case .daysAfter: values += thresholds[feature].map { asOfDays - 100 + $0 }
                case .categoryHash: values += categories[feature]
                default: values += thresholds[feature]
                }
            }
            let isFloat = ensemble.arithmetic.values == .float32
            return (0..<rows).map { _ in value(of: column, near: values, isFloat, &lot) }
        }
    }

    private static func value(
        of column: LeadColumn,
        near values: [Double],
        _ isFloat: Bool,
        _ lot: inout Lot
    ) -> Double {
        if lot.next(8) == 0 { return .nan }
        switch column.kind {
        case .boolean: return Double(lot.next(2))
        case .category where column.holdsHashes:
            return values.isEmpty || lot.next(6) == 0 ? Double(lot.next(1 << 32)) : values[lot.next(values.count)]
        case .category: return Double(lot.next(column.levels.count + 1))
        case .number, .date:
            guard !values.isEmpty else { return column.kind == .date ? 20_000 : 0 }
            let value = values[lot.next(values.count)]
            switch lot.next(8) {
            case 0: return isFloat ? Double(Float(value).nextUp) : value.nextUp
            case 1, 2: return isFloat ? Double(Float(value).nextDown) : value.nextDown
            case 3: return 0
            case 4: return value * 2 + 1
            default: return value
            }
        }
    }

    /// Each feature's thresholds, at most 4,096 of them, and 0 where it has none.
    private static func thresholds(of ensemble: Ensemble) -> [[Double]] {
        var all = [[Double]](repeating: [], count: ensemble.featureCount)
        for tree in ensemble.trees {
            for node in tree.nodes {
                let feature = Int(node.feature)
                guard feature < all.count, case .threshold(let threshold) = node.test, all[feature].count < 4_096
                else { continue }
                all[feature].append(threshold)
            }
        }
        return all
    }

    /// For each column the hashes, at most 4,096 of them, that the model knows by themselves.
    private static func knownCategories(of derived: DerivedFeatures, _ featureCount: Int) -> [[Double]] {
        var all = [[Double]](repeating: [], count: featureCount)
        for case .isCategory(let condition) in derived.features where all[condition.column].count < 4_096 {
            all[condition.column].append(Double(condition.hash))
        }
        for combination in derived.combinations
        where combination.columns.count == 1 && combination.borders.isEmpty && combination.categories.isEmpty {
            let column = combination.columns[0]
            let hashes = combination.keys.prefix(4_096).map { Double(CategoryCombination.category(ofKey: $0)) }
            all[column] += hashes
        }
        return all
    }

    /// SplitMix64, so that the rows are the same everywhere.
    private struct Lot {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return Int((mixed ^ mixed >> 31) % UInt64(bound))
        }
    }
}
