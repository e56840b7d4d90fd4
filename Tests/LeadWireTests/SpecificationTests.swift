import ByteKit
import Foundation
import LeadWire
import Testing

@Suite("The specification of the wire")
struct SpecificationTests {
    static let page = projectFolder.appendingPathComponent("proto-docs/WIRE.md")

    static var messages: [(name: String, bytes: [UInt8])] {
        [
            ("request-one-lead", oneLead()), ("request-strings", strings()), ("reply-all", replyAll()),
            ("request-runs", runs()), ("request-bins", bins()), ("request-matrix", matrix()),
            ("reply-timings", replyTimings()),
            ("error-schema", errorSchema()),
        ]
    }

    @Test("its dumps are what the encoder writes")
    func dumps() throws {
        var text = try String(contentsOf: Self.page, encoding: .utf8)
        for (name, bytes) in Self.messages {
            let begin = "<!-- dump: \(name) -->\n```text\n"
            let start = try #require(text.range(of: begin)?.upperBound, "no dump of \(name)")
            let end = try #require(text.range(of: "\n```\n", range: start..<text.endIndex)?.lowerBound)
            let dump = MessageAnnotator.dump(bytes)
            if rewrites {
                text.replaceSubrange(start..<end, with: dump)
            } else {
                let isRight = text[start..<end] == dump
                #expect(isRight, "the dump of \(name) is out of date")
            }
        }
        if rewrites { try Data(text.utf8).write(to: Self.page) }
    }

    @Test("its table has every error with number, name, HTTP status and whether to try again")
    func errors() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        for code in WireErrorCode.allCases {
            let line = "| \(code.rawValue) | `\(code.name)` | \(code.httpStatus) | \(code.isRetryable ? "yes" : "no") |"
            let isThere = text.contains(line)
            #expect(isThere, "no line that begins \(line)")
        }
        let rows = text.split(separator: "\n").filter { $0.wholeMatch(of: /\| \d+ \| `[a-z-]+` \| \d\d\d \|.*/) != nil }
        #expect(rows.count == WireErrorCode.allCases.count)
    }

    @Test("its tables have every encoding, and the default limits")
    func encodings() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        for encoding in ColumnEncoding.allCases {
            let digits = hexadecimal([encoding.rawValue])
            let isThere = text.contains("| 0x\(digits) | \(encoding) |")
            #expect(isThere, "no line for \(encoding)")
        }
        let limits = WireLimits()
        for number in [limits.rowsMax, limits.columnsMax, limits.messageBytesMax, limits.dictionaryEntriesMax] {
            let isThere = text.contains("| \(grouped(number)) |")
            #expect(isThere, "no limit of \(number)")
        }
    }
}

/// Digits in groups of three with commas.
private func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    var place = digits.count - 3
    while place > 0 {
        digits.insert(",", at: place)
        place -= 3
    }
    return String(digits)
}
