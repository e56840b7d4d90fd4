internal import LeadScoring
internal import ModelStore
internal import SnapshotExchange
internal import Synchronization

/// The admin listener's pages about models: what the store has, and what of it is in service.
enum StorePages {
    /// Versions that are listed of a model; there may be more.
    private static let versionsMax = 100
    private static let publicationsMax = 20

    /// All models: those in service as the scoring listener tells them, and those in the store.
    static func models(
        _ publication: Publication<ModelDirectory>,
        _ state: ServerState,
        for rule: AccessRule?
    ) -> PlainResponse {
        let view = state.store.withLock(\.self)
        return InfoPages.models(publication, state, for: rule) { json in
            json.name("store")
            json.array { list in
                for (name, model) in view.models.sorted(by: { $0.key < $1.key })
                where rule?.allows(model: name) ?? true {
                    list.object {
                        $0.member("name", name)
                        folder(name, model, publication.value, &$0)
                    }
                }
            }
        }
    }

    /// One model, with its latest publications.
    static func model(
        _ name: String,
        _ publication: Publication<ModelDirectory>,
        _ state: ServerState,
        _ store: BundleStore?
    ) -> PlainResponse {
        guard let model = state.store.withLock({ $0.models[name] }) else {
            return .error(
                status: 404,
                code: "unknown-model",
                "the store has no model \"\(name)\"; GET /v1/models lists them"
            )
        }
        var json = JSONWriter()
        json.object {
            $0.member("name", name)
            $0.name("epoch")
            $0.value(publication.epoch)
            folder(name, model, publication.value, &$0)
            publications(of: name, store, &$0)
        }
        return PlainResponse(json.text + "\n")
    }

    /// What a model's folder has, and what is served of it.
    private static func folder(
        _ name: String,
        _ model: StoreView.Model,
        _ directory: ModelDirectory,
        _ json: inout JSONWriter
    ) {
        json.member("served", directory.models.first { $0.name == name }?.version)
        json.member("problem", directory.problems[name])
        json.name("aliases")
        json.array { list in
            for alias in model.aliases.names {
                list.object {
                    $0.member("alias", alias)
                    $0.member("version", model.aliases[alias])
                    let served = directory.aliases.first { $0.name == name && $0.alias == alias }
                    $0.member("served", served?.model.version)
                }
            }
        }
        json.name("versionCount")
        json.value(model.versions.count)
        json.name("versions")
        json.array { list in
            for version in model.versions.prefix(versionsMax) { list.value(version) }
        }
    }

    private static func publications(of name: String, _ store: BundleStore?, _ json: inout JSONWriter) {
        do throws(BundleError) {
            let records = try store?.publications(ofModel: name, last: publicationsMax) ?? []
            json.name("publications")
            json.array { list in
                for record in records {
                    list.object {
                        $0.member("time", record.time)
                        $0.member("who", record.who)
                        $0.member("action", record.action.rawValue)
                        $0.member("alias", record.alias)
                        $0.member("version", record.version)
                        $0.member("previous", record.previous)
                        $0.member("reason", record.reason)
                    }
                }
            }
        } catch {
            json.member("publicationsError", error.description)
        }
    }
}
