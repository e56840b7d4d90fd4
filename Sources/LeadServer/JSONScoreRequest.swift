internal import ByteKit
package import LeadTypes
package import LeadWire

/// Why a JSON request gets no scores, as its error object tells it.
package struct JSONFailure: Error, Equatable {
    /// The HTTP status.
    package var status: Int
    /// The stable word for it.
    package var code: String
    /// What is wrong, and where.
    package var message: String

    package init(status: Int = 400, code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    init(_ error: WireError) {
        self.init(status: error.httpStatus, code: error.code.name, error.text)
    }

    /// The response that carries it.
    package var response: PlainResponse { .error(status: status, code: code, message) }
}

/// The body of a JSON `POST /v1/score`: the same request as the binary one, with columns by name.
///
///     {"model": "leads", "asOf": "2026-01-31", "leads": [{"visits": 3, "source": "web"}, {"visits": null}]}
///     {"model": "leads", "columns": {"visits": [3, null], "source": ["web", null]}}
package struct JSONScoreRequest {
    /// The name of the model, empty for the default.
    package var model = ""
    /// Its exact version, empty for the one in service.
    package var version = ""
    private var asOfDays = Double.nan
    private var deadlineMicroseconds: UInt32 = 0
    private var fingerprint: String?
    private var leads: Leads

    private enum Leads {
        case rows([JSONValue])
        case columns([JSONValue.Member])
    }

    /// Reads a body.
    package init(parsing body: [UInt8]) throws(JSONFailure) {
        let value: JSONValue
        do throws(JSONValue.SyntaxError) {
            value = try JSONValue(parsing: body)
        } catch {
            throw JSONFailure(code: "bad-json", "byte \(error.byteOffset): \(error.text)")
        }
        guard case .object(let members) = value else {
            throw JSONFailure(code: "bad-request", "the body is \(value.kindName), not an object")
        }
        var found: Leads?
        leads = .rows([])
        for member in members {
            // A name that is too long to be one of ours is not compared: see `UTF8Key` for what that may cost.
            switch (member.name.utf8.count > 32 ? "" : member.name, member.value) {
            case ("model", .string(let name)), ("version", .string(let name)):
                guard name.utf8.count <= 255 else {
                    throw JSONFailure(code: "bad-value", "the \(member.name)'s name has at most 255 bytes")
                }
                if member.name == "model" { model = name } else { version = name }
            case ("fingerprint", .string(let text)): fingerprint = text
            case ("asOf", .string), ("asOf", .number): asOfDays = try Self.days(member.value, "asOf")
            case ("deadlineMicroseconds", .number(let number)):
                guard let whole = UInt32(exactly: number) else {
                    throw JSONFailure(code: "bad-value", "deadlineMicroseconds is a whole number of microseconds")
                }
                deadlineMicroseconds = whole
            case ("leads", .array(let rows)):
                if found != nil { throw JSONFailure(code: "bad-request", "give leads or columns, not both") }
                found = .rows(rows)
            case ("columns", .object(let columns)):
                if found != nil { throw JSONFailure(code: "bad-request", "give leads or columns, not both") }
                found = .columns(columns)
            case ("model", _), ("version", _), ("fingerprint", _), ("asOf", _), ("deadlineMicroseconds", _),
                ("leads", _),
                ("columns", _):
                throw JSONFailure(code: "bad-request", "\"\(member.name)\" may not be \(member.value.kindName)")
            default:
                throw JSONFailure(
                    code: "bad-request",
                    "there is no member \"\(member.name)\"; a request has model, version, fingerprint, asOf, "
                        + "deadlineMicroseconds, and leads or columns"
                )
            }
        }
        guard let found else { throw JSONFailure(code: "bad-request", "the leads are missing: give leads or columns") }
        leads = found
    }

    /// The binary message that means the same, for the model whose schema this is.
    ///
    /// - Parameters:
    ///   - schema: The columns of a batch.
    ///   - limits: What a message may hold.
    ///   - valuesMax: Leads times columns at most.
    /// - Returns: The message.
    /// - Throws: What is wrong with the leads, and where.
    package func message(
        for schema: LeadSchema,
        limits: WireLimits,
        valuesMax: Int = ServerLimits().jsonValuesMax
    ) throws(JSONFailure) -> [UInt8] {
        let expected = hexadecimal(schema.fingerprint)
        if let fingerprint, fingerprint.utf8.count != expected.count || fingerprint.lowercased() != expected {
            throw JSONFailure(
                status: 409,
                code: WireErrorCode.schemaMismatch.name,
                "the schema's fingerprint is \(expected), not \(fingerprint)"
            )
        }
        let columnCount = max(1, schema.columns.count)
        let table = try columns(of: schema, rowsMax: max(1, min(limits.rowsMax, valuesMax / columnCount)))
        do throws(WireError) {
            var encoder = try ScoreRequestEncoder(
                requestID: 0,
                model: model,
                version: version,
                fingerprint: schema.fingerprint,
                rows: table.first?.count ?? 0,
                columnCount: schema.columns.count,
                outputs: .all,
                deadlineMicroseconds: deadlineMicroseconds,
                asOfDays: asOfDays
            )
            for (column, values) in zip(schema.columns, table) {
                if column.kind == .category {
                    try encoder.add(strings: values.map(\.text))
                } else {
                    encoder.add(values.map(\.number))
                }
            }
            return try encoder.finish()
        } catch {
            throw JSONFailure(error)
        }
    }

    /// One value on its way: a number (NaN for missing), or a category's text.
    private struct Cell {
        var number = Double.nan
        var text: String?
    }

    /// The values column by column in the schema's order, each checked against its kind.
    private func columns(of schema: LeadSchema, rowsMax: Int) throws(JSONFailure) -> [[Cell]] {
        var places: [UTF8Key: Int] = [:]
        for (index, column) in schema.columns.enumerated() { places[UTF8Key(column.name)] = index }
        func place(_ name: String) throws(JSONFailure) -> Int {
            guard let index = places[UTF8Key(name)] else {
                throw JSONFailure(
                    code: "unknown-column",
                    "the model's schema has no column \"\(name)\"; GET /v1/models/NAME/schema names its columns"
                )
            }
            return index
        }
        func check(rows: Int) throws(JSONFailure) {
            guard rows > 0 else { throw JSONFailure(code: WireErrorCode.emptyBatch.name, "there are no leads") }
            guard rows <= rowsMax else {
                throw JSONFailure(
                    status: 413,
                    code: WireErrorCode.tooManyRows.name,
                    "\(rows) leads; at most \(rowsMax) are taken"
                )
            }
        }
        switch leads {
        case .rows(let rows):
            try check(rows: rows.count)
            var table = [[Cell]](repeating: [Cell](repeating: Cell(), count: rows.count), count: schema.columns.count)
            for (row, lead) in rows.enumerated() {
                guard case .object(let members) = lead else {
                    throw JSONFailure(code: "bad-request", "lead \(row) is \(lead.kindName), not an object")
                }
                for member in members {
                    let index = try place(member.name)
                    table[index][row] = try Self.cell(member.value, schema.columns[index], row)
                }
            }
            return table
        case .columns(let columns):
            guard case .array(let first)? = columns.first?.value else { try check(rows: 0); return [] }
            try check(rows: first.count)
            var table = [[Cell]](repeating: [Cell](repeating: Cell(), count: first.count), count: schema.columns.count)
            for column in columns {
                let index = try place(column.name)
                guard case .array(let values) = column.value, values.count == first.count else {
                    throw JSONFailure(
                        code: "bad-request",
                        "column \"\(column.name)\" is not a list of \(first.count) values as the first one is"
                    )
                }
                for (row, value) in values.enumerated() {
                    table[index][row] = try Self.cell(value, schema.columns[index], row)
                }
            }
            return table
        }
    }

    private static func cell(_ value: JSONValue, _ column: LeadColumn, _ row: Int) throws(JSONFailure) -> Cell {
        switch (column.kind, value) {
        case (_, .null): return Cell()
        case (.number, .number(let number)): return Cell(number: number)
        case (.boolean, .bool(let flag)): return Cell(number: flag ? 1 : 0)
        case (.boolean, .number(let number)) where number == 0 || number == 1: return Cell(number: number)
        case (.category, .string(let text)): return Cell(text: text)
        case (.date, .string), (.date, .number):
            return Cell(number: try days(value, "lead \(row), column \"\(column.name)\""))
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

    private static func days(_ value: JSONValue, _ place: String) throws(JSONFailure) -> Double {
        switch value {
        case .number(let days): return days
        case .string(let text):
            if let days = InstantText.days(text) { return days }
            throw JSONFailure(
                code: "bad-value",
                "\(place): \"\(text)\" is not a date as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ"
            )
        default: throw JSONFailure(code: "bad-value", "\(place): a date is expected, not \(value.kindName)")
        }
    }
}

/// A fingerprint as people see it: 16 hexadecimal digits.
package func hexadecimal(_ fingerprint: UInt64) -> String {
    let digits = String(fingerprint, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
