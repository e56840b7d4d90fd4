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
        var parser = JSONParser(bytes: bytes)
        self = try parser.value(depth: 0)
        parser.skipSpace()
        if parser.position < bytes.count { throw parser.error("text after the end of the value") }
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

private struct JSONParser {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    func error(_ text: String) -> JSONValue.SyntaxError {
        JSONValue.SyntaxError(byteOffset: position, text: text)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    mutating func value(depth: Int) throws(JSONValue.SyntaxError) -> JSONValue {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some: return .number(try number())
        case nil: throw error("the text ends where a value is expected")
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONValue.SyntaxError) -> JSONValue {
        for byte in word.description.utf8 {
            guard next == byte else { throw error("not a value; strings need quotes") }
            position += 1
        }
        return value
    }

    private mutating func object(depth: Int) throws(JSONValue.SyntaxError) -> JSONValue {
        guard depth < JSONValue.depthMax else { throw error("nested too deep") }
        position += 1
        var members: [JSONValue.Member] = []
        var names: Set<UTF8Key> = []
        skipSpace()
        if next == UInt8(ascii: "}") {
            position += 1
            return .object([])
        }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error("a member begins with its name in quotes") }
            let start = position
            let name = try string()
            // Few names are compared one by one, by their bytes; of many, a set is kept, for strangers could send a great many.
            if members.count == 16 { names = Set(members.map { UTF8Key($0.name) }) }
            let key = UTF8Key(name)
            let isNew =
                members.count < 16
                ? !members.contains { $0.name.utf8.elementsEqual(name.utf8) } : names.insert(key).inserted
            guard isNew else {
                position = start
                throw error("the name \"\(name)\" stands here twice")
            }
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw error("a colon is expected after a name") }
            position += 1
            members.append(.init(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            switch next {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "}"):
                position += 1
                return .object(members)
            default: throw error("a comma or } is expected")
            }
        }
    }

    private mutating func array(depth: Int) throws(JSONValue.SyntaxError) -> JSONValue {
        guard depth < JSONValue.depthMax else { throw error("nested too deep") }
        position += 1
        var values: [JSONValue] = []
        skipSpace()
        if next == UInt8(ascii: "]") {
            position += 1
            return .array([])
        }
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            switch next {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"):
                position += 1
                return .array(values)
            default: throw error("a comma or ] is expected")
            }
        }
    }

    private mutating func number() throws(JSONValue.SyntaxError) -> Double {
        let start = position
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 0x30 && $0 <= 0x39 } ?? false }
        if next == UInt8(ascii: "-") { position += 1 }
        guard isDigit(next) else { throw error("not a value; NaN and Infinity are no JSON, null means missing") }
        if next == UInt8(ascii: "0") {
            position += 1
            if isDigit(next) { throw error("a number has no leading zeros") }
        } else {
            while isDigit(next) { position += 1 }
        }
        if next == UInt8(ascii: ".") {
            position += 1
            guard isDigit(next) else { throw error("a digit is expected after the point") }
            while isDigit(next) { position += 1 }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            guard isDigit(next) else { throw error("a digit is expected in the exponent") }
            while isDigit(next) { position += 1 }
        }
        // The grammar above is part of what Double reads, which rounds correctly and gives infinity when too large.
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
            position = start
            throw error("the number is too large")
        }
        return value
    }

    private mutating func string() throws(JSONValue.SyntaxError) -> String {
        let start = position
        position += 1
        while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { position += 1 }
        var unescaped = Array(bytes[start + 1..<position])
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: unescaped, as: UTF8.self) else {
                    position = start
                    throw error("the string is not UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): try escape(into: &unescaped)
            case 0..<0x20:
                position -= 1
                throw error("a control character inside a string has to be escaped")
            default: unescaped.append(byte)
            }
        }
        throw error("the text ends inside a string")
    }

    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONValue.SyntaxError) {
        guard let byte = next else { throw error("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            var code = UInt32(try fourDigits())
            if code & 0xFC00 == 0xD800, next == UInt8(ascii: "\\") {
                position += 1
                guard next == UInt8(ascii: "u") else { throw error("half a surrogate pair") }
                position += 1
                let low = UInt32(try fourDigits())
                guard low & 0xFC00 == 0xDC00 else { throw error("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
            unescaped.append(contentsOf: String(Character(scalar)).utf8)
        default: throw error("no such escape")
        }
    }

    private mutating func fourDigits() throws(JSONValue.SyntaxError) -> UInt16 {
        guard position + 4 <= bytes.count else { throw error("four hexadecimal digits are expected") }
        var code: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw error("four hexadecimal digits are expected")
            }
            code = code << 4 | UInt16(digit)
            position += 1
        }
        return code
    }
}
