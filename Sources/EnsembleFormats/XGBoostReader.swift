internal import TreeEnsemble

/// XGBoost's model schema (`src/learner.cc`, `src/gbm/gbtree_model.cc`, `src/tree/tree_model.cc`), from whichever
/// document holds it.
///
/// Keys may come in any order, so a model is gathered first and put together at the end.
struct XGBoostReader<Document: DocumentReader> {
    private var document: Document
    private var version: [Int32] = []
    private var parameters: [String: String] = [:]
    private var attributes: [String: String] = [:]
    private var objective: String?
    private var featureNames: [String] = []
    private var booster: String?
    private var treeCount: Int?
    private var trees: [Tree]?
    /// By tree of the file: how many trees of ours it became, one an output if its leaves are vectors.
    private var treeWidths: [Int] = []
    private var treeInfo: [Int32] = []
    private var weights: [Float] = []
    private var linearWeights: [Float] = []
    private var categoryNames: [[String]] = []
    private var hasLearner = false
    private let keepsBaseWeights: Bool
    private var lacksBaseWeights = false

    /// Reads the whole document.
    ///
    /// `base_weights` comes before all that could tell whether it is needed, and is as long as all other arrays, so a
    /// file that turns out to need it is read once more.
    static func ensemble(from document: Document) throws(ModelFileError) -> Ensemble {
        var reader = XGBoostReader(document: document, keepsBaseWeights: false)
        try reader.readDocument()
        if reader.lacksBaseWeights {
            reader = XGBoostReader(document: document, keepsBaseWeights: true)
            try reader.readDocument()
        }
        return try reader.assemble()
    }

    private init(document: Document, keepsBaseWeights: Bool) {
        self.document = document
        self.keepsBaseWeights = keepsBaseWeights
    }
}

// MARK: - Gathering

extension XGBoostReader {
    private mutating func readDocument() throws(ModelFileError) {
        try document.openObject()
        while let key = try document.nextKey() {
            switch key {
            case "version": try document.readIntegers(into: &version)
            case "learner": try readLearner()
            default: try document.skip()
            }
        }
        try document.finish()
        guard hasLearner else {
            throw unsupported("there is no \"learner\" in it, so it is no model of XGBoost's", remedy: Self.saving)
        }
    }

    private mutating func readLearner() throws(ModelFileError) {
        hasLearner = true
        try document.openObject()
        while let key = try document.nextKey() {
            switch key {
            case "learner_model_param": parameters = try document.readParameters()
            case "attributes": attributes = try document.readParameters()
            case "feature_names": featureNames = try document.readStrings()
            case "objective": objective = try document.readParameters()["name"]
            case "gradient_booster": try readBooster(isInner: false)
            default: try document.skip()
            }
        }
    }

    /// Dart kept its trees in a booster within the booster until 3.2.
    private mutating func readBooster(isInner: Bool) throws(ModelFileError) {
        try document.openObject()
        while let key = try document.nextKey() {
            switch key {
            case "name":
                let name = try document.readString()
                if !isInner { booster = name }
            case "model": try readModel()
            case "gbtree" where !isInner: try readBooster(isInner: true)
            case "weight_drop": try document.readFloats(into: &weights)
            default: try document.skip()
            }
        }
    }

    private mutating func readModel() throws(ModelFileError) {
        try document.openObject()
        while let key = try document.nextKey() {
            switch key {
            case "gbtree_model_param":
                let start = document.position
                if let count = try document.readParameters()["num_trees"] {
                    treeCount = try whole(count, "num_trees", at: start)
                }
            case "tree_info": try document.readIntegers(into: &treeInfo)
            case "trees": try readTrees()
            case "weight_drop": try document.readFloats(into: &weights)
            case "weights": try document.readFloats(into: &linearWeights)
            case "cats": categoryNames = try XGBoostCategories.read(from: &document)
            default: try document.skip()
            }
        }
    }

    private mutating func readTrees() throws(ModelFileError) {
        var read: [Tree] = []
        var widths: [Int] = []
        var arrays = XGBoostTreeArrays(keepsBaseWeights: keepsBaseWeights)
        var categoryWords = 0
        try document.openArray()
        while try document.nextElement() {
            let start = document.position
            try arrays.read(from: &document)
            if arrays.lacksBaseWeights {
                lacksBaseWeights = true
                continue
            }
            do {
                let trees = try arrays.trees(categoryWords: &categoryWords)
                widths.append(trees.count)
                read.append(contentsOf: trees)
            } catch {
                throw document.error("tree \(widths.count): \(error.problem)", at: start, remedy: error.remedy)
            }
        }
        trees = read
        treeWidths = widths
    }
}

// MARK: - Putting together

extension XGBoostReader {
    private func assemble() throws(ModelFileError) -> Ensemble {
        let name = booster ?? "gbtree"
        guard ["gbtree", "dart", "gblinear"].contains(name) else {
            throw unsupported("the booster \(name.prefix(80)) is not known", remedy: Self.scope)
        }
        let isLinear = name == "gblinear"
        if !isLinear { try checkTrees(name) }
        let classes = try whole(parameters["num_class"] ?? "0", "num_class")
        let targets = try whole(parameters["num_target"] ?? "1", "num_target")
        let outputs = max(classes, targets, 1)
        guard outputs <= ModelFile.outputsMax else {
            throw unsupported(
                "\(outputs) outputs; at most \(ModelFile.outputsMax) are supported",
                remedy: "train with fewer classes or targets"
            )
        }
        guard let objective else { throw damaged("the objective has no name") }
        let rule: XGBoostObjective
        do {
            rule = try XGBoostObjective.rule(objective, version: version, outputs: outputs)
        } catch {
            throw unsupported(error.problem, remedy: Self.scope)
        }
        let featureNames = try names()
        var baseMargins = try baseMargins(rule, outputs: outputs)
        // gblinear takes the first base score for every output, even where there is one for each.
        if isLinear { baseMargins = baseMargins.map { _ in baseMargins[0] } }
        return Ensemble(
            provenance: Provenance(
                library: "xgboost",
                libraryVersion: version.map(String.init).joined(separator: "."),
                format: document.kind.rawValue
            ),
            objective: objective,
            featureNames: featureNames,
            outputCount: outputs,
            arithmetic: .float32LessThan,
            baseMargins: baseMargins,
            linearModel: isLinear ? try linearModel(features: featureNames.count, outputs: outputs) : nil,
            trees: isLinear ? [] : try finishedTrees(outputs: outputs),
            transform: rule.transform,
            bestIteration: attributes["best_iteration"].flatMap { Int($0) },
            categoryNames: categoryNames.count == featureNames.count ? categoryNames : []
        )
    }

    private func checkTrees(_ booster: String) throws(ModelFileError) {
        guard trees != nil else {
            throw unsupported(
                "there are no trees in it (\"gradient_booster\".\"model\".\"trees\")",
                remedy: Self.saving
            )
        }
        let count = treeWidths.count
        if let treeCount, treeCount != count {
            throw damaged("\(count) trees, but num_trees says \(treeCount)")
        }
        guard treeInfo.count == count else {
            throw damaged("tree_info tells of \(treeInfo.count) trees, the file holds \(count)")
        }
        guard weights.isEmpty && booster != "dart" || weights.count == count else {
            throw damaged("weight_drop tells of \(weights.count) trees, the file holds \(count)")
        }
    }

    /// The trees with their output and with leaf × weight in float32, the product that XGBoost's sum uses.
    private func finishedTrees(outputs: Int) throws(ModelFileError) -> [Tree] {
        var trees = trees ?? []
        var next = 0
        for (source, width) in treeWidths.enumerated() {
            guard width == 1 || width == outputs else {
                throw damaged("the leaves of tree \(source) are vectors of \(width) numbers for \(outputs) outputs")
            }
            for index in next..<next + width {
                if width == 1 { trees[index].output = Int(treeInfo[source]) }
                guard !weights.isEmpty else { continue }
                for leaf in trees[index].leafValues.indices {
                    trees[index].leafValues[leaf] = Double(Float(trees[index].leafValues[leaf]) * weights[source])
                }
            }
            next += width
        }
        return trees
    }

    /// The linear model of a `gblinear`: weights feature by feature, biases last.
    private func linearModel(features: Int, outputs: Int) throws(ModelFileError) -> LinearModel {
        let count = features * outputs
        guard linearWeights.count == count + outputs else {
            throw damaged("\(linearWeights.count) weights for \(features) features, a bias and \(outputs) outputs")
        }
        return LinearModel(
            weights: linearWeights[..<count].map { Double($0) },
            biases: linearWeights[count...].map { Double($0) }
        )
    }

    private func names() throws(ModelFileError) -> [String] {
        let count = try whole(parameters["num_feature"] ?? "", "num_feature")
        guard count <= ModelFile.featuresMax else {
            throw unsupported(
                "\(count) features; at most \(ModelFile.featuresMax) are supported",
                remedy: "train with fewer features"
            )
        }
        if featureNames.isEmpty { return (0..<count).map { "f\($0)" } }
        guard featureNames.count == count else {
            throw damaged("\(featureNames.count) feature names for \(count) features")
        }
        return featureNames
    }

    /// `base_score` as margins: `5E-1` for all outputs, or from 3.1 on `[5E-1]` or one an output.
    private func baseMargins(_ rule: XGBoostObjective, outputs: Int) throws(ModelFileError) -> [Double] {
        guard let text = parameters["base_score"] else { throw damaged("there is no base_score") }
        var scores: [Float] = []
        let isVector = text.utf8.first == UInt8(ascii: "[") && text.utf8.last == UInt8(ascii: "]")
        let inner = isVector ? text.dropFirst().dropLast() : text[...]
        for part in inner.split(separator: ",", omittingEmptySubsequences: false) {
            let bytes = Array(part.utf8.drop { $0 == 0x20 }.reversed().drop { $0 == 0x20 }.reversed())
            guard let number = DecimalNumber.scan(bytes, from: 0, to: bytes.count),
                number.range.upperBound == bytes.count, number.float(bytes).isFinite
            else { throw damaged("base_score \(text.prefix(80)) is no number") }
            scores.append(number.float(bytes))
        }
        guard scores.count == 1 || scores.count == outputs else {
            throw damaged("base_score holds \(scores.count) numbers for \(outputs) outputs")
        }
        if scores.count < outputs { scores = [Float](repeating: scores[0], count: outputs) }
        guard let margins = rule.margins(fromBaseScores: scores) else {
            throw damaged("base_score \(text.prefix(80)) is outside what \(rule.name) allows")
        }
        return margins.map { Double($0) }
    }

    private func whole(_ text: String, _ name: String, at offset: Int? = nil) throws(ModelFileError) -> Int {
        guard let value = Int(text), value >= 0, value <= Int(Int32.max) else {
            throw damaged("\(name) is \(text.isEmpty ? "missing" : String(text.prefix(80))), not a count", at: offset)
        }
        return value
    }

    private func damaged(_ problem: String, at offset: Int? = nil) -> ModelFileError {
        ModelFileError(
            kind: document.kind,
            position: offset.map { .byte($0) } ?? .file,
            problem: problem,
            remedy: "the file is damaged; save the model again"
        )
    }

    private func unsupported(_ problem: String, remedy: String) -> ModelFileError {
        ModelFileError(kind: document.kind, position: .file, problem: problem, remedy: remedy)
    }

    private static var scope: String { "models (gbtree, dart, gblinear) with XGBoost's own objectives can be read" }
    private static var saving: String { "save the model itself: booster.save_model(\"model.json\")" }
}
