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
            Serves each model in a folder: the version that its alias production names (leadline models), or without one the \
            newest, and takes new ones into service as they appear there. \
            When it is ready, one JSON line on standard output tells the addresses in use; the log is on standard error.

            Each option can also be a line NAME = VALUE in the file of --config, or a variable of the environment such as \
            LEADLINE_MAX_ROWS; the command line counts before the environment, and that before the file.

            SIGTERM and SIGINT drain and end it; SIGHUP looks for new models, tries those that failed again, drops those \
            whose folder is gone, and reads certificates and policy again.

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

    @Option(
        help: ArgumentHelp("Where to tell health and metrics, and to have models published.", valueName: "host:port")
    )
    var admin = "127.0.0.1:8444"

    @Flag(help: "Speak TLS there too, with the same certificates; only then models can be published there.")
    var adminTls = false

    @Option(help: ArgumentHelp("The server's certificate chain in PEM.", valueName: "file"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("Its private key in PEM.", valueName: "file"))
    var tlsKey: String?

    @Option(help: ArgumentHelp("Ask clients for a certificate of this authority.", valueName: "file"))
    var clientCa: String?

    @Option(
        help: ArgumentHelp(
            "Whether clients need one: required, or optional, which serves those without one too.",
            valueName: "how"
        )
    )
    var clientCertificates: ClientCertificates = .required

    @Option(
        help: ArgumentHelp(
            "Which client may do what (JSON; see OPERATING.md); without it all may score and read, and nobody may publish.",
            valueName: "file"
        )
    )
    var policy: String?

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
        help: ArgumentHelp(
            "How long to say that it is not ready, and still serve, before that: for load balancers to notice.",
            valueName: "n"
        )
    )
    var drainDelaySeconds = 0.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How often to look for new models, in seconds.", valueName: "n")
    )
    var pollSeconds = 1.0

    @Option(help: ArgumentHelp("What to log: trace, debug, info, notice, warning or error.", valueName: "level"))
    var logLevel = "info"

    @Option(help: ArgumentHelp("How to log: text, or json with an object a line.", valueName: "format"))
    var logFormat: LogFormat = .text

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Log requests that take longer than so many milliseconds.", valueName: "n")
    )
    var logSlower = 500.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Log one in so many requests besides those that are slow or fail; 0 for none.",
            valueName: "n"
        )
    )
    var logOneIn = 0

    @Option(
        help: ArgumentHelp(
            "Settings, a line NAME = VALUE for each option that is not given here; also LEADLINE_CONFIG.",
            valueName: "file"
        )
    )
    var config: String?

    @Flag(help: "Print all settings and where each comes from, and do nothing.")
    var printConfig = false

    @OptionGroup(title: "Limits")
    var limits: LimitOptions

    func validate() throws {
        if let workers, !(1...1_024).contains(workers) { throw ValidationError("--workers \(workers): give 1 to 1024") }
        guard drainSeconds >= 0, drainSeconds <= 86_400 else {
            throw ValidationError("--drain-seconds: give 0 to 86400")
        }
        guard drainDelaySeconds >= 0, drainDelaySeconds <= 3_600 else {
            throw ValidationError("--drain-delay-seconds: give 0 to 3600")
        }
        guard pollSeconds >= 0.01, pollSeconds <= 86_400 else {
            throw ValidationError("--poll-seconds: give 0.01 to 86400")
        }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level \(logLevel): give trace, debug, info, notice, warning or error")
        }
        if clientCertificates == .optional, clientCa == nil {
            throw ValidationError(
                "--client-certificates optional: name the authority of those there are, with --client-ca"
            )
        }
        guard logSlower >= 0, logSlower <= 3_600_000 else { throw ValidationError("--log-slower: give 0 to 3600000") }
        guard logOneIn >= 0 else {
            throw ValidationError("--log-one-in \(logOneIn): give 0 for none, or a number above")
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
        if printConfig {
            let words = Array(CommandLine.arguments.dropFirst(2))
            try printText(try ServeSettings(words, environment: ProcessInfo.processInfo.environment).table)
            return
        }
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
        configuration.adminUsesTLS = adminTls
        configuration.clientAuthorityPath = clientCa
        configuration.clientCertificatesAreOptional = clientCertificates == .optional
        configuration.policyPath = policy
        configuration.drainDelay = .seconds(drainDelaySeconds)
        configuration.drainTimeout = .seconds(drainSeconds)
        configuration.pollInterval = .seconds(pollSeconds)
        configuration.limits = limits.limits
        configuration.logging = RequestLogging(slowerThan: .milliseconds(logSlower), oneIn: logOneIn)
        let format = logFormat
        var log = Logger(label: "leadline") { label in
            switch format {
            case .json: JSONLogHandler() as any LogHandler
            case .text: StreamLogHandler.standardError(label: label)
            }
        }
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

/// Whether clients need a certificate when they are asked for one.
enum ClientCertificates: String, ExpressibleByArgument, CaseIterable {
    case required, optional
}

/// How the log is written.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}
