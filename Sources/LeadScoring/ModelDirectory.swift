public import LeadWire

/// The models in service at one moment, by name: what one snapshot holds.
///
/// Immutable; built anew for each publication.
public final class ModelDirectory: Sendable {
    /// Every model; of several versions of a name the one in service comes first.
    public let models: [LeadModel]
    /// The model that answers requests without a name; nil if there are several names and none was chosen.
    public let defaultModel: LeadModel?

    /// A directory of models.
    /// - Parameters:
    ///   - models: in any order of names; of several versions of a name the first is the one in service.
    ///   - defaultName: the name of the model for requests without one; if nil, that of the only model.
    public init(models: [LeadModel], defaultName: String? = nil) {
        self.models = models
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

    /// The model of a name and, if not empty, an exact version.
    ///
    /// - Parameters:
    ///   - name: the name; empty for the default model.
    ///   - version: the exact version; empty for the one in service.
    /// - Returns: the model.
    /// - Throws: `notReady` if there is no model at all, `unknownModel`, or `unknownVersion`.
    public func model(named name: String, version: String = "") throws(WireError) -> LeadModel {
        guard !models.isEmpty else { throw WireError(.notReady, "no model is in service yet") }
        let first = name.isEmpty ? defaultModel : models.first { $0.name == name }
        guard let first else {
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
