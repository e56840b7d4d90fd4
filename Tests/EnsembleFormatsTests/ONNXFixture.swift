/// Writes protobuf messages: a field after the other.
struct ProtobufText {
    private(set) var bytes: [UInt8] = []

    static func varint(_ value: UInt64) -> [UInt8] {
        var (value, bytes) = (value, [UInt8]())
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        return bytes + [UInt8(value)]
    }

    mutating func whole(_ number: Int, _ value: Int64) {
        bytes += Self.varint(UInt64(number << 3)) + Self.varint(UInt64(bitPattern: value))
    }

    mutating func float(_ number: Int, _ value: Float) {
        bytes += Self.varint(UInt64(number << 3 | 5))
        for shift in stride(from: 0, to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
        }
    }

    mutating func message(_ number: Int, _ content: [UInt8]) {
        bytes += Self.varint(UInt64(number << 3 | 2)) + Self.varint(UInt64(content.count)) + content
    }

    mutating func text(_ number: Int, _ text: String) { message(number, Array(text.utf8)) }
}

/// A small ONNX model, every part of which a test may change: by default one tree, `x0 <= 0.5 ? -1 : (x1 < 2 ? 3 : 4)`.
struct ONNXFixture {
    enum Attribute {
        case floats([Float])
        case wholes([Int64])
        case texts([String])
        case text(String)
        case whole(Int64)
        /// A `TensorProto`, as bytes.
        case tensor([UInt8])
    }

    struct Operator {
        var operation = "TreeEnsembleRegressor"
        var domain = "ai.onnx.ml"
        var name = "trees"
        var inputs = ["X"]
        var outputs = ["Y"]
        var attributes: [String: Attribute] = [:]
    }

    var features: Int64 = 2
    var elementType: Int64 = 1
    var before: [Operator] = []
    var trees = Operator(attributes: [
        "nodes_treeids": .wholes([0, 0, 0, 0, 0]), "nodes_nodeids": .wholes([0, 1, 2, 3, 4]),
        "nodes_featureids": .wholes([0, 0, 1, 0, 0]), "nodes_values": .floats([0.5, 0, 2, 0, 0]),
        "nodes_modes": .texts(["BRANCH_LEQ", "LEAF", "BRANCH_LT", "LEAF", "LEAF"]),
        "nodes_truenodeids": .wholes([1, 0, 3, 0, 0]), "nodes_falsenodeids": .wholes([2, 0, 4, 0, 0]),
        "target_treeids": .wholes([0, 0, 0]), "target_nodeids": .wholes([1, 3, 4]), "target_ids": .wholes([0, 0, 0]),
        "target_weights": .floats([-1, 3, 4]), "n_targets": .whole(1),
    ])
    var after: [Operator] = []
    var constants: [[UInt8]] = []
    var output = "Y"

    var bytes: [UInt8] {
        var graph = ProtobufText()
        for node in before + [trees] + after { graph.message(1, Self.bytes(of: node)) }
        graph.text(2, "g")
        for constant in constants { graph.message(5, constant) }
        var shape = ProtobufText()
        for size in [0, features] {
            var dimension = ProtobufText()
            if size != 0 { dimension.whole(1, size) }
            shape.message(1, dimension.bytes)
        }
        var tensor = ProtobufText()
        tensor.whole(1, elementType)
        tensor.message(2, shape.bytes)
        var type = ProtobufText()
        type.message(1, tensor.bytes)
        var input = ProtobufText()
        input.text(1, "X")
        input.message(2, type.bytes)
        graph.message(11, input.bytes)
        var output = ProtobufText()
        output.text(1, self.output)
        graph.message(12, output.bytes)
        var model = ProtobufText()
        model.whole(1, 8)
        model.text(2, "test")
        model.message(7, graph.bytes)
        var operators = ProtobufText()
        operators.text(1, "ai.onnx.ml")
        operators.whole(2, 3)
        model.message(8, operators.bytes)
        return model.bytes
    }

    /// A float32 tensor.
    static func tensor(_ name: String, _ values: [Float], shape: [Int64]? = nil, type: Int64 = 1) -> [UInt8] {
        var tensor = ProtobufText()
        for size in shape ?? [Int64(values.count)] { tensor.whole(1, size) }
        tensor.whole(2, type)
        for value in values { tensor.float(4, value) }
        tensor.text(8, name)
        return tensor.bytes
    }

    private static func bytes(of node: Operator) -> [UInt8] {
        var text = ProtobufText()
        for input in node.inputs { text.text(1, input) }
        for output in node.outputs { text.text(2, output) }
        text.text(3, node.name)
        text.text(4, node.operation)
        for (name, value) in node.attributes.sorted(by: { $0.key < $1.key }) {
            var attribute = ProtobufText()
            attribute.text(1, name)
            switch value {
            case .floats(let numbers): for number in numbers { attribute.float(7, number) }
            case .wholes(let numbers): for number in numbers { attribute.whole(8, number) }
            case .texts(let words): for word in words { attribute.text(9, word) }
            case .text(let word): attribute.text(4, word)
            case .whole(let number): attribute.whole(3, number)
            case .tensor(let bytes): attribute.message(5, bytes)
            }
            text.message(5, attribute.bytes)
        }
        text.text(7, node.domain)
        return text.bytes
    }
}
