package import LeadScoring
package import ModelStore

/// Where models come from: a folder of bundles, or what a test makes.
package struct ModelSource: Sendable {
    /// For each name its versions, newest first.
    package var find: @Sendable () throws -> [String: [String]]
    /// The aliases of a name.
    package var aliases: @Sendable (_ name: String) throws -> ModelAliases
    /// Loads, verifies and warms one version.
    package var load: @Sendable (_ name: String, _ version: String) throws -> LeadModel
    /// The folder of bundles, where versions can be published; nil for models from elsewhere.
    package var store: BundleStore?

    /// A source of these parts.
    package init(
        find: @escaping @Sendable () throws -> [String: [String]],
        aliases: @escaping @Sendable (_ name: String) throws -> ModelAliases = { _ in ModelAliases() },
        load: @escaping @Sendable (_ name: String, _ version: String) throws -> LeadModel,
        store: BundleStore? = nil
    ) {
        self.find = find
        self.aliases = aliases
        self.load = load
        self.store = store
    }

    /// The bundles of a folder.
    ///
    /// Loading re-scores a bundle's golden rows on the kernel that will serve, which also warms it.
    /// - Parameters:
    ///   - path: the folder.
    ///   - notice: takes what the operator should hear of a bundle that is served all the same.
    /// - Returns: the source.
    package static func folder(_ path: String, notice: @escaping @Sendable (String) -> Void) -> ModelSource {
        let store = BundleStore(path: path)
        return ModelSource(
            find: {
                Dictionary(try store.listing().map { ($0.name, $0.versions) }) { first, _ in first }
            },
            aliases: { try store.aliases(ofModel: $0) },
            load: { name, version in
                let bundle = try store.load(name: name, version: version)
                if let words = bundle.notice { notice(words) }
                return bundle.model
            },
            store: store
        )
    }
}
