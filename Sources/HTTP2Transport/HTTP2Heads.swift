/// A header field; names are in lower case.
public struct HTTP2Field: Hashable, Sendable {
    /// The name, in lower case.
    public var name: String

    /// The value.
    public var value: String

    /// A field.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What a request begins with.
public struct HTTP2RequestHead: Hashable, Sendable {
    /// The method, such as "POST".
    public var method: String

    /// The path with its query.
    public var path: String

    /// The host that is asked, perhaps with a port; from the field `host` when there is no `:authority`.
    public var authority: String

    /// "https" as a rule.
    public var scheme: String

    /// The type of the body.
    public var contentType: String?

    /// The announced length of the body.
    public var contentLength: Int?

    /// Further fields: on a server those it was told to keep, in order of arrival.
    public var fields: [HTTP2Field]

    /// A head.
    public init(
        method: String,
        path: String,
        authority: String,
        scheme: String = "https",
        contentType: String? = nil,
        contentLength: Int? = nil,
        fields: [HTTP2Field] = []
    ) {
        self.method = method
        self.path = path
        self.authority = authority
        self.scheme = scheme
        self.contentType = contentType
        self.contentLength = contentLength
        self.fields = fields
    }

    /// The first value of a further field.
    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// What a response begins with.
public struct HTTP2ResponseHead: Hashable, Sendable {
    /// The status, 200 to 599.
    public var status: Int

    /// The type of the body.
    public var contentType: String?

    /// The announced length of the body; a body given whole announces itself.
    public var contentLength: Int?

    /// Further fields: on a client those it was told to keep, in order of arrival.
    public var fields: [HTTP2Field]

    /// A head.
    public init(
        status: Int,
        contentType: String? = nil,
        contentLength: Int? = nil,
        fields: [HTTP2Field] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.contentLength = contentLength
        self.fields = fields
    }

    /// The first value of a further field.
    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}
