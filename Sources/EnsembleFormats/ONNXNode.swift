internal import ByteKit

/// One node of a graph: an operator with its inputs, outputs and attributes (`NodeProto`).
struct ONNXNode {
    private let file: [UInt8]
    /// The byte at which the node begins.
    let offset: Int
    private(set) var name = ""
    private(set) var domain = ""
    private(set) var operation = ""
    private(set) var inputs: [String] = []
    private(set) var outputs: [String] = []
    /// Where each attribute is.
    private var attributes: [String: Range<Int>] = [:]

    init(_ file: [UInt8], _ range: Range<Int>) throws(ModelFileError) {
        self.file = file
        offset = range.lowerBound
        var fields = ProtobufFields(file, range)
        while let value = try fields.next() {
            switch fields.number {
            case 1: inputs.append(try fields.text(value))
            case 2: outputs.append(try fields.text(value))
            case 3: name = try fields.text(value)
            case 4: operation = try fields.text(value)
            case 5:
                let attribute = try fields.range(value)
                var inner = ProtobufFields(file, attribute)
                var name = ""
                while let value = try inner.next() {
                    if inner.number == 1 { name = try inner.text(value) }
                }
                attributes[name] = attribute
            case 7: domain = try fields.text(value)
            default: break
            }
        }
        if domain == "ai.onnx" { domain = "" }
    }

    /// The operator with its domain, as errors and decisions name it: `ai.onnx.ml.Scaler`, `Cast`.
    var fullOperation: String { domain.isEmpty ? operation : domain + "." + operation }

    /// The node for people: `the node "scale" (ai.onnx.ml.Scaler)`.
    var label: String {
        let operation = fullOperation.prefix(80)
        return name.isEmpty ? "a node without a name (\(operation))" : "the node \"\(name.prefix(80))\" (\(operation))"
    }

    /// A refusal of this node.
    func refusal(_ problem: String, remedy: String = ONNXReader.remedy) -> ModelFileError {
        ModelFileError(kind: .onnx, position: .byte(offset), problem: "\(label) \(problem)", remedy: remedy)
    }

    /// A refusal of a node whose parts contradict each other.
    func damage(_ problem: String) -> ModelFileError {
        refusal(problem, remedy: "the file is damaged, or ONNX Runtime would refuse it too; save the model again")
    }

    /// Whether the node has the attribute.
    func has(_ attribute: String) -> Bool { attributes[attribute] != nil }
}

// MARK: - Attributes (`AttributeProto`)

extension ONNXNode {
    /// A whole number; nil if the attribute is absent.
    func integer(_ attribute: String) throws(ModelFileError) -> Int64? {
        guard let range = attributes[attribute] else { return nil }
        var fields = ProtobufFields(file, range)
        var found: Int64 = 0
        while let value = try fields.next() {
            if fields.number == 3 { found = try fields.integer(value) }
        }
        return found
    }

    /// A float32 number, widened; nil if the attribute is absent.
    func float(_ attribute: String) throws(ModelFileError) -> Double? {
        guard let range = attributes[attribute] else { return nil }
        var fields = ProtobufFields(file, range)
        var found = 0.0
        while let value = try fields.next() {
            if fields.number == 2, case .fixed32(let bits) = value { found = Double(Float(bitPattern: bits)) }
        }
        return found
    }

    /// A text; nil if the attribute is absent.
    func text(_ attribute: String) throws(ModelFileError) -> String? {
        guard let range = attributes[attribute] else { return nil }
        var fields = ProtobufFields(file, range)
        var found = ""
        while let value = try fields.next() {
            if fields.number == 4 { found = try fields.text(value) }
        }
        return found
    }

    /// Whole numbers; none if the attribute is absent.
    func integers(_ attribute: String) throws(ModelFileError) -> [Int64] {
        guard let range = attributes[attribute] else { return [] }
        var fields = ProtobufFields(file, range)
        var found: [Int64] = []
        while let value = try fields.next() {
            if fields.number == 8 { try fields.append(value, to: &found) }
        }
        return found
    }

    /// Float32 numbers, widened; none if the attribute is absent.
    func floats(_ attribute: String) throws(ModelFileError) -> [Double] {
        guard let range = attributes[attribute] else { return [] }
        var fields = ProtobufFields(file, range)
        var found: [Double] = []
        while let value = try fields.next() {
            if fields.number == 7 { try fields.append(float: value, to: &found) }
        }
        return found
    }

    /// The places of texts, one a text; none if the attribute is absent.
    func texts(_ attribute: String) throws(ModelFileError) -> [Range<Int>] {
        guard let range = attributes[attribute] else { return [] }
        var fields = ProtobufFields(file, range)
        var found: [Range<Int>] = []
        while let value = try fields.next() {
            if fields.number == 9 { found.append(try fields.range(value)) }
        }
        return found
    }

    /// A tensor; nil if the attribute is absent.
    func tensor(_ attribute: String) throws(ModelFileError) -> ONNXTensor? {
        guard let range = attributes[attribute] else { return nil }
        var fields = ProtobufFields(file, range)
        while let value = try fields.next() {
            if fields.number == 5 { return try ONNXTensor(file, fields.range(value)) }
        }
        throw damage("has an attribute \(attribute.prefix(80)) without a tensor")
    }

    /// Whether a text of the file, by its place, is this one.
    func isText(_ place: Range<Int>, _ text: StaticString) -> Bool {
        place.count == text.utf8CodeUnitCount && file[place].elementsEqual("\(text)".utf8)
    }
}
