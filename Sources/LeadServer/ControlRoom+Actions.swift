internal import EnsembleKernels
internal import Foundation
internal import LeadScoring
internal import LeadTypes
internal import Logging
internal import ModelStore
internal import Reactor
internal import SnapshotExchange
internal import Synchronization

/// What operators have done to models, on the control thread.
///
/// The order is always the same: what shall serve is loaded and checked, the store is written, and then it is published. So
/// an error leaves the store and what is in service as they were.
extension ControlRoom {
    /// Why an action was not carried out, as its answer tells it.
    private struct Stopped: Error {
        var outcome: ActionCounts.Outcome
        var status: Int
        var code: String
        var text: String

        init(refused status: Int, _ code: String, _ text: String) {
            (outcome, self.status, self.code, self.text) = (.refused, status, code, text)
        }

        init(failed status: Int, _ code: String, _ text: String) {
            (outcome, self.status, self.code, self.text) = (.failed, status, code, text)
        }

        init(_ error: any Error) {
            guard let refusal = error as? PublicationRefused else {
                self.init(failed: 500, "store-failure", "\(error)")
                return
            }
            switch refusal.kind {
            case .unknownModel: self.init(refused: 404, "unknown-model", "\(refusal)")
            case .unknownVersion: self.init(refused: 404, "unknown-version", "\(refusal)")
            case .unknownAlias: self.init(refused: 404, "unknown-alias", "\(refusal)")
            case .nothingBefore: self.init(refused: 409, "nothing-before", "\(refusal)")
            case .changedMeanwhile: self.init(refused: 409, "changed-meanwhile", "\(refusal)")
            case .invalid: self.init(refused: 400, "bad-request", "\(refusal)")
            }
        }
    }

    /// Carries an action out, logs and counts it.
    /// - Returns: the answer, once what was done can be seen by every worker.
    func carryOut(_ order: ControlOrder) -> PlainResponse {
        var metadata: Logger.Metadata = [
            "action": "\(order.action.kind.rawValue)", "model": "\(order.name)", "who": "\(order.who)",
        ]
        do throws(Stopped) {
            let response = try perform(order)
            state.actions.add(order.action.kind, .done)
            metadata["answer"] = "\(String(decoding: response.body, as: UTF8.self).dropLast())"
            log.notice("an operator's action", metadata: metadata)
            return response
        } catch {
            state.actions.add(order.action.kind, error.outcome)
            metadata["error"] = "\(error.text)"
            log.warning("an operator's action was not carried out", metadata: metadata)
            return .error(status: error.status, code: error.code, error.text)
        }
    }

    private func perform(_ order: ControlOrder) throws(Stopped) -> PlainResponse {
        guard let store = source.store else {
            throw Stopped(refused: 409, "no-store", "the models of this server come from no folder")
        }
        let name = order.name
        let start = MonotonicClock.now()
        switch order.action {
        case .load(let version):
            _ = try versions(of: name, store, with: version)
            return try report(on: name, version, store)
        case .publish(let version, let alias, let reason):
            _ = try versions(of: name, store, with: version)
            let model = try load(name, version)
            let served = alias == ModelAliases.production ? catalog.withLock { $0.models[name]?.version } : nil
            let change = try attempt {
                try store.publish(version, as: alias, ofModel: name, by: order.who, reason: reason, served: served)
            }
            return try show(change, alias, name, store, model, since: start)
        case .rollBack(let alias, let reason):
            _ = try versions(of: name, store)
            let expected = try attempt { try store.rollBackTarget(alias, ofModel: name) }
            _ = try versions(of: name, store, with: expected.target)
            let model = try load(name, expected.target)
            let change = try attempt {
                try store.rollBack(alias, ofModel: name, expecting: expected, by: order.who, reason: reason)
            }
            return try show(change, alias, name, store, model, since: start)
        case .unalias(let alias, let reason):
            _ = try versions(of: name, store)
            let change = try attempt { try store.unalias(alias, ofModel: name, by: order.who, reason: reason) }
            return try show(change, alias, name, store, nil, since: start)
        }
    }

    private func attempt<Result>(_ body: () throws -> Result) throws(Stopped) -> Result {
        do {
            return try body()
        } catch {
            throw Stopped(error)
        }
    }

    /// A model's versions, of which one is asked for.
    private func versions(
        of name: String,
        _ store: BundleStore,
        with version: String? = nil
    ) throws(Stopped) -> [String] {
        let versions = try attempt { try store.versionNames(ofModel: name) }
        guard !versions.isEmpty else {
            throw Stopped(
                refused: 404,
                "unknown-model",
                "the store has no model \"\(name)\"; GET /v1/models lists them"
            )
        }
        guard version.map(versions.contains) ?? true else {
            let known = versions.prefix(5).joined(separator: ", ")
            throw Stopped(
                refused: 404,
                "unknown-version",
                "\(name) has no version \"\(version ?? "")\"; the newest: \(known)"
            )
        }
        return versions
    }

    /// A version that has passed every check: loaded now, unless it serves already.
    private func load(_ name: String, _ version: String) throws(Stopped) -> LeadModel {
        if let model = catalog.withLock({ $0.model(name, version) }) { return model }
        do {
            return try source.load(name, version)
        } catch {
            throw Stopped(failed: 422, "bundle-refused", "\(error)")
        }
    }

    /// Loads a version only to tell how that goes.
    private func report(on name: String, _ version: String, _ store: BundleStore) throws(Stopped) -> PlainResponse {
        let start = MonotonicClock.now()
        let bundle: LoadedBundle
        do {
            bundle = try store.load(name: name, version: version)
        } catch {
            throw Stopped(failed: 422, "bundle-refused", "\(error)")
        }
        let nanoseconds = MonotonicClock.now() - start
        var json = JSONWriter()
        json.object {
            $0.member("model", name)
            $0.member("version", version)
            $0.name("milliseconds")
            $0.value(Double(nanoseconds / 1_000) / 1_000)
            $0.name("goldenRows")
            $0.value(bundle.goldenRows.expected.rows)
            $0.name("packedBytes")
            $0.value(bundle.model.kernel.packedByteCount)
            $0.name("trees")
            $0.value(bundle.model.kernel.outline.treeCount)
            $0.member("kernel", bundle.model.kernel.kernel.rawValue)
            $0.member("fingerprint", hexadecimal(bundle.model.schema.fingerprint))
            $0.name("warnings")
            $0.array { list in
                if let notice = bundle.notice { list.value(notice) }
            }
        }
        return PlainResponse(json.text + "\n")
    }

    /// Publishes what the store says now of one model, and tells it once every worker can see it.
    private func show(
        _ change: PublicationChange,
        _ alias: String,
        _ name: String,
        _ store: BundleStore,
        _ loaded: LeadModel?,
        since start: UInt64
    ) throws(Stopped) -> PlainResponse {
        let found = [name: try versions(of: name, store)]
        if let loaded { catalog.withLock { $0.forgetFailure(name, loaded.version) } }
        let epoch = takeIn(found, isForced: false, isAll: false) { name, version in
            if let loaded, loaded.version == version { return loaded }
            return try source.load(name, version)
        }
        waitUntilSeen()
        let nanoseconds = MonotonicClock.now() - start
        var json = JSONWriter()
        json.object {
            $0.member("model", name)
            $0.member("alias", alias)
            $0.member("version", change.aliases[alias])
            $0.member("previous", change.record == nil ? change.aliases[alias] : change.record?.previous)
            $0.name("changed")
            $0.value(change.record != nil)
            $0.member("served", catalog.withLock { $0.models[name]?.version })
            $0.name("epoch")
            $0.value(epoch)
            $0.name("milliseconds")
            $0.value(Double(nanoseconds / 1_000) / 1_000)
        }
        return PlainResponse(json.text + "\n")
    }

    /// Waits until no worker is in a turn that began before the latest publication; for a worker that is stuck not for ever.
    private func waitUntilSeen() {
        for _ in 0..<2_500 where state.models.statistics().readersBehind > 0 { Thread.sleep(forTimeInterval: 0.0002) }
    }
}
