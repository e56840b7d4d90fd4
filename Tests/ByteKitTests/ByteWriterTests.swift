import ByteKit
import Testing

@Suite("Byte writer and reads")
struct ByteWriterTests {
    @Test("numbers go out low byte first and come back at any offset")
    func numbers() {
        var writer = ByteWriter()
        writer.put(UInt8(0xAB))
        writer.put(UInt16(0x1234))
        writer.put(UInt32(0xDEAD_BEEF))
        writer.put(Int64(-2))
        writer.put(Float(1.5))
        writer.put(-Double.pi)
        #expect(Array(writer.bytes.prefix(7)) == [0xAB, 0x34, 0x12, 0xEF, 0xBE, 0xAD, 0xDE])
        let stored = writer.bytes
        let bytes = stored.rawBytes
        let (byte, short, word) = (
            bytes.byte(at: 0), bytes.integer(at: 1, as: UInt16.self), bytes.integer(at: 3, as: UInt32.self)
        )
        #expect(byte == 0xAB && short == 0x1234 && word == 0xDEAD_BEEF)
        let (long, single, double) = (bytes.integer(at: 7, as: Int64.self), bytes.float(at: 15), bytes.double(at: 19))
        #expect(long == -2 && single == 1.5 && double == -Double.pi)
    }

    @Test("a patch overwrites, alignment pads with zeros, truncation forgets")
    func patches() {
        var writer = ByteWriter(capacity: 64)
        writer.put(utf8: "lead")
        writer.put(UInt8(1))
        writer.align(to: 8)
        #expect(writer.bytes == [108, 101, 97, 100, 1, 0, 0, 0])
        writer.align(to: 8)
        #expect(writer.count == 8)
        writer.patch(UInt16(0x0102), at: 6)
        #expect(writer.bytes.suffix(2) == [2, 1])
        writer.truncate(to: 4)
        #expect(writer.take() == Array("lead".utf8))
        #expect(writer.count == 0)
    }

    @Test("zero bytes and UTF-8 are recognised")
    func text() {
        let bytes = Array("zoë".utf8) + [0, 0, 0xC3]
        let span = bytes.rawBytes
        let wellFormed = [0..<4, 0..<3, 2..<2, 4..<7].map { span.isUTF8($0) }
        #expect(wellFormed == [true, false, true, false])
        let zero = [4..<6, 4..<7, 0..<0].map { span.isZero($0) }
        #expect(zero == [true, false, true])
        let text = span.text(0..<4)
        #expect(text == "zoë")
    }

    @Test("a read past the end stops the process")
    func pastTheEnd() async {
        await #expect(processExitsWith: .failure) {
            let bytes: [UInt8] = [1, 2, 3]
            _ = bytes.rawBytes.integer(at: 0, as: UInt32.self)
        }
    }
}
