import Testing

@Suite("The wide form")
struct FormTests {
    @Test("has registers of 64 bytes, lookups in them and trees in lanes")
    func isWide() {
        #expect(slicedKernelRowStep() == 8 * 64)
        #expect(slicedKernelHasLookups())
        #expect(hasTreeLanes())
        #expect(bucketRankHasLookups())
    }
}
