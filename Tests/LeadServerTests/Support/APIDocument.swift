import ByteKit
import Foundation
import Testing

/// The OpenAPI document, and whether answers are as it says.
struct APIDocument {
    private let root: JSONValue

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("proto-docs/openapi.json")
        root = try JSONValue(parsing: [UInt8](try Data(contentsOf: file)))
    }

    var paths: [String] {
        guard case .object(let members)? = root["paths"] else { return [] }
        return members.map(\.name)
    }

    /// The texts of a request's examples.
    func examples(of path: String, _ method: String) throws -> [String] {
        let content = root["paths"]?[path]?[method]?["requestBody"]?["content"]?["application/json"]
        guard case .object(let examples)? = content?["examples"] else { return [] }
        return examples.map { Self.text(of: $0.value["value"] ?? .null) }
    }

    /// Whether an answer of this status and type is foreseen.
    func describes(_ path: String, _ method: String, _ status: Int, _ contentType: String?) -> Bool {
        find(path, method, status, contentType) != nil
    }

    /// Expects an answer in JSON to be foreseen, and to be as its schema says.
    func expect(_ path: String, _ method: String, _ status: Int, _ contentType: String?, _ body: [UInt8]) throws {
        let schema = try #require(
            find(path, method, status, contentType),
            "\(method) \(path): \(status) is not foreseen"
        )
        let mistakes = mistakes(of: try JSONValue(parsing: body), schema, at: "")
        #expect(mistakes.isEmpty, "\(method) \(path) \(status): \(mistakes)")
    }

    /// What is wrong with a value by a schema of this name.
    func mistakes(of value: JSONValue, schema name: String) throws -> [String] {
        mistakes(of: value, try #require(root["components"]?["schemas"]?[name]), at: "")
    }

    private func find(_ path: String, _ method: String, _ status: Int, _ contentType: String?) -> JSONValue? {
        let type = contentType.map { String($0.prefix { $0 != ";" }) } ?? ""
        return root["paths"]?[path]?[method]?["responses"]?[String(status)]?["content"]?[type]?["schema"]
    }

    /// Words of JSON Schema that describe and do not bind, or that are bound elsewhere.
    private static let ignored: Set = [
        "description", "pattern", "minimum", "maximum", "maxLength", "contentMediaType",
    ]

    private func mistakes(of value: JSONValue, _ schema: JSONValue, at place: String) -> [String] {
        guard case .object(let words) = schema else { return ["\(place): no schema"] }
        var found: [String] = []
        for word in words where !Self.ignored.contains(word.name) {
            switch (word.name, word.value) {
            case ("$ref", .string(let name)):
                let target = root["components"]?["schemas"]?[String(name.split(separator: "/").last ?? "")]
                found += target.map { mistakes(of: value, $0, at: place) } ?? ["\(place): no \(name)"]
            case ("anyOf", .array(let choices)):
                let results = choices.map { mistakes(of: value, $0, at: place) }
                if !results.contains(where: \.isEmpty) { found += results.min { $0.count < $1.count } ?? [] }
            case ("type", .string(let name)): if !Self.isOf(name, value) { found.append("\(place): no \(name)") }
            case ("type", .array(let names)):
                let fits = names.contains { if case .string(let name) = $0 { Self.isOf(name, value) } else { false } }
                if !fits { found.append("\(place): none of \(names)") }
            case ("enum", .array(let values)): if !values.contains(value) { found.append("\(place): another value") }
            case ("required", .array(let names)):
                for case .string(let name) in names where value[name] == nil {
                    found.append("\(place): no member \(name)")
                }
            case ("properties", .object), ("additionalProperties", _): break
            case ("items", let items):
                guard case .array(let elements) = value else { break }
                for (index, element) in elements.enumerated() {
                    found += mistakes(of: element, items, at: "\(place)[\(index)]")
                }
            case ("minItems", .number(let least)):
                if case .array(let elements) = value, Double(elements.count) < least {
                    found.append("\(place): too few")
                }
            default: found.append("\(place): the test does not know \(word.name)")
            }
        }
        if case .object(let members) = value { found += memberMistakes(members, schema, place) }
        return found
    }

    private func memberMistakes(_ members: [JSONValue.Member], _ schema: JSONValue, _ place: String) -> [String] {
        var found: [String] = []
        let more = schema["additionalProperties"]
        for member in members {
            let here = "\(place).\(member.name)"
            if let own = schema["properties"]?[member.name] {
                found += mistakes(of: member.value, own, at: here)
            } else if more == .bool(false) {
                found.append("\(here): not in the document")
            } else if let more, more != .bool(true) {
                found += mistakes(of: member.value, more, at: here)
            }
        }
        return found
    }

    private static func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array),
            ("object", .object):
            true
        case ("integer", .number(let number)): number == number.rounded()
        default: false
        }
    }

    private static func text(of value: JSONValue) -> String {
        var writer = JSONText()
        writer.write(value)
        return writer.text
    }
}

/// A JSON value as text.
private struct JSONText {
    var text = ""

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .number(let number): text += "\(number)"
        case .string(let string): text += "\"\(string)\""
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                write(value)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                text += index > 0 ? ",\"\(member.name)\":" : "\"\(member.name)\":"
                write(member.value)
            }
            text += "}"
        }
    }
}
