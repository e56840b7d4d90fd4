internal import ByteKit

/// What a message is.
public enum MessageType: UInt8, Sendable {
    /// Rows to score.
    case scoreRequest = 1
    /// Their results.
    case scoreReply = 2
    /// The reason why there are none.
    case error = 3
}

/// What a message's header says of the rest of it.
public struct MessageFlags: OptionSet, Sendable, Hashable {
    /// The bits of the header's flags.
    public let rawValue: UInt16

    /// The flags whose bits are set.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Bytes 24 to 27 are the CRC-32C of all that follows the header.
    public static let bodyChecksum = MessageFlags(rawValue: 1 << 0)
    /// A request's values are a matrix of float32, row after row, instead of columns.
    public static let matrix = MessageFlags(rawValue: 1 << 1)

    /// All there are, by the names that people see.
    public static let names: [(name: String, flag: MessageFlags)] = [
        ("bodyChecksum", .bodyChecksum), ("matrix", .matrix),
    ]

    /// The flags that a message of a type may have.
    static func known(in type: MessageType) -> MessageFlags {
        switch type {
        case .scoreRequest: [.bodyChecksum, .matrix]
        case .scoreReply: [.bodyChecksum]
        case .error: []
        }
    }
}

/// The fixed start of every message, trusted because its checksum fits.
///
/// ```
///  0         4   5   6   7   8          12    14    16                 24         28        32
///  +---------+---+---+---+---+----------+-----+-----+------------------+----------+----------+
///  | L D L N |maj|min|typ| 0 | bytes    |flags|  0  | request id       | body sum | CRC-32C  |
///  +---------+---+---+---+---+----------+-----+-----+------------------+----------+----------+
/// ```
public struct MessageHeader: Sendable, Equatable {
    /// What the message is.
    public let type: MessageType
    /// How many bytes the message takes, this header included.
    public let totalBytes: Int
    /// What is to be known of the rest.
    public let flags: MessageFlags
    /// Chosen by the client, echoed by the server.
    public let requestID: UInt64

    /// Reads the header from the first bytes of a message.
    ///
    /// - Parameters:
    ///   - prefix: What has arrived so far; more than the header does no harm.
    ///   - limits: How long a message may be.
    /// - Returns: The header, or nil when more bytes are needed.
    /// - Throws: The reason why these bytes begin no message.
    public static func decode(
        _ prefix: RawSpan,
        limits: WireLimits = WireLimits()
    ) throws(WireError) -> MessageHeader? {
        for index in 0..<min(prefix.byteCount, WireFormat.magic.count)
        where prefix.byte(at: index) != WireFormat.magic[index] {
            throw WireError(.badMagic, "a message begins with the bytes 4C 44 4C 4E", byteOffset: index)
        }
        guard prefix.byteCount >= WireFormat.headerBytes else { return nil }
        let (major, minor) = (prefix.byte(at: 4), prefix.byte(at: 5))
        guard major == WireFormat.versionMajor else { throw unsupported(major, minor) }
        guard CRC32C.of(prefix.extracting(0..<28)) == prefix.integer(at: 28, as: UInt32.self) else {
            throw WireError(.headerChecksum, "the checksum of bytes 0 to 27 is another", byteOffset: 28)
        }
        guard minor <= WireFormat.versionMinor else { throw unsupported(major, minor) }
        guard let type = MessageType(rawValue: prefix.byte(at: 6)) else {
            throw WireError(.unexpectedType, "there is no message type \(prefix.byte(at: 6))", byteOffset: 6)
        }
        let flags = MessageFlags(rawValue: prefix.integer(at: 12))
        guard flags.isSubset(of: .known(in: type)) else {
            throw WireError(.unknownFlag, "a message of type \(type.rawValue) has no such flags", byteOffset: 12)
        }
        guard prefix.byte(at: 7) == 0, prefix.isZero(14..<16),
            flags.contains(.bodyChecksum) || prefix.isZero(24..<28)
        else {
            throw WireError(.reservedNotZero, "reserved bytes of the header must be zero", byteOffset: 7)
        }
        let total = Int(prefix.integer(at: 8, as: UInt32.self))
        guard total >= WireFormat.fixedBytes, total % WireFormat.alignment == 0 else {
            throw WireError(.badLength, "\(total) is no length of a message", byteOffset: 8)
        }
        guard total <= limits.messageBytesMax else {
            throw WireError(
                .messageTooLarge,
                "\(total) bytes; at most \(limits.messageBytesMax) are taken: send fewer rows in a message",
                byteOffset: 8
            )
        }
        return MessageHeader(type: type, totalBytes: total, flags: flags, requestID: prefix.integer(at: 16))
    }

    /// Reads the header of a message that is there whole.
    ///
    /// - Parameters:
    ///   - message: From the magic to the last byte, neither more nor less.
    ///   - type: What the message must be.
    ///   - limits: How long it may be.
    /// - Returns: The header.
    /// - Throws: The reason why it is not such a message.
    public static func decode(
        whole message: RawSpan,
        as type: MessageType,
        limits: WireLimits = WireLimits()
    ) throws(WireError) -> MessageHeader {
        guard let header = try decode(message, limits: limits) else {
            throw WireError(.truncated, "\(message.byteCount) bytes hold no header", byteOffset: message.byteCount)
        }
        guard header.type == type else {
            throw WireError(.unexpectedType, "a message of type \(header.type.rawValue)", byteOffset: 6)
        }
        guard header.totalBytes <= message.byteCount else {
            throw WireError(
                .truncated,
                "\(message.byteCount) of \(header.totalBytes) bytes",
                byteOffset: message.byteCount
            )
        }
        guard header.totalBytes == message.byteCount else {
            throw WireError(.badLength, "bytes after the end of the message", byteOffset: header.totalBytes)
        }
        guard !header.flags.contains(.bodyChecksum) || bodyChecksum(of: message, at: 0) == message.integer(at: 24)
        else {
            throw WireError(
                .bodyChecksum,
                "the checksum of the bytes from 32 on is another",
                byteOffset: WireFormat.headerBytes
            )
        }
        return header
    }

    /// Writes a header whose length and checksum are not known yet; returns where the message begins.
    static func begin(_ type: MessageType, requestID: UInt64, in writer: inout ByteWriter) -> Int {
        let start = writer.count
        for byte in WireFormat.magic { writer.put(byte) }
        writer.put(WireFormat.versionMajor)
        writer.put(WireFormat.versionMinor)
        writer.put(type.rawValue)
        writer.putZeros(9)
        writer.put(requestID)
        writer.putZeros(8)
        return start
    }

    private static func bodyChecksum(of bytes: RawSpan, at start: Int) -> UInt32 {
        CRC32C.of(bytes.extracting(start + WireFormat.headerBytes..<bytes.byteCount))
    }

    /// Pads the message that began there, and writes its length, flags and checksums.
    static func finish(at start: Int, flags: MessageFlags = [], in writer: inout ByteWriter) {
        writer.putZeros(aligned(writer.count - start) - (writer.count - start))
        writer.patch(UInt32(writer.count - start), at: start + 8)
        writer.patch(flags.rawValue, at: start + 12)
        if flags.contains(.bodyChecksum) {
            writer.patch(bodyChecksum(of: writer.bytes.rawBytes, at: start), at: start + 24)
        }
        writer.patch(CRC32C.of(writer.bytes.rawBytes.extracting(start..<start + 28)), at: start + 28)
    }

    private static func unsupported(_ major: UInt8, _ minor: UInt8) -> WireError {
        WireError(
            .unsupportedVersion,
            "version \(major).\(minor); \(WireFormat.versionMajor).0 to "
                + "\(WireFormat.versionMajor).\(WireFormat.versionMinor) are spoken here",
            byteOffset: 4
        )
    }
}
