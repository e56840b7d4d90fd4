public import ByteKit

/// Why a message gets no score, and where the fault lies.
public struct WireError: Error, Sendable, Equatable {
    /// The stable code.
    public var code: WireErrorCode
    /// What went wrong, for people.
    public var text: String
    /// How long to wait before trying again, 0 when nothing is known.
    public var retryAfterMilliseconds: UInt32
    /// The row at fault, from 0.
    public var row: UInt32?
    /// The column at fault, from 0.
    public var column: UInt32?
    /// Where in the message the fault lies.
    public var byteOffset: UInt32?
    /// The fingerprint that the message should have carried.
    public var expectedFingerprint: UInt64?
    /// Whether the same message may succeed later; the code decides, a sender may not.
    public var isRetryable: Bool { code.isRetryable }
    /// The status of the HTTP response whose first message is this error.
    public var httpStatus: Int { code.httpStatus }

    /// An error with what is known about it.
    public init(
        _ code: WireErrorCode,
        _ text: String,
        row: Int? = nil,
        column: Int? = nil,
        byteOffset: Int? = nil,
        expectedFingerprint: UInt64? = nil,
        retryAfterMilliseconds: UInt32 = 0
    ) {
        self.code = code
        self.text = text
        self.row = row.flatMap(UInt32.init(exactly:))
        self.column = column.flatMap(UInt32.init(exactly:))
        self.byteOffset = byteOffset.flatMap(UInt32.init(exactly:))
        self.expectedFingerprint = expectedFingerprint
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }
}

extension WireError: CustomStringConvertible {
    /// The code's name, the place and the text, on one line.
    public var description: String {
        var words = code.name
        if let column { words += ", column \(column)" }
        if let row { words += ", row \(row)" }
        if let byteOffset { words += ", byte \(byteOffset)" }
        words += ": \(text)"
        if let expectedFingerprint { words += " (expected fingerprint \(hexadecimal(expectedFingerprint)))" }
        return words
    }
}

extension WireError {
    /// Appends the error message that answers a request.
    ///
    /// - Parameters:
    ///   - writer: Takes the message's bytes at its end.
    ///   - requestID: The request's, or 0 when its header could not be trusted.
    ///   - limits: A text longer than allowed is cut at a character.
    public func encode(into writer: inout ByteWriter, requestID: UInt64, limits: WireLimits = WireLimits()) {
        var text = Substring(text)
        while text.utf8.count > min(limits.errorTextBytesMax, Int(UInt16.max)) { text.removeLast() }
        let start = MessageHeader.begin(.error, requestID: requestID, in: &writer)
        writer.put(code.rawValue)
        writer.put(UInt8(isRetryable ? 1 : 0))
        writer.put(UInt8(0))
        writer.put(retryAfterMilliseconds)
        writer.put(row ?? WireFormat.unknownPlace)
        writer.put(column ?? WireFormat.unknownPlace)
        writer.put(expectedFingerprint ?? 0)
        writer.put(byteOffset ?? WireFormat.unknownPlace)
        writer.put(UInt16(text.utf8.count))
        writer.put(UInt16(0))
        writer.put(utf8: text)
        MessageHeader.finish(at: start, in: &writer)
    }

    /// Reads an error message.
    ///
    /// - Parameters:
    ///   - message: The whole message, from its magic to its last byte.
    ///   - limits: What is accepted.
    /// - Returns: The request's id and the error it got.
    /// - Throws: The reason why these bytes are not an error message.
    public static func decode(
        _ message: RawSpan,
        limits: WireLimits = WireLimits()
    ) throws(WireError) -> (requestID: UInt64, error: WireError) {
        let header = try MessageHeader.decode(whole: message, as: .error, limits: limits)
        guard let code = WireErrorCode(rawValue: message.integer(at: 32)) else {
            throw WireError(.badValue, "no such error code", byteOffset: 32)
        }
        guard message.byte(at: 34) == (code.isRetryable ? 1 : 0) else {
            throw WireError(.badValue, "the retryable byte contradicts the code", byteOffset: 34)
        }
        guard message.byte(at: 35) == 0, message.isZero(62..<64) else {
            throw WireError(.reservedNotZero, "reserved bytes must be zero", byteOffset: 35)
        }
        let length = Int(message.integer(at: 60, as: UInt16.self))
        let end = WireFormat.fixedBytes + length
        guard aligned(end) == message.byteCount else {
            throw WireError(.badLength, "the text's length contradicts the message's", byteOffset: 60)
        }
        guard message.isZero(end..<message.byteCount) else {
            throw WireError(.reservedNotZero, "padding must be zero", byteOffset: end)
        }
        guard message.isUTF8(WireFormat.fixedBytes..<end) else {
            throw WireError(.badText, "the text is not UTF-8", byteOffset: WireFormat.fixedBytes)
        }
        var error = WireError(code, message.text(WireFormat.fixedBytes..<end))
        error.retryAfterMilliseconds = message.integer(at: 36)
        error.row = known(message.integer(at: 40))
        error.column = known(message.integer(at: 44))
        let fingerprint = message.integer(at: 48, as: UInt64.self)
        error.expectedFingerprint = fingerprint == 0 ? nil : fingerprint
        error.byteOffset = known(message.integer(at: 56))
        return (header.requestID, error)
    }
}

private func known(_ place: UInt32) -> UInt32? {
    place == WireFormat.unknownPlace ? nil : place
}

/// A fingerprint as people see it: 16 hexadecimal digits.
func hexadecimal(_ fingerprint: UInt64) -> String {
    let digits = String(fingerprint, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
