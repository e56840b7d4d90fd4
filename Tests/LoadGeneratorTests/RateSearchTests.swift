import LoadGenerator
import Testing

@Suite("The search for the largest rate")
struct RateSearchTests {
    /// Searches for a server that holds up to a capacity; the rates tried.
    private func run(_ search: inout RateSearch, capacity: Double) -> [Double] {
        var tried: [Double] = []
        while let rate = search.next {
            tried.append(rate)
            search.note(rate <= capacity)
        }
        return tried
    }

    @Test(
        "it comes within its precision, from above and below",
        arguments: [3.7, 90, 999, 1_000, 1_001, 47_000, 2_000_000]
    )
    func finds(capacity: Double) throws {
        var search = RateSearch(from: 1_000, precision: 0.05, stepsMax: 40)
        let tried = run(&search, capacity: capacity)
        let held = try #require(search.held)
        #expect(held <= capacity && held * 1.06 >= capacity, "\(tried)")
        #expect(tried.first == 1_000 && Set(tried).count == tried.count, "no rate is tried twice: \(tried)")
        #expect(tried.count <= 20 && search.steps == tried.count)
    }

    @Test("it ends where nothing holds, and where everything does")
    func bounds() {
        var hopeless = RateSearch(from: 100, rateMin: 1)
        #expect(run(&hopeless, capacity: 0) == [100, 50, 25, 12.5, 6.25, 3.125, 1.5625, 1])
        #expect(hopeless.held == nil && hopeless.failed == 1)
        var endless = RateSearch(from: 1, stepsMax: 6)
        #expect(run(&endless, capacity: .infinity) == [1, 2, 4, 8, 16, 32])
        #expect(endless.held == 32 && endless.failed == nil)
    }

    @Test("a server that wavers does not make it go on without end")
    func wavering() {
        var search = RateSearch(from: 1_000, stepsMax: 12)
        var holds = true
        var steps = 0
        while search.next != nil {
            search.note(holds)
            holds.toggle()
            steps += 1
        }
        #expect(steps <= 12 && search.held != nil)
    }
}
