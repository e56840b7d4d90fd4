internal import LeadServer

/// Any bytes as the head of a request to the admin listener.
enum PlainRequestExamination {
    /// The most that an error may take, whatever of the peer's it repeats.
    static let responseBytesMax = 8 << 10

    /// Reads the head whole, and cut short.
    static func run(_ bytes: [UInt8]) throws(FuzzTarget.Finding) -> FuzzTarget.Outcome {
        switch PlainRequest.parse(bytes) {
        case .incomplete:
            guard bytes.count < PlainRequest.headBytesMax else {
                throw FuzzTarget.Finding("\(bytes.count) bytes are not enough")
            }
            return .refused("incomplete")
        case .request(let request):
            try check(request, bytes)
            return .read
        case .refused(let status, let reason):
            guard [400, 405, 431].contains(status), !reason.isEmpty else {
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
            request.path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") })
        else { throw FuzzTarget.Finding("the path '\(request.path)'") }
        // Nothing is answered before its end has come.
        for cut in [1, 2, 3, bytes.count / 2] where PlainRequest.parse(Array(bytes.dropLast(cut))) != .incomplete {
            throw FuzzTarget.Finding("without its last \(cut) bytes it is complete")
        }
        guard PlainRequest.parse(bytes + [0x0D]) != .request(request) else {
            throw FuzzTarget.Finding("a byte after the end is taken")
        }
        let response = PlainResponse.notFound(request.path)
        guard response.bytes(isHead: request.isHead).count <= responseBytesMax else {
            throw FuzzTarget.Finding("an answer of \(response.body.count) bytes")
        }
    }
}
