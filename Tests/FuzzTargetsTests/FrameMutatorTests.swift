import FuzzTargets
import Testing

@Suite("Changes by frames")
struct FrameMutatorTests {
    @Test("leave frames whole, whatever they do to them")
    func wholeFrames() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var mutator = FrameMutator(seed: seed)
        let start = Seed.http2().filter { $0.name == "exchange.bin" || $0.name == "padding.bin" }.map(\.bytes)
        var others = 0
        for round in 0..<2_000 {
            let input = start[round % start.count]
            let changed = mutator.change(input, bytesMax: 1 << 20)
            others += changed == input ? 0 : 1
            // Two bytes of script without steps, and the preface.
            var offset = 2 + 24
            while changed.count - offset >= 9 {
                offset += 9 + (Int(changed[offset]) << 16 | Int(changed[offset + 1]) << 8 | Int(changed[offset + 2]))
            }
            #expect(offset == changed.count, "seed \(seed), round \(round)")
        }
        #expect(others > 1_500, "seed \(seed)")
    }

    @Test("are the same for the same seed, and no longer than they may be")
    func repeats() {
        var (one, other) = (FrameMutator(seed: 9), FrameMutator(seed: 9))
        for seed in Seed.http2() {
            let changed = one.change(seed.bytes, bytesMax: 100)
            #expect(changed == other.change(seed.bytes, bytesMax: 100))
            #expect(changed.count <= 100)
        }
    }

    @Test(
        "take inputs that are no conversation",
        arguments: [[], [0], [0, 255], [1, 1, 7], [0, 0, 0, 0, 9]] as [[UInt8]]
    )
    func anything(_ input: [UInt8]) {
        var mutator = FrameMutator(seed: 3)
        for _ in 0..<100 { #expect(mutator.change(input, bytesMax: 4_096).count <= 4_096) }
    }
}
