internal import TreeEnsemble

/// The splits of a model by number, and the derived features that those in use need.
struct CatBoostSplits {
    /// A name for each column of a row.
    private(set) var names: [String] = []

    private let model: CatBoostModel
    /// What each split looks at, and its border.
    private var meanings: [Meaning] = []
    private var columnOfCategory: [Int: Int] = [:]
    private var numericOfIndex: [Int: Int] = [:]
    private var derivedOfOneHot: [CategoryCondition: Int] = [:]
    private var derivedOfStatistic: [Int: Int] = [:]
    private var used: [Used] = []

    private enum Meaning {
        case number(feature: Int, border: Float)
        case oneHot(CategoryCondition)
        case statistic(Int, border: Float)
    }

    private enum Used {
        case oneHot(CategoryCondition)
        case statistic(Int)
    }

    /// CatBoost's order (`TModelTrees::CalcBinFeatures`): numbers, one-hot values, statistics.
    init(_ model: CatBoostModel) throws(ModelFileError) {
        self.model = model
        try nameColumns()
        for (place, feature) in model.numericFeatures.enumerated() {
            try Self.check(feature.borders, model, "numeric feature \(feature.index)")
            for border in feature.borders { meanings.append(.number(feature: place, border: border)) }
        }
        for feature in model.oneHotFeatures {
            guard let column = columnOfCategory[feature.category] else {
                throw model.damaged("one-hot values of the categorical feature \(feature.category), which is not there")
            }
            guard Set(feature.values).count == feature.values.count else {
                throw model.damaged("categorical feature \(feature.category) has a one-hot value twice")
            }
            for value in feature.values {
                meanings.append(.oneHot(CategoryCondition(column: column, hash: UInt32(bitPattern: value))))
            }
        }
        for (place, statistic) in model.statistics.enumerated() {
            try Self.check(statistic.borders, model, "statistic \(place)")
            for border in statistic.borders { meanings.append(.statistic(place, border: border)) }
        }
    }

    /// The node of a split: right if it is true, left if it is not.
    mutating func node(_ split: Int32, left: Int32, right: Int32) throws(Flaw) -> Node {
        guard split >= 0, Int(split) < meanings.count else { throw Flaw("split \(split) of \(meanings.count)") }
        var missingGoesLeft = true
        let feature: Int
        let threshold: Float
        switch meanings[Int(split)] {
        case .number(let place, let border):
            let numeric = model.numericFeatures[place]
            feature = numeric.column
            threshold = border
            missingGoesLeft = !(numeric.missingIsAbove && border < .infinity)
        case .oneHot(let condition):
            feature = names.count + derived(condition)
            threshold = 0.5
        case .statistic(let place, let border):
            feature = names.count + derived(statistic: place)
            threshold = border
        }
        return Node(
            feature: Int32(feature),
            test: .threshold(Double(threshold)),
            missing: .nan,
            defaultLeft: missingGoesLeft,
            left: left,
            right: right
        )
    }

    private mutating func derived(_ condition: CategoryCondition) -> Int {
        if let known = derivedOfOneHot[condition] { return known }
        derivedOfOneHot[condition] = used.count
        used.append(.oneHot(condition))
        return used.count - 1
    }

    private mutating func derived(statistic place: Int) -> Int {
        if let known = derivedOfStatistic[place] { return known }
        derivedOfStatistic[place] = used.count
        used.append(.statistic(place))
        return used.count - 1
    }
}

// MARK: - Columns

extension CatBoostSplits {
    private mutating func nameColumns() throws(ModelFileError) {
        var columns: [Int: String] = [:]
        func place(_ column: Int, _ name: String) throws(ModelFileError) {
            guard column >= 0, column < ModelFile.featuresMax else {
                throw model.damaged("column \(column); at most \(ModelFile.featuresMax) are supported")
            }
            guard columns.updateValue(name, forKey: column) == nil else {
                throw model.damaged("two features are made from column \(column)")
            }
        }
        for (number, feature) in model.numericFeatures.enumerated() {
            try place(feature.column, feature.name)
            guard numericOfIndex.updateValue(number, forKey: feature.index) == nil else {
                throw model.damaged("numeric feature \(feature.index) is there twice")
            }
        }
        for feature in model.categoryFeatures {
            try place(feature.column, feature.name)
            guard columnOfCategory.updateValue(feature.column, forKey: feature.index) == nil else {
                throw model.damaged("categorical feature \(feature.index) is there twice")
            }
        }
        // A column without a name is called by its number, as CatBoost does; so is one that no feature is made from.
        names = (0..<(columns.keys.max().map { $0 + 1 } ?? 0)).map { column in
            columns[column].flatMap { $0.isEmpty ? nil : $0 } ?? String(column)
        }
    }

    private static func check(_ borders: [Float], _ model: CatBoostModel, _ place: String) throws(ModelFileError) {
        for index in borders.indices {
            guard !borders[index].isNaN, index == 0 || borders[index - 1] <= borders[index] else {
                throw model.damaged("\(place): border \(index) is no number, or below the one before it")
            }
        }
    }
}

// MARK: - Derived features

extension CatBoostSplits {
    /// The features that the splits in use need; nil if the model has no categorical column.
    func derivedFeatures() throws(ModelFileError) -> DerivedFeatures? {
        guard !model.categoryFeatures.isEmpty else { return nil }
        var combinations: [CategoryCombination] = []
        var combinationOfProjection: [CatBoostStatistic.Projection: Int] = [:]
        var basesOfCombination: [Set<CatBoostStatistic.Base>] = []
        var valueCount = 0
        for case .statistic(let place) in used {
            let base = model.statistics[place].base
            if combinationOfProjection[base.projection] == nil {
                combinationOfProjection[base.projection] = combinations.count
                combinations.append(try combination(base.projection))
                basesOfCombination.append([])
            }
            if let combination = combinationOfProjection[base.projection] {
                basesOfCombination[combination].insert(base)
            }
        }
        for index in combinations.indices { combinations[index].keys = keys(of: basesOfCombination[index]) }
        var features: [DerivedFeature] = []
        for feature in used {
            switch feature {
            case .oneHot(let condition): features.append(.isCategory(condition))
            case .statistic(let place):
                let statistic = model.statistics[place]
                guard let combination = combinationOfProjection[statistic.base.projection] else { continue }
                let keys = combinations[combination].keys
                // A small file must not make a large model: real ones have a few statistics a table.
                valueCount += keys.count
                guard valueCount <= 4 * model.byteCount + 1 << 20 else {
                    throw model.unsupported(
                        "its statistics have more than \(valueCount) values",
                        remedy: "the file is damaged, or has far more priors than tables; train with fewer"
                    )
                }
                features.append(.statistic(try self.statistic(statistic, combination, keys)))
            }
        }
        return DerivedFeatures(
            categoryColumns: model.categoryFeatures.map(\.column).sorted(),
            combinations: combinations,
            features: features
        )
    }

    private func combination(_ projection: CatBoostStatistic.Projection) throws(ModelFileError) -> CategoryCombination {
        guard projection.partCount <= CatBoostStatistic.Projection.partsMax else {
            throw model.damaged("a combination of \(projection.partCount) features")
        }
        var combination = CategoryCombination(columns: [], borders: [], categories: [], keys: [])
        func column(_ category: Int32) throws(ModelFileError) -> Int {
            guard let column = columnOfCategory[Int(category)] else {
                throw model.damaged("a statistic of the categorical feature \(category), which is not there")
            }
            return column
        }
        for category in projection.categories { combination.columns.append(try column(category)) }
        for condition in projection.borders {
            guard let place = numericOfIndex[Int(condition.feature)], !condition.border.isNaN else {
                throw model.damaged("a statistic of the numeric feature \(condition.feature), which is not there")
            }
            let feature = model.numericFeatures[place]
            combination.borders.append(
                BorderCondition(
                    column: feature.column,
                    border: condition.border,
                    missingIsAbove: feature.missingIsAbove && condition.border < .infinity
                )
            )
        }
        for condition in projection.oneHots {
            combination.categories.append(
                CategoryCondition(column: try column(condition.category), hash: UInt32(bitPattern: condition.value))
            )
        }
        return combination
    }

    /// All keys of the tables, ascending: a row is looked up once for all statistics of a combination.
    private func keys(of bases: Set<CatBoostStatistic.Base>) -> [UInt64] {
        var all: [UInt64] = []
        for base in bases { all += model.tables[base]?.keys.map(\.key) ?? [] }
        all.sort()
        var distinct: [UInt64] = []
        for key in all where key != distinct.last && key != CategoryCombination.nobodysKey { distinct.append(key) }
        return distinct
    }

    private func statistic(
        _ statistic: CatBoostStatistic,
        _ combination: Int,
        _ keys: [UInt64]
    ) throws(ModelFileError) -> CategoryStatistic {
        guard let table = model.tables[statistic.base] else {
            throw model.unsupported(
                "there is no table for the statistic \(statistic.base.kind.rawValue) of its categories",
                remedy: model.kind == .catBoostJSON
                    ? "this export has no ctr_data; save the model as cbm: model.save_model(\"model.cbm\")"
                    : "train with final_ctr_computation_mode=\"Default\" and save the model again"
            )
        }
        if let problem = table.problem(with: statistic) { throw model.damaged(problem) }
        let otherwise = table.otherwise(statistic)
        var values: [Float] = []
        values.reserveCapacity(keys.count)
        var next = 0
        for key in keys {
            while next < table.keys.count, table.keys[next].key < key { next += 1 }
            let isKnown = next < table.keys.count && table.keys[next].key == key
            values.append(isKnown ? table.value(statistic, entry: table.keys[next].entry) : otherwise)
        }
        return CategoryStatistic(
            combination: combination,
            kind: statistic.base.kind.rawValue,
            values: values,
            otherwise: otherwise
        )
    }
}
