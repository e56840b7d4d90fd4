import ByteKit
import Testing

@Suite("CRC-32C")
struct CRC32CTests {
    /// RFC 3720, appendix B.4, and the check value of the algorithm's catalogue entry.
    static let known: [(bytes: [UInt8], checksum: UInt32)] = [
        ([], 0),
        (Array("123456789".utf8), 0xE306_9283),
        ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
        (Array(0..<32), 0x46DD_794E),
        (Array((0..<32).reversed()), 0x113F_DB5C),
    ]

    @Test("agrees with the published values", arguments: known.indices)
    func published(index: Int) {
        let (bytes, checksum) = Self.known[index]
        #expect(CRC32C.of(bytes.rawBytes) == checksum)
        #expect(CRC32C.byTable(bytes.rawBytes) == checksum)
    }

    @Test("gives the same by instruction, by table, and in two pieces, at every length")
    func pieces() {
        let bytes = (0..<100).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        for length in 0...bytes.count {
            let part = Array(bytes[..<length])
            let whole = CRC32C.of(part.rawBytes)
            #expect(whole == CRC32C.byTable(part.rawBytes))
            let cut = length / 3
            let head = CRC32C.of(part.rawBytes.extracting(0..<cut))
            #expect(whole == CRC32C.continuing(head, with: part.rawBytes.extracting(cut..<length)))
        }
    }
}
