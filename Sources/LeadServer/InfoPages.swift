internal import EnsembleKernels
internal import LeadScoring
internal import LeadTypes
internal import LeadWire
internal import SnapshotExchange

/// The pages that both listeners answer: health, models and schemas, as JSON.
enum InfoPages {
    /// Answers a path.
    /// - Parameters:
    ///   - path: without its query.
    ///   - publication: the models in service.
    ///   - state: the server's.
    ///   - rule: what the client may do; models that it may not use are not there for it. Nil for operators.
    /// - Returns: the page, or an error object.
    static func respond(
        to path: String,
        _ publication: Publication<ModelDirectory>,
        _ state: ServerState,
        for rule: AccessRule? = nil
    ) -> PlainResponse {
        switch path {
        case healthPath: return health(state)
        case "/readyz": return readiness(publication, state)
        case ProtocolPage.path: return ProtocolPage.page(state.limits)
        case "/v1/models": return models(publication, state, for: rule)
        default:
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            if parts.count == 3, parts[1] == "readyz", let name = decodePercent(parts[2]) {
                return readiness(publication, state, of: name)
            }
            guard parts.count == 5, parts[1] == "v1", parts[2] == "models", parts[4] == "schema" || parts[4] == "bins",
                let name = decodePercent(parts[3]), name.utf8.count <= 255
            else { return .notFound(path) }
            do throws(WireError) {
                let model = try publication.value.model(named: name)
                guard rule?.allows(model: model.name) ?? true else {
                    return .forbidden("you may not use the model '\(model.name)'")
                }
                return parts[4] == "bins"
                    ? BinsPage.page(of: model, publication) : schema(of: model, publication, state)
            } catch {
                return .error(status: error.httpStatus, code: error.code.name, error.text)
            }
        }
    }

    static let healthPath = "/healthz"
    private static let healthy = PlainResponse(#"{"status":"ok"}"# + "\n")

    /// Whether the process does what it should: an orchestrator that hears otherwise starts it again.
    static func health(_ state: ServerState) -> PlainResponse {
        guard let failure = state.failure else { return healthy }
        var json = JSONWriter()
        json.object {
            $0.name("status")
            $0.value("failed")
            $0.name("reason")
            $0.value(failure)
        }
        return PlainResponse(status: 503, json.text + "\n")
    }

    /// Whether the server is ready, or with a name whether that model is served too.
    private static func readiness(
        _ publication: Publication<ModelDirectory>,
        _ state: ServerState,
        of name: String? = nil
    ) -> PlainResponse {
        var reason = state.notReadyReason(publication.value)
        let problem = name.flatMap { publication.value.problems[$0] }
        if let name, reason == nil, !isServed(name, publication.value) {
            reason = problem ?? "no model of this name in service"
        }
        var json = JSONWriter()
        json.object {
            $0.name("ready")
            $0.value(reason == nil)
            if let reason {
                $0.name("reason")
                $0.value(reason)
            } else if let problem {
                $0.name("warning")
                $0.value(problem)
            }
            $0.name("epoch")
            $0.value(publication.epoch)
        }
        return PlainResponse(status: reason == nil ? 200 : 503, json.text + "\n")
    }

    /// Whether requests for a name, which may be `NAME@ALIAS`, are answered.
    private static func isServed(_ name: String, _ directory: ModelDirectory) -> Bool {
        !name.isEmpty && name.utf8.count <= 255 && (try? directory.model(named: name)) != nil
    }

    /// The models in service.
    /// - Parameters:
    ///   - publication: the models in service.
    ///   - state: the server's.
    ///   - rule: what the client may do; nil for operators.
    ///   - more: writes further members.
    /// - Returns: the page.
    static func models(
        _ publication: Publication<ModelDirectory>,
        _ state: ServerState,
        for rule: AccessRule?,
        more: (inout JSONWriter) -> Void = { _ in }
    ) -> PlainResponse {
        var json = JSONWriter()
        json.object {
            $0.name("epoch")
            $0.value(publication.epoch)
            $0.name("default")
            if let name = publication.value.defaultModel?.name, rule?.allows(model: name) ?? true {
                $0.value(name)
            } else {
                $0.null()
            }
            $0.name("models")
            $0.array { list in
                for model in publication.value.models where rule?.allows(model: model.name) ?? true {
                    list.object {
                        identity(of: model, &$0)
                        $0.name("names")
                        $0.array { list in
                            for name in names(of: model, publication.value) { list.value(name) }
                        }
                        $0.name("columns")
                        $0.value(model.schema.columns.count)
                        $0.name("trees")
                        $0.value(model.kernel.outline.treeCount)
                        $0.name("kernel")
                        $0.value(model.kernel.kernel.rawValue)
                    }
                }
            }
            limits(state, &$0)
            more(&$0)
        }
        return PlainResponse(json.text + "\n")
    }

    private static func schema(
        of model: LeadModel,
        _ publication: Publication<ModelDirectory>,
        _ state: ServerState
    ) -> PlainResponse {
        let recipe = model.recipe
        var json = JSONWriter()
        json.object {
            identity(of: model, &$0)
            $0.name("epoch")
            $0.value(publication.epoch)
            $0.name("columns")
            $0.array { list in
                for column in recipe.schema.columns {
                    list.object {
                        $0.name("name")
                        $0.value(column.name)
                        $0.name("kind")
                        $0.value(column.kind.rawValue)
                        $0.name("levels")
                        $0.array { levels in column.levels.forEach { levels.value($0) } }
                    }
                }
            }
            $0.name("tiers")
            $0.array { list in
                for tier in recipe.tiers {
                    list.object {
                        $0.name("name")
                        $0.value(tier.name)
                        $0.name("minimumProbability")
                        $0.value(tier.minimumProbability)
                    }
                }
            }
            $0.name("missingTokens")
            $0.array { tokens in recipe.missingTokens.forEach { tokens.value($0) } }
            if let forms = recipe.dateForms {
                $0.name("dateForms")
                $0.object {
                    for (column, form) in forms.sorted(by: { $0.key < $1.key }) {
                        $0.name(column)
                        $0.value(form)
                    }
                }
            }
            if let column = recipe.idColumn {
                $0.name("idColumn")
                $0.value(column)
            }
            if let column = recipe.dateColumn {
                $0.name("dateColumn")
                $0.value(column)
            }
            if let label = recipe.label {
                $0.name("label")
                $0.object {
                    $0.name("column")
                    $0.value(label.column)
                    $0.name("positive")
                    $0.value(label.positive)
                }
            }
            limits(state, &$0)
        }
        return PlainResponse(json.text + "\n")
    }

    /// By which names requests ask for a model.
    private static func names(of model: LeadModel, _ directory: ModelDirectory) -> [String] {
        let bare = directory.models.first { $0.name == model.name } === model ? [model.name] : []
        return bare + directory.aliases(of: model).map { "\(model.name)@\($0)" }
    }

    static func identity(of model: LeadModel, _ json: inout JSONWriter) {
        json.name("name")
        json.value(model.name)
        json.name("version")
        json.value(model.version)
        json.name("fingerprint")
        json.value(hexadecimal(model.schema.fingerprint))
    }

    private static func limits(_ state: ServerState, _ json: inout JSONWriter) {
        json.name("limits")
        json.object {
            $0.name("rowsMax")
            $0.value(state.limits.wire.rowsMax)
            $0.name("columnsMax")
            $0.value(state.limits.wire.columnsMax)
            $0.name("messageBytesMax")
            $0.value(state.limits.wire.messageBytesMax)
            $0.name("jsonBytesMax")
            $0.value(state.limits.jsonBytesMax)
        }
    }

    /// Undoes percent-encoding; nil for what is not.
    static func decodePercent(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            guard digits.count == 2 else { return nil }
            bytes.append(UInt8(digits[0] << 4 | digits[1]))
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
