internal import LeadScoring
internal import LeadTypes
internal import TreeEnsemble

extension ImportSchema {
    /// The schema of batches.
    func leadSchema() throws(InvalidRecipe) -> LeadSchema {
        var all: [LeadColumn] = []
        for column in columns {
            all.append(LeadColumn(name: column.name, kind: try kind(of: column), levels: column.levels ?? []))
        }
        return LeadSchema(columns: all)
    }

    /// One rule a feature of the model, in its order.
    ///
    /// A category that the model knows by the hash of its text is that, whatever the schema calls its rule.
    /// - Parameter ensemble: the model.
    /// - Returns: the rules.
    /// - Throws: `InvalidRecipe` with the column or feature.
    func rules(for ensemble: Ensemble) throws(InvalidRecipe) -> [FeatureRule] {
        var rules = try rules(for: ensemble.featureNames)
        for index in ensemble.derivedFeatures?.categoryColumns ?? [] {
            let column = columns.first { $0.name == rules[index].column }
            guard case .category = rules[index].preparation, column?.levels?.isEmpty ?? true else {
                throw InvalidRecipe(
                    "column \"\(rules[index].column)\" is for a category of any text; say \"kind\": \"category\", "
                        + "without levels"
                )
            }
            rules[index].preparation = .categoryHash
        }
        return rules
    }

    private func rules(for names: [String]) throws(InvalidRecipe) -> [FeatureRule] {
        let used = columns.filter { $0.rule != "none" }
        // A model without names of its own takes the columns in order.
        if areMadeUp(names), used.allSatisfy({ $0.feature == nil }), used.map(\.name) != names {
            guard used.count == names.count else {
                throw InvalidRecipe("the model has \(names.count) features, the schema \(used.count) columns for them")
            }
            var rules: [FeatureRule] = []
            for column in used { rules.append(try rule(column, feature: column.name)) }
            return rules
        }
        var byFeature: [String: Column] = [:]
        for column in used where byFeature.updateValue(column, forKey: column.feature ?? column.name) != nil {
            throw InvalidRecipe("two columns are for the feature \"\(column.feature ?? column.name)\"")
        }
        var rules: [FeatureRule] = []
        for name in names {
            guard let column = byFeature.removeValue(forKey: name) else {
                throw InvalidRecipe(
                    "no column is for the model's feature \"\(name)\"; give a column that name, or \"feature\": \"\(name)\""
                )
            }
            rules.append(try rule(column, feature: name))
        }
        if let left = used.first(where: { byFeature[$0.feature ?? $0.name] != nil }) {
            throw InvalidRecipe(
                "the model has no feature \"\(left.feature ?? left.name)\"; leave the column out, or \"rule\": \"none\""
            )
        }
        return rules
    }

    private func kind(of column: Column) throws(InvalidRecipe) -> ColumnKind {
        guard let word = column.kind else { return .number }
        guard let kind = ColumnKind(rawValue: word) else {
            let known = ColumnKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw InvalidRecipe("column \"\(column.name)\" is of the unknown kind \"\(word)\"; known are \(known)")
        }
        return kind
    }

    private func rule(_ column: Column, feature: String) throws(InvalidRecipe) -> FeatureRule {
        let kind = try kind(of: column)
        let word = column.rule ?? (kind == .date ? "number" : kind.rawValue)
        let preparation: FeaturePreparation
        switch word {
        case "number": preparation = .number
        case "boolean": preparation = .boolean
        case "category":
            guard let unseen = column.unseen else {
                preparation = .category(unseen: nil)
                break
            }
            guard let code = column.levels?.firstIndex(of: unseen) else {
                throw InvalidRecipe(
                    "column \"\(column.name)\": the level for unseen ones, \"\(unseen)\", is not listed"
                )
            }
            preparation = .category(unseen: code)
        case "days-after":
            guard let reference = column.reference else {
                throw InvalidRecipe("column \"\(column.name)\": days-after needs a \"reference\", another date column")
            }
            preparation = .daysAfter(reference: reference)
        case "days-before-as-of": preparation = .daysBeforeAsOf
        default:
            throw InvalidRecipe(
                "column \"\(column.name)\" has the unknown rule \"\(word)\"; known are number, boolean, category, "
                    + "days-after, days-before-as-of, none"
            )
        }
        return FeatureRule(name: feature, column: column.name, preparation: preparation)
    }
}

/// Whether names are those that libraries make up: `f0`, `f1`, … or `Column_0`, `Column_1`, ….
func areMadeUp(_ names: [String]) -> Bool {
    ["f", "Column_"].contains { prefix in names.indices.allSatisfy { names[$0] == prefix + String($0) } }
}
