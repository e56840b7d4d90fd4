package import LeadScoring
package import ModelStore

/// Which versions of each model are in service, and what to do when the folder of bundles shows others.
///
/// No I/O of its own: what is found and how to load it are passed in.
package struct ModelCatalog {
    /// What an update came to.
    package struct Outcome {
        /// Names and versions that came into service.
        package var loaded: [String] = []
        /// Names that left it.
        package var removed: [String] = []
        /// What could not be loaded, and why.
        package var failures: [String] = []
        /// The aliases that were read, by name.
        package var aliases: [String: ModelAliases] = [:]
        /// Whether an alias stands for another version than before, or a model's problem is another one.
        package var hasOtherNames = false
        /// Whether there is something new to publish.
        package var hasChanged: Bool { !loaded.isEmpty || !removed.isEmpty || hasOtherNames }
    }

    /// The models that bare names mean, by name.
    package private(set) var models: [String: LeadModel] = [:]
    /// By name, the models that aliases stand for.
    private var aliased: [String: [String: LeadModel]] = [:]
    /// By name, why a model is not in service or not as it should be.
    package private(set) var problems: [String: String] = [:]

    /// A version that could not be loaded: how often, and in which update it is tried again.
    private struct Failure {
        var attempts: Int
        var next: Int
    }

    /// Versions that failed, as `NAME/VERSION`.
    ///
    /// They are tried again, ever more seldom: a bundle that is still being copied into the folder looks damaged until it
    /// is whole.
    private var failed: [String: Failure] = [:]
    private var updates = 0
    private static let updatesBetweenAttemptsMax = 64

    /// Nothing in service.
    package init() {}

    /// The models that bare names mean, in the order of their names.
    package var inOrder: [LeadModel] { models.values.sorted { $0.name < $1.name } }

    /// All that is in service: what is published as one.
    package var directory: ModelDirectory {
        var all: [LeadModel] = []
        var aliases: [ModelDirectory.Alias] = []
        for model in inOrder {
            all.append(model)
            for (alias, other) in (aliased[model.name] ?? [:]).sorted(by: { $0.key < $1.key }) {
                if !all.contains(where: { $0 === other }) { all.append(other) }
                aliases.append(.init(alias, of: other))
            }
        }
        return ModelDirectory(models: all, aliases: aliases, problems: problems)
    }

    /// A version that is in service, under whatever name.
    package func model(_ name: String, _ version: String) -> LeadModel? {
        if let model = models[name], model.version == version { return model }
        return aliased[name]?.values.first { $0.version == version }
    }

    /// Has a version tried at the next update, if it failed before.
    package mutating func forgetFailure(_ name: String, _ version: String) { failed["\(name)/\(version)"] = nil }

    /// Takes the version that `production` names into service for each model, or without that alias the newest one that can be
    /// loaded; and those that other aliases name.
    ///
    /// A version that fails leaves the old one in service. Without `production`, if there is none, the next older version is
    /// tried; a version that `production` names is never replaced by another. A version that failed is tried
    /// again after 2, 4, 8 … 64 updates, and told of the first time only. A name
    /// that is gone from the folder stays in service unless the update is a forced one: a folder that is not mounted for
    /// a moment must not take models away.
    /// - Parameters:
    ///   - found: for each name its versions, newest first.
    ///   - isForced: try failed versions again, and drop names that are gone.
    ///   - aliases: tells the aliases of a name.
    ///   - load: makes the model of a name and version.
    /// - Returns: what has changed.
    package mutating func update(
        found: [String: [String]],
        isForced: Bool,
        aliases: (_ name: String) throws -> ModelAliases = { _ in ModelAliases() },
        load: (_ name: String, _ version: String) throws -> LeadModel
    ) -> Outcome {
        var outcome = Outcome()
        updates += 1
        if isForced {
            failed.removeAll()
            for name in models.keys.sorted() where found[name] == nil {
                models[name] = nil
                aliased[name] = nil
                problems[name] = nil
                outcome.removed.append(name)
            }
            for name in problems.keys where found[name] == nil {
                problems[name] = nil
                outcome.hasOtherNames = true
            }
        }
        for (name, versions) in found.sorted(by: { $0.key < $1.key }) {
            let before = (problems[name], aliased[name]?.mapValues { ObjectIdentifier($0) } ?? [:])
            // The same failure is told once, however often the file is looked at.
            guard let wanted = attempt("\(name)/aliases", isSkippable: false, &outcome, { try aliases(name) }) else {
                problems[name] = "its aliases cannot be read; the log says why"
                outcome.hasOtherNames = outcome.hasOtherNames || problems[name] != before.0
                continue
            }
            outcome.aliases[name] = wanted
            problems[name] = nil
            if let version = wanted[ModelAliases.production] {
                serve(name, version, &outcome, load)
            } else {
                serveNewest(name, versions, &outcome, load)
            }
            nameOthers(name, wanted, &outcome, load)
            let after = (problems[name], aliased[name]?.mapValues { ObjectIdentifier($0) } ?? [:])
            outcome.hasOtherNames = outcome.hasOtherNames || before != after
        }
        return outcome
    }

    /// Serves the newest version that can be loaded, unless that is an older one than serves already.
    private mutating func serveNewest(
        _ name: String,
        _ versions: [String],
        _ outcome: inout Outcome,
        _ load: (String, String) throws -> LeadModel
    ) {
        for version in versions {
            if models[name]?.version == version { return }
            guard let model = obtain(name, version, &outcome, load) else { continue }
            models[name] = model
            return
        }
    }

    /// Serves one version and no other.
    private mutating func serve(
        _ name: String,
        _ version: String,
        _ outcome: inout Outcome,
        _ load: (String, String) throws -> LeadModel
    ) {
        guard models[name]?.version != version else { return }
        if let model = obtain(name, version, &outcome, load) {
            models[name] = model
        } else {
            let stays = models[name].map { "\($0.version) stays" } ?? "nothing is served"
            problems[name] = "production is \(version), which cannot be loaded; \(stays), and the log says why"
        }
    }

    /// Has the aliases stand for what they name; one whose version cannot be loaded stands for what it did.
    private mutating func nameOthers(
        _ name: String,
        _ wanted: ModelAliases,
        _ outcome: inout Outcome,
        _ load: (String, String) throws -> LeadModel
    ) {
        guard let bare = models[name] else {
            aliased[name] = nil
            return
        }
        var standing: [String: LeadModel] = [:]
        for alias in wanted.names {
            guard let version = wanted[alias] else { continue }
            if alias == ModelAliases.production {
                standing[alias] = bare
                continue
            }
            let same = standing.values.first { $0.version == version } ?? model(name, version)
            standing[alias] = same ?? obtain(name, version, &outcome, load) ?? aliased[name]?[alias]
            if standing[alias]?.version != version, problems[name] == nil {
                problems[name] = "\(alias) is \(version), which cannot be loaded; the log says why"
            }
        }
        aliased[name] = standing
    }

    /// A version: the one in service if it is, or loaded now.
    private mutating func obtain(
        _ name: String,
        _ version: String,
        _ outcome: inout Outcome,
        _ load: (String, String) throws -> LeadModel
    ) -> LeadModel? {
        let key = "\(name)/\(version)"
        guard let model = model(name, version) ?? attempt(key, isSkippable: true, &outcome, { try load(name, version) })
        else { return nil }
        outcome.loaded.append(key)
        return model
    }

    /// Tries what may fail, unless it failed too lately.
    private mutating func attempt<Result>(
        _ key: String,
        isSkippable: Bool,
        _ outcome: inout Outcome,
        _ body: () throws -> Result
    ) -> Result? {
        if isSkippable, let failure = failed[key], updates < failure.next { return nil }
        do {
            let result = try body()
            failed[key] = nil
            return result
        } catch {
            let attempts = (failed[key]?.attempts ?? 0) + 1
            let pause = min(1 << min(attempts, 16), Self.updatesBetweenAttemptsMax)
            failed[key] = Failure(attempts: attempts, next: updates + pause)
            if attempts == 1 { outcome.failures.append("\(key): \(error)") }
            return nil
        }
    }
}
