internal import CShims
import TreeEnsemble

/// What an ensemble's trees compare a feature's values with.
public struct FeatureEdges: Sendable, Equatable {
    /// Sorted and distinct.
    public var edges: [Double]
    /// Whether a value passes an edge that it equals.
    public var passesEqual: Bool
    /// Whether values are rounded to single precision first.
    public var areSingle: Bool
}

extension EnsembleKernel {
    /// By feature, all that its values are compared with.
    ///
    /// Values between the same two edges give the same margins to the bit. Nil where more than comparisons is made of a
    /// value: a category, an input of computed columns or of linear functions. For publication and pages, not for scoring.
    ///
    /// - Returns: One a feature of the ensemble.
    public func featureEdges() -> [FeatureEdges?] {
        guard raw == nil, !hasDerivedFeatures else { return [FeatureEdges?](repeating: nil, count: featureCount) }
        var edges = plan.edges(featureCount)
        for table in plan.categoryTables { edges[table.feature] = nil }
        let arithmetic = plan.arithmetic
        return edges.map { edges in
            edges.map {
                FeatureEdges(
                    edges: $0,
                    passesEqual: arithmetic.comparison == .lessThan,
                    areSingle: arithmetic.values == .float32
                )
            }
        }
    }
}

extension PackedPlan {
    /// By feature, its thresholds, sorted and each once, with the ends of the band that counts as zero where that is special.
    fileprivate func edges(_ featureCount: Int) -> [[Double]?] {
        var edges = [[Double]](repeating: [], count: featureCount)
        var hasBand = [Bool](repeating: false, count: featureCount)
        // Safety: the blocks live as long as this value, and each ranker has as many thresholds as it says.
        for index in unsafe ranks.rankers.indices {
            let ranker = unsafe ranks.rankers[index]
            let feature = unsafe Int(ranker.feature)
            for place in unsafe 0..<Int(ranker.thresholdCount) { unsafe edges[feature].append(ranker.doubles[place]) }
            if unsafe ranker.zeroSpecial != 0 { hasBand[feature] = true }
        }
        for index in unsafe wideRanks.rankers.indices {
            let ranker = unsafe wideRanks.rankers[index]
            let feature = unsafe ranker.feature
            var place = 0
            // Behind the last threshold there is NaN, as far as a search may look.
            while unsafe !ranker.thresholds[place].isNaN {
                unsafe edges[feature].append(ranker.thresholds[place])
                place += 1
            }
            for column in unsafe 0..<ranker.columnCount where unsafe ranker.columns[column].zeroSpecial != 0 {
                hasBand[feature] = true
            }
        }
        return edges.indices.map { feature in
            var all = Set(edges[feature])
            if hasBand[feature] { all.formUnion([(-Arithmetic.zeroThreshold).nextDown, Arithmetic.zeroThreshold]) }
            return all.sorted()
        }
    }
}
