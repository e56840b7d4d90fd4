internal import TreeEnsemble

/// LightGBM's text model, versions 2 to 4 (`src/boosting/gbdt_model_text.cpp`, `src/io/tree.cpp`).
///
/// A header of `key=value` lines, one block of such lines a tree, `end of trees` (from version 3 on), and a tail that
/// does not matter here. `tree_sizes` in the header gives the bytes of each block, so a file that was cut is noticed.
struct LightGBMReader {
    private var lines: LineScanner
    private var header = Header()
    private var trees: [Tree] = []
    private var firstTreeOffset = 0

    private struct Header {
        var version = ""
        var treesPerIteration = 1
        var featureCount: Int?
        var featureNames: [String] = []
        var objective: String?
        var isAveraged = false
        var treeSizes: [Int]?
    }

    /// Reads the whole file.
    static func ensemble(from bytes: [UInt8]) throws(ModelFileError) -> Ensemble {
        var reader = LightGBMReader(lines: LineScanner(bytes))
        try reader.readHeader()
        try reader.readTrees()
        return try reader.assemble()
    }

    private init(lines: LineScanner) { self.lines = lines }
}

// MARK: - Header

extension LightGBMReader {
    private mutating func readHeader() throws(ModelFileError) {
        guard lines.next(), lines.isWord("tree") else { throw lines.damage("the first line is not \"tree\"") }
        while lines.next() {
            if lines.hasKey("Tree") { break }
            if lines.isWord("average_output") {
                header.isAveraged = true
            } else if lines.isWord("end of trees") {
                break
            } else {
                try readHeaderLine()
            }
        }
        firstTreeOffset = lines.range.lowerBound
        guard ["v2", "v3", "v4"].contains(header.version) else {
            throw ModelFileError(
                kind: .lightGBMText,
                position: .file,
                problem: header.version.isEmpty
                    ? "the header has no version" : "version \(header.version) of the text form",
                remedy: "versions v2 to v4 can be read; save the model with LightGBM 2.1 to 4"
            )
        }
    }

    private mutating func readHeaderLine() throws(ModelFileError) {
        if lines.hasKey("version") {
            header.version = try lines.text()
        } else if lines.hasKey("num_tree_per_iteration") {
            header.treesPerIteration = try lines.whole()
            guard header.treesPerIteration >= 1, header.treesPerIteration <= ModelFile.outputsMax else {
                throw lines.unsupported(
                    "\(header.treesPerIteration) trees an iteration; 1 to \(ModelFile.outputsMax) are supported",
                    remedy: "train with fewer classes"
                )
            }
        } else if lines.hasKey("max_feature_idx") {
            let last = try lines.whole()
            guard last < ModelFile.featuresMax else {
                throw lines.unsupported(
                    "\(last + 1) features; at most \(ModelFile.featuresMax) are supported",
                    remedy: "train with fewer features"
                )
            }
            header.featureCount = last + 1
        } else if lines.hasKey("objective") {
            header.objective = try lines.text()
        } else if lines.hasKey("feature_names") {
            header.featureNames = try lines.text().split(separator: " ").map(String.init)
        } else if lines.hasKey("tree_sizes") {
            guard lines.isTerminated else { throw lines.damage("the file ends in the middle of its header") }
            var sizes: [Int] = []
            try lines.readNumbers { (number, _) in
                guard let size = number.integer, size >= 0 else { return false }
                sizes.append(size)
                return true
            }
            header.treeSizes = sizes
        }
    }
}

// MARK: - Trees

extension LightGBMReader {
    private mutating func readTrees() throws(ModelFileError) {
        var isEnded = lines.isWord("end of trees")
        var block = LightGBMTreeArrays()
        while !isEnded, lines.hasKey("Tree") {
            guard try lines.whole() == trees.count else {
                throw lines.damage("tree \(trees.count) was expected here")
            }
            let line = lines.number
            block.reset()
            while lines.next(), !lines.hasKey("Tree") {
                isEnded = lines.isWord("end of trees")
                if isEnded || lines.isWord("feature importances:") || lines.isWord("feature_importances:") { break }
                try block.readLine(&lines)
            }
            do {
                trees.append(try block.tree(output: trees.count % header.treesPerIteration))
            } catch {
                throw ModelFileError(
                    kind: .lightGBMText,
                    position: .line(line),
                    problem: "tree \(trees.count): \(error.problem)",
                    remedy: error.remedy
                )
            }
        }
        try checkEnd(isEnded: isEnded)
    }

    /// Refuses a file that was cut: fewer trees or bytes than the header promises, or no end mark.
    private func checkEnd(isEnded: Bool) throws(ModelFileError) {
        if let sizes = header.treeSizes {
            guard sizes.count == trees.count else {
                throw lines.damage("\(trees.count) trees, but the header's tree_sizes tells of \(sizes.count)")
            }
            var left = lines.byteCount - firstTreeOffset
            for size in sizes {
                guard size <= left else {
                    throw lines.damage("the file ends before the last tree does, as tree_sizes in the header has it")
                }
                left -= size
            }
        }
        guard isEnded || header.version == "v2" && (header.treeSizes != nil || !lines.isAtEnd) else {
            throw lines.damage("there is no \"end of trees\" line")
        }
    }

    private func assemble() throws(ModelFileError) -> Ensemble {
        guard let featureCount = header.featureCount else { throw damaged("the header has no max_feature_idx") }
        guard header.featureNames.isEmpty || header.featureNames.count == featureCount else {
            throw damaged("\(header.featureNames.count) feature names for \(featureCount) features")
        }
        guard trees.count % header.treesPerIteration == 0 else {
            throw damaged("\(trees.count) trees are no whole number of \(header.treesPerIteration) an iteration")
        }
        let objective = header.objective ?? "custom"
        guard let transform = Self.transform(objective) else {
            throw ModelFileError(
                kind: .lightGBMText,
                position: .file,
                problem: "the objective \(objective.prefix(80)) is not known, nor what its margins mean",
                remedy: "LightGBM's own objectives can be read"
            )
        }
        let iterations = trees.count / header.treesPerIteration
        return Ensemble(
            provenance: Provenance(
                library: "lightgbm",
                libraryVersion: header.version,
                format: ModelFileKind.lightGBMText.rawValue
            ),
            objective: objective,
            featureNames: header.featureNames.isEmpty
                ? (0..<featureCount).map { "Column_\($0)" } : header.featureNames,
            outputCount: header.treesPerIteration,
            arithmetic: .float64LessOrEqual,
            baseMargins: [Double](repeating: 0, count: header.treesPerIteration),
            trees: trees,
            transform: transform,
            averageDivisor: header.isAveraged ? max(iterations, 1) : 1
        )
    }

    private func damaged(_ problem: String) -> ModelFileError {
        ModelFileError(
            kind: .lightGBMText,
            position: .file,
            problem: problem,
            remedy: "the file is damaged; save the model again"
        )
    }

    /// The transform of an objective line such as `binary sigmoid:1` (`src/objective/*.hpp`); nil if unknown.
    static func transform(_ objective: String) -> OutputTransform? {
        let words = objective.split(separator: " ")
        func parameter(_ key: String) -> Double?? {
            guard let word = words.dropFirst().first(where: { $0.hasPrefix(key + ":") }) else { return .some(nil) }
            guard let value = Double(word.dropFirst(key.count + 1)), value.isFinite, value > 0 else { return nil }
            return value
        }
        switch words.first ?? "" {
        case "binary", "multiclassova":
            guard let scale = parameter("sigmoid") else { return nil }
            return .sigmoid64(scale: scale ?? 1)
        case "multiclass": return .softmax64
        case "cross_entropy", "xentropy": return .sigmoid64(scale: 1)
        case "cross_entropy_lambda", "xentlambda": return .log1pExp64
        case "poisson", "gamma", "tweedie": return .exp64
        case "regression", "regression_l2", "regression_l1", "huber", "fair", "quantile", "mape":
            return words.dropFirst().contains("sqrt") ? .signedSquare64 : .identity
        case "lambdarank", "rank_xendcg", "custom", "none": return .identity
        default: return nil
        }
    }
}
