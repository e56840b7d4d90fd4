internal import ByteKit

/// An ONNX file as far as trees need it: `ModelProto` and its graph (`onnx/onnx.proto`), attributes still unread.
struct ONNXGraph {
    /// A value that comes from outside.
    struct Input {
        var name = ""
        var elementType: Int64 = 0
        /// One a dimension, -1 where the size is open; nil for anything but a tensor.
        var shape: [Int64]?
    }

    let file: [UInt8]
    private(set) var producer = ""
    private(set) var producerVersion = ""
    private(set) var inputs: [Input] = []
    private(set) var outputs: [String] = []
    private(set) var nodes: [ONNXNode] = []
    /// Where each constant is.
    private(set) var constants: [Range<Int>] = []

    /// The most nodes, inputs, outputs or constants: a network compiled into tensors, not trees, has more.
    static let partsMax = 4_096
    /// The most inputs and outputs of all nodes together.
    static let edgesMax = 8 * partsMax

    init(_ file: [UInt8]) throws(ModelFileError) {
        self.file = file
        var fields = ProtobufFields(file, 0..<file.count)
        var graph: Range<Int>?
        var hasOperatorSet = false
        while let value = try fields.next() {
            switch fields.number {
            case 2: producer = try fields.text(value)
            case 3: producerVersion = try fields.text(value)
            case 7:
                guard graph == nil else { throw fields.damage("there is a second graph") }
                graph = try fields.range(value)
            case 8: hasOperatorSet = try isKnownOperatorSet(fields.range(value)) || hasOperatorSet
            case 25: throw unsupported("the file defines operators of its own (functions)", at: fields.start)
            default: break
            }
        }
        guard let graph else {
            throw .damaged(.onnx, .file, "there is no graph in it")
        }
        // It stands behind the graph: a file that was cut off there lacks it, and ONNX Runtime wants it too.
        guard hasOperatorSet else {
            throw .damaged(
                .onnx,
                .byte(file.count),
                "the versions of the operators (opset_import) are missing"
            )
        }
        try readGraph(graph)
    }

    /// Whether an `OperatorSetIdProto` is ONNX's own or that of trees, whose versions differ in nothing that the
    /// attributes do not tell.
    private func isKnownOperatorSet(_ range: Range<Int>) throws(ModelFileError) -> Bool {
        var fields = ProtobufFields(file, range)
        var domain = ""
        while let value = try fields.next() {
            if fields.number == 1 { domain = try fields.text(value) }
        }
        return ["", "ai.onnx", "ai.onnx.ml"].contains(domain)
    }

    private mutating func readGraph(_ range: Range<Int>) throws(ModelFileError) {
        var fields = ProtobufFields(file, range)
        var edges = 0
        while let value = try fields.next() {
            switch fields.number {
            case 1:
                let node = try ONNXNode(file, fields.range(value))
                edges += node.inputs.count + node.outputs.count
                nodes.append(node)
            case 5: constants.append(try fields.range(value))
            case 11: inputs.append(try readInput(fields.range(value)))
            case 12: outputs.append(try readInput(fields.range(value)).name)
            case 15: throw unsupported("the graph holds sparse constants", at: fields.start)
            default: break
            }
            guard max(nodes.count, constants.count, inputs.count, outputs.count) <= Self.partsMax else {
                throw unsupported("the graph has more than \(Self.partsMax) parts", at: fields.start)
            }
            guard edges <= Self.edgesMax else {
                throw unsupported("its nodes have more than \(Self.edgesMax) inputs and outputs", at: fields.start)
            }
        }
    }

    /// `ValueInfoProto`, its `TypeProto`, the tensor's type and shape, each dimension: one reader within the other.
    private func readInput(_ range: Range<Int>) throws(ModelFileError) -> Input {
        var input = Input()
        var fields = ProtobufFields(file, range)
        while let value = try fields.next() {
            switch fields.number {
            case 1: input.name = try fields.text(value)
            case 2:
                var type = ProtobufFields(file, try fields.range(value))
                while let value = try type.next() {
                    if type.number == 1 { try readTensorType(type.range(value), into: &input) }
                }
            default: break
            }
        }
        return input
    }

    private func readTensorType(_ range: Range<Int>, into input: inout Input) throws(ModelFileError) {
        input.shape = []
        var fields = ProtobufFields(file, range)
        while let value = try fields.next() {
            switch fields.number {
            case 1: input.elementType = try fields.integer(value)
            case 2:
                var shape = ProtobufFields(file, try fields.range(value))
                while let value = try shape.next() {
                    guard shape.number == 1 else { continue }
                    var dimension = ProtobufFields(file, try shape.range(value))
                    var size: Int64 = -1
                    while let value = try dimension.next() {
                        if dimension.number == 1 { size = try dimension.integer(value) }
                    }
                    input.shape?.append(size > 0 ? size : -1)
                }
            default: break
            }
        }
    }

    private func unsupported(_ problem: String, at offset: Int) -> ModelFileError {
        ModelFileError(kind: .onnx, position: .byte(offset), problem: problem, remedy: ONNXReader.remedy)
    }
}
