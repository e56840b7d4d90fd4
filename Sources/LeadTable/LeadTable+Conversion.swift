public import LeadTypes
internal import TreeEnsemble

extension LeadTable {
    /// The columns a model wants, in the schema's order, as numbers.
    ///
    /// NaN is missing. A number is itself, a boolean 1 or 0, a category its level's index (`levels.count` for a text that is no
    /// level) or, without levels, its text's hash, a date its days since 1970-01-01T00:00Z. A table's other columns do not matter.
    ///
    /// - Parameters:
    ///   - schema: What the model wants.
    ///   - missing: The texts that mean "not known".
    ///   - dateForms: The form of a date column by its name; for one not named here, the form that fits all its values.
    /// - Returns: One array a column, one element a row.
    /// - Throws: ``TableError``: columns that are not there, all of them named; or a value that is not what its column holds, with its line.
    public func columns(
        for schema: LeadSchema,
        missing: MissingTokens = MissingTokens(),
        dateForms: [String: DateForm] = [:]
    ) throws -> [[Double]] {
        let absent = schema.columns.map(\.name).filter { column(named: $0) == nil }
        guard absent.isEmpty else { throw missingColumns(absent) }
        return try schema.columns.map { wanted in
            let column = try requiredColumn(named: wanted.name)
            switch wanted.kind {
            case .number: return try numbers(ofColumn: column, missing: missing)
            case .boolean: return try booleans(ofColumn: column, missing: missing)
            case .category where wanted.holdsHashes: return hashes(ofColumn: column, missing: missing)
            case .category: return levels(ofColumn: column, among: wanted.levels, missing: missing)
            case .date: return try days(ofColumn: column, form: dateForms[wanted.name], missing: missing)
            }
        }
    }

    /// A column of numbers.
    ///
    /// - Parameters:
    ///   - column: The column's number.
    ///   - missing: The texts that mean "not known".
    /// - Returns: One number a row, NaN where missing.
    /// - Throws: ``TableError`` with line and text of the first value that is no number.
    public func numbers(ofColumn column: Int, missing: MissingTokens = MissingTokens()) throws -> [Double] {
        try values(ofColumn: column, missing: missing, wanted: "a number") { number(in: $0, $1) }
    }

    /// A column of words for yes and no.
    ///
    /// - Parameters:
    ///   - column: The column's number.
    ///   - missing: The texts that mean "not known".
    /// - Returns: 1 or 0 for each row, NaN where missing.
    /// - Throws: ``TableError`` with line and text of the first value that is no such word.
    public func booleans(ofColumn column: Int, missing: MissingTokens = MissingTokens()) throws -> [Double] {
        try values(ofColumn: column, missing: missing, wanted: "true or false (also yes, no, 1, 0)") { bytes, range in
            boolean(in: bytes, range).map { $0 ? 1 : 0 }
        }
    }

    /// A column of dates.
    ///
    /// - Parameters:
    ///   - column: The column's number.
    ///   - form: How they are written; nil to take the form that fits all values, provided that there is one.
    ///   - missing: The texts that mean "not known".
    /// - Returns: Days since 1970-01-01T00:00Z, NaN where missing.
    /// - Throws: ``TableError`` with line and text of the first value that is no date, or that makes the form uncertain.
    public func days(
        ofColumn column: Int,
        form: DateForm? = nil,
        missing: MissingTokens = MissingTokens()
    ) throws -> [Double] {
        if let form {
            return try values(ofColumn: column, missing: missing, wanted: "a date written as \(form.rawValue)") {
                bytes,
                range in
                DateParts(bytes, range)?.days(in: form)
            }
        }
        let bytes = self.bytes.span
        var common = DateForms.all
        for row in 0..<rowCount {
            let range = trimmed(fieldRange(row: row, column: column), in: bytes)
            if missing.matches(bytes, range) { continue }
            let remaining = common.intersection(DateParts(bytes, range)?.possibleForms ?? [])
            if remaining.isEmpty {
                let others = common == .all ? "" : " written as the ones above it (\(names(common)))"
                throw badValue(row, column, range, wanted: "a date" + others)
            }
            common = remaining
        }
        guard common != .all else { return Array(repeating: .nan, count: rowCount) }
        let forms = common.forms
        guard forms.count == 1 else {
            throw TableError(
                .badValue,
                file: fileName,
                column: columnNames[column],
                problem: "its dates may be read as \(names(common)), and no day above 12 tells them apart",
                remedy: "write dates as yyyy-mm-dd"
            )
        }
        return try days(ofColumn: column, form: forms[0], missing: missing)
    }

    /// A column of categories as indices of given levels: the level of the same bytes, or of the same bytes without the
    /// spaces at their ends.
    ///
    /// - Parameters:
    ///   - column: The column's number.
    ///   - levels: The levels.
    ///   - missing: The texts that mean "not known".
    /// - Returns: For each row the index, `levels.count` for a text that is no level, NaN where missing.
    public func levels(
        ofColumn column: Int,
        among levels: [String],
        missing: MissingTokens = MissingTokens()
    ) -> [Double] {
        let bytes = self.bytes.span
        let known = TextDictionary(levels: levels)
        var values: [Double] = []
        values.reserveCapacity(rowCount)
        for row in 0..<rowCount {
            let whole = fieldRange(row: row, column: column)
            let range = trimmed(whole, in: bytes)
            if missing.matches(bytes, range) {
                values.append(.nan)
                continue
            }
            // A level may have spaces at its ends itself: models trained elsewhere keep those of their files.
            let exact = whole == range ? nil : known.find(bytes, whole)
            values.append(Double(exact ?? known.find(bytes, range) ?? levels.count))
        }
        return values
    }

    /// A column of categories as the hashes of their texts, each as it stands, spaces at its ends too.
    ///
    /// - Parameters:
    ///   - column: The column's number.
    ///   - missing: The texts that mean "not known".
    /// - Returns: For each row the hash (`CategoryHash`), NaN where missing.
    public func hashes(ofColumn column: Int, missing: MissingTokens = MissingTokens()) -> [Double] {
        let bytes = self.bytes.span
        return (0..<rowCount).map { row in
            let whole = fieldRange(row: row, column: column)
            if missing.matches(bytes, trimmed(whole, in: bytes)) { return .nan }
            return Double(CategoryHash.of(count: whole.count) { bytes[whole.lowerBound + $0] })
        }
    }

    private func values(
        ofColumn column: Int,
        missing: MissingTokens,
        wanted: String,
        _ read: (Span<UInt8>, Range<Int>) -> Double?
    ) throws -> [Double] {
        let bytes = self.bytes.span
        var values: [Double] = []
        values.reserveCapacity(rowCount)
        for row in 0..<rowCount {
            let range = trimmed(fieldRange(row: row, column: column), in: bytes)
            if missing.matches(bytes, range) {
                values.append(.nan)
            } else if let value = read(bytes, range) {
                values.append(value)
            } else {
                throw badValue(row, column, range, wanted: wanted)
            }
        }
        return values
    }

    private func badValue(_ row: Int, _ column: Int, _ range: Range<Int>, wanted: String) -> TableError {
        let shown = decodedText(in: bytes.span, range.prefix(60))
        return TableError(
            .badValue,
            file: fileName,
            line: line(ofRow: row),
            column: columnNames[column],
            byte: range.lowerBound,
            problem: "'\(shown)\(range.count > 60 ? "…" : "")' is not \(wanted)",
            remedy: "correct it, or leave it empty if it means missing"
        )
    }

    private func names(_ forms: DateForms) -> String {
        forms.forms.map(\.rawValue).joined(separator: ", ")
    }
}

extension LeadTable {
    /// The text of a field without the spaces at its ends, or nil where it means "not known".
    ///
    /// - Parameters:
    ///   - row: The row's number.
    ///   - column: The column's number.
    ///   - missing: The texts that mean "not known".
    /// - Returns: The text.
    public func trimmedText(row: Int, column: Int, missing: MissingTokens) -> String? {
        let bytes = self.bytes.span
        let range = trimmed(fieldRange(row: row, column: column), in: bytes)
        return missing.matches(bytes, range) ? nil : decodedText(in: bytes, range)
    }
}
