internal import LeadServer

/// Any bytes as a request to the admin listener, and its body as each of the actions there are.
enum PlainRequestExamination {
    /// The most that an error may take, whatever of the peer's it repeats.
    static let responseBytesMax = 8 << 10

    /// Reads the request whole, and cut short.
    static func run(_ bytes: [UInt8]) throws(FuzzTarget.Finding) -> FuzzTarget.Outcome {
        switch PlainRequest.parse(bytes) {
        case .incomplete:
            guard bytes.count < PlainRequest.headBytesMax else {
                throw FuzzTarget.Finding("\(bytes.count) bytes are not enough")
            }
            return .refused("incomplete")
        case .needsBody(let count):
            guard count > bytes.count, count <= PlainRequest.headBytesMax + PlainRequest.bodyBytesMax else {
                throw FuzzTarget.Finding("\(bytes.count) bytes, and \(count) are wanted")
            }
            try checkRest(bytes, count)
            return .refused("a body is missing")
        case .request(let request):
            try check(request, bytes)
            return .read
        case .refused(let status, let reason):
            guard [400, 405, 411, 413, 415, 431].contains(status), !reason.isEmpty else {
                throw FuzzTarget.Finding("refused with \(status) and '\(reason)'")
            }
            let response = PlainResponse.error(status: status, code: "bad-request", reason)
            guard response.bytes(isHead: false).count <= responseBytesMax else {
                throw FuzzTarget.Finding("a refusal of \(response.body.count) bytes")
            }
            return .refused("\(status) \(reason)")
        }
    }

    private static func check(_ request: PlainRequest, _ bytes: [UInt8]) throws(FuzzTarget.Finding) {
        guard request.path.hasPrefix("/"), request.path.utf8.count < bytes.count,
            request.path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") }),
            request.body.count <= PlainRequest.bodyBytesMax, request.body.isEmpty || request.method == .post,
            bytes.suffix(request.body.count).elementsEqual(request.body)
        else { throw FuzzTarget.Finding("the path '\(request.path)'") }
        // Nothing is answered before its end has come.
        for cut in [1, 2, 3, bytes.count / 2] {
            switch PlainRequest.parse(Array(bytes.dropLast(cut))) {
            case .incomplete where cut > request.body.count: break
            case .needsBody(bytes.count) where cut <= request.body.count: break
            default: throw FuzzTarget.Finding("without its last \(cut) bytes it is complete")
            }
        }
        guard PlainRequest.parse(bytes + [0x0D]) != .request(request) else {
            throw FuzzTarget.Finding("a byte after the end is taken")
        }
        if request.method == .post { try act(request.body) }
        let response = PlainResponse.notFound(request.path)
        guard response.bytes(isHead: request.isHead).count <= responseBytesMax else {
            throw FuzzTarget.Finding("an answer of \(response.body.count) bytes")
        }
    }

    /// A head that waits for its body takes any bytes as such, and no more of them than it said.
    private static func checkRest(_ bytes: [UInt8], _ count: Int) throws(FuzzTarget.Finding) {
        let whole = bytes + [UInt8](repeating: 0xFF, count: count - bytes.count)
        guard case .request(let request) = PlainRequest.parse(whole), request.method == .post else {
            throw FuzzTarget.Finding("with \(count) bytes it is still no request")
        }
        try check(request, whole)
    }

    /// A body is one of the actions, or refused in few words.
    private static func act(_ body: [UInt8]) throws(FuzzTarget.Finding) {
        for kind in ModelAction.Kind.allCases {
            let action: ModelAction
            do throws(ModelAction.BadBody) {
                action = try ModelAction(kind, parsing: body)
            } catch {
                let response = PlainResponse.error(status: 400, code: "bad-request", error.text)
                guard !error.text.isEmpty, response.body.count <= responseBytesMax else {
                    throw FuzzTarget.Finding("a refusal of \(response.body.count) bytes")
                }
                continue
            }
            guard action.kind == kind else { throw FuzzTarget.Finding("\(kind) was read as \(action)") }
        }
    }
}
