import ByteKit
import LeadTypes
import LeadWire

/// Messages as clients and servers send them.
func validVectors() -> [Vector] {
    [
        valid("request-one-lead", "One lead, three columns, the default model, every result.", oneLead()),
        valid(
            "request-typed-columns",
            "Five leads with every encoding that numbers take; a value is missing in five of the columns.",
            typedColumns()
        ),
        valid(
            "request-strings",
            "Six leads: strings as a dictionary with 8-bit codes, one of them empty, one missing; an exact version.",
            strings()
        ),
        valid(
            "request-wide-codes",
            "300 leads: a dictionary of 280 strings has 16-bit codes.",
            wideCodes()
        ),
        valid(
            "request-more-columns",
            "Five leads with the other encodings of numbers, instants and half precision; a value is missing in three.",
            moreColumns()
        ),
        valid(
            "request-matrix",
            "Three leads as a matrix of float32, row after row; a value is missing.",
            matrix()
        ),
        valid(
            "request-runs",
            "Sixty leads whose values repeat: runs of numbers, of missing ones, and of strings.",
            runs()
        ),
        valid(
            "request-bins",
            "Five leads whose numbers are bins: of four edges in a byte, one missing, and of 300 edges in two.",
            bins()
        ),
        valid(
            "request-checksum",
            "Two leads under a checksum of the whole message; the timings are wanted too.",
            checksummed()
        ),
        valid(
            "reply-timings",
            "Two probabilities, how long they took, and a checksum of the whole message.",
            replyTimings(),
            type: "score-reply"
        ),
        valid(
            "reply-all",
            "Three leads with every result; the last was not scored because of a category code past its levels.",
            replyAll(),
            type: "score-reply"
        ),
        valid(
            "reply-probability",
            "Nine probabilities and nothing else: the column ends in four bytes of padding.",
            reply(rows: 9, outputs: .probability),
            type: "score-reply"
        ),
        valid("error-schema", "The batch was made for another schema.", errorSchema(), type: "error"),
        valid("error-overloaded", "Try again in 20 ms.", errorOverloaded(), type: "error"),
        valid("error-place", "A column, a row and a byte are known.", errorPlace(), type: "error"),
    ]
}

/// Messages at the edges of what is allowed.
func boundaryVectors() -> [Vector] {
    [
        valid("request-no-columns", "A schema without columns: the body is the fixed part.", build(rows: 1) { _ in }),
        valid(
            "request-65536-rows",
            "The default limit of rows; a constant and an absent column keep the message at 88 bytes.",
            build(rows: 65_536, columns: 2) {
                $0.add([Double](repeating: 2.5, count: 65_536))
                $0.add([Double](repeating: .nan, count: 65_536))
            }
        ),
        valid(
            "request-8-rows",
            "Eight rows fill a byte of bits: no unused bit.",
            build(rows: 8, columns: 2) {
                $0.add([1, 0, 1, 1, 0, 0, 1, 0])
                $0.add([.nan, 1, 0, .nan, 1, 1, 0, 0])
            }
        ),
        valid(
            "request-9-rows",
            "Nine rows take two bytes of bits; the seven unused bits are zero.",
            build(rows: 9, columns: 2) {
                $0.add([1, 0, 1, 1, 0, 0, 1, 0, 1])
                $0.add([.nan, 1, 0, .nan, 1, 1, 0, 0, .nan])
            }
        ),
        valid(
            "request-extreme-numbers",
            "The ends of every number encoding, infinities, and the smallest double above zero.",
            extremes()
        ),
        valid(
            "request-wide-runs",
            "65,536 rows: the ends of runs take 32 bits.",
            build(rows: 65_536, columns: 1) { $0.add((0..<65_536).map { $0 < 70 ? 1 : 3 }) }
        ),
        valid(
            "request-matrix-odd",
            "A matrix of an odd number of values ends in four bytes of padding.",
            matrix(columns: 1)
        ),
        valid(
            "request-matrix-no-columns",
            "A matrix without columns: the body is the fixed part.",
            emptyMatrix()
        ),
        valid(
            "request-longest-names",
            "Name and version of 255 bytes each, the largest request id and deadline.",
            longestNames()
        ),
        valid(
            "request-256-strings",
            "256 strings are the most that 8-bit codes hold.",
            build(rows: 256, columns: 1) { encoder in
                try? encoder.add(strings: (0..<256).map { "\($0)" })
            }
        ),
        valid(
            "reply-one-row",
            "One row with every result: three columns of a byte, each with seven bytes of padding.",
            reply(rows: 1, outputs: .all),
            type: "score-reply"
        ),
        valid("error-no-text", "An error may have no text.", errorMessage(WireError(.draining, "")), type: "error"),
    ]
}

private func valid(
    _ name: String,
    _ explanation: String,
    _ bytes: [UInt8],
    type: String = "score-request"
) -> Vector {
    var vector = Vector(name: name, explanation: explanation, type: type, hex: hexadecimal(bytes))
    vector.decoded = try? interpret(bytes, as: type).get()
    return vector
}

/// A request with these columns, or no bytes when it cannot be built, which no decoder takes.
func build(
    rows: Int,
    columns: Int = 0,
    requestID: UInt64 = 7,
    model: String = "",
    version: String = "",
    outputs: ScoreOutputs = .all,
    deadline: UInt32 = 0,
    asOf: Double = .nan,
    flags: MessageFlags = [],
    _ add: (inout ScoreRequestEncoder) -> Void
) -> [UInt8] {
    let started = try? ScoreRequestEncoder(
        requestID: requestID,
        model: model,
        version: version,
        fingerprint: 0x1122_3344_5566_7788,
        rows: rows,
        columnCount: columns,
        outputs: outputs,
        deadlineMicroseconds: deadline,
        asOfDays: asOf,
        flags: flags
    )
    guard var encoder = started else { return [] }
    add(&encoder)
    return (try? encoder.finish()) ?? []
}

func oneLead() -> [UInt8] {
    build(rows: 1, columns: 3, requestID: 1) { encoder in
        encoder.add([12])
        try? encoder.add(strings: ["web"])
        encoder.add([.nan])
    }
}

func typedColumns() -> [UInt8] {
    build(rows: 5, columns: 10, model: "enterprise", deadline: 2_000, asOf: 20_778.5) { encoder in
        encoder.add(booleans: [true, false, true, true, false])
        encoder.add(booleans: [true, nil, false, true, nil])
        let (bytes, shorts, words): ([UInt8], [Int16], [Int32]) = (
            [0, 1, 2, 254, 255], [-300, 0, 300, 7, 8], [-70_000, 0, 70_000, 1, 2]
        )
        encoder.add(bytes.span)
        encoder.add(bytes.span, isPresent: [true, true, false, true, true])
        encoder.add(shorts.span, isPresent: [true, true, true, true, false])
        encoder.add(words.span)
        let (singles, numbers): ([Float], [Double]) = ([0.5, .nan, -2.25, 1e30, 3], [0.1, 0.2, .nan, 1e300, 5])
        encoder.add(singles.span)
        encoder.add(exactly: numbers.span)
        encoder.add([Double](repeating: 0.1, count: 5))
        encoder.add([Double](repeating: .nan, count: 5))
    }
}

func moreColumns() -> [UInt8] {
    build(rows: 5, columns: 6) { encoder in
        encoder.add([-128, 0, 127, 5, .nan])
        encoder.add([0, 65_535, 40_000, 7, 8])
        let wide: [Int64] = [.min, -1, 0, 1, .max]
        encoder.add(wide.span, isPresent: [true, true, false, true, true])
        let instants: [Int64] = [
            0, 1_767_225_600_000_000, 1_767_225_600_000_001, -86_400_000_000, 1_767_311_999_999_999,
        ]
        encoder.add(microseconds: instants.span)
        encoder.add([0.5, -2.25, 65_504, 0x1p-24, .nan])
        encoder.add([.infinity, -.infinity, -0.5, 0x1p-14, 1])
    }
}

func runs() -> [UInt8] {
    build(rows: 60, columns: 3) { encoder in
        encoder.add((0..<60).map { Double($0 / 20) })
        let thousands: [Double] = [0, 1_000, .nan, 3_000]
        encoder.add((0..<60).map { thousands[$0 / 15] })
        let words: [String?] = (0..<60).map { $0 < 31 ? "web" : $0 < 45 ? nil : "fair" }
        try? encoder.add(strings: words)
    }
}

func matrix(columns: Int = 5) -> [UInt8] {
    build(rows: 3, columns: columns, outputs: .probability, flags: .matrix) { encoder in
        let values = (0..<3 * columns).map { $0 == 7 ? Float.nan : Float($0) / 4 - 1 }
        encoder.addMatrix(values.span)
    }
}

func checksummed() -> [UInt8] {
    build(rows: 2, columns: 2, outputs: [.probability, .timings], flags: .bodyChecksum) { encoder in
        encoder.add([12, 0.1])
        try? encoder.add(strings: ["web", nil])
    }
}

func replyTimings() -> [UInt8] {
    let reply = sampleReply(rows: 2, outputs: [.probability, .timings])
    var writer = ByteWriter()
    encode(reply, into: &writer, flags: .bodyChecksum)
    return writer.take()
}

func strings() -> [UInt8] {
    build(rows: 6, columns: 2, model: "default", version: "000002-1f2e3d4c", outputs: [.probability, .tier]) {
        try? $0.add(strings: ["web", "referral", nil, "web", "", "zoë"])
        $0.add([20_001, 20_002, 20_003, 20_003, 20_004, 20_005])
    }
}

func wideCodes() -> [UInt8] {
    build(rows: 300, columns: 1, outputs: .score) { encoder in
        try? encoder.add(strings: (0..<300).map { "level \($0 % 280)" })
    }
}

func extremes() -> [UInt8] {
    build(rows: 3, columns: 5, requestID: .max) { encoder in
        let (bytes, shorts, words): ([UInt8], [Int16], [Int32]) = ([0, 255, 1], [.min, .max, -1], [.min, .max, -1])
        encoder.add(bytes.span)
        encoder.add(shorts.span)
        encoder.add(words.span)
        let singles: [Float] = [.infinity, -.infinity, .greatestFiniteMagnitude]
        encoder.add(singles.span)
        let numbers = [Double.leastNonzeroMagnitude, -.greatestFiniteMagnitude, .infinity]
        encoder.add(exactly: numbers.span)
    }
}

func longestNames() -> [UInt8] {
    build(
        rows: 1,
        columns: 0,
        requestID: .max,
        model: String(repeating: "m", count: 255),
        version: String(repeating: "v", count: 255),
        deadline: .max
    ) { _ in }
}

func reply(rows: Int, outputs: ScoreOutputs) -> [UInt8] {
    var writer = ByteWriter()
    encode(sampleReply(rows: rows, outputs: outputs), into: &writer)
    return writer.take()
}

func replyAll() -> [UInt8] {
    var reply = sampleReply(rows: 3, outputs: .all)
    reply.requestID = 1
    reply.margins = [1.25, -0.75, .nan]
    reply.probabilities = [0.78, 0.32, .nan]
    reply.scores = [93, 41, UnscoredValue.score]
    reply.tiers = [0, 2, UnscoredValue.tier]
    reply.statuses = [0, 0, RowStatus.invalidValue.rawValue]
    var writer = ByteWriter()
    encode(reply, into: &writer)
    return writer.take()
}

func errorMessage(_ error: WireError, requestID: UInt64 = 7) -> [UInt8] {
    var writer = ByteWriter()
    error.encode(into: &writer, requestID: requestID)
    return writer.take()
}

func errorSchema() -> [UInt8] {
    errorMessage(
        WireError(
            .schemaMismatch,
            "model default has another schema; fetch it again",
            byteOffset: 32,
            expectedFingerprint: 0xA1B2_C3D4_E5F6_0718
        ),
        requestID: 1
    )
}

func errorOverloaded() -> [UInt8] {
    errorMessage(WireError(.overloaded, "too much work is waiting", retryAfterMilliseconds: 20))
}

func errorPlace() -> [UInt8] {
    errorMessage(WireError(.badValue, "level code 9 of 4", row: 17, column: 3, byteOffset: 1_025))
}

/// A tier and timings.
func timedTier() -> [UInt8] { reply(rows: 1, outputs: [.tier, .timings]) }

func emptyMatrix() -> [UInt8] {
    let nothing: [Float] = []
    return build(rows: 4, flags: [.matrix, .bodyChecksum]) { $0.addMatrix(nothing.span) }
}

func bins() -> [UInt8] {
    let few = ColumnBins(edges: [-1, 0.5, 2, 10], side: .right, areSingle: true)
    let many = ColumnBins(edges: (0..<300).map { Double($0) / 10 }, side: .left, areSingle: false)
    let values: [Double] = [-7, 0.5, .nan, 2.5, 1_000]
    let others: [Double] = [-1, 0, 0.1, 29.9, 30]
    return build(rows: 5, columns: 2) { encoder in
        encoder.add(values.span, in: few)
        encoder.add(others.span, in: many)
    }
}
