internal import TreeEnsemble

/// Rows of values that an ensemble's nodes are sensitive to.
struct ProbeRows {
    /// A row's values, side by side.
    private(set) var values: [[Float]] = []

    /// Few rows where they are wide, so that time stays bounded by the file.
    init(_ ensemble: Ensemble, seed: UInt64) {
        var random = SplitMix(state: seed)
        let features = ensemble.featureCount
        let count = min(Self.rowsMax, max(1, Self.valuesMax / max(features, 1)))
        let pools = Self.pools(ensemble, &random)
        for _ in 0..<count {
            values.append(
                (0..<features).map { feature in
                    let pool = pools[feature] ?? Self.common
                    // One in four of any feature's, for features that are mixed up.
                    let from = Int.random(in: 0..<4, using: &random) == 0 ? Self.common : pool
                    return from[Int.random(in: 0..<from.count, using: &random)]
                }
            )
        }
    }

    /// By feature, thresholds with their neighbours and codes of categories.
    private static func pools(_ ensemble: Ensemble, _ random: inout SplitMix) -> [Int: [Float]] {
        var pools: [Int: [Float]] = [:]
        for tree in ensemble.trees.prefix(treesMax) {
            for node in tree.nodes.prefix(nodesMax) {
                let feature = Int(node.feature)
                switch node.test {
                case .threshold(let threshold):
                    let value = Float(threshold)
                    pools[feature, default: []] += [value, value.nextUp, value.nextDown]
                case .inSetLeft(let set), .inSetRight(let set):
                    let codes = tree.categorySets[Int(set)].words.count * 32
                    let code = Float(Int.random(in: -1...codes, using: &random))
                    pools[feature, default: []] += [code, code + 0.5, Float(codes - 1)]
                case .equalsLeft(let numbers):
                    pools[feature, default: []] += tree.numberSets[Int(numbers)].prefix(4).map { Float($0) }
                }
            }
        }
        return pools
    }

    private static let common: [Float] = [
        .nan, 0, -0.0, 1, -1, 0.5, 2, 7, 1e-36, -1e-36, 3e38, .infinity, -.infinity, .leastNonzeroMagnitude,
        16_777_216, -16_777_218,
    ]
    /// More than any kernel takes for a few, and not a whole word of rows.
    private static let rowsMax = 70
    private static let valuesMax = 1 << 18
    private static let treesMax = 64
    private static let nodesMax = 256
}
