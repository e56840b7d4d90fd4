internal import Foundation
internal import LeadScoring

extension TrainingReport.Test {
    /// The figures on these leads.
    init(_ leads: [TrainedModel.Lead], _ cuts: [TierCut]) throws {
        let outcomes = leads.map(\.converted)
        let margins = leads.map(\.margin)
        guard let area = EvaluationMetrics.areaUnderCurve(margins, outcomes),
            let precision = EvaluationMetrics.averagePrecision(margins, outcomes)
        else { throw TrainingRefusal("The test leads all have one outcome; give more history.") }
        areaUnderCurve = area
        averagePrecision = precision
        beforeCalibration = .init(margins.map { 1 / (1 + exp(-$0)) }, outcomes)
        afterCalibration = .init(leads.map { Double($0.probability) }, outcomes)
        lift = EvaluationMetrics.liftByDecile(margins, outcomes)

        let positives = outcomes.count { $0 }
        var rowsAbove = 0
        var positivesAbove = 0
        tiers = cuts.enumerated().map { index, cut in
            let members = leads.filter { lead in
                cuts.firstIndex { Float($0.minimumProbability) <= lead.probability } == index
            }
            let converted = members.count { $0.converted }
            rowsAbove += members.count
            positivesAbove += converted
            return TrainingReport.Tier(
                name: cut.name,
                minimumProbability: cut.minimumProbability,
                rows: members.count,
                positives: converted,
                precision: rowsAbove > 0 ? Double(positivesAbove) / Double(rowsAbove) : nil,
                recall: Double(positivesAbove) / Double(max(1, positives))
            )
        }
    }
}
