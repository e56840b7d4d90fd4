import ByteKit
import Testing

@Suite("Packed columns")
struct PackedColumnTests {
    static let count = 67
    static let values: [Double] = (0..<count).map { Double(($0 * 7) % 100) }

    /// A column written by the writer after `gap` stray bytes, so that nothing is aligned.
    static func column(_ element: PackedElement, gap: Int) -> [UInt8] {
        var writer = ByteWriter()
        writer.putZeros(gap)
        switch element {
        case .bit:
            var byte: UInt8 = 0
            for (row, value) in values.enumerated() {
                if Int(value) & 1 == 1 { byte |= 1 << UInt8(row & 7) }
                if row & 7 == 7 || row == count - 1 {
                    writer.put(byte)
                    byte = 0
                }
            }
        case .uint8:
            let column = values.map { UInt8($0) }
            writer.put(column: column.span)
        case .int8:
            let column = values.map { -Int8($0) }
            writer.put(column: column.span)
        case .int64:
            let column = values.map { -Int64($0) * (1 << 32) }
            writer.put(column: column.span)
        case .microseconds:
            let column = values.map { Int64($0) * 10_800_000_000 }
            writer.put(column: column.span)
        case .float16:
            for value in values { writer.put(Float16(-value / 8).bitPattern) }
        case .uint16:
            let column = values.map { UInt16($0) }
            writer.put(column: column.span)
        case .int16:
            let column = values.map { -Int16($0) }
            writer.put(column: column.span)
        case .int32:
            let column = values.map { -Int32($0) * 1000 }
            writer.put(column: column.span)
        case .float32:
            let column = values.map { Float($0) / 8 }
            writer.put(column: column.span)
        case .float64:
            let column = values.map { $0 / 8 }
            writer.put(column: column.span)
        }
        return writer.bytes
    }

    static func expected(_ element: PackedElement, _ row: Int) -> Double {
        switch element {
        case .bit: Double(Int(values[row]) & 1)
        case .uint8, .uint16: values[row]
        case .int8, .int16: -values[row]
        case .int32: -values[row] * 1000
        case .int64: -values[row] * 0x1p32
        case .float16: -values[row] / 8
        case .microseconds, .float32, .float64: values[row] / 8
        }
    }

    @Test(
        "come out whole and in part, at any alignment, in both precisions",
        arguments: [
            .bit, .uint8, .int8, .uint16, .int16, .int32, .int64, .microseconds, .float16, .float32, .float64,
        ] as [PackedElement]
    )
    func copies(element: PackedElement) {
        for gap in 0..<9 {
            let bytes = Self.column(element, gap: gap)
            for (first, last) in [(0, Self.count), (0, 8), (3, 5), (5, 42), (8, 64), (15, 16), (66, 67), (9, 9)] {
                let singles = singles(bytes, first..<last, element, gap)
                let doubles = doubles(bytes, first..<last, element, gap)
                let right = (first..<last).map { Self.expected(element, $0) }
                #expect(doubles == right)
                #expect((first..<last).map { bytes.rawBytes.value(at: $0, of: element, at: gap) } == right)
                #expect(singles.map(Double.init) == right)
            }
        }
    }

    @Test("every half-precision number is widened to itself")
    func halves() {
        let bytes = (0...UInt16.max).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let (singles, doubles) = (singles(bytes, 0..<65_536, .float16, 0), doubles(bytes, 0..<65_536, .float16, 0))
        for half in 0...UInt16.max {
            let right = Float(Float16(bitPattern: half))
            let (single, double) = (singles[Int(half)], doubles[Int(half)])
            #expect(
                right.isNaN
                    ? single.isNaN && double.isNaN : single.bitPattern == right.bitPattern && double == Double(right)
            )
        }
    }

    @Test("values a stride apart come out whole and in part")
    func strided() {
        let matrix = (0..<12).map { Float($0) / 4 }
        var writer = ByteWriter()
        writer.putZeros(3)
        writer.put(column: matrix.span)
        for column in 0..<3 {
            for rows in [0..<4, 1..<3, 3..<4, 2..<2] {
                var target = [Double](repeating: -1, count: rows.count)
                var span = target.mutableSpan
                writer.bytes.rawBytes.copyStrided(rows: rows, stride: 12, at: 3 + 4 * column, into: &span)
                #expect(target == rows.map { Double(matrix[3 * $0 + column]) })
            }
        }
    }

    @Test("rows without a validity bit become NaN, the others stay")
    func validity() {
        let bitmap = Self.column(.bit, gap: 1)
        for (first, last) in [(0, Self.count), (3, 5), (5, 42), (8, 64), (66, 67)] {
            let (singles, doubles) = masked(bitmap, first..<last)
            for row in first..<last {
                let valid = Self.expected(.bit, row) == 1
                #expect(singles[row - first].isNaN == !valid)
                #expect(doubles[row - first].isNaN == !valid)
            }
        }
    }

    @Test("the largest code is found")
    func largest() {
        let bytes = Self.column(.uint8, gap: 3)
        #expect(bytes.rawBytes.largestByte(in: 3..<(3 + Self.count)) == UInt8(Self.values.max() ?? 0))
        let wide = Self.column(.uint16, gap: 3)
        #expect(wide.rawBytes.largestUInt16(at: 3, count: Self.count) == UInt16(Self.values.max() ?? 0))
        #expect(wide.rawBytes.largestUInt16(at: 3, count: 0) == 0)
    }

    @Test("a column past the end of the bytes stops the process")
    func pastTheEnd() async {
        await #expect(processExitsWith: .failure) {
            let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7]
            var target: [Float] = [0, 0]
            var span = target.mutableSpan
            bytes.rawBytes.copyColumn(rows: 0..<2, of: .float32, at: 0, into: &span)
        }
    }
}

private func singles(_ bytes: [UInt8], _ rows: Range<Int>, _ element: PackedElement, _ offset: Int) -> [Float] {
    var target = [Float](repeating: -1, count: rows.count)
    var span = target.mutableSpan
    bytes.rawBytes.copyColumn(rows: rows, of: element, at: offset, into: &span)
    return target
}

private func doubles(_ bytes: [UInt8], _ rows: Range<Int>, _ element: PackedElement, _ offset: Int) -> [Double] {
    var target = [Double](repeating: -1, count: rows.count)
    var span = target.mutableSpan
    bytes.rawBytes.copyColumn(rows: rows, of: element, at: offset, into: &span)
    return target
}

private func masked(_ bitmap: [UInt8], _ rows: Range<Int>) -> ([Float], [Double]) {
    var singles = [Float](repeating: 2, count: rows.count)
    var single = singles.mutableSpan
    bitmap.rawBytes.clearInvalid(rows: rows, bitmapAt: 1, in: &single)
    var doubles = [Double](repeating: 2, count: rows.count)
    var double = doubles.mutableSpan
    bitmap.rawBytes.clearInvalid(rows: rows, bitmapAt: 1, in: &double)
    return (singles, doubles)
}
