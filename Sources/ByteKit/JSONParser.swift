/// Reads a JSON text into a ``JSONValue``, as much at a time as there is time for.
///
///     var parser = JSONParser(bytes)
///     while try !parser.advance(16 << 10) { … something else … }
///     parser.value
///
/// What lies open is a list and not the machine's stack. Lists of objects tend to repeat their members' names: those are
/// compared with the ones of the object before, and neither made again nor looked up.
package struct JSONParser: ~Copyable {
    /// The value, once all of it has been read.
    package private(set) var value: JSONValue?

    private var scanner: JSONScanner
    private var open: [Container] = []
    /// By depth, the names of the object that was closed last, all different.
    private var lastNames: [[String]] = []

    /// A list or object whose end has not come.
    private struct Container {
        let isObject: Bool
        var values: [JSONValue] = []
        var members: [JSONValue.Member] = []
        /// The name whose value comes next.
        var name = ""
        /// Whether all names so far are those of the object before.
        var isAsBefore = true
        /// The names so far, when there are many and they are not as before.
        var names: Set<UTF8Key> = []
    }

    /// Fewer names than these are compared one by one.
    private static let fewNames = 16

    /// A parser at the beginning of a text.
    package init(_ bytes: [UInt8]) { scanner = JSONScanner(bytes: bytes) }

    /// Bytes read so far.
    package var position: Int { scanner.position }

    /// Reads on, to the first whole scalar or bracket after so many bytes.
    ///
    /// - Parameter count: Bytes; at least one scalar or bracket is read.
    /// - Returns: Whether the text is read to its end.
    /// - Throws: What is wrong with the text; the parser is of no more use.
    package mutating func advance(_ count: Int) throws(JSONValue.SyntaxError) -> Bool {
        let stop = count < Int.max - scanner.position ? scanner.position + count : .max
        while value == nil {
            try step()
            if scanner.position >= stop { break }
        }
        return value != nil
    }

    /// Reads a scalar, or the beginning of a list or object.
    private mutating func step() throws(JSONValue.SyntaxError) {
        scanner.skipSpace()
        switch scanner.next {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let isObject = scanner.next == UInt8(ascii: "{")
            guard open.count < JSONValue.depthMax else { throw scanner.error("nested too deep") }
            scanner.position += 1
            scanner.skipSpace()
            if scanner.next == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                scanner.position += 1
                try deliver(isObject ? .object([]) : .array([]))
            } else {
                open.append(Container(isObject: isObject))
                if lastNames.count < open.count { lastNames.append([]) }
                if isObject { try readName() }
            }
        case UInt8(ascii: "\""): try deliver(.string(try scanner.string()))
        case UInt8(ascii: "t"): try deliver(try scanner.word("true", .bool(true)))
        case UInt8(ascii: "f"): try deliver(try scanner.word("false", .bool(false)))
        case UInt8(ascii: "n"): try deliver(try scanner.word("null", .null))
        case .some: try deliver(.number(try scanner.number()))
        case nil: throw scanner.error("the text ends where a value is expected")
        }
    }

    /// Puts a value where it belongs, and closes what ends behind it.
    private mutating func deliver(_ value: consuming JSONValue) throws(JSONValue.SyntaxError) {
        var value = value
        while !open.isEmpty {
            let top = open.count - 1
            let isObject = open[top].isObject
            if isObject {
                open[top].members.append(JSONValue.Member(name: open[top].name, value: value))
            } else {
                open[top].values.append(value)
            }
            scanner.skipSpace()
            switch scanner.next {
            case UInt8(ascii: ","):
                scanner.position += 1
                if isObject { try readName() }
                return
            case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject:
                scanner.position += 1
                value = close()
            default: throw scanner.error(isObject ? "a comma or } is expected" : "a comma or ] is expected")
            }
        }
        scanner.skipSpace()
        guard scanner.next == nil else { throw scanner.error("text after the end of the value") }
        self.value = value
    }

    /// Takes the innermost list or object off.
    private mutating func close() -> JSONValue {
        let depth = open.count - 1
        let container = open.removeLast()
        guard container.isObject else { return .array(container.values) }
        if !container.isAsBefore || container.members.count != lastNames[depth].count {
            // Names that had to be escaped are read the long way each time.
            let arePlain = container.members.allSatisfy { member in
                member.name.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            }
            lastNames[depth] = arePlain ? container.members.map(\.name) : []
        }
        return .object(container.members)
    }

    /// Reads a member's name and the colon behind it.
    private mutating func readName() throws(JSONValue.SyntaxError) {
        let top = open.count - 1
        scanner.skipSpace()
        guard scanner.next == UInt8(ascii: "\"") else { throw scanner.error("a member begins with its name in quotes") }
        let place = open[top].members.count
        if open[top].isAsBefore, place < lastNames[top].count, scanner.takeQuoted(lastNames[top][place]) {
            open[top].name = lastNames[top][place]
        } else {
            let start = scanner.position
            let name = try scanner.string()
            guard isNew(name, in: top) else {
                scanner.position = start
                throw scanner.error("the name \"\(name)\" stands here twice")
            }
            open[top].name = name
        }
        scanner.skipSpace()
        guard scanner.next == UInt8(ascii: ":") else { throw scanner.error("a colon is expected after a name") }
        scanner.position += 1
    }

    /// Whether an object does not have the name yet.
    ///
    /// Few names are compared one by one, by their bytes; of many, a set is kept, for strangers could send a great many.
    private mutating func isNew(_ name: String, in top: Int) -> Bool {
        let wasAsBefore = open[top].isAsBefore
        open[top].isAsBefore = false
        let key = UTF8Key(name)
        let count = open[top].members.count
        if count < Self.fewNames { return !open[top].members.contains { UTF8Key($0.name) == key } }
        if wasAsBefore || count == Self.fewNames { open[top].names = Set(open[top].members.map { UTF8Key($0.name) }) }
        return open[top].names.insert(key).inserted
    }
}
