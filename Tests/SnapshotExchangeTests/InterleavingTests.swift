import Testing

@Suite("Every interleaving of readers and a publisher")
struct InterleavingTests {
    @Test("no reader ever uses a freed value, in any order of steps", arguments: [(1, 3, 3), (2, 2, 2), (2, 1, 3)])
    func nobodyUsesAFreedValue(readers: Int, turns: Int, publications: Int) {
        let outcome = InterleavingModel.explore(
            readers: readers,
            turns: UInt8(turns),
            publications: UInt8(publications)
        )
        #expect(!outcome.foundUseAfterFree)
        #expect(outcome.mostFreed == publications, "values must also be freed, or the proof is of nothing")
        #expect(outcome.states > 1_000, "the search saw only \(outcome.states) states")
    }

    @Test("the same search finds each planted fault", arguments: InterleavingModel.Fault.allCases)
    func theAlarmRings(fault: InterleavingModel.Fault) {
        let outcome = InterleavingModel.explore(readers: 2, turns: 2, publications: 2, fault: fault)
        #expect(outcome.foundUseAfterFree, "\(fault) went unnoticed in \(outcome.states) states")
    }
}
