package import LeadScoring
internal import ModelStore

/// Where models come from: a folder of bundles, or what a test makes.
package struct ModelSource: Sendable {
    /// For each name its versions, newest first.
    package var find: @Sendable () throws -> [String: [String]]
    /// Loads, verifies and warms one version.
    package var load: @Sendable (_ name: String, _ version: String) throws -> LeadModel

    /// A source of these parts.
    package init(
        find: @escaping @Sendable () throws -> [String: [String]],
        load: @escaping @Sendable (_ name: String, _ version: String) throws -> LeadModel
    ) {
        self.find = find
        self.load = load
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
            load: { name, version in
                let bundle = try store.load(name: name, version: version)
                if let words = bundle.notice { notice(words) }
                return bundle.model
            }
        )
    }
}
