internal import ByteKit

extension ScoreRequest {
    /// Names the place of each string of a column's dictionary, without a copy, for whoever looks them up by bytes.
    ///
    /// - Parameters:
    ///   - column: Which column, from 0; one without a dictionary has no strings.
    ///   - message: The bytes that were decoded.
    ///   - body: Called with the string's code and its bytes' place in the message, in the order of the codes.
    @inlinable
    public func forEachDictionaryPlace(_ column: Int, of message: RawSpan, _ body: (Int, Range<Int>) -> Void) {
        var next = firstDictionaryByte(column)
        for entry in 0..<columns[column].dictionaryCount {
            let end = next + dictionaryByteCount(column, entry: entry, of: message)
            body(entry, next..<end)
            next = end
        }
    }

    @usableFromInline
    func firstDictionaryByte(_ column: Int) -> Int {
        columns[column].lengthsOffset + 2 * columns[column].dictionaryCount
    }

    @usableFromInline
    func dictionaryByteCount(_ column: Int, entry: Int, of message: RawSpan) -> Int {
        Int(message.integer(at: columns[column].lengthsOffset + 2 * entry, as: UInt16.self))
    }
}
