internal import ByteKit

/// Where the time of one message went, in the server, in microseconds; more than an hour counts as 2^32 - 1.
public struct ScoreTimings: Sendable, Equatable {
    /// From the arrival of the message's header to the writing of the reply.
    public var total: UInt32
    /// What of that the message waited: for its other bytes, and for its turns.
    public var waiting: UInt32
    /// Reading and checking it.
    public var decoding: UInt32
    /// Turning its columns into features.
    public var preparing: UInt32
    /// Evaluating trees, probabilities, scores and tiers.
    public var scoring: UInt32

    /// Times in microseconds.
    public init(total: UInt32, waiting: UInt32, decoding: UInt32, preparing: UInt32, scoring: UInt32) {
        self.total = total
        self.waiting = waiting
        self.decoding = decoding
        self.preparing = preparing
        self.scoring = scoring
    }

    /// Five times, and three fields that are zero.
    static let byteCount = 32

    init(_ message: RawSpan, at offset: Int) throws(WireError) {
        guard message.isZero(offset + 20..<offset + 32) else {
            throw WireError(.reservedNotZero, "reserved bytes must be zero", byteOffset: offset + 20)
        }
        func field(_ index: Int) -> UInt32 { message.integer(at: offset + 4 * index) }
        self.init(total: field(0), waiting: field(1), decoding: field(2), preparing: field(3), scoring: field(4))
    }

    func encode(into writer: inout ByteWriter) {
        for time in [total, waiting, decoding, preparing, scoring, 0, 0, 0] { writer.put(time) }
    }
}
