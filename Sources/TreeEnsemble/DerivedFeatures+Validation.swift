extension DerivedFeatures {
    /// Checks all that computing the features relies on.
    /// - Parameter featureCount: the width of a row.
    /// - Throws: ``InvalidEnsemble`` with the feature or combination.
    package func validate(featureCount: Int) throws(InvalidEnsemble) {
        var isCategory = [Bool](repeating: false, count: featureCount)
        for (index, column) in categoryColumns.enumerated() {
            guard column >= 0, column < featureCount, index == 0 || categoryColumns[index - 1] < column else {
                throw InvalidEnsemble("categorical column \(column) of \(featureCount), or out of order")
            }
            isCategory[column] = true
        }
        func check(_ column: Int, holdsCategories: Bool, _ place: String) throws(InvalidEnsemble) {
            guard column >= 0, column < featureCount else {
                throw InvalidEnsemble("\(place) looks at column \(column) of \(featureCount)")
            }
            guard isCategory[column] == holdsCategories else {
                throw InvalidEnsemble(
                    "\(place) takes column \(column) for a \(holdsCategories ? "category" : "number")"
                )
            }
        }
        for (index, combination) in combinations.enumerated() {
            let place = "combination \(index)"
            for column in combination.columns { try check(column, holdsCategories: true, place) }
            for condition in combination.borders {
                try check(condition.column, holdsCategories: false, place)
                guard !condition.border.isNaN else { throw InvalidEnsemble("\(place) has no border (NaN)") }
            }
            for condition in combination.categories { try check(condition.column, holdsCategories: true, place) }
            guard combination.keys.count <= Int(Int32.max) else {
                throw InvalidEnsemble(
                    "\(place) has \(combination.keys.count) keys; at most \(Int32.max) can be numbered"
                )
            }
            for next in combination.keys.indices.dropFirst()
            where combination.keys[next - 1] >= combination.keys[next] {
                throw InvalidEnsemble("\(place): key \(next) is not above the one before it")
            }
            guard combination.keys.last != CategoryCombination.nobodysKey else {
                throw InvalidEnsemble("\(place) has the key that is nobody's")
            }
        }
        for (index, feature) in features.enumerated() {
            let place = "derived feature \(index)"
            switch feature {
            case .isCategory(let condition): try check(condition.column, holdsCategories: true, place)
            case .statistic(let statistic):
                guard combinations.indices.contains(statistic.combination) else {
                    throw InvalidEnsemble("\(place) refers to combination \(statistic.combination)")
                }
                let keys = combinations[statistic.combination].keys.count
                guard statistic.values.count == keys else {
                    throw InvalidEnsemble("\(place) has \(statistic.values.count) values for \(keys) keys")
                }
            }
        }
    }
}
