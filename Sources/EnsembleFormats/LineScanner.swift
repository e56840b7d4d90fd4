internal import ByteKit

/// Steps through a text line by line, and reads `key=value` lines without copying them.
struct LineScanner {
    private let bytes: [UInt8]
    /// Where the line in view is, without its end.
    private(set) var range = 0..<0
    /// The number of the line in view, counted from 1.
    private(set) var number = 0
    /// Whether the line in view has an end of line.
    private(set) var isTerminated = false
    private var nextStart = 0
    /// Where the value of the line in view starts, once ``hasKey(_:)`` found its key.
    private var valueStart = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { nextStart = 3 }
    }

    /// The size of the text.
    var byteCount: Int { bytes.count }

    /// Whether no line is left.
    var isAtEnd: Bool { range.lowerBound >= bytes.count }

    /// The first byte of the line in view; 0 if it is empty.
    var firstByte: UInt8 { range.isEmpty ? 0 : bytes[range.lowerBound] }

    /// Brings the next line into view; false, and an empty view, behind the last.
    mutating func next() -> Bool {
        let start = nextStart
        guard start < bytes.count else {
            range = bytes.count..<bytes.count
            return false
        }
        var end = bytes.rawBytes.firstOffset(of: 0x0A, in: start..<bytes.count) ?? bytes.count
        isTerminated = end < bytes.count
        nextStart = end + 1
        number += 1
        if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        range = start..<end
        return true
    }

    /// Whether the line in view is this word.
    func isWord(_ word: String) -> Bool {
        bytes.rawBytes.holds(word, in: range)
    }

    /// Whether the line in view is `key=…`; its value can be read then.
    mutating func hasKey(_ key: String) -> Bool {
        let end = range.lowerBound + key.utf8.count
        guard end < range.upperBound, bytes[end] == UInt8(ascii: "="),
            bytes.rawBytes.holds(key, in: range.lowerBound..<end)
        else { return false }
        valueStart = end + 1
        return true
    }

    /// The value as text.
    func text() throws(ModelFileError) -> String {
        guard let text = bytes.rawBytes.validText(valueStart..<range.upperBound) else {
            throw damage("the line is not UTF-8")
        }
        return text
    }

    /// The value as a count.
    func whole() throws(ModelFileError) -> Int {
        guard let number = DecimalNumber.scan(bytes, from: valueStart, to: range.upperBound),
            number.range.upperBound == range.upperBound, let value = number.integer, value >= 0,
            value <= Int(Int32.max)
        else { throw damage("a count was expected here") }
        return value
    }

    /// The value as whole numbers.
    func readIntegers(into numbers: inout [Int32]) throws(ModelFileError) { try readWhole(into: &numbers) }

    /// The value as 32-bit words.
    func readWords(into numbers: inout [UInt32]) throws(ModelFileError) { try readWhole(into: &numbers) }

    @inline(__always)
    private func readWhole<Whole: FixedWidthInteger>(into numbers: inout [Whole]) throws(ModelFileError) {
        numbers.removeAll(keepingCapacity: true)
        let text = bytes.rawBytes
        var at = valueStart
        while let start = nextWord(text, from: at) {
            if let (value, end) = DecimalNumber.scanShort(text, from: start, to: range.upperBound),
                isWordEnd(text, end), let whole = Whole(exactly: value)
            {
                numbers.append(whole)
                at = end
            } else {
                guard let number = number(text, at: start), let whole = number.integer.flatMap({ Whole(exactly: $0) })
                else { throw misfit(at: start) }
                numbers.append(whole)
                at = number.range.upperBound
            }
        }
    }

    /// The value as doubles, each rounded once; LightGBM writes `inf` where a split parts NaN from all numbers.
    func readDoubles(into numbers: inout [Double]) throws(ModelFileError) {
        numbers.removeAll(keepingCapacity: true)
        let text = bytes.rawBytes
        let powers = PowersOfTen.shared
        var at = valueStart
        while let start = nextWord(text, from: at) {
            if let number = number(text, at: start) {
                let value = number.double(text, powers)
                guard value.isFinite else { throw misfit(at: start) }
                numbers.append(value)
                at = number.range.upperBound
            } else {
                let end = bytes[start..<range.upperBound].firstIndex(of: 0x20) ?? range.upperBound
                switch String(decoding: bytes[start..<min(end, start + 5)], as: UTF8.self) {
                case "inf": numbers.append(.infinity)
                case "-inf": numbers.append(-.infinity)
                default: throw misfit(at: start)
                }
                at = end
            }
        }
    }

    /// Hands the numbers of the value, with single or more spaces between them, to a closure that may refuse one.
    func readNumbers(_ take: (DecimalNumber, [UInt8]) -> Bool) throws(ModelFileError) {
        let text = bytes.rawBytes
        var at = valueStart
        while let start = nextWord(text, from: at) {
            guard let number = number(text, at: start), take(number, bytes) else { throw misfit(at: start) }
            at = number.range.upperBound
        }
    }

    /// Where the next word of the line starts; nil if none is left.
    @inline(__always)
    private func nextWord(_ text: RawSpan, from start: Int) -> Int? {
        var at = start
        while at < range.upperBound, text.byte(at: at) == 0x20 { at += 1 }
        return at < range.upperBound ? at : nil
    }

    /// The number that is the whole word starting here.
    @inline(__always)
    private func number(_ text: RawSpan, at start: Int) -> DecimalNumber? {
        guard let number = DecimalNumber.scan(text, from: start, to: range.upperBound),
            isWordEnd(text, number.range.upperBound)
        else { return nil }
        return number
    }

    @inline(__always)
    private func isWordEnd(_ text: RawSpan, _ end: Int) -> Bool {
        end == range.upperBound || text.byte(at: end) == 0x20
    }

    private func misfit(at start: Int) -> ModelFileError {
        let end = bytes[start..<range.upperBound].firstIndex(of: 0x20) ?? range.upperBound
        let word = String(decoding: bytes[start..<min(end, start + 40)], as: UTF8.self)
        return damage("\"\(word)\" is not a number that fits here (column \(start - range.lowerBound + 1))")
    }

    /// An error at the line in view, for a file that is damaged.
    func damage(_ problem: String) -> ModelFileError {
        ModelFileError(
            kind: .lightGBMText,
            position: .line(max(number, 1)),
            problem: problem,
            remedy: "the file is damaged or cut off; save or copy the model again"
        )
    }

    /// An error at the line in view, for something that is not supported.
    func unsupported(_ problem: String, remedy: String) -> ModelFileError {
        ModelFileError(kind: .lightGBMText, position: .line(max(number, 1)), problem: problem, remedy: remedy)
    }
}
