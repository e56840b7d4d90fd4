internal import Reactor
internal import TLSTransport

/// The files that certificates come from: reads them, notices when they change, and keeps the keys of session tickets.
///
/// Not `Sendable`: the control thread has it after the server's start.
final class CertificateSource {
    /// What was made of the files last.
    private(set) var context: TLSContext
    /// The same for the admin listener, which speaks HTTP/1.1; nil where it has no TLS.
    private(set) var adminContext: TLSContext?

    private let configuration: TLSServerConfiguration
    private let servesAdmin: Bool
    private let tickets: TicketKeys
    private var stamps: [FileStamp]
    /// What the files looked like at the last look, when that was not as they were read.
    private var changed: [FileStamp]?
    private var lastRotation = MonotonicClock.now()

    /// Between two new keys of tickets; a ticket is good for two hours by OpenSSL's default, and three keys are kept.
    private static let rotationNanoseconds: UInt64 = 7_200_000_000_000

    /// Reads the files for the first time.
    /// - Parameters:
    ///   - configuration: the files.
    ///   - servesAdmin: whether the admin listener has TLS too.
    /// - Throws: `TLSError` when a file cannot be used.
    init(_ configuration: TLSServerConfiguration, servesAdmin: Bool = false) throws(TLSError) {
        self.configuration = configuration
        self.servesAdmin = servesAdmin
        tickets = try TicketKeys()
        stamps = FileStamp.of(configuration)
        context = try TLSContext(server: configuration, tickets: tickets)
        adminContext = try makeAdminContext()
    }

    /// Reads the files again.
    func read() throws(TLSError) -> TLSContext {
        // Before they are read: a change that comes in between is then seen as one.
        stamps = FileStamp.of(configuration)
        changed = nil
        let context = try TLSContext(server: configuration, tickets: tickets)
        adminContext = try makeAdminContext()
        self.context = context
        return context
    }

    /// Keys of tickets are its own: what was agreed on with one listener is nothing to the other.
    private func makeAdminContext() throws(TLSError) -> TLSContext? {
        servesAdmin ? try TLSContext(server: configuration, speaking: .http1) : nil
    }

    /// Whether the files have changed since they were read, and not any more since the last look: a certificate and its key are
    /// written one after the other.
    func haveFilesSettled() -> Bool {
        let now = FileStamp.of(configuration)
        guard now != stamps else {
            changed = nil
            return false
        }
        defer { changed = now }
        return changed == now
    }

    /// Makes a new key for tickets when it is time.
    func rotateTicketKeys() throws(TLSError) {
        let now = MonotonicClock.now()
        guard now - lastRotation >= Self.rotationNanoseconds else { return }
        lastRotation = now
        try tickets.rotate()
    }
}
