internal import ByteKit
internal import LeadServer
internal import LeadTypes
internal import LeadWire

/// Any bytes as messages of the wire: whole, with a header that is set right, and from a stream that is cut anywhere.
enum WireExamination {
    /// Reads the bytes as they are, and once more as the body of a message whose header is right: a checksum would keep
    /// every change from what lies behind it.
    static func run(_ bytes: [UInt8]) throws(FuzzTarget.Finding) -> FuzzTarget.Outcome {
        try assemble(bytes)
        let asTheyAre = try readMessage(bytes)
        if case .read = asTheyAre { return .read }
        return try readMessage(withRightHeader(bytes))
    }

    /// The bytes with a magic, version, length and checksum that fit.
    private static func withRightHeader(_ bytes: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(capacity: bytes.count + 64)
        writer.put(contentsOf: bytes.rawBytes)
        writer.putZeros(max(0, WireFormat.fixedBytes - bytes.count))
        writer.align(to: WireFormat.alignment)
        let version = UInt16(WireFormat.versionMajor) | UInt16(WireFormat.versionMinor) << 8
        writer.patch(WireFormat.magic.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }, at: 0)
        writer.patch(version, at: 4)
        // A type that there is, chosen by the byte that stands there; what is reserved is zero.
        writer.patch(UInt16(writer.bytes[6] % 3) + 1, at: 6)
        writer.patch(UInt32(writer.count), at: 8)
        writer.patch(UInt32(0), at: 12)
        writer.patch(UInt32(0), at: 24)
        writer.patch(CRC32C.of(writer.bytes.rawBytes.extracting(0..<28)), at: 28)
        return writer.take()
    }

    /// Reads it as each kind of message; at most one can be right.
    private static func readMessage(_ message: [UInt8]) throws(FuzzTarget.Finding) -> FuzzTarget.Outcome {
        var errors: [WireError] = []
        var reads = 0
        for read in [readRequest, readReply, readError] {
            do {
                try read(message)
                reads += 1
            } catch let finding as FuzzTarget.Finding {
                throw finding
            } catch let error as WireError {
                errors.append(error)
            } catch {
                throw FuzzTarget.Finding("another error: \(error)")
            }
        }
        for error in errors { try check(error, message.count) }
        guard reads <= 1 else { throw FuzzTarget.Finding("a message is \(reads) kinds at once") }
        if reads == 1 { return .read }
        // The type's own reader has more to say than that it is another type.
        let error = errors.first { $0.code != .unexpectedType } ?? errors.first
        return .refused(error.map { "\($0.code.name): \($0.text)" } ?? "nothing")
    }

    /// An error of a decoder names its place, and can be sent to the peer.
    private static func check(_ error: WireError, _ count: Int) throws(FuzzTarget.Finding) {
        guard let offset = error.byteOffset, Int(offset) <= count, !error.text.isEmpty else {
            throw FuzzTarget.Finding("\(error) of \(count) bytes has no place inside them")
        }
        var writer = ByteWriter()
        error.encode(into: &writer, requestID: 7)
        let again = try? WireError.decode(writer.bytes.rawBytes)
        guard again?.error == error, again?.requestID == 7 else {
            throw FuzzTarget.Finding("\(error) is written as \(again?.error.description ?? "what cannot be read")")
        }
    }

    // MARK: Requests

    private static func readRequest(_ message: [UInt8]) throws {
        var request = ScoreRequest()
        do throws(WireError) {
            try request.decode(message.rawBytes)
        } catch {
            guard request.columns.isEmpty, request.rows == 0 else {
                throw FuzzTarget.Finding("a refused request has \(request.rows) rows")
            }
            throw error
        }
        // Absent columns take no bytes: few bytes may be many values.
        guard request.rows * request.columns.count <= valuesMax else { return }
        // Which encoding a column takes is the sender's choice; the smallest one is always the same.
        let smallest = try written(request, message)
        var again = ScoreRequest()
        do throws(WireError) {
            try again.decode(smallest.rawBytes)
        } catch {
            throw FuzzTarget.Finding("a request is written as what is refused: \(error)")
        }
        guard try written(again, smallest) == smallest else {
            throw FuzzTarget.Finding("a request in its smallest form is written in another")
        }
        try compare(request, message, again, smallest)
    }

    /// The request with every column in the smallest encoding.
    private static func written(_ request: ScoreRequest, _ message: [UInt8]) throws(FuzzTarget.Finding) -> [UInt8] {
        do throws(WireError) {
            var encoder = try ScoreRequestEncoder(
                requestID: request.requestID,
                model: request.modelName(of: message.rawBytes),
                version: request.modelVersion(of: message.rawBytes),
                fingerprint: request.fingerprint,
                rows: request.rows,
                columnCount: request.columns.count,
                outputs: request.outputs,
                deadlineMicroseconds: request.deadlineMicroseconds,
                asOfDays: request.asOfDays
            )
            for column in request.columns.indices {
                let values = numbers(request, column, message)
                if request.columns[column].encoding.isDictionary {
                    let entries = request.dictionaryEntries(column, of: message.rawBytes)
                    try encoder.add(strings: values.map { $0.isNaN ? nil : entries[Int($0)] })
                } else {
                    encoder.add(values)
                }
            }
            return try encoder.finish()
        } catch {
            throw FuzzTarget.Finding("a request that was read cannot be written: \(error)")
        }
    }

    private static func compare(
        _ one: ScoreRequest,
        _ oneMessage: [UInt8],
        _ other: ScoreRequest,
        _ otherMessage: [UInt8]
    ) throws(FuzzTarget.Finding) {
        guard one.requestID == other.requestID, one.fingerprint == other.fingerprint, one.rows == other.rows,
            one.asOfDays == other.asOfDays || one.asOfDays.isNaN && other.asOfDays.isNaN,
            one.outputs == other.outputs, one.deadlineMicroseconds == other.deadlineMicroseconds,
            one.columns.count == other.columns.count,
            one.modelName(of: oneMessage.rawBytes) == other.modelName(of: otherMessage.rawBytes),
            one.modelVersion(of: oneMessage.rawBytes) == other.modelVersion(of: otherMessage.rawBytes)
        else { throw FuzzTarget.Finding("a request is written as another") }
        for column in one.columns.indices {
            let values = numbers(one, column, oneMessage)
            let others = numbers(other, column, otherMessage)
            let isText = one.columns[column].encoding.isDictionary
            let entries = one.dictionaryEntries(column, of: oneMessage.rawBytes)
            let otherEntries = other.dictionaryEntries(column, of: otherMessage.rawBytes)
            for (row, (value, otherValue)) in zip(values, others).enumerated() {
                var isSame = value.isNaN && otherValue.isNaN
                if isText, !value.isNaN, !otherValue.isNaN {
                    isSame = entries[Int(value)].utf8.elementsEqual(otherEntries[Int(otherValue)].utf8)
                } else if !isText {
                    isSame = isSame || value == otherValue
                }
                guard isSame else {
                    throw FuzzTarget.Finding("column \(column), row \(row): \(value) is written as \(otherValue)")
                }
            }
            try checkForms(one, column, oneMessage, values)
        }
    }

    /// Single precision, places of strings and pieces of a column say the same as the whole in double precision.
    private static func checkForms(
        _ request: ScoreRequest,
        _ column: Int,
        _ message: [UInt8],
        _ values: [Double]
    ) throws(FuzzTarget.Finding) {
        var floats = [Float](repeating: -1, count: values.count)
        var target = floats.mutableSpan
        request.copyColumn(column, rows: 0..<values.count, of: message.rawBytes, into: &target)
        let isExact = request.isExactInFloat(column)
        for (row, (float, value)) in zip(floats, values).enumerated() {
            let isRounded = float == Float(value) || float.isNaN && value.isNaN
            guard isRounded, !isExact || value.isNaN || Double(float) == value else {
                throw FuzzTarget.Finding("column \(column), row \(row): \(value) is \(float) in single precision")
            }
        }
        let piece = values.count / 3..<values.count - values.count / 5
        var part = [Double](repeating: -1, count: piece.count)
        var partTarget = part.mutableSpan
        request.copyColumn(column, rows: piece, of: message.rawBytes, into: &partTarget)
        for (row, value) in zip(piece, part) where value.bitPattern != values[row].bitPattern {
            guard value.isNaN, values[row].isNaN else {
                throw FuzzTarget.Finding("column \(column), row \(row): \(value) of a piece is \(values[row])")
            }
        }
        let entries = request.dictionaryEntries(column, of: message.rawBytes)
        var places: [Range<Int>] = []
        request.forEachDictionaryPlace(column, of: message.rawBytes) { _, place in places.append(place) }
        guard places.count == entries.count, places.allSatisfy({ $0.upperBound <= message.count }),
            zip(places, entries).allSatisfy({ message[$0].elementsEqual($1.utf8) })
        else { throw FuzzTarget.Finding("column \(column): a string is not where its place says") }
    }

    private static func numbers(_ request: ScoreRequest, _ column: Int, _ message: [UInt8]) -> [Double] {
        var values = [Double](repeating: -1, count: request.rows)
        var target = values.mutableSpan
        request.copyColumn(column, rows: 0..<request.rows, of: message.rawBytes, into: &target)
        return values
    }

    // MARK: Answers

    /// Replies and errors have one form: what was read is written as the same bytes.
    private static func readReply(_ message: [UInt8]) throws {
        let reply = try ScoreReply.decode(message.rawBytes)
        var writer = ByteWriter()
        ScoreReplyEncoder.encode(
            into: &writer,
            requestID: reply.requestID,
            model: reply.model,
            version: reply.version,
            epoch: reply.epoch,
            fingerprint: reply.fingerprint,
            rows: reply.rows,
            outputs: reply.outputs,
            margins: reply.margins.span,
            probabilities: reply.probabilities.span,
            scores: reply.scores.span,
            tiers: reply.tiers.span,
            statuses: reply.statuses.span,
            timings: reply.timings,
            flags: reply.hasBodyChecksum ? .bodyChecksum : []
        )
        guard writer.bytes == message else { throw FuzzTarget.Finding("a reply is written as other bytes") }
    }

    private static func readError(_ message: [UInt8]) throws {
        let (requestID, error) = try WireError.decode(message.rawBytes)
        guard !error.description.isEmpty, (400...599).contains(error.httpStatus) else {
            throw FuzzTarget.Finding("an error without words")
        }
        var writer = ByteWriter()
        let limits = WireLimits(errorTextBytesMax: Int(UInt16.max))
        error.encode(into: &writer, requestID: requestID, limits: limits)
        guard writer.bytes == message else { throw FuzzTarget.Finding("an error is written as other bytes") }
        // As a server would cut it.
        var short = ByteWriter()
        error.encode(into: &short, requestID: requestID, limits: WireLimits(errorTextBytesMax: 16))
        guard short.count <= WireFormat.fixedBytes + 16, (try? WireError.decode(short.bytes.rawBytes)) != nil else {
            throw FuzzTarget.Finding("an error cut to 16 bytes takes \(short.count)")
        }
    }

    // MARK: Streams

    /// A stream's body in pieces that the bytes choose: the same messages and the same end as in one piece.
    private static func assemble(_ bytes: [UInt8]) throws(FuzzTarget.Finding) {
        let whole = try messages(of: bytes) { _ in bytes.count }
        let pieces = try messages(of: bytes) { 1 + Int(bytes[$0] & 31) }
        guard whole == pieces else {
            throw FuzzTarget.Finding("\(whole.count) answers to one piece, \(pieces.count) to many")
        }
    }

    private static func messages(
        of bytes: [UInt8],
        piece: (Int) -> Int
    ) throws(FuzzTarget.Finding) -> [Result<[UInt8], WireError>] {
        let limits = WireLimits(messageBytesMax: 1 << 16)
        var assembler = MessageAssembler()
        var answers: [Result<[UInt8], WireError>] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + piece(start))
            let chunk = bytes.rawBytes.extracting(start..<end)
            var offset = 0
            while offset < chunk.byteCount {
                let before = offset
                do throws(WireError) {
                    try assembler.put(chunk, from: &offset, limits: limits)
                } catch {
                    try check(error, max(bytes.count, WireFormat.headerBytes))
                    return answers + [.failure(error)]
                }
                if assembler.isComplete { answers.append(.success(assembler.take(replacement: ByteWriter()).bytes)) }
                guard offset > before else { throw FuzzTarget.Finding("no byte of a piece was taken") }
            }
            start = end
        }
        if let error = assembler.truncation { answers.append(.failure(error)) }
        return answers
    }

    private static let valuesMax = 1 << 16
}
