import ByteKit
import HTTP2Transport

/// What a session told, with the bodies' bytes.
enum Told: Equatable {
    case request(Int32, HTTP2RequestHead)
    case response(Int32, HTTP2ResponseHead)
    case body(Int32, [UInt8])
    case end(Int32)
    case closed(Int32, HTTP2ErrorCode)
    case goAway(Int32, HTTP2ErrorCode)
    case settings
}

/// A client's and a server's session, the bytes between them, and what each told.
struct HTTP2Pair: ~Copyable {
    var client: HTTP2ClientSession
    var server: HTTP2ServerSession
    var toServer = ByteQueue()
    var toClient = ByteQueue()
    var clientTold: [Told] = []
    var serverTold: [Told] = []
    var now: UInt64 = 1_000_000_000

    /// Whether bodies are said to be used as they come.
    var consumes = true

    /// Answers by the server, as requests end.
    var answer: ((HTTP2RequestHead, [UInt8]) -> (HTTP2ResponseHead, [UInt8]))?
    private var heads: [Int32: HTTP2RequestHead] = [:]
    private var bodies: [Int32: [UInt8]] = [:]

    init(limits: HTTP2Limits = HTTP2Limits(), keptFields: [String] = []) {
        client = HTTP2ClientSession(limits: limits, keptFields: keptFields)
        server = HTTP2ServerSession(limits: limits, keptFields: keptFields)
    }

    /// Carries bytes until both are quiet, in pieces of a size.
    mutating func exchange(pieces: Int = .max, rounds: Int = 10_000) {
        for _ in 0..<rounds {
            client.pull(into: &toServer, upTo: 64 << 10)
            server.pull(into: &toClient, upTo: 64 << 10)
            takeEvents()
            if toServer.isEmpty && toClient.isEmpty { return }
            let up = toServer.copy()
            toServer.removeAll()
            deliverToServer(up, pieces: pieces)
            let down = toClient.copy()
            toClient.removeAll()
            deliverToClient(down, pieces: pieces)
        }
    }

    mutating func deliverToServer(_ bytes: [UInt8], pieces: Int = .max) {
        var sent = 0
        while sent < bytes.count {
            let piece = Array(bytes[sent..<min(bytes.count, sent + min(pieces, bytes.count))])
            server.receive(piece.rawBytes, now: now)
            takeServerEvents(piece)
            sent += piece.count
        }
    }

    mutating func deliverToClient(_ bytes: [UInt8], pieces: Int = .max) {
        var sent = 0
        while sent < bytes.count {
            let piece = Array(bytes[sent..<min(bytes.count, sent + min(pieces, bytes.count))])
            client.receive(piece.rawBytes, now: now)
            takeClientEvents(piece)
            sent += piece.count
        }
    }

    mutating func takeEvents() {
        takeServerEvents([])
        takeClientEvents([])
    }

    private mutating func takeServerEvents(_ piece: [UInt8]) {
        while let event = server.nextEvent() {
            switch event.kind {
            case .head:
                let head = server.head(of: event)
                heads[event.stream] = head
                serverTold.append(.request(event.stream, head))
            case .body:
                let bytes = Array(piece[event.range])
                bodies[event.stream, default: []] += bytes
                serverTold.append(.body(event.stream, bytes))
                if consumes { server.consume(event.stream, bytes.count) }
            case .end:
                serverTold.append(.end(event.stream))
                if let answer, let head = heads[event.stream] {
                    let (response, body) = answer(head, bodies[event.stream] ?? [])
                    server.submitResponse(event.stream, response, body: body)
                }
            case .closed:
                heads[event.stream] = nil
                bodies[event.stream] = nil
                serverTold.append(.closed(event.stream, event.errorCode))
            case .goAway: serverTold.append(.goAway(event.stream, event.errorCode))
            case .settings: serverTold.append(.settings)
            }
        }
    }

    private mutating func takeClientEvents(_ piece: [UInt8]) {
        while let event = client.nextEvent() {
            switch event.kind {
            case .head: clientTold.append(.response(event.stream, client.head(of: event)))
            case .body:
                let bytes = Array(piece[event.range])
                clientTold.append(.body(event.stream, bytes))
                if consumes { client.consume(event.stream, bytes.count) }
            case .end: clientTold.append(.end(event.stream))
            case .closed: clientTold.append(.closed(event.stream, event.errorCode))
            case .goAway: clientTold.append(.goAway(event.stream, event.errorCode))
            case .settings: clientTold.append(.settings)
            }
        }
    }
}

/// The same story with neighbouring pieces of a body put together, which is all that cutting may change.
func joined(_ told: [Told]) -> [Told] {
    var result: [Told] = []
    for one in told {
        if case .body(let stream, let bytes) = one, case .body(stream, let before)? = result.last {
            result[result.count - 1] = .body(stream, before + bytes)
        } else {
            result.append(one)
        }
    }
    return result
}

/// The bytes of one stream's body.
func body(_ stream: Int32, in told: [Told]) -> [UInt8] {
    told.reduce(into: []) { bytes, one in
        if case .body(stream, let more) = one { bytes += more }
    }
}

let scoreHead = HTTP2RequestHead(
    method: "POST",
    path: "/v1/score",
    authority: "leads.example:8443",
    contentType: "application/x-leadline"
)
