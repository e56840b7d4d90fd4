/// What a column of a table was taken for, and why.
public struct ColumnProfile: Codable, Sendable, Equatable {
    /// What the values are.
    public enum Meaning: String, Codable, Sendable, CaseIterable {
        /// Decimal numbers; 0 and 1 are numbers too.
        case number
        /// Words for yes and no.
        case boolean
        /// One of not too many texts.
        case category
        /// Dates, all in one form.
        case date
        /// A different value in (nearly) every row that names the row.
        case id
        /// Free text, or too many different ones to be categories.
        case text
        /// One value in every row.
        case constant
        /// No value in any row.
        case empty
    }

    /// One text of a column and how many rows hold it.
    public struct Level: Codable, Sendable, Equatable {
        /// The text, without spaces at its ends.
        public var text: String
        /// The rows that hold it.
        public var rows: Int
    }

    /// The column's name.
    public var name: String
    /// What its values are.
    public var meaning: Meaning
    /// Rows without a value.
    public var missingRows: Int
    /// Different values where they were counted (not for numbers that are plainly no ids).
    public var distinctValues: Int?
    /// A date column's form.
    public var dateForm: DateForm?
    /// A category's texts, the commonest first, ties by name.
    public var levels: [Level]
    /// What a user may want to know, in sentences.
    public var notes: [String]

    /// Whether a model can learn from the column.
    public var isUsable: Bool {
        switch meaning {
        case .number, .boolean, .category, .date: true
        case .id, .text, .constant, .empty: false
        }
    }
}

/// Texts that often stand for "not known", in lower case.
private let suspectedPlaceholders: Set<String> = [
    "select", "unknown", "n/a", "na", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", "not available",
    "not specified", "unspecified", "undefined", "missing", "(blank)", "blank", "tbd", "not set", "(not set)",
]

extension LeadTable {
    /// Finds out what each column holds.
    ///
    /// A column is what **all** its values can be read as, in this order: number, boolean (words for yes and no), date (one form
    /// only), category. A category has at most half as many texts as rows; beyond that it is text, or an id when nearly every row has its own
    /// text without a space. Integers are an id when every row has its own and they lie dense (a range below 50 times the rows),
    /// or the name says id or number. One value in all rows is a constant.
    ///
    /// - Parameter missing: The texts that mean "not known".
    /// - Returns: One profile a column.
    public func profiles(missing: MissingTokens = MissingTokens()) -> [ColumnProfile] {
        columnNames.indices.map { profile(ofColumn: $0, missing: missing) }
    }

    /// Finds out what one column holds; see ``profiles(missing:)``.
    ///
    /// - Parameters:
    ///   - column: The column's number.
    ///   - missing: The texts that mean "not known".
    /// - Returns: Its profile.
    public func profile(ofColumn column: Int, missing: MissingTokens = MissingTokens()) -> ColumnProfile {
        var profile = ColumnProfile(
            name: columnNames[column],
            meaning: .empty,
            missingRows: 0,
            distinctValues: nil,
            dateForm: nil,
            levels: [],
            notes: []
        )
        if profileNumbers(column, missing, &profile) { return profile }

        let bytes = self.bytes.span
        var texts = TextDictionary()
        profile.missingRows = 0
        for row in 0..<rowCount {
            let range = trimmed(fieldRange(row: row, column: column), in: bytes)
            if missing.matches(bytes, range) {
                profile.missingRows += 1
            } else {
                _ = texts.add(bytes, range)
            }
        }
        profile.distinctValues = texts.count
        notePlaceholders(texts, &profile)
        let valued = rowCount - profile.missingRows
        if texts.count == 1, profile.missingRows == 0 {
            profile.meaning = .constant
            profile.notes.append("Every row holds '\(texts.text(0))'.")
            return profile
        }
        if (0..<texts.count).allSatisfy({ texts.withText($0) { boolean(in: $0, $1) != nil } }) {
            profile.meaning = .boolean
            return profile
        }
        if profileDates(texts, &profile) { return profile }
        profileTexts(texts, valued: valued, &profile)
        return profile
    }

    /// Profiles a column of numbers; false when it holds anything else.
    private func profileNumbers(_ column: Int, _ missing: MissingTokens, _ profile: inout ColumnProfile) -> Bool {
        let bytes = self.bytes.span
        var lowest = Double.infinity
        var highest = -Double.infinity
        var allIntegers = true
        var valued = 0
        for row in 0..<rowCount {
            let range = trimmed(fieldRange(row: row, column: column), in: bytes)
            if missing.matches(bytes, range) { continue }
            guard let value = number(in: bytes, range) else { return false }
            valued += 1
            lowest = min(lowest, value)
            highest = max(highest, value)
            if allIntegers, value != value.rounded() { allIntegers = false }
        }
        profile.missingRows = rowCount - valued
        guard valued > 0 else {
            profile.meaning = .empty
            profile.notes.append("No row holds a value.")
            return true
        }
        profile.meaning = .number
        if lowest == highest, profile.missingRows == 0 {
            profile.meaning = .constant
            profile.distinctValues = 1
            profile.notes.append("Every row holds \(self.text(row: 0, column: column)).")
            return true
        }
        let isNamedID = Self.namesAnID(profile.name)
        let isDense = highest - lowest < 50 * Double(valued)
        guard allIntegers, valued >= 50, isNamedID || isDense && profile.missingRows == 0 else { return true }
        var distinct = Set<Double>(minimumCapacity: valued)
        for row in 0..<rowCount {
            let range = trimmed(fieldRange(row: row, column: column), in: bytes)
            if let value = number(in: bytes, range) { distinct.insert(value) }
        }
        profile.distinctValues = distinct.count
        if distinct.count == valued || isNamedID && distinct.count * 100 >= valued * 95 {
            profile.meaning = .id
            profile.notes.append("\(distinct.count) different whole numbers in \(valued) rows: an id.")
        }
        return true
    }

    /// Profiles a column of dates; false when some text is no date or no single form fits them all.
    private func profileDates(_ texts: TextDictionary, _ profile: inout ColumnProfile) -> Bool {
        var common = DateForms.all
        var seen: DateForms = []
        for number in 0..<texts.count {
            let forms = texts.withText(number) { DateParts($0, $1)?.possibleForms ?? [] }
            if forms.isEmpty { return false }
            common.formIntersection(forms)
            seen.formUnion(forms)
        }
        guard texts.count > 0 else { return false }
        let forms = common.forms
        if forms.count == 1 {
            profile.meaning = .date
            profile.dateForm = forms[0]
            return true
        }
        let names = (forms.isEmpty ? seen.forms : forms).map(\.rawValue).joined(separator: ", ")
        profile.notes.append(
            forms.isEmpty
                ? "Dates in more than one form (\(names)); they are taken as text. Write them as yyyy-mm-dd."
                : "Dates that may be read as \(names): no day above 12 tells them apart; they are taken as text. "
                    + "Write them as yyyy-mm-dd."
        )
        return false
    }

    private func profileTexts(_ texts: TextDictionary, valued: Int, _ profile: inout ColumnProfile) {
        let distinct = texts.count
        var withSpace = 0
        for number in 0..<distinct {
            let hasSpace = texts.withText(number) { bytes, range in
                var found = false
                for at in range where bytes[at] == 0x20 { found = true }
                return found
            }
            if hasSpace { withSpace += 1 }
        }
        if valued >= 50, distinct * 100 >= valued * 95, withSpace * 20 < distinct {
            profile.meaning = .id
            profile.notes.append("\(distinct) different texts in \(valued) rows: an id.")
        } else if valued >= 50, distinct * 2 > valued {
            profile.meaning = .text
            profile.notes.append("\(distinct) different texts in \(valued) rows: too many for categories.")
        } else {
            profile.meaning = .category
            profile.levels = (0..<distinct)
                .map { ColumnProfile.Level(text: texts.text($0), rows: texts.counts[$0]) }
                .sorted { ($1.rows, $0.text) < ($0.rows, $1.text) }
        }
        noteFewNonNumbers(texts, valued: valued, &profile)
    }

    private func notePlaceholders(_ texts: TextDictionary, _ profile: inout ColumnProfile) {
        for number in 0..<texts.count {
            guard texts.withText(number, { $1.count }) <= 16 else { continue }
            let text = texts.text(number)
            if suspectedPlaceholders.contains(text.lowercased()) {
                profile.notes.append(
                    "'\(text)' in \(texts.counts[number]) rows may mean missing; if it does, add --missing '\(text)'."
                )
            }
        }
    }

    /// A column that is numbers but for a few texts deserves a word, for it is hardly meant as a category.
    private func noteFewNonNumbers(_ texts: TextDictionary, valued: Int, _ profile: inout ColumnProfile) {
        var numbers = 0
        var example: Int?
        for index in 0..<texts.count {
            if texts.withText(index, { number(in: $0, $1) != nil }) {
                numbers += texts.counts[index]
            } else if example == nil {
                example = index
            }
        }
        guard let example, numbers * 10 >= valued * 9 else { return }
        profile.notes.append(
            "\(numbers) of \(valued) values are numbers, others such as '\(texts.text(example))' are not; "
                + "if they mean missing, name them with --missing."
        )
    }

    /// Whether a name says that its column identifies something: `id`, `Lead ID`, `enrolleeId`, `Lead Number`.
    private static func namesAnID(_ name: String) -> Bool {
        let lower = name.lowercased()
        return lower == "id" || lower.hasSuffix("_id") || lower.hasSuffix(" id") || lower.hasSuffix("-id")
            || name.hasSuffix("Id") || name.hasSuffix("ID") || lower.hasSuffix(" number") || lower.hasSuffix("_number")
            || lower == "number" || lower == "uuid" || lower == "guid"
    }
}
