internal import ByteKit
internal import LeadServer
internal import LeadTypes
internal import LeadWire

/// Any bytes as the body of a JSON request.
enum JSONExamination {
    /// Reads and writes the value, and makes a message of it for a schema with a column of each kind.
    static func run(_ bytes: [UInt8]) throws(FuzzTarget.Finding) -> FuzzTarget.Outcome {
        let whole = parsed(bytes)
        guard parsedByPieces(bytes) == whole else { throw FuzzTarget.Finding("read by pieces, it is something else") }
        switch whole {
        case .success(let value): try writeAndRead(value)
        case .failure(let error):
            guard error.byteOffset >= 0, error.byteOffset <= bytes.count, !error.text.isEmpty else {
                throw FuzzTarget.Finding("\(error) of \(bytes.count) bytes")
            }
        }
        let limits = WireLimits(rowsMax: 4_096)
        let message: [UInt8]
        do throws(JSONFailure) {
            message = try JSONScoreRequest(parsing: bytes).message(for: schema, limits: limits, valuesMax: valuesMax)
        } catch {
            try check(error)
            return .refused("\(error.status) \(error.code) \(error.message.prefix { !$0.isNumber && $0 != "\"" })")
        }
        try check(message, limits)
        return .read
    }

    private static func parsed(_ bytes: [UInt8]) -> Result<JSONValue, JSONValue.SyntaxError> {
        do throws(JSONValue.SyntaxError) {
            return .success(try JSONValue(parsing: bytes))
        } catch {
            return .failure(error)
        }
    }

    /// As a worker reads it, a piece at a time; nil if the parser stands still, which would keep a worker for ever.
    private static func parsedByPieces(_ bytes: [UInt8]) -> Result<JSONValue, JSONValue.SyntaxError>? {
        do throws(JSONValue.SyntaxError) {
            var parser = JSONParser(bytes)
            var position = -1
            while try !parser.advance(1) {
                guard parser.position > position else { return nil }
                position = parser.position
            }
            return .success(parser.value ?? .null)
        } catch {
            return .failure(error)
        }
    }

    private static func check(_ failure: JSONFailure) throws(FuzzTarget.Finding) {
        guard (400...499).contains(failure.status), !failure.code.isEmpty, !failure.message.isEmpty else {
            throw FuzzTarget.Finding("\(failure) has no status or words")
        }
        let body = failure.response.body
        guard body.count <= PlainRequestExamination.responseBytesMax else {
            throw FuzzTarget.Finding("an error of \(body.count) bytes")
        }
        guard case .success(let value) = parsed(body), value["error"]?["code"] == .string(failure.code) else {
            throw FuzzTarget.Finding("an error that is no JSON: \(String(decoding: body, as: UTF8.self))")
        }
    }

    /// A message made of JSON is one that the binary endpoint takes, of the schema's columns.
    private static func check(_ message: [UInt8], _ limits: WireLimits) throws(FuzzTarget.Finding) {
        var request = ScoreRequest()
        do throws(WireError) {
            try request.decode(message.rawBytes, limits: limits)
        } catch {
            throw FuzzTarget.Finding("a message made of JSON is refused: \(error)")
        }
        guard request.columns.count == schema.columns.count, request.fingerprint == schema.fingerprint,
            request.rows * schema.columns.count <= valuesMax
        else { throw FuzzTarget.Finding("a message of \(request.rows) rows, \(request.columns.count) columns") }
        for (place, column) in zip(request.columns, schema.columns)
        where place.encoding.isDictionary && column.kind != .category {
            throw FuzzTarget.Finding("column \(column.name) has strings")
        }
    }

    // MARK: Values

    /// What is written from a value is read as the same value, and written as the same text.
    private static func writeAndRead(_ value: JSONValue) throws(FuzzTarget.Finding) {
        let text = text(of: value)
        guard case .success(let again) = parsed(text) else {
            throw FuzzTarget.Finding("what was written cannot be read: \(String(decoding: text, as: UTF8.self))")
        }
        // Equal strings may be other bytes, so the texts are compared too.
        guard again == value, Self.text(of: again) == text else {
            throw FuzzTarget.Finding("written as another value: \(String(decoding: text, as: UTF8.self))")
        }
    }

    private static func text(of value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        write(value, to: &writer)
        return Array(writer.text.utf8)
    }

    /// As deep as the parser reads.
    private static func write(_ value: JSONValue, to writer: inout JSONWriter) {
        switch value {
        case .null: writer.null()
        case .bool(let flag): writer.value(flag)
        case .number(let number): writer.value(number)
        case .string(let text): writer.value(text)
        case .array(let values): writer.array { writer in for value in values { write(value, to: &writer) } }
        case .object(let members):
            writer.object { writer in
                for member in members {
                    writer.name(member.name)
                    write(member.value, to: &writer)
                }
            }
        }
    }

    private static let schema = LeadSchema(columns: [
        LeadColumn(name: "visits", kind: .number),
        LeadColumn(name: "source", kind: .category, levels: ["web", "event"]),
        LeadColumn(name: "opened", kind: .boolean),
        LeadColumn(name: "created", kind: .date),
        LeadColumn(name: "campaign", kind: .category),
    ])
    private static let valuesMax = 1 << 14
}
