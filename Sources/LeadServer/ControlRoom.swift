internal import LeadScoring
internal import Logging
internal import Reactor
internal import SnapshotExchange
internal import Synchronization
internal import TLSTransport

/// Loads models and certificates and publishes them, off the workers' threads.
///
/// A load that fails keeps what is in service, says why in the log, and counts.
final class ControlRoom: Sendable {
    private let state: ServerState
    private let source: ModelSource
    private let certificates: Mutex<CertificateSource>
    private let log: Logger
    private let catalog: Mutex<ModelCatalog>
    /// The folder's last error, so that the log tells it once.
    private let folderError = Mutex<String?>(nil)

    init(
        state: ServerState,
        source: ModelSource,
        certificates: sending CertificateSource,
        catalog: consuming ModelCatalog,
        log: Logger
    ) {
        self.state = state
        self.source = source
        self.certificates = Mutex(certificates)
        self.log = log
        self.catalog = Mutex(catalog)
    }

    /// Looks at the source, and publishes what is new.
    /// - Parameter isForced: see ``ModelCatalog/update(found:isForced:load:)``.
    func updateModels(isForced: Bool) {
        let found: [String: [String]]
        do {
            found = try source.find()
            folderError.withLock { $0 = nil }
        } catch {
            let text = "\(error)"
            let isNews = folderError.withLock { last in
                defer { last = text }
                return last != text
            }
            if isNews {
                state.reloads.modelsFailed.wrappingAdd(1, ordering: .relaxed)
                log.error("the models cannot be listed; those in service stay", metadata: ["error": "\(text)"])
            }
            return
        }
        catalog.withLock { catalog in
            let start = MonotonicClock.now()
            let outcome = catalog.update(found: found, isForced: isForced, load: source.load)
            for failure in outcome.failures {
                state.reloads.modelsFailed.wrappingAdd(1, ordering: .relaxed)
                log.error("a model is not taken into service; what is there stays", metadata: ["error": "\(failure)"])
            }
            guard outcome.hasChanged else { return }
            let epoch = state.models.publish(ModelDirectory(models: catalog.inOrder))
            let nanoseconds = MonotonicClock.now() - start
            state.reloads.modelsLoaded.wrappingAdd(outcome.loaded.count, ordering: .relaxed)
            state.reloads.lastLoadNanoseconds.store(nanoseconds, ordering: .relaxed)
            log.notice(
                "published",
                metadata: [
                    "epoch": "\(epoch)", "loaded": "\(outcome.loaded.joined(separator: " "))",
                    "removed": "\(outcome.removed.joined(separator: " "))", "ms": "\(nanoseconds / 1_000_000)",
                ]
            )
        }
    }

    /// Reads the certificates again, for connections to come: when asked, or when their files have changed.
    func updateCertificates(isForced: Bool) {
        certificates.withLock { source in
            do throws(TLSError) {
                try source.rotateTicketKeys()
            } catch {
                log.error("session tickets keep their key", metadata: ["error": "\(error)"])
            }
            guard isForced || source.haveFilesSettled() else { return }
            do throws(TLSError) {
                let context = try source.read()
                state.certificates.publish(context)
                state.reloads.certificatesLoaded.wrappingAdd(1, ordering: .relaxed)
                log.notice("certificates read again", metadata: ["days-left": "\(context.certificateDaysLeft ?? 0)"])
            } catch {
                state.reloads.certificatesFailed.wrappingAdd(1, ordering: .relaxed)
                log.error("the certificates cannot be used; the old ones stay", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Frees snapshots that no worker holds any more.
    func reclaim() {
        state.models.reclaim()
        state.certificates.reclaim()
    }
}
