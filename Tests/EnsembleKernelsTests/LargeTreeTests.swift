import EnsembleKernels
import Testing
import TreeEnsemble

@Suite("Trees too large for slices give the reference evaluator's bits")
struct LargeTreeTests {
    static let arithmetics = [
        Arithmetic.float32LessThan, .float64LessOrEqual, .onnxFloat32, .onnxFloat64, .catBoost,
    ]

    static let shapes: [EnsembleShape] = [Arithmetic.float32LessThan, .float64LessOrEqual].flatMap { arithmetic in
        let name = arithmetic == .float32LessThan ? "float32" : "double"
        return [
            EnsembleShape(
                name: "\(name): thousands of thresholds, every kind of missing",
                arithmetic: arithmetic,
                trees: 4,
                leaves: [1500, 257],
                features: 3,
                thresholds: 4000
            ),
            EnsembleShape(
                name: "\(name): among small trees, for two outputs",
                arithmetic: arithmetic,
                trees: 9,
                leaves: [300, 31, 1, 700, 256],
                outputs: 2,
                thresholds: 500
            ),
            EnsembleShape(
                name: "\(name): chains",
                arithmetic: arithmetic,
                trees: 3,
                leaves: [300, 61, 2000],
                growth: .chain,
                thresholds: 300
            ),
            EnsembleShape(
                name: "\(name): categories here and there",
                arithmetic: arithmetic,
                trees: 5,
                leaves: [400, 40, 900],
                thresholds: 300,
                categoricalOneIn: 6,
                categories: 150
            ),
            EnsembleShape(
                name: "\(name): categories alone",
                arithmetic: arithmetic,
                trees: 2,
                leaves: [300],
                categoricalOneIn: 1
            ),
        ]
    }

    @Test("at batches of 1 to 70 rows and around a pass", arguments: shapes)
    func batches(_ shape: EnsembleShape) throws {
        for seed in 21...22 as ClosedRange<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let random = RandomEnsemble(shape, using: &generator)
            let rows = random.rows(1000, using: &generator)
            try compare(random.ensemble, rows, Array(1...70) + [512, 513, 1000], "\(shape), seed \(seed)")
        }
    }

    @Test("in every library's arithmetic", arguments: arithmetics)
    func everyArithmetic(_ arithmetic: Arithmetic) throws {
        var generator = SeededGenerator(seed: 23)
        let shape = EnsembleShape(name: "any", arithmetic: arithmetic, leaves: [400, 31], thresholds: 900)
        let random = RandomEnsemble(shape, using: &generator)
        try compare(random.ensemble, random.rows(600, using: &generator), [1, 9, 600], "\(arithmetic), seed 23")
    }

    @Test("with more thresholds of a feature than two bytes can count", arguments: arithmetics.prefix(2))
    func manyThresholds(_ arithmetic: Arithmetic) throws {
        var generator = SeededGenerator(seed: 29)
        let random = RandomEnsemble(
            completeTreeOf: 400_000,
            arithmetic,
            features: 1,
            thresholds: 1_000_000,
            using: &generator
        )
        let rows = random.rows(700, using: &generator)
        try compare(random.ensemble, rows, [1, 50, 700], "400,000 leaves, one feature, seed 29")
    }

    @Test("whose thresholds are as far apart as numbers can be", arguments: arithmetics.prefix(2))
    func extremes(_ arithmetic: Arithmetic) throws {
        var generator = SeededGenerator(seed: 31)
        let scales = [1e-44, 1e-38, 1e-20, 1, 1e20, 3e38]
        let pool = (0..<600).map { index in
            let value = scales[index % scales.count] * .random(in: -1...1, using: &generator)
            return arithmetic == .float32LessThan ? Double(Float(value)) : value
        }
        let shape = EnsembleShape(name: "extremes", arithmetic: arithmetic, leaves: [500], features: 1, thresholds: 600)
        var ensemble = RandomEnsemble(shape, using: &generator).ensemble
        for tree in ensemble.trees.indices {
            for node in ensemble.trees[tree].nodes.indices {
                ensemble.trees[tree].nodes[node].test = .threshold(pool.randomElement(using: &generator) ?? 0)
            }
        }
        let near = pool.flatMap { [$0, Double(Float($0).nextUp), Double(Float($0).nextDown), $0.nextUp] }
        let rows = (near + [.infinity, -.infinity, .nan, 0, -0.0, 1e300]).map { [$0] }
        try compare(ensemble, rows, [rows.count], "extremes, seed 31")
    }

    private func compare(_ ensemble: Ensemble, _ rows: [[Double]], _ batches: [Int], _ place: String) throws {
        try PackedForms(ensemble, EnsembleKernel.supportedByProcessor).compare(rows, batches: batches, place)
    }
}
