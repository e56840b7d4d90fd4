import ByteKit
import Testing

@Suite("Runs of numbers, and searching")
struct NumberRunTests {
    @Test("big-endian numbers and bytes go behind those that are there, from any offset", arguments: 0..<9)
    func runs(offset: Int) {
        let words: [UInt32] = [0x0000_0001, 0xFFFF_FFFE, 0x3FC0_0000, 0x8000_0000, 0x7FFF_FFFF]
        let stored =
            [UInt8](repeating: 0xEE, count: offset)
            + words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
        var integers: [Int32] = [7]
        stored.rawBytes.appendBigEndian(count: 5, at: offset, to: &integers)
        #expect(integers == [7, 1, -2, 0x3FC0_0000, .min, .max])
        var floats: [Float] = [7]
        stored.rawBytes.appendBigEndian(count: 5, at: offset, to: &floats)
        #expect(floats.dropFirst().map(\.bitPattern) == words && floats[0] == 7 && floats[3] == 1.5)
        var bytes: [Int32] = []
        stored.rawBytes.appendBytes(count: 8, at: offset, to: &bytes)
        #expect(bytes == [0, 0, 0, 1, 255, 255, 255, 254])
        stored.rawBytes.appendBytes(count: 0, at: stored.count, to: &bytes)
        #expect(bytes.count == 8)
    }

    @Test("a run past the end stops the process")
    func outside() async {
        await #expect(processExitsWith: .failure) {
            var numbers: [Int32] = []
            [UInt8](repeating: 0, count: 11).rawBytes.appendBigEndian(count: 3, at: 0, to: &numbers)
        }
        await #expect(processExitsWith: .failure) {
            var numbers: [Int32] = []
            [UInt8](repeating: 0, count: 11).rawBytes.appendBigEndian(count: .max, at: 8, to: &numbers)
        }
        await #expect(processExitsWith: .failure) {
            _ = [UInt8](repeating: 0, count: 11).rawBytes.byte(at: -1)
        }
    }

    @Test("the first of a value in a range, and none outside it")
    func search() {
        let stored = Array("a line\nanother\n".utf8)
        let found = [0..<15, 7..<15, 7..<14, 3..<3, 15..<15].map { stored.rawBytes.firstOffset(of: 0x0A, in: $0) }
        #expect(found == [6, 14, nil, nil, nil])
    }

    @Test("letters are compared with exactly the range")
    func comparison() {
        let stored = Array("split_type".utf8)
        let answers = ["split_type", "split_typ", "split_typf", "", "split_types"]
            .map { stored.rawBytes.holds($0, in: 0..<10) }
        #expect(answers == [true, false, false, false, false])
        let (part, none) = (stored.rawBytes.holds(Array("type".utf8), in: 6..<10), stored.rawBytes.holds("", in: 4..<4))
        #expect(part && none)
    }

    @Test("text is taken only if it is UTF-8")
    func text() {
        let stored = Array("xGröße".utf8) + [0xFF]
        let (whole, cut, bad, none) = (
            stored.rawBytes.validText(1..<8), stored.rawBytes.validText(1..<4), stored.rawBytes.validText(6..<9),
            stored.rawBytes.validText(3..<3)
        )
        #expect(whole == "Größe" && cut == nil && bad == nil && none == "")
    }
}
