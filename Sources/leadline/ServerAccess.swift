internal import ArgumentParser
internal import LeadClient
internal import LeadTable
internal import TLSTransport

/// What it takes to ask a server: a model's name, whom to trust, and who asks.
struct ServerAccess: ParsableArguments {
    @Option(help: "The model's name on the server; its default model when not given.")
    var name: String?

    @Option(help: ArgumentHelp("The authority that signed the server's certificate (PEM).", valueName: "file"))
    var ca: String?

    @Option(help: ArgumentHelp("The client's certificate, if the server asks for one (PEM).", valueName: "file"))
    var cert: String?

    @Option(help: ArgumentHelp("The certificate's private key (PEM).", valueName: "file"))
    var key: String?

    func validate() throws {
        guard (cert == nil) == (key == nil) else { throw ValidationError("--cert and --key belong together.") }
    }

    /// Whether any of it was given.
    var isGiven: Bool { name != nil || ca != nil || cert != nil || key != nil }

    var tls: TLSClientConfiguration {
        TLSClientConfiguration(authorityPath: ca, certificateChainPath: cert, privateKeyPath: key)
    }

    /// The name of the model, which the server tells where none was given.
    /// - Throws: ``Failure`` when the server has none, or several and no default.
    func model(on client: LeadClient, at server: String) async throws -> String {
        if let name { return name }
        let models = try await client.models()
        if let name = models.default { return name }
        let known = Set(models.models.map(\.name)).sorted().joined(separator: ", ")
        throw Failure(
            known.isEmpty
                ? "\(server) has no model in service"
                : "\(server) has several models; give --name one of: \(known)"
        )
    }
}

extension ScoreTarget {
    /// The columns of leads, as numbers.
    func columns(of table: LeadTable) throws -> [[Double]] {
        try table.columns(
            for: schema,
            missing: MissingTokens(missingTokens),
            dateForms: dateForms.compactMapValues(DateForm.init(rawValue:))
        )
    }
}
