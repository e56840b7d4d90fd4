/// CatBoost's JSON export (`libs/model/model_export/json_model_helpers.cpp`).
///
/// Keys may come in any order. Borders are float32, leaf values double, each rounded once from its digits. Splits name
/// what they look at by `split_index`, the number among all splits, as in the binary form.
struct CatBoostJSONReader {
    private var document: JSONReader
    private var model: CatBoostModel
    private var hasTrees = false

    /// Reads the whole document.
    static func model(from bytes: [UInt8]) throws(ModelFileError) -> CatBoostModel {
        var reader = CatBoostJSONReader(bytes)
        try reader.readDocument()
        return reader.model
    }

    private init(_ bytes: [UInt8]) {
        document = JSONReader(bytes, kind: .catBoostJSON)
        model = CatBoostModel(kind: .catBoostJSON, byteCount: bytes.count)
    }

    private mutating func readDocument() throws(ModelFileError) {
        try document.openObject()
        while let key = try document.nextKey() {
            switch key {
            case "model_info": try readInformation()
            case "features_info": try readFeatures()
            case "oblivious_trees": try readObliviousTrees()
            case "trees": try readFreeTrees()
            case "scale_and_bias": try readScaleAndBias()
            case "ctr_data": try readTables()
            default: try document.skip()
            }
        }
        try document.finish()
        guard hasTrees else { throw model.damaged("there are no trees in it (\"oblivious_trees\" or \"trees\")") }
        try checkTables()
    }
}

extension CatBoostJSONReader {
    /// The export does not say which target, or which cut of the target, a table is of: where there are several, one
    /// table stands under the name of all, and CatBoost itself reads its own export wrongly.
    private func checkTables() throws(ModelFileError) {
        var seen: Set<CatBoostStatistic> = []
        for statistic in model.statistics {
            var bare = statistic
            bare.borders = []
            let isOfTarget = statistic.base.kind != .counter && statistic.base.kind != .featureFrequency
            if !seen.insert(bare).inserted || isOfTarget && model.loss.hasPrefix("MultiRMSE") {
                throw model.unsupported(
                    "its statistics are of several targets, which the JSON export does not tell apart",
                    remedy: "save the model as cbm: model.save_model(\"model.cbm\")"
                )
            }
        }
    }
}

// MARK: - Information

extension JSONReader {
    /// The loss function's name in CatBoost's parameters, or in the description of a loss; nil if there is none.
    mutating func readLoss(isInParameters: Bool) throws(ModelFileError) -> String? {
        var loss: String?
        try openObject()
        while let key = try nextKey() {
            switch try peek() {
            case .object where isInParameters && key == "loss_function":
                loss = try readLoss(isInParameters: false)
            case .string where !isInParameters && key == "type": loss = try readString()
            default: try skip()
            }
        }
        return loss
    }
}

extension CatBoostJSONReader {
    private mutating func readInformation() throws(ModelFileError) {
        try document.openObject()
        while let key = try document.nextKey() {
            switch (key, try document.peek()) {
            case ("catboost_version_info", .string): model.versionText = try document.readString()
            case ("params", .object):
                if let loss = try document.readLoss(isInParameters: true) { model.loss = loss }
            case ("loss_function", .object):
                if let loss = try document.readLoss(isInParameters: false), model.loss.isEmpty { model.loss = loss }
            default: try document.skip()
            }
        }
    }

    /// `[scale, [bias, …]]`; with one bias in the files of CatBoost 0.2x, a plain number.
    private mutating func readScaleAndBias() throws(ModelFileError) {
        try document.openArray()
        guard try document.nextElement() else { return }
        model.scale = try document.readDouble()
        guard try document.nextElement() else { return }
        switch try document.peek() {
        case .array:
            try document.openArray()
            while try document.nextElement() { model.biases.append(try document.readDouble()) }
        case .null: try document.skip()
        default: model.biases = [try document.readDouble()]
        }
        guard try !document.nextElement() else { throw document.damage("scale_and_bias has more than two parts") }
    }
}

// MARK: - Trees

extension CatBoostJSONReader {
    private mutating func readObliviousTrees() throws(ModelFileError) {
        hasTrees = true
        // A model without trees has `null` here.
        guard try document.peek() == .array else { return try document.skip() }
        try document.openArray()
        while try document.nextElement() {
            let start = document.position
            var values: [Double] = []
            var splits: [Int32] = []
            try document.openObject()
            while let key = try document.nextKey() {
                switch (key, try document.peek()) {
                case ("leaf_values", .array):
                    try document.openArray()
                    while try document.nextElement() { values.append(try document.readDouble()) }
                case ("splits", .array):
                    try document.openArray()
                    while try document.nextElement() { splits.append(try readSplit()) }
                default: try document.skip()
                }
            }
            guard splits.count <= CatBoostTree.depthMax, !values.isEmpty, values.count.isMultiple(of: 1 << splits.count)
            else {
                throw document.damage(
                    "tree \(model.trees.count) has \(values.count) leaf values for \(splits.count) splits",
                    at: start
                )
            }
            try setOutputs(values.count >> splits.count, at: start)
            model.trees.append(CatBoostTree(shape: .oblivious(splits: splits), leafValues: values))
        }
    }

    private mutating func setOutputs(_ count: Int, at start: Int) throws(ModelFileError) {
        guard model.trees.isEmpty || count == model.outputCount else {
            throw document.damage(
                "tree \(model.trees.count) has leaves of \(count) values, others have \(model.outputCount)",
                at: start
            )
        }
        model.outputCount = count
    }

    private mutating func readSplit() throws(ModelFileError) -> Int32 {
        let start = document.position
        var number: Int32?
        try document.openObject()
        while let key = try document.nextKey() {
            switch (key, try document.peek()) {
            case ("split_index", .number):
                guard let small = Int32(exactly: try document.readWhole()) else {
                    throw document.damage("a split_index is too large")
                }
                number = small
            case ("split_type", .string):
                let type = try document.readString()
                guard ["FloatFeature", "OneHotFeature", "OnlineCtr"].contains(type) else {
                    throw model.unsupportedSource("text or embedding (\(type.prefix(80)))")
                }
            default: try document.skip()
            }
        }
        guard let number else { throw document.damage("a split has no split_index", at: start) }
        return number
    }

    private mutating func readFreeTrees() throws(ModelFileError) {
        hasTrees = true
        guard try document.peek() == .array else { return try document.skip() }
        try document.openArray()
        while try document.nextElement() {
            var tree = GrowingTree(start: document.position)
            _ = try readNode(&tree)
            try setOutputs(tree.outputs, at: tree.start)
            model.trees.append(CatBoostTree(shape: .free(nodes: tree.nodes), leafValues: tree.leafValues))
        }
    }

    private struct GrowingTree {
        let start: Int
        var nodes: [(split: Int32, left: Int32, right: Int32)] = []
        var leafValues: [Double] = []
        var outputs = 0
    }

    /// Reads a node and all below it: an index of the tree's nodes, or `~leaf`.
    ///
    /// Calls itself for each level; ``documentDepthMax`` bounds them.
    private mutating func readNode(_ tree: inout GrowingTree) throws(ModelFileError) -> Int32 {
        let start = document.position
        // The node takes its place when it turns out to be no leaf; keys come in any order.
        var place: Int?
        var split: Int32?
        var children: [String: Int32] = [:]
        var values: [Double]?
        try document.openObject()
        while let key = try document.nextKey() {
            switch (key, try document.peek()) {
            case ("left", .object), ("right", .object):
                if place == nil {
                    place = tree.nodes.count
                    tree.nodes.append((0, 0, 0))
                }
                guard children.updateValue(try readNode(&tree), forKey: key) == nil else {
                    throw document.damage("a node has two children on one side", at: start)
                }
            case ("split", .object): split = try readSplit()
            case ("value", .array):
                var all: [Double] = []
                try document.openArray()
                while try document.nextElement() { all.append(try document.readDouble()) }
                values = all
            case ("value", .number): values = [try document.readDouble()]
            default: try document.skip()
            }
        }
        if let place {
            guard let split, values == nil, let left = children["left"], let right = children["right"] else {
                throw document.damage("a node lacks its split or a child, or has a value too", at: start)
            }
            tree.nodes[place] = (split, left, right)
            return Int32(place)
        }
        guard let values, !values.isEmpty, split == nil, tree.outputs == 0 || tree.outputs == values.count else {
            throw document.damage("a leaf has no value, or another number of them than the others", at: start)
        }
        tree.outputs = values.count
        tree.leafValues += values
        return ~Int32(tree.leafValues.count / values.count - 1)
    }
}

// MARK: - Features

extension CatBoostJSONReader {
    private mutating func readFeatures() throws(ModelFileError) {
        try document.openObject()
        while let key = try document.nextKey() {
            guard try document.peek() == .array else {
                try document.skip()
                continue
            }
            switch key {
            case "float_features": try readEach { (reader) throws(ModelFileError) in try reader.readNumericFeature() }
            case "categorical_features":
                try readEach { (reader) throws(ModelFileError) in try reader.readCategoryFeature() }
            case "ctrs": try readEach { (reader) throws(ModelFileError) in try reader.readStatistic() }
            case "text_features": throw model.unsupportedSource("text")
            case "embedding_features": throw model.unsupportedSource("embedding")
            default: try document.skip()
            }
        }
    }

    private mutating func readEach(_ read: (inout Self) throws(ModelFileError) -> Void) throws(ModelFileError) {
        try document.openArray()
        while try document.nextElement() { try read(&self) }
    }

    private mutating func readNumericFeature() throws(ModelFileError) {
        var feature = CatBoostModel.NumericFeature(index: -1, column: -1, borders: [], missingIsAbove: false, name: "")
        var hasMissing = false
        var treatment = "AsIs"
        try document.openObject()
        while let key = try document.nextKey() {
            switch (key, try document.peek()) {
            case ("feature_index", .number): feature.index = try document.readWhole()
            case ("flat_feature_index", .number): feature.column = try document.readWhole()
            case ("borders", .array): try document.readFloats(into: &feature.borders)
            case ("has_nans", .flag): hasMissing = try document.readFlag()
            case ("nan_value_treatment", .string): treatment = try document.readString()
            case ("feature_id", .string), ("feature_name", .string): try readName(key, into: &feature.name)
            default: try document.skip()
            }
        }
        guard ["AsIs", "AsFalse", "AsTrue"].contains(treatment) else {
            throw document.damage("the NaN treatment \(treatment.prefix(80)) is not known")
        }
        feature.missingIsAbove = hasMissing && treatment == "AsTrue"
        model.numericFeatures.append(feature)
    }

    private mutating func readCategoryFeature() throws(ModelFileError) {
        var feature = CatBoostModel.CategoryFeature(index: -1, column: -1, name: "")
        var values: [Int32]?
        try document.openObject()
        while let key = try document.nextKey() {
            switch (key, try document.peek()) {
            case ("feature_index", .number): feature.index = try document.readWhole()
            case ("flat_feature_index", .number): feature.column = try document.readWhole()
            case ("values", .array):
                var read: [Int32] = []
                try document.readIntegers(into: &read)
                values = read
            case ("feature_id", .string), ("feature_name", .string): try readName(key, into: &feature.name)
            default: try document.skip()
            }
        }
        model.categoryFeatures.append(feature)
        if let values { model.oneHotFeatures.append(.init(category: feature.index, values: values)) }
    }
}

extension CatBoostJSONReader {
    /// One of a feature's two names: `feature_name` is that of the pool it was exported with and comes first, `feature_id`
    /// the model's own.
    private mutating func readName(_ key: String, into name: inout String) throws(ModelFileError) {
        let text = try document.readString()
        if key == "feature_name" || name.isEmpty { name = text }
    }
}

// MARK: - Statistics

extension CatBoostJSONReader {
    private mutating func readStatistic() throws(ModelFileError) {
        let start = document.position
        var statistic = CatBoostStatistic(base: .init(projection: .init(), kind: .borders))
        var kind: CatBoostStatistic.Kind?
        try document.openObject()
        while let key = try document.nextKey() {
            switch (key, try document.peek()) {
            case ("elements", .array): statistic.base.projection = try document.readProjection()
            case ("ctr_type", .string): kind = try document.readStatisticKind()
            case ("target_border_idx", .number):
                guard let small = Int32(exactly: try document.readWhole()) else {
                    throw document.damage("a target border is too large")
                }
                statistic.targetBorder = small
            case ("prior_numerator", .number): statistic.priorNumerator = try document.readFloat()
            case ("prior_denomerator", .number): statistic.priorDenominator = try document.readFloat()
            case ("shift", .number): statistic.shift = try document.readFloat()
            case ("scale", .number): statistic.scale = try document.readFloat()
            case ("borders", .array): try document.readFloats(into: &statistic.borders)
            default: try document.skip()
            }
        }
        guard let kind else { throw document.damage("a statistic has no ctr_type", at: start) }
        statistic.base.kind = kind
        model.statistics.append(statistic)
    }

    /// `ctr_data`: each key is itself JSON that says what its table is of.
    private mutating func readTables() throws(ModelFileError) {
        guard try document.peek() == .object else { return try document.skip() }
        try document.openObject()
        while let key = try document.nextKey() {
            let start = document.position
            let base: CatBoostStatistic.Base
            do {
                var inner = JSONReader(Array(key.utf8), kind: .catBoostJSON)
                base = try inner.readBase()
                try inner.finish()
            } catch {
                throw document.damage("a table's key is not understood: \(error.problem)", at: start)
            }
            model.tables[base] = try readTable(base.kind)
        }
    }

    private mutating func readTable(_ kind: CatBoostStatistic.Kind) throws(ModelFileError) -> CatBoostTable {
        let start = document.position
        var table = CatBoostTable()
        var cells: [Cell] = []
        var stride = 0
        try document.openObject()
        while let key = try document.nextKey() {
            switch (key, try document.peek()) {
            case ("counter_denominator", .number):
                guard let small = Int32(exactly: try document.readWhole()) else {
                    throw document.damage("a denominator is too large")
                }
                table.denominator = small
            case ("hash_stride", .number): stride = try document.readWhole()
            case ("hash_map", .array): cells = try readCells()
            default: try document.skip()
            }
        }
        let isMean = kind == .binarizedTargetMean || kind == .floatTargetMean
        let isCounter = kind == .counter || kind == .featureFrequency
        if cells.isEmpty { stride = isMean ? 3 : 2 }
        guard stride >= 2, !isMean || stride == 3, !isCounter || stride == 2, stride <= 1 << 16,
            cells.count.isMultiple(of: stride)
        else { throw document.damage("a table of \(cells.count) fields, \(stride) a key", at: start) }
        guard kind != .borders || stride >= 3 || cells.isEmpty else {
            throw document.damage("a table of one class", at: start)
        }
        table.classCount = isMean ? 1 : max(stride - 1, kind == .borders ? 2 : 1)
        for (entry, first) in Swift.stride(from: 0, to: cells.count, by: stride).enumerated() {
            guard case .key(let key) = cells[first] else { throw document.damage("a table lacks a key", at: start) }
            table.keys.append((key, entry))
            for place in first + 1..<first + stride {
                guard case .number(let sum, let count) = cells[place] else {
                    throw document.damage("a table has a key where a number should be", at: start)
                }
                if isMean, place == first + 1 {
                    table.sums.append(sum)
                } else if let count {
                    table.counts.append(count)
                } else {
                    throw document.damage("a count is no whole number of 32 bits", at: start)
                }
            }
        }
        do {
            try table.sortKeys()
        } catch {
            throw document.damage(error.problem, at: start)
        }
        return table
    }

    /// What stands in a table: a key as text, or a number.
    private enum Cell {
        case key(UInt64)
        case number(Float, Int32?)
    }

    private mutating func readCells() throws(ModelFileError) -> [Cell] {
        var cells: [Cell] = []
        try document.openArray()
        while try document.nextElement() {
            if try document.peek() == .string {
                guard let key = UInt64(try document.readString()) else { throw document.damage("a key is no number") }
                cells.append(.key(key))
            } else {
                _ = try document.nextByte()
                let start = document.position
                let value = try document.readFloat()
                let count = DecimalNumber.scan(document.bytes, from: start, to: document.position)?.integer
                cells.append(.number(value, count.flatMap { Int32(exactly: $0) }))
            }
        }
        return cells
    }
}

extension JSONReader {
    fileprivate mutating func readStatisticKind() throws(ModelFileError) -> CatBoostStatistic.Kind {
        let name = try readString()
        guard let kind = CatBoostStatistic.Kind(rawValue: name) else {
            throw damage("a statistic of the unknown kind \(name.prefix(80))")
        }
        return kind
    }

    fileprivate mutating func readBase() throws(ModelFileError) -> CatBoostStatistic.Base {
        var projection: CatBoostStatistic.Projection?
        var kind: CatBoostStatistic.Kind?
        try openObject()
        while let key = try nextKey() {
            switch (key, try peek()) {
            case ("identifier", .array): projection = try readProjection()
            case ("type", .string): kind = try readStatisticKind()
            default: try skip()
            }
        }
        guard let projection, let kind else { throw damage("it lacks identifier or type") }
        return CatBoostStatistic.Base(projection: projection, kind: kind)
    }

    fileprivate mutating func readProjection() throws(ModelFileError) -> CatBoostStatistic.Projection {
        var projection = CatBoostStatistic.Projection()
        try openArray()
        while try nextElement() {
            var kind = ""
            var category: Int32?
            var feature: Int32?
            var border: Float?
            var value: Int32?
            try openObject()
            while let key = try nextKey() {
                switch (key, try peek()) {
                case ("combination_element", .string): kind = try readString()
                case ("cat_feature_index", .number): category = Int32(exactly: try readWhole())
                case ("float_feature_index", .number): feature = Int32(exactly: try readWhole())
                case ("border", .number): border = try readFloat()
                case ("value", .number): value = Int32(exactly: try readWhole())
                default: try skip()
                }
            }
            switch (kind, category, feature, border, value) {
            case ("cat_feature_value", let category?, _, _, _): projection.categories.append(category)
            case ("float_feature", _, let feature?, let border?, _):
                projection.borders.append(.init(feature: feature, border: border))
            case ("cat_feature_exact_value", let category?, _, _, let value?):
                projection.oneHots.append(.init(category: category, value: value))
            default: throw damage("a combination has a part that is not understood")
            }
        }
        return projection
    }
}
