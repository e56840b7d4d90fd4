internal import ByteKit
public import LeadTypes

/// Writes a batch to score: what it is about first, then each column in the order of the schema, then ``finish()``.
///
/// ```swift
/// var encoder = try ScoreRequestEncoder(requestID: 1, fingerprint: schema.fingerprint, rows: 2, columnCount: 2)
/// encoder.add([12, .nan])                    // a byte a row and a validity bitmap
/// try encoder.add(strings: ["web", nil])     // a dictionary of one entry
/// let message = try encoder.finish()
/// ```
public struct ScoreRequestEncoder: Sendable {
    /// How many rows each column has.
    public let rows: Int
    /// How many columns the message has.
    public let columnCount: Int
    private(set) var columnsAdded = 0
    private let flags: MessageFlags
    var writer: ByteWriter

    /// Begins a message.
    ///
    /// - Parameters:
    ///   - requestID: Any number; the answer carries the same.
    ///   - model: The name of the model, empty for the server's default.
    ///   - version: Its exact version, empty for the one in service.
    ///   - fingerprint: That of the schema whose columns follow.
    ///   - rows: How many rows, at least one.
    ///   - columnCount: How many columns follow.
    ///   - outputs: Which results are wanted.
    ///   - deadlineMicroseconds: How long the answer is of use, 0 for ever.
    ///   - asOfDays: The day on which the leads are looked at, NaN for the server's today.
    ///   - flags: `bodyChecksum` for a checksum of all bytes, here and in the reply; `matrix` for the values as rows, which
    ///     ``addMatrix(_:)`` writes.
    /// - Throws: `emptyBatch`, `tooManyRows`, `tooManyColumns`, `badOutputs`, `badText` or `badValue`, by what does not fit
    ///   the format.
    public init(
        requestID: UInt64,
        model: String = "",
        version: String = "",
        fingerprint: UInt64,
        rows: Int,
        columnCount: Int,
        outputs: ScoreOutputs = .all,
        deadlineMicroseconds: UInt32 = 0,
        asOfDays: Double = .nan,
        flags: MessageFlags = []
    ) throws(WireError) {
        guard rows > 0 else { throw WireError(.emptyBatch, "a batch has at least one row") }
        guard rows <= Int(Int32.max) else { throw WireError(.tooManyRows, "\(rows) rows") }
        guard columnCount >= 0, columnCount <= Int(UInt16.max) else {
            throw WireError(.tooManyColumns, "\(columnCount) columns")
        }
        guard !outputs.isEmpty, outputs.isSubset(of: WireFormat.knownOutputs) else {
            throw WireError(.badOutputs, "outputs are bits 0 to 5, at least one")
        }
        guard model.utf8.count <= 255, version.utf8.count <= 255 else {
            throw WireError(.badText, "a model's name and version have at most 255 bytes each")
        }
        guard !asOfDays.isInfinite else { throw WireError(.badValue, "the day of scoring is infinite") }
        self.rows = rows
        self.columnCount = columnCount
        self.flags = flags
        writer = ByteWriter(capacity: WireFormat.fixedBytes + columnCount * (16 + 4 * rows))
        _ = MessageHeader.begin(.scoreRequest, requestID: requestID, in: &writer)
        writer.put(fingerprint)
        writer.put(asOfDays.isNaN ? Double.nan : asOfDays)
        writer.put(UInt32(rows))
        writer.put(outputs.rawValue)
        writer.put(deadlineMicroseconds)
        writer.put(UInt16(columnCount))
        writer.put(UInt8(model.utf8.count))
        writer.put(UInt8(version.utf8.count))
        if !flags.contains(.matrix) { writer.putZeros(8 * columnCount) }
        writer.put(utf8: model)
        writer.put(utf8: version)
        writer.align(to: WireFormat.alignment)
    }

    /// Ends the message and hands out its bytes.
    ///
    /// - Returns: The whole message.
    /// - Throws: `messageTooLarge` when no length field can hold its length.
    public mutating func finish() throws(WireError) -> [UInt8] {
        precondition(columnsAdded == columnCount, "\(columnsAdded) columns were added, \(columnCount) announced")
        guard writer.count <= Int(Int32.max) else {
            throw WireError(.messageTooLarge, "\(writer.count) bytes: send fewer rows in a message")
        }
        MessageHeader.finish(at: 0, flags: flags, in: &writer)
        return writer.take()
    }

    /// Writes all values of a message with the flag `matrix`, row after row.
    ///
    /// - Parameter values: `rows` times `columnCount` numbers, NaN where missing.
    public mutating func addMatrix(_ values: Span<Float>) {
        precondition(flags.contains(.matrix) && columnsAdded == 0, "a matrix is all that its message holds")
        precondition(
            values.count == rows * columnCount,
            "\(values.count) values in a message of \(rows) x \(columnCount)"
        )
        writer.put(column: values)
        writer.align(to: WireFormat.alignment)
        columnsAdded = columnCount
    }

    /// Writes a column's block and its entry in the table.
    mutating func addColumn(
        _ encoding: ColumnEncoding,
        ends: [Int]? = nil,
        validity: [UInt8]?,
        dictionary: [String] = [],
        bins: UInt64? = nil,
        values: (inout ByteWriter) -> Void
    ) {
        precondition(!flags.contains(.matrix), "a message with a matrix has no columns of their own")
        precondition(columnsAdded < columnCount, "more columns than the \(columnCount) announced")
        let start = writer.count
        if !dictionary.isEmpty {
            writer.put(UInt16(dictionary.count))
            writer.put(UInt16(0))
            writer.put(UInt32(dictionary.reduce(0) { $0 + $1.utf8.count }))
            for entry in dictionary { writer.put(UInt16(entry.utf8.count)) }
            for entry in dictionary { writer.put(utf8: entry) }
            writer.align(to: WireFormat.alignment)
        }
        if let bins { writer.put(bins) }
        if let ends {
            writer.put(UInt32(ends.count))
            writer.put(UInt32(0))
            for end in ends {
                if RunEnds.areNarrow(rows: rows) { writer.put(UInt16(end)) } else { writer.put(UInt32(end)) }
            }
            writer.align(to: WireFormat.alignment)
        }
        if let validity {
            writer.put(column: validity.span)
            writer.align(to: WireFormat.alignment)
        }
        values(&writer)
        let entry = WireFormat.fixedBytes + 8 * columnsAdded
        writer.patch(encoding.rawValue, at: entry)
        writer.patch(UInt8(validity == nil ? 0 : 1) | UInt8(ends == nil ? 0 : 2), at: entry + 1)
        writer.patch(UInt32(truncatingIfNeeded: writer.count - start), at: entry + 4)
        writer.align(to: WireFormat.alignment)
        columnsAdded += 1
    }

    /// Checks that a column has as many rows as the others.
    func checkRows(_ count: Int) {
        precondition(count == rows, "a column of \(count) rows in a message of \(rows)")
    }
}
