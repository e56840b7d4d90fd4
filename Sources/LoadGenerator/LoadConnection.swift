internal import ByteKit
internal import HTTP2Transport
internal import LeadClient
internal import LeadWire
internal import Reactor
internal import TLSTransport

/// Where a run's connections go.
struct LoadTarget: Sendable {
    /// At least one; the next is tried where one does not answer.
    let addresses: [SocketAddress]
    let serverName: String
    let context: TLSContext
    /// The head of every request.
    let head: HTTP2RequestHead
    let verifies: Bool
}

/// A connection with its requests on their way, which is made anew when it is lost.
///
/// One thread.
final class LoadConnection {
    /// Takes a request that is over, how it ended, and when.
    typealias Give = (LoadExchange, LoadExchange.Outcome, UInt64) -> Void

    private static let connectNanoseconds: UInt64 = 5_000_000_000
    private static let pauseNanosecondsMax: UInt64 = 1_000_000_000
    private static let streamsMax = 1_000

    private let target: LoadTarget
    private let loop: EventLoop
    private var token: UInt64
    private var connection: ClientConnection?
    private var exchanges = StreamTable<LoadExchange>()
    /// Answers whose bytes are kept.
    private var kept: [Int32: [UInt8]] = [:]
    private var hasSettings = false
    private var began: UInt64 = 0
    private var addressIndex = 0
    /// How many addresses in a row have not led to a server.
    private var addressesTried = 0
    private var pause: UInt64 = 10_000_000
    /// When to connect again, while there is no connection.
    private var retryTime: UInt64 = 0
    /// Bytes of connections that are gone, and those of the handshake, which do not count.
    private var bytesBefore = (sent: 0, received: 0)
    /// Whether there may be something to send.
    var needsFlush = false
    /// How many connections could not be made or were lost.
    private(set) var failures: UInt64 = 0
    /// Why the last one was lost.
    private(set) var failure: (any Error)?

    init(_ target: LoadTarget, _ loop: EventLoop, token: UInt64) {
        self.target = target
        self.loop = loop
        self.token = token
    }

    /// Whether a request would be sent at once.
    var hasRoom: Bool {
        guard hasSettings, let connection, connection.takesRequests else { return false }
        return exchanges.count < min(connection.streamsMax, Self.streamsMax)
    }

    /// Whether the handshake is done and the server's settings have come.
    var isReady: Bool { hasSettings }

    var inFlight: Int { exchanges.count }

    /// Bytes given to and taken from the socket since the last ``forgetBytes()``.
    var bytes: (sent: Int, received: Int) {
        (
            bytesBefore.sent + (connection?.bytesSent ?? 0),
            bytesBefore.received + (connection?.bytesReceived ?? 0)
        )
    }

    func forgetBytes() {
        bytesBefore = (-(connection?.bytesSent ?? 0), -(connection?.bytesReceived ?? 0))
    }

    /// Whether an event is this connection's.
    func owns(_ event: LoopEvent) -> Bool { event.token == token && connection != nil }

    /// Connects if there is no connection and its time has come.
    func connectIfDue(_ now: UInt64, _ give: Give) {
        if let connection {
            if connection.isConnecting, now > began + Self.connectNanoseconds {
                lose(LoadError("\(target.addresses[addressIndex]) did not answer within 5 s"), now, give)
            } else if !connection.takesRequests, !connection.isConnecting, exchanges.isEmpty {
                // The server drains this one: on to the next.
                connection.close(loop)
                forget()
            }
            return
        }
        guard now >= retryTime else { return }
        began = now
        // Another number, so that events of the one before are recognised.
        token += 1 << 32
        var limits = HTTP2Limits()
        limits.streamWindowBytes = 4 << 20
        do {
            connection = try ClientConnection(
                to: target.addresses[addressIndex],
                serverName: target.serverName,
                context: target.context,
                limits: limits,
                loop: loop,
                token: token
            )
        } catch {
            lose(error, now, give)
        }
    }

    /// Sends a request with the next ``flush(_:)``.
    ///
    /// - Returns: Whether the connection takes it; if not, it will take no further one either.
    func send(_ message: LoadMessage, intended: UInt64, now: UInt64) -> Bool {
        guard let stream = try? connection?.submit(target.head, body: message.bytes) else {
            connection?.takeNoMore()
            return false
        }
        exchanges[stream] = LoadExchange(intended: intended, sent: now, rows: message.rows)
        needsFlush = true
        return true
    }

    /// Takes what came.
    func take(_ event: LoopEvent, _ give: Give) {
        needsFlush = true
        var time: UInt64 = 0
        do {
            try connection?.take(event, loop) { event, head, bytes in
                // All that one read brought came at one time.
                if time == 0 { time = MonotonicClock.now() }
                self.handle(event, head, bytes, time, give)
            }
        } catch {
            lose(error, MonotonicClock.now(), give)
        }
    }

    /// Sends what waits, as far as the socket takes it.
    func flush(_ give: Give) {
        needsFlush = false
        do {
            try connection?.flush(loop) { self.handle($0, nil, RawSpan(), MonotonicClock.now(), give) }
        } catch {
            lose(error, MonotonicClock.now(), give)
        }
    }

    /// Gives up requests that were sent before a time.
    func giveUp(sentBefore time: UInt64, _ now: UInt64, _ give: Give) {
        for stream in exchanges.streams {
            guard let exchange = exchanges[stream], exchange.sent < time else { continue }
            _ = exchanges.removeValue(forKey: stream)
            kept[stream] = nil
            connection?.cancel(stream)
            needsFlush = true
            give(exchange, .failed(LoadErrorKind.timeout), now)
        }
    }

    func close() {
        connection?.close(loop)
        forget()
    }

    private func handle(
        _ event: HTTP2Event,
        _ head: HTTP2ResponseHead?,
        _ bytes: RawSpan,
        _ time: UInt64,
        _ give: Give
    ) {
        switch event.kind {
        case .head:
            if let head { exchanges[event.stream]?.takeHead(head) }
        case .body:
            let isShort = exchanges[event.stream]?.takeBody(bytes) ?? false
            if isShort || target.verifies { keep(event.stream, bytes, isShort: isShort) }
        case .end:
            guard let exchange = exchanges.removeValue(forKey: event.stream) else { return }
            let kept = kept.isEmpty ? nil : kept.removeValue(forKey: event.stream)
            give(exchange, exchange.outcome(decoding: target.verifies ? kept ?? [] : nil), time)
        case .closed:
            guard let exchange = exchanges.removeValue(forKey: event.stream) else { return }
            kept[event.stream] = nil
            give(exchange, .failed("reset-\(event.errorCode)"), time)
        case .settings:
            hasSettings = true
            pause = 10_000_000
            addressesTried = 0
        case .goAway: break
        }
    }

    private func keep(_ stream: Int32, _ bytes: RawSpan, isShort: Bool) {
        let answer = (kept.removeValue(forKey: stream) ?? []) + bytes.array
        if isShort, answer.count >= WireFormat.fixedBytes { exchanges[stream]?.takeFixedPart(answer.rawBytes) }
        kept[stream] = answer
    }

    private func lose(_ error: any Error, _ now: UInt64, _ give: Give) {
        let lost = exchanges.streams.compactMap { exchanges[$0] }
        if !hasSettings {
            addressesTried += 1
            addressIndex = (addressIndex + 1) % target.addresses.count
        }
        forget()
        // Another address of the same name may do.
        guard addressesTried == 0 || addressesTried >= target.addresses.count else { return }
        addressesTried = 0
        failures += 1
        failure = error
        retryTime = now + pause
        pause = min(pause * 2, Self.pauseNanosecondsMax)
        for exchange in lost { give(exchange, .failed(LoadErrorKind.connectionLost), now) }
    }

    private func forget() {
        bytesBefore = bytes
        connection = nil
        hasSettings = false
        exchanges = StreamTable()
        kept = [:]
        retryTime = 0
    }
}

/// Names of failures that are none of the wire's.
enum LoadErrorKind {
    /// No answer in time.
    static let timeout = "timeout"
    /// The connection broke or closed before the answer.
    static let connectionLost = "connection-lost"
    /// There was no room on a connection until the end, or for as long as an answer may take.
    static let notSent = "not-sent"
}
