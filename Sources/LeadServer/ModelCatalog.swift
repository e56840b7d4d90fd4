package import LeadScoring

/// Which version of each model is in service, and what to do when the folder of bundles shows others.
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
        /// Whether there is something new to publish.
        package var hasChanged: Bool { !loaded.isEmpty || !removed.isEmpty }
    }

    /// The models in service by name.
    package private(set) var models: [String: LeadModel] = [:]
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

    /// The models in the order of their names.
    package var inOrder: [LeadModel] { models.values.sorted { $0.name < $1.name } }

    /// Takes the newest version of each model that can be loaded into service.
    ///
    /// A version that fails leaves the old one in service; if there is none, the next older version is tried. It is tried
    /// again after 2, 4, 8 … 64 updates, and told of the first time only. A name
    /// that is gone from the folder stays in service unless the update is a forced one: a folder that is not mounted for
    /// a moment must not take models away.
    /// - Parameters:
    ///   - found: for each name its versions, newest first.
    ///   - isForced: try failed versions again, and drop names that are gone.
    ///   - load: makes the model of a name and version.
    /// - Returns: what has changed.
    package mutating func update(
        found: [String: [String]],
        isForced: Bool,
        load: (_ name: String, _ version: String) throws -> LeadModel
    ) -> Outcome {
        var outcome = Outcome()
        updates += 1
        if isForced {
            failed.removeAll()
            for name in models.keys.sorted() where found[name] == nil {
                models[name] = nil
                outcome.removed.append(name)
            }
        }
        for (name, versions) in found.sorted(by: { $0.key < $1.key }) {
            for version in versions {
                if models[name]?.version == version { break }
                let key = "\(name)/\(version)"
                if let failure = failed[key], updates < failure.next { continue }
                do {
                    models[name] = try load(name, version)
                    outcome.loaded.append(key)
                    failed[key] = nil
                    break
                } catch {
                    let attempts = (failed[key]?.attempts ?? 0) + 1
                    let pause = min(1 << min(attempts, 16), Self.updatesBetweenAttemptsMax)
                    failed[key] = Failure(attempts: attempts, next: updates + pause)
                    if attempts == 1 { outcome.failures.append("\(key): \(error)") }
                }
            }
        }
        return outcome
    }
}
