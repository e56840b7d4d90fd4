internal import ArgumentParser
internal import ModelStore

/// Has a version served.
struct PublishModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Have a version served, or named by an alias, once it has passed its checks.",
        discussion: """
            The version is loaded as a server loads it, and its golden rows are scored, before anything is written.

            Examples:
              leadline models publish leads 000003-5be0c1f2 --models models --alias candidate
              leadline models publish leads 000003-5be0c1f2 --models models --reason "won the trial"
            """
    )

    @Argument(help: ArgumentHelp("The model.", valueName: "name"))
    var name: String

    @Argument(help: ArgumentHelp("The version.", valueName: "version"))
    var version: String

    @Option(help: ArgumentHelp("The alias that is to name it.", valueName: "alias"))
    var alias = ModelAliases.production

    @Option(help: ArgumentHelp("Why, for the log of publications.", valueName: "text"))
    var reason: String?

    @OptionGroup var options: StoreOptions

    func validate() throws { try checkWords(alias: alias, reason: reason) }

    func run() throws {
        try options.check(name, version)
        let change = try options.store.publish(
            version,
            as: alias,
            ofModel: name,
            by: userOfCommandLine(),
            reason: reason
        )
        try AliasChange(change, name, alias).tell(json: options.json)
    }
}

/// Has the version before served again.
struct RollBackModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Have the version served again that was before, as the log of publications tells.",
        discussion: """
            Several in a row go further and further back. The version is loaded and checked before anything is written.

            Example:
              leadline models rollback leads --models models --reason "too many A leads"
            """
    )

    @Argument(help: ArgumentHelp("The model.", valueName: "name"))
    var name: String

    @Option(help: ArgumentHelp("The alias to roll back.", valueName: "alias"))
    var alias = ModelAliases.production

    @Option(help: ArgumentHelp("Why, for the log of publications.", valueName: "text"))
    var reason: String?

    @OptionGroup var options: StoreOptions

    func validate() throws { try checkWords(alias: alias, reason: reason) }

    func run() throws {
        _ = try options.versions(of: name)
        let expected = try options.store.rollBackTarget(alias, ofModel: name)
        try options.check(name, expected.target)
        let change = try options.store.rollBack(
            alias,
            ofModel: name,
            expecting: expected,
            by: userOfCommandLine(),
            reason: reason
        )
        try AliasChange(change, name, alias).tell(json: options.json)
    }
}

/// Gives an alias a version, or takes one away.
struct AliasModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alias",
        abstract: "Have an alias name a version, or take it away.",
        discussion: """
            Requests ask for NAME@ALIAS. Without the alias production the newest version that loads is served.

            Examples:
              leadline models alias leads candidate 000003-5be0c1f2 --models models
              leadline models alias leads candidate --remove --models models
            """
    )

    @Argument(help: ArgumentHelp("The model.", valueName: "name"))
    var name: String

    @Argument(help: ArgumentHelp("The alias.", valueName: "alias"))
    var alias: String

    @Argument(help: ArgumentHelp("The version; none with --remove.", valueName: "version"))
    var version: String?

    @Flag(help: "Take the alias away.")
    var remove = false

    @Option(help: ArgumentHelp("Why, for the log of publications.", valueName: "text"))
    var reason: String?

    @OptionGroup var options: StoreOptions

    func validate() throws {
        try checkWords(alias: alias, reason: reason)
        guard (version == nil) == remove else {
            throw ValidationError("give the version that '\(alias)' is to name, or --remove to take the alias away")
        }
    }

    func run() throws {
        let change: PublicationChange
        let who = userOfCommandLine()
        if let version {
            try options.check(name, version)
            change = try options.store.publish(version, as: alias, ofModel: name, by: who, reason: reason)
        } else {
            _ = try options.versions(of: name)
            change = try options.store.unalias(alias, ofModel: name, by: who, reason: reason)
        }
        try AliasChange(change, name, alias).tell(json: options.json)
    }
}
