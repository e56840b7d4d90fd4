import ByteKit
import Foundation
import ModelTraining
import Testing

@Suite struct EvaluationMetricsTests {
    private func isNear(_ a: Double?, _ b: Double, _ tolerance: Double = 1e-12) -> Bool {
        a.map { abs($0 - b) <= tolerance } ?? false
    }

    @Test func areaCountsRightPairsAndHalfTheTies() {
        // Pairs (yes, no): (2, 1) right, (2, 2) tie, (3, 1) right, (3, 2) right: 3.5 of 4.
        #expect(EvaluationMetrics.areaUnderCurve([1, 2, 2, 3], [false, true, false, true]) == 0.875)
        #expect(EvaluationMetrics.areaUnderCurve([1, 2, 3], [false, false, true]) == 1)
        #expect(EvaluationMetrics.areaUnderCurve([3, 2, 1], [false, false, true]) == 0)
        #expect(EvaluationMetrics.areaUnderCurve([5, 5, 5, 5], [false, true, false, true]) == 0.5)
        #expect(EvaluationMetrics.areaUnderCurve([1, 2], [true, true]) == nil)
    }

    @Test func areaIsThatOfAllPairsCountedOneByOne() throws {
        var random = SeededRandom(seed: 17)
        for round in 0..<20 {
            let scores = (0..<60).map { _ in Double(random.below(12)) }
            let outcomes = scores.map { random.uniform() < 0.1 + $0 / 20 }
            var right = 0.0
            var pairs = 0.0
            for (a, yes) in zip(scores, outcomes) where yes {
                for (b, other) in zip(scores, outcomes) where !other {
                    pairs += 1
                    right += a > b ? 1 : a == b ? 0.5 : 0
                }
            }
            guard pairs > 0 else { continue }
            #expect(
                isNear(EvaluationMetrics.areaUnderCurve(scores, outcomes), right / pairs),
                "seed 17, round \(round)"
            )
        }
    }

    @Test func averagePrecisionTakesTiesTogether() {
        // Thresholds 4, 3, 2: precision 1, 2/3 (of the two tied at 3 one converted), 3/4; each adds a third of the positives.
        let expected = (1.0 + 2.0 / 3 + 3.0 / 4) / 3
        #expect(
            isNear(EvaluationMetrics.averagePrecision([4, 3, 3, 2, 1], [true, true, false, true, false]), expected)
        )
        #expect(EvaluationMetrics.averagePrecision([1, 2], [false, false]) == nil)
    }

    @Test func logLossAndBrierAreTheHandWorkedNumbers() {
        let loss = EvaluationMetrics.logLoss([0.5, 0.8, 0.1], [true, true, false])
        #expect(isNear(loss, -(log(0.5) + log(0.8) + log(0.9)) / 3))
        #expect(isNear(EvaluationMetrics.brierScore([0.5, 0.8, 0.1], [true, true, false]), (0.25 + 0.04 + 0.01) / 3))
        #expect(EvaluationMetrics.logLoss([0], [true]).isFinite)
    }

    @Test func reliabilityBinsAreOfLikeSizeAndKeepTiesTogether() {
        let probabilities = (0..<100).map { Double($0) / 100 }
        let outcomes = (0..<100).map { $0 % 2 == 0 }
        let bins = EvaluationMetrics.reliability(probabilities, outcomes)
        #expect(bins.map(\.rows) == Array(repeating: 10, count: 10))
        #expect(isNear(bins[0].promised, 0.045) && bins[0].observed == 0.5)
        // |0.045 − 0.5|, |0.145 − 0.5|, … |0.945 − 0.5| are 0.455, 0.355, 0.255, 0.155, 0.055, 0.045, … 0.445: mean 0.25.
        #expect(isNear(EvaluationMetrics.expectedCalibrationError(bins), 0.25))
        let tied = EvaluationMetrics.reliability(Array(repeating: 0.3, count: 10), (0..<10).map { $0 < 3 })
        #expect(tied.count == 1 && tied[0].rows == 10 && isNear(tied[0].observed, 0.3))
        #expect(isNear(EvaluationMetrics.expectedCalibrationError(tied), 0))
    }

    @Test func liftSharesTiesAndAddsUp() {
        let table = EvaluationMetrics.liftByDecile((0..<20).map { Double($0) }, (0..<20).map { $0 >= 18 })
        #expect(table.count == 10)
        #expect(table[0].positives == 2 && table[0].lift == 10 && table[0].cumulativeGain == 1)
        #expect(table[9].lift == 0 && table[9].cumulativeLift == 1)
        let tied = EvaluationMetrics.liftByDecile(Array(repeating: 1, count: 15), (0..<15).map { $0 < 6 })
        for decile in tied { #expect(isNear(decile.lift, 1) && isNear(decile.positives, 0.6)) }
    }
}
