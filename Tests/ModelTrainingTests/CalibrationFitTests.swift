import ByteKit
import Foundation
import LeadScoring
import ModelTraining
import Testing

@Suite struct CalibrationFitTests {
    /// Margins and outcomes drawn so that the true probability is a function of the margin.
    private func draw(_ count: Int, seed: UInt64, _ truth: (Double) -> Double) -> (margins: [Double], outcomes: [Bool])
    {
        var random = SeededRandom(seed: seed)
        var margins: [Double] = []
        var outcomes: [Bool] = []
        for _ in 0..<count {
            let margin = random.uniform() * 8 - 5
            margins.append(margin)
            outcomes.append(random.uniform() < truth(margin))
        }
        return (margins, outcomes)
    }

    @Test func plattFindsTheLineThatMadeTheOutcomes() throws {
        let (margins, outcomes) = draw(40_000, seed: 21) { 1 / (1 + exp(-(0.7 * $0 - 0.4))) }
        guard case .platt(let slope, let intercept) = CalibrationFit.platt(margins: margins, outcomes: outcomes) else {
            Issue.record("another kind")
            return
        }
        #expect(abs(slope - 0.7) < 0.03 && abs(intercept + 0.4) < 0.05, "\(slope), \(intercept)")
    }

    @Test func plattNeverTurnsTheRankingAndStaysFiniteWhenMarginsDivideTheOutcomes() {
        let falling = CalibrationFit.platt(margins: [1, 2, 3, 4], outcomes: [true, true, false, false])
        #expect((falling.probability(ofMargin: 4) ?? 0) >= (falling.probability(ofMargin: 1) ?? 1))
        let divided = CalibrationFit.platt(margins: [-2, -1, 1, 2], outcomes: [false, false, true, true])
        guard case .platt(let slope, let intercept) = divided else { return }
        #expect(slope.isFinite && intercept.isFinite && slope > 0)
    }

    @Test func isotonicCurveRisesStaysInsideAndKeepsTheMean() throws {
        for seed in UInt64(1)...10 {
            let (margins, outcomes) = draw(3000, seed: seed) { $0 > 0 ? 0.4 : 0.05 }
            guard
                case .isotonic(let points, let probabilities) = CalibrationFit.isotonic(
                    margins: margins,
                    outcomes: outcomes
                )
            else {
                Issue.record("another kind")
                return
            }
            #expect(zip(points, points.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed)")
            #expect(zip(probabilities, probabilities.dropFirst()).allSatisfy { $0 <= $1 }, "seed \(seed)")
            #expect(probabilities.allSatisfy { $0 > 0 && $0 < 1 }, "seed \(seed)")
            let calibration = Calibration.isotonic(margins: points, probabilities: probabilities)
            let promised = margins.reduce(0) { $0 + (calibration.probability(ofMargin: $1) ?? 0) } / 3000
            let observed = Double(outcomes.count { $0 }) / 3000
            #expect(abs(promised - observed) < 0.005, "seed \(seed): \(promised) against \(observed)")
        }
    }

    @Test func isotonicOfRisingStepsIsTheirRates() throws {
        // Three margins of 100 leads with 10, 40 and 30 conversions: the last two fall, so they pool to 35 %. The pool's ends lie
        // a tenth of the 25 % to its neighbour on either side of that.
        var margins: [Double] = []
        var outcomes: [Bool] = []
        for (margin, positives) in [(1.0, 10), (2.0, 40), (3.0, 30)] {
            for lead in 0..<100 {
                margins.append(margin)
                outcomes.append(lead < positives)
            }
        }
        guard case .isotonic(let points, let rates) = CalibrationFit.isotonic(margins: margins, outcomes: outcomes)
        else {
            Issue.record("another kind")
            return
        }
        #expect(points == [1, 2, 3])
        for (rate, expected) in zip(rates, [0.10, 0.325, 0.375]) { #expect(abs(rate - expected) < 1e-12, "\(rates)") }
    }

    @Test func fewLeadsAreLeftToPlatt() {
        let (margins, outcomes) = draw(900, seed: 2) { $0 > 0 ? 0.6 : 0.1 }
        let fit = CalibrationFit.best(margins: margins, outcomes: outcomes, seed: 1)
        #expect(fit.choice.method == "platt" && fit.choice.isotonicLogLoss == nil)
        #expect(fit.choice.reason.contains("900"))
    }

    @Test func theKindThatFitsUnseenLeadsBetterIsTaken() {
        let stepped = draw(8000, seed: 3) { $0 > -2 && $0 < 1 ? 0.25 : $0 >= 1 ? 0.3 : 0.02 }
        let isotonic = CalibrationFit.best(margins: stepped.margins, outcomes: stepped.outcomes, seed: 1)
        #expect(isotonic.choice.method == "isotonic")
        #expect((isotonic.choice.isotonicLogLoss ?? 1) < isotonic.choice.plattLogLoss)
        let straight = draw(1500, seed: 4) { 1 / (1 + exp(-$0)) }
        #expect(
            CalibrationFit.best(margins: straight.margins, outcomes: straight.outcomes, seed: 1).choice.method
                == "platt"
        )
        let again = CalibrationFit.best(margins: stepped.margins, outcomes: stepped.outcomes, seed: 1)
        #expect(again.calibration == isotonic.calibration)
    }
}
