internal import ByteKit
internal import CNghttp2

/// What servers' and clients' sessions share: the nghttp2 session, its state, and the ways in and out.
@safe struct HTTP2Session: ~Copyable {
    let state: UnsafeMutablePointer<HTTP2State>

    init(isServer: Bool, limits: HTTP2Limits, keptNames: [String], pool: BytePool?) {
        // Safety: freed in deinit; nghttp2 keeps the address as its user pointer and copies everything else.
        unsafe state = .allocate(capacity: 1)
        let pool = pool ?? BytePool(blocksKeptMax: 4)
        unsafe state.initialize(
            to: HTTP2State(isServer: isServer, limits: limits, keptNames: keptNames.map { $0.lowercased() }, pool: pool)
        )
        var options: OpaquePointer?
        unsafe nghttp2_option_new(&options)
        defer { unsafe nghttp2_option_del(options) }
        unsafe nghttp2_option_set_no_auto_window_update(options, 1)
        unsafe nghttp2_option_set_max_continuations(options, limits.continuationsMax)
        // Ours come first and say ENHANCE_YOUR_CALM; the library's stands behind them.
        unsafe nghttp2_option_set_stream_reset_rate_limit(options, 1000, 33)
        // The library passes over frames of types that nobody asked for without a word: ask for all, to count them.
        if isServer {
            for type in UInt8(10)...255 { unsafe nghttp2_option_set_user_recv_extension_type(options, type) }
        }
        var session: OpaquePointer?
        let result =
            isServer
            ? unsafe nghttp2_session_server_new2(&session, HTTP2Callbacks.table, state, options)
            : unsafe nghttp2_session_client_new2(&session, HTTP2Callbacks.table, state, options)
        guard result == 0 else {
            unsafe state.pointee.isDead = true
            unsafe state.pointee.violation = .internalFailure
            return
        }
        unsafe state.pointee.session = unsafe session
        submitSettings(limits, isServer: isServer)
    }

    deinit {
        // Safety: this is the only owner; no callback runs after the session is gone.
        unsafe nghttp2_session_del(state.pointee.session)
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    private var session: OpaquePointer? { unsafe state.pointee.session }

    private func submitSettings(_ limits: HTTP2Limits, isServer: Bool) {
        func entry(_ identifier: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
            nghttp2_settings_entry(settings_id: Int32(identifier.rawValue), value: UInt32(clamping: value))
        }
        var entries = [
            entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.streamWindowBytes),
            entry(NGHTTP2_SETTINGS_MAX_FRAME_SIZE, min(max(limits.frameBytesMax, 16_384), 16_777_215)),
            entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.headerListBytesMax),
        ]
        if isServer {
            entries.append(entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streamsMax))
        } else {
            entries.append(entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0))
        }
        // Safety: the library copies the entries.
        _ = unsafe nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), entries, entries.count)
        _ = unsafe nghttp2_session_set_local_window_size(
            session,
            UInt8(NGHTTP2_FLAG_NONE.rawValue),
            0,
            Int32(clamping: limits.connectionWindowBytes)
        )
    }

    /// The next event not taken yet.
    func nextEvent() -> HTTP2Event? {
        let taken = unsafe state.pointee.eventsTaken
        if unsafe taken < state.pointee.events.count {
            unsafe state.pointee.eventsTaken = taken + 1
            return unsafe state.pointee.events[taken]
        }
        if taken > 0 {
            unsafe state.pointee.eventsTaken = 0
            unsafe state.pointee.events.removeAll(keepingCapacity: true)
            unsafe state.pointee.requests.removeAll(keepingCapacity: true)
            unsafe state.pointee.responses.removeAll(keepingCapacity: true)
        }
        return nil
    }

    /// Takes what the peer sent.
    func receive(_ bytes: RawSpan, now: UInt64) {
        unsafe state.pointee.now = now
        guard unsafe !state.pointee.isDead, bytes.byteCount > 0 else { return }
        unsafe state.pointee.bytesReceived(bytes.byteCount)
        // Safety: the bytes are valid during the closure; `input` is cleared before it ends.
        let result = unsafe bytes.withUnsafeBytes { buffer in
            let start = unsafe buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
            unsafe state.pointee.input = unsafe start
            defer { unsafe state.pointee.input = nil }
            return unsafe nghttp2_session_mem_recv(session, start, buffer.count)
        }
        if result < 0 { breakOff(result) } else { unsafe state.pointee.bytesAreTaken() }
    }

    /// A fatal result says nothing to the peer by itself.
    private func breakOff(_ result: Int) {
        unsafe state.pointee.isDead = true
        let reason: HTTP2Violation
        let code: HTTP2ErrorCode
        switch Int32(clamping: result) {
        case NGHTTP2_ERR_CALLBACK_FAILURE.rawValue where unsafe state.pointee.violation != nil:
            unsafe (reason, code) = (.internalFailure, state.pointee.endCode)
        case NGHTTP2_ERR_FLOODED.rawValue: (reason, code) = (.tooManyControlFrames, .enhanceYourCalm)
        case Self.tooManyContinuations: (reason, code) = (.tooManyContinuations, .enhanceYourCalm)
        case NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue: (reason, code) = (.badPreface, .protocolError)
        default: (reason, code) = (.internalFailure, .internalError)
        }
        if unsafe state.pointee.violation == nil { unsafe state.pointee.violation = reason }
        _ = unsafe nghttp2_session_terminate_session(session, code.rawValue)
    }

    /// NGHTTP2_ERR_TOO_MANY_CONTINUATIONS, which older headers do not name.
    private static let tooManyContinuations: Int32 = -905

    /// Adds bytes for the peer to a queue, until there are enough or no more.
    func pull(into queue: inout ByteQueue, upTo enough: Int) {
        guard unsafe session != nil else { return }
        unsafe withUnsafeMutablePointer(to: &queue) { output in
            // Safety: the pointer is good inside the closure, and taken back before it ends.
            unsafe state.pointee.output = unsafe output
            unsafe state.pointee.outputEnough = enough
            defer { unsafe state.pointee.output = nil }
            while unsafe output.pointee.count < enough {
                var bytes: UnsafePointer<UInt8>?
                let count = unsafe nghttp2_session_mem_send(session, &bytes)
                if count > 0 {
                    unsafe output.pointee.append(RawSpan(_unsafeStart: UnsafeRawPointer(bytes!), byteCount: count))
                } else {
                    if count < 0 { breakOff(count) }
                    break
                }
            }
        }
    }

    var isFinished: Bool {
        guard unsafe session != nil else { return true }
        if unsafe nghttp2_session_want_write(session) != 0 { return false }
        return unsafe state.pointee.isDead || nghttp2_session_want_read(session) == 0
    }

    var hasOutput: Bool { unsafe session != nil && nghttp2_session_want_write(session) != 0 }

    func consume(_ stream: Int32, _ count: Int) {
        // A stream that is gone has given everything back when it closed.
        guard let record = unsafe state.pointee.record(stream), count > 0 else { return }
        let used = min(count, record.unconsumedBytes)
        record.unconsumedBytes -= used
        _ = unsafe nghttp2_session_consume(session, stream, used)
        unsafe state.pointee.giveBackSmallFrames(used)
    }

    func discardBody(_ stream: Int32) {
        guard let record = unsafe state.pointee.record(stream) else { return }
        record.discardsBody = true
        consume(stream, record.unconsumedBytes)
    }

    func reset(_ stream: Int32, _ code: HTTP2ErrorCode) {
        guard let record = unsafe state.pointee.record(stream) else { return }
        record.discardsBody = true
        _ = unsafe nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code.rawValue)
    }

    func appendBody(_ stream: Int32, _ bytes: RawSpan) -> Bool {
        guard let record = unsafe state.pointee.record(stream), !record.bodyIsComplete else { return false }
        record.more.append(bytes)
        unsafe state.pointee.unsentBodyBytes &+= bytes.byteCount
        resume(stream, record)
        return true
    }

    func finishBody(_ stream: Int32) {
        guard let record = unsafe state.pointee.record(stream) else { return }
        record.bodyIsComplete = true
        resume(stream, record)
    }

    private func resume(_ stream: Int32, _ record: StreamRecord) {
        guard record.isDeferred else { return }
        record.isDeferred = false
        _ = unsafe nghttp2_session_resume_data(session, stream)
    }

    func terminate(_ code: HTTP2ErrorCode) {
        guard unsafe session != nil else { return }
        unsafe state.pointee.isTerminated = true
        _ = unsafe nghttp2_session_terminate_session(session, code.rawValue)
    }

    func beginDrain() {
        guard unsafe session != nil else { return }
        _ = unsafe nghttp2_submit_shutdown_notice(session)
        // Safety: the library copies the eight bytes.
        _ = unsafe nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), HTTP2State.drainPing)
        unsafe state.pointee.drainPingIsOut = true
    }
}
