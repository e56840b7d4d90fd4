internal import ByteKit

/// CatBoost's binary form: `CBM1`, a FlatBuffer of the model's core behind its length, then the parts that the core
/// names, such as tables of statistics (`libs/model/model.cpp`, `libs/model/flatbuffers/*.fbs`).
struct CatBoostBinaryReader {
    private let bytes: [UInt8]
    private var position = 4
    private var model: CatBoostModel

    /// Fields of the FlatBuffer tables, by number.
    private enum Core { static let version = 0, trees = 1, information = 2, parts = 3 }
    private enum Trees {
        static let outputs = 0, splits = 1, sizes = 2, starts = 3
        static let categories = 4, numbers = 5, oneHots = 6, statistics = 7, leafValues = 8
        static let steps = 10, leafOfNode = 11, texts = 12, estimated = 13
        static let scale = 14, bias = 15, biases = 16, embeddings = 18
    }

    /// Reads the whole file.
    static func model(from bytes: [UInt8]) throws(ModelFileError) -> CatBoostModel {
        var reader = CatBoostBinaryReader(bytes)
        try reader.readCore()
        return reader.model
    }

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        model = CatBoostModel(kind: .catBoostBinary, byteCount: bytes.count)
    }
}

// MARK: - Parts

extension CatBoostBinaryReader {
    private mutating func readCore() throws(ModelFileError) {
        let core = try readBuffer("the model's core").root()
        guard try core.string(Core.version) == "FlabuffersModel_v1" else {
            throw core.damage("the core is of another version than FlabuffersModel_v1")
        }
        let information = try core.vector(Core.information)
        for index in 0..<information.count {
            let entry = try information.table(index)
            try readInformation(try entry.string(0) ?? "", try entry.string(1) ?? "")
        }
        if let trees = try core.table(Core.trees) { try readTrees(trees) }
        let parts = try core.vector(Core.parts)
        for index in 0..<parts.count {
            switch try parts.string(index) {
            case "static_provider_v1": try readTables()
            case let name where name.hasPrefix("text"): throw model.unsupportedSource("text")
            case let name where name.hasPrefix("embedding"): throw model.unsupportedSource("embedding")
            case let name:
                throw model.unsupported(
                    "the model has a part \"\(name.prefix(80))\" that is not known",
                    remedy: "models of CatBoost 0.20 to 1.2 without text and embedding features can be read"
                )
            }
        }
        guard position == bytes.count else {
            throw damage("\(bytes.count - position) bytes follow the end of the model")
        }
    }

    private mutating func readInformation(_ key: String, _ value: String) throws(ModelFileError) {
        switch key {
        case "catboost_version_info": model.versionText = value
        case "params", "loss_function":
            if value.isEmpty { return }
            do {
                var document = JSONReader(Array(value.utf8), kind: .catBoostBinary)
                let loss = try document.readLoss(isInParameters: key == "params")
                if let loss { model.loss = loss }
            } catch {
                throw model.damaged("the model's \(key) are no JSON: \(error.problem)")
            }
        default: break
        }
    }

    /// A length of four bytes, or of eight behind four that are all ones (`SaveSize` of CatBoost's `util/ysaveload.h`).
    private mutating func readSize(_ what: String) throws(ModelFileError) -> Int {
        guard bytes.count - position >= 4 else { throw damage("the file ends before the length of \(what)") }
        let short = bytes.rawBytes.integer(at: position, as: UInt32.self)
        position += 4
        guard short == .max else { return Int(short) }
        guard bytes.count - position >= 8 else { throw damage("the file ends before the length of \(what)") }
        let long = bytes.rawBytes.integer(at: position, as: UInt64.self)
        position += 8
        guard let size = Int(exactly: long) else { throw damage("the length of \(what) is impossible") }
        return size
    }

    private mutating func readBuffer(_ what: String) throws(ModelFileError) -> FlatBuffer {
        let size = try readSize(what)
        guard size <= bytes.count - position else {
            throw damage("\(what) of \(size) bytes does not fit the \(bytes.count - position) that follow")
        }
        let buffer = FlatBuffer(bytes, position..<position + size, kind: .catBoostBinary)
        position += size
        return buffer
    }

    private func damage(_ problem: String) -> ModelFileError {
        .damaged(.catBoostBinary, .byte(position), problem)
    }
}

// MARK: - Trees

extension CatBoostBinaryReader {
    private mutating func readTrees(_ table: FlatTable) throws(ModelFileError) {
        guard try table.vector(Trees.texts).count == 0 else { throw model.unsupportedSource("text") }
        guard try table.vector(Trees.embeddings).count == 0 else { throw model.unsupportedSource("embedding") }
        guard try table.vector(Trees.estimated).count == 0 else { throw model.unsupportedSource("text or embedding") }
        try readFeatures(table)
        model.outputCount = Int(try table.integer(Trees.outputs))
        guard model.outputCount >= 1 else { throw table.damage("a model of \(model.outputCount) outputs") }
        model.scale = try table.double(Trees.scale, default: 1)
        model.biases = try table.vector(Trees.biases, stride: 8).doubles
        if model.biases.isEmpty {
            let bias = try table.double(Trees.bias)
            guard model.outputCount == 1 || bias == 0 else {
                throw table.damage("one bias for \(model.outputCount) outputs")
            }
            if model.outputCount == 1 { model.biases = [bias] }
        }
        let splits = try table.vector(Trees.splits)
        let sizes = try table.vector(Trees.sizes)
        let starts = try table.vector(Trees.starts)
        guard starts.count == sizes.count else {
            throw table.damage("\(sizes.count) trees, of which \(starts.count) have a start")
        }
        let values = try table.vector(Trees.leafValues, stride: 8).doubles
        let steps = try table.vector(Trees.steps)
        let leafOfNode = try table.vector(Trees.leafOfNode)
        let isOblivious = steps.count == 0 && leafOfNode.count == 0
        guard isOblivious || steps.count == splits.count && leafOfNode.count == splits.count else {
            throw table.damage("\(steps.count) steps and \(leafOfNode.count) leaf numbers for \(splits.count) nodes")
        }
        var firstLeaf = 0
        var start = 0
        for index in 0..<sizes.count {
            let size = Int(sizes.integer(index))
            guard starts.integer(index) == start, size >= 0, size <= splits.count - start else {
                throw table.damage(
                    "tree \(index) has \(size) nodes from \(starts.integer(index)) on, not from \(start)"
                )
            }
            defer { start += size }
            if isOblivious {
                guard size <= CatBoostTree.depthMax, (values.count - firstLeaf) / model.outputCount >= 1 << size else {
                    throw table.damage(
                        "tree \(index) has \(size) splits; there are too few leaf values, or too many splits"
                    )
                }
                let next = firstLeaf + model.outputCount << size
                model.trees.append(
                    CatBoostTree(
                        shape: .oblivious(splits: (start..<start + size).map { splits.integer($0) }),
                        leafValues: Array(values[firstLeaf..<next])
                    )
                )
                firstLeaf = next
            } else {
                do {
                    let walk = StepWalk(splits, steps, leafOfNode, start..<start + size)
                    let tree = try walk.tree(values, outputs: model.outputCount, valuesMax: values.count - firstLeaf)
                    firstLeaf += tree.leafValues.count
                    model.trees.append(tree)
                } catch {
                    throw table.damage("tree \(index): \(error.problem)")
                }
            }
        }
        guard firstLeaf == values.count else {
            throw table.damage("\(values.count) leaf values for trees that have \(firstLeaf)")
        }
    }
}

/// A tree that is not oblivious: each node tells how far it is to its left and right child; nothing, and the node's own
/// leaf is meant.
private struct StepWalk {
    private let splits: FlatVector
    private let steps: FlatVector
    private let leafOfNode: FlatVector
    private let range: Range<Int>

    init(_ splits: FlatVector, _ steps: FlatVector, _ leafOfNode: FlatVector, _ range: Range<Int>) {
        self.splits = splits
        self.steps = steps
        self.leafOfNode = leafOfNode
        self.range = range
    }

    /// The tree, of at most so many leaf values: each is some leaf's alone.
    func tree(_ values: [Double], outputs: Int, valuesMax: Int) throws(Flaw) -> CatBoostTree {
        guard !range.isEmpty else { throw Flaw("it has no node") }
        var nodes: [(split: Int32, left: Int32, right: Int32)] = []
        var leafValues: [Double] = []
        var isReached = [Bool](repeating: false, count: range.count)
        /// A step to take: to which node (or its own leaf), as whose child on which side.
        var pending: [(at: Int, isLeaf: Bool, parent: Int, isRight: Bool)] = [(range.lowerBound, false, -1, false)]

        func attach(_ child: Int32, _ parent: Int, _ isRight: Bool) {
            guard parent >= 0 else { return }
            if isRight { nodes[parent].right = child } else { nodes[parent].left = child }
        }
        func addLeaf(_ node: Int, _ parent: Int, _ isRight: Bool) throws(Flaw) {
            let first = Int(leafOfNode.integer(node, as: UInt32.self))
            guard first <= values.count - outputs else { throw Flaw("leaf value \(first) of \(values.count)") }
            guard leafValues.count <= valuesMax - outputs else { throw Flaw("two leaves have the same values") }
            attach(~Int32(leafValues.count / outputs), parent, isRight)
            leafValues += values[first..<first + outputs]
        }
        while let (at, isLeaf, parent, isRight) = pending.popLast() {
            if isLeaf {
                try addLeaf(at, parent, isRight)
                continue
            }
            guard at < range.upperBound else { throw Flaw("a step leads to node \(at) of \(range.upperBound)") }
            guard !isReached[at - range.lowerBound] else { throw Flaw("node \(at) is reached twice") }
            isReached[at - range.lowerBound] = true
            let left = Int(steps.integer(at, as: UInt16.self))
            let right = Int(steps.integer(at, at: 2, as: UInt16.self))
            if left == 0 && right == 0 {
                try addLeaf(at, parent, isRight)
                continue
            }
            let place = nodes.count
            attach(Int32(place), parent, isRight)
            nodes.append((splits.integer(at), 0, 0))
            pending.append((at + right, right == 0, place, true))
            pending.append((at + left, left == 0, place, false))
        }
        return CatBoostTree(shape: .free(nodes: nodes), leafValues: leafValues)
    }
}

// MARK: - Features and tables

extension CatBoostBinaryReader {
    private mutating func readFeatures(_ table: FlatTable) throws(ModelFileError) {
        let categories = try table.vector(Trees.categories)
        for index in 0..<categories.count {
            let feature = try categories.table(index)
            model.categoryFeatures.append(
                .init(
                    index: Int(try feature.integer(0, default: -1)),
                    column: Int(try feature.integer(1, default: -1)),
                    name: try feature.string(2) ?? ""
                )
            )
        }
        let numbers = try table.vector(Trees.numbers)
        for index in 0..<numbers.count {
            let feature = try numbers.table(index)
            let treatment = try feature.byte(5)
            // Without NaN among the training values the treatment is not looked at.
            let hasMissing = try feature.byte(0) != 0
            guard treatment <= 2 else { throw feature.damage("NaN treatment \(treatment) is not known") }
            model.numericFeatures.append(
                .init(
                    index: Int(try feature.integer(1, default: -1)),
                    column: Int(try feature.integer(2, default: -1)),
                    borders: try feature.vector(3).floats,
                    missingIsAbove: treatment == 2 && hasMissing,
                    name: try feature.string(4) ?? ""
                )
            )
        }
        let oneHots = try table.vector(Trees.oneHots)
        for index in 0..<oneHots.count {
            let feature = try oneHots.table(index)
            model.oneHotFeatures.append(
                .init(category: Int(try feature.integer(0, default: -1)), values: try feature.vector(1).integers)
            )
        }
        let statistics = try table.vector(Trees.statistics)
        for index in 0..<statistics.count {
            let feature = try statistics.table(index)
            guard let numbers = try feature.table(0) else { throw feature.damage("a statistic without its numbers") }
            model.statistics.append(
                CatBoostStatistic(
                    base: try base(try numbers.table(0), feature),
                    targetBorder: try numbers.integer(1),
                    priorNumerator: try numbers.float(2),
                    priorDenominator: try numbers.float(3, default: 1),
                    shift: try numbers.float(4),
                    scale: try numbers.float(5, default: 1),
                    borders: try feature.vector(1).floats
                )
            )
        }
    }

    private func base(_ table: FlatTable?, _ owner: FlatTable) throws(ModelFileError) -> CatBoostStatistic.Base {
        guard let table else { throw owner.damage("a statistic that says nothing of its categories") }
        let kind = Int(try table.byte(1))
        guard kind < CatBoostStatistic.Kind.allCases.count else {
            throw table.damage("a statistic of the unknown kind \(kind)")
        }
        var projection = CatBoostStatistic.Projection()
        if let parts = try table.table(0) {
            let categories = try parts.vector(0)
            let borders = try parts.vector(1, stride: 8)
            let oneHots = try parts.vector(2, stride: 8)
            projection.categories = categories.integers
            projection.borders = (0..<borders.count).map {
                .init(feature: borders.integer($0), border: borders.float($0, at: 4))
            }
            projection.oneHots = (0..<oneHots.count).map {
                .init(category: oneHots.integer($0), value: oneHots.integer($0, at: 4))
            }
        }
        return CatBoostStatistic.Base(
            projection: projection,
            kind: CatBoostStatistic.Kind.allCases[kind],
            targetBinarisation: try table.integer(2)
        )
    }

    private mutating func readTables() throws(ModelFileError) {
        let count = try readSize("the tables of statistics")
        for _ in 0..<count {
            let buffer = try readBuffer("a table of statistics")
            let table = try buffer.root()
            let base = try base(try table.table(0), table)
            model.tables[base] = try self.table(table, base.kind)
        }
    }

    private func table(_ table: FlatTable, _ kind: CatBoostStatistic.Kind) throws(ModelFileError) -> CatBoostTable {
        var result = CatBoostTable()
        let buckets = try table.vector(1, stride: 1)
        let blob = try table.vector(2, stride: 1)
        result.denominator = try table.integer(3)
        let classes = Int(try table.integer(4))
        let entryBytes: Int
        switch kind {
        case .counter, .featureFrequency: entryBytes = 4
        case .binarizedTargetMean, .floatTargetMean: entryBytes = 8
        case .borders, .buckets:
            // Two of each are read for the only border, even if the table says otherwise.
            result.classCount = kind == .borders ? max(2, classes) : classes
            guard result.classCount >= 1, result.classCount <= 1 << 16 else {
                throw table.damage("a table of \(classes) classes")
            }
            entryBytes = 4 * result.classCount
        }
        let entries = blob.count / entryBytes
        guard buckets.count.isMultiple(of: Self.bucketBytes), (buckets.count / Self.bucketBytes).nonzeroBitCount == 1
        else {
            throw table.damage("a table of \(buckets.count) bytes of keys")
        }
        for place in 0..<buckets.count / Self.bucketBytes {
            let key = buckets.integer(place * Self.bucketBytes, as: UInt64.self)
            if key == .max { continue }
            let entry = Int(buckets.integer(place * Self.bucketBytes, at: 8, as: UInt32.self))
            guard entry < entries else { throw table.damage("a key has entry \(entry) of \(entries)") }
            result.keys.append((key, entry))
        }
        do {
            try result.sortKeys()
        } catch {
            throw table.damage(error.problem)
        }
        if kind == .binarizedTargetMean || kind == .floatTargetMean {
            result.sums = (0..<entries).map { blob.float($0 * 8) }
            result.counts = (0..<entries).map { blob.integer($0 * 8, at: 4) }
        } else {
            result.counts = (0..<entries * result.classCount).map { blob.integer($0 * 4) }
        }
        return result
    }

    /// A key of 64 bits and an entry of 32, side by side.
    private static let bucketBytes = 12
}
