import HTTP2Transport
import Testing

/// The table of a connection's streams is a dictionary, whatever numbers a client picks.
struct StreamTableTests {
    @Test(arguments: [2, 16, 4096])
    func behavesAsADictionary(step: Int32) {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var table = StreamTable<Int>()
        var expected: [Int32: Int] = [:]
        for turn in 0..<20_000 {
            let stream = 1 &+ step * Int32.random(in: 0..<60, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 4:
                table[stream]? += 1
                expected[stream]? += 1
            case 0, 1:
                table[stream] = turn
                expected[stream] = turn
            case 2: #expect(table.removeValue(forKey: stream) == expected.removeValue(forKey: stream), "seed \(seed)")
            default:
                table[stream] = nil
                expected[stream] = nil
            }
            let asked = 1 &+ step * Int32.random(in: 0..<60, using: &random)
            #expect(table[asked] == expected[asked], "seed \(seed)")
            #expect(table.count == expected.count, "seed \(seed)")
            #expect(table.isEmpty == expected.isEmpty, "seed \(seed)")
        }
        #expect(table.values.sorted() == expected.values.sorted(), "seed \(seed)")
        #expect(table.streams.sorted() == expected.keys.sorted(), "seed \(seed)")
        table.removeAll()
        #expect(table.isEmpty && table[1] == nil && Array(table.values).isEmpty)
    }

    @Test
    func streamsOfNoNumberAreNotThere() {
        var table = StreamTable<String>()
        #expect(table[0] == nil && table[-1] == nil && table.removeValue(forKey: 7) == nil)
        table[7] = "seven"
        #expect(table[0] == nil && table[-1] == nil && table[7] == "seven")
        #expect(table[Int32.max] == nil && table[Int32.min] == nil)
    }
}

/// Numbers from a seed (SplitMix64).
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
