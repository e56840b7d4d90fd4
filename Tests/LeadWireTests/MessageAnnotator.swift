import ByteKit
import LeadTypes
import LeadWire

/// Draws a message byte by byte with what each field says: the dumps of `proto-docs/WIRE.md`.
struct MessageAnnotator {
    private let bytes: [UInt8]
    private var lines: [String] = []
    private var next = 0

    /// The dump of one good message.
    static func dump(_ bytes: [UInt8]) -> String {
        var annotator = MessageAnnotator(bytes: bytes)
        annotator.header()
        switch bytes[6] {
        case 1: annotator.request()
        case 2: annotator.reply()
        default: annotator.error()
        }
        precondition(annotator.next == bytes.count, "every byte has a meaning")
        return annotator.lines.joined(separator: "\n")
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func integer(_ offset: Int, _ count: Int) -> UInt64 {
        bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func text(_ offset: Int, _ count: Int) -> String {
        String(decoding: bytes[offset..<offset + count], as: UTF8.self)
    }

    private mutating func field(_ count: Int, _ meaning: String) {
        guard count > 0 else { return }
        for start in stride(from: 0, to: count, by: 8) {
            let part = bytes[next + start..<next + min(start + 8, count)]
            let hex = part.map { hexadecimal([$0]) }.joined(separator: " ")
            let offset = String(next + start)
            lines.append(
                String(repeating: " ", count: 5 - offset.count) + offset + "  "
                    + hex + String(repeating: " ", count: 25 - hex.count) + (start == 0 ? meaning : "…")
            )
        }
        next += count
    }

    private mutating func padding() {
        field(-next & 7, "padding")
    }

    private mutating func header() {
        field(4, "magic, LDLN")
        field(1, "major version \(bytes[4])")
        field(1, "minor version \(bytes[5])")
        field(1, "message type \(bytes[6])")
        field(1, "reserved")
        field(4, "the message takes \(integer(8, 4)) bytes")
        let flags = MessageFlags(rawValue: UInt16(integer(12, 2)))
        let names = MessageFlags.names.filter { flags.contains($0.flag) }.map(\.name)
        field(2, "flags: \(names.isEmpty ? "none" : names.joined(separator: " + "))")
        field(2, "reserved")
        field(8, "request id \(integer(16, 8))")
        field(
            4,
            flags.contains(.bodyChecksum) ? "CRC-32C of bytes 32 to \(bytes.count - 1)" : "no checksum of the body"
        )
        field(4, "CRC-32C of bytes 0 to 27")
    }

    private mutating func names(_ lengthsAt: Int) {
        let (model, version) = (Int(bytes[lengthsAt]), Int(bytes[lengthsAt + 1]))
        field(model, "model “\(text(next, model))”")
        field(version, "version “\(text(next, version))”")
        padding()
    }

    private mutating func request() {
        let asOf = Double(bitPattern: integer(40, 8))
        let rows = Int(integer(48, 4))
        let columns = Int(integer(60, 2))
        field(8, "schema fingerprint \(hexadecimal(integer(32, 8)))")
        field(8, asOf.isNaN ? "as of: NaN, the server's today" : "as of day \(asOf)")
        field(4, "\(rows) \(rows == 1 ? "row" : "rows")")
        field(4, "outputs \(outputs(UInt32(integer(52, 4))))")
        field(4, integer(56, 4) == 0 ? "no deadline" : "deadline in \(integer(56, 4)) µs")
        field(2, "\(columns) columns")
        field(1, "the model's name takes \(bytes[62]) bytes")
        field(1, "the version takes \(bytes[63]) bytes")
        if bytes[12] & 2 != 0 {
            names(62)
            for row in 0..<rows { field(4 * columns, "row \(row): \(columns) values, f32") }
            return padding()
        }
        for column in 0..<columns {
            let encoding = ColumnEncoding(rawValue: bytes[next])
            field(1, "column \(column): \(encoding.map { "\($0)" } ?? "?")")
            let flags = ["none", "validity bitmap", "runs", "validity bitmap + runs"]
            field(1, "flags: \(flags[Int(bytes[next] & 3)])")
            field(2, "reserved")
            field(4, "its block takes \(integer(next, 4)) bytes")
        }
        names(62)
        for column in 0..<columns { block(column, rows) }
    }

    private mutating func block(_ column: Int, _ rows: Int) {
        let entry = 64 + 8 * column
        let end = next + Int(integer(entry + 4, 4))
        guard let encoding = ColumnEncoding(rawValue: bytes[entry]), encoding != .absent else { return }
        if encoding.isDictionary {
            let entries = Int(integer(next, 2))
            field(2, "column \(column): dictionary of \(entries)")
            field(2, "reserved")
            field(4, "the strings take \(integer(next, 4)) bytes")
            let lengths = (0..<entries).map { Int(integer(next + 2 * $0, 2)) }
            for length in lengths { field(2, "length \(length)") }
            for length in lengths { field(length, "“\(text(next, length))”") }
            padding()
        }
        if encoding.isBins { field(8, "column \(column): the bins' fingerprint \(hexadecimal(integer(next, 8)))") }
        var (unit, count) = ("rows", rows)
        if bytes[entry + 1] & 2 != 0 {
            (unit, count) = ("runs", Int(integer(next, 4)))
            field(4, "column \(column): \(count) runs")
            field(4, "reserved")
            field((rows < 65_536 ? 2 : 4) * count, "column \(column): the rows behind the runs")
            padding()
        }
        if bytes[entry + 1] & 1 != 0 {
            field((count + 7) / 8, "column \(column): validity of \(unit) 0 to \(count - 1), lowest bit first")
            padding()
        }
        field(
            end - next,
            "column \(column): \(encoding == .constant ? "the value of all rows" : "values of \(unit) 0 to \(count - 1)")"
        )
        padding()
    }

    private mutating func reply() {
        let rows = Int(integer(48, 4))
        let chosen = ScoreOutputs(rawValue: UInt32(integer(52, 4)))
        field(8, "schema fingerprint \(hexadecimal(integer(32, 8)))")
        field(8, "snapshot epoch \(integer(40, 8))")
        field(4, "\(rows) rows")
        field(4, "outputs \(outputs(chosen.rawValue))")
        field(1, "the model's name takes \(bytes[56]) bytes")
        field(1, "the version takes \(bytes[57]) bytes")
        field(6, "reserved")
        names(56)
        let columns: [(ScoreOutputs, Int, String)] = [
            (.margin, 8, "margins, f64"), (.probability, 4, "probabilities, f32"), (.score, 1, "scores, u8"),
            (.tier, 1, "tiers, u8"), (.status, 1, "row statuses, u8"),
        ]
        for (output, size, name) in columns where chosen.contains(output) {
            field(size * rows, name)
            padding()
        }
        guard chosen.contains(.timings) else { return }
        for name in ["total", "waiting", "decoding", "preparing", "scoring"] {
            field(4, "\(name): \(integer(next, 4)) µs")
        }
        field(12, "reserved")
    }

    private mutating func error() {
        let code = WireErrorCode(rawValue: UInt16(integer(32, 2)))
        field(2, "code \(integer(32, 2)), \(code?.name ?? "?")")
        field(1, bytes[34] == 1 ? "retryable" : "not retryable")
        field(1, "reserved")
        field(4, "retry after \(integer(36, 4)) ms")
        for name in ["row", "column"] {
            field(4, integer(next, 4) == UInt32.max ? "\(name): not known" : "\(name) \(integer(next, 4))")
        }
        field(8, "expected fingerprint \(hexadecimal(integer(48, 8)))")
        field(4, integer(56, 4) == UInt32.max ? "byte offset: not known" : "the fault lies at byte \(integer(56, 4))")
        let length = Int(integer(60, 2))
        field(2, "the text takes \(length) bytes")
        field(2, "reserved")
        field(length, "“\(text(64, length))”")
        padding()
    }

    private func outputs(_ bits: UInt32) -> String {
        let chosen = ScoreOutputs(rawValue: bits)
        return ScoreOutputs.names.filter { chosen.contains($0.output) }.map(\.name).joined(separator: " + ")
    }
}
