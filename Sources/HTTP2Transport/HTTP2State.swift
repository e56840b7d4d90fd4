internal import ByteKit
internal import CNghttp2

/// Everything of a session that its callbacks touch; at an address of its own, which C knows.
///
/// The callbacks note what happened and return; nothing is decided inside of them but to end a connection whose peer
/// went beyond a limit.
@unsafe struct HTTP2State: ~Copyable {
    var session: OpaquePointer?
    let isServer: Bool
    let pool: BytePool
    var reader: HeadReader
    var events: [HTTP2Event] = []
    var eventsTaken = 0
    var requests: [HTTP2RequestHead] = []
    var responses: [HTTP2ResponseHead] = []
    private(set) var streams = StreamTable<StreamRecord>()
    private var lastRecord: (stream: Int32, record: StreamRecord)?
    var block = FieldBlock()
    var unusedRecords: [StreamRecord] = []
    var violation: HTTP2Violation?
    /// What the GOAWAY says when there is a violation.
    var endCode = HTTP2ErrorCode.internalError
    var isDead = false
    /// The connection was ended for a reason that is not the peer's breach of HTTP/2.
    var isTerminated = false
    var hasPeerSettings = false
    /// When the head began whose last frame has not come.
    private(set) var headBegan: UInt64?
    /// Bytes of bodies going out that wait here, on all streams.
    var unsentBodyBytes = 0
    var drainPingIsOut = false
    /// Streams refused since somebody asked; those that never began are told of by no event.
    var refusedStreams = 0
    var now: UInt64 = 0

    /// The bytes of the `receive` under way.
    var input: UnsafePointer<UInt8>?

    /// Where the `pull` under way puts bytes, and how many are enough.
    var output: UnsafeMutablePointer<ByteQueue>?
    var outputEnough = 0

    private var peerResets: TokenBucket
    private var faults: TokenBucket
    private var controlFrames: TokenBucket
    private var smallFrames: TokenBucket
    private var ignoredBytes: TokenBucket
    private var lastOpened: Int32 = -1
    private var passedOver: [ClosedRange<Int32>] = []
    private var peerStreamWindow: UInt32 = 65_535
    private var itemsBeforeSettings = 0

    /// The payload of the PING whose answer shows that the peer has seen our first GOAWAY.
    static let drainPing: [UInt8] = Array("leadline".utf8)

    init(isServer: Bool, limits: HTTP2Limits, keptNames: [String], pool: BytePool) {
        unsafe session = nil
        unsafe input = nil
        unsafe output = nil
        unsafe self.isServer = isServer
        unsafe self.pool = pool
        unsafe reader = HeadReader(limits: limits, keptNames: keptNames)
        unsafe peerResets = TokenBucket(limits.peerResets)
        unsafe faults = TokenBucket(limits.faults)
        unsafe controlFrames = TokenBucket(limits.controlFrames)
        unsafe smallFrames = TokenBucket(limits.smallDataFrames)
        unsafe ignoredBytes = TokenBucket(limits.ignoredBytes)
    }

    mutating func makeRecord(_ stream: Int32) -> StreamRecord {
        let record = unsafe unusedRecords.popLast() ?? StreamRecord(pool: pool)
        unsafe streams[stream] = record
        unsafe lastRecord = (stream, record)
        return record
    }

    /// What we keep of a stream; most questions in a row are about the same one.
    mutating func record(_ stream: Int32) -> StreamRecord? {
        if let last = unsafe lastRecord, last.stream == stream { return last.record }
        guard let record = unsafe streams[stream] else { return nil }
        unsafe lastRecord = (stream, record)
        return record
    }

    /// Ends the connection on the peer's account; the GOAWAY goes out with the next `pull`.
    ///
    /// While the library reads, it is not told so: it would go on with the next frame, and a malformed one there stops
    /// the process by an assertion (CVE-2026-27135, whose correction in 1.52 leaves DATA out). The callback's `verdict`
    /// makes it stop reading, and `receive` says GOAWAY.
    mutating func end(_ reason: HTTP2Violation, _ code: HTTP2ErrorCode) {
        guard unsafe violation == nil else { return }
        unsafe violation = reason
        unsafe endCode = code
        guard unsafe input == nil else { return }
        _ = unsafe nghttp2_session_terminate_session(session, code.rawValue)
    }

    /// What a callback returns to the library that reads: to go on, or that it is over.
    var verdict: Int32 {
        unsafe violation == nil ? 0 : Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
    }

    mutating func chargeFault() {
        if unsafe !faults.take(1, now: now) { unsafe end(.tooManyFaults, .enhanceYourCalm) }
    }

    mutating func giveBackSmallFrames(_ bytes: Int) {
        unsafe smallFrames.giveBack(Double(bytes))
    }

    /// Bytes count as ignored until a frame that we know is complete: see `frameCompletes`.
    mutating func bytesReceived(_ count: Int) {
        _ = unsafe ignoredBytes.take(Double(count), now: now)
    }

    mutating func bytesAreTaken() {
        if unsafe isServer, unsafe ignoredBytes.isEmpty { unsafe end(.tooManyIgnoredBytes, .enhanceYourCalm) }
    }

    // MARK: What callbacks note

    mutating func frameCompletes(_ length: Int) {
        unsafe ignoredBytes.giveBack(Double(length &+ 9))
    }

    mutating func frameBegins(type: UInt8, stream: Int32) {
        guard unsafe violation == nil else { return }
        // Only CONTINUATION may follow a head that goes on; it began before.
        if UInt32(type) != NGHTTP2_CONTINUATION.rawValue { unsafe headBegan = nil }
        if UInt32(type) == NGHTTP2_SETTINGS.rawValue {
            unsafe itemsBeforeSettings = unsafe nghttp2_session_get_outbound_queue_size(session)
        }
        switch UInt32(type) {
        case NGHTTP2_DATA.rawValue, NGHTTP2_RST_STREAM.rawValue, NGHTTP2_CONTINUATION.rawValue: break
        case NGHTTP2_HEADERS.rawValue:
            if unsafe isServer { unsafe streamBegins(stream) }
        default:
            if unsafe !controlFrames.take(1, now: now) { unsafe end(.tooManyControlFrames, .enhanceYourCalm) }
        }
    }

    /// Stream numbers rise (RFC 9113 section 5.1.1): using one closes those below it that were never used.
    private mutating func streamBegins(_ stream: Int32) {
        guard stream > 0, stream & 1 == 1 else { return }
        let last = unsafe lastOpened
        if stream > last {
            if stream > last &+ 2 {
                // A peer that jumps about is forgotten its oldest gap, so that memory stays bounded.
                if unsafe passedOver.count >= 64 { unsafe passedOver.removeFirst() }
                unsafe passedOver.append(last &+ 2...stream &- 2)
            }
            unsafe lastOpened = stream
        } else if unsafe passedOver.contains(where: { $0.contains(stream) }) {
            unsafe end(.fallingStreamNumber, .protocolError)
        }
    }

    mutating func headBegins(_ stream: Int32, opensStream: Bool) {
        unsafe reader.begin()
        unsafe headBegan = now
        if opensStream, unsafe record(stream) == nil { _ = unsafe makeRecord(stream) }
    }

    mutating func headField(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Int32 {
        if unsafe violation == nil {
            switch unsafe reader.add(name, value) {
            case .accepted: return 0
            case .tooLarge: unsafe end(.headerListTooLarge, .enhanceYourCalm)
            case .tooMany: unsafe end(.tooManyHeaderFields, .enhanceYourCalm)
            }
        }
        return unsafe verdict
    }

    mutating func headersReceived(_ stream: Int32, ends: Bool) {
        unsafe headBegan = nil
        guard unsafe violation == nil, let record = unsafe record(stream) else { return }
        if !record.hasHead {
            if unsafe isServer {
                record.hasHead = true
                guard unsafe reader.settleAuthority() else {
                    record.discardsBody = true
                    _ = unsafe nghttp2_submit_rst_stream(
                        session,
                        UInt8(NGHTTP2_FLAG_NONE.rawValue),
                        stream,
                        HTTP2ErrorCode.protocolError.rawValue
                    )
                    return
                }
                unsafe requests.append(reader.request)
                unsafe events.append(HTTP2Event(.head, stream, headIndex: requests.count - 1))
            } else if unsafe reader.status >= 200 {
                // 1xx is a word on the way; the response is still to come.
                record.hasHead = true
                unsafe responses.append(reader.response)
                unsafe events.append(HTTP2Event(.head, stream, headIndex: responses.count - 1))
            }
        }
        if ends { unsafe peerEnds(stream, record) }
    }

    mutating func bodyReceived(_ stream: Int32, _ bytes: UnsafePointer<UInt8>?, _ count: Int) {
        guard unsafe violation == nil, let record = unsafe record(stream), !record.discardsBody,
            let bytes = unsafe bytes,
            let input = unsafe input
        else {
            _ = unsafe nghttp2_session_consume(session, stream, count)
            unsafe dropAnswered(stream, count)
            return
        }
        record.unconsumedBytes &+= count
        let offset = unsafe bytes - input
        unsafe events.append(HTTP2Event(.body, stream, range: offset..<offset &+ count))
    }

    mutating func dataReceived(_ stream: Int32, length: Int, ends: Bool) {
        guard unsafe violation == nil else { return }
        if ends {
            if let record = unsafe record(stream) { unsafe peerEnds(stream, record) }
        } else if length < 128 {
            let cost: Double = length == 0 ? 1024 : Double(128 - length)
            if unsafe !smallFrames.take(cost, now: now) { unsafe end(.tooManySmallFrames, .enhanceYourCalm) }
        }
    }

    private mutating func peerEnds(_ stream: Int32, _ record: StreamRecord) {
        guard !record.peerHasEnded else { return }
        record.peerHasEnded = true
        if !record.discardsBody { unsafe events.append(HTTP2Event(.end, stream)) }
    }

    mutating func resetReceived() {
        guard unsafe isServer, unsafe violation == nil else { return }
        if unsafe !peerResets.take(1, now: now) { unsafe end(.tooManyResets, .enhanceYourCalm) }
    }

    /// A GOAWAY with an error that nobody here asked for is the library's, for a breach of the protocol.
    mutating func goAwaySent(_ code: UInt32) {
        guard unsafe isServer, unsafe violation == nil, unsafe !isTerminated, code != HTTP2ErrorCode.noError.rawValue
        else { return }
        unsafe violation = .protocolError
    }

    mutating func resetSent(_ code: UInt32) {
        if code == HTTP2ErrorCode.refusedStream.rawValue { unsafe refusedStreams &+= 1 }
        if unsafe isServer, code != HTTP2ErrorCode.noError.rawValue { unsafe chargeFault() }
    }

    /// The answer is complete before the request is: the rest is of no use (RFC 9113 section 8.1).
    ///
    /// A reset at once would be right too, but clients that are still sending take it for a failure and never look at the
    /// answer (curl before 8). So a moderate rest is taken and dropped.
    mutating func endSent(_ stream: Int32) {
        guard unsafe isServer, let record = unsafe record(stream), !record.peerHasEnded else { return }
        record.discardsBody = true
        record.dropsLeft = 1 << 20
        // What was handed out and not used counts as used: the rest needs the window.
        _ = unsafe nghttp2_session_consume(session, stream, record.unconsumedBytes)
        record.unconsumedBytes = 0
    }

    /// Counts bytes of a request that is already answered; ends the stream when there are too many.
    private mutating func dropAnswered(_ stream: Int32, _ count: Int) {
        guard let record = unsafe record(stream), let left = record.dropsLeft, left >= 0 else { return }
        record.dropsLeft = left - count
        guard left < count else { return }
        _ = unsafe nghttp2_submit_rst_stream(
            session,
            UInt8(NGHTTP2_FLAG_NONE.rawValue),
            stream,
            HTTP2ErrorCode.noError.rawValue
        )
    }

    /// Notes the peer's settings, which the library has applied.
    ///
    /// Where they drive a stream's window above 2^31-1, it has reset the stream, but RFC 9113 section 6.9.2 asks for the
    /// end of the connection. It is seen by what waits to be sent: one acknowledgement, and those resets.
    mutating func settingsReceived(_ settings: nghttp2_settings) {
        unsafe hasPeerSettings = true
        unsafe events.append(HTTP2Event(.settings, 0))
        let before = unsafe peerStreamWindow
        for index in unsafe 0..<settings.niv {
            // Safety: the library's array of `niv` entries, valid during its call.
            let entry = unsafe settings.iv[index]
            if UInt32(entry.settings_id) == NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue {
                unsafe peerStreamWindow = entry.value
            }
        }
        let added = unsafe nghttp2_session_get_outbound_queue_size(session) - itemsBeforeSettings
        if unsafe isServer, unsafe peerStreamWindow > before, added > 1 {
            unsafe end(.windowTooLarge, .flowControlError)
        }
    }

    mutating func pingAnswered(_ isDrainPing: Bool) {
        guard isDrainPing, unsafe drainPingIsOut else { return }
        unsafe finishDrain()
    }

    mutating func finishDrain() {
        guard unsafe drainPingIsOut else { return }
        unsafe drainPingIsOut = false
        let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
        _ = unsafe nghttp2_submit_goaway(
            session,
            UInt8(NGHTTP2_FLAG_NONE.rawValue),
            last,
            HTTP2ErrorCode.noError.rawValue,
            nil,
            0
        )
    }

    mutating func streamClosed(_ stream: Int32, _ code: UInt32) {
        guard let record = unsafe streams.removeValue(forKey: stream) else { return }
        unsafe lastRecord = nil
        // Bytes that are still in the owner's hands no longer count against the connection, or its window leaks shut.
        if record.unconsumedBytes > 0 {
            _ = unsafe nghttp2_session_consume_connection(session, record.unconsumedBytes)
        }
        unsafe events.append(HTTP2Event(.closed, stream, errorCode: HTTP2ErrorCode(rawValue: code)))
        unsafe unsentBodyBytes &-= record.bodyLeft
        record.reset()
        unsafe unusedRecords.append(record)
    }
}
