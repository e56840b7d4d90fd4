import ByteKit
import FuzzTargets
import LeadTypes
import LeadWire

extension Seed {
    static func wire() throws -> [Seed] {
        var seeds: [Seed] = []
        func add(_ name: String, _ bytes: [UInt8]) {
            seeds.append(Seed(target: .wire, name: name + ".bin", bytes: bytes))
        }
        add("request-numbers", try numbers())
        add("request-typed", try typed())
        add("request-strings", try strings(3))
        add("request-wide-codes", try strings(300))
        add("request-wide-numbers", try wideNumbers())
        add("request-matrix", try matrix())
        add("request-bins", try bins())
        var empty = try ScoreRequestEncoder(requestID: 9, fingerprint: 1, rows: 70, columnCount: 2)
        empty.add([Double](repeating: .nan, count: 70))
        empty.add([Double](repeating: 7, count: 70))
        add("request-constant", try empty.finish())
        add("reply-all", reply(.all, rows: 3))
        add("reply-scores", reply([.score, .status], rows: 9))
        add("reply-margin", reply(.margin, rows: 1))
        add("reply-timings", reply([.tier, .timings], rows: 2))
        for (name, error) in errors {
            var writer = ByteWriter()
            error.encode(into: &writer, requestID: 5)
            add("error-" + name, writer.bytes)
        }
        // A stream's body: two messages and the beginning of a third.
        let one = try numbers()
        add("stream", try strings(2) + one + one.prefix(50))
        add("json", Array(#"{"leads":[]}"#.utf8))
        return seeds
    }

    private static let errors: [(String, WireError)] = [
        ("plain", WireError(.internalFailure, "")),
        ("place", WireError(.badValue, "no such number: ½", row: 3, column: 4, byteOffset: 77)),
        ("schema", WireError(.schemaMismatch, "another schema", expectedFingerprint: 0x1122_3344_5566_7788)),
        ("wait", WireError(.overloaded, "come again", retryAfterMilliseconds: 250)),
    ]

    private static func numbers() throws -> [UInt8] {
        var encoder = try ScoreRequestEncoder(
            requestID: 1,
            model: "leads",
            version: "1",
            fingerprint: 0x0102_0304_0506_0708,
            rows: 3,
            columnCount: 6,
            deadlineMicroseconds: 1_000,
            asOfDays: 20_000.5
        )
        encoder.add([1, 0, .nan])
        encoder.add([255, 0, 7])
        encoder.add([-300, 0, .nan])
        encoder.add([1e6, -1e6, 0])
        encoder.add([0.5, .nan, -2])
        encoder.add([0.1, .infinity, .nan])
        return try encoder.finish()
    }

    private static func typed() throws -> [UInt8] {
        var encoder = try ScoreRequestEncoder(requestID: 2, fingerprint: 3, rows: 9, columnCount: 6, outputs: .margin)
        let present = (0..<9).map { $0 != 4 }
        encoder.add(([1, 2, 3, 4, 5, 6, 7, 8, 255] as [UInt8]).span, isPresent: present)
        encoder.add([Int16](repeating: -5, count: 9).span, isPresent: present)
        encoder.add([Int32](repeating: .max, count: 9).span)
        encoder.add([Float](repeating: 1.5, count: 9).span)
        encoder.add(exactly: [Double](repeating: -0.0, count: 9).span)
        encoder.add(booleans: [true, nil, false, true, true, true, true, true, true])
        return try encoder.finish()
    }

    private static func wideNumbers() throws -> [UInt8] {
        var encoder = try ScoreRequestEncoder(
            requestID: 6,
            fingerprint: 3,
            rows: 3,
            columnCount: 5,
            outputs: [.score, .timings],
            flags: .bodyChecksum
        )
        encoder.add([-1, 0, 1])
        encoder.add([256, 65_535, .nan])
        encoder.add(([.min, 0, .max] as [Int64]).span, isPresent: [true, false, true])
        encoder.add(microseconds: ([0, 1, 1_767_225_600_000_000] as [Int64]).span)
        encoder.add([0.5, .infinity, .nan])
        return try encoder.finish()
    }

    private static func bins() throws -> [UInt8] {
        var encoder = try ScoreRequestEncoder(requestID: 8, fingerprint: 3, rows: 3, columnCount: 2)
        let values: [Double] = [0.5, .nan, 7]
        encoder.add(values.span, in: ColumnBins(edges: [0, 1, 2], side: .right, areSingle: true))
        let edges = (0..<300).map { Double($0) }
        encoder.add(values.span, in: ColumnBins(edges: edges, side: .left, areSingle: false))
        return try encoder.finish()
    }

    private static func matrix() throws -> [UInt8] {
        var encoder = try ScoreRequestEncoder(requestID: 8, fingerprint: 3, rows: 3, columnCount: 3, flags: .matrix)
        encoder.addMatrix(([1, .nan, -0.5, 7, .infinity, 0.1, 0, 2, 3] as [Float]).span)
        return try encoder.finish()
    }

    private static func strings(_ count: Int) throws -> [UInt8] {
        var encoder = try ScoreRequestEncoder(requestID: 3, fingerprint: 4, rows: count, columnCount: 2)
        try encoder.add(strings: (0..<count).map { $0 == 1 ? nil : "ö\($0)" })
        try encoder.add(strings: (0..<count).map { $0 % 2 == 0 ? "" : "web" })
        return try encoder.finish()
    }

    private static func reply(_ outputs: ScoreOutputs, rows: Int) -> [UInt8] {
        var writer = ByteWriter()
        ScoreReplyEncoder.encode(
            into: &writer,
            requestID: 4,
            model: "leads",
            version: "000001",
            epoch: 6,
            fingerprint: 7,
            rows: rows,
            outputs: outputs,
            margins: (0..<rows).map { Double($0) - 0.5 }.span,
            probabilities: (0..<rows).map { Float($0) / 16 }.span,
            scores: (0..<rows).map { UInt8($0 * 9) }.span,
            tiers: [UInt8](repeating: 1, count: rows).span,
            statuses: [UInt8](repeating: 0, count: rows).span,
            timings: ScoreTimings(total: 9, waiting: 1, decoding: 2, preparing: 3, scoring: 3),
            flags: rows > 2 ? .bodyChecksum : []
        )
        return writer.take()
    }
}
