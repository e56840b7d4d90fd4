/// A leaf that is a linear function of the row (LightGBM's `linear_tree`).
///
/// The row adds `constant + coefficients · features`, each product and sum in double, in the order given; if one of the
/// features is NaN it adds the leaf's plain value instead. Where there is a zero band, a value in it counts as 0:
/// LightGBM passes over such values when it takes a row in (`src/c_api.cpp`).
public struct LinearLeaf: Sendable, Equatable {
    /// What the sum starts from.
    public var constant: Double
    /// The features that are looked at.
    public var features: [Int32]
    /// One factor a feature.
    public var coefficients: [Double]

    /// A leaf of these parts.
    public init(constant: Double, features: [Int32], coefficients: [Double]) {
        self.constant = constant
        self.features = features
        self.coefficients = coefficients
    }

    /// What the leaf adds for a row; nil if one of its features is missing.
    func value(for row: [Double], hasZeroBand: Bool) -> Double? {
        var sum = constant
        for (feature, coefficient) in zip(features, coefficients) {
            let value = row[Int(feature)]
            if value.isNaN { return nil }
            sum += coefficient * (hasZeroBand && abs(value) <= Arithmetic.zeroThreshold ? 0 : value)
        }
        return sum
    }
}

/// A linear model (XGBoost's `gblinear`).
///
/// A margin starts from the output's bias plus its base margin, in float32; each feature that is not missing then adds
/// value × weight, product and sum rounded to float32, in order (`src/gbm/gblinear.cc`).
public struct LinearModel: Sendable, Equatable {
    /// Weights, exact float32 numbers: feature by feature, one an output.
    public var weights: [Double]
    /// One bias an output.
    public var biases: [Double]

    /// A model of these parts.
    public init(weights: [Double], biases: [Double]) {
        self.weights = weights
        self.biases = biases
    }

    func margins(of row: [Double], baseMargins: [Double]) -> [Double] {
        let outputs = biases.count
        return biases.indices.map { output in
            var sum = Float(biases[output]) + Float(baseMargins[output])
            for (feature, value) in row.enumerated() {
                let narrow = Float(value)
                if !narrow.isNaN { sum += narrow * Float(weights[feature * outputs + output]) }
            }
            return Double(sum)
        }
    }
}
