import ModelTraining
import Testing

@Suite struct LeadSplitTests {
    @Test func timeSplitPutsTheLatestAsideAndKeepsADayTogether() {
        // Ten leads a day for ten days, newest first; two leads without a date.
        let days = (0..<100).map { Double(9 - $0 / 10) } + [.nan, .nan]
        let split = LeadSplit(byTime: Array(0..<102), days: days)
        #expect(split.isByTime && split.undatedRows == 2)
        #expect(split[.training].count == 72 && split[.validation].count == 20 && split[.test].count == 10)
        let latest = { (part: LeadPart) in split[part].map { days[$0] }.filter { !$0.isNaN }.max() ?? 0 }
        let earliest = { (part: LeadPart) in split[part].map { days[$0] }.filter { !$0.isNaN }.min() ?? 0 }
        #expect(latest(.training) < earliest(.validation) && latest(.validation) < earliest(.test))
        #expect(Set(LeadPart.allCases.flatMap { split[$0] }) == Set(0..<102))
    }

    @Test func stratifiedSplitHasTheSameShareInEachPartAndIsSettledByItsSeed() {
        let rows = Array(stride(from: 0, to: 2000, by: 2))
        let outcomes = rows.map { $0 % 20 == 0 }
        let split = LeadSplit(stratified: rows, outcomes: outcomes, seed: 12)
        #expect(LeadPart.allCases.map { split[$0].count } == [700, 150, 150])
        #expect(LeadPart.allCases.map { split[$0].count { $0 % 20 == 0 } } == [70, 15, 15])
        #expect(Set(LeadPart.allCases.flatMap { split[$0] }) == Set(rows))
        #expect(split == LeadSplit(stratified: rows, outcomes: outcomes, seed: 12))
        #expect(split != LeadSplit(stratified: rows, outcomes: outcomes, seed: 13))
    }
}
