/// What is wrong with a table of leads, where, and what to do about it.
///
/// It reads as `leads.csv, line 12, field 3, byte 345: the line has 4 fields, the header 5; …`.
public struct TableError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of fault, for code that decides by it.
    public enum Fault: String, Sendable {
        /// The file could not be opened or read.
        case unreadable
        /// The file is something other than text: a ZIP archive, UTF-16, binary data.
        case notText
        /// The gzip stream ends early, is damaged, or grows beyond the limit.
        case badGzip
        /// Some bytes are not UTF-8.
        case notUTF8
        /// The file has no header line.
        case noHeader
        /// Two columns have one name.
        case duplicateColumn
        /// The file has a header but no rows.
        case noRows
        /// A line has more or fewer fields than the header.
        case raggedLine
        /// A quote is not closed, or stands where it may not.
        case badQuote
        /// A carriage return stands alone.
        case loneCarriageReturn
        /// The table is larger than this reader takes.
        case tooLarge
        /// A wanted column is not there.
        case missingColumn
        /// A field does not hold what its column should.
        case badValue
    }

    /// The kind of fault.
    public var fault: Fault
    /// The file's name as the user gave it.
    public var file: String
    /// The line, counted from 1, when there is one to name; after quoted line feeds it is the line on which the row began.
    public var line: Int?
    /// The field in its line, counted from 1.
    public var field: Int?
    /// The column's name.
    public var column: String?
    /// The byte in the (inflated) file, counted from 0.
    public var byte: Int?
    /// What is wrong.
    public var problem: String
    /// What to do about it.
    public var remedy: String

    /// An error with as much of a place as is known.
    public init(
        _ fault: Fault,
        file: String,
        line: Int? = nil,
        field: Int? = nil,
        column: String? = nil,
        byte: Int? = nil,
        problem: String,
        remedy: String
    ) {
        self.fault = fault
        self.file = file
        self.line = line
        self.field = field
        self.column = column
        self.byte = byte
        self.problem = problem
        self.remedy = remedy
    }

    /// The place, the problem and the remedy in one sentence.
    public var description: String {
        var place = [file]
        if let line { place.append("line \(line)") }
        if let column {
            place.append("column '\(column)'")
        } else if let field {
            place.append("field \(field)")
        }
        if let byte { place.append("byte \(byte)") }
        return place.joined(separator: ", ") + ": " + problem + "; " + remedy
    }
}
