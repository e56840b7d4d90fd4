internal import ByteKit
public import LeadTypes

/// A batch to score, read in place: this holds offsets into the message's bytes, never a copy of them.
///
/// Decoding checks everything that can be checked without the model, once; after it, no read goes outside the message.
/// A value in use again and again stops allocating.
public struct ScoreRequest: Sendable {
    /// Where one column lies in the message.
    public struct Column: Sendable, Equatable {
        /// How its values are written.
        public let encoding: ColumnEncoding
        /// Whether a bitmap says which values are there.
        public let hasValidity: Bool
        /// How many runs of equal values it is written as; 0 for a value a row.
        public let runCount: Int
        /// What all rows share, for ``ColumnEncoding/constant``; NaN otherwise.
        public let constant: Double
        /// Which bins its values are numbers of; 0 where they are none.
        public let binsFingerprint: UInt64
        /// How many strings its dictionary has.
        public let dictionaryCount: Int
        /// Where the dictionary's lengths begin.
        let lengthsOffset: Int
        /// Where the runs' ends begin.
        let endsOffset: Int
        /// Where the validity bitmap begins.
        let validityOffset: Int
        /// Where the row values begin.
        let valuesOffset: Int
        /// Bytes from a row's value to the next row's, in a matrix; 0 for values without gaps.
        let rowStride: Int
    }

    /// Chosen by the client; the answer carries the same.
    public private(set) var requestID: UInt64 = 0
    /// The fingerprint of the schema for which the batch was made.
    public private(set) var fingerprint: UInt64 = 0
    /// The day on which the leads are looked at, since 1970-01-01T00:00Z; NaN leaves it to the server's clock.
    public private(set) var asOfDays: Double = .nan
    /// How many rows there are, at least one.
    public private(set) var rows = 0
    /// Which result columns the reply shall carry, at least one.
    public private(set) var outputs: ScoreOutputs = []
    /// Whether the client asked for a checksum of the reply's body, by having one in its own.
    public private(set) var hasBodyChecksum = false
    /// How long the answer is of use, counted from the arrival of the request; 0 is for ever.
    public private(set) var deadlineMicroseconds: UInt32 = 0
    /// The columns in the order of the schema.
    public private(set) var columns: [Column] = []
    private var modelRange = 0..<0
    private var versionRange = 0..<0

    /// A request that holds nothing yet.
    public init() {}

    /// Reads a whole message.
    ///
    /// - Parameters:
    ///   - message: From the magic to the last byte, neither more nor less, at any alignment.
    ///   - limits: What is accepted.
    /// - Throws: The reason why it is no batch to score; the request is empty then.
    public mutating func decode(_ message: RawSpan, limits: WireLimits = WireLimits()) throws(WireError) {
        rows = 0
        columns.removeAll(keepingCapacity: true)
        modelRange = 0..<0
        versionRange = 0..<0
        let header = try MessageHeader.decode(whole: message, as: .scoreRequest, limits: limits)
        requestID = header.requestID
        hasBodyChecksum = header.flags.contains(.bodyChecksum)
        fingerprint = message.integer(at: 32)
        asOfDays = message.double(at: 40)
        outputs = ScoreOutputs(rawValue: message.integer(at: 52))
        deadlineMicroseconds = message.integer(at: 56)
        let rowCount = Int(message.integer(at: 48, as: UInt32.self))
        let columnCount = Int(message.integer(at: 60, as: UInt16.self))
        try checkFixedPart(rowCount, columnCount, limits)

        let modelBytes = Int(message.byte(at: 62))
        let versionBytes = Int(message.byte(at: 63))
        let isMatrix = header.flags.contains(.matrix)
        let namesOffset = WireFormat.fixedBytes + (isMatrix ? 0 : 8 * columnCount)
        let namesEnd = namesOffset + modelBytes + versionBytes
        guard aligned(namesEnd) <= message.byteCount else {
            throw WireError(.badLength, "the column table and the names end past the message", byteOffset: 60)
        }
        guard message.isZero(namesEnd..<aligned(namesEnd)) else { throw paddingNotZero(namesEnd) }
        let model = namesOffset..<(namesOffset + modelBytes)
        guard message.isUTF8(model), message.isUTF8(model.upperBound..<namesEnd) else {
            throw WireError(.badText, "the model's name or version is not UTF-8", byteOffset: namesOffset)
        }

        var next = aligned(namesEnd)
        do throws(WireError) {
            if isMatrix {
                next = try decodeMatrix(columnCount, at: next, rows: rowCount, of: message)
            } else {
                for index in 0..<columnCount {
                    next = try decodeColumn(index, at: next, rows: rowCount, of: message, limits)
                }
            }
            guard next == message.byteCount else {
                throw WireError(.badLength, "bytes after the last column", byteOffset: next)
            }
        } catch {
            columns.removeAll(keepingCapacity: true)
            throw error
        }
        rows = rowCount
        modelRange = model
        versionRange = model.upperBound..<namesEnd
    }

    /// The name of the model that shall score, empty for the server's default.
    public func modelName(of message: RawSpan) -> String { message.text(modelRange) }

    /// The exact version of the model that shall score, empty for the one in service.
    public func modelVersion(of message: RawSpan) -> String { message.text(versionRange) }

    /// Whether the request leaves the choice of the model to the server.
    public var asksForDefaultModel: Bool { modelRange.isEmpty && versionRange.isEmpty }

    private func checkFixedPart(_ rowCount: Int, _ columnCount: Int, _ limits: WireLimits) throws(WireError) {
        guard rowCount > 0 else { throw WireError(.emptyBatch, "a batch has at least one row", byteOffset: 48) }
        guard rowCount <= limits.rowsMax else {
            throw WireError(.tooManyRows, "\(rowCount) rows; at most \(limits.rowsMax) are taken", byteOffset: 48)
        }
        guard columnCount <= limits.columnsMax else {
            throw WireError(
                .tooManyColumns,
                "\(columnCount) columns; at most \(limits.columnsMax) are taken",
                byteOffset: 60
            )
        }
        guard !outputs.isEmpty, outputs.isSubset(of: WireFormat.knownOutputs) else {
            throw WireError(.badOutputs, "outputs are bits 0 to 5, at least one", byteOffset: 52)
        }
        guard !asOfDays.isInfinite else {
            throw WireError(.badValue, "the day of scoring is infinite", byteOffset: 40)
        }
    }

    /// Checks a matrix of float32, row after row; returns where it ends.
    private mutating func decodeMatrix(
        _ columnCount: Int,
        at start: Int,
        rows: Int,
        of message: RawSpan
    ) throws(WireError) -> Int {
        let stride = 4 * columnCount
        let end = start + rows * stride
        guard aligned(end) == message.byteCount else {
            throw WireError(.badLength, "a matrix of \(rows) x \(columnCount) takes another length", byteOffset: 48)
        }
        guard message.isZero(end..<aligned(end)) else { throw paddingNotZero(end) }
        for column in 0..<columnCount {
            columns.append(
                Column(
                    encoding: .float32,
                    hasValidity: false,
                    runCount: 0,
                    constant: .nan,
                    binsFingerprint: 0,
                    dictionaryCount: 0,
                    lengthsOffset: 0,
                    endsOffset: 0,
                    validityOffset: 0,
                    valuesOffset: start + 4 * column,
                    rowStride: stride
                )
            )
        }
        return aligned(end)
    }

    /// Checks one column, notes where it lies, and returns where the next begins.
    private mutating func decodeColumn(
        _ index: Int,
        at start: Int,
        rows: Int,
        of message: RawSpan,
        _ limits: WireLimits
    ) throws(WireError) -> Int {
        let entry = WireFormat.fixedBytes + 8 * index
        guard let encoding = ColumnEncoding(rawValue: message.byte(at: entry)) else {
            throw WireError(
                .unknownEncoding,
                "encoding \(message.byte(at: entry))",
                column: index,
                byteOffset: entry
            )
        }
        let flags = ColumnFlags(rawValue: message.byte(at: entry + 1))
        guard flags.isSubset(of: .known(for: encoding)) else {
            throw WireError(.unknownFlag, "flags \(flags.rawValue)", column: index, byteOffset: entry + 1)
        }
        guard message.isZero(entry + 2..<entry + 4) else {
            throw WireError(
                .reservedNotZero,
                "reserved bytes must be zero",
                column: index,
                byteOffset: entry + 2
            )
        }
        let bytes = Int(message.integer(at: entry + 4, as: UInt32.self))
        let end = start + bytes
        guard aligned(end) <= message.byteCount else {
            throw WireError(.badLength, "the column ends past the message", column: index, byteOffset: entry + 4)
        }
        guard message.isZero(end..<aligned(end)) else { throw paddingNotZero(end, column: index) }

        var cursor = start
        var entries = 0
        if encoding.isDictionary {
            (entries, cursor) = try checkDictionary(index, start..<end, of: message, limits)
        }
        if encoding.isBins {
            guard bytes >= 8 else {
                throw WireError(.badLength, "no room for a fingerprint", column: index, byteOffset: entry + 4)
            }
            cursor += 8
        }
        var count = rows
        var ends = 0
        if flags.contains(.runs) { (count, ends, cursor) = try checkRuns(index, cursor..<end, rows: rows, of: message) }
        let validity = cursor
        if flags.contains(.validity) { cursor += aligned((count + 7) >> 3) }
        let values = cursor
        switch encoding {
        case .absent: break
        case .constant: cursor += 8
        default: cursor += encoding.element?.byteCount(of: count) ?? 0
        }
        guard cursor == end else {
            throw WireError(
                .badLength,
                "\(bytes) bytes where \(cursor - start) belong",
                column: index,
                byteOffset: entry + 4
            )
        }
        if flags.contains(.validity) { try checkBits(index, validity..<values, rows: count, of: message) }
        if encoding == .bits { try checkBits(index, values..<end, rows: count, of: message) }
        let constant = encoding == .constant ? message.double(at: values) : .nan
        guard encoding != .constant || !constant.isNaN else {
            throw WireError(.badValue, "a constant that is missing", column: index, byteOffset: values)
        }
        if encoding.isDictionary {
            let largest =
                encoding == .dictionary8
                ? Int(message.largestByte(in: values..<end))
                : Int(message.largestUInt16(at: values, count: count))
            guard largest < entries else {
                throw WireError(
                    .badDictionary,
                    "code \(largest) of \(entries) entries",
                    column: index,
                    byteOffset: values
                )
            }
        }
        columns.append(
            Column(
                encoding: encoding,
                hasValidity: flags.contains(.validity),
                runCount: flags.contains(.runs) ? count : 0,
                constant: constant,
                binsFingerprint: encoding.isBins ? message.integer(at: start) : 0,
                dictionaryCount: entries,
                lengthsOffset: start + 8,
                endsOffset: ends,
                validityOffset: validity,
                valuesOffset: values,
                rowStride: 0
            )
        )
        return aligned(end)
    }

    /// Checks the ends of runs; returns how many there are, where they begin, and where what follows them begins.
    private func checkRuns(
        _ index: Int,
        _ block: Range<Int>,
        rows: Int,
        of message: RawSpan
    ) throws(WireError) -> (count: Int, ends: Int, end: Int) {
        let start = block.lowerBound
        guard block.count >= 8 else {
            throw WireError(.badLength, "no room for runs", column: index, byteOffset: start)
        }
        let count = Int(message.integer(at: start, as: UInt32.self))
        guard message.isZero(start + 4..<start + 8) else {
            throw WireError(.reservedNotZero, "reserved bytes must be zero", column: index, byteOffset: start + 4)
        }
        guard count > 0, count <= rows else {
            throw WireError(.badValue, "\(count) runs in \(rows) rows", column: index, byteOffset: start)
        }
        let ends = start + 8
        let end = ends + RunEnds.byteCount(count, rows: rows)
        guard aligned(end) <= block.upperBound else {
            throw WireError(.badLength, "the runs end past their column", column: index, byteOffset: start)
        }
        guard message.isZero(end..<aligned(end)) else { throw paddingNotZero(end, column: index) }
        var last = 0
        for run in 0..<count {
            let next = RunEnds.end(run, at: ends, rows: rows, of: message)
            guard next > last else {
                throw WireError(.badValue, "run \(run) ends where it begins", column: index, byteOffset: ends)
            }
            last = next
        }
        guard last == rows else {
            throw WireError(.badValue, "the last run ends at row \(last) of \(rows)", column: index, byteOffset: ends)
        }
        return (count, ends, aligned(end))
    }

    /// Checks a dictionary; returns how many entries it has, and where what follows it begins.
    private func checkDictionary(
        _ index: Int,
        _ block: Range<Int>,
        of message: RawSpan,
        _ limits: WireLimits
    ) throws(WireError) -> (entries: Int, end: Int) {
        let start = block.lowerBound
        guard block.count >= 8 else {
            throw WireError(.badLength, "no room for a dictionary", column: index, byteOffset: start)
        }
        let entries = Int(message.integer(at: start, as: UInt16.self))
        guard message.isZero(start + 2..<start + 4) else {
            throw WireError(
                .reservedNotZero,
                "reserved bytes must be zero",
                column: index,
                byteOffset: start + 2
            )
        }
        guard entries > 0, entries <= limits.dictionaryEntriesMax else {
            throw WireError(
                .badDictionary,
                "\(entries) entries; 1 to \(limits.dictionaryEntriesMax) are taken",
                column: index,
                byteOffset: start
            )
        }
        let textBytes = Int(message.integer(at: start + 4, as: UInt32.self))
        let text = start + 8 + 2 * entries
        let end = text + textBytes
        guard aligned(end) <= block.upperBound else {
            throw WireError(.badLength, "the dictionary ends past its column", column: index, byteOffset: start + 4)
        }
        var next = text
        for entry in 0..<entries {
            let length = Int(message.integer(at: start + 8 + 2 * entry, as: UInt16.self))
            guard length <= end - next else {
                throw WireError(
                    .badLength,
                    "entry \(entry) ends past the dictionary",
                    column: index,
                    byteOffset: start + 8 + 2 * entry
                )
            }
            guard message.isUTF8(next..<next + length) else {
                throw WireError(.badText, "entry \(entry) is not UTF-8", column: index, byteOffset: next)
            }
            next += length
        }
        guard next == end else {
            throw WireError(
                .badLength,
                "the entries take \(next - text) bytes, not \(textBytes)",
                column: index,
                byteOffset: start + 4
            )
        }
        guard message.isZero(end..<aligned(end)) else { throw paddingNotZero(end, column: index) }
        return (entries, aligned(end))
    }

    /// Checks that a bitmap has no bits past the last row, and its padding is zero.
    private func checkBits(
        _ index: Int,
        _ range: Range<Int>,
        rows: Int,
        of message: RawSpan
    ) throws(WireError) {
        let whole = range.lowerBound + rows >> 3
        let unused = rows & 7 == 0 ? 0 : message.byte(at: whole) >> UInt8(rows & 7)
        let padding = range.lowerBound + (rows + 7) >> 3
        guard unused == 0, message.isZero(padding..<range.upperBound) else {
            throw WireError(.reservedNotZero, "bits past the last row", column: index, byteOffset: whole)
        }
    }

    private func paddingNotZero(_ offset: Int, column: Int? = nil) -> WireError {
        WireError(.reservedNotZero, "padding must be zero", column: column, byteOffset: offset)
    }
}
