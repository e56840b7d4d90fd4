import ByteKit
import Foundation
import LeadScoring
import Testing

@Suite struct CalibrationTests {
    @Test func `the sigmoid agrees with the library's to two units in the last place`() {
        var worst = 0.0
        var x = -60.0
        while x < 60 {
            let ours = stableSigmoid(x)
            let exact = x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
            worst = max(worst, abs(ours - exact) / exact.ulp)
            x += 0.000_731
        }
        #expect(worst <= 3, "\(worst) units in the last place")
    }

    @Test func `the sigmoid never falls and ends at 0 and 1`() {
        var last: Float = 0
        for step in -300_000...300_000 {
            let probability = Float(stableSigmoid(Double(step) * 0.001))
            #expect(probability >= last, "at \(step)")
            last = probability
        }
        #expect(last == 1)
        #expect(stableSigmoid(-.infinity) == 0)
        #expect(stableSigmoid(.infinity) == 1)
        #expect(stableSigmoid(0) == 0.5)
        #expect(stableSigmoid(.nan).isNaN)
    }

    @Test func `an isotonic calibration draws lines and clamps`() throws {
        let curve = Calibration.isotonic(margins: [-1, 0, 4], probabilities: [0.1, 0.1, 0.5])
        let expected: [(Double, Double)] = [
            (-.infinity, 0.1), (-1, 0.1), (-0.5, 0.1), (0, 0.1), (1, 0.2), (2, 0.3), (4, 0.5), (.infinity, 0.5),
        ]
        for (margin, probability) in expected {
            let found = try #require(curve.probability(ofMargin: margin))
            #expect(abs(found - probability) < 1e-15, "\(margin)")
        }
        #expect(curve.probability(ofMargin: .nan)?.isNaN == true)
        #expect(Calibration.isotonic(margins: [3], probabilities: [0.25]).probability(ofMargin: 99) == 0.25)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `a higher margin never gets a lower probability`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let count = Int.random(in: 1...40, using: &random)
        let margins = Set((0..<count).map { _ in Double.random(in: -5...5, using: &random) }).sorted()
        let probabilities = margins.map { _ in Double.random(in: 0...1, using: &random) }.sorted()
        let curve = Calibration.isotonic(margins: margins, probabilities: probabilities)
        let asked = (0..<2_000).map { _ in Double.random(in: -6...6, using: &random) } + margins
        var last = 0.0
        for margin in asked.sorted() {
            let probability = try #require(curve.probability(ofMargin: margin))
            #expect(probability >= last, "seed \(seed), margin \(margin)")
            #expect(probability >= probabilities[0] && probability <= probabilities[count - 1], "seed \(seed)")
            last = probability
        }
        for (margin, probability) in zip(margins, probabilities) {
            #expect(curve.probability(ofMargin: margin) == probability, "seed \(seed)")
        }
    }

    @Test func `a percentile score counts the cuts that a margin reaches`() {
        let scale = ScoreScale.percentile(cuts: (1...100).map(Double.init))
        let expected: [(Double, UInt8)] = [
            (-.infinity, 0), (0.99, 0), (1, 1), (1.5, 1), (50, 50), (99.9, 99), (100, 100), (.infinity, 100), (.nan, 0),
        ]
        for (margin, score) in expected { #expect(scale.score(margin: margin, probability: 0.5) == score) }
        let flat = ScoreScale.percentile(cuts: [Double](repeating: 2, count: 100))
        #expect(flat.score(margin: 1.9, probability: 0) == 0)
        #expect(flat.score(margin: 2, probability: 0) == 100)
    }

    @Test func `a probability score is whole percent`() {
        let expected: [(Float, UInt8)] = [
            (0, 0), (0.004, 0), (0.006, 1), (0.5, 50), (0.994, 99), (0.996, 100), (1, 100), (.nan, 0),
        ]
        for (probability, score) in expected {
            #expect(ScoreScale.probability.score(margin: 0, probability: probability) == score)
        }
    }

    @Test func `a tier begins at its minimum`() {
        let recipe = ScoringRecipeTests.good
        let expected: [(Float, Int)] = [(1, 0), (0.5, 0), (0.499_99, 1), (0.1, 1), (0.099, 2), (0, 2), (.nan, 2)]
        for (probability, tier) in expected { #expect(recipe.tier(ofProbability: probability) == tier) }
    }
}

/// A small generator with a seed, for tests that must repeat.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

@Suite struct RisingCutsTests {
    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `the table counts as the plain search does`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let scale = [1e-300, 1e-9, 1, 1e9, 1e300, .greatestFiniteMagnitude].randomElement(using: &random)!
        let count = Int.random(in: 0...[3, 100, 3_000].randomElement(using: &random)!, using: &random)
        let cuts = (0..<count).map { _ -> Double in
            // Some crowd together, some are equal.
            let x = Double.random(in: -1...1, using: &random)
            return (Bool.random(using: &random) ? x : (x * 20).rounded() / 1_000) * scale
        }.sorted()
        let table = RisingCuts(cuts)
        var probes = cuts.flatMap { [$0, $0.nextUp, $0.nextDown] } + [.nan, .infinity, -.infinity, 0, -0.0]
        probes += (0..<500).map { _ in Double.random(in: -1.2...1.2, using: &random) * min(scale, 1e307) }
        for x in probes {
            #expect(table.countNotAbove(x) == countNotAbove(x, cuts.span), "seed \(seed), \(x)")
        }
    }
}

@Suite struct LevelTableTests {
    @Test func `every level is found, whatever its length, and nothing else`() {
        let levels = (0..<300).map { String(repeating: "ab", count: $0 % 23) + "\($0)" } + ["Ärger", "x y", "-"]
        let table = LevelTable(levels: levels, missingTokens: ["Select", "-"])
        func meaning(_ text: String) -> LevelTable.Meaning {
            let bytes = Array(("??" + text + "!").utf8)
            return table.meaning(of: bytes.rawBytes, 2..<bytes.count - 1)
        }
        for (code, level) in levels.dropLast().enumerated() {
            #expect(meaning(level) == .level(code))
            #expect(meaning(" \t" + level + " ") == .level(code))
            #expect(meaning(level + "\u{0}") == .unseen)
        }
        for text in ["", " ", "\t", "Select", " Select ", "-"] { #expect(meaning(text) == .missing) }
        for text in ["select", "Selec", "Selects", "x  y", "Arger"] { #expect(meaning(text) == .unseen) }
        #expect(LevelTable(levels: [], missingTokens: []).meaning(of: Array("a".utf8).rawBytes, 0..<1) == .unseen)
    }
}
