/// The part of a `.npy` file before the numbers.
struct NumpyHeader {
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    private(set) var shape: [Int] = []
    private(set) var width = 0
    private(set) var isBigEndian = false
    private(set) var isFortranOrder = false
    /// Where the numbers start.
    private(set) var byteCount = 0

    init(_ bytes: [UInt8]) throws(NumpyArrayError) {
        guard bytes.count >= 12, bytes.starts(with: Self.magic) else {
            throw NumpyArrayError(
                description:
                    "no NumPy array (it does not start with \\x93NUMPY); save one with numpy.save(\"rows.npy\", rows)"
            )
        }
        let version = bytes[6]
        guard (1...3).contains(version) else {
            throw NumpyArrayError(description: "version \(version) of the .npy form; versions 1 to 3 are read")
        }
        let start = version == 1 ? 10 : 12
        let length = (8..<start).reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
        guard length <= 1 << 16, length <= bytes.count - start else {
            throw NumpyArrayError(
                description: "a header of \(length) bytes at byte 8 of a file of \(bytes.count); "
                    + "the file is damaged or cut off"
            )
        }
        byteCount = start + length
        let text = String(decoding: bytes[start..<byteCount], as: UTF8.self)
        try readType(text)
        let order = try Self.value(of: "fortran_order", in: text)
        isFortranOrder = order.hasPrefix("True")
        guard isFortranOrder || order.hasPrefix("False") else { throw Self.damage(text) }
        try readShape(text)
    }

    private mutating func readType(_ text: String) throws(NumpyArrayError) {
        let value = try Self.value(of: "descr", in: text)
        guard let quote = value.first, quote == "'" || quote == "\"",
            let end = value.dropFirst().firstIndex(of: quote)
        else {
            throw NumpyArrayError(
                description: "an array of records; save plain numbers: numpy.asarray(rows, dtype=\"float32\")"
            )
        }
        let type = String(value[value.index(after: value.startIndex)..<end])
        switch type {
        case "<f4", ">f4": width = 4
        case "<f8", ">f8": width = 8
        default:
            throw NumpyArrayError(
                description: "numbers of the type \(type.prefix(40)); float32 and float64 are read: "
                    + "save rows.astype(\"float32\") or rows.astype(\"float64\")"
            )
        }
        isBigEndian = type.hasPrefix(">")
    }

    private mutating func readShape(_ text: String) throws(NumpyArrayError) {
        let value = try Self.value(of: "shape", in: text)
        guard value.first == "(", let end = value.firstIndex(of: ")") else { throw Self.damage(text) }
        for part in value[value.index(after: value.startIndex)..<end].split(separator: ",") {
            let digits = part.filter { $0 != " " }
            if digits.isEmpty { continue }
            guard let length = Int(digits), length >= 0 else { throw Self.damage(text) }
            shape.append(length)
        }
    }

    /// What follows a key of the dictionary.
    private static func value(of key: String, in text: String) throws(NumpyArrayError) -> Substring {
        for quote in ["'", "\""] {
            let word = quote + key + quote
            var rest = text[...]
            while let start = rest.firstIndex(of: Character(quote)) {
                rest = rest[start...]
                if rest.hasPrefix(word) {
                    let value = rest.dropFirst(word.count).drop { $0 == " " }
                    guard value.first == ":" else { throw damage(text) }
                    return value.dropFirst().drop { $0 == " " }
                }
                rest = rest.dropFirst()
            }
        }
        throw damage(text)
    }

    private static func damage(_ text: String) -> NumpyArrayError {
        NumpyArrayError(description: "the header at byte 10 is not NumPy's: \(text.prefix(80))")
    }
}
