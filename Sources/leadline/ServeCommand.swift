internal import ArgumentParser
internal import Foundation
internal import LeadServer
internal import LeadWire
internal import Logging

/// Serves models over TLS HTTP/2.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve models over TLS HTTP/2.",
        discussion: """
            Serves the newest version of each model in a folder, and takes new versions into service as they appear there. \
            When it is ready, one JSON line on standard output tells the addresses in use; the log is on standard error.

            SIGTERM and SIGINT drain and end it; SIGHUP looks for new models, tries those that failed again, drops those \
            whose folder is gone, and reads the certificates again.

            Example:
              leadline certs certs/dev
              leadline serve --models models \\
                --tls-cert certs/dev/server.pem --tls-key certs/dev/server.key
              curl --cacert certs/dev/ca.pem https://localhost:8443/v1/models
            """
    )

    @Option(help: ArgumentHelp("The folder of models; each folder in it is one.", valueName: "dir"))
    var models: String

    @Option(help: ArgumentHelp("Where to score; port 0 lets the system choose.", valueName: "host:port"))
    var listen = "127.0.0.1:8443"

    @Option(help: ArgumentHelp("Where to tell health and metrics, in the clear.", valueName: "host:port"))
    var admin = "127.0.0.1:8444"

    @Option(help: ArgumentHelp("The server's certificate chain in PEM.", valueName: "file"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("Its private key in PEM.", valueName: "file"))
    var tlsKey: String?

    @Option(help: ArgumentHelp("Serve only clients with a certificate of this authority.", valueName: "file"))
    var clientCa: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Threads that score; one a processor if not given.", valueName: "n")
    )
    var workers: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How long requests that are under way may take when stopping.", valueName: "n")
    )
    var drainSeconds = 10.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How often to look for new models, in seconds.", valueName: "n")
    )
    var pollSeconds = 1.0

    @Option(help: ArgumentHelp("What to log: trace, debug, info, notice, warning or error.", valueName: "level"))
    var logLevel = "info"

    @OptionGroup(title: "Limits")
    var limits: LimitOptions

    func validate() throws {
        if let workers, !(1...1_024).contains(workers) { throw ValidationError("--workers \(workers): give 1 to 1024") }
        guard drainSeconds >= 0, drainSeconds <= 86_400 else {
            throw ValidationError("--drain-seconds: give 0 to 86400")
        }
        guard pollSeconds >= 0.01, pollSeconds <= 86_400 else {
            throw ValidationError("--poll-seconds: give 0.01 to 86400")
        }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level \(logLevel): give trace, debug, info, notice, warning or error")
        }
        for (option, text) in [("--listen", listen), ("--admin", admin)] where !LeadServer.isAddress(text) {
            throw ValidationError("\(option) '\(text)': give HOST:PORT, for example 127.0.0.1:8443 or [::1]:8443")
        }
        _ = try certificate()
    }

    /// The files of `--tls-cert` and `--tls-key`.
    private func certificate() throws -> (chain: String, key: String) {
        guard let tlsCert, let tlsKey else {
            throw ValidationError(
                "a server needs --tls-cert and --tls-key; for development, make them with: leadline certs certs/dev, "
                    + "then give --tls-cert certs/dev/server.pem --tls-key certs/dev/server.key"
            )
        }
        return (tlsCert, tlsKey)
    }

    func run() throws {
        let certificate = try certificate()
        // Before the server's threads start, which inherit it.
        try LeadServer.blockSignals()
        var configuration = ServerConfiguration(
            modelsPath: models,
            certificatePath: certificate.chain,
            privateKeyPath: certificate.key,
            workers: workers ?? ProcessInfo.processInfo.activeProcessorCount
        )
        configuration.listen = listen
        configuration.admin = admin
        configuration.clientAuthorityPath = clientCa
        configuration.drainTimeout = .seconds(drainSeconds)
        configuration.pollInterval = .seconds(pollSeconds)
        configuration.limits = limits.limits
        var log = Logger(label: "leadline") { StreamLogHandler.standardError(label: $0) }
        log.logLevel = Logger.Level(rawValue: logLevel) ?? .info

        let server = try LeadServer(configuration, log: log)
        let admin = server.adminAddress.map { ",\"admin\":\"\($0)\"" } ?? ""
        let line = "{\"ready\":true,\"listen\":\"\(server.listenAddress)\"\(admin)}\n"
        try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
        guard try server.runUntilSignalled() else {
            throw Failure("requests were still under way after \(drainSeconds) s and have been cut off")
        }
    }
}

/// What the server takes from its clients.
struct LimitOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("Rows in a message.", valueName: "n"))
    var maxRows = WireLimits().rowsMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Columns in a message.", valueName: "n"))
    var maxColumns = WireLimits().columnsMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Bytes of a message.", valueName: "n"))
    var maxMessageBytes = WireLimits().messageBytesMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Bytes of a JSON body.", valueName: "n"))
    var maxJsonBytes = ServerLimits().jsonBytesMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Streams open at once on a connection.", valueName: "n"))
    var maxStreams = ServerLimits().streamsPerConnectionMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Connections of each worker.", valueName: "n"))
    var maxConnections = ServerLimits().connectionsPerWorkerMax

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Bytes of requests and answers in memory for one connection.", valueName: "n")
    )
    var maxConnectionBytes = ServerLimits().bytesInFlightPerConnectionMax

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Bytes of requests and answers in memory for one worker.", valueName: "n")
    )
    var maxWorkerBytes = ServerLimits().bytesInFlightPerWorkerMax

    @Option(parsing: .unconditional, help: ArgumentHelp("Seconds a handshake may take.", valueName: "n"))
    var handshakeTimeout = 10.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Seconds a connection may stay without a request.", valueName: "n")
    )
    var idleTimeout = 60.0

    @Option(parsing: .unconditional, help: ArgumentHelp("Seconds a request or answer may stand still.", valueName: "n"))
    var stallTimeout = 20.0

    func validate() throws {
        func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
            guard range.contains(value) else {
                throw ValidationError("--\(name) \(value): give \(range.lowerBound) to \(range.upperBound)")
            }
        }
        try check("max-rows", maxRows, 1...Int(Int32.max))
        try check("max-columns", maxColumns, 1...65_535)
        try check("max-message-bytes", maxMessageBytes, 4_096...Int(Int32.max))
        try check("max-json-bytes", maxJsonBytes, 64...(256 << 20))
        try check("max-streams", maxStreams, 1...65_536)
        try check("max-connections", maxConnections, 1...1_000_000)
        try check("max-connection-bytes", maxConnectionBytes, maxMessageBytes...(1 << 40))
        try check("max-worker-bytes", maxWorkerBytes, maxConnectionBytes...(1 << 40))
        for (name, value) in [
            ("handshake-timeout", handshakeTimeout), ("idle-timeout", idleTimeout), ("stall-timeout", stallTimeout),
        ] where !(value >= 0.1 && value <= 86_400) {
            throw ValidationError("--\(name) \(value): give 0.1 to 86400")
        }
    }

    /// The limits as the server takes them.
    var limits: ServerLimits {
        var limits = ServerLimits(
            wire: WireLimits(rowsMax: maxRows, columnsMax: maxColumns, messageBytesMax: maxMessageBytes)
        )
        limits.jsonBytesMax = maxJsonBytes
        limits.streamsPerConnectionMax = maxStreams
        limits.connectionsPerWorkerMax = maxConnections
        limits.bytesInFlightPerConnectionMax = maxConnectionBytes
        limits.bytesInFlightPerWorkerMax = maxWorkerBytes
        limits.handshakeTimeout = .seconds(handshakeTimeout)
        limits.idleTimeout = .seconds(idleTimeout)
        limits.progressTimeout = .seconds(stallTimeout)
        return limits
    }
}
