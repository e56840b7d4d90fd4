internal import LeadScoring
internal import SnapshotExchange
internal import Synchronization
internal import TLSTransport

/// What the threads of a server share; everything in it is immutable, atomic, or a board.
final class ServerState: Sendable {
    /// The models in service.
    let models: SnapshotBoard<ModelDirectory>
    /// The certificates for new connections.
    let certificates: SnapshotBoard<TLSContext>
    /// Those for new connections to the admin listener; nil where it speaks in the clear.
    let adminCertificates: SnapshotBoard<TLSContext>?
    /// Who may do what.
    let policies: SnapshotBoard<AccessPolicy>
    /// What each worker counts.
    let telemetry: [WorkerTelemetry]
    /// What is taken from clients.
    let limits: ServerLimits
    /// Which requests are logged.
    let logging: RequestLogging
    /// How many connections there are, of all workers.
    let ledger: ConnectionLedger
    /// How the control thread fares.
    let reloads = Reloads()
    /// What the control thread saw in the store at its last look.
    let store = Mutex(StoreView())
    /// What became of operators' actions.
    let actions = ActionCounts()
    /// Set once, when the server will stop soon: not ready, but it takes new connections.
    let isLeaving = Atomic<Bool>(false)
    /// Set once, when the server is to stop: not ready, and no new connections.
    let isDraining = Atomic<Bool>(false)
    /// Set once, when what is still under way has to go.
    let isStopping = Atomic<Bool>(false)
    /// Workers that ended by a failure of the system's; their share of new connections is refused.
    let workersLost = Atomic<Int>(0)
    /// Workers whose loops did not turn between the last two looks.
    let workersStuck = Atomic<Int>(0)
    let started = ContinuousClock.now

    init(
        models: ModelDirectory,
        certificates: TLSContext,
        adminCertificates: TLSContext? = nil,
        policy: AccessPolicy,
        workers: Int,
        limits: ServerLimits,
        logging: RequestLogging
    ) {
        self.logging = logging
        policies = SnapshotBoard(policy, readers: workers)
        self.models = SnapshotBoard(models, readers: workers)
        self.certificates = SnapshotBoard(certificates, readers: workers)
        // The admin thread asks for a counted reference, once a connection.
        self.adminCertificates = adminCertificates.map { SnapshotBoard($0, readers: 1) }
        telemetry = (0..<workers).map { _ in WorkerTelemetry() }
        self.limits = limits
        ledger = ConnectionLedger(limits)
    }

    /// What nothing but a restart mends; nil as long as all is well.
    var failure: String? {
        if workersLost.load(ordering: .acquiring) > 0 { return "a worker has ended; restart the server" }
        if workersStuck.load(ordering: .relaxed) > 0 { return "a worker hangs; restart the server" }
        return nil
    }

    /// Why the server is not ready; nil when it is.
    func notReadyReason(_ directory: ModelDirectory) -> String? {
        if isLeaving.load(ordering: .acquiring) || isDraining.load(ordering: .acquiring) { return "draining" }
        if let failure { return failure }
        return directory.models.isEmpty ? "no model in service" : nil
    }
}

/// How often models and certificates were loaded, and what went wrong last; written by the control thread.
final class Reloads: Sendable {
    let modelsLoaded = Atomic<Int>(0)
    let modelsFailed = Atomic<Int>(0)
    let certificatesLoaded = Atomic<Int>(0)
    let certificatesFailed = Atomic<Int>(0)
    let policiesLoaded = Atomic<Int>(0)
    let policiesFailed = Atomic<Int>(0)
    /// How long the latest load took, from finding the bundle to its publication.
    let lastLoadNanoseconds = Atomic<UInt64>(0)
}
