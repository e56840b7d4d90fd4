import EnsembleFormats
import FuzzTargets
import Testing
import TreeEnsemble

@Suite("Reading ONNX models")
struct ONNXReaderTests {
    private func refusal(_ fixture: ONNXFixture) -> String {
        let error = #expect(throws: ModelFileError.self) { try ModelFile.read(fixture.bytes) }
        #expect(error?.remedy.isEmpty == false, "\(String(describing: error))")
        return error?.problem ?? "(it was read)"
    }

    @Test("a small model is read")
    func small() throws {
        let ensemble = try ModelFile.read(ONNXFixture().bytes)
        let evaluator = try ReferenceEvaluator(ensemble)
        #expect(evaluator.margins(of: [0.5, 9]) == [-1])
        #expect(evaluator.margins(of: [0.6, 2]) == [4])
        #expect(evaluator.margins(of: [.nan, 1.9]) == [3])
        #expect(evaluator.margins(of: [.nan, .nan]) == [4])
        #expect(ensemble.featureNames == ["f0", "f1"])
        #expect(ensemble.provenance == Provenance(library: "test", libraryVersion: "", format: "onnx"))
    }

    /// The comparison behind steps and the threshold in front of them are asked about the same values: the threshold
    /// itself, its neighbours, and values at random.
    @Test("a scaler's rounding is taken into the thresholds exactly", arguments: 0..<400)
    func scaledThresholds(round: Int) throws {
        var random = SplitMix(state: UInt64(round))
        func number() -> Float {
            let size = Float.random(in: -12...12, using: &random)
            return (Bool.random(using: &random) ? 1 : -1) * Float(2).power(size)
                * Float.random(in: 1...2, using: &random)
        }
        let (offset, scale, threshold) = (number(), number(), number())
        let mode = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"][round % 4]
        var fixture = ONNXFixture()
        let isScaler = Bool.random(using: &random)
        if isScaler {
            fixture.before = [
                .init(
                    operation: "Scaler",
                    outputs: ["S"],
                    attributes: ["offset": .floats([offset]), "scale": .floats([scale])]
                )
            ]
        } else {
            fixture.before = [
                .init(operation: "Sub", domain: "", inputs: ["o", "X"], outputs: ["D"]),
                .init(operation: "Div", domain: "", inputs: ["D", "s"], outputs: ["S"]),
            ]
            fixture.constants = [ONNXFixture.tensor("o", [offset]), ONNXFixture.tensor("s", [scale])]
        }
        fixture.trees.inputs = ["S"]
        fixture.trees.attributes["nodes_modes"] = .texts([mode, "LEAF", mode, "LEAF", "LEAF"])
        fixture.trees.attributes["nodes_values"] = .floats([threshold, 0, threshold, 0, 0])
        let ensemble = try ModelFile.read(fixture.bytes)
        let evaluator = try ReferenceEvaluator(ensemble)
        var values: [Float] = [0, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude, offset, threshold]
        if case .threshold(let moved) = ensemble.trees[0].nodes[0].test {
            let moved = Float(moved)
            values += [moved, moved.nextUp, moved.nextDown, moved.nextUp.nextUp, moved.nextDown.nextDown]
        }
        for _ in 0..<20 { values.append(number()) }
        for value in values {
            let behind = isScaler ? (value - offset) * scale : (offset - value) / scale
            let holds =
                switch mode {
                case "BRANCH_LEQ": behind <= threshold
                case "BRANCH_LT": behind < threshold
                case "BRANCH_GTE": behind >= threshold
                default: behind > threshold
                }
            let margin = evaluator.margins(of: [Double(value), Double(value)])[0]
            #expect(
                margin == (holds ? -1 : 4),
                "round \(round): \(value) by \(offset), \(scale), \(mode) \(threshold)"
            )
        }
    }

    @Test("what is not supported is refused by node and operator")
    func refusals() {
        var fixture = ONNXFixture()
        fixture.before = [.init(operation: "Normalizer", name: "norm", outputs: ["N"])]
        fixture.trees.inputs = ["N"]
        #expect(refusal(fixture) == "the node \"norm\" (ai.onnx.ml.Normalizer) is not supported")
        fixture = ONNXFixture()
        fixture.after = [.init(operation: "Sigmoid", domain: "", name: "s", inputs: ["Y"], outputs: ["Z"])]
        fixture.output = "Z"
        #expect(refusal(fixture).hasPrefix("the node \"s\" (Sigmoid) comes after the trees"))
        fixture = ONNXFixture()
        fixture.before = [
            .init(operation: "Scaler", outputs: ["S"], attributes: ["offset": .floats([0]), "scale": .floats([0])])
        ]
        fixture.trees.inputs = ["S"]
        #expect(refusal(fixture).contains("cannot be undone"))
        fixture = ONNXFixture()
        fixture.after = [.init(operation: "Mul", domain: "", name: "m", inputs: ["Y", "c"], outputs: ["Z"])]
        fixture.constants = [ONNXFixture.tensor("c", [2])]
        fixture.output = "Z"
        #expect(refusal(fixture).contains("multiplies scores with 2.0"))
        fixture = ONNXFixture()
        fixture.trees.operation = "SVMRegressor"
        #expect(refusal(fixture).contains("(ai.onnx.ml.SVMRegressor) is not supported"))
        fixture = ONNXFixture()
        fixture.output = "nothing"
        #expect(refusal(fixture).contains("labels but no scores"))
    }

    @Test("trees that hang together wrongly are refused")
    func damagedTrees() {
        func refusal(_ name: String, _ value: ONNXFixture.Attribute?) -> String {
            var fixture = ONNXFixture()
            fixture.trees.attributes[name] = value
            return self.refusal(fixture)
        }
        #expect(refusal("nodes_truenodeids", .wholes([0, 0, 3, 0, 0])).contains("reached twice"))
        #expect(refusal("nodes_falsenodeids", .wholes([2, 0, 0, 0, 0])).contains("reached twice"))
        #expect(refusal("nodes_falsenodeids", .wholes([9, 0, 4, 0, 0])).contains("refers to node 9"))
        #expect(refusal("nodes_falsenodeids", .wholes([.max, 0, 4, 0, 0])).contains("refers to node"))
        #expect(refusal("nodes_falsenodeids", .wholes([2, 0])).contains("2 numbers in nodes_falsenodeids"))
        #expect(refusal("nodes_featureids", .wholes([-1, 0, 1, 0, 0])).contains("feature -1"))
        #expect(refusal("nodes_featureids", .wholes([2, 0, 1, 0, 0])).contains("feature 2 of 2"))
        #expect(refusal("nodes_nodeids", .wholes([0, 1, 1, 3, 4])).contains("two nodes 1"))
        #expect(refusal("nodes_treeids", .wholes([0, 1, 0, 0, 0])).contains("two places"))
        #expect(refusal("nodes_values", .floats([.nan, 0, 2, 0, 0])).contains("threshold is NaN"))
        #expect(refusal("nodes_modes", .texts(["BRANCH", "LEAF", "LEAF", "LEAF", "LEAF"])).contains("mode"))
        #expect(refusal("target_ids", .wholes([0, 1, 0])).contains("output 1 of 1"))
        #expect(refusal("target_nodeids", .wholes([1, 3, 3])).contains("leaf without a weight"))
        #expect(refusal("target_nodeids", .wholes([1, 3, 7])).contains("node 7"))
        #expect(refusal("n_targets", .whole(0)).contains("0 outputs"))
        #expect(refusal("n_targets", .whole(1 << 40)).contains("at most"))
        #expect(refusal("base_values", .floats([1, 2])).contains("2 base values"))
        #expect(refusal("nodes_treeids", nil).contains("no nodes"))
        #expect(refusal("nodes_values_as_tensor", .tensor(ONNXFixture.tensor("v", [1]))).contains("twice"))
    }

    @Test("tensors that claim more than they hold, or keep it elsewhere, are refused")
    func hostileTensors() {
        var fixture = ONNXFixture()
        fixture.before = [.init(operation: "Mul", domain: "", inputs: ["X", "c"], outputs: ["S"])]
        fixture.trees.inputs = ["S"]
        for shape: [Int64] in [[1 << 40], [-1], [.max, .max], [1 << 31, 1 << 31, 4], [.min], [2]] {
            fixture.constants = [ONNXFixture.tensor("c", [1], shape: shape)]
            #expect(refusal(fixture).contains("has the shape"), "\(shape)")
        }
        var external = ProtobufText()
        external.whole(2, 1)
        external.text(8, "c")
        external.message(13, [])
        fixture.constants = [external.bytes]
        #expect(refusal(fixture).contains("in another file"))
        fixture.constants = []
        #expect(refusal(fixture).contains("which nothing before it makes"))
    }

    @Test("widths and joins cannot fill memory")
    func wideTables() {
        var fixture = ONNXFixture(features: 1 << 40)
        #expect(refusal(fixture).contains("features; at most"))
        fixture.features = 1 << 19
        var name = "X"
        for round in 0..<40 {
            fixture.before.append(
                .init(
                    operation: "Concat",
                    domain: "",
                    inputs: [name, name],
                    outputs: ["C\(round)"],
                    attributes: ["axis": .whole(1)]
                )
            )
            name = "C\(round)"
        }
        fixture.trees.inputs = [name]
        #expect(refusal(fixture).contains("too many columns"))
    }

    @Test("a tree that is one long chain is read without deep recursion")
    func longChain() throws {
        let splits = 100_000
        var fixture = ONNXFixture()
        let count = Int64(splits * 2 + 1)
        func each(_ body: (Int64) -> Int64) -> ONNXFixture.Attribute { .wholes((0..<count).map(body)) }
        fixture.trees.attributes["nodes_treeids"] = each { _ in 0 }
        fixture.trees.attributes["nodes_nodeids"] = each { $0 }
        fixture.trees.attributes["nodes_featureids"] = each { _ in 0 }
        fixture.trees.attributes["nodes_values"] = .floats((0..<count).map(Float.init))
        fixture.trees.attributes["nodes_modes"] = .texts(
            (0..<count).map { $0 % 2 == 0 && $0 + 1 < count ? "BRANCH_LEQ" : "LEAF" }
        )
        fixture.trees.attributes["nodes_truenodeids"] = each { min($0 + 1, count - 1) }
        fixture.trees.attributes["nodes_falsenodeids"] = each { min($0 + 2, count - 1) }
        let leaves = (0..<count).filter { $0 % 2 == 1 || $0 + 1 == count }
        fixture.trees.attributes["target_treeids"] = .wholes(leaves.map { _ in 0 })
        fixture.trees.attributes["target_nodeids"] = .wholes(leaves)
        fixture.trees.attributes["target_ids"] = .wholes(leaves.map { _ in 0 })
        fixture.trees.attributes["target_weights"] = .floats(leaves.map(Float.init))
        let ensemble = try ModelFile.read(fixture.bytes)
        #expect(ensemble.depth == splits)
        #expect(try ReferenceEvaluator(ensemble).margins(of: [1e9, 0]) == [Double(Float(count - 1))])
    }
}

extension Float {
    fileprivate func power(_ exponent: Float) -> Float {
        var result: Float = 1
        for _ in 0..<Int(abs(exponent)) { result *= self }
        return exponent < 0 ? 1 / result : result
    }
}
