/// All that a server is told when it starts.
public struct ServerConfiguration: Sendable {
    /// The folder of bundles; each folder in it is a model.
    public var modelsPath: String
    /// Where scoring listens, `HOST:PORT`; port 0 lets the system choose.
    public var listen = "127.0.0.1:8443"
    /// Where health, models and metrics are told, `HOST:PORT`; nil for nowhere.
    public var admin: String? = "127.0.0.1:8444"
    /// The server's certificate chain in PEM.
    public var certificatePath: String
    /// Its private key in PEM.
    public var privateKeyPath: String
    /// The authority whose client certificates are required; nil lets any client in.
    public var clientAuthorityPath: String?
    /// How many workers score, each on a thread of its own.
    public var workers: Int
    /// How long a stopping server waits for requests that are under way.
    public var drainTimeout = Duration.seconds(10)
    /// How often the folder of bundles is looked at.
    public var pollInterval = Duration.seconds(1)
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
