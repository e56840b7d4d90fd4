import ByteKit
import LeadTypes
import LeadWire
import Testing

@Suite("Score request")
struct ScoreRequestTests {
    @Test("every field comes back as it was sent")
    func fields() throws {
        var encoder = try ScoreRequestEncoder(
            requestID: .max,
            model: "enterprise",
            version: "000003-9f3ac2d1",
            fingerprint: 0x0123_4567_89AB_CDEF,
            rows: 3,
            columnCount: 3,
            outputs: [.probability, .tier],
            deadlineMicroseconds: 2_500,
            asOfDays: 20_778.25
        )
        encoder.add([1, 0, .nan])
        try encoder.add(strings: ["web", nil, "zoë"])
        encoder.add([0.1, .infinity, -.infinity])
        let message = try encoder.finish()
        let request = try decodeRequest(message).get()
        #expect(request.requestID == .max)
        #expect(request.fingerprint == 0x0123_4567_89AB_CDEF)
        #expect(request.rows == 3)
        #expect(request.outputs == [.probability, .tier])
        #expect(request.deadlineMicroseconds == 2_500)
        #expect(request.asOfDays == 20_778.25)
        #expect(!request.asksForDefaultModel)
        let bytes = message.rawBytes
        let (model, version) = (request.modelName(of: bytes), request.modelVersion(of: bytes))
        #expect(model == "enterprise" && version == "000003-9f3ac2d1")
        #expect(request.columns.map(\.encoding) == [.float16, .dictionary8, .float64])
        #expect(same(doubles(request, 0, message), [1, 0, .nan]))
        #expect(same(doubles(request, 1, message), [0, .nan, 1]))
        let entries = request.dictionaryEntries(1, of: bytes)
        #expect(entries == ["web", "zoë"])
        #expect(same(doubles(request, 2, message), [0.1, .infinity, -.infinity]))
    }

    /// What a column of 100 rows is made of, and the encoding it must take.
    static let choices: [(values: [Double], encoding: ColumnEncoding, hasValidity: Bool)] = [
        ((0..<100).map { _ in Double.nan }, .absent, false),
        ((0..<100).map { _ in 0.1 }, .constant, false),
        ((0..<100).map { $0 == 50 ? .nan : 7 }, .constant, true),
        ((0..<100).map { Double($0 % 2) }, .bits, false),
        ((0..<100).map { $0 == 3 ? .nan : Double($0 % 2) }, .bits, true),
        ((0..<100).map { Double($0) }, .uint8, false),
        ((0..<100).map { $0 == 0 ? .nan : Double($0 + 155) }, .uint8, true),
        ((0..<100).map { Double($0 + 157) }, .uint16, false),
        ((0..<100).map { Double(-$0) }, .int8, false),
        ((0..<100).map { Double(-2 * $0) }, .int16, false),
        ((0..<100).map { $0 == 4 ? .nan : Double(-2 * $0) }, .float16, false),
        ((0..<100).map { Double($0 * 400) }, .uint16, false),
        ((0..<100).map { Double($0 * 700) }, .int32, false),
        ((0..<100).map { $0 == 9 ? .nan : Double($0 * 400) }, .uint16, true),
        ((0..<100).map { $0 == 9 ? .nan : Double($0 * 700) }, .float32, false),
        ((0..<100).map { Double($0 + 2_000_000_000) }, .int32, false),
        ((0..<100).map { Double($0) / 4 }, .float16, false),
        ((0..<100).map { $0 == 1 ? .infinity : Double($0) }, .float16, false),
        ((0..<100).map { $0 == 1 ? -0x1p-24 : Double($0) * 0x1p-20 }, .float16, false),
        ((0..<100).map { $0 == 1 ? -0x1p-25 : Double($0) }, .float32, false),
        ((0..<100).map { 65_520 + Double($0) / 4 }, .float32, false),
        ((0..<100).map { Double($0) / 1024 + 30 }, .float32, false),
        ((0..<100).map { Double($0) / 10 }, .float64, false),
        ((0..<100).map { Double($0) * 4_294_967_297 }, .float64, false),
    ]

    @Test("numbers take the smallest exact encoding", arguments: choices.indices)
    func smallest(index: Int) throws {
        let choice = Self.choices[index]
        var encoder = try ScoreRequestEncoder(requestID: 1, fingerprint: 0, rows: 100, columnCount: 1)
        encoder.add(choice.values)
        let message = try encoder.finish()
        let request = try decodeRequest(message).get()
        #expect(same(doubles(request, 0, message), choice.values))
        // Numbers 700 apart fit int32 and single precision alike: the lower code wins, unless missing values cost a
        // bitmap there and nothing as NaN.
        #expect(request.columns[0].encoding == choice.encoding)
        #expect(request.columns[0].hasValidity == choice.hasValidity)
        #expect(request.columns[0].runCount == 0)
    }

    @Test("columns that repeat from row to row are written as runs where that is smaller")
    func runs() throws {
        let rows = 1_000
        let shapes: [(ColumnEncoding, Int, (Int) -> Double)] = [
            (.uint8, 10, { Double($0 / 100) }), (.uint8, 200, { Double($0 / 5) }),
            (.uint8, 250, { Double($0 / 4 % 100) }),
            (.bits, 2, { $0 < 500 ? 0 : 1 }), (.bits, 50, { Double($0 / 20 % 2) }), (.bits, 0, { Double($0 / 4 % 2) }),
            (.uint8, 0, { Double($0 / 2 % 200) }),
            (.int32, 250, { Double($0 / 4 * 100_000) }), (.float64, 334, { Double($0 / 3) / 10 }),
            (.uint8, 20, { $0 / 50 % 2 == 0 ? .nan : Double($0 / 50) }),
            (.float16, 100, { $0 % 100 < 10 ? .nan : Double($0 / 10) / 4 }),
        ]
        var encoder = try ScoreRequestEncoder(requestID: 1, fingerprint: 0, rows: rows, columnCount: shapes.count + 2)
        for (_, _, value) in shapes { encoder.add((0..<rows).map(value)) }
        let words = (0..<rows).map { $0 / 40 % 5 == 0 ? nil : "word \($0 / 40)" }
        try encoder.add(strings: words)
        try encoder.add(strings: (0..<rows).map { "\($0 / 3)" })
        let message = try encoder.finish()
        let request = try decodeRequest(message).get()
        for (index, (encoding, runs, value)) in shapes.enumerated() {
            #expect(request.columns[index].encoding == encoding, "column \(index)")
            #expect(request.columns[index].runCount == runs, "column \(index)")
            for part in [0..<rows, 0..<1, 99..<101, 500..<500, 503..<999, 999..<1_000] {
                let right = part.map(value)
                #expect(same(doubles(request, index, message, rows: part), right), "column \(index), \(part)")
                #expect(
                    same(singles(request, index, message, rows: part).map(Double.init), right.map { Double(Float($0)) })
                )
            }
        }
        #expect(request.columns[shapes.count].runCount == 25 && request.columns[shapes.count].hasValidity)
        let entries = request.dictionaryEntries(shapes.count, of: message.rawBytes)
        let back = doubles(request, shapes.count, message).map { $0.isNaN ? nil : entries[Int($0)] }
        #expect(back == words)
        #expect(request.columns[shapes.count + 1].encoding == .dictionary16)
        #expect(request.columns[shapes.count + 1].runCount == 334)
    }

    @Test("random columns come back the same, whole and in part, in both precisions", arguments: 0..<60)
    func random(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let rows = [1, 2, 7, 8, 9, 63, 64, 65, 200, 1000][seed % 10]
        let columns = (0..<12).map { _ in randomColumn(rows, &generator) }
        var encoder = try ScoreRequestEncoder(
            requestID: UInt64(seed),
            model: String(repeating: "m", count: seed % 9),
            fingerprint: generator.next(),
            rows: rows,
            columnCount: columns.count
        )
        for column in columns { encoder.add(column) }
        let message = try encoder.finish()
        #expect(message.count % 8 == 0)
        let request = try decodeRequest(message).get()
        let first = Int.random(in: 0..<rows, using: &generator)
        let part = first..<Int.random(in: first...rows, using: &generator)
        for (index, column) in columns.enumerated() {
            let place: Comment = "seed \(seed), column \(index), \(request.columns[index].encoding)"
            #expect(same(doubles(request, index, message), column), place)
            #expect(same(doubles(request, index, message, rows: part), Array(column[part])), place)
            let narrow = singles(request, index, message, rows: part).map(Double.init)
            #expect(same(narrow, column[part].map { Double(Float($0)) }), place)
            if request.isExactInFloat(index) { #expect(same(narrow, Array(column[part])), place) }
        }
    }

    @Test("typed columns go as they are")
    func typed() throws {
        var encoder = try ScoreRequestEncoder(requestID: 1, fingerprint: 0, rows: 3, columnCount: 6)
        let (floats, numbers): ([Float], [Double]) = ([1, .nan, -3], [1, 2, .nan])
        let (bytes, shorts, words): ([UInt8], [Int16], [Int32]) = ([0, 9, 255], [-32_768, 0, 5], [.min, 0, .max])
        encoder.add(floats.span)
        encoder.add(exactly: numbers.span)
        encoder.add(bytes.span)
        encoder.add(shorts.span, isPresent: [true, false, true])
        encoder.add(words.span)
        encoder.add(booleans: [true, nil, false])
        let message = try encoder.finish()
        let request = try decodeRequest(message).get()
        #expect(request.columns.map(\.encoding) == [.float32, .float64, .uint8, .int16, .int32, .bits])
        #expect(same(doubles(request, 0, message), [1, .nan, -3]))
        #expect(same(doubles(request, 1, message), numbers))
        #expect(same(doubles(request, 2, message), [0, 9, 255]))
        #expect(same(doubles(request, 3, message), [-32_768, .nan, 5]))
        #expect(same(doubles(request, 4, message), [-2_147_483_648, 0, 2_147_483_647]))
        #expect(same(doubles(request, 5, message), [1, .nan, 0]))
    }

    @Test("more than 256 strings take 16-bit codes, no string at all takes no bytes")
    func strings() throws {
        var encoder = try ScoreRequestEncoder(requestID: 1, fingerprint: 0, rows: 600, columnCount: 3)
        let many = (0..<600).map { $0 % 7 == 6 ? nil : "level \($0 % 300)" }
        try encoder.add(strings: many)
        try encoder.add(strings: [String?](repeating: nil, count: 600))
        try encoder.add(strings: (0..<600).map { "\($0 % 256)" })
        let message = try encoder.finish()
        let request = try decodeRequest(message).get()
        #expect(request.columns.map(\.encoding) == [.dictionary16, .absent, .dictionary8])
        let entries = request.dictionaryEntries(0, of: message.rawBytes)
        let back = doubles(request, 0, message).map { $0.isNaN ? nil : entries[Int($0)] }
        #expect(back == many)
    }

    @Test("strings of the same text in other bytes stay two strings, for levels are bytes")
    func spellings() throws {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        try #require(composed == decomposed)
        var encoder = try ScoreRequestEncoder(requestID: 1, fingerprint: 0, rows: 5, columnCount: 1)
        try encoder.add(strings: [composed, decomposed, nil, decomposed, composed])
        let message = try encoder.finish()
        let request = try decodeRequest(message).get()
        let entries = request.dictionaryEntries(0, of: message.rawBytes).map { Array($0.utf8) }
        #expect(entries == [Array(composed.utf8), Array(decomposed.utf8)])
        #expect(same(doubles(request, 0, message), [0, 1, .nan, 1, 0]))
    }

    @Test("a request in use again forgets the last message, also after a bad one")
    func reuse() throws {
        var encoder = try ScoreRequestEncoder(requestID: 5, model: "m", fingerprint: 9, rows: 1, columnCount: 1)
        encoder.add([3])
        let good = try encoder.finish()
        var request = ScoreRequest()
        try request.decode(good.rawBytes)
        #expect(request.columns.count == 1)
        let bad = Array(good.dropLast(8))
        #expect(throws: WireError.self) { try request.decode(bad.rawBytes) }
        #expect(request.rows == 0 && request.columns.isEmpty)
        try request.decode(good.rawBytes)
        #expect(request.rows == 1 && request.columns.count == 1)
    }

    @Test("limits have codes of their own")
    func limits() throws {
        var encoder = try ScoreRequestEncoder(requestID: 5, fingerprint: 9, rows: 10, columnCount: 2)
        encoder.add((0..<10).map(Double.init))
        try encoder.add(strings: (0..<10).map(String.init))
        let message = try encoder.finish()
        let cases: [(WireLimits, WireErrorCode)] = [
            (WireLimits(rowsMax: 9), .tooManyRows),
            (WireLimits(columnsMax: 1), .tooManyColumns),
            (WireLimits(messageBytesMax: message.count - 1), .messageTooLarge),
            (WireLimits(dictionaryEntriesMax: 9), .badDictionary),
        ]
        for (limits, code) in cases {
            guard case .failure(let error) = decodeRequest(message, limits: limits) else {
                Issue.record("\(code) was not found")
                continue
            }
            #expect(error.code == code)
        }
        let exact = WireLimits(rowsMax: 10, columnsMax: 2, messageBytesMax: message.count, dictionaryEntriesMax: 10)
        #expect(throws: Never.self) { try decodeRequest(message, limits: exact).get() }
    }

    @Test("what the format cannot carry is refused before it is written")
    func encoderRefusals() {
        let refusals: [(WireErrorCode, () throws -> Void)] = [
            (.emptyBatch, { _ = try ScoreRequestEncoder(requestID: 0, fingerprint: 0, rows: 0, columnCount: 0) }),
            (
                .tooManyColumns,
                { _ = try ScoreRequestEncoder(requestID: 0, fingerprint: 0, rows: 1, columnCount: 65_536) }
            ),
            (
                .badOutputs,
                { _ = try ScoreRequestEncoder(requestID: 0, fingerprint: 0, rows: 1, columnCount: 0, outputs: []) }
            ),
            (
                .badText,
                {
                    _ = try ScoreRequestEncoder(
                        requestID: 0,
                        model: String(repeating: "x", count: 256),
                        fingerprint: 0,
                        rows: 1,
                        columnCount: 0
                    )
                }
            ),
            (
                .badValue,
                {
                    _ = try ScoreRequestEncoder(
                        requestID: 0,
                        fingerprint: 0,
                        rows: 1,
                        columnCount: 0,
                        asOfDays: .infinity
                    )
                }
            ),
        ]
        for (code, attempt) in refusals {
            let error = #expect(throws: WireError.self) { try attempt() }
            #expect(error?.code == code)
        }
    }
}

/// Values of one of the shapes that encodings are made for, some missing.
private func randomColumn(_ rows: Int, _ generator: inout SeededGenerator) -> [Double] {
    let shape = Int.random(in: 0..<13, using: &generator)
    let missingPercent = [0, 0, 10, 90, 100][Int.random(in: 0..<5, using: &generator)]
    let shared = Double(Int.random(in: -5...5, using: &generator))
    let repeats = [1, 1, 1, 2, 5, 40][Int.random(in: 0..<6, using: &generator)]
    let values = (0..<rows).map { _ -> Double in
        if Int.random(in: 0..<100, using: &generator) < missingPercent { return .nan }
        switch shape {
        case 0: return shared
        case 1: return Double(Int.random(in: 0...1, using: &generator))
        case 2: return Double(UInt8.random(in: 0...255, using: &generator))
        case 3: return Double(Int16.random(in: .min ... .max, using: &generator))
        case 4: return Double(Int32.random(in: .min ... .max, using: &generator))
        case 5: return Double(Float.random(in: -1e6...1e6, using: &generator))
        case 6: return Double.random(in: -1e6...1e6, using: &generator)
        case 7:
            return [0, -0.0, .infinity, -.infinity, Double.leastNonzeroMagnitude, 1e300][
                Int.random(in: 0..<6, using: &generator)
            ]
        case 8: return shared / 10
        case 9: return Double(Int8.random(in: .min ... .max, using: &generator))
        case 10: return Double(UInt16.random(in: .min ... .max, using: &generator))
        case 11:
            let half = Float16(bitPattern: UInt16.random(in: .min ... .max, using: &generator))
            return half.isNaN ? .nan : Double(half)
        default: return Double(bitPattern: UInt64.random(in: 0 ... .max, using: &generator) & ~(1 << 62))
        }
    }
    return (0..<rows).map { values[$0 / repeats] }
}
