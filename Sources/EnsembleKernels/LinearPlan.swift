import TreeEnsemble

/// A linear model (XGBoost's `gblinear`) in float32.
struct LinearPlan: Sendable {
    /// By output: its bias plus its base margin, which the sum starts from.
    let starts: [Float]
    /// Feature by feature, one an output.
    let weights: [Float]

    /// Bytes that evaluating touches.
    var byteCount: Int { (starts.count + weights.count) * 4 }

    init(_ model: LinearModel, baseMargins: [Double]) {
        starts = zip(model.biases, baseMargins).map { Float($0) + Float($1) }
        weights = model.weights.map { Float($0) }
    }

    /// Fills in the margins of rows, row by row; each output's additions come in the order of the features.
    func evaluate<Value: BinaryFloatingPoint>(
        _ rows: RowSource<Value>,
        count: Int,
        into margins: UnsafeMutablePointer<Double>
    ) {
        // Safety: the caller's rows hold `count` rows of every feature, and `margins` has room for their outputs.
        let (starts, weights) = (starts.span, weights.span)
        let outputs = starts.count
        for row in 0..<count {
            let sums = unsafe margins + row * outputs
            for output in 0..<outputs { unsafe sums[output] = Double(starts[output]) }
            for feature in 0..<weights.count / outputs {
                let value = unsafe Float(rows.start[row * rows.rowStride + feature * rows.featureStride])
                if value.isNaN { continue }
                for output in 0..<outputs {
                    unsafe sums[output] = Double(Float(sums[output]) + value * weights[feature * outputs + output])
                }
            }
        }
    }
}
