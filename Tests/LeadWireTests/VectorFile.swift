import ByteKit
import Foundation
import LeadTypes
import LeadWire

/// One message with what a decoder must make of it, as `proto-docs/vectors/` holds it for every language.
struct Vector: Codable, Equatable {
    var name: String
    var explanation: String
    /// `score-request`, `score-reply` or `error`: what the receiver expects.
    var type: String
    var hex: String
    var decoded: Decoded?
    var error: Refusal?

    /// Why a message is refused.
    struct Refusal: Codable, Equatable {
        var code: UInt16
        var name: String
    }

    /// What a message says; the fields of its type are there, the others are not.
    struct Decoded: Codable, Equatable {
        var requestId: String
        var model: String?
        var version: String?
        var fingerprint: String?
        var rows: Int?
        var outputs: [String]?
        var flags: [String]?
        var deadlineMicroseconds: UInt32?
        var asOfDays: Number?
        var columns: [Column]?
        var epoch: String?
        var margins: [Number]?
        var probabilities: [Number]?
        var scores: [UInt8]?
        var tiers: [UInt8]?
        var statuses: [UInt8]?
        var timingsMicroseconds: [UInt32]?
        var code: UInt16?
        var codeName: String?
        var retryable: Bool?
        var retryAfterMilliseconds: UInt32?
        var row: UInt32?
        var column: UInt32?
        var byteOffset: UInt32?
        var text: String?
    }

    /// The values of a column; `everyRow` stands for all when there are more than 300.
    struct Column: Codable, Equatable {
        var encoding: String
        var validity: Bool
        var runs: Int?
        var dictionary: [String]?
        var bins: String?
        var values: [Number]?
        var everyRow: Number?
    }

    /// A number as JSON holds it: the strings `missing`, `Infinity` and `-Infinity` for what is no JSON number.
    struct Number: Codable, Equatable {
        var value: Double

        init(_ value: Double) { self.value = value }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                value = text == "missing" ? .nan : text == "-Infinity" ? -.infinity : .infinity
            } else {
                value = try container.decode(Double.self)
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if value.isNaN {
                try container.encode("missing")
            } else if value.isInfinite {
                try container.encode(value < 0 ? "-Infinity" : "Infinity")
            } else {
                try container.encode(value)
            }
        }

        static func == (left: Number, right: Number) -> Bool {
            left.value == right.value || (left.value.isNaN && right.value.isNaN)
        }
    }

    var bytes: [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16) ?? 0
        }
    }
}

func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// A file of vectors in `proto-docs/vectors/`.
enum VectorFile: String, CaseIterable {
    case valid, boundary, malformed

    var url: URL {
        projectFolder.appendingPathComponent("proto-docs/vectors/\(rawValue).json")
    }

    var made: [Vector] {
        switch self {
        case .valid: validVectors()
        case .boundary: boundaryVectors()
        case .malformed: malformedVectors()
        }
    }

    /// The file's text: a head, then one vector a line.
    func text(of vectors: [Vector]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let lines = try vectors.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
        return "{\"format\":\"leadline-wire-vectors\",\"protocol\":\"1.0\",\"vectors\":[\n"
            + lines.joined(separator: ",\n") + "\n]}\n"
    }

    func read() throws -> [Vector] {
        struct Whole: Decodable { var vectors: [Vector] }
        return try JSONDecoder().decode(Whole.self, from: Data(contentsOf: url)).vectors
    }
}

/// Where the checkout is.
let projectFolder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// Whether the tests shall write the vectors and the dumps anew instead of comparing them.
let rewrites = ProcessInfo.processInfo.environment["LEADLINE_WRITE_VECTORS"] != nil

/// What a decoder makes of these bytes when it expects that type.
func interpret(_ bytes: [UInt8], as type: String) -> Result<Vector.Decoded, WireError> {
    switch type {
    case "score-reply": decodeReply(bytes).map { describe($0, bytes) }
    case "error": decodeError(bytes).map { describe($0.requestID, $0.error) }
    default: decodeRequest(bytes).map { describe($0, bytes) }
    }
}

private func describe(_ request: ScoreRequest, _ bytes: [UInt8]) -> Vector.Decoded {
    var decoded = Vector.Decoded(requestId: String(request.requestID))
    let raw = bytes.rawBytes
    decoded.model = request.modelName(of: raw)
    decoded.version = request.modelVersion(of: raw)
    decoded.fingerprint = hexadecimal(request.fingerprint)
    decoded.rows = request.rows
    decoded.outputs = names(request.outputs)
    decoded.flags = flags(bytes)
    decoded.deadlineMicroseconds = request.deadlineMicroseconds
    decoded.asOfDays = .init(request.asOfDays)
    decoded.columns = request.columns.indices.map { index in
        let place = request.columns[index]
        let values = doubles(request, index, bytes)
        let entries = request.dictionaryEntries(index, of: bytes.rawBytes)
        return Vector.Column(
            encoding: "\(place.encoding)",
            validity: place.hasValidity,
            runs: place.runCount > 0 ? place.runCount : nil,
            dictionary: place.encoding.isDictionary ? entries : nil,
            bins: place.encoding.isBins ? hexadecimal(place.binsFingerprint) : nil,
            values: values.count <= 300 ? values.map(Vector.Number.init) : nil,
            everyRow: values.count > 300 && place.runCount == 0 ? .init(values[0]) : nil
        )
    }
    return decoded
}

private func describe(_ reply: ScoreReply, _ bytes: [UInt8]) -> Vector.Decoded {
    var decoded = Vector.Decoded(requestId: String(reply.requestID))
    decoded.model = reply.model
    decoded.version = reply.version
    decoded.fingerprint = hexadecimal(reply.fingerprint)
    decoded.epoch = String(reply.epoch)
    decoded.rows = reply.rows
    decoded.outputs = names(reply.outputs)
    decoded.flags = flags(bytes)
    decoded.timingsMicroseconds = reply.timings.map {
        [$0.total, $0.waiting, $0.decoding, $0.preparing, $0.scoring]
    }
    if reply.outputs.contains(.margin) { decoded.margins = reply.margins.map(Vector.Number.init) }
    if reply.outputs.contains(.probability) {
        decoded.probabilities = reply.probabilities.map { Vector.Number(Double($0)) }
    }
    if reply.outputs.contains(.score) { decoded.scores = reply.scores }
    if reply.outputs.contains(.tier) { decoded.tiers = reply.tiers }
    if reply.outputs.contains(.status) { decoded.statuses = reply.statuses }
    return decoded
}

private func describe(_ requestID: UInt64, _ error: WireError) -> Vector.Decoded {
    var decoded = Vector.Decoded(requestId: String(requestID))
    decoded.code = error.code.rawValue
    decoded.codeName = error.code.name
    decoded.retryable = error.isRetryable
    decoded.retryAfterMilliseconds = error.retryAfterMilliseconds
    decoded.row = error.row
    decoded.column = error.column
    decoded.byteOffset = error.byteOffset
    decoded.fingerprint = error.expectedFingerprint.map { hexadecimal($0) }
    decoded.text = error.text
    return decoded
}

/// A fingerprint as people see it.
func hexadecimal(_ fingerprint: UInt64) -> String {
    hexadecimal((0..<8).map { UInt8(truncatingIfNeeded: fingerprint >> UInt64(56 - 8 * $0)) })
}

private func names(_ outputs: ScoreOutputs) -> [String] {
    ScoreOutputs.names.filter { outputs.contains($0.output) }.map(\.name)
}

/// The names of a message's flags; nil without any.
private func flags(_ bytes: [UInt8]) -> [String]? {
    let flags = MessageFlags(rawValue: UInt16(bytes[12]) | UInt16(bytes[13]) << 8)
    return flags.isEmpty ? nil : MessageFlags.names.filter { flags.contains($0.flag) }.map(\.name)
}
