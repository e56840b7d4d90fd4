internal import Foundation
internal import HTTP2Transport
package import LeadScoring
public import Logging
internal import ModelStore
internal import Reactor
internal import SnapshotExchange
internal import Synchronization
internal import TLSTransport

/// Why a server does not start, in words that name the remedy.
public struct ServerStartError: Error, CustomStringConvertible {
    /// What is wrong and what to do.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// A running server: workers that score over TLS HTTP/2, an admin listener, and a control thread that publishes models.
public final class LeadServer: Sendable {
    /// Where scoring listens, with the port in use.
    public let listenAddress: String
    /// Where the admin listener is, with the port in use; nil if there is none.
    public let adminAddress: String?

    private let configuration: ServerConfiguration
    private let log: Logger
    private let state: ServerState
    private let crew: WorkerCrew
    private let admin: AdminServer?
    private let control: ControlThread
    private let manager: ServiceManager?

    /// Loads the version of each model of the configured folder that is to serve, binds, and starts all threads.
    ///
    /// Call ``blockSignals()`` before other threads start, if ``runUntilSignalled()`` is to follow.
    /// - Parameters:
    ///   - configuration: what to serve, where, and within which limits.
    ///   - log: where the server tells what it does.
    /// - Throws: ``ServerStartError``.
    public convenience init(_ configuration: ServerConfiguration, log: Logger) throws {
        let source = ModelSource.folder(configuration.modelsPath) { words in
            log.warning("a packed plan is not used", metadata: ["plan": "\(words)"])
        }
        try self.init(configuration, source: source, log: log)
    }

    /// A server of models from another source.
    package init(_ configuration: ServerConfiguration, source: ModelSource, log: Logger) throws {
        self.configuration = configuration
        self.log = log
        let manager = ServiceManager(environment: ProcessInfo.processInfo.environment)
        self.manager = manager
        log.info("libraries", metadata: ["openssl": "\(OpenSSLLibrary.version)", "nghttp2": "\(HTTP2Library.version)"])
        if let warning = OpenSSLLibrary.warning { log.warning("\(warning)") }

        let tls = TLSServerConfiguration(
            certificateChainPath: configuration.certificatePath,
            privateKeyPath: configuration.privateKeyPath,
            clientCertificates: configuration.clientAuthorityPath == nil
                ? .off : configuration.clientCertificatesAreOptional ? .optional : .required,
            clientAuthorityPath: configuration.clientAuthorityPath
        )
        let certificates = try Self.firstCertificates(tls, servesAdmin: configuration.adminUsesTLS)
        let policy: AccessPolicy
        do throws(AccessPolicyError) {
            policy =
                try configuration.policyPath.map { path throws(AccessPolicyError) in try AccessPolicy(file: path) }
                ?? .open
        } catch {
            throw ServerStartError("\(error)")
        }
        let (catalog, view) = try Self.firstModels(source, configuration.modelsPath, log)
        let state = ServerState(
            models: catalog.directory,
            certificates: certificates.context,
            adminCertificates: certificates.adminContext,
            policy: policy,
            workers: configuration.workers,
            limits: configuration.limits,
            logging: configuration.logging
        )
        self.state = state
        state.store.withLock { $0 = view }
        let actions = ControlOrders()
        do {
            crew = try WorkerCrew(binding: try Self.address(configuration.listen), state: state, log: log)
        } catch {
            throw Self.cannotListen(configuration.listen, "--listen", error)
        }
        listenAddress = crew.address.description
        do {
            let desk = AdminDesk(state, source.store, actions)
            admin = try configuration.admin.map { try Self.startAdmin($0, configuration, state, desk, log) }
        } catch {
            _ = crew.stop(within: .zero)
            throw Self.cannotListen(configuration.admin ?? "", "--admin", error)
        }
        adminAddress = admin?.address.description
        do {
            let room = ControlRoom(
                state: state,
                source: source,
                certificates: certificates,
                policyPath: configuration.policyPath,
                catalog: catalog,
                log: log
            )
            let watch = WorkerWatch(state, crew, log, manager)
            control = try ControlThread(room, watch, actions, every: configuration.pollInterval)
        } catch {
            _ = crew.stop(within: .zero)
            admin?.stop()
            throw ServerStartError("cannot start the control thread: \(error)")
        }
        log.notice(
            "serving",
            metadata: [
                "listen": "\(listenAddress)", "admin": "\(adminAddress ?? "none")",
                "workers": "\(configuration.workers)",
                "models": "\(catalog.inOrder.map { "\($0.name) \($0.version)" }.joined(separator: ", "))",
            ]
        )
    }

    /// Looks for new models and reads the certificates again, soon; what SIGHUP does.
    public func reload() { control.reload() }

    /// Keeps SIGHUP, SIGINT and SIGTERM from ending the process, for ``runUntilSignalled()``.
    ///
    /// To be called before any other thread starts.
    /// - Throws: `SystemError` when the kernel refuses.
    public static func blockSignals() throws { try SignalSource.blockInAllThreads() }

    /// Serves until SIGTERM or SIGINT comes, reloads on SIGHUP; then drains.
    /// - Returns: whether all that was under way could be finished in time.
    /// - Throws: `SystemError` when the kernel refuses.
    public func runUntilSignalled() throws -> Bool {
        manager?.tell("READY=1")
        let loop = try EventLoop()
        let signals = try SignalSource()
        try signals.register(with: loop, token: 0)
        while true {
            _ = try loop.wait()
            while let signal = try signals.next() {
                log.notice("signal", metadata: ["signal": "\(signal)"])
                switch signal {
                case .hangUp: reload()
                case .interrupt, .terminate: return stop()
                }
            }
        }
    }

    /// Drains and stops: not ready, after a delay no new connections, GOAWAY, what is under way finishes, then all is closed.
    ///
    /// A second call does nothing.
    /// - Returns: whether all that was under way could be finished in time.
    @discardableResult
    public func stop() -> Bool {
        manager?.tell("STOPPING=1")
        if !state.isLeaving.exchange(true, ordering: .acquiringAndReleasing), configuration.drainDelay > .zero {
            log.notice("not ready any more", metadata: ["drains-in": "\(configuration.drainDelay)"])
            Thread.sleep(forTimeInterval: configuration.drainDelay / .seconds(1))
        }
        log.notice("draining", metadata: ["seconds": "\(configuration.drainTimeout / .seconds(1))"])
        let isClean = crew.stop(within: configuration.drainTimeout)
        if !isClean { log.warning("what was still under way has been cut off") }
        control.stop()
        admin?.stop()
        log.notice("stopped")
        return isClean
    }

    /// Publishes models at once; how tests publish faster than any folder changes.
    /// - Returns: the epoch.
    @discardableResult
    package func publish(_ models: [LeadModel]) -> UInt64 { state.models.publish(ModelDirectory(models: models)) }

    /// Replaced snapshots that are not freed yet.
    package var retiredSnapshotCount: Int { state.models.statistics().retiredCount }

    private static func address(_ text: String) throws -> SocketAddress {
        guard let address = try SocketAddress.resolve(text).first else { throw ServerStartError("no address") }
        return address
    }

    private static func cannotListen(_ text: String, _ option: String, _ error: any Error) -> ServerStartError {
        let isTaken = (error as? SystemError)?.isAddressTaken == true
        let hint =
            isTaken ? "; stop what listens there, or name another with \(option) (port 0 lets the system choose)" : ""
        return ServerStartError("cannot listen on \(text): \(error)\(hint)")
    }

    /// Whether a text has the form of an address to listen on: `HOST:PORT`.
    public static func isAddress(_ text: String) -> Bool { (try? SocketAddress.split(text)) != nil }

    private static func startAdmin(
        _ text: String,
        _ configuration: ServerConfiguration,
        _ state: ServerState,
        _ desk: AdminDesk,
        _ log: Logger
    ) throws -> AdminServer {
        let address = try address(text)
        if !address.isLoopback, state.adminCertificates == nil {
            log.warning(
                "the admin listener speaks in the clear, and not on loopback; give --admin-tls",
                metadata: ["admin": "\(address)"]
            )
        }
        return try AdminServer(
            binding: address,
            certificates: state.adminCertificates,
            actionTimeout: configuration.actionTimeout
        ) { request, peer, later in
            desk.answer(request, peer, later)
        }
    }

    private static func firstCertificates(
        _ tls: TLSServerConfiguration,
        servesAdmin: Bool
    ) throws -> CertificateSource {
        do {
            return try CertificateSource(tls, servesAdmin: servesAdmin)
        } catch {
            throw ServerStartError(
                "\(error)\nfor development, make certificates with: leadline certs DIR; then serve with "
                    + "--tls-cert DIR/server.pem --tls-key DIR/server.key"
            )
        }
    }

    private static func firstModels(
        _ source: ModelSource,
        _ path: String,
        _ log: Logger
    ) throws -> (ModelCatalog, StoreView) {
        var catalog = ModelCatalog()
        let found = try source.find()
        let outcome = catalog.update(found: found, isForced: true, aliases: source.aliases, load: source.load)
        for failure in outcome.failures { log.error("a model cannot be loaded", metadata: ["error": "\(failure)"]) }
        guard !catalog.models.isEmpty else {
            throw ServerStartError(
                outcome.failures.isEmpty
                    ? "there is no model in \(path); make one with: leadline train LEADS.csv --label COL --out \(path)/NAME"
                    : "no model in \(path) can be loaded:\n" + outcome.failures.joined(separator: "\n")
            )
        }
        var view = StoreView()
        view.note(found, aliases: outcome.aliases, isAll: true)
        return (catalog, view)
    }
}
