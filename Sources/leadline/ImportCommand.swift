internal import ArgumentParser
internal import EnsembleKernels
internal import Foundation
internal import LeadScoring
internal import LeadTypes
internal import ModelStore
internal import TreeEnsemble

/// Makes a bundle from a model that was trained elsewhere.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a bundle from a model trained elsewhere.",
        discussion: """
            Reads XGBoost JSON and UBJSON, LightGBM text, CatBoost cbm and JSON, and trees in ONNX. The bundle holds the \
            model file as it is, what its features are made from, and golden rows drawn from its thresholds. Without --schema each \
            feature is a number, in a column of the feature's name; a CatBoost category is any text. The probability is \
            the objective's own; tiers begin at the probabilities that --tier says.

            Examples:
              leadline import model.json --out models/leads
              leadline import model.txt --schema schema.json \\
                --tier Hot:0.4 --tier Warm:0.1 --tier Cold:0 --out models/leads

            A schema file names the columns, and with them the features:
              { "columns": [
                  { "name": "Total Visits", "feature": "visits" },
                  { "name": "Lead Source", "kind": "category",
                    "levels": ["Ads", "Fair", "Other"], "unseen": "Other" },
                  { "name": "Opted In", "kind": "boolean" },
                  { "name": "Created", "kind": "date", "rule": "none" },
                  { "name": "Last Visit", "kind": "date", "rule": "days-after",
                    "reference": "Created" } ],
                "id": "Lead Number", "missing": ["Select"],
                "label": { "column": "Converted", "positive": "1" } }
            A CatBoost category has no levels: any text will do. Levels stand in the order of the codes that the model was trained with. For a date, rule may be number (days \
            since 1970), days-after with a reference, days-before-as-of, or none for no feature.
            """
    )

    @Argument(help: ArgumentHelp("The model.", valueName: "model-file"))
    var file: String

    @Option(help: ArgumentHelp("What the model's features are made from (JSON).", valueName: "file"))
    var schema: String?

    @Option(help: ArgumentHelp("The class that is the success, for a model with several; from 0.", valueName: "k"))
    var output: Int?

    @Option(
        help: ArgumentHelp(
            "The probability is 1 / (1 + exp(-(slope * margin + intercept))).",
            valueName: "slope,intercept"
        )
    )
    var platt: String?

    @Option(
        help: ArgumentHelp("A tier and its least probability; best first, the last with 0.", valueName: "name:minimum")
    )
    var tier: [String] = []

    @Option(help: ArgumentHelp("The model's folder; its name is the model's name.", valueName: "models/name"))
    var out: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard !out.isEmpty else { throw ValidationError("--out must name a folder, for example models/leads.") }
        if let platt, calibration(platt) == nil {
            throw ValidationError("--platt takes two numbers, such as 1.0,-0.5; not '\(platt)'")
        }
        for text in tier where cut(text) == nil {
            throw ValidationError("--tier takes a name and a probability, such as Hot:0.4; not '\(text)'")
        }
    }

    func run() throws {
        var work = ModelImport(
            modelBytes: try readWholeFile(file),
            fileName: URL(fileURLWithPath: file).lastPathComponent,
            output: output,
            calibration: platt.flatMap(calibration)
        )
        if let schema { work.schema = try ImportSchema(json: try readWholeFile(schema), path: schema) }
        if !tier.isEmpty { work.tiers = tier.compactMap(cut) }
        let (draft, ensemble) = try self.draft(of: work)
        let folder = URL(fileURLWithPath: out).standardizedFileURL
        let store = BundleStore(path: folder.deletingLastPathComponent().path)
        let bundle = try store.write(draft, name: folder.lastPathComponent)
        let report = Report(bundle, ensemble)
        if json { try printJSONLine(report) } else { try printText(report.text) }
    }

    private func draft(of work: ModelImport) throws -> (draft: BundleDraft, ensemble: Ensemble) {
        do {
            return try work.draft(tool: "leadline \(Leadline.configuration.version)")
        } catch let error as InvalidRecipe {
            throw Failure("\(schema.map { "\($0), for \(file)" } ?? file): \(error)")
        }
    }

    private func calibration(_ text: String) -> Calibration? {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard parts.count == 2, let slope = parts[0], let intercept = parts[1] else { return nil }
        return .platt(slope: slope, intercept: intercept)
    }

    private func cut(_ text: String) -> TierCut? {
        guard let colon = text.lastIndex(of: ":"), let minimum = Double(text[text.index(after: colon)...]) else {
            return nil
        }
        return TierCut(name: String(text[..<colon]), minimumProbability: minimum)
    }
}

extension Import {
    /// What was imported, for people and machines.
    struct Report: Encodable {
        var name: String
        var version: String
        var path: String
        var library: String
        var libraryVersion: String
        var objective: String
        var trees: Int
        var leaves: Int
        var features: Int
        var columns: Int
        var fingerprint: String
        var goldenRows: Int
        var kernel: String

        init(_ bundle: LoadedBundle, _ ensemble: Ensemble) {
            name = bundle.name
            version = bundle.version
            path = bundle.path
            library = ensemble.provenance.library
            libraryVersion = ensemble.provenance.libraryVersion
            objective = ensemble.objective
            trees = ensemble.trees.count
            leaves = ensemble.leafCount
            features = ensemble.featureCount
            columns = bundle.model.schema.columns.count
            let digits = String(bundle.model.schema.fingerprint, radix: 16)
            fingerprint = String(repeating: "0", count: 16 - digits.count) + digits
            goldenRows = bundle.goldenRows.expected.rows
            kernel = bundle.model.kernel.kernel.rawValue
        }

        var text: String {
            """
            \(name) \(version)
              from      \(library) \(libraryVersion), \(objective)
              trees     \(trees), \(leaves) leaves
              features  \(features), from \(columns) columns; schema fingerprint \(fingerprint)
              checked   \(goldenRows) golden rows, bit for bit, on the kernel \(kernel)
              folder    \(path)
            """
        }
    }
}
