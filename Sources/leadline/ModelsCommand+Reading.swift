internal import ArgumentParser
internal import ModelStore

/// Lists the models of a folder.
struct ListModels: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List models, the versions that serve, and their aliases.",
        discussion: """
            Nothing is loaded. With --json a line a model.

            Example:
              leadline models list --models models
            """
    )

    @OptionGroup var options: StoreOptions

    func run() throws {
        let models = try options.store.listing().map { try StoredModel($0.name, $0.versions, in: options.store) }
        guard !options.json else { return try models.forEach { try printJSONLine($0) } }
        guard !models.isEmpty else {
            throw Failure(
                "\(options.models): there is no model; make one: leadline train … --out \(options.models)/NAME"
            )
        }
        let rows = models.map { model in
            [
                model.name, model.production ?? "newest that loads", model.versions.first ?? "",
                "\(model.versions.count)",
                model.aliases.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " "),
            ]
        }
        let head = ["model", "serves", "newest", "versions", "aliases"]
        try printText(String(aligned([head] + rows, leftColumns: [0, 1, 2, 4]).dropLast()))
    }
}

/// Tells one model's versions, aliases and publications.
struct ShowModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Tell a model's versions, aliases and latest publications.",
        discussion: """
            Nothing is loaded; leadline inspect loads a version and tells what it is.

            Example:
              leadline models show leads --models models
            """
    )

    @Argument(help: ArgumentHelp("The model.", valueName: "name"))
    var name: String

    @OptionGroup var options: StoreOptions

    private struct Report: Encodable {
        var model: StoredModel
        var publications: [PublicationRecord]
    }

    func run() throws {
        let model = try StoredModel(name, try options.versions(of: name), in: options.store)
        let records = try options.store.publications(ofModel: name, last: 20)
        guard !options.json else { return try printJSONLine(Report(model: model, publications: records)) }
        var text = aligned(
            [["version", "names"]] + model.versions.map { [$0, model.names(of: $0)] },
            leftColumns: [0, 1]
        )
        if !records.isEmpty {
            let rows = records.map { record in
                [
                    record.time, cell(record.who), record.action.rawValue, record.alias, record.version ?? "",
                    record.previous ?? "", cell(record.reason ?? "", widest: 60),
                ]
            }
            let head = ["time", "who", "action", "alias", "version", "before", "reason"]
            text += "\n" + aligned([head] + rows, leftColumns: Set(0...6))
        }
        try printText(String(text.dropLast()))
    }
}
