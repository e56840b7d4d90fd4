internal import EnsembleFormats
internal import EnsembleKernels
internal import Foundation
internal import LeadScoring
internal import LeadTypes
internal import ModelStore
internal import TreeEnsemble

/// What `leadline inspect` tells of a bundle.
struct BundleReport: Encodable {
    struct Column: Encodable {
        var name: String
        var kind: String
        var levels: Int?
        var features: [Feature]
        /// Whether other columns' dates are counted from this one's.
        var isReference: Bool
    }

    struct Feature: Encodable {
        var name: String
        var rule: String
    }

    struct Tier: Encodable {
        var name: String
        var minimumProbability: Double
    }

    var bundle: String
    var name: String
    var version: String
    var how: String
    var tool: String
    var details: [String: String]
    var figures: [String: Double]
    var probabilityOf: String?
    var calibration: String
    var score: String
    var tiers: [Tier]
    var goldenRows: Int
    var fingerprint: String
    var columns: [Column]
    var readiness: BundleReadiness
    var model: EnsembleReport

    /// Loads a bundle as a server does, then every file of it, whose digests are checked too, and reads the model file for
    /// what serving has no use for.
    /// - Parameter path: the bundle's or model's folder.
    /// - Throws: `BundleError`, ``Failure`` or `ModelFileError`.
    init(loading path: String) throws {
        readiness = try BundleReadiness(loading: path)
        let bundle = try BundleStore.load(path: path, isThorough: true)
        let manifest = bundle.manifest
        let recipe = manifest.recipe
        guard let file = manifest.files.first(where: { $0.role == "model" }) else {
            throw Failure("\(bundle.path): the bundle names no model file; copy it again from where it was made")
        }
        let modelPath = bundle.path + "/" + file.name
        let bytes = try readWholeFile(modelPath)
        model = EnsembleReport(try ModelFile.read(bytes, name: modelPath), bytes: bytes, file: file.name)
        // The recipe knows the features by the names people gave them; a trained model file often does not.
        for (index, feature) in recipe.features.enumerated() where index < model.features.count {
            model.features[index].name = feature.name
        }
        self.bundle = bundle.path
        name = bundle.name
        version = bundle.version
        how = manifest.source.how
        tool = manifest.source.tool
        details = manifest.source.details
        figures = manifest.figures
        probabilityOf = recipe.label.map { "\($0.column) = \($0.positive)" }
        calibration = Self.words(recipe.calibration)
        score =
            switch recipe.scale {
            case .percentile: "percentile among known leads"
            case .probability: "the probability in percent"
            }
        tiers = recipe.tiers.map { Tier(name: $0.name, minimumProbability: $0.minimumProbability) }
        goldenRows = bundle.goldenRows.expected.margins.count
        let digits = String(recipe.schema.fingerprint, radix: 16)
        fingerprint = String(repeating: "0", count: 16 - digits.count) + digits
        columns = recipe.schema.columns.map { column in
            Column(
                name: column.name,
                kind: column.kind.rawValue,
                levels: column.kind == .category ? column.levels.count : nil,
                features: recipe.features.filter { $0.column == column.name }
                    .map { Feature(name: $0.name, rule: Self.words($0.preparation, column)) },
                isReference: recipe.features.contains { $0.preparation == .daysAfter(reference: column.name) }
            )
        }
    }

    private static func words(_ calibration: Calibration) -> String {
        switch calibration {
        case .identity: "the model's own transform"
        case .platt(let slope, let intercept):
            "Platt: sigmoid of \(fourDigits(slope)) × margin \(intercept < 0 ? "-" : "+") \(fourDigits(abs(intercept)))"
        case .isotonic(let margins, _): "isotonic, lines through \(margins.count) points"
        }
    }

    private static func words(_ preparation: FeaturePreparation, _ column: LeadColumn) -> String {
        switch preparation {
        case .number: "number"
        case .boolean: "0 or 1"
        case .category(let unseen?) where column.levels.indices.contains(unseen):
            "code; unseen → \(column.levels[unseen])"
        case .category(let unseen?): "code; unseen → \(unseen)"
        case .category(nil): "code; unseen → missing"
        case .categoryHash: "the text's hash"
        case .daysAfter(let reference): "days after \(reference)"
        case .daysBeforeAsOf: "days before the day of scoring"
        }
    }
}

// MARK: - For people

extension BundleReport {
    /// The report as a page to read.
    var text: String {
        var lines = [bundle]
        func line(_ label: String, _ value: String) { lines.append("  " + label.padded(to: 16) + value) }
        line("bundle", "\(name), version \(version)")
        line("made", "\(how) by \(tool)")
        for (key, value) in details.sorted(by: { $0.key < $1.key }) { line("", "\(key): \(value)") }
        if let probabilityOf { line("probability of", probabilityOf) }
        line("calibration", calibration)
        line("score", score)
        line("tiers", tiers.map { "\($0.name) from \(fourDigits($0.minimumProbability))" }.joined(separator: ", "))
        line("golden rows", "\(goldenRows), scored again just now: the same bits")
        for (label, text) in readiness.lines { line(label, text) }
        for (index, figure) in figures.sorted(by: { $0.key < $1.key }).enumerated() {
            line(index == 0 ? "figures" : "", "\(figure.key) \(fourDigits(figure.value))")
        }
        lines += ["", "columns: \(columns.count), schema fingerprint \(fingerprint)"]
        let width = min(columns.map(\.name.count).max() ?? 0, 40) + 2
        for column in columns {
            let kind = column.levels.map { $0 == 0 ? "category" : "category of \($0)" } ?? column.kind
            var uses = column.features.map { feature in
                if feature.name == column.name { return feature.rule }
                return feature.name.contains(feature.rule) ? feature.name : "\(feature.name): \(feature.rule)"
            }
            if column.isReference { uses.append("other dates are counted from it") }
            let use = uses.isEmpty ? "not used" : uses.joined(separator: "; ")
            lines.append("  " + kind.padded(to: 16) + column.name.padded(to: width) + use)
        }
        return (lines + ["", model.text]).joined(separator: "\n")
    }
}

/// A number for people: four digits behind the point, fewer where they are zeros.
private func fourDigits(_ number: Double) -> String {
    guard abs(number) < 1e9 else { return "\(number)" }
    let rounded = (number * 10_000).rounded() / 10_000
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
}
