internal import ArgumentParser
internal import Foundation
internal import LeadScoring
internal import ModelStore

/// Tells and changes which versions of models are served.
struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell and change which versions of models are served.",
        discussion: """
            Works on the folder of models alone; a server that serves it notices within its --poll-seconds. Without aliases the \
            newest version that loads is served. With the alias production its version is, and newer ones wait until they are \
            published. Other aliases are asked for as NAME@ALIAS.

            Examples:
              leadline models list --models models
              leadline models publish leads 000002-9f3ac2d1 --models models --reason "better on March's leads"
              leadline models rollback leads --models models
            """,
        subcommands: [
            ListModels.self, ShowModel.self, PublishModel.self, RollBackModel.self, AliasModel.self,
        ]
    )
}

/// The folder that all these commands work on.
struct StoreOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of models; each folder in it is one.", valueName: "dir"))
    var models: String

    @Flag(help: "Print JSON.")
    var json = false

    var store: BundleStore { BundleStore(path: models) }

    /// A model's versions, newest first.
    /// - Throws: ``Failure`` if there is no such model.
    func versions(of name: String) throws -> [String] {
        let models = try store.listing()
        guard let model = models.first(where: { $0.name == name }) else {
            let known = models.map(\.name).prefix(10).joined(separator: ", ")
            throw Failure(
                "\(self.models): there is no model '\(name)'; "
                    + (known.isEmpty
                        ? "make one: leadline train … --out \(self.models)/\(name)" : "there are: \(known)")
            )
        }
        return model.versions
    }

    /// Loads a version as a server does, golden rows included.
    /// - Throws: ``Failure`` or `BundleError`.
    func check(_ name: String, _ version: String) throws {
        let known = try versions(of: name)
        guard known.contains(version) else {
            throw Failure(
                "\(models)/\(name): there is no version '\(version)'; there are: "
                    + known.prefix(5).joined(separator: ", ")
            )
        }
        _ = try store.load(name: name, version: version)
    }
}

/// What a model's folder has, as the commands tell it.
struct StoredModel: Encodable {
    var name: String
    /// The version that a server serves; nil where only loading tells, because there is no alias production.
    var production: String?
    /// The versions, newest first.
    var versions: [String]
    var aliases: [String: String]

    init(_ name: String, _ versions: [String], in store: BundleStore) throws {
        self.name = name
        self.versions = versions
        let aliases = try store.aliases(ofModel: name)
        self.aliases = aliases.versions
        production = aliases[ModelAliases.production]
    }

    /// The names of a version, for people.
    func names(of version: String) -> String {
        var names = aliases.filter { $0.value == version }.map(\.key).sorted()
        if production == nil, version == versions.first { names.insert("newest, served if it loads", at: 0) }
        return names.joined(separator: ", ")
    }
}

/// What a change came to, as the commands tell it.
struct AliasChange: Encodable {
    var model: String
    var alias: String
    var version: String?
    var previous: String?
    var changed: Bool

    init(_ change: PublicationChange, _ name: String, _ alias: String) {
        model = name
        self.alias = alias
        version = change.aliases[alias]
        previous = change.record == nil ? change.aliases[alias] : change.record?.previous
        changed = change.record != nil
    }

    func tell(json: Bool) throws {
        guard !json else { return try printJSONLine(self) }
        guard changed else { return try printText("\(model)@\(alias) is \(version ?? "gone") already") }
        let before = previous.map { " (before: \($0))" } ?? ""
        try printText(version.map { "\(model)@\(alias) is \($0)\(before)" } ?? "\(model)@\(alias) is gone\(before)")
    }
}

/// The user of the command line, for the log of publications.
func userOfCommandLine() -> String { "user:" + NSUserName() }

/// An alias and a reason are checked before anything is loaded.
func checkWords(alias: String, reason: String?) throws {
    guard ModelAliases.canBe(alias) else {
        throw ValidationError(
            "'\(alias)' cannot be an alias: give 1 to 100 letters, digits, '.', '_' and '-', the first no '.'"
        )
    }
    guard (reason?.utf8.count ?? 0) <= PublicationRecord.reasonBytesMax else {
        throw ValidationError("--reason: give at most \(PublicationRecord.reasonBytesMax) bytes")
    }
}
