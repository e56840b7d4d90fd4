internal import ByteKit
internal import CNghttp2

// Safety, for the whole file: nghttp2 calls these on the thread that called it, inside `receive` or `pull`; the user
// pointer is the session's HTTP2State, which outlives the nghttp2 session; frames, names and bytes are valid during the
// call. Nothing throws, blocks, frees or calls back into mem_recv or mem_send.

private typealias State = UnsafeMutablePointer<HTTP2State>

@unsafe @inline(__always)
private func state(_ user: UnsafeMutableRawPointer?) -> State {
    unsafe user!.assumingMemoryBound(to: HTTP2State.self)
}

/// The callbacks, one table for all sessions, which copy it.
enum HTTP2Callbacks {
    // Safety: made once, under the lock of `static let`, and only read afterwards.
    nonisolated(unsafe) static let table: OpaquePointer? = {
        var table: OpaquePointer?
        guard unsafe nghttp2_session_callbacks_new(&table) == 0 else { return nil }
        unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(table, frameBegins)
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(table, headBegins)
        unsafe nghttp2_session_callbacks_set_on_header_callback(table, headField)
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(table, frameReceived)
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table, bodyReceived)
        unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(table, invalidFrame)
        unsafe nghttp2_session_callbacks_set_unpack_extension_callback(table, unknownFrame)
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(table, frameSent)
        unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(table, frameNotSent)
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(table, streamClosed)
        unsafe nghttp2_session_callbacks_set_send_data_callback(table, sendBody)
        unsafe nghttp2_session_callbacks_set_data_source_read_length_callback(table, frameLength)
        return unsafe table
    }()
}

private func frameBegins(
    _ session: OpaquePointer?,
    _ head: UnsafePointer<nghttp2_frame_hd>?,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe state(user).pointee.frameBegins(type: head!.pointee.type, stream: head!.pointee.stream_id)
    return unsafe state(user).pointee.verdict
}

private func headBegins(
    _ session: OpaquePointer?,
    _ frame: UnsafePointer<nghttp2_frame>?,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    let opens = unsafe frame!.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
    unsafe state(user).pointee.headBegins(frame!.pointee.hd.stream_id, opensStream: opens)
    return 0
}

private func headField(
    _ session: OpaquePointer?,
    _ frame: UnsafePointer<nghttp2_frame>?,
    _ name: UnsafePointer<UInt8>?,
    _ nameCount: Int,
    _ value: UnsafePointer<UInt8>?,
    _ valueCount: Int,
    _ flags: UInt8,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe state(user).pointee.headField(
        UnsafeBufferPointer(start: name, count: nameCount),
        UnsafeBufferPointer(start: value, count: valueCount)
    )
}

private func frameReceived(
    _ session: OpaquePointer?,
    _ frame: UnsafePointer<nghttp2_frame>?,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    let head = unsafe frame!.pointee.hd
    let ends = head.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    let isAnswer = head.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0
    let state = unsafe state(user)
    unsafe state.pointee.frameCompletes(head.length)
    switch UInt32(head.type) {
    case NGHTTP2_HEADERS.rawValue: unsafe state.pointee.headersReceived(head.stream_id, ends: ends)
    case NGHTTP2_DATA.rawValue:
        let padding = unsafe frame!.pointee.data.padlen
        unsafe state.pointee.dataReceived(head.stream_id, length: max(0, head.length - padding), ends: ends)
    case NGHTTP2_RST_STREAM.rawValue: unsafe state.pointee.resetReceived()
    case NGHTTP2_PING.rawValue where isAnswer:
        let isOurs = unsafe withUnsafeBytes(of: frame!.pointee.ping.opaque_data) {
            unsafe $0.elementsEqual(HTTP2State.drainPing)
        }
        unsafe state.pointee.pingAnswered(isOurs)
    case NGHTTP2_SETTINGS.rawValue where !isAnswer:
        unsafe state.pointee.settingsReceived(frame!.pointee.settings)
    case NGHTTP2_GOAWAY.rawValue:
        let goAway = unsafe frame!.pointee.goaway
        let code = unsafe HTTP2ErrorCode(rawValue: goAway.error_code)
        unsafe state.pointee.events.append(HTTP2Event(.goAway, goAway.last_stream_id, errorCode: code))
    default: break
    }
    return unsafe state.pointee.verdict
}

private func bodyReceived(
    _ session: OpaquePointer?,
    _ flags: UInt8,
    _ stream: Int32,
    _ bytes: UnsafePointer<UInt8>?,
    _ count: Int,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe state(user).pointee.bodyReceived(stream, bytes, count)
    return 0
}

private func invalidFrame(
    _ session: OpaquePointer?,
    _ frame: UnsafePointer<nghttp2_frame>?,
    _ code: Int32,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    if unsafe state(user).pointee.isServer { unsafe state(user).pointee.chargeFault() }
    return unsafe state(user).pointee.verdict
}

/// A frame of a type that we do not know is counted when it begins, and left alone (RFC 9113 section 5.5).
private func unknownFrame(
    _ session: OpaquePointer?,
    _ payload: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ head: UnsafePointer<nghttp2_frame_hd>?,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    Int32(NGHTTP2_ERR_CANCEL.rawValue)
}

private func frameSent(
    _ session: OpaquePointer?,
    _ frame: UnsafePointer<nghttp2_frame>?,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    let head = unsafe frame!.pointee.hd
    switch UInt32(head.type) {
    case NGHTTP2_RST_STREAM.rawValue: unsafe state(user).pointee.resetSent(frame!.pointee.rst_stream.error_code)
    case NGHTTP2_GOAWAY.rawValue: unsafe state(user).pointee.goAwaySent(frame!.pointee.goaway.error_code)
    case NGHTTP2_DATA.rawValue, NGHTTP2_HEADERS.rawValue:
        if head.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 {
            unsafe state(user).pointee.endSent(head.stream_id)
        }
    default: break
    }
    return 0
}

/// A request that never became a stream, for the server had said GOAWAY: no other callback tells of its end.
private func frameNotSent(
    _ session: OpaquePointer?,
    _ frame: UnsafePointer<nghttp2_frame>?,
    _ error: Int32,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    let frame = unsafe frame!.pointee
    guard unsafe UInt32(frame.hd.type) == NGHTTP2_HEADERS.rawValue, unsafe frame.headers.cat == NGHTTP2_HCAT_REQUEST
    else { return 0 }
    unsafe state(user).pointee.streamClosed(frame.hd.stream_id, HTTP2ErrorCode.refusedStream.rawValue)
    return 0
}

private func streamClosed(
    _ session: OpaquePointer?,
    _ stream: Int32,
    _ code: UInt32,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe state(user).pointee.streamClosed(stream, code)
    return 0
}

/// How many bytes the next DATA frame carries; they stay where they are until `sendBody`.
func readBody(
    _ session: OpaquePointer?,
    _ stream: Int32,
    _ buffer: UnsafeMutablePointer<UInt8>?,
    _ capacity: Int,
    _ flags: UnsafeMutablePointer<UInt32>?,
    _ source: UnsafeMutablePointer<nghttp2_data_source>?,
    _ user: UnsafeMutableRawPointer?
) -> Int {
    guard let record = unsafe state(user).pointee.record(stream) else {
        return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    let left = record.bodyLeft
    if left == 0, !record.bodyIsComplete {
        record.isDeferred = true
        return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    let count = min(left, capacity)
    var wanted = NGHTTP2_DATA_FLAG_NO_COPY.rawValue
    if count == left, record.bodyIsComplete { wanted |= NGHTTP2_DATA_FLAG_EOF.rawValue }
    unsafe flags!.pointee |= wanted
    return count
}

/// Writes a DATA frame straight from the stream's body to the output.
private func sendBody(
    _ session: OpaquePointer?,
    _ frame: UnsafeMutablePointer<nghttp2_frame>?,
    _ head: UnsafePointer<UInt8>?,
    _ count: Int,
    _ source: UnsafeMutablePointer<nghttp2_data_source>?,
    _ user: UnsafeMutableRawPointer?
) -> Int32 {
    let state = unsafe state(user)
    guard let output = unsafe state.pointee.output,
        let record = unsafe state.pointee.record(frame!.pointee.hd.stream_id)
    else { return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
    unsafe output.pointee.append(RawSpan(_unsafeStart: UnsafeRawPointer(head!), byteCount: 9))
    // We never ask for padding; the library would announce it here.
    let padding = unsafe frame!.pointee.data.padlen
    if padding > 0 { unsafe output.pointee.append([UInt8(truncatingIfNeeded: padding - 1)]) }
    unsafe record.moveBody(count, to: &output.pointee)
    unsafe state.pointee.unsentBodyBytes &-= count
    if padding > 1 { unsafe output.pointee.append([UInt8](repeating: 0, count: padding - 1)) }
    let isEnough = unsafe output.pointee.count >= state.pointee.outputEnough
    return isEnough ? Int32(NGHTTP2_ERR_PAUSE.rawValue) : 0
}

/// The largest DATA frame: what both windows and the peer's settings allow, up to 64 KiB, so that streams take turns.
private func frameLength(
    _ session: OpaquePointer?,
    _ type: UInt8,
    _ stream: Int32,
    _ connectionWindow: Int32,
    _ streamWindow: Int32,
    _ peerFrameBytesMax: UInt32,
    _ user: UnsafeMutableRawPointer?
) -> Int {
    max(1, min(65536, Int(connectionWindow), Int(streamWindow), Int(peerFrameBytesMax)))
}
