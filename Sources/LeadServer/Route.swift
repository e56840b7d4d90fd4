internal import LeadWire

/// Where a request on the scoring listener goes.
package enum Route: Equatable {
    /// Messages to score.
    case messages
    /// A JSON body to score.
    case json
    /// A page to read; for HEAD without its body.
    case page(path: String, isHead: Bool)
    /// Nowhere, and why.
    case refused(PlainResponse)

    /// Chooses by the head of the request.
    /// - Parameters:
    ///   - method: as sent.
    ///   - target: the path, perhaps with a query.
    ///   - contentType: the media type of the body, perhaps with parameters; nil where the header is missing.
    /// - Returns: the route.
    package static func choose(method: String, target: String, contentType: String?) -> Route {
        // Characters of a stranger are not compared: one may have thousands of accents, and comparing takes their square.
        // Paths are ASCII (RFC 3986 section 3.3); what a media type has besides is none of ours.
        var hasQuery = false
        for byte in target.utf8 {
            guard byte < 0x80 else { return .refused(.notFound("a path that is not ASCII")) }
            if byte == UInt8(ascii: "?") { hasQuery = true }
        }
        // What nearly every request is, before anything is taken apart.
        if target == WireFormat.scorePath, method == "POST", let contentType,
            contentType.utf8.elementsEqual(WireFormat.contentType.utf8)
        {
            return .messages
        }
        let path = hasQuery ? String(target.prefix { $0 != "?" }) : target
        guard path == WireFormat.scorePath else {
            guard method == "GET" || method == "HEAD" else {
                let known =
                    isForEveryone(path) || path == "/v1/models" || path.hasPrefix("/v1/models/")
                return .refused(known ? .methodNotAllowed(allow: "GET, HEAD") : .notFound(path))
            }
            return .page(path: path, isHead: method == "HEAD")
        }
        guard method == "POST" else { return .refused(.methodNotAllowed(allow: "POST")) }
        let isPlain = contentType?.utf8.allSatisfy { $0 < 0x80 } ?? false
        let mediaType = isPlain ? contentType?.prefix { $0 != ";" && $0 != " " }.lowercased() : nil
        switch mediaType {
        case WireFormat.contentType: return .messages
        case "application/json": return .json
        default:
            return .refused(
                .error(
                    status: 415,
                    code: WireErrorCode.unsupportedMediaType.name,
                    "the body is \(mediaType ?? "of no known type"); \(WireFormat.contentType) and application/json are taken"
                )
            )
        }
    }
}

extension Route {
    /// What says nothing of models, or only whether they are there.
    fileprivate static func isForEveryone(_ path: String) -> Bool {
        path == InfoPages.healthPath || path == "/readyz" || path.hasPrefix("/readyz/") || path == ProtocolPage.path
    }

    /// What a client needs leave for; nil for what everyone may ask.
    var role: AccessRole? {
        switch self {
        case .messages, .json: .score
        case .page(let path, _): Self.isForEveryone(path) ? nil : .read
        case .refused: nil
        }
    }
}

extension PlainResponse {
    /// The client may not do that.
    package static func forbidden(_ message: String) -> PlainResponse {
        error(status: 403, code: WireErrorCode.forbidden.name, message)
    }

    /// There is nothing at this path.
    package static func notFound(_ path: String) -> PlainResponse {
        .error(status: 404, code: "not-found", "there is nothing at \(path); GET /v1/models lists what is served")
    }

    /// The path exists, for other methods.
    package static func methodNotAllowed(allow: String) -> PlainResponse {
        var response = error(status: 405, code: "method-not-allowed", "only \(allow) is answered here")
        response.allow = allow
        return response
    }
}
