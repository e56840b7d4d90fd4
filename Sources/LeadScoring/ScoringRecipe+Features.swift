internal import LeadTypes

extension ScoringRecipe {
    /// The ensemble's features from raw columns, one array a feature: what training learns from and what a scored batch
    /// is compared with.
    ///
    /// Raw columns are doubles: NaN is missing; a boolean is 0 or 1; a category is its level's code, and the number of
    /// levels stands for an unseen one, or its hash, where there are no levels; a date is days since 1970-01-01T00:00Z.
    /// - Parameters:
    ///   - columns: one array a column of the schema, equally long.
    ///   - asOfDays: the instant that the batch is scored for.
    /// - Returns: one array a feature, as long as the columns; NaN is missing.
    /// - Throws: ``InvalidRecipe`` with the column and row of a value that the column's kind does not have.
    public func featureColumns(from columns: [[Double]], asOfDays: Double) throws(InvalidRecipe) -> [[Double]] {
        guard columns.count == schema.columns.count, columns.allSatisfy({ $0.count == columns[0].count }) else {
            throw InvalidRecipe("the columns are not those of the schema, or not equally long")
        }
        for (column, values) in zip(schema.columns, columns) {
            guard let row = values.firstIndex(where: { !column.accepts($0) }) else { continue }
            throw InvalidRecipe(
                "column \"\(column.name)\", row \(row): \(values[row]) is no value of a \(column.kind.rawValue)"
            )
        }
        let places = Dictionary(schema.columns.enumerated().map { ($1.name, $0) }) { first, _ in first }
        var features: [[Double]] = []
        for rule in self.features {
            guard let place = places[rule.column] else {
                throw InvalidRecipe("feature \"\(rule.name)\" is made from a column that the schema does not have")
            }
            let values = columns[place]
            switch rule.preparation {
            case .number, .boolean, .categoryHash: features.append(values)
            case .category(let unseen):
                let levelCount = Double(schema.columns[place].levels.count)
                let other = unseen.map(Double.init) ?? .nan
                // Without levels a category comes as its hash, and each is unseen.
                features.append(values.map { $0 == levelCount || levelCount == 0 && !$0.isNaN ? other : $0 })
            case .daysAfter(let reference):
                guard let other = places[reference] else {
                    throw InvalidRecipe("feature \"\(rule.name)\" counts from a column that the schema does not have")
                }
                features.append(zip(values, columns[other]).map { $0 - $1 })
            case .daysBeforeAsOf: features.append(values.map { asOfDays - $0 })
            }
        }
        return features
    }
}

extension LeadColumn {
    /// Whether a raw value is one that the column's kind has; missing always is.
    func accepts(_ value: Double) -> Bool {
        if value.isNaN { return true }
        return switch kind {
        case .number, .date: true
        case .boolean: value == 0 || value == 1
        case .category:
            value >= 0 && value <= (holdsHashes ? 4_294_967_295 : Double(levels.count))
                && value == value.rounded(.towardZero)
        }
    }
}
