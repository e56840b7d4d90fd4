internal import ModelStore
internal import SnapshotExchange

/// Decides, on the admin thread, what becomes of a request to the admin listener: who may, and what it is.
final class AdminDesk: Sendable {
    private let state: ServerState
    private let store: BundleStore?
    private let orders: ControlOrders

    /// A desk.
    /// - Parameters:
    ///   - state: the server's.
    ///   - store: the folder of bundles, whose publications are told; nil if models come from elsewhere.
    ///   - orders: takes what is to be done.
    init(_ state: ServerState, _ store: BundleStore?, _ orders: ControlOrders) {
        self.state = state
        self.store = store
        self.orders = orders
    }

    /// Answers a request, or has done what it asks.
    func answer(_ request: PlainRequest, _ peer: AdminPeer, _ later: @escaping AdminServer.Later) -> AdminReply {
        if let (name, kind) = Self.action(at: request.path) {
            guard request.method == .post else { return .now(.methodNotAllowed(allow: "POST")) }
            return act(kind, on: name, request.body, peer, later)
        }
        guard request.method != .post else {
            let isThere = page(request.path, nil).status != 404
            return .now(isThere ? .methodNotAllowed(allow: "GET, HEAD") : .notFound(request.path))
        }
        guard case .overTLS(let identity) = peer, Self.needsRole(request.path) else {
            return .now(page(request.path, nil))
        }
        let grant = state.policies.current().value.grant(for: identity)
        guard grant.has(.read) else {
            return .now(.forbidden("\(identity ?? AccessPolicy.anonymous) may not read here"))
        }
        return .now(page(request.path, grant.rule))
    }

    /// Whether a page is for those alone who may read; without TLS nobody can be told from others.
    private static func needsRole(_ path: String) -> Bool {
        path != InfoPages.healthPath && path != "/readyz" && !path.hasPrefix("/readyz/") && path != "/metrics"
    }

    // MARK: Pages

    private func page(_ path: String, _ rule: AccessRule?) -> PlainResponse {
        let publication = state.models.current()
        switch path {
        case "/metrics": return MetricsPage.response(state)
        case "/v1/stats": return StatsPage.response(state)
        case "/v1/models": return StorePages.models(publication, state, for: rule)
        default:
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 4, parts[1] == "v1", parts[2] == "models",
                let name = InfoPages.decodePercent(parts[3]), name.utf8.count <= 255
            else { return InfoPages.respond(to: path, publication, state, for: rule) }
            guard rule?.allows(model: name) ?? true else { return .forbidden("you may not use the model '\(name)'") }
            return StorePages.model(name, publication, state, store)
        }
    }

    // MARK: Actions

    /// The model and the kind of action that a path names: `/v1/models/NAME/publish`.
    private static func action(at path: String) -> (name: String, kind: ModelAction.Kind)? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[1] == "v1", parts[2] == "models",
            let kind = ModelAction.Kind(rawValue: String(parts[4])),
            let name = InfoPages.decodePercent(parts[3]), name.utf8.count <= 255
        else { return nil }
        return (name, kind)
    }

    private func act(
        _ kind: ModelAction.Kind,
        on name: String,
        _ body: [UInt8],
        _ peer: AdminPeer,
        _ later: @escaping AdminServer.Later
    ) -> AdminReply {
        let identity: String
        switch publisher(peer, name) {
        case .success(let name): identity = name
        case .failure(let refusal):
            state.actions.add(kind, .refused)
            return .now(refusal.response)
        }
        let action: ModelAction
        do throws(ModelAction.BadBody) {
            action = try ModelAction(kind, parsing: body)
        } catch {
            state.actions.add(kind, .refused)
            return .now(.error(status: 400, code: "bad-request", error.text))
        }
        let order = ControlOrder(name, action, for: identity, reply: later)
        guard orders.submit(order) else {
            state.actions.add(kind, .refused)
            return .now(
                .error(
                    status: 503,
                    code: "busy",
                    "\(ControlOrders.waitingMax) other actions wait; try again when they are done"
                )
            )
        }
        return .later(order)
    }

    private struct Refusal: Error {
        var response: PlainResponse

        init(_ text: String) { response = .forbidden(text) }
    }

    /// Who acts on a model, or why they may not.
    private func publisher(_ peer: AdminPeer, _ name: String) -> Result<String, Refusal> {
        guard case .overTLS(let identity) = peer else {
            return .failure(
                Refusal(
                    "models are changed over TLS, by clients with a certificate: serve with --admin-tls, --client-ca FILE "
                        + "and --policy FILE, in which a rule gives the role publish; or use leadline models on the "
                        + "server's machine"
                )
            )
        }
        guard let identity else {
            return .failure(
                Refusal(
                    "models are changed by clients with a certificate: serve with --client-ca FILE, and come with one of that authority"
                )
            )
        }
        let grant = state.policies.current().value.grant(for: identity)
        guard grant.has(.publish) else {
            return .failure(
                Refusal("\(identity) may not publish here; a rule of --policy FILE has to give it the role publish")
            )
        }
        guard grant.rule.allows(model: name) else {
            return .failure(Refusal("\(identity) may not publish the model '\(name)'"))
        }
        return .success(identity)
    }
}
