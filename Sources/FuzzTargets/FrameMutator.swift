/// Changes a conversation of HTTP/2 by whole frames, so that lengths stay right and what follows a change is still read.
public struct FrameMutator {
    private var random: SplitMix

    /// A mutator that does the same for the same seed.
    public init(seed: UInt64) { random = SplitMix(state: seed) }

    private struct Frame {
        var type: UInt8
        var flags: UInt8
        var stream: UInt32
        var payload: [UInt8]
    }

    /// The input with one to four changes; what is not frames stays as it is.
    ///
    /// - Parameters:
    ///   - input: an input of the target `http2`.
    ///   - bytesMax: the length of the longest input to make.
    /// - Returns: the changed input.
    public mutating func change(_ input: [UInt8], bytesMax: Int) -> [UInt8] {
        let conversation = Script(input, width: 2).conversation
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        let start = conversation.startIndex + (conversation.starts(with: preface) ? preface.count : 0)
        var head = Array(input[..<start])
        var frames = Self.frames(input[start...])
        for _ in 0..<number(1...4) { change(&frames, &head) }
        return Array((head + frames.flatMap(Self.bytes)).prefix(bytesMax))
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    private mutating func change(_ frames: inout [Frame], _ head: inout [UInt8]) {
        guard let at = frames.indices.randomElement(using: &random) else {
            frames.append(anyFrame(stream: 1))
            return
        }
        switch number(0...11) {
        case 0: frames.remove(at: at)
        case 1: for _ in 0..<number(1...3) where frames.count < Self.framesMax { frames.insert(frames[at], at: at) }
        case 2: frames.swapAt(at, number(0...frames.count - 1))
        case 3: frames[at].flags ^= [1, 4, 8, 0x20].randomElement(using: &random) ?? 0
        case 4: frames[at].stream = anyStream(frames)
        case 5: frames[at].type = UInt8(number(0...10))
        case 6: frames.insert(anyFrame(stream: anyStream(frames)), at: at)
        case 7: changePayload(&frames[at].payload)
        case 8: frames[at].payload = Array(frames[at].payload.prefix(number(0...frames[at].payload.count)))
        case 9: split(&frames, at)
        case 10 where head.count > 2: head[number(2...head.count - 1)] = UInt8(number(0...255))
        default:
            // A stream more, the same as this one: floods are made of them.
            guard let last = frames.map(\.stream).max(), frames.count < Self.framesMax, last < 1 << 20 else { return }
            let piece = frames.filter { $0.stream == frames[at].stream }.prefix(8)
            frames += piece.map { frame in
                var frame = frame
                frame.stream = (last | 1) + 2
                return frame
            }
        }
    }

    private mutating func anyStream(_ frames: [Frame]) -> UInt32 {
        let known = frames.randomElement(using: &random)?.stream ?? 1
        return [known, known &+ 2, 0, 1, UInt32(number(0...9)), 0x7FFF_FFFF].randomElement(using: &random) ?? 1
    }

    private mutating func anyFrame(stream: UInt32) -> Frame {
        func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        let counts = [0, 1, 7, 100, 16_384, 65_535, 0x7FFF_FFFF]
        let value = counts.randomElement(using: &random) ?? 0
        switch number(0...8) {
        case 0: return Frame(type: 0, flags: 0, stream: stream, payload: [UInt8](repeating: 1, count: number(0...300)))
        case 1: return Frame(type: 1, flags: 5, stream: stream, payload: [0x83, 0x87, 0x84, 0x41, 1, 0x61])
        case 2: return Frame(type: 1, flags: 4, stream: stream, payload: [0x83, 0x87, 0x84, 0x41, 1, 0x61])
        case 3: return Frame(type: 3, flags: 0, stream: stream, payload: word(number(0...13)))
        case 4:
            let setting = [0, UInt8(number(1...6))] + word(value)
            return Frame(type: 4, flags: 0, stream: 0, payload: setting)
        case 5: return Frame(type: 6, flags: UInt8(number(0...1)), stream: 0, payload: Array("leadline".utf8))
        case 6: return Frame(type: 7, flags: 0, stream: 0, payload: word(value) + word(number(0...13)))
        case 7: return Frame(type: 8, flags: 0, stream: number(0...1) == 0 ? 0 : stream, payload: word(value))
        default:
            return Frame(type: 2, flags: 0, stream: stream, payload: word(number(0...9)) + [UInt8(number(0...255))])
        }
    }

    private mutating func changePayload(_ payload: inout [UInt8]) {
        let at = number(0...payload.count)
        switch number(0...3) {
        case 0: payload.insert(UInt8(number(0...255)), at: at)
        case 1 where at < payload.count: payload[at] ^= 1 << UInt8(number(0...7))
        case 2 where at < payload.count: payload.remove(at: at)
        default:
            let end = min(payload.count, at + number(1...16))
            payload.insert(contentsOf: payload[at..<end], at: at)
        }
    }

    /// Cuts a frame of a header block in two.
    private mutating func split(_ frames: inout [Frame], _ at: Int) {
        guard frames[at].type == 1 || frames[at].type == 9 else { return }
        let cut = number(0...frames[at].payload.count)
        let rest = Array(frames[at].payload.dropFirst(cut))
        let more = Frame(type: 9, flags: frames[at].flags & 4, stream: frames[at].stream, payload: rest)
        frames[at].payload = Array(frames[at].payload.prefix(cut))
        frames[at].flags &= ~4
        frames.insert(more, at: at + 1)
    }

    private static func frames(_ bytes: ArraySlice<UInt8>) -> [Frame] {
        var frames: [Frame] = []
        var rest = bytes
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            let count = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            let stream = head[5...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            rest = rest.dropFirst(9)
            frames.append(Frame(type: head[3], flags: head[4], stream: stream, payload: Array(rest.prefix(count))))
            rest = rest.dropFirst(count)
        }
        return frames
    }

    private static func bytes(_ frame: Frame) -> [UInt8] {
        let count = frame.payload.count
        let stream = (0..<4).map { UInt8(truncatingIfNeeded: frame.stream >> (24 - 8 * UInt32($0))) }
        return [UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255), frame.type, frame.flags] + stream
            + frame.payload
    }

    private static let framesMax = 2_000
}
