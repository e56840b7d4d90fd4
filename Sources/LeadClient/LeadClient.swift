internal import ByteKit
public import LeadTypes
public import LeadWire
internal import Reactor
internal import Synchronization
internal import TLSTransport

/// A client of a Leadline server, for any number of tasks at once.
///
/// ```swift
/// let client = try LeadClient(LeadClientConfiguration(server: "https://scores.example:8443"))
/// let model = try await client.schema(of: "leads")
/// var encoder = try ScoreRequestEncoder(
///     requestID: 1, model: model.name, fingerprint: model.schema.fingerprint, rows: 2, columnCount: 1)
/// encoder.add([12, .nan])
/// let scored = try await client.score(encoder.finish())
/// ```
/// Requests share one connection, which a thread of the client's own opens with the first request and opens again when it
/// is lost. A request whose answer was lost is sent again, up to three times in all: scoring has no side effects.
public final class LeadClient: Sendable {
    private let configuration: LeadClientConfiguration
    private let inbox = ClientInbox()
    private let thread: Mutex<WorkerThread?>

    /// A client that will connect with its first request.
    ///
    /// - Parameter configuration: Where to, and how patiently.
    /// - Throws: ``LeadClientError`` for an address that cannot be one, `TLSError` for a certificate file that cannot be
    ///   used, and what stands in the way of a thread.
    public init(_ configuration: LeadClientConfiguration) throws {
        let endpoint = try ServerEndpoint(configuration.server)
        let context = try TLSContext(client: configuration.tls)
        let inbox = inbox
        self.configuration = configuration
        thread = Mutex(
            try WorkerThread(name: "lead-client") { ClientLoop.run(configuration, endpoint, context, inbox) }
        )
    }

    deinit { close() }

    /// Ends the connection and the client's thread; requests on their way fail.
    ///
    /// Further calls do nothing.
    public func close() {
        inbox.close()
        let ended = thread.withLock { $0.take() }
        if let ended { ended.join() }
    }

    /// A batch's results.
    public struct Scored: Sendable {
        /// The results.
        public var reply: ScoreReply
        /// The time from sending the request to the last byte of its reply; waiting in the client is not counted.
        public var nanoseconds: UInt64
    }

    /// Sends a batch and waits for its reply; sends it again when the server says that it cannot take it now.
    ///
    /// - Parameter message: What `ScoreRequestEncoder` made.
    /// - Returns: The reply, and how long the last sending took.
    /// - Throws: `WireError` when the server refuses the batch, ``LeadClientError`` when there is no answer, and
    ///   `CancellationError` when the task was cancelled.
    public func score(_ message: [UInt8]) async throws -> Scored {
        let patience = ContinuousClock.now + .milliseconds(configuration.requestTimeoutMilliseconds)
        var retries = 0
        while true {
            do {
                return try await scoreOnce(message)
            } catch let error as WireError where retries < configuration.retriesMax && Self.mayComeAgain(error.code) {
                retries += 1
                // Clients that were refused together shall not come back together.
                let told = max(Double(error.retryAfterMilliseconds), Double(5 << retries))
                let pause = Duration.milliseconds(told * Double.random(in: 1...1.5))
                guard ContinuousClock.now + pause < patience else { throw error }
                try await Task.sleep(for: pause)
            }
        }
    }

    /// Whether the same batch may be taken a little later (WIRE.md, *Trying again*); a deadline that has passed stays so.
    private static func mayComeAgain(_ code: WireErrorCode) -> Bool { code.isRetryable && code != .deadlineExceeded }

    private func scoreOnce(_ message: [UInt8]) async throws -> Scored {
        guard let requestID = try MessageHeader.decode(message.rawBytes, limits: configuration.limits)?.requestID else {
            throw WireError(.truncated, "\(message.count) bytes hold no header")
        }
        let response = try await exchange(
            "POST",
            WireFormat.scorePath,
            contentType: WireFormat.contentType,
            body: message
        )
        guard response.contentType == WireFormat.contentType else { throw unexpected(response) }
        let bytes = response.body.rawBytes
        guard let header = try MessageHeader.decode(bytes, limits: configuration.limits) else {
            throw LeadClientError(.badResponse, "an answer of \(response.body.count) bytes holds no message")
        }
        if header.type == .error {
            throw try WireError.decode(bytes, limits: configuration.limits).error
        }
        let reply = try ScoreReply.decode(bytes, limits: configuration.limits)
        guard reply.requestID == requestID else {
            throw LeadClientError(.badResponse, "the answer is that of request \(reply.requestID), not \(requestID)")
        }
        return Scored(reply: reply, nanoseconds: response.nanoseconds)
    }

    /// What the server tells of a model: columns, levels, fingerprint, tiers.
    ///
    /// - Parameter model: The model's name.
    /// - Returns: The description; its schema is checked against the fingerprint.
    /// - Throws: ``LeadClientError`` when there is no such model or no answer.
    public func schema(of model: String) async throws -> ModelDescription {
        try ModelDescription.decode(try await get("/v1/models/\(percentEncoded(model))/schema"))
    }

    /// What a model tells apart of its columns' numbers: for `ScoreRequestEncoder.add(_:in:)`.
    ///
    /// - Parameter model: What ``schema(of:)`` told.
    /// - Returns: One a column, nil where values must be sent. They are an exact version's: after `binsMismatch` ask again.
    /// - Throws: ``LeadClientError`` when there is no such model, another one than described, or no answer.
    public func bins(of model: ModelDescription) async throws -> [ColumnBins?] {
        let page = try BinsDescription.decode(try await get("/v1/models/\(percentEncoded(model.name))/bins"))
        guard page.columns.map(\.name) == model.schema.columns.map(\.name) else {
            throw LeadClientError(.badResponse, "the bins are those of other columns: fetch the schema again")
        }
        return page.columns.map(\.bins)
    }

    /// The models in service.
    ///
    /// - Returns: Their names and versions.
    /// - Throws: ``LeadClientError`` when there is no answer.
    public func models() async throws -> ModelList {
        try ModelList.decode(try await get("/v1/models"))
    }

    private func get(_ path: String) async throws -> [UInt8] {
        let response = try await exchange("GET", path, contentType: nil, body: [])
        guard response.status == 200 else { throw unexpected(response) }
        return response.body
    }

    private func exchange(
        _ method: String,
        _ path: String,
        contentType: String?,
        body: [UInt8]
    ) async throws -> ClientResponse {
        try Task.checkCancellation()
        let id = inbox.makeID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                inbox.send(
                    ClientRequest(
                        id: id,
                        method: method,
                        path: path,
                        contentType: contentType,
                        body: body,
                        continuation: continuation
                    )
                )
            }
        } onCancel: {
            inbox.cancel(id)
        }
    }

    private func unexpected(_ response: ClientResponse) -> LeadClientError {
        if let refusal = ServerRefusal.decode(response.body) {
            return LeadClientError(.badResponse, "the server answered \(response.status), \(refusal)")
        }
        let text = String(decoding: response.body.prefix(500), as: UTF8.self)
        let type = response.contentType ?? "no content type"
        return LeadClientError(.badResponse, "the server answered with status \(response.status) (\(type)): \(text)")
    }
}

/// A path segment in which only letters, digits, `-`, `.`, `_` and `~` stand for themselves.
private func percentEncoded(_ segment: String) -> String {
    var text = ""
    for byte in segment.utf8 {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: text.unicodeScalars.append(.init(byte))
        default: text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }
    return text
}
