/// All that a server is told when it starts.
public struct ServerConfiguration: Sendable {
    /// The folder of bundles; each folder in it is a model.
    public var modelsPath: String
    /// Where scoring listens, `HOST:PORT`; port 0 lets the system choose.
    public var listen = "127.0.0.1:8443"
    /// Where health, models and metrics are told, `HOST:PORT`; nil for nowhere.
    public var admin: String? = "127.0.0.1:8444"
    /// Whether the admin listener speaks over TLS, with the same certificates and the same authority of clients as the other; only
    /// then models can be published through it.
    public var adminUsesTLS = false
    /// The server's certificate chain in PEM.
    public var certificatePath: String
    /// Its private key in PEM.
    public var privateKeyPath: String
    /// The authority whose client certificates are accepted; nil asks for none.
    public var clientAuthorityPath: String?
    /// With an authority, whether clients may also come without a certificate.
    public var clientCertificatesAreOptional = false
    /// The file that says which client may do what; nil lets all score and read, and nobody publish.
    public var policyPath: String?
    /// How many workers score, each on a thread of its own.
    public var workers: Int
    /// How long a stopping server says that it is not ready, and goes on taking connections, before it drains: as long as load
    /// balancers need to notice.
    public var drainDelay = Duration.zero
    /// How long a stopping server waits for requests that are under way.
    public var drainTimeout = Duration.seconds(10)
    /// How often the folder of bundles is looked at.
    public var pollInterval = Duration.seconds(1)
    /// How long who has a model changed waits for the answer, before being told that it goes on.
    package var actionTimeout = Duration.seconds(120)
    /// Which requests are logged.
    public var logging = RequestLogging()
    /// What is taken from clients.
    public var limits = ServerLimits()

    /// A configuration with defaults for all that is not named.
    public init(modelsPath: String, certificatePath: String, privateKeyPath: String, workers: Int) {
        precondition(workers > 0, "a server has at least one worker")
        self.modelsPath = modelsPath
        self.certificatePath = certificatePath
        self.privateKeyPath = privateKeyPath
        self.workers = workers
    }
}

/// Which requests get a line in the log: those that fail or are slow, and some of the others.
public struct RequestLogging: Sendable, Equatable {
    /// From the request's header to its answer, longer than this is slow.
    public var slowerThan: Duration
    /// One in so many of the others; 0 for none.
    public var oneIn: Int

    /// The requests to log.
    public init(slowerThan: Duration = .milliseconds(500), oneIn: Int = 0) {
        self.slowerThan = slowerThan
        self.oneIn = oneIn
    }
}
