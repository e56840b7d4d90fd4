internal import TreeEnsemble

/// A table in the graph whose columns are features of the model's input, each with monotone steps on it.
struct ONNXTable {
    var type: ONNXElementType
    var columns: [ONNXColumn]

    /// All columns with the same step, or each with its own constant.
    func applying(
        _ operation: ONNXColumn.Step.Operation,
        _ operands: [Double],
        at node: ONNXNode
    ) throws(ModelFileError) -> ONNXTable {
        guard operands.count == 1 || operands.count == columns.count else {
            throw node.refusal("has \(operands.count) constants for \(columns.count) columns")
        }
        var table = self
        for index in columns.indices {
            let step = ONNXColumn.Step(
                operation: operation,
                operand: operands[operands.count == 1 ? 0 : index],
                precision: type == .float64 ? .float64 : .float32
            )
            guard table.columns[index].append(step) else {
                throw node.refusal("does to column \(index) what cannot be undone at thresholds (\(step.operand))")
            }
        }
        return table
    }

    /// The table cast to a type.
    func cast(to target: ONNXElementType, at node: ONNXNode) throws(ModelFileError) -> ONNXTable {
        guard target != type else { return self }
        var table = self
        table.type = target
        switch target {
        // Every float32 and every whole number up to 2^53 is a float64.
        case .float64: return table
        case .float32:
            for index in columns.indices {
                guard table.columns[index].append(.init(operation: .narrow)) else {
                    throw node.refusal("comes after too many operators")
                }
            }
            return table
        case .whole: throw node.refusal("cuts fractions off")
        }
    }

    /// The columns at these places.
    func selecting(_ places: [Double], at node: ONNXNode) throws(ModelFileError) -> ONNXTable {
        var table = self
        table.columns.removeAll()
        for place in places {
            let index = place < 0 ? place + Double(columns.count) : place
            guard index >= 0, index < Double(columns.count), index == index.rounded() else {
                throw node.refusal("takes column \(place) of \(columns.count)")
            }
            table.columns.append(columns[Int(index)])
        }
        return table
    }
}
