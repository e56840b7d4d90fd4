import ByteKit
import Testing

@Suite("A text as a key")
struct UTF8KeyTests {
    @Test("is told from others by its bytes")
    func bytes() {
        #expect(UTF8Key("\u{e9}") != UTF8Key("e\u{301}"))
        #expect(UTF8Key("abc") == UTF8Key("ab" + "c"))
        let keys: Set = [UTF8Key(""), UTF8Key("a"), UTF8Key("a"), UTF8Key("\u{e9}"), UTF8Key("e\u{301}")]
        #expect(keys.count == 4)
        #expect(keys.contains(UTF8Key(String("xe\u{301}".dropFirst()))))
    }

    @Test("takes no longer for accents than for letters")
    func accents() {
        // Put into a normal form, as strings are to be hashed, these would take minutes.
        let text = "e" + String(repeating: "\u{301}", count: 150_000) + String(repeating: "\u{316}", count: 150_000)
        let duration = ContinuousClock().measure {
            var keys: Set = [UTF8Key(text)]
            #expect(!keys.insert(UTF8Key(text)).inserted)
        }
        #expect(duration < .seconds(5))
    }
}
