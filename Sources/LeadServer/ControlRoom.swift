internal import Foundation
internal import LeadScoring
internal import Logging
internal import ModelStore
internal import Reactor
internal import SnapshotExchange
internal import Synchronization
internal import TLSTransport

/// Loads models and certificates and publishes them, off the workers' threads.
///
/// A load that fails keeps what is in service, says why in the log, and counts. All of it happens on the control thread.
final class ControlRoom: Sendable {
    let state: ServerState
    let source: ModelSource
    private let certificates: Mutex<CertificateSource>
    let log: Logger
    private let policyPath: String?
    /// The policy's file as it was read last.
    private let policyStamp: Mutex<FileStamp?>
    let catalog: Mutex<ModelCatalog>
    /// The folder's last error, so that the log tells it once.
    private let folderError = Mutex<String?>(nil)

    init(
        state: ServerState,
        source: ModelSource,
        certificates: sending CertificateSource,
        policyPath: String?,
        catalog: consuming ModelCatalog,
        log: Logger
    ) {
        self.state = state
        self.source = source
        self.certificates = Mutex(certificates)
        self.policyPath = policyPath
        policyStamp = Mutex(policyPath.map { FileStamp($0) })
        self.log = log
        self.catalog = Mutex(catalog)
    }

    /// Looks at the source, and publishes what is new.
    /// - Parameter isForced: see ``ModelCatalog/update(found:isForced:aliases:load:)``.
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
        takeIn(found, isForced: isForced, isAll: true, load: source.load)
    }

    /// Takes what was found into service, as one publication.
    /// - Parameters:
    ///   - found: for each name its versions, newest first.
    ///   - isForced: see ``ModelCatalog/update(found:isForced:aliases:load:)``.
    ///   - isAll: whether these are all models that there are.
    ///   - load: makes the model of a name and version.
    /// - Returns: the epoch of what is in service now.
    @discardableResult
    func takeIn(
        _ found: [String: [String]],
        isForced: Bool,
        isAll: Bool,
        load: (_ name: String, _ version: String) throws -> LeadModel
    ) -> UInt64 {
        catalog.withLock { catalog in
            let start = MonotonicClock.now()
            let outcome = catalog.update(found: found, isForced: isForced, aliases: source.aliases, load: load)
            defer { state.store.withLock { $0.note(found, aliases: outcome.aliases, isAll: isAll) } }
            for failure in outcome.failures {
                state.reloads.modelsFailed.wrappingAdd(1, ordering: .relaxed)
                log.error("a model is not taken into service; what is there stays", metadata: ["error": "\(failure)"])
            }
            guard outcome.hasChanged else { return state.models.current().epoch }
            let epoch = state.models.publish(catalog.directory)
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
            return epoch
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
                if let context = source.adminContext { state.adminCertificates?.publish(context) }
                state.reloads.certificatesLoaded.wrappingAdd(1, ordering: .relaxed)
                log.notice(
                    "certificates read again",
                    metadata: [
                        "ends":
                            "\(context.certificateEnd.map { Date(timeIntervalSince1970: Double($0)).description } ?? "unknown")"
                    ]
                )
            } catch {
                state.reloads.certificatesFailed.wrappingAdd(1, ordering: .relaxed)
                log.error("the certificates cannot be used; the old ones stay", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Reads the policy again: when asked, or when its file has changed.
    func updatePolicy(isForced: Bool) {
        guard let policyPath else { return }
        let stamp = FileStamp(policyPath)
        let isNews = policyStamp.withLock { last in
            defer { last = stamp }
            return last != stamp
        }
        guard isForced || isNews else { return }
        do throws(AccessPolicyError) {
            let policy = try AccessPolicy(file: policyPath)
            let epoch = state.policies.publish(policy)
            state.reloads.policiesLoaded.wrappingAdd(1, ordering: .relaxed)
            log.notice("policy read again", metadata: ["rules": "\(policy.rules.count)", "epoch": "\(epoch)"])
        } catch {
            state.reloads.policiesFailed.wrappingAdd(1, ordering: .relaxed)
            log.error("the policy cannot be used; the old one stays", metadata: ["error": "\(error)"])
        }
    }

    /// Frees snapshots that no worker holds any more.
    func reclaim() {
        state.models.reclaim()
        state.certificates.reclaim()
        state.adminCertificates?.reclaim()
        state.policies.reclaim()
    }
}
