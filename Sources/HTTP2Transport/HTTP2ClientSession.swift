public import ByteKit
internal import CNghttp2

/// The client's side of an HTTP/2 connection, without its socket; the twin of `HTTP2ServerSession`.
///
/// Many requests may be under way; those beyond what the server allows wait inside and go out as others end.
public struct HTTP2ClientSession: ~Copyable {
    private var session: HTTP2Session

    /// A session whose preface and SETTINGS wait to be pulled.
    ///
    /// - Parameters:
    ///   - limits: Windows, and what a server may send.
    ///   - keptFields: Names of header fields that heads keep besides the usual ones.
    ///   - pool: Where bodies going out borrow memory; one a thread.
    public init(limits: HTTP2Limits = HTTP2Limits(), keptFields: [String] = [], pool: BytePool? = nil) {
        session = HTTP2Session(isServer: false, limits: limits, keptNames: keptFields, pool: pool)
    }

    /// Takes what the peer sent; the events of bodies point into these bytes.
    ///
    /// - Parameters:
    ///   - bytes: Any piece of the conversation.
    ///   - now: The monotonic time in nanoseconds, for budgets.
    public mutating func receive(_ bytes: RawSpan, now: UInt64) {
        session.receive(bytes, now: now)
    }

    /// Takes what the peer sent; the events of bodies point into the queue's bytes, which stay where they are.
    ///
    /// - Parameters:
    ///   - queue: Any piece of the conversation, untouched until its events are taken.
    ///   - now: The monotonic time in nanoseconds, for budgets.
    public mutating func receive(_ queue: borrowing ByteQueue, now: UInt64) {
        session.receive(queue.bytes, now: now)
    }

    /// The next event, in the order of the peer's bytes; `nil` when all are taken.
    ///
    /// Take them all after each `receive`, since bodies point into its bytes, and after each `pull`, which closes streams.
    public mutating func nextEvent() -> HTTP2Event? {
        session.nextEvent()
    }

    /// The response that an event of kind `head` began; ask before taking further events to the end.
    public func head(of event: HTTP2Event) -> HTTP2ResponseHead {
        precondition(event.kind == .head, "only a head has one")
        return unsafe session.state.pointee.responses[event.headIndex]
    }

    /// Sends a request with a whole body, which announces its length; an empty one is none.
    ///
    /// - Parameters:
    ///   - head: The request's head.
    ///   - body: The request's body; kept until it is sent, not copied.
    /// - Returns: The number of its stream.
    /// - Throws: `HTTP2Error` when the connection takes no more requests.
    public mutating func submitRequest(_ head: HTTP2RequestHead, body: [UInt8] = []) throws(HTTP2Error) -> Int32 {
        var head = head
        if !body.isEmpty { head.contentLength = head.contentLength ?? body.count }
        return try submit(head, whole: body, isComplete: true)
    }

    /// Begins a request whose body follows in pieces.
    ///
    /// - Parameter head: The request's head.
    /// - Returns: The number of its stream.
    /// - Throws: `HTTP2Error` when the connection takes no more requests.
    public mutating func beginRequest(_ head: HTTP2RequestHead) throws(HTTP2Error) -> Int32 {
        try submit(head, whole: [], isComplete: false)
    }

    /// Adds a piece to the body of a request.
    ///
    /// - Parameters:
    ///   - stream: The request's stream.
    ///   - bytes: Copied.
    /// - Returns: Whether the stream was still there and its body not finished.
    @discardableResult
    public mutating func appendBody(_ stream: Int32, _ bytes: RawSpan) -> Bool {
        session.appendBody(stream, bytes)
    }

    /// Ends the body of a request.
    public mutating func finishBody(_ stream: Int32) {
        session.finishBody(stream)
    }

    /// How many bytes of a stream's body wait for the server's windows or the socket; 0 when it is gone.
    public func unsentBody(_ stream: Int32) -> Int {
        unsafe session.state.pointee.record(stream)?.bodyLeft ?? 0
    }

    /// Says that bytes of a body are used, so that the server may send as many more.
    ///
    /// - Parameters:
    ///   - stream: The stream; one that is gone is left alone.
    ///   - count: How many bytes.
    public mutating func consume(_ stream: Int32, _ count: Int) {
        session.consume(stream, count)
    }

    /// Ends a stream at once.
    ///
    /// - Parameters:
    ///   - stream: The stream; one that is gone is left alone.
    ///   - code: Why.
    public mutating func reset(_ stream: Int32, _ code: HTTP2ErrorCode) {
        session.reset(stream, code)
    }

    /// Adds bytes for the server to a queue; all of them must be sent, for the session takes them to be on their way.
    ///
    /// - Parameters:
    ///   - queue: Where to.
    ///   - enough: Stop once the queue holds so many, to a whole frame.
    public mutating func pull(into queue: inout ByteQueue, upTo enough: Int) {
        session.pull(into: &queue, upTo: enough)
    }

    /// Whether there are bytes to pull now.
    public var hasOutput: Bool { session.hasOutput }

    /// Whether nothing more will be read or written: send what was pulled and close the connection.
    public var isFinished: Bool { session.isFinished }

    /// Why the connection was ended on the server's account, if it was.
    public var violation: HTTP2Violation? { unsafe session.state.pointee.violation }

    /// Whether the server's SETTINGS, the first thing it sends, have come.
    public var hasPeerSettings: Bool { unsafe session.state.pointee.hasPeerSettings }

    /// How many streams are open or wait to be.
    public var openStreamCount: Int { unsafe session.state.pointee.streams.count }

    /// How many streams the server allows at a time.
    public var peerStreamsMax: Int {
        let value = unsafe nghttp2_session_get_remote_settings(
            session.state.pointee.session,
            NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS
        )
        return Int(value)
    }

    /// Ends the connection with GOAWAY once it is pulled.
    public mutating func terminate(_ code: HTTP2ErrorCode = .noError) {
        session.terminate(code)
    }

    private mutating func submit(
        _ head: HTTP2RequestHead,
        whole: [UInt8],
        isComplete: Bool
    ) throws(HTTP2Error) -> Int32 {
        guard unsafe nghttp2_session_check_request_allowed(session.state.pointee.session) != 0 else {
            throw .noNewStreams
        }
        unsafe session.state.pointee.block.removeAll()
        unsafe session.state.pointee.block.add(":method", head.method)
        unsafe session.state.pointee.block.add(":scheme", head.scheme)
        unsafe session.state.pointee.block.add(":authority", head.authority)
        unsafe session.state.pointee.block.add(":path", head.path)
        unsafe session.state.pointee.block.add(
            contentType: head.contentType,
            contentLength: head.contentLength,
            fields: head.fields
        )
        let native = unsafe session.state.pointee.session
        let hasBody = !isComplete || !whole.isEmpty
        // Safety: the library copies fields and provider; `readBody` finds the body by the stream's number.
        let result = unsafe session.state.pointee.block.withFields { fields, count in
            var provider = unsafe nghttp2_data_provider()
            unsafe provider.read_callback = readBody
            if !hasBody { return unsafe nghttp2_submit_request(native, nil, fields, count, nil, nil) }
            return unsafe nghttp2_submit_request(native, nil, fields, count, &provider, nil)
        }
        guard result > 0 else {
            if result == NGHTTP2_ERR_STREAM_ID_NOT_AVAILABLE.rawValue { throw .noNewStreams }
            // Safety: the text is a constant of the library.
            throw .library(unsafe String(cString: nghttp2_strerror(result)))
        }
        let record = unsafe session.state.pointee.makeRecord(result)
        record.whole = whole
        unsafe session.state.pointee.unsentBodyBytes &+= whole.count
        record.bodyIsComplete = isComplete
        return result
    }
}
