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

    init(_ error: JSONValue.SyntaxError) {
        self.init(code: "bad-json", "byte \(error.byteOffset): \(error.text)")
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
    /// What is to be scored.
    let leads: Leads

    /// Leads in one of the two forms.
    enum Leads {
        case rows([JSONValue])
        case columns([JSONValue.Member])
    }

    /// Reads a body.
    package init(parsing body: [UInt8]) throws(JSONFailure) {
        let value: JSONValue
        do throws(JSONValue.SyntaxError) {
            value = try JSONValue(parsing: body)
        } catch {
            throw JSONFailure(error)
        }
        try self.init(value)
    }

    /// Takes a body's value apart.
    init(_ value: JSONValue) throws(JSONFailure) {
        guard case .object(let members) = value else {
            throw JSONFailure(code: "bad-request", "the body is \(value.kindName), not an object")
        }
        var found: Leads?
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
        var table = try table(for: schema, limits: limits, valuesMax: valuesMax)
        while true {
            if let message = try table.advance(.max) { return message }
        }
    }

    /// The same, to be made piece by piece.
    func table(for schema: LeadSchema, limits: WireLimits, valuesMax: Int) throws(JSONFailure) -> JSONTable {
        let rowsMax = max(1, min(limits.rowsMax, valuesMax / max(1, schema.columns.count)))
        return try JSONTable(self, for: schema, rowsMax: rowsMax)
    }

    /// Refuses another schema than the one that was asked for.
    func check(_ schema: LeadSchema) throws(JSONFailure) {
        let expected = hexadecimal(schema.fingerprint)
        guard let fingerprint, fingerprint.utf8.count != expected.count || fingerprint.lowercased() != expected else {
            return
        }
        throw JSONFailure(
            status: 409,
            code: WireErrorCode.schemaMismatch.name,
            "the schema's fingerprint is \(expected), not \(fingerprint)"
        )
    }

    /// A message without its columns.
    func encoder(for schema: LeadSchema, rows: Int) throws(WireError) -> ScoreRequestEncoder {
        try ScoreRequestEncoder(
            requestID: 0,
            model: model,
            version: version,
            fingerprint: schema.fingerprint,
            rows: rows,
            columnCount: schema.columns.count,
            outputs: .all,
            deadlineMicroseconds: deadlineMicroseconds,
            asOfDays: asOfDays
        )
    }

    /// Days since 1970-01-01, given as such or as a date; `place` names the value in errors.
    static func days(_ value: JSONValue, _ place: String) throws(JSONFailure) -> Double {
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
