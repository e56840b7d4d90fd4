import TreeEnsemble

extension RawWalk {
    /// Fills in the margins of rows, row by row.
    func evaluate<Value: BinaryFloatingPoint>(
        _ rows: RowSource<Value>,
        count: Int,
        into margins: UnsafeMutablePointer<Double>
    ) {
        // Safety: the caller's rows hold `count` rows of every feature, and `margins` has room for their outputs.
        let outputs = baseMargins.count
        let (baseMargins, outputHasTree) = (baseMargins.span, outputHasTree.span)
        let roots = roots.span
        for row in 0..<count {
            for output in 0..<outputs {
                unsafe margins[row * outputs + output] = arithmetic.start(base: baseMargins[output])
            }
        }
        for first in stride(from: 0, to: count, by: Self.blockRows) {
            let block = first..<min(first + Self.blockRows, count)
            for tree in roots.indices {
                let root = roots[tree]
                for row in block {
                    let start = unsafe rows.start + row * rows.rowStride
                    let leaf = unsafe leaf(from: root.link, start, rows.featureStride)
                    let value = unsafe value(ofLeaf: leaf, start, rows.featureStride)
                    let place = row * outputs + Int(root.output)
                    unsafe margins[place] = arithmetic.adding(value, to: margins[place])
                }
            }
        }
        for row in 0..<count {
            for output in 0..<outputs {
                let place = row * outputs + output
                unsafe margins[place] = arithmetic.margin(
                    ofSum: margins[place],
                    base: baseMargins[output],
                    scale: sumScale,
                    hasTree: outputHasTree[output]
                )
            }
        }
    }

    private func leaf<Value: BinaryFloatingPoint>(
        from link: Int32,
        _ row: UnsafePointer<Value>,
        _ featureStride: Int
    ) -> Int {
        let nodes = nodes.span
        var next = link
        while next >= 0 {
            let node = nodes[Int(next)]
            // Safety: a valid ensemble looks at features of the row alone.
            let value = unsafe Double(row[Int(node.feature) * featureStride])
            next = goesLeft(arithmetic.values == .float32 ? Double(Float(value)) : value, node) ? node.left : node.right
        }
        return Int(~next)
    }

    /// Whether a value, rounded as the arithmetic has it, goes left at a node.
    @inline(__always)
    private func goesLeft(_ value: Double, _ node: Node) -> Bool {
        switch node.test {
        case .threshold:
            let isZero = arithmetic.hasZeroBand && abs(value) <= Arithmetic.zeroThreshold
            switch node.missing {
            case .nan where value.isNaN, .zeroAndNaN where value.isNaN || isZero: return node.defaultLeft
            default: break
            }
            let compared = value.isNaN || isZero ? 0 : value
            return arithmetic.comparison == .lessThan ? compared < node.threshold : compared <= node.threshold
        case .equalsLeft:
            return value.isNaN ? node.defaultLeft : isNumber(value, of: node)
        case .inSetLeft, .inSetRight:
            if value.isNaN, node.missing == .nan { return node.defaultLeft }
            return isCategory(value, of: node) == (node.test == .inSetLeft)
        }
    }

    private func isNumber(_ value: Double, of node: Node) -> Bool {
        let numbers = numbers.span
        var low = Int(node.setStart)
        var high = low + Int(node.setCount)
        let end = high
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low < end && numbers[low] == value
    }

    private func isCategory(_ value: Double, of node: Node) -> Bool {
        let isFloat = arithmetic.values == .float32
        guard value >= 0 || value > -1 && !isFloat,
            value < (isFloat ? Double(1 << 24) : Double(Int32.max))
        else { return false }
        let code = Int(value)
        guard code / 32 < Int(node.setCount) else { return false }
        return categoryWords.span[Int(node.setStart) + code / 32] >> UInt32(code % 32) & 1 == 1
    }

    private func value<Value: BinaryFloatingPoint>(
        ofLeaf leaf: Int,
        _ row: UnsafePointer<Value>,
        _ featureStride: Int
    ) -> Double {
        guard !linearParts.isEmpty else { return leafValues.span[leaf] }
        let part = linearParts.span[leaf]
        guard part.isLinear else { return leafValues.span[leaf] }
        let terms = terms.span
        var sum = part.constant
        for index in Int(part.termStart)..<Int(part.termStart) + Int(part.termCount) {
            let term = terms[index]
            // Safety: as above.
            let value = unsafe Double(row[Int(term.feature) * featureStride])
            if value.isNaN { return leafValues.span[leaf] }
            let isZero = arithmetic.hasZeroBand && abs(value) <= Arithmetic.zeroThreshold
            sum += term.coefficient * (isZero ? 0 : value)
        }
        return sum
    }
}
