/// The texts that mean "not known": always the empty one, and those a user names.
///
/// Compared with a field's text without the spaces and tabs at its ends; case counts.
public struct MissingTokens: Sendable, Equatable, Codable {
    /// The texts besides the empty one.
    public let tokens: [String]
    private let letters: [[UInt8]]

    /// The empty text and these.
    public init(_ tokens: [String] = []) {
        self.tokens = tokens
        letters = tokens.map { Array($0.utf8) }
    }

    /// Reads an array of tokens.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode([String].self))
    }

    /// Writes the tokens as an array.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(tokens)
    }

    /// Whether a text, already without spaces at its ends, means "not known".
    @inline(__always)
    func matches(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        range.isEmpty || !letters.isEmpty && isToken(bytes, range)
    }

    private func isToken(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for token in letters where token.count == range.count {
            var same = true
            for offset in 0..<token.count where bytes[range.lowerBound + offset] != token[offset] {
                same = false
                break
            }
            if same { return true }
        }
        return false
    }
}
