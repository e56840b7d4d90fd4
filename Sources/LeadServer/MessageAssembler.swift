package import ByteKit
package import LeadWire

/// Puts the messages of one stream together from the chunks of its body.
///
/// Memory follows what has arrived, not what a header promises: 64 KiB at first, then by doubling up to a MiB.
package struct MessageAssembler {
    /// The bytes of the message so far.
    private(set) var bytes = ByteWriter()
    /// Its header, once it is there.
    private(set) var header: MessageHeader?
    private static let firstReservation = 64 << 10
    /// A message of which so much has come gets room for all: memory that nothing is written to is none yet, and to double it on and
    /// on would copy megabytes at a time while other clients wait.
    private static let bytesOfLarge = 1 << 20

    /// An assembler between two messages.
    package init() {}

    /// Bytes that it has memory for.
    var capacity: Int { bytes.bytes.capacity }

    /// Whether the stream is between two messages.
    var isEmpty: Bool { bytes.count == 0 }

    /// Whether a whole message is there; take it before more is put in.
    package var isComplete: Bool { header.map { bytes.count == $0.totalBytes } ?? false }

    /// Takes bytes up to the end of the current message.
    /// - Parameters:
    ///   - chunk: what came.
    ///   - offset: where in it to go on; moved past what was taken.
    ///   - limits: what is accepted.
    /// - Throws: the reason why these bytes begin no message; the stream cannot be read on.
    package mutating func put(_ chunk: RawSpan, from offset: inout Int, limits: WireLimits) throws(WireError) {
        if header == nil {
            let missing = WireFormat.headerBytes - bytes.count
            let count = min(missing, chunk.byteCount - offset)
            bytes.put(contentsOf: chunk.extracting(offset..<offset + count))
            offset += count
            header = try MessageHeader.decode(bytes.bytes.rawBytes, limits: limits)
            guard let header else { return }
            bytes.reserve(min(header.totalBytes, Self.firstReservation) - bytes.count)
        }
        guard let header else { return }
        let count = min(header.totalBytes - bytes.count, chunk.byteCount - offset)
        if bytes.count + count > capacity, bytes.count >= Self.bytesOfLarge {
            bytes.reserve(header.totalBytes - bytes.count)
        }
        bytes.put(contentsOf: chunk.extracting(offset..<offset + count))
        offset += count
    }

    /// Hands the whole message out for an empty buffer in exchange.
    package mutating func take(replacement: consuming ByteWriter) -> ByteWriter {
        var other = replacement
        swap(&bytes, &other)
        header = nil
        return other
    }

    /// Gives its memory up.
    mutating func discard() -> ByteWriter { take(replacement: ByteWriter()) }

    /// What is wrong when the body ends here; nil when it may.
    package var truncation: WireError? {
        isEmpty
            ? nil
            : WireError(
                .truncated,
                "the body ended after \(bytes.count) of "
                    + (header.map { "\($0.totalBytes) bytes" } ?? "at least \(WireFormat.headerBytes) bytes"),
                byteOffset: bytes.count
            )
    }
}
