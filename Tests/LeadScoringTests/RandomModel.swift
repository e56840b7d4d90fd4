import LeadScoring
import LeadTypes
import LeadWire
import TreeEnsemble

/// A random recipe with an ensemble that fits it, and batches for them.
struct RandomModel {
    let recipe: ScoringRecipe
    let ensemble: Ensemble

    init(using random: inout SplitMix) {
        let schema = Self.schema(&random)
        let features = Self.features(of: schema, &random)
        let isFloat = Bool.random(using: &random)
        let outputs = [1, 1, 1, 3].randomElement(using: &random) ?? 1
        ensemble = Self.ensemble(schema, features, outputs, isFloat, &random)
        recipe = ScoringRecipe(
            schema: schema,
            features: features,
            calibration: Self.calibration(&random),
            scale: Bool.random(using: &random)
                ? .probability
                : .percentile(cuts: (0..<100).map { _ in .random(in: -3...3, using: &random) }.sorted()),
            tiers: [0.75, 0.5, 0.25, 0].enumerated().map { TierCut(name: "T\($0)", minimumProbability: $1) },
            outputIndex: Int.random(in: 0..<outputs, using: &random),
            missingTokens: ["Select"]
        )
    }

    private static func schema(_ random: inout SplitMix) -> LeadSchema {
        let count = Int.random(in: 1...8, using: &random)
        return LeadSchema(
            columns: (0..<count).map { index in
                let kind = ColumnKind.allCases.randomElement(using: &random) ?? .number
                let levels = Int.random(in: 0...[2, 9, 400].randomElement(using: &random)!, using: &random)
                return LeadColumn(
                    name: "c\(index)",
                    kind: kind,
                    levels: kind == .category ? (0..<levels).map { "level \($0 * 7)" } : []
                )
            }
        )
    }

    private static func features(of schema: LeadSchema, _ random: inout SplitMix) -> [FeatureRule] {
        let dates = schema.columns.filter { $0.kind == .date }
        return (0..<Int.random(in: 0...10, using: &random)).map { index in
            let column = schema.columns.randomElement(using: &random)!
            let preparation: FeaturePreparation =
                switch column.kind {
                case .number: .number
                case .boolean: .boolean
                case .category:
                    .category(
                        unseen: column.levels.isEmpty || Bool.random(using: &random)
                            ? nil : Int.random(in: 0..<column.levels.count, using: &random)
                    )
                case .date:
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: .number
                    case 1: .daysBeforeAsOf
                    default: .daysAfter(reference: dates.randomElement(using: &random)!.name)
                    }
                }
            return FeatureRule(name: "f\(index)", column: column.name, preparation: preparation)
        }
    }

    private static func calibration(_ random: inout SplitMix) -> Calibration {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return .identity
        case 1:
            return .platt(slope: .random(in: 0.1...3, using: &random), intercept: .random(in: -1...1, using: &random))
        default:
            let margins = (0..<Int.random(in: 1...9, using: &random)).map {
                Double($0) - .random(in: 3...4, using: &random)
            }
            return .isotonic(
                margins: margins.sorted(),
                probabilities: margins.map { _ in .random(in: 0...1, using: &random) }.sorted()
            )
        }
    }

    private static func ensemble(
        _ schema: LeadSchema,
        _ features: [FeatureRule],
        _ outputs: Int,
        _ isFloat: Bool,
        _ random: inout SplitMix
    ) -> Ensemble {
        let trees = (0..<Int.random(in: 0...12, using: &random)).map { index in
            let leaves = features.isEmpty ? 1 : Int.random(in: 1...20, using: &random)
            // A chain: the left child is a leaf, the right one the next node.
            let nodes = (0..<leaves - 1).map { node in
                let feature = Int.random(in: 0..<features.count, using: &random)
                let wide = RandomModel.value(for: features[feature], in: schema, &random)
                let threshold = wide.isNaN ? 0 : isFloat ? Double(Float(wide)) : wide
                return Node(
                    feature: Int32(feature),
                    test: .threshold(threshold),
                    missing: isFloat ? .nan : [.none, .zeroAndNaN, .nan].randomElement(using: &random)!,
                    defaultLeft: Bool.random(using: &random),
                    left: ~Int32(node),
                    right: node == leaves - 2 ? ~Int32(node + 1) : Int32(node + 1)
                )
            }
            let leafValues = (0..<leaves).map { _ in
                let value = Float.random(in: -1...1, using: &random)
                return isFloat ? Double(value) : Double(value) * 1.000_000_1
            }
            return Tree(output: index % outputs, nodes: nodes, leafValues: leafValues)
        }
        let transforms: [OutputTransform] =
            outputs == 1
            ? (isFloat ? [.sigmoid32] : [.sigmoid64(scale: 1.5)]) : (isFloat ? [.softmax32] : [.softmax64])
        return Ensemble(
            provenance: Provenance(library: "random", libraryVersion: "0", format: "none"),
            objective: "random",
            featureNames: features.map(\.name),
            outputCount: outputs,
            arithmetic: isFloat ? .float32LessThan : .float64LessOrEqual,
            baseMargins: (0..<outputs).map { isFloat ? Double(Float(0.1) * Float($0)) : 0 },
            trees: trees,
            transform: transforms.randomElement(using: &random)!,
            averageDivisor: isFloat ? 1 : [1, 4].randomElement(using: &random)!
        )
    }

    /// A value that the feature may well have.
    private static func value(for rule: FeatureRule, in schema: LeadSchema, _ random: inout SplitMix) -> Double {
        guard let column = schema.columns.first(where: { $0.name == rule.column }) else { return 0 }
        switch rule.preparation {
        case .daysAfter, .daysBeforeAsOf: return Double.random(in: -40...40, using: &random)
        default: return raw(column, impossibleOneIn: 0, &random)
        }
    }

    /// A raw value of a column; one in so many is one that the column cannot hold.
    static func raw(_ column: LeadColumn, impossibleOneIn: Int, _ random: inout SplitMix) -> Double {
        let isImpossible = impossibleOneIn > 0 && Int.random(in: 0..<impossibleOneIn, using: &random) == 0
        if Int.random(in: 0..<6, using: &random) == 0 { return .nan }
        switch column.kind {
        case .number:
            let special: [Double] = [0, -0.0, .infinity, -.infinity, 1e-36, 1e300, 0.1, 16_777_217]
            if Int.random(in: 0..<5, using: &random) == 0 { return special.randomElement(using: &random)! }
            return Double(Int.random(in: -50...50, using: &random)) / 8
        case .boolean: return isImpossible ? 2 : Double(Int.random(in: 0...1, using: &random))
        case .category:
            let levels = column.levels.count
            if isImpossible { return [-1, Double(levels + 1), 0.5, .infinity].randomElement(using: &random)! }
            return Double(Int.random(in: 0...levels, using: &random))
        case .date: return 20_000 + Double(Int.random(in: -400_000...400_000, using: &random)) / 10_007
        }
    }

    /// Columns of a batch.
    func columns(rows: Int, impossibleOneIn: Int, using random: inout SplitMix) -> [[Double]] {
        recipe.schema.columns.map { column in
            // Some columns are small whole numbers throughout, so that they travel as integers.
            let isWhole = Bool.random(using: &random)
            return (0..<rows).map { _ in
                let value = Self.raw(column, impossibleOneIn: impossibleOneIn, &random)
                return isWhole && column.kind == .number && abs(value) < 1e6 ? value.rounded() : value
            }
        }
    }

    /// A message with the columns in encodings drawn by lot, numbers as bins among them.
    func message(_ columns: [[Double]], bins: [ColumnBins?], using random: inout SplitMix) throws -> [UInt8] {
        let rows = columns[0].count
        var encoder = try ScoreRequestEncoder(
            requestID: 7,
            fingerprint: recipe.schema.fingerprint,
            rows: rows,
            columnCount: columns.count
        )
        for (index, (column, values)) in zip(recipe.schema.columns, columns).enumerated() {
            let isExact = values.allSatisfy { $0.isNaN || Double(Float($0)) == $0 }
            let isPossible = values.allSatisfy {
                $0.isNaN || $0 >= 0 && $0 <= Double(column.levels.count) && $0 == $0.rounded()
            }
            let lot = Int.random(in: 0..<5, using: &random)
            if lot == 4, let bins = bins[index] {
                encoder.add(values.span, in: bins)
            } else if lot == 0 {
                encoder.add(exactly: values.span)
            } else if lot == 1, isExact {
                let narrow = values.map { Float($0) }
                encoder.add(narrow.span)
            } else if lot == 2, column.kind == .category, isPossible {
                let strings = values.map { string(for: $0, in: column, &random) }
                try encoder.add(strings: strings)
            } else {
                encoder.add(values)
            }
        }
        return try encoder.finish()
    }

    private func string(for value: Double, in column: LeadColumn, _ random: inout SplitMix) -> String? {
        if value.isNaN { return [nil, "", " Select "].randomElement(using: &random)! }
        if Int(value) == column.levels.count { return "never seen" }
        return column.levels[Int(value)] + (Bool.random(using: &random) ? "" : "\t")
    }
}
