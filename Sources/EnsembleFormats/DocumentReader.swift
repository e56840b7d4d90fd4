/// What stands next in a document.
enum DocumentValue {
    case object, array, string, number, flag, null
}

/// A pull parser of one document: JSON or UBJSON, so that one schema reader serves both.
///
/// Every method stands before a value when it starts and behind it when it returns. Nesting is bounded, nothing is
/// allocated from a count that the remaining bytes cannot hold, and every error names a byte.
protocol DocumentReader {
    /// What the document is, for errors.
    var kind: ModelFileKind { get }
    /// The byte that is looked at.
    var position: Int { get }

    /// What stands next.
    mutating func peek() throws(ModelFileError) -> DocumentValue
    /// Enters an object.
    mutating func openObject() throws(ModelFileError)
    /// The next key of the object, or nil when it is over.
    mutating func nextKey() throws(ModelFileError) -> String?
    /// The next key of the object as one of those that are known, or nil when the object is over.
    mutating func nextKey<Key>(of keys: inout KnownKeys<Key>) throws(ModelFileError) -> Key?
    /// Enters an array.
    mutating func openArray() throws(ModelFileError)
    /// Whether the array goes on; leaves it if not.
    mutating func nextElement() throws(ModelFileError) -> Bool
    /// Reads a string.
    mutating func readString() throws(ModelFileError) -> String
    /// Reads a number as text, the way XGBoost's parameters are written.
    mutating func readNumberText() throws(ModelFileError) -> String
    /// Reads an array of numbers, each rounded once to float32.
    mutating func readFloats(into numbers: inout [Float]) throws(ModelFileError)
    /// Reads an array of whole numbers (or of true and false as 1 and 0).
    mutating func readIntegers(into numbers: inout [Int32]) throws(ModelFileError)
    /// Passes over a value.
    mutating func skip() throws(ModelFileError)
    /// Makes sure that nothing follows.
    mutating func finish() throws(ModelFileError)
}

/// How deep documents may nest; XGBoost's own reach about ten.
let documentDepthMax = 64

extension DocumentReader {
    /// An error at a byte, by default where the reader stands.
    func error(_ problem: String, at offset: Int? = nil, remedy: String) -> ModelFileError {
        ModelFileError(kind: kind, position: .byte(offset ?? position), problem: problem, remedy: remedy)
    }

    /// An error for a file that is damaged, not merely unsupported.
    func damage(_ problem: String, at offset: Int? = nil) -> ModelFileError {
        .damaged(kind, .byte(offset ?? position), problem)
    }

    /// Reads a string, or a number as text: XGBoost writes parameters as strings.
    mutating func readParameter() throws(ModelFileError) -> String {
        switch try peek() {
        case .string: return try readString()
        case .number: return try readNumberText()
        default: throw damage("a parameter is neither text nor number")
        }
    }

    /// Reads a parameter that is a count.
    mutating func readCountParameter(_ name: String) throws(ModelFileError) -> Int {
        let start = position
        let text = try readParameter()
        guard let count = Int(text), count >= 0 else {
            throw damage("\(name) is \(text.prefix(80)), not a count", at: start)
        }
        return count
    }

    /// Reads an object whose values are parameters; others are passed over.
    mutating func readParameters() throws(ModelFileError) -> [String: String] {
        var parameters: [String: String] = [:]
        try openObject()
        while let key = try nextKey() {
            switch try peek() {
            case .string, .number: parameters[key] = try readParameter()
            default: try skip()
            }
        }
        return parameters
    }

    /// Reads an array of strings.
    mutating func readStrings() throws(ModelFileError) -> [String] {
        var strings: [String] = []
        try openArray()
        while try nextElement() { strings.append(try readString()) }
        return strings
    }
}
