/// JSON text, written piece by piece; the caller keeps objects and lists balanced.
package struct JSONWriter {
    /// The text so far.
    package private(set) var text = ""
    private var needsComma = false

    /// An empty text.
    package init() {}

    /// Writes an object; `body` writes its members.
    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        open("{")
        body(&self)
        close("}")
    }

    /// Writes a list; `body` writes its values.
    package mutating func array(_ body: (inout JSONWriter) -> Void) {
        open("[")
        body(&self)
        close("]")
    }

    /// Writes a member's name; its value follows.
    package mutating func name(_ name: String) {
        comma()
        quote(name)
        text += ":"
        needsComma = false
    }

    /// Writes a member that is a string; null where there is none.
    package mutating func member(_ name: String, _ value: String?) {
        self.name(name)
        if let value { self.value(value) } else { null() }
    }

    /// Writes a string.
    package mutating func value(_ value: String) {
        comma()
        quote(value)
        needsComma = true
    }

    /// Writes a whole number.
    package mutating func value(_ value: some BinaryInteger) { raw(String(value)) }

    /// Writes a number in the shortest form that reads back as the same; null when it is not finite.
    package mutating func value(_ value: some BinaryFloatingPoint & LosslessStringConvertible) {
        raw(value.isFinite ? String(value) : "null")
    }

    /// Writes a truth value.
    package mutating func value(_ value: Bool) { raw(value ? "true" : "false") }

    /// Writes null.
    package mutating func null() { raw("null") }

    private mutating func raw(_ value: String) {
        comma()
        text += value
        needsComma = true
    }

    private mutating func open(_ bracket: String) {
        comma()
        text += bracket
        needsComma = false
    }

    private mutating func close(_ bracket: String) {
        text += bracket
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { text += "," }
    }

    private mutating func quote(_ value: String) {
        text += "\""
        defer { text += "\"" }
        // Nearly every string goes as it is: an answer has ten names a lead.
        guard value.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) else {
            text += value
            return
        }
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += #"\""#
            case "\\": text += #"\\"#
            case "\n": text += #"\n"#
            case "\r": text += #"\r"#
            case "\t": text += #"\t"#
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                text += #"\u"# + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
