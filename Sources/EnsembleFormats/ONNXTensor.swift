internal import ByteKit

/// The types of elements that can be met around trees, by ONNX's numbers (`TensorProto.DataType`).
enum ONNXElementType: Equatable {
    case float32, float64
    /// `int64` or `int32`.
    case whole

    init?(_ number: Int64) {
        switch number {
        case 1: self = .float32
        case 11: self = .float64
        case 6, 7: self = .whole
        default: return nil
        }
    }
}

/// A constant of the graph: its shape and numbers.
struct ONNXTensor {
    let name: String
    let type: Int64
    let shape: [Int64]
    /// The numbers; those of `int64` beyond 2^53 are refused, all others are exact.
    let values: [Double]

    /// Decodes a `TensorProto`; nothing is allocated from its shape.
    init(_ file: [UInt8], _ range: Range<Int>) throws(ModelFileError) {
        var fields = ProtobufFields(file, range)
        var name = ""
        var type: Int64 = 0
        var shape: [Int64] = []
        var raw: Range<Int>?
        var numbers: [Double] = []
        var whole: [Int64] = []
        var isExternal = false
        while let value = try fields.next() {
            switch fields.number {
            case 1: try fields.append(value, to: &shape)
            case 2: type = try fields.integer(value)
            case 4: try fields.append(float: value, to: &numbers)
            case 5, 7: try fields.append(value, to: &whole)
            case 8: name = try fields.text(value)
            case 9: raw = try fields.range(value)
            case 10: try fields.append(double: value, to: &numbers)
            case 13: isExternal = true
            case 14: isExternal = try fields.integer(value) != 0 || isExternal
            default: break
            }
        }
        func refusal(_ problem: String, _ remedy: String) -> ModelFileError {
            ModelFileError(
                kind: .onnx,
                position: .byte(range.lowerBound),
                problem: "the tensor \"\(name.prefix(80))\" \(problem)",
                remedy: remedy
            )
        }
        let damaged = "the file is damaged; save the model again"
        guard !isExternal else {
            throw refusal("keeps its numbers in another file", "save the model with all its data in one .onnx file")
        }
        if let raw {
            guard numbers.isEmpty, whole.isEmpty else { throw refusal("holds its numbers twice", damaged) }
            guard let width = Self.width(type) else {
                throw refusal("has elements of type \(type)", "numbers of float32, float64, int32 or int64 can be read")
            }
            guard raw.count % width == 0 else { throw refusal("holds \(raw.count) bytes of type \(type)", damaged) }
            numbers.reserveCapacity(raw.count / width)
            for at in stride(from: raw.lowerBound, to: raw.upperBound, by: width) {
                switch type {
                case 1: numbers.append(Double(file.rawBytes.float(at: at)))
                case 2: numbers.append(Double(file[at]))
                case 6: whole.append(Int64(file.rawBytes.integer(at: at, as: Int32.self)))
                case 7: whole.append(file.rawBytes.integer(at: at))
                default: numbers.append(file.rawBytes.double(at: at))
                }
            }
        }
        guard numbers.isEmpty || whole.isEmpty else { throw refusal("holds numbers of two types", damaged) }
        for number in whole {
            guard abs(Double(number)) <= 0x1p53 else { throw refusal("holds \(number)", "2^53 is the largest") }
            numbers.append(Double(number))
        }
        var count = 1
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: Int(dimension))
            guard dimension >= 0, !overflow else { throw refusal("has the shape \(shape.prefix(8))", damaged) }
            count = product
        }
        guard count == numbers.count else {
            throw refusal("has the shape \(shape.prefix(8)) but \(numbers.count) numbers", damaged)
        }
        (self.name, self.type, self.shape, values) = (name, type, shape, numbers)
    }

    /// The name of a `TensorProto` alone.
    static func name(_ file: [UInt8], _ range: Range<Int>) throws(ModelFileError) -> String {
        var fields = ProtobufFields(file, range)
        var name = ""
        while let value = try fields.next() {
            if fields.number == 8 { name = try fields.text(value) }
        }
        return name
    }

    /// A constant that a node spells out.
    init(name: String, type: Int64, shape: [Int64], values: [Double]) {
        (self.name, self.type, self.shape, self.values) = (name, type, shape, values)
    }

    private static func width(_ type: Int64) -> Int? {
        switch type {
        case 2: 1
        case 1, 6: 4
        case 7, 11: 8
        default: nil
        }
    }
}
