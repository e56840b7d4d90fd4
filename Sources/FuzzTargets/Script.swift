/// How a peer's bytes come, as the input's first bytes choose: settings, a count of steps, the steps, the conversation.
///
/// ```
///  0          1       2                      2 + steps × width
///  +----------+-------+----------------------+---------------------
///  | settings | steps | the steps, each      | the conversation
///  |          |       | `width` bytes        |
///  +----------+-------+----------------------+---------------------
/// ```
/// Steps come round again when the conversation is longer than they are; without steps it comes in one piece.
struct Script {
    let settings: UInt8
    let conversation: ArraySlice<UInt8>
    private let steps: [ArraySlice<UInt8>]
    private var next = 0

    init(_ bytes: [UInt8], width: Int) {
        settings = bytes.first ?? 0
        let wanted = bytes.count > 1 ? Int(bytes[1]) : 0
        let count = min(wanted, max(0, bytes.count - 2) / width)
        steps = (0..<count).map { bytes[2 + $0 * width..<2 + ($0 + 1) * width] }
        conversation = bytes.dropFirst(2 + count * width)
    }

    /// The next step; nil without any.
    mutating func step() -> ArraySlice<UInt8>? {
        guard !steps.isEmpty else { return nil }
        defer { next = (next + 1) % steps.count }
        return steps[next]
    }

    /// How many bytes a step takes: single ones up to 127, then multiples of 64, at last all that is left.
    static func pieceBytes(_ byte: UInt8?) -> Int {
        guard let byte, byte < 255 else { return .max }
        return byte < 128 ? max(1, Int(byte)) : (Int(byte) - 126) * 64
    }
}
