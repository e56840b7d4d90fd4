/// What an endpoint answers.
package struct PlainResponse: Equatable {
    /// The HTTP status.
    package var status: Int
    /// The media type of the body.
    package var contentType: String
    /// The body.
    package var body: [UInt8]
    /// The methods that are answered, for status 405.
    package var allow: String?

    /// A response of text.
    package init(status: Int = 200, contentType: String = "application/json", _ text: String) {
        self.status = status
        self.contentType = contentType
        body = Array(text.utf8)
    }

    private static let messageScalarsMax = 1_000

    /// An error as every JSON endpoint tells it.
    package static func error(status: Int, code: String, _ message: String) -> PlainResponse {
        var json = JSONWriter()
        json.object {
            $0.name("error")
            $0.object {
                $0.name("code")
                $0.value(code)
                $0.name("message")
                // What a client sent may be in it, at any length; a single character may be of a million accents.
                $0.value(String(message.unicodeScalars.prefix(messageScalarsMax)))
            }
        }
        return PlainResponse(status: status, json.text + "\n")
    }

    /// The bytes of an HTTP/1.1 response after which the connection closes.
    package func bytes(isHead: Bool) -> [UInt8] {
        var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\ncontent-type: \(contentType)\r\n"
        head += "content-length: \(body.count)\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n"
        if let allow { head += "allow: \(allow)\r\n" }
        head += "connection: close\r\n\r\n"
        return Array(head.utf8) + (isHead ? [] : body)
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 411: "Length Required"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Error"
        }
    }
}
