internal import ArgumentParser
internal import ByteKit
internal import EnsembleFormats
internal import EnsembleKernels
internal import TreeEnsemble

/// Tells what a model is.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Tell what a model file is and what can run it.",
        discussion: """
            A file is recognised by its content: library and version, objective, trees, features and how often each is \
            used, fingerprint, and each kernel with the reason why it cannot run the model, if it cannot.

            Example:
              leadline inspect model.json
            """
    )

    @Argument(help: ArgumentHelp("The model.", valueName: "file"))
    var file: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let bytes = try readWholeFile(file)
        let ensemble = try ModelFile.read(bytes, name: file)
        let report = EnsembleReport(ensemble, bytes: bytes, file: file)
        if json { try printJSONLine(report) } else { print(report.text) }
    }
}
