internal import ArgumentParser
internal import TLSTransport

/// Makes certificates for trying things out.
struct Certs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certs",
        abstract: "Make certificates for development.",
        discussion: """
            Writes an authority, a server and a client: ca.pem, server.pem and client.pem, and beside each its private key, readable by you alone. The server's \
            certificate is for localhost, 127.0.0.1 and ::1 unless hosts are named. They are for development: anyone with \
            ca.key can be your server. certs/README.md says what each file is for and how to use your own.

            Example:
              leadline certs certs/dev --host localhost --host scoring.internal --days 30
            """
    )

    @Argument(help: ArgumentHelp("The folder to write to; it is created when it is missing.", valueName: "dir"))
    var directory: String

    @Option(help: ArgumentHelp("A host name or IP address of the server; may be repeated.", valueName: "name"))
    var host: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many days the certificates are valid, 1 to 3650.", valueName: "n")
    )
    var days = 365

    @Flag(help: "Replace files that are there already.")
    var force = false

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Report: Encodable {
        let files: [String]
        let hosts: [String]
        let days: Int
    }

    func validate() throws {
        guard (1...3650).contains(days) else { throw ValidationError("--days \(days): give 1 to 3650") }
        guard !directory.isEmpty else { throw ValidationError("name the folder to write to") }
    }

    func run() throws {
        let hosts = host.isEmpty ? DevelopmentCertificates.defaultHosts : host
        let files = try DevelopmentCertificates.create(
            in: directory,
            hosts: hosts,
            days: days,
            replacesExisting: force
        )
        if json {
            try printJSONLine(Report(files: files, hosts: hosts, days: days))
        } else {
            try printText("wrote \(files.joined(separator: ", "))")
            try printText("for \(hosts.joined(separator: ", ")); valid for \(days) day\(days == 1 ? "" : "s")")
        }
    }
}
