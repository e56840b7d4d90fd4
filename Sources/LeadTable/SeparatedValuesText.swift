/// Writes separated values (RFC 4180, comma, line feed).
public enum SeparatedValuesText {
    /// Appends a line of fields.
    ///
    /// - Parameters:
    ///   - fields: The line's fields; quoted only where they must be.
    ///   - output: Where the line goes, its line feed included.
    public static func appendLine(_ fields: [String], to output: inout [UInt8]) {
        for (index, field) in fields.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            appendField(field, to: &output)
        }
        // A line of one empty field would be a line without characters, which readers pass over.
        if fields == [""] { output.append(contentsOf: "\"\"".utf8) }
        output.append(0x0A)
    }

    /// Appends one field, quoted when it holds a comma, a quote, a line end or spaces at its ends.
    ///
    /// - Parameters:
    ///   - field: The field's text.
    ///   - output: Where it goes.
    public static func appendField(_ field: String, to output: inout [UInt8]) {
        let text = field.utf8
        let mustQuote =
            text.first == 0x20 || text.last == 0x20
            || text.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 0x0A || $0 == 0x0D }
        guard mustQuote else {
            output.append(contentsOf: text)
            return
        }
        output.append(UInt8(ascii: "\""))
        for byte in text {
            if byte == UInt8(ascii: "\"") { output.append(byte) }
            output.append(byte)
        }
        output.append(UInt8(ascii: "\""))
    }
}

extension LeadTable {
    /// Some rows of the table as separated values, the header first.
    ///
    /// - Parameter rows: The rows' numbers, in the order wanted.
    /// - Returns: Text in UTF-8, comma separated.
    public func separatedValues(rows: [Int]) -> [UInt8] {
        var output: [UInt8] = []
        SeparatedValuesText.appendLine(columnNames, to: &output)
        for row in rows {
            SeparatedValuesText.appendLine(
                columnNames.indices.map { text(row: row, column: $0) },
                to: &output
            )
        }
        return output
    }
}
