/// A JSON value (RFC 8259), read strictly and with bounds, because strangers send it.
package enum JSONValue: Equatable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, rounded to the nearest double.
    case number(Double)
    /// A string.
    case string(String)
    /// A list.
    case array([JSONValue])
    /// Members in the order of the text; no name twice.
    case object([Member])

    /// One name and value of an object.
    package struct Member: Equatable {
        /// The name.
        package var name: String
        /// The value.
        package var value: JSONValue
    }

    /// A text that is not the JSON that is taken here.
    package struct SyntaxError: Error, Equatable {
        /// Where, in bytes from the start.
        package var byteOffset: Int
        /// What is wrong.
        package var text: String
    }

    /// How many lists and objects may lie inside one another.
    package static let depthMax = 16

    /// Reads a whole text.
    package init(parsing bytes: [UInt8]) throws(SyntaxError) {
        var parser = JSONParser(bytes)
        while try !parser.advance(.max) {}
        self = parser.value ?? .null
    }

    /// The value of a member of an object; nil where there is none.
    package subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// What kind of value it is, for error texts.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
