import EnsembleFormats
import Testing

@Suite("NumPy arrays")
struct NumpyArrayTests {
    /// The bytes that `numpy.save` writes for `numpy.array([[1, 2, 3], [4, 5, 6]], dtype)`, or as told otherwise.
    private func file(
        header: String = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
        version: UInt8 = 1,
        payload: [UInt8]
    ) -> [UInt8] {
        let start = version == 1 ? 10 : 12
        var text = Array(header.utf8)
        while (start + text.count) % 64 != 63 { text.append(0x20) }
        text.append(0x0A)
        var length = [UInt8(text.count & 255), UInt8(text.count >> 8)]
        if version > 1 { length += [0, 0] }
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + payload
    }

    private func littleEndian(_ numbers: [Float]) -> [UInt8] {
        numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> ($0 * 8)) } }
    }

    private func bigEndian(_ numbers: [Double]) -> [UInt8] {
        numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number.bitPattern >> ((7 - $0) * 8)) } }
    }

    @Test("all three versions of the form are read", arguments: [1, 2, 3])
    func versions(version: Int) throws {
        let array = try NumpyArray(reading: file(version: UInt8(version), payload: littleEndian([1, 2, 3, 4, 5, 6])))
        #expect(array.shape == [2, 3])
        #expect(array.values == .float32([1, 2, 3, 4, 5, 6]))
    }

    @Test("a table in Fortran order and big-endian comes out in C order")
    func fortranOrder() throws {
        let header = "{'descr': '>f8', 'fortran_order': True, 'shape': (2, 3), }"
        let array = try NumpyArray(reading: file(header: header, payload: bigEndian([1, 4, 2, 5, 3, 6])))
        #expect(array.values == .float64([1, 2, 3, 4, 5, 6]))
    }

    @Test("what is written is read back the same, to the bit")
    func roundTrip() throws {
        let odd: [Double] = [.infinity, -0.0, Double.leastNonzeroMagnitude, 1 / 3]
        for shape in [[4], [4, 1], [1, 4], [2, 2], [2, 1, 2]] {
            let array = NumpyArray(shape: shape, values: .float64(odd))
            let bytes = array.fileBytes()
            #expect(bytes.count % 64 == 32, "numbers start at a multiple of 64")
            #expect(try NumpyArray(reading: bytes) == array)
        }
        for array in [
            NumpyArray(shape: [0, 7], values: .float32([])), NumpyArray(shape: [], values: .float32([2.5])),
        ] {
            #expect(try NumpyArray(reading: array.fileBytes()) == array)
        }
    }

    @Test("a file cut at any byte is refused")
    func truncation() {
        let whole = file(payload: littleEndian([1, 2, 3, 4, 5, 6]))
        for length in 0..<whole.count {
            #expect(throws: NumpyArrayError.self) { try NumpyArray(reading: Array(whole[..<length])) }
        }
        #expect(throws: NumpyArrayError.self) { try NumpyArray(reading: whole + [0]) }
    }

    @Test(
        "other types and impossible shapes are refused in words",
        arguments: [
            ("{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3), }", "<i8"),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", "|O"),
            ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3), }", "records"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, -3), }", "header"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 3), }", "too large"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 1), }", "cut off"),
            ("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2, 3), }", "Fortran"),
            ("{'descr': '<f4', 'shape': (2, 3), }", "header"),
            ("", "header"),
        ]
    )
    func refusals(header: String, word: String) {
        let error = #expect(throws: NumpyArrayError.self) {
            try NumpyArray(reading: file(header: header, payload: littleEndian([1, 2, 3, 4, 5, 6])))
        }
        #expect(error?.description.contains(word) == true, "\(String(describing: error))")
    }
}
