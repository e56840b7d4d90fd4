/// Finds the fields of separated values in a buffer (RFC 4180, with any of four separators and either line end).
///
/// Fields stay where they are; only one with doubled quotes is rewritten, within its own place. Lines without any character
/// are passed over. Everything a file may do wrong is found here, once, with its place.
struct SeparatedValuesReader {
    let fileName: String
    private(set) var separator = UInt8(ascii: ",")
    private(set) var header: [String] = []
    private(set) var headerLine = 1
    private(set) var starts: [UInt32] = []
    private(set) var ends: [UInt32] = []
    private(set) var rowLines: [UInt32] = []

    init(fileName: String) { self.fileName = fileName }

    mutating func read(_ bytes: inout [UInt8], limits: TableLimits) throws {
        guard bytes.count <= limits.textBytesMax else {
            throw TableError(
                .tooLarge,
                file: fileName,
                byte: limits.textBytesMax,
                problem: "the text has \(bytes.count) bytes, the limit is \(limits.textBytesMax)",
                remedy: "split the file"
            )
        }
        try refuseOtherFormats(bytes)
        try requireUTF8(bytes)
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        separator = Self.sniffedSeparator(bytes, from: start)
        var view = bytes.mutableSpan
        try readRows(&view, from: start, limits: limits)
    }

    private func refuseOtherFormats(_ bytes: [UInt8]) throws {
        let signatures: [(magic: [UInt8], name: String, remedy: String)] = [
            ([0xFF, 0xFE], "UTF-16 text", "save it as UTF-8"), ([0xFE, 0xFF], "UTF-16 text", "save it as UTF-8"),
            ([0x50, 0x4B, 3, 4], "a ZIP archive or a spreadsheet", "unpack it, or save the sheet as CSV"),
            (Array("PAR1".utf8), "a Parquet file", "export it as CSV"),
        ]
        for signature in signatures where bytes.starts(with: signature.magic) {
            throw TableError(
                .notText,
                file: fileName,
                byte: 0,
                problem: "this is \(signature.name)",
                remedy: signature.remedy
            )
        }
    }

    private func requireUTF8(_ bytes: [UInt8]) throws {
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch let error {
            let byte = error.byteOffsets.lowerBound
            let before = bytes[..<byte]
            let line = before.count { $0 == 0x0A } + 1
            let value = String(bytes[byte], radix: 16, uppercase: true)
            throw TableError(
                .notUTF8,
                file: fileName,
                line: line,
                byte: byte,
                problem: "0x\(value) is not UTF-8 here",
                remedy: "save the file as UTF-8 (for example: iconv -f WINDOWS-1252 -t UTF-8)"
            )
        }
    }

    /// The commonest of the four separators in the header line, outside quotes; a comma when there is none.
    private static func sniffedSeparator(_ bytes: [UInt8], from start: Int) -> UInt8 {
        let candidates: [UInt8] = [
            UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"), UInt8(ascii: "|"),
        ]
        var counts = [0, 0, 0, 0]
        var quoted = false
        var sawText = false
        for at in start..<bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                quoted.toggle()
            } else if !quoted, byte == 0x0A {
                if sawText { break }
            } else if !quoted, let candidate = candidates.firstIndex(of: byte) {
                counts[candidate] += 1
            }
            if byte != 0x0A, byte != 0x0D { sawText = true }
        }
        let most = counts.max() ?? 0
        return candidates[counts.firstIndex(of: most) ?? 0]
    }

    private mutating func readRows(_ bytes: inout MutableSpan<UInt8>, from start: Int, limits: TableLimits) throws {
        let end = bytes.count
        let separator = self.separator
        var at = start
        var line = 1
        var fieldStarts: [UInt32] = []
        var fieldEnds: [UInt32] = []
        var lines: [UInt32] = []
        var width = 0
        while at < end {
            // A line without any character is passed over.
            if bytes[at] == 0x0A {
                at += 1
                line += 1
                continue
            }
            if bytes[at] == 0x0D, at + 1 < end, bytes[at + 1] == 0x0A {
                at += 2
                line += 1
                continue
            }
            let rowLine = line
            let rowByte = at
            let firstField = fieldStarts.count
            var rowEnded = false
            while !rowEnded {
                let fieldStart = at
                if at < end, bytes[at] == UInt8(ascii: "\"") {
                    let field = try quotedField(
                        &bytes,
                        opening: at,
                        line: &line,
                        rowLine: rowLine,
                        field: fieldStarts.count - firstField + 1
                    )
                    fieldStarts.append(UInt32(truncatingIfNeeded: field.text.lowerBound))
                    fieldEnds.append(UInt32(truncatingIfNeeded: field.text.upperBound))
                    at = field.next
                } else {
                    while at < end {
                        let byte = bytes[at]
                        // Everything that ends a field or is refused in one, but for two separators, is at or below 0x22.
                        if byte == separator
                            || byte <= 0x22 && (byte == 0x22 || byte == 0x0A || byte == 0x0D || byte == 0)
                        {
                            break
                        }
                        at += 1
                    }
                    fieldStarts.append(UInt32(truncatingIfNeeded: fieldStart))
                    fieldEnds.append(UInt32(truncatingIfNeeded: at))
                }
                if at >= end {
                    rowEnded = true
                } else if bytes[at] == separator {
                    at += 1
                } else if bytes[at] == 0x0A {
                    at += 1
                    line += 1
                    rowEnded = true
                } else if bytes[at] == 0x0D, at + 1 == end || bytes[at + 1] == 0x0A {
                    at += at + 1 == end ? 1 : 2
                    line += 1
                    rowEnded = true
                } else {
                    throw misplaced(bytes[at], byte: at, line: line, field: fieldStarts.count - firstField)
                }
            }
            let fields = fieldStarts.count - firstField
            if width == 0 {
                width = fields
                headerLine = rowLine
                guard width <= limits.columnsMax else {
                    throw TableError(
                        .tooLarge,
                        file: fileName,
                        line: rowLine,
                        problem: "the header has \(width) columns, the limit is \(limits.columnsMax)",
                        remedy: "leave columns out"
                    )
                }
                let view = bytes.span
                header = (0..<width).map { field in
                    let range = Int(fieldStarts[field])..<Int(fieldEnds[field])
                    return decodedText(in: view, trimmed(range, in: view))
                }
                fieldStarts.removeAll(keepingCapacity: true)
                fieldEnds.removeAll(keepingCapacity: true)
                // Room for as many rows as the first line's length lets one expect.
                let expected = (end - at) / max(1, at - rowByte) * width
                fieldStarts.reserveCapacity(min(expected, 1 << 24))
                fieldEnds.reserveCapacity(min(expected, 1 << 24))
                continue
            }
            guard fields == width else {
                throw TableError(
                    .raggedLine,
                    file: fileName,
                    line: rowLine,
                    byte: rowByte,
                    problem: "the line has \(fields) fields, the header \(width)",
                    remedy: "quote fields that hold a separator or a line end, and write every field of a row"
                )
            }
            lines.append(UInt32(truncatingIfNeeded: rowLine))
        }
        guard width > 0 else {
            throw TableError(
                .noHeader,
                file: fileName,
                line: 1,
                problem: "the file is empty",
                remedy: "give a file with a header line of column names and one line a lead"
            )
        }
        starts = fieldStarts
        ends = fieldEnds
        rowLines = lines
    }

    /// Reads a quoted field and makes each doubled quote one.
    private func quotedField(
        _ bytes: inout MutableSpan<UInt8>,
        opening: Int,
        line: inout Int,
        rowLine: Int,
        field: Int
    ) throws -> (text: Range<Int>, next: Int) {
        let openingLine = line
        let end = bytes.count
        let start = opening + 1
        var at = start
        var write = start
        while at < end {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                if at + 1 < end, bytes[at + 1] == UInt8(ascii: "\"") {
                    at += 1
                } else {
                    let next = at + 1
                    if next < end, bytes[next] != separator, bytes[next] != 0x0A, bytes[next] != 0x0D {
                        throw TableError(
                            .badQuote,
                            file: fileName,
                            line: line,
                            field: field,
                            byte: next,
                            problem: "text follows the closing quote of a quoted field",
                            remedy: "write a quote inside a quoted field twice (\"\")"
                        )
                    }
                    return (start..<write, next)
                }
            } else if byte == 0x0A {
                line += 1
            } else if byte == 0 {
                throw misplaced(0, byte: at, line: line, field: field)
            }
            if write != at { bytes[write] = byte }
            write += 1
            at += 1
        }
        throw TableError(
            .badQuote,
            file: fileName,
            line: openingLine,
            field: field,
            byte: opening,
            problem: "the quote opened here is never closed",
            remedy: "close it, or write a quote inside a quoted field twice (\"\")"
        )
    }

    private func misplaced(_ byte: UInt8, byte at: Int, line: Int, field: Int) -> TableError {
        switch byte {
        case UInt8(ascii: "\""):
            TableError(
                .badQuote,
                file: fileName,
                line: line,
                field: field,
                byte: at,
                problem: "a quote stands inside a field that does not begin with one",
                remedy: "put the whole field in quotes and write the inner quote twice (\"\")"
            )
        case 0x0D:
            TableError(
                .loneCarriageReturn,
                file: fileName,
                line: line,
                field: field,
                byte: at,
                problem: "a carriage return stands without a line feed",
                remedy: "end lines with LF or CRLF, and quote fields that hold a line end"
            )
        default:
            TableError(
                .notText,
                file: fileName,
                line: line,
                field: field,
                byte: at,
                problem: "the control byte 0x\(String(byte, radix: 16, uppercase: true)) is not text",
                remedy: "give a text file of separated values"
            )
        }
    }
}
