public import LeadWire

/// The models in service at one moment, by name: what one snapshot holds.
///
/// Immutable; built anew for each publication.
public final class ModelDirectory: Sendable {
    /// A further name of a model: requests ask for `NAME@ALIAS`.
    public struct Alias: Sendable {
        /// The model's name.
        public let name: String
        /// The alias.
        public let alias: String
        /// The model, of the version that the alias stands for.
        public let model: LeadModel
        /// `NAME@ALIAS`.
        let key: String

        /// An alias of a model.
        public init(_ alias: String, of model: LeadModel) {
            name = model.name
            self.alias = alias
            self.model = model
            key = "\(model.name)@\(alias)"
        }
    }

    /// Every model; of several versions of a name the one that the bare name means comes first.
    public let models: [LeadModel]
    /// The aliases, in any order; each stands for one of ``models``.
    public let aliases: [Alias]
    /// By a model's name, why it is not in service, or not as it should be.
    public let problems: [String: String]
    /// The model that answers requests without a name; nil if there are several names and none was chosen.
    public let defaultModel: LeadModel?

    /// A directory of models.
    /// - Parameters:
    ///   - models: in any order of names; of several versions of a name the first is the one that the bare name means.
    ///   - aliases: further names of those models.
    ///   - problems: by a model's name, why it is not in service, or not as it should be.
    ///   - defaultName: the name of the model for requests without one; if nil, that of the only model.
    public init(
        models: [LeadModel],
        aliases: [Alias] = [],
        problems: [String: String] = [:],
        defaultName: String? = nil
    ) {
        self.models = models
        self.aliases = aliases
        self.problems = problems
        if let defaultName {
            defaultModel = models.first { $0.name == defaultName }
        } else {
            defaultModel = models.allSatisfy { $0.name == models[0].name } ? models.first : nil
        }
    }

    /// The names, each once, in the order of their first models.
    public var names: [String] {
        var names: [String] = []
        for model in models where !names.contains(model.name) { names.append(model.name) }
        return names
    }

    /// The aliases of a model's version in order.
    public func aliases(of model: LeadModel) -> [String] {
        aliases.filter { $0.model === model }.map(\.alias).sorted()
    }

    /// The model of a name and, if not empty, an exact version.
    ///
    /// A bare name is looked up before aliases are thought of, so that they cost it nothing.
    /// - Parameters:
    ///   - name: the name, or `NAME@ALIAS`; empty for the default model.
    ///   - version: the exact version; empty for the one in service. With an alias it can only be the alias's own.
    /// - Returns: the model.
    /// - Throws: `notReady` if there is no model at all, `unknownModel`, or `unknownVersion`.
    public func model(named name: String, version: String = "") throws(WireError) -> LeadModel {
        guard !models.isEmpty else { throw WireError(.notReady, "no model is in service yet") }
        let first = name.isEmpty ? defaultModel : models.first { $0.name == name }
        guard let first else {
            if name.utf8.contains(UInt8(ascii: "@")) { return try model(aliased: name, version: version) }
            let known = names.prefix(20).joined(separator: ", ")
            throw WireError(
                .unknownModel,
                name.isEmpty
                    ? "several models are in service (\(known)); name one"
                    : "no model is named \"\(name)\"; in service: \(known)"
            )
        }
        if version.isEmpty || version == first.version { return first }
        for model in models where model.name == first.name && model.version == version { return model }
        throw WireError(
            .unknownVersion,
            "\(first.name) \(version) is not in service; \(first.version) is"
        )
    }

    /// The model of `NAME@ALIAS`.
    private func model(aliased key: String, version: String) throws(WireError) -> LeadModel {
        if let alias = aliases.first(where: { $0.key == key }) {
            guard version.isEmpty || version == alias.model.version else {
                throw WireError(.unknownVersion, "\(key) is \(alias.model.version), not \(version)")
            }
            return alias.model
        }
        let name = key.prefix { $0 != "@" }
        let known = aliases.filter { $0.name == name }.map(\.alias).sorted().prefix(20).joined(separator: ", ")
        let isThere = models.contains { $0.name == name }
        throw WireError(
            .unknownModel,
            isThere
                ? "no alias is named \"\(key)\"; "
                    + (known.isEmpty ? "\(name) has none" : "\(name) has: \(known)")
                : "no model is named \"\(name)\"; in service: \(names.prefix(20).joined(separator: ", "))"
        )
    }

    /// The model that a decoded batch asks for.
    ///
    /// - Parameters:
    ///   - request: the batch.
    ///   - message: the bytes it was decoded from.
    /// - Returns: the model.
    /// - Throws: `notReady`, `unknownModel` or `unknownVersion`.
    public func model(for request: borrowing ScoreRequest, message: RawSpan) throws(WireError) -> LeadModel {
        if request.asksForDefaultModel, let defaultModel { return defaultModel }
        return try model(named: request.modelName(of: message), version: request.modelVersion(of: message))
    }
}
