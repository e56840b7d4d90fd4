internal import ArgumentParser
internal import ByteKit
internal import EnsembleFormats
internal import EnsembleKernels
internal import ModelStore
internal import TreeEnsemble

/// Tells what a model is.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Tell what a model file or a bundle is, or which kernels run here.",
        discussion: """
            A file is recognised by its content: library and version, objective, trees, features and how often each is \
            used, fingerprint, what loading it took in time and memory, and each kernel with the reason why it cannot run \
            the model, if it cannot. A bundle is loaded as the server would load it, golden rows included, and tells of its columns, calibration and \
            tiers, its packed plans, how soon it is ready, and in how much memory; then every file of it is checked.

            Examples:
              leadline inspect model.json
              leadline inspect models/leads
              leadline inspect --kernels
            """
    )

    @Argument(help: ArgumentHelp("The model file, or the bundle's folder.", valueName: "file|bundle"))
    var file: String?

    @Flag(help: "Tell of this processor's kernels instead: which run, what others lack, which is chosen.")
    var kernels = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if kernels, file != nil {
            throw ValidationError("--kernels tells of the processor, and takes no file; inspect the file without it")
        }
        if !kernels, file == nil {
            throw ValidationError("name a model file or a bundle's folder, or ask for --kernels")
        }
    }

    func run() throws {
        guard let file else {
            let report = KernelReport()
            if json { try printJSONLine(report) } else { try printText(report.text) }
            return
        }
        if isFolder(file) {
            let report = try BundleReport(loading: file)
            if json { try printJSONLine(report) } else { try printText(report.text) }
            return
        }
        let report = try EnsembleReport(loading: file)
        if json { try printJSONLine(report) } else { try printText(report.text) }
    }
}
