internal import Foundation

/// Leads as a file of separated values holds them: text, in named columns and rows.
///
/// One buffer keeps the file's bytes; each field is a place in it (8 bytes a field), not a string. Rows count from 0. Immutable, so
/// any number of threads may read one.
public struct LeadTable: Sendable {
    /// The file's name as the user gave it, for messages.
    public let fileName: String
    /// The names of the columns, unique, in the order of the file.
    public let columnNames: [String]
    /// How many rows there are.
    public let rowCount: Int
    /// The separator in use: a comma, semicolon, tab or vertical bar.
    public let separator: Character
    /// What the reader did that a user may want to know, in sentences.
    public let notes: [String]

    let bytes: [UInt8]
    let starts: [UInt32]
    let ends: [UInt32]
    let rowLines: [UInt32]
    /// Fields in a line of the file, dropped columns included.
    let fieldsPerRow: Int
    /// For each column its field in the line.
    let fieldOfColumn: [Int]

    /// Reads a file; `-` is the standard input.
    ///
    /// - Parameters:
    ///   - path: A file of comma, semicolon, tab or bar separated values with a header line, UTF-8, plain or gzip.
    ///   - limits: How large it may be.
    /// - Throws: ``TableError``, with the place and the remedy.
    public init(path: String, limits: TableLimits = TableLimits()) throws {
        try self.init(bytes: Self.contents(of: path), fileName: path == "-" ? "standard input" : path, limits: limits)
    }

    /// Reads the bytes of a file.
    ///
    /// - Parameters:
    ///   - bytes: Plain or gzip.
    ///   - fileName: The name for messages.
    ///   - limits: How large it may be.
    /// - Throws: ``TableError``, with the place and the remedy.
    public init(bytes: consuming [UInt8], fileName: String, limits: TableLimits = TableLimits()) throws {
        if bytes.starts(with: [0x1F, 0x8B]) {
            bytes = try inflatedGzip(bytes, fileName: fileName, limits: limits)
        }
        // The bytes were given away by the caller: what is rewritten in them is rewritten in place.
        var reader = SeparatedValuesReader(fileName: fileName)
        try reader.read(&bytes, limits: limits)

        var names: [String] = []
        var fields: [Int] = []
        var notes: [String] = []
        let width = reader.header.count
        for (field, name) in reader.header.enumerated() {
            if name.isEmpty {
                let isEmpty = stride(from: field, to: reader.starts.count, by: width).allSatisfy {
                    reader.starts[$0] == reader.ends[$0]
                }
                if isEmpty {
                    notes.append(
                        "Column \(field + 1) has no name and no value in any row"
                            + (field == width - 1 ? " (the header line ends in a separator)" : "") + "; it is left out."
                    )
                    continue
                }
                notes.append("Column \(field + 1) has no name; it is called 'column \(field + 1)'.")
            }
            let name = name.isEmpty ? "column \(field + 1)" : name
            if let earlier = names.firstIndex(of: name) {
                throw TableError(
                    .duplicateColumn,
                    file: fileName,
                    line: reader.headerLine,
                    field: field + 1,
                    column: name,
                    problem: "fields \(fields[earlier] + 1) and \(field + 1) of the header have this same name",
                    remedy: "give each column a name of its own"
                )
            }
            names.append(name)
            fields.append(field)
        }
        guard !reader.rowLines.isEmpty else {
            throw TableError(
                .noRows,
                file: fileName,
                line: reader.headerLine,
                problem: "there is a header but no row below it",
                remedy: "give a file with at least one lead"
            )
        }
        self.fileName = fileName
        columnNames = names
        rowCount = reader.rowLines.count
        separator = Character(Unicode.Scalar(reader.separator))
        self.notes = notes
        self.bytes = bytes
        starts = reader.starts
        ends = reader.ends
        rowLines = reader.rowLines
        fieldsPerRow = width
        fieldOfColumn = fields
    }

    /// The number of the column of that name, or nil.
    public func column(named name: String) -> Int? { columnNames.firstIndex(of: name) }

    /// The number of the column of that name.
    ///
    /// - Parameter name: As in the header.
    /// - Returns: The column's number.
    /// - Throws: ``TableError`` when there is none, with the names there are.
    public func requiredColumn(named name: String) throws -> Int {
        guard let column = column(named: name) else { throw missingColumns([name]) }
        return column
    }

    /// The text of a field as it stands, quotes taken off.
    public func text(row: Int, column: Int) -> String {
        decodedText(in: bytes.span, fieldRange(row: row, column: column))
    }

    /// The line of the file on which a row begins, counted from 1.
    public func line(ofRow row: Int) -> Int { Int(rowLines[row]) }

    func fieldRange(row: Int, column: Int) -> Range<Int> {
        let field = row * fieldsPerRow + fieldOfColumn[column]
        return Int(starts[field])..<Int(ends[field])
    }

    func missingColumns(_ names: [String]) -> TableError {
        let list = names.map { "'\($0)'" }.joined(separator: ", ")
        let shown = columnNames.prefix(40).map { "'\($0)'" }.joined(separator: ", ")
        return TableError(
            .missingColumn,
            file: fileName,
            problem: names.count == 1 ? "there is no column \(list)" : "there are no columns \(list)",
            remedy: "the file has " + shown + (columnNames.count > 40 ? " and \(columnNames.count - 40) more" : "")
        )
    }

    private static func contents(of path: String) throws -> [UInt8] {
        let handle: FileHandle
        if path == "-" {
            handle = .standardInput
        } else if isFolder(path) {
            throw TableError(.unreadable, file: path, problem: "this is a folder", remedy: "name a file in it")
        } else {
            do {
                handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            } catch {
                let exists = FileManager.default.fileExists(atPath: path)
                throw TableError(
                    .unreadable,
                    file: path,
                    problem: exists ? "permission denied" : "there is no such file",
                    remedy: exists ? "make it readable for this user" : "check the path"
                )
            }
        }
        defer { if path != "-" { try? handle.close() } }
        var contents: [UInt8] = []
        do {
            while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty { contents.append(contentsOf: chunk) }
        } catch {
            throw TableError(
                .unreadable,
                file: path,
                byte: contents.count,
                problem: "reading stopped: \(error.localizedDescription)",
                remedy: "check that it is a readable file"
            )
        }
        return contents
    }
}

/// Whether the path, links followed, is a folder.
private func isFolder(_ path: String) -> Bool {
    let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    return (try? url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
}

/// How large a table may be.
public struct TableLimits: Sendable {
    /// Bytes of inflated text; never above 4 GiB, for places of fields are 32 bits wide.
    public var textBytesMax: Int
    /// How many times larger than its gzip file a text may be, once it is beyond 64 MiB.
    public var inflationRatioMax: Int
    /// Columns of the header.
    public var columnsMax: Int

    /// The given limits; by default 4 GiB, 400 times and 16,384 columns.
    public init(textBytesMax: Int = Int(UInt32.max), inflationRatioMax: Int = 400, columnsMax: Int = 16_384) {
        self.textBytesMax = min(textBytesMax, Int(UInt32.max))
        self.inflationRatioMax = inflationRatioMax
        self.columnsMax = columnsMax
    }
}
