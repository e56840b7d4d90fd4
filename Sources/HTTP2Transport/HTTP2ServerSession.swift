public import ByteKit
internal import CNghttp2

/// The server's side of an HTTP/2 connection, without its socket: bytes in, events out; answers in, bytes out.
///
/// One turn with what the peer sent:
/// ```
/// session.receive(plaintext.bytes, now: loop.now)
/// while let event = session.nextEvent() {
///     ... event.bytes(in: plaintext.bytes), session.consume, session.submitResponse ...
/// }
/// session.pull(into: &output, upTo: 256 << 10)
/// while let event = session.nextEvent() { ... streams that the answers closed ... }
/// ```
/// Whatever the peer sends, nothing throws or traps: a connection beyond its limits gets GOAWAY with the next `pull`, and
/// is then `isFinished`. One thread at a time. The rules are RFC 9113's as nghttp2 knows them, and `HTTP2Limits`.
public struct HTTP2ServerSession: ~Copyable {
    private let session: HTTP2Session

    /// A session whose SETTINGS wait to be pulled.
    ///
    /// - Parameters:
    ///   - limits: What the peer may ask of us.
    ///   - keptFields: Names of header fields that heads keep besides the usual ones.
    ///   - pool: Where bodies going out borrow memory; one a thread.
    public init(limits: HTTP2Limits = HTTP2Limits(), keptFields: [String] = [], pool: BytePool? = nil) {
        session = HTTP2Session(isServer: true, limits: limits, keptNames: keptFields, pool: pool)
    }

    /// Takes what the peer sent; the events of bodies point into these bytes.
    ///
    /// - Parameters:
    ///   - bytes: Any piece of the conversation; large pieces are cheap.
    ///   - now: The monotonic time in nanoseconds, for budgets.
    public func receive(_ bytes: RawSpan, now: UInt64) {
        session.receive(bytes, now: now)
    }

    /// Takes what the peer sent; the events of bodies point into the queue's bytes, which stay where they are.
    ///
    /// - Parameters:
    ///   - queue: Any piece of the conversation, untouched until its events are taken.
    ///   - now: The monotonic time in nanoseconds, for budgets.
    public func receive(_ queue: borrowing ByteQueue, now: UInt64) {
        session.receive(queue.bytes, now: now)
    }

    /// The next event, in the order of the peer's bytes; `nil` when all are taken.
    ///
    /// Take them all after each `receive`, since bodies point into its bytes, and after each `pull`, which closes streams.
    public func nextEvent() -> HTTP2Event? {
        session.nextEvent()
    }

    /// The request that an event of kind `head` began; ask before taking further events to the end.
    public func head(of event: HTTP2Event) -> HTTP2RequestHead {
        precondition(event.kind == .head, "only a head has one")
        return unsafe session.state.pointee.requests[event.headIndex]
    }

    /// Says that bytes of a body are used, so that the peer may send as many more.
    ///
    /// - Parameters:
    ///   - stream: The stream; one that is gone is left alone.
    ///   - count: How many bytes.
    public func consume(_ stream: Int32, _ count: Int) {
        session.consume(stream, count)
    }

    /// Says that no more of a request's body is wanted: further bytes are dropped without events.
    public func discardBody(_ stream: Int32) {
        session.discardBody(stream)
    }

    /// Answers a request with a whole body, which announces its length.
    ///
    /// A request that has not ended is not waited for: the stream is closed after the answer.
    ///
    /// - Parameters:
    ///   - stream: The request's stream.
    ///   - head: The answer's head.
    ///   - body: The answer's body; kept until it is sent, not copied.
    /// - Returns: Whether the stream was still there and without an answer.
    @discardableResult
    public func submitResponse(_ stream: Int32, _ head: HTTP2ResponseHead, body: [UInt8]) -> Bool {
        guard let record = recordToAnswer(stream) else { return false }
        record.whole = body
        unsafe session.state.pointee.unsentBodyBytes &+= body.count
        record.bodyIsComplete = true
        return submit(stream, record, head, contentLength: head.contentLength ?? body.count, hasBody: !body.isEmpty)
    }

    /// Begins to answer a request whose body follows in pieces.
    ///
    /// - Parameters:
    ///   - stream: The request's stream.
    ///   - head: The answer's head.
    /// - Returns: Whether the stream was still there and without an answer.
    @discardableResult
    public func beginResponse(_ stream: Int32, _ head: HTTP2ResponseHead) -> Bool {
        guard let record = recordToAnswer(stream) else { return false }
        return submit(stream, record, head, contentLength: head.contentLength, hasBody: true)
    }

    /// Adds a piece to the body of an answer.
    ///
    /// - Parameters:
    ///   - stream: The request's stream.
    ///   - bytes: Copied.
    /// - Returns: Whether the stream was still there and its body not finished.
    @discardableResult
    public func appendBody(_ stream: Int32, _ bytes: RawSpan) -> Bool {
        session.appendBody(stream, bytes)
    }

    /// Ends the body of an answer.
    public func finishBody(_ stream: Int32) {
        session.finishBody(stream)
    }

    /// How many bytes of a stream's answer wait for the peer's windows or the socket; 0 when it is gone.
    public func unsentBody(_ stream: Int32) -> Int {
        unsafe session.state.pointee.record(stream)?.bodyLeft ?? 0
    }

    /// How many bytes of answers wait for the peer's windows or the socket, on all streams: what the connection keeps in
    /// memory for a peer that does not read.
    public var unsentBodyBytes: Int { unsafe session.state.pointee.unsentBodyBytes }

    /// Ends a stream at once.
    ///
    /// - Parameters:
    ///   - stream: The stream; one that is gone is left alone.
    ///   - code: Why.
    public func reset(_ stream: Int32, _ code: HTTP2ErrorCode) {
        session.reset(stream, code)
    }

    /// Adds bytes for the peer to a queue; all of them must be sent, for the session takes them to be on their way.
    ///
    /// - Parameters:
    ///   - queue: Where to.
    ///   - enough: Stop once the queue holds so many, to a whole frame.
    public func pull(into queue: inout ByteQueue, upTo enough: Int) {
        session.pull(into: &queue, upTo: enough)
    }

    /// Whether there are bytes to pull now.
    public var hasOutput: Bool { session.hasOutput }

    /// Whether nothing more will be read or written: send what was pulled and close the connection.
    public var isFinished: Bool { session.isFinished }

    /// Why the connection was ended on the peer's account, if it was.
    public var violation: HTTP2Violation? { unsafe session.state.pointee.violation }

    /// Whether the peer's SETTINGS, the first thing it sends, have come.
    public var hasPeerSettings: Bool { unsafe session.state.pointee.hasPeerSettings }

    /// When a head began whose last frame has not come, in the nanoseconds given to `receive`; `nil` when there is none.
    public var headBegan: UInt64? { unsafe session.state.pointee.headBegan }

    /// How many streams have been refused since the last call: those beyond `streamsMax`, of which no event tells.
    public func takeRefusedStreamCount() -> Int {
        defer { unsafe session.state.pointee.refusedStreams = 0 }
        return unsafe session.state.pointee.refusedStreams
    }

    /// How many streams are open.
    public var openStreamCount: Int { unsafe session.state.pointee.streams.count }

    /// Begins to drain: tells the peer to open no more streams, yet takes those on their way.
    ///
    /// The number of the last stream follows when the peer has answered, or with `finishDrain`, about a second later,
    /// when it has not. Then the session finishes with its last stream.
    public func beginDrain() {
        session.beginDrain()
    }

    /// Tells the peer the number of the last stream that is served.
    public func finishDrain() {
        unsafe session.state.pointee.finishDrain()
    }

    /// Ends the connection with GOAWAY once it is pulled.
    public func terminate(_ code: HTTP2ErrorCode) {
        session.terminate(code)
    }

    private func recordToAnswer(_ stream: Int32) -> StreamRecord? {
        guard let record = unsafe session.state.pointee.record(stream), !record.hasAnswer else { return nil }
        return record
    }

    private func submit(
        _ stream: Int32,
        _ record: StreamRecord,
        _ head: HTTP2ResponseHead,
        contentLength: Int?,
        hasBody: Bool
    ) -> Bool {
        unsafe session.state.pointee.block.removeAll()
        unsafe session.state.pointee.block.add(":status", head.status)
        unsafe session.state.pointee.block.add(
            contentType: head.contentType,
            contentLength: contentLength,
            fields: head.fields
        )
        let native = unsafe session.state.pointee.session
        // Safety: the library copies fields and provider; `readBody` finds the body by the stream's number.
        let result = unsafe session.state.pointee.block.withFields { fields, count in
            var provider = unsafe nghttp2_data_provider()
            unsafe provider.read_callback = readBody
            if !hasBody { return unsafe nghttp2_submit_response(native, stream, fields, count, nil) }
            return unsafe nghttp2_submit_response(native, stream, fields, count, &provider)
        }
        record.hasAnswer = result == 0
        return result == 0
    }
}
