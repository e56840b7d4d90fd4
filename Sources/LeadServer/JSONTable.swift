internal import ByteKit
internal import LeadTypes
internal import LeadWire

/// The leads of a JSON request on their way to a message: cells column by column in the schema's order, each checked against its
/// kind, then the columns one after the other.
///
///     var table = try JSONTable(request, for: schema, rowsMax: 1_000)
///     while try table.advance(512) == nil { … something else … }
struct JSONTable {
    private let request: JSONScoreRequest
    private let schema: LeadSchema
    private let places: [UTF8Key: Int]
    /// By the member's place in a lead, its name and column in the lead before.
    private var recent: [(name: UTF8Key, column: Int)] = []
    private let rows: Int
    private var cells: [[Cell]]
    /// The lead or column that comes next, and its next row.
    private var next = (item: 0, row: 0)
    private var encoder: ScoreRequestEncoder?
    private var encodedColumns = 0

    /// One value on its way: a number (NaN for missing), or a category's text.
    private struct Cell {
        var number = Double.nan
        var text: String?
    }

    /// A table without values yet.
    ///
    /// - Parameters:
    ///   - request: What came.
    ///   - schema: The columns of a batch.
    ///   - rowsMax: Leads at most.
    /// - Throws: What is wrong with the fingerprint or the number of leads.
    init(_ request: JSONScoreRequest, for schema: LeadSchema, rowsMax: Int) throws(JSONFailure) {
        try request.check(schema)
        self.request = request
        self.schema = schema
        var places: [UTF8Key: Int] = [:]
        for (index, column) in schema.columns.enumerated() { places[UTF8Key(column.name)] = index }
        self.places = places
        switch request.leads {
        case .rows(let leads): rows = leads.count
        case .columns(let columns):
            if case .array(let first)? = columns.first?.value { rows = first.count } else { rows = 0 }
        }
        guard rows > 0 else { throw JSONFailure(code: WireErrorCode.emptyBatch.name, "there are no leads") }
        guard rows <= rowsMax else {
            throw JSONFailure(
                status: 413,
                code: WireErrorCode.tooManyRows.name,
                "\(rows) leads; at most \(rowsMax) are taken"
            )
        }
        cells = [[Cell]](repeating: [], count: schema.columns.count)
    }

    /// Goes on for about so many values.
    ///
    /// - Returns: The message, once it is whole.
    /// - Throws: What is wrong with the leads, and where.
    mutating func advance(_ values: Int) throws(JSONFailure) -> [UInt8]? {
        if try !fill(values) { return nil }
        do throws(WireError) {
            return try encode(values)
        } catch {
            throw JSONFailure(error)
        }
    }

    // MARK: Filling

    /// Whether all values have found their place.
    private mutating func fill(_ most: Int) throws(JSONFailure) -> Bool {
        switch request.leads {
        case .rows(let leads): return try fill(leads, most)
        case .columns(let columns): return try fill(columns, most)
        }
    }

    private mutating func fill(_ leads: [JSONValue], _ most: Int) throws(JSONFailure) -> Bool {
        var left = most
        while next.item < leads.count {
            guard left > 0 else { return false }
            let row = next.item
            guard case .object(let members) = leads[row] else {
                throw JSONFailure(code: "bad-request", "lead \(row) is \(leads[row].kindName), not an object")
            }
            for (place, member) in members.enumerated() {
                try set(member.value, column(of: member.name, at: place), row)
            }
            left -= members.count + 1
            next.item += 1
        }
        return true
    }

    private mutating func fill(_ columns: [JSONValue.Member], _ most: Int) throws(JSONFailure) -> Bool {
        var left = most
        while next.item < columns.count {
            let member = columns[next.item]
            let column = try column(of: member.name, at: next.item)
            guard case .array(let values) = member.value, values.count == rows else {
                throw JSONFailure(
                    code: "bad-request",
                    "column \"\(member.name)\" is not a list of \(rows) values as the first one is"
                )
            }
            let end = left < rows - next.row ? next.row + left : rows
            for row in next.row..<end { try set(values[row], column, row) }
            left -= end - next.row
            next.row = end
            guard end == rows else { return false }
            next = (next.item + 1, 0)
        }
        return true
    }

    /// The column of a name; most leads name theirs in the order of the lead before.
    private mutating func column(of name: String, at place: Int) throws(JSONFailure) -> Int {
        let key = UTF8Key(name)
        if place < recent.count, recent[place].name == key { return recent[place].column }
        guard let column = places[key] else {
            throw JSONFailure(
                code: "unknown-column",
                "the model's schema has no column \"\(name)\"; GET /v1/models/NAME/schema names its columns"
            )
        }
        if place < recent.count {
            recent[place] = (key, column)
        } else if place == recent.count {
            recent.append((key, column))
        }
        return column
    }

    /// Puts a value into its place; rows of a column that nobody names stay missing.
    private mutating func set(_ value: JSONValue, _ column: Int, _ row: Int) throws(JSONFailure) {
        let cell = try Self.cell(value, schema.columns[column], row)
        if cells[column].isEmpty { cells[column] = [Cell](repeating: Cell(), count: rows) }
        cells[column][row] = cell
    }

    private static func cell(_ value: JSONValue, _ column: LeadColumn, _ row: Int) throws(JSONFailure) -> Cell {
        switch (column.kind, value) {
        case (_, .null): return Cell()
        case (.number, .number(let number)): return Cell(number: number)
        case (.boolean, .bool(let flag)): return Cell(number: flag ? 1 : 0)
        case (.boolean, .number(let number)) where number == 0 || number == 1: return Cell(number: number)
        case (.category, .string(let text)): return Cell(text: text)
        case (.date, .string), (.date, .number):
            return Cell(number: try JSONScoreRequest.days(value, "lead \(row), column \"\(column.name)\""))
        default:
            let wanted =
                switch column.kind {
                case .number: "a number"
                case .boolean: "true or false"
                case .category: "a string"
                case .date: "a date as YYYY-MM-DD, or days since 1970-01-01"
                }
            throw JSONFailure(
                code: "bad-value",
                "lead \(row), column \"\(column.name)\": \(wanted) or null is expected, not \(value.kindName)"
            )
        }
    }

    // MARK: Encoding

    private mutating func encode(_ most: Int) throws(WireError) -> [UInt8]? {
        if encoder == nil { encoder = try request.encoder(for: schema, rows: rows) }
        var left = most
        while encodedColumns < schema.columns.count {
            guard left > 0 else { return nil }
            let values = cells[encodedColumns]
            let isCategory = schema.columns[encodedColumns].kind == .category
            if values.isEmpty {
                if isCategory {
                    try encoder?.add(strings: Array(repeating: nil, count: rows))
                } else {
                    encoder?.add(Array(repeating: Double.nan, count: rows))
                }
            } else if isCategory {
                try encoder?.add(strings: values.map(\.text))
            } else {
                encoder?.add(values.map(\.number))
            }
            left = left > rows ? left - rows : 0
            cells[encodedColumns] = []
            encodedColumns += 1
        }
        return try encoder?.finish()
    }
}
