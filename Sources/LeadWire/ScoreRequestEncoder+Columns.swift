internal import ByteKit
public import LeadTypes

/// The columns: numbers take the smallest encoding that gives back the same numbers, typed columns go as they are.
extension ScoreRequestEncoder {
    /// Adds a column of numbers, NaN where missing, in the smallest exact encoding; of equals, the lowest code.
    ///
    /// Booleans are 0 and 1, categories the indices of their levels, dates days since 1970-01-01T00:00Z.
    public mutating func add(_ values: [Double]) {
        add(values.span)
    }

    /// Adds a column of numbers, NaN where missing, in the smallest exact encoding; of equals, the lowest code.
    public mutating func add(_ values: Span<Double>) {
        checkRows(values.count)
        let summary = ColumnSummary(of: values)
        let (encoding, hasRuns) = summary.smallestForm
        guard hasRuns else { return add(values, encoding, summary, ends: nil) }
        var (first, ends) = ([Double](), [Int]())
        for row in values.indices {
            let value = values[row]
            if row == 0 || value != first[first.count - 1] && !(value.isNaN && first[first.count - 1].isNaN) {
                if row > 0 { ends.append(row) }
                first.append(value)
            }
        }
        ends.append(values.count)
        add(first.span, encoding, summary, ends: ends)
    }

    /// Adds numbers in an encoding that holds them: a value a row, or a run.
    private mutating func add(
        _ values: Span<Double>,
        _ encoding: ColumnEncoding,
        _ summary: ColumnSummary,
        ends: [Int]?
    ) {
        let marked = summary.missing > 0 && encoding.allowsValidity
        let validity = marked ? bitmap(values.count) { !values[$0].isNaN } : nil
        switch encoding {
        case .absent: addColumn(.absent, validity: nil) { _ in }
        case .constant: addColumn(.constant, validity: validity) { $0.put(summary.first) }
        case .bits:
            let column = bitmap(values.count) { values[$0] == 1 }
            addColumn(.bits, ends: ends, validity: validity) { $0.put(column: column.span) }
        case .uint8:
            let column = integers(values, UInt8.self)
            addColumn(.uint8, ends: ends, validity: validity) { $0.put(column: column.span) }
        case .int8:
            let column = integers(values, Int8.self)
            addColumn(.int8, ends: ends, validity: validity) { $0.put(column: column.span) }
        case .uint16:
            let column = integers(values, UInt16.self)
            addColumn(.uint16, ends: ends, validity: validity) { $0.put(column: column.span) }
        case .int16:
            let column = integers(values, Int16.self)
            addColumn(.int16, ends: ends, validity: validity) { $0.put(column: column.span) }
        case .int32:
            let column = integers(values, Int32.self)
            addColumn(.int32, ends: ends, validity: validity) { $0.put(column: column.span) }
        case .float16:
            var column = [UInt16](repeating: 0, count: values.count)
            for row in column.indices { column[row] = halfBits(Float(values[row])) }
            addColumn(.float16, ends: ends, validity: nil) { $0.put(column: column.span) }
        case .float32:
            var column = [Float](repeating: 0, count: values.count)
            for row in column.indices { column[row] = Float(values[row]) }
            addColumn(.float32, ends: ends, validity: nil) { $0.put(column: column.span) }
        default: addColumn(.float64, ends: ends, validity: nil) { $0.put(column: values) }
        }
    }

    /// Adds a column of single-precision numbers as they are, NaN where missing.
    public mutating func add(_ values: Span<Float>) {
        checkRows(values.count)
        addColumn(.float32, validity: nil) { $0.put(column: values) }
    }

    /// Adds a column of double-precision numbers as they are, NaN where missing.
    public mutating func add(exactly values: Span<Double>) {
        checkRows(values.count)
        addColumn(.float64, validity: nil) { $0.put(column: values) }
    }

    /// Adds a column of bytes as they are.
    ///
    /// - Parameters:
    ///   - values: One a row.
    ///   - isPresent: Which rows have a value, nil for all.
    public mutating func add(_ values: Span<UInt8>, isPresent: [Bool]? = nil) {
        checkRows(values.count)
        addColumn(.uint8, validity: validity(isPresent)) { $0.put(column: values) }
    }

    /// Adds a column of 16-bit integers as they are.
    ///
    /// - Parameters:
    ///   - values: One a row.
    ///   - isPresent: Which rows have a value, nil for all.
    public mutating func add(_ values: Span<Int16>, isPresent: [Bool]? = nil) {
        checkRows(values.count)
        addColumn(.int16, validity: validity(isPresent)) { $0.put(column: values) }
    }

    /// Adds a column of 32-bit integers as they are.
    ///
    /// - Parameters:
    ///   - values: One a row.
    ///   - isPresent: Which rows have a value, nil for all.
    public mutating func add(_ values: Span<Int32>, isPresent: [Bool]? = nil) {
        checkRows(values.count)
        addColumn(.int32, validity: validity(isPresent)) { $0.put(column: values) }
    }

    /// Adds a column of 64-bit integers as they are; the server reads those beyond 2^53 rounded to double precision.
    ///
    /// - Parameters:
    ///   - values: One a row.
    ///   - isPresent: Which rows have a value, nil for all.
    public mutating func add(_ values: Span<Int64>, isPresent: [Bool]? = nil) {
        checkRows(values.count)
        addColumn(.int64, validity: validity(isPresent)) { $0.put(column: values) }
    }

    /// Adds a column of dates as microseconds since 1970-01-01T00:00Z.
    ///
    /// - Parameters:
    ///   - values: One a row.
    ///   - isPresent: Which rows have a value, nil for all.
    public mutating func add(microseconds values: Span<Int64>, isPresent: [Bool]? = nil) {
        checkRows(values.count)
        addColumn(.microseconds, validity: validity(isPresent)) { $0.put(column: values) }
    }

    /// Adds a column of truth values, nil where missing.
    public mutating func add(booleans values: [Bool?]) {
        checkRows(values.count)
        let present = values.contains(nil) ? bitmap(values.count) { values[$0] != nil } : nil
        let column = bitmap(values.count) { values[$0] == true }
        addColumn(.bits, validity: present) { $0.put(column: column.span) }
    }

    /// Adds a column of strings, nil where missing, as a dictionary in the order of first appearance.
    ///
    /// Strings are told apart by their bytes, as the server tells levels: two spellings of "é" are two strings.
    ///
    /// - Parameter values: One a row; the server finds the model's levels among them.
    /// - Throws: `badDictionary` for more than 65,535 different strings, or one longer than 65,535 bytes.
    public mutating func add(strings values: [String?]) throws(WireError) {
        checkRows(values.count)
        var codes: [UTF8Key: UInt16] = [:]
        var entries: [String] = []
        var column = [UInt16](repeating: 0, count: values.count)
        var missing = 0
        for (row, value) in values.enumerated() {
            guard let value else {
                missing += 1
                continue
            }
            let key = UTF8Key(value)
            if let code = codes[key] {
                column[row] = code
                continue
            }
            guard entries.count < Int(UInt16.max), value.utf8.count <= Int(UInt16.max) else {
                throw WireError(
                    .badDictionary,
                    "a dictionary has at most 65,535 strings of at most 65,535 bytes",
                    row: row,
                    column: columnsAdded
                )
            }
            column[row] = UInt16(entries.count)
            codes[key] = UInt16(entries.count)
            entries.append(value)
        }
        guard !entries.isEmpty else {
            addColumn(.absent, validity: nil) { _ in }
            return
        }
        addCodes(column, isPresent: missing > 0 ? values.map { $0 != nil } : nil, entries)
    }

    /// Adds the codes of a dictionary in the smaller form: one a row, or one a run.
    private mutating func addCodes(_ codes: [UInt16], isPresent: [Bool]?, _ entries: [String]) {
        var (firsts, ends) = ([Int](), [Int]())
        for row in codes.indices
        where row == 0 || codes[row] != codes[row - 1] || isPresent?[row] != isPresent?[row - 1] {
            if row > 0 { ends.append(row) }
            firsts.append(row)
        }
        ends.append(codes.count)
        let width = entries.count <= 256 ? 1 : 2
        func bytes(_ count: Int) -> Int {
            aligned(width * count) + (isPresent == nil ? 0 : aligned((count + 7) >> 3))
        }
        let runBytes = 8 + aligned(RunEnds.byteCount(firsts.count, rows: codes.count)) + bytes(firsts.count)
        let hasRuns = runBytes < bytes(codes.count)
        let column = hasRuns ? firsts.map { codes[$0] } : codes
        let present = hasRuns ? isPresent.map { isPresent in firsts.map { isPresent[$0] } } : isPresent
        let validity = present.map { present in bitmap(present.count) { present[$0] } }
        let runEnds = hasRuns ? ends : nil
        if width == 1 {
            let narrow = column.map { UInt8(truncatingIfNeeded: $0) }
            addColumn(.dictionary8, ends: runEnds, validity: validity, dictionary: entries) {
                $0.put(column: narrow.span)
            }
        } else {
            addColumn(.dictionary16, ends: runEnds, validity: validity, dictionary: entries) {
                $0.put(column: column.span)
            }
        }
    }

    /// Adds a column of numbers, NaN where missing, as the bins that the model has for it: a byte a row, or two.
    ///
    /// The server that has these bins scores it as it would the numbers, to the bit.
    ///
    /// - Parameters:
    ///   - values: The numbers.
    ///   - bins: What the model tells apart.
    public mutating func add(_ values: Span<Double>, in bins: ColumnBins) {
        checkRows(values.count)
        var column = [UInt16](repeating: 0, count: values.count)
        var missing = 0
        for row in column.indices {
            if let bin = bins.bin(of: values[row]) { column[row] = UInt16(bin) } else { missing += 1 }
        }
        let validity = missing > 0 ? bitmap(values.count) { !values[$0].isNaN } : nil
        if bins.count <= 256 {
            let narrow = column.map { UInt8(truncatingIfNeeded: $0) }
            addColumn(.bins8, validity: validity, bins: bins.fingerprint) { $0.put(column: narrow.span) }
        } else {
            addColumn(.bins16, validity: validity, bins: bins.fingerprint) { $0.put(column: column.span) }
        }
    }

    private func validity(_ isPresent: [Bool]?) -> [UInt8]? {
        guard let isPresent else { return nil }
        checkRows(isPresent.count)
        return bitmap(isPresent.count) { isPresent[$0] }
    }
}

/// One bit a row, the lowest of a byte first.
@inline(__always)
private func bitmap(_ count: Int, _ bit: (Int) -> Bool) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (count + 7) >> 3)
    for index in bytes.indices {
        var byte: UInt8 = 0
        let first = index << 3
        for row in first..<min(first + 8, count) { byte |= (bit(row) ? 1 : 0) << UInt8(truncatingIfNeeded: row & 7) }
        bytes[index] = byte
    }
    return bytes
}

/// The numbers as integers, 0 where missing; the caller knows that they fit.
///
/// By way of `Int32`, because the conversion of a floating-point number to just any integer is ten times slower.
private func integers<T: FixedWidthInteger>(_ values: Span<Double>, _ type: T.Type) -> [T] {
    var column = [T](repeating: 0, count: values.count)
    for row in column.indices {
        let value = values[row]
        column[row] = T(truncatingIfNeeded: Int32(value.isNaN ? 0 : value))
    }
    return column
}
