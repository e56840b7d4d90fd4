internal import ModelStore

/// What the control thread saw in the store at its last look, for the admin listener's pages.
struct StoreView: Sendable {
    /// One model's folder.
    struct Model: Sendable {
        /// The versions, newest first.
        var versions: [String]
        /// What the aliases should stand for.
        var aliases = ModelAliases()
    }

    /// The models by name.
    var models: [String: Model] = [:]

    /// Notes what was found.
    mutating func note(_ found: [String: [String]], aliases: [String: ModelAliases], isAll: Bool) {
        if isAll { models = models.filter { found[$0.key] != nil } }
        for (name, versions) in found {
            // A file that cannot be read now says nothing new.
            let aliases = aliases[name] ?? models[name]?.aliases ?? ModelAliases()
            models[name] = Model(versions: versions, aliases: aliases)
        }
    }
}
