internal import ByteKit
internal import HTTP2Transport
internal import LeadWire
internal import Reactor
internal import TLSTransport

/// The thread of a client.
///
/// It connects when there is something to send, keeps a window of requests on their way, and tells each caller how it
/// ended.
final class ClientLoop {
    /// A request that was submitted.
    private struct Exchange {
        var request: ClientRequest
        var response = ClientResponse()
        let submitted: UInt64
    }

    /// How often a request is sent before it fails.
    ///
    /// Scoring and reading have no side effects, so that sending again when an
    /// answer was lost does no harm.
    private static let attemptsMax = 3
    private static let connectToken = UInt64.max - 1

    private let configuration: LeadClientConfiguration
    private let endpoint: ServerEndpoint
    private let context: TLSContext
    private let inbox: ClientInbox
    private let loop: EventLoop
    private var connection: ClientConnection?
    private var connectDeadline: DeadlineQueue.Handle?
    private var connectionsMade: UInt64 = 0
    private var addresses: [SocketAddress] = []
    private var waiting: [ClientRequest] = []
    private var exchanges: [Int32: Exchange] = [:]
    private var deadlines: [UInt64: DeadlineQueue.Handle] = [:]

    /// The body of the thread: serves the inbox until the client is closed.
    static func run(
        _ configuration: LeadClientConfiguration,
        _ endpoint: ServerEndpoint,
        _ context: TLSContext,
        _ inbox: ClientInbox
    ) {
        var client: ClientLoop?
        do {
            client = try ClientLoop(configuration, endpoint, context, inbox)
            try client?.turnUntilClosed()
        } catch {
            inbox.close()
            client?.failAll(error)
            for request in inbox.take().requests { request.continuation.resume(throwing: error) }
        }
    }

    private init(
        _ configuration: LeadClientConfiguration,
        _ endpoint: ServerEndpoint,
        _ context: TLSContext,
        _ inbox: ClientInbox
    ) throws {
        self.configuration = configuration
        self.endpoint = endpoint
        self.context = context
        self.inbox = inbox
        loop = try EventLoop(eventsMax: 16)
        inbox.attach(loop.waker)
    }

    private func turnUntilClosed() throws {
        while true {
            let delivery = inbox.take()
            for request in delivery.requests { accept(request) }
            for id in delivery.cancelled { giveUp(id, CancellationError()) }
            if delivery.isClosed {
                failAll(LeadClientError(.closed, "the client was closed"))
                connection?.close(loop)
                return
            }
            moveOn()
            let count = try loop.wait()
            for index in 0..<count {
                let event = loop.event(at: index)
                if event.token == connection?.token { take(event) }
            }
            while let token = loop.deadlines.popMet(now: loop.now) { expire(token) }
        }
    }

    private func accept(_ request: ClientRequest) {
        waiting.append(request)
        let patience = UInt64(max(0, configuration.requestTimeoutMilliseconds)) * 1_000_000
        deadlines[request.id] = loop.deadlines.schedule(at: MonotonicClock.now() + patience, token: request.id)
    }

    /// Connects if need be, submits what the window allows, and sends.
    private func moveOn() {
        // A connection can fail while it sends; the requests that may be sent again then get the next one.
        for _ in 0...Self.attemptsMax {
            if connection == nil, !waiting.isEmpty { connect() }
            guard let connection else { return }
            let window = min(configuration.requestsInFlightMax, connection.streamsMax)
            var next = 0
            while connection.takesRequests, exchanges.count < window, next < waiting.count {
                var request = waiting[next]
                let head = HTTP2RequestHead(
                    method: request.method,
                    path: request.path,
                    authority: endpoint.authority,
                    contentType: request.contentType
                )
                guard let stream = try? connection.submit(head, body: request.body) else {
                    connection.takeNoMore()
                    break
                }
                request.attempts += 1
                exchanges[stream] = Exchange(request: request, submitted: MonotonicClock.now())
                next += 1
            }
            waiting.removeFirst(next)
            do {
                try connection.flush(loop) { self.handle($0, nil, RawSpan()) }
            } catch {
                lose(error)
                continue
            }
            guard dropWhenDrained() else { return }
        }
    }

    private func connect() {
        do {
            if addresses.isEmpty { addresses = try SocketAddress.resolve(endpoint.authority) }
        } catch {
            failAll(LeadClientError(.connect, "\(error)"))
            return
        }
        var failure: any Error = LeadClientError(.connect, "\(endpoint.authority) has no address")
        while !addresses.isEmpty, connection == nil {
            let address = addresses.removeFirst()
            connectionsMade += 1
            do {
                var limits = HTTP2Limits()
                limits.streamWindowBytes = 4 << 20
                connection = try ClientConnection(
                    to: address,
                    serverName: configuration.serverName ?? endpoint.host,
                    context: context,
                    limits: limits,
                    loop: loop,
                    token: connectionsMade
                )
            } catch {
                failure = error
            }
        }
        guard connection != nil else {
            failAll(connectFailure(failure))
            return
        }
        let patience = UInt64(max(0, configuration.connectTimeoutMilliseconds)) * 1_000_000
        connectDeadline = loop.deadlines.schedule(at: MonotonicClock.now() + patience, token: Self.connectToken)
    }

    private func take(_ event: LoopEvent) {
        guard let connection else { return }
        do {
            try connection.take(event, loop) { self.handle($0, $1, $2) }
            if !connection.isConnecting {
                endConnecting()
                addresses = []
            }
            _ = dropWhenDrained()
        } catch {
            lose(error)
        }
    }

    /// Leaves a connection that takes no requests and owes us nothing; what waits goes over a new one.
    private func dropWhenDrained() -> Bool {
        guard let connection, !connection.takesRequests, !connection.isConnecting, exchanges.isEmpty else {
            return false
        }
        connection.close(loop)
        self.connection = nil
        return true
    }

    private func handle(_ event: HTTP2Event, _ head: HTTP2ResponseHead?, _ bytes: RawSpan) {
        guard exchanges[event.stream] != nil else { return }
        switch event.kind {
        case .head:
            guard let head, head.status >= 200 else { return }
            exchanges[event.stream]?.response.status = head.status
            exchanges[event.stream]?.response.contentType = head.contentType
        case .body:
            let count = exchanges[event.stream]?.response.body.count ?? 0
            guard count + bytes.byteCount <= configuration.limits.messageBytesMax else {
                connection?.cancel(event.stream)
                finish(event.stream, .failure(LeadClientError(.badResponse, "the answer is larger than allowed")))
                return
            }
            exchanges[event.stream]?.response.body.append(contentsOf: bytes.array)
        case .end:
            guard var response = exchanges[event.stream]?.response else { return }
            response.nanoseconds = MonotonicClock.now() - (exchanges[event.stream]?.submitted ?? 0)
            finish(event.stream, .success(response))
        case .closed:
            let reason = LeadClientError(.connectionLost, "the server reset the request (\(event.errorCode))")
            if event.errorCode == .refusedStream {
                sendAgain(event.stream, reason)
            } else {
                finish(event.stream, .failure(reason))
            }
        case .goAway, .settings: break
        }
    }

    private func finish(_ stream: Int32, _ result: Result<ClientResponse, any Error>) {
        guard let exchange = exchanges.removeValue(forKey: stream) else { return }
        forgetDeadline(exchange.request.id)
        exchange.request.continuation.resume(with: result)
    }

    /// Puts a request that was on its way before those that wait, unless it has been sent too often.
    private func sendAgain(_ stream: Int32, _ reason: any Error) {
        guard let exchange = exchanges[stream], exchange.request.attempts < Self.attemptsMax else {
            finish(stream, .failure(reason))
            return
        }
        exchanges[stream] = nil
        waiting.insert(exchange.request, at: 0)
    }

    /// Drops the connection; requests on their way are sent again on the next one.
    private func lose(_ error: any Error) {
        guard let lost = connection else { return }
        connection = nil
        let wasConnecting = lost.isConnecting
        endConnecting()
        if wasConnecting {
            // Another address of the same name may do; a certificate that is not trusted stays so.
            if addresses.isEmpty || error is TLSError { failAll(connectFailure(error)) }
            return
        }
        addresses = []
        for stream in exchanges.keys.sorted().reversed() { sendAgain(stream, lossFailure(error)) }
    }

    private func endConnecting() {
        if let handle = connectDeadline { _ = loop.deadlines.cancel(handle) }
        connectDeadline = nil
    }

    private func connectFailure(_ error: any Error) -> LeadClientError {
        if let error = error as? LeadClientError, error.kind != .connectionLost { return error }
        if let error = error as? TLSError {
            let hint =
                error.kind == .peerCertificate
                ? "; name the authority that signed the server's (authorityPath, --ca)" : ""
            return LeadClientError(.tls, "\(endpoint.authority): \(error)\(hint)")
        }
        let isRefused = (error as? SystemError)?.isRefused == true
        let hint = isRefused ? "; nothing listens there: start the server, or correct the address" : ""
        return LeadClientError(.connect, "cannot connect to \(endpoint.authority): \(error)\(hint)")
    }

    private func lossFailure(_ error: any Error) -> LeadClientError {
        (error as? LeadClientError) ?? LeadClientError(.connectionLost, "\(endpoint.authority): \(error)")
    }

    private func expire(_ token: UInt64) {
        if token == Self.connectToken {
            connectDeadline = nil
            let milliseconds = configuration.connectTimeoutMilliseconds
            lose(LeadClientError(.timeout, "\(endpoint.authority) did not answer within \(milliseconds) ms"))
        } else {
            let milliseconds = configuration.requestTimeoutMilliseconds
            giveUp(token, LeadClientError(.timeout, "no answer within \(milliseconds) ms"))
        }
    }

    /// Ends a request, wherever it is.
    private func giveUp(_ id: UInt64, _ error: any Error) {
        if let index = waiting.firstIndex(where: { $0.id == id }) {
            let request = waiting.remove(at: index)
            forgetDeadline(id)
            request.continuation.resume(throwing: error)
        } else if let stream = exchanges.first(where: { $0.value.request.id == id })?.key {
            connection?.cancel(stream)
            finish(stream, .failure(error))
        }
    }

    private func failAll(_ error: any Error) {
        for stream in exchanges.keys.sorted() { finish(stream, .failure(error)) }
        let requests = waiting
        waiting = []
        for request in requests {
            forgetDeadline(request.id)
            request.continuation.resume(throwing: error)
        }
    }

    private func forgetDeadline(_ id: UInt64) {
        if let handle = deadlines.removeValue(forKey: id) { _ = loop.deadlines.cancel(handle) }
    }
}
