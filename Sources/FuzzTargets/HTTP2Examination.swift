internal import ByteKit
internal import HTTP2Transport
internal import LeadServer

/// A peer's conversation with an HTTP/2 server session, and a tiny house that answers it.
///
/// Each step is two bytes: how much of the conversation comes, and what the house does then (see ``Deeds``).
enum HTTP2Examination {
    static func run(_ bytes: [UInt8]) throws(FuzzTarget.Finding) -> FuzzTarget.Outcome {
        var script = Script(bytes, width: 2)
        var house = HTTP2House(settings: script.settings)
        var rest = script.conversation
        while !rest.isEmpty {
            let step = script.step()
            let piece = Array(rest.prefix(Script.pieceBytes(step?.first)))
            rest = rest.dropFirst(piece.count)
            try house.take(piece, Deeds(rawValue: step?.last ?? Deeds.usual.rawValue))
        }
        try house.end()
        return house.outcome
    }

    /// What the house does after a piece.
    struct Deeds: OptionSet {
        let rawValue: UInt8

        /// Says that bodies are used.
        static let consumes = Deeds(rawValue: 1)
        /// Answers ended requests.
        static let answers = Deeds(rawValue: 2)
        /// In pieces, where it would answer at once.
        static let answersInPieces = Deeds(rawValue: 4)
        /// Answers heads at once, before the body has come.
        static let answersEarly = Deeds(rawValue: 8)
        /// Sends what there is.
        static let pulls = Deeds(rawValue: 16)
        /// No more than a few bytes of it.
        static let pullsLittle = Deeds(rawValue: 32)
        /// Lets time pass: 10 ms, or 1 s where it pulls little.
        static let waits = Deeds(rawValue: 64)
        /// Does something rare to the stream spoken of last: reset, no more body, or to the connection: drain, end.
        static let interferes = Deeds(rawValue: 128)

        static let usual: Deeds = [.consumes, .answers, .pulls]
    }
}

/// A server's session, what it said so far, and what it may say.
private struct HTTP2House: ~Copyable {
    private typealias Deeds = HTTP2Examination.Deeds

    /// What the events of a stream have told.
    private struct Stream {
        var bodyBytes = 0
        var unconsumed = 0
        var hasEnded = false
        var isAnswered = false
        var isJSON = false
    }

    private let session: HTTP2ServerSession
    private let limits: HTTP2Limits
    private var output = ByteQueue()
    private var frames = FrameReader()
    private var streams: [Int32: Stream] = [:]
    private var waiting: [Int32] = []
    private var unfinished: [Int32] = []
    private var lastStream: Int32 = 0
    private var closed: Set<Int32> = []
    private var now: UInt64 = 1_000_000_000
    private var rareDeeds = 0
    private var wasFinished = false
    private var violation: HTTP2Violation?
    private var received = 0
    private var receives = 0
    private var events = 0
    private var heads = 0
    private var submittedBytes = 0
    private var sentBytes = 0

    init(settings: UInt8) {
        var limits = HTTP2Limits()
        if settings & 1 != 0 {
            // Few of everything, so that small inputs reach the limits.
            limits.streamsMax = 4
            limits.streamWindowBytes = 1 << 10
            limits.connectionWindowBytes = 1 << 16
            limits.headerListBytesMax = 512
            limits.headerFieldsMax = 12
            limits.peerResets = .init(burst: 4, perSecond: 10)
            limits.faults = .init(burst: 4, perSecond: 10)
            limits.controlFrames = .init(burst: 16, perSecond: 100)
            limits.smallDataFrames = .init(burst: 2_560, perSecond: 1_280)
            limits.ignoredBytes = .init(burst: 2_048, perSecond: 1_024)
        }
        self.limits = limits
        session = HTTP2ServerSession(limits: limits, keptFields: ["X-Request-ID", "priority"])
    }

    var outcome: FuzzTarget.Outcome {
        guard violation == nil else { return .refused("\(violation.map(\.rawValue) ?? "")") }
        return heads > 0 ? .read : .refused(session.isFinished ? "finished without a request" : "no request")
    }

    mutating func take(_ piece: [UInt8], _ deeds: HTTP2Examination.Deeds) throws(FuzzTarget.Finding) {
        received += piece.count
        receives += 1
        if deeds.contains(.waits) { now += deeds.contains(.pullsLittle) ? 1_000_000_000 : 10_000_000 }
        session.receive(piece.rawBytes, now: now)
        try takeEvents(piece.count, deeds)
        // A house that is told that all is over does nothing more of its own.
        if deeds.contains(.interferes), !session.isFinished { interfere() }
        if deeds.contains(.answers) {
            for stream in waiting { answer(stream, deeds) }
            waiting.removeAll()
            goOn()
        }
        if deeds.contains(.pulls) { try pull(upTo: deeds.contains(.pullsLittle) ? 64 : 64 << 10) }
        try check()
    }

    /// Answers all that waits, sends all that may be sent, and looks at what is left.
    mutating func end() throws(FuzzTarget.Finding) {
        for stream in waiting { answer(stream, []) }
        for stream in unfinished { session.finishBody(stream) }
        waiting.removeAll()
        unfinished.removeAll()
        var pulls = 0
        while session.hasOutput {
            let before = sentBytes
            try pull(upTo: 16 << 10)
            try check()
            pulls = sentBytes == before ? pulls + 1 : 0
            guard pulls < 3 else { throw FuzzTarget.Finding("output that is never pulled") }
        }
        guard frames.isBetweenFrames else { throw FuzzTarget.Finding("the output ends inside a frame") }
        if session.isFinished, violation == .none, session.openStreamCount == 0, session.unsentBodyBytes != 0 {
            throw FuzzTarget.Finding("\(session.unsentBodyBytes) bytes wait on no stream")
        }
    }

    // MARK: In

    private mutating func takeEvents(
        _ pieceBytes: Int,
        _ deeds: HTTP2Examination.Deeds
    ) throws(FuzzTarget.Finding) {
        while let event = session.nextEvent() {
            events += 1
            if event.stream != 0, event.kind != .goAway { lastStream = event.stream }
            switch event.kind {
            case .head: try takeHead(event, deeds)
            case .body:
                guard var stream = streams[event.stream], !stream.hasEnded else {
                    throw FuzzTarget.Finding("a body on stream \(event.stream), which is not open")
                }
                guard !event.range.isEmpty, event.range.lowerBound >= 0, event.range.upperBound <= pieceBytes else {
                    throw FuzzTarget.Finding("a body at \(event.range) of \(pieceBytes) bytes")
                }
                stream.bodyBytes += event.range.count
                stream.unconsumed += event.range.count
                // The peer need not know of a smaller one than is usual before it has acknowledged our settings.
                let window = max(limits.streamWindowBytes, 65_535)
                guard stream.unconsumed <= window else {
                    throw FuzzTarget.Finding("\(stream.unconsumed) bytes in a window of \(window)")
                }
                if deeds.contains(.consumes) {
                    session.consume(event.stream, stream.unconsumed)
                    stream.unconsumed = 0
                }
                streams[event.stream] = stream
            case .end:
                guard let stream = streams[event.stream], !stream.hasEnded else {
                    throw FuzzTarget.Finding("the end of stream \(event.stream), which is not open")
                }
                streams[event.stream]?.hasEnded = true
                if !stream.isAnswered { waiting.append(event.stream) }
            case .closed:
                guard closed.insert(event.stream).inserted else {
                    throw FuzzTarget.Finding("stream \(event.stream) is closed twice")
                }
                streams[event.stream] = nil
            case .goAway, .settings:
                guard session.hasPeerSettings || event.kind == .goAway else {
                    throw FuzzTarget.Finding("settings that are not there")
                }
            }
        }
    }

    private mutating func takeHead(
        _ event: HTTP2Event,
        _ deeds: HTTP2Examination.Deeds
    ) throws(FuzzTarget.Finding) {
        heads += 1
        guard event.stream > 0, event.stream & 1 == 1, streams[event.stream] == nil, !closed.contains(event.stream)
        else { throw FuzzTarget.Finding("a second head on stream \(event.stream)") }
        let head = session.head(of: event)
        let texts = [head.method, head.path, head.authority, head.scheme, head.contentType ?? ""]
        let bytes = texts.reduce(0) { $0 + $1.utf8.count } + head.fields.reduce(0) { $0 + $1.value.utf8.count }
        // What is not UTF-8 becomes three bytes each.
        guard bytes <= 3 * limits.headerListBytesMax, head.fields.count <= limits.headerFieldsMax,
            !head.method.isEmpty, !head.authority.contains("@"), head.contentLength ?? 0 >= 0
        else { throw FuzzTarget.Finding("a head that should have been refused: \(head)") }
        let route = Route.choose(method: head.method, target: head.path, contentType: head.contentType)
        var stream = Stream()
        stream.isJSON = route == .json
        streams[event.stream] = stream
        if case .refused(let response) = route {
            guard response.body.count <= PlainRequestExamination.responseBytesMax else {
                throw FuzzTarget.Finding("a refusal of \(response.body.count) bytes")
            }
            respond(event.stream, response.status, response.body)
            if deeds.contains(.answersInPieces) { session.discardBody(event.stream) }
        } else if deeds.contains(.answersEarly) {
            answer(event.stream, deeds)
        }
    }

    // MARK: Out

    private mutating func respond(_ stream: Int32, _ status: Int, _ body: [UInt8]) {
        let head = HTTP2ResponseHead(status: status, contentType: "application/json")
        if session.submitResponse(stream, head, body: body) { submittedBytes += body.count }
        streams[stream]?.isAnswered = true
    }

    private mutating func answer(_ number: Int32, _ deeds: HTTP2Examination.Deeds) {
        guard let stream = streams[number], !stream.isAnswered else { return }
        // An echo, but of bounded length: a body is not kept.
        let count = min(stream.bodyBytes * 3, 1 << 17)
        guard deeds.contains(.answersInPieces) else {
            respond(number, 200, [UInt8](repeating: 0x2E, count: count))
            return
        }
        streams[number]?.isAnswered = true
        guard session.beginResponse(number, HTTP2ResponseHead(status: 200)) else { return }
        unfinished.append(number)
        append(number, count / 2)
    }

    private mutating func append(_ stream: Int32, _ count: Int) {
        let piece = [UInt8](repeating: 0x2C, count: count)
        if session.appendBody(stream, piece.rawBytes) { submittedBytes += count }
    }

    /// Goes on with what was begun in pieces.
    private mutating func goOn() {
        for (index, stream) in unfinished.enumerated() where index & 1 == receives & 1 {
            append(stream, 100)
            session.finishBody(stream)
        }
        unfinished.removeAll { session.unsentBody($0) == 0 || streams[$0] == nil }
    }

    private mutating func interfere() {
        rareDeeds += 1
        switch (rareDeeds + Int(lastStream)) % 6 {
        case 0, 1: session.reset(lastStream, .cancel)
        case 2, 3: session.discardBody(lastStream)
        case 4: if rareDeeds == 1 { session.beginDrain() } else { session.finishDrain() }
        default: if rareDeeds > 3 { session.terminate(.noError) } else { session.consume(lastStream, 1 << 20) }
        }
    }

    private mutating func pull(upTo enough: Int) throws(FuzzTarget.Finding) {
        session.pull(into: &output, upTo: enough)
        sentBytes += output.count
        try frames.read(output.copy(), isWhole: true)
        output.removeAll()
        try takeEvents(0, [])
    }

    // MARK: What holds at any time

    private mutating func check() throws(FuzzTarget.Finding) {
        guard violation == nil || session.violation == violation else {
            throw FuzzTarget.Finding("the violation \(violation.map(\.rawValue) ?? "") became another")
        }
        violation = session.violation
        if let violation, violation == .internalFailure { throw FuzzTarget.Finding("an internal failure") }
        guard !wasFinished || session.isFinished else { throw FuzzTarget.Finding("a finished session is not any more") }
        wasFinished = session.isFinished
        // A frame takes nine bytes and says at most that a stream begins, has a body, ends and is closed.
        guard events <= 8 + received + 2 * receives + heads else {
            throw FuzzTarget.Finding("\(events) events of \(received) bytes in \(receives) pieces")
        }
        guard session.openStreamCount <= limits.streamsMax + 1 else {
            throw FuzzTarget.Finding("\(session.openStreamCount) streams where \(limits.streamsMax) are allowed")
        }
        guard session.unsentBodyBytes >= 0, session.unsentBodyBytes <= submittedBytes else {
            throw FuzzTarget.Finding("\(session.unsentBodyBytes) of \(submittedBytes) bytes wait")
        }
        // Each frame is answered by one as small; each byte of credit may cost a frame of its own.
        guard sentBytes <= 1_024 + 16 * received + submittedBytes + 128 * heads else {
            throw FuzzTarget.Finding("\(sentBytes) bytes in answer to \(received), bodies \(submittedBytes)")
        }
    }
}

/// Reads the frames of the server's output, which are whole and in order.
private struct FrameReader {
    private var left: [UInt8] = []
    private var isFirst = true
    private var ended: Set<UInt32> = []

    var isBetweenFrames: Bool { left.isEmpty }

    mutating func read(_ bytes: [UInt8], isWhole: Bool) throws(FuzzTarget.Finding) {
        left += bytes
        var offset = 0
        while left.count - offset >= 9 {
            let count = Int(left[offset]) << 16 | Int(left[offset + 1]) << 8 | Int(left[offset + 2])
            guard left.count - offset >= 9 + count else { break }
            let type = left[offset + 3]
            let flags = left[offset + 4]
            let stream = left[offset + 5..<offset + 9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            try take(type, flags, stream, count)
            offset += 9 + count
        }
        left.removeFirst(offset)
    }

    private mutating func take(
        _ type: UInt8,
        _ flags: UInt8,
        _ stream: UInt32,
        _ count: Int
    ) throws(FuzzTarget.Finding) {
        if isFirst, type != 4 { throw FuzzTarget.Finding("the first frame is of type \(type), not SETTINGS") }
        isFirst = false
        guard count <= 64 << 10 else { throw FuzzTarget.Finding("a frame of \(count) bytes") }
        guard type <= 1 || type == 3 else { return }
        guard !ended.contains(stream) || type == 3 else {
            throw FuzzTarget.Finding("a frame of type \(type) on stream \(stream), whose end was sent")
        }
        if type == 3 || flags & 1 != 0 { ended.insert(stream) }
    }
}
