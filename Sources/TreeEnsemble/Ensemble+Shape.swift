/// How the trees of an ensemble look at a feature.
public struct FeatureUse: Sendable, Equatable {
    /// Splits that compare the feature with a threshold or numbers.
    public var thresholdSplits = 0
    /// Splits that look the feature up in a set of categories.
    public var categorySplits = 0
    /// Splits that look at a derived feature which the feature goes into.
    public var derivedSplits = 0
    /// The largest category code that a set names; nil if none does.
    public var largestCategory: Int?
    /// Linear leaves, and outputs of a linear model, that multiply the feature.
    public var linearTerms = 0

    /// Splits of any kind.
    public var splits: Int { thresholdSplits + categorySplits + derivedSplits }
}

extension Ensemble {
    /// Inner nodes of all trees.
    public var nodeCount: Int { trees.reduce(0) { $0 + $1.nodes.count } }

    /// The most splits that a row can pass in one tree; 0 if every tree is a single leaf.
    /// - Precondition: the ensemble is valid.
    public var depth: Int { trees.reduce(0) { max($0, $1.depth) } }

    /// Whether margins depend on more of a row than which side of each test it falls on, or on tests that are no
    /// thresholds and sets of categories: linear leaves, a linear model, sets of numbers, the smallest or largest leaf.
    ///
    /// Kernels that turn a row into codes cannot evaluate such an ensemble.
    public var needsRawValues: Bool {
        linearModel != nil || arithmetic.aggregate != .sum
            || trees.contains { !$0.linearLeaves.isEmpty || !$0.numberSets.isEmpty }
    }

    /// How often each feature is looked at, one entry a feature.
    /// - Precondition: the ensemble is valid.
    public func featureUse() -> [FeatureUse] {
        var uses = [FeatureUse](repeating: FeatureUse(), count: featureCount)
        for (index, weight) in (linearModel?.weights ?? []).enumerated() where weight != 0 {
            uses[index / outputCount].linearTerms += 1
        }
        let sources = derivedFeatures?.sourceColumns ?? []
        for tree in trees {
            for leaf in tree.linearLeaves { for feature in leaf.features { uses[Int(feature)].linearTerms += 1 } }
            for node in tree.nodes {
                guard Int(node.feature) < featureCount else {
                    for column in sources[Int(node.feature) - featureCount] { uses[column].derivedSplits += 1 }
                    continue
                }
                switch node.test {
                case .threshold, .equalsLeft: uses[Int(node.feature)].thresholdSplits += 1
                case .inSetLeft(let set), .inSetRight(let set):
                    let largest = tree.categorySets[Int(set)].largest
                    uses[Int(node.feature)].categorySplits += 1
                    uses[Int(node.feature)].largestCategory = [uses[Int(node.feature)].largestCategory, largest]
                        .compactMap { $0 }.max()
                }
            }
        }
        return uses
    }
}

extension DerivedFeatures {
    /// For each feature the columns that go into it, each once.
    public var sourceColumns: [[Int]] {
        let combined = combinations.map { combination in
            let tested = combination.borders.map { $0.column } + combination.categories.map { $0.column }
            return Set(combination.columns + tested).sorted()
        }
        return features.map { feature in
            switch feature {
            case .isCategory(let condition): [condition.column]
            case .statistic(let statistic): combined[statistic.combination]
            }
        }
    }
}

extension Tree {
    /// The most splits from the root to a leaf.
    /// - Precondition: the tree is valid.
    public var depth: Int {
        var deepest = 0
        var pending: [(node: Int32, depth: Int)] = nodes.isEmpty ? [] : [(0, 1)]
        while let (index, depth) = pending.popLast() {
            deepest = max(deepest, depth)
            for child in [nodes[Int(index)].left, nodes[Int(index)].right] where child >= 0 {
                pending.append((child, depth + 1))
            }
        }
        return deepest
    }
}

extension CategorySet {
    /// The largest code in the set; nil if it is empty.
    public var largest: Int? {
        guard let word = words.lastIndex(where: { $0 != 0 }) else { return nil }
        return word * 32 + 31 - words[word].leadingZeroBitCount
    }
}
