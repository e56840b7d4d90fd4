internal import ByteKit
internal import EnsembleFormats
internal import EnsembleKernels
internal import TreeEnsemble

/// What `leadline inspect` tells of an ensemble.
struct EnsembleReport: Encodable {
    struct Feature: Encodable {
        var name: String
        var thresholdSplits: Int
        var categorySplits: Int
        var linearTerms: Int
        var largestCategory: Int?
        /// Names of categories in the order of codes, where the file keeps them.
        var categories: [String]?

        /// Splits and linear terms.
        var use: Int { thresholdSplits + categorySplits + linearTerms + derivedSplits }
        /// Splits on what is computed from this feature, and maybe others, first.
        var derivedSplits: Int
        /// Whether the feature is a category that is known by the hash of its text.
        var isHashedCategory: Bool
    }

    /// What is computed from categories before the trees look at it.
    struct Derived: Encodable {
        var oneHotFeatures: Int
        /// Statistics by the library's word for them.
        var statistics: [String: Int]
        var combinations: Int
        /// Keys of all combinations.
        var keys: Int
    }

    /// A form in which trees are gone through, and the number of rows from which on it is the fastest.
    struct Form: Encodable {
        var fromRows: Int
        var form: String
    }

    struct Kernel: Encodable {
        var name: String
        var runs: Bool
        var isDefault: Bool
        var packedBytes: Int?
        /// As measured when the ensemble was packed.
        var forms: [Form]?
        var reason: String?
    }

    var file: String
    var bytes: Int
    var sha256: String
    var format: String
    var library: String
    var libraryVersion: String
    var objective: String
    var trees: Int
    var isLinearModel: Bool
    var nodes: Int
    var leaves: Int
    var depth: Int
    var outputs: Int
    var baseMargins: [Double]
    var arithmetic: String
    var transform: String
    var averageDivisor: Int
    var bestIteration: Int?
    var derived: Derived?
    var features: [Feature]
    var kernels: [Kernel]
    /// Nil for the model of a bundle, which the process has loaded before.
    var loading: LoadCosts?

    /// Loads a model file and tells of it, and of what loading took.
    /// - Throws: ``Failure`` or `ModelFileError`.
    init(loading path: String) throws {
        let (bytes, ensemble, costs) = try LoadCosts.loading(path)
        self.init(ensemble, bytes: bytes, file: path, costs: costs)
    }

    init(_ ensemble: Ensemble, bytes: [UInt8], file: String, costs: LoadCosts? = nil) {
        loading = costs
        kernels = Self.kernels(for: ensemble, &loading)
        self.file = file
        self.bytes = bytes.count
        sha256 = SHA256Digest.hexadecimal(of: bytes)
        format = ensemble.provenance.format
        library = ensemble.provenance.library
        libraryVersion = ensemble.provenance.libraryVersion
        objective = ensemble.objective
        trees = ensemble.trees.count
        isLinearModel = ensemble.linearModel != nil
        nodes = ensemble.nodeCount
        leaves = ensemble.leafCount
        depth = ensemble.depth
        outputs = ensemble.outputCount
        baseMargins = ensemble.baseMargins
        arithmetic = ensemble.arithmetic.description
        transform = ensemble.transform.description
        averageDivisor = ensemble.averageDivisor
        bestIteration = ensemble.bestIteration
        derived = ensemble.derivedFeatures.map(Derived.init)
        let hashed = Set(ensemble.derivedFeatures?.categoryColumns ?? [])
        features = zip(ensemble.featureNames, ensemble.featureUse()).enumerated().map { index, feature in
            let (name, use) = feature
            let categories = ensemble.categoryNames.isEmpty ? [] : ensemble.categoryNames[index]
            return Feature(
                name: name,
                thresholdSplits: use.thresholdSplits,
                categorySplits: use.categorySplits,
                linearTerms: use.linearTerms,
                largestCategory: use.largestCategory,
                categories: categories.isEmpty ? nil : categories,
                derivedSplits: use.derivedSplits,
                isHashedCategory: hashed.contains(index)
            )
        }
    }

    private static func kernels(for ensemble: Ensemble, _ costs: inout LoadCosts?) -> [Kernel] {
        var hasDefault = false
        return KernelName.allCases.map { name in
            let missing = name.missingOnThisProcessor
            guard missing.isEmpty else {
                let reason = KernelReport.lacking(missing)
                return Kernel(name: name.rawValue, runs: false, isDefault: false, reason: reason)
            }
            do {
                let kernel = try costs?.packing(ensemble, name) ?? EnsembleKernel(ensemble, kernel: name)
                defer { hasDefault = true }
                return Kernel(
                    name: name.rawValue,
                    runs: true,
                    isDefault: !hasDefault,
                    packedBytes: kernel.packedByteCount,
                    forms: kernel.forms.map { Form(fromRows: $0.firstRows, form: $0.form.rawValue) }
                )
            } catch {
                return Kernel(name: name.rawValue, runs: false, isDefault: false, reason: "cannot run it: \(error)")
            }
        }
    }
}

// MARK: - For people

extension EnsembleReport {
    /// The report as a page to read.
    var text: String {
        var lines = [file]
        func line(_ label: String, _ value: String) {
            lines.append("  " + label.padded(to: 16) + value)
        }
        let form = ModelFileKind(rawValue: format)?.label ?? format
        line("form", "\(form), \(libraryVersion.isEmpty ? "version unknown" : versionText), \(byteText(bytes))")
        line("SHA-256", sha256)
        line("objective", objective)
        line(
            "trees",
            isLinearModel ? "none: a linear model" : "\(trees) with \(leaves) leaves, at most \(depth) splits deep"
        )
        line("outputs", "\(outputs)")
        let bases = Set(baseMargins).count == 1 ? Array(baseMargins.prefix(1)) : baseMargins
        line(
            "base margin",
            bases.prefix(8).map { library == "xgboost" ? "\(Float($0))" : "\($0)" }.joined(separator: ", ")
                + (bases.count > 8 ? ", …" : "")
        )
        line("arithmetic", arithmetic)
        line("prediction", (averageDivisor > 1 ? "of the sum divided by \(averageDivisor): " : "") + transform)
        if let derived { line("categories", derived.text) }
        if let bestIteration { line("best iteration", "\(bestIteration), noted in the file; all trees are used") }
        if let loading {
            let pack = loading.packMilliseconds.map { ", packed in \(timeText($0))" } ?? ""
            line(
                "loading",
                "read in \(timeText(loading.readMilliseconds)), parsed in \(timeText(loading.parseMilliseconds)), "
                    + "validated in \(timeText(loading.validateMilliseconds))\(pack)"
            )
            if let before = loading.peakBytesBefore, let loaded = loading.peakBytesLoaded {
                let packed = loading.peakBytesPacked.map { ", \(byteText($0)) packed too" } ?? ""
                line(
                    "peak memory",
                    "\(byteText(loaded)) with the file and the ensemble\(packed); \(byteText(before)) before"
                )
            }
        }
        lines += ["", "kernels"]
        for kernel in kernels {
            let packed = kernel.packedBytes.map { "runs it, \(byteText($0)) packed" } ?? ""
            line(kernel.name, kernel.reason ?? packed + (kernel.isDefault ? ", chosen" : ""))
            let forms = (kernel.forms ?? []).map {
                "\($0.form) from \($0.fromRows == 1 ? "1 row" : "\($0.fromRows) rows")"
            }
            if kernel.isDefault, !forms.isEmpty { line("", "fastest as measured: " + forms.joined(separator: ", ")) }
        }
        return (lines + featureLines).joined(separator: "\n")
    }

    /// Features by use, the most used first.
    private var featureLines: [String] {
        let used = features.filter { $0.use > 0 }.sorted { $0.use > $1.use }
        var lines = ["", "features: \(features.count), of which the model looks at \(used.count)"]
        if !used.isEmpty { lines.append("  " + "uses".padded(to: 10) + "kind".padded(to: 24) + "name") }
        for feature in used.prefix(Self.featuresShownMax) {
            let kind =
                switch (feature.thresholdSplits > 0, feature.largestCategory) {
                case _ where feature.isHashedCategory: "category, any text"
                case (true, let largest?): "number and codes 0…\(largest)"
                case (false, let largest?): "category, codes 0…\(largest)"
                case (false, nil): feature.categorySplits > 0 ? "category" : "number, in sums alone"
                case (true, nil): "number"
                }
            lines.append("  " + "\(feature.use)".padded(to: 10) + kind.padded(to: 24) + feature.name)
            if let categories = feature.categories {
                let shown = categories.prefix(8).enumerated().map { "\($0) \($1)" }.joined(separator: ", ")
                lines.append(String(repeating: " ", count: 12) + shown + (categories.count > 8 ? ", …" : ""))
            }
        }
        if used.count > Self.featuresShownMax {
            lines.append("  and \(used.count - Self.featuresShownMax) more; --json lists them all")
        }
        return lines
    }

    private var versionText: String {
        if format == ModelFileKind.onnx.rawValue { return "written by \(library) \(libraryVersion)" }
        return library == "lightgbm" ? "text version \(libraryVersion)" : "written by \(libraryVersion)"
    }

    private static let featuresShownMax = 40
}

extension EnsembleReport.Feature {
    var splits: Int { thresholdSplits + categorySplits + derivedSplits }
}

extension EnsembleReport.Derived {
    init(_ derived: DerivedFeatures) {
        oneHotFeatures = 0
        statistics = [:]
        for feature in derived.features {
            switch feature {
            case .isCategory: oneHotFeatures += 1
            case .statistic(let statistic): statistics[statistic.kind, default: 0] += 1
            }
        }
        combinations = derived.combinations.count
        keys = derived.combinations.reduce(0) { $0 + $1.keys.count }
    }

    /// In one line.
    var text: String {
        let kinds = statistics.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let tables =
            kinds.isEmpty ? "" : "; CTRs: \(kinds), looked up by \(combinations) combinations with \(keys) keys"
        return "\(oneHotFeatures) one-hot\(tables)"
    }
}

/// A time for people.
func timeText(_ milliseconds: Double) -> String {
    "\(milliseconds < 10 ? (milliseconds * 100).rounded() / 100 : (milliseconds * 10).rounded() / 10) ms"
}

/// A size for people.
func byteText(_ count: Int) -> String {
    switch count {
    case ..<10_000: "\(count) bytes"
    case ..<10_000_000: "\((count + 512) >> 10) KiB"
    default: "\((count + (1 << 19)) >> 20) MiB"
    }
}

extension String {
    /// The text with spaces behind it, up to a width.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(width - count, 1))
    }
}
