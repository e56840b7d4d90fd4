import ByteKit
import Foundation
import LeadTable
import ModelTraining
import Testing

/// A table of sample leads.
func sampleTable(
    rows: Int,
    seed: UInt64,
    openShare: Double = 0,
    withTruth: Bool = false
) throws -> LeadTable {
    var generator = SampleLeadGenerator(rows: rows, seed: seed, openShare: openShare, withTruth: withTruth)
    var text: [UInt8] = []
    SeparatedValuesText.appendLine(generator.columnNames, to: &text)
    while generator.appendLead(to: &text) {}
    return try LeadTable(bytes: text, fileName: "sample.csv")
}

@Suite struct SampleLeadTests {
    @Test func sameSeedGivesTheSameLeadsAndAnotherSeedGivesOthers() throws {
        let first = try sampleTable(rows: 200, seed: 5)
        let again = try sampleTable(rows: 200, seed: 5)
        let other = try sampleTable(rows: 200, seed: 6)
        let all = Array(0..<200)
        #expect(first.separatedValues(rows: all) == again.separatedValues(rows: all))
        #expect(first.separatedValues(rows: all) != other.separatedValues(rows: all))
    }

    @Test func columnsAreWhatACustomerSystemHolds() throws {
        let table = try sampleTable(rows: 6000, seed: 11)
        let profiles = Dictionary(uniqueKeysWithValues: table.profiles().map { ($0.name, $0) })
        let meanings: [String: ColumnProfile.Meaning] = [
            "lead_id": .id, "created_date": .date, "industry": .category, "country": .category, "employees": .number,
            "annual_revenue_keur": .number, "job_title": .category, "campaign": .category, "page_visits": .number,
            "last_activity_date": .date, "demo_requested": .boolean, "converted": .number,
        ]
        for (name, meaning) in meanings { #expect(profiles[name]?.meaning == meaning, "\(name)") }
        #expect((profiles["campaign"]?.levels.count ?? 0) > 50)
        #expect((profiles["employees"]?.missingRows ?? 0) > 600)
    }

    @Test func outcomesAreDrawnFromTheTrueProbability() throws {
        let table = try sampleTable(rows: 20_000, seed: 3, withTruth: true)
        let outcome = try table.numbers(ofColumn: table.requiredColumn(named: SampleLeadGenerator.labelColumn))
        let truth = try table.numbers(ofColumn: table.requiredColumn(named: SampleLeadGenerator.truthColumn))
        let rate = outcome.reduce(0, +) / 20_000
        let expected = truth.reduce(0, +) / 20_000
        #expect(rate > 0.10 && rate < 0.15, "\(rate)")
        // Three standard deviations of a mean of 20,000 draws at 12 % are 0.007.
        #expect(abs(rate - expected) < 0.007, "\(rate) against \(expected)")
    }

    @Test func daysNeverGoBackAndSomeWordsComeLate() throws {
        let table = try sampleTable(rows: 5000, seed: 9)
        let days = try table.days(ofColumn: table.requiredColumn(named: "created_date"))
        #expect(zip(days, days.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(days[0] >= 19_723 && days[4999] < 19_723 + 548)
        let source = try table.requiredColumn(named: "source")
        let early = (0..<3500).filter { table.text(row: $0, column: source) == "AI Assistant" }
        let late = (4000..<5000).filter { table.text(row: $0, column: source) == "AI Assistant" }
        #expect(early.isEmpty && !late.isEmpty)
    }

    @Test func openShareLeavesTheLatestOutcomesEmpty() throws {
        let table = try sampleTable(rows: 1000, seed: 1, openShare: 0.2)
        let label = try table.requiredColumn(named: SampleLeadGenerator.labelColumn)
        let open = (0..<1000).filter { table.text(row: $0, column: label).isEmpty }
        #expect(open == Array(800..<1000))
    }

    @Test func seededRandomIsTheSameEverywhere() {
        // The first outputs of xoshiro256** from the state that SplitMix64 makes of seed 0.
        var random = SeededRandom(seed: 0)
        #expect(
            (0..<3).map { _ in random.next() } == [
                11_091_344_671_253_066_420, 13_793_997_310_169_335_082, 1_900_383_378_846_508_768,
            ]
        )
        var shuffler = SeededRandom(seed: 4)
        #expect(shuffler.permutation(1000).sorted() == Array(0..<1000))
    }
}
