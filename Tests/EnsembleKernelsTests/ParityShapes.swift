import TreeEnsemble

extension EnsembleShape {
    /// Shapes around each limit of the kernels, in both arithmetics.
    static let ofParity: [EnsembleShape] = [Arithmetic.float32LessThan, .float64LessOrEqual].flatMap { arithmetic in
        let name = arithmetic == .float32LessThan ? "float32" : "double"
        return [
            EnsembleShape(name: "\(name): single leaves and stumps", arithmetic: arithmetic, leaves: [1, 2, 3]),
            EnsembleShape(name: "\(name): no tree", arithmetic: arithmetic, trees: 0, leaves: [1], outputs: 2),
            EnsembleShape(
                name: "\(name): up to 32 leaves",
                arithmetic: arithmetic,
                leaves: [31, 16, 8, 9, 32, 17, 24]
            ),
            EnsembleShape(name: "\(name): around 64 leaves", arithmetic: arithmetic, leaves: [63, 64, 65, 33, 48]),
            EnsembleShape(name: "\(name): 255 and more", arithmetic: arithmetic, trees: 3, leaves: [255, 257, 1000]),
            EnsembleShape(
                name: "\(name): chains",
                arithmetic: arithmetic,
                leaves: [61, 31, 300],
                growth: .chain
            ),
            EnsembleShape(
                name: "\(name): many thresholds",
                arithmetic: arithmetic,
                trees: 40,
                leaves: [40, 64],
                features: 2,
                thresholds: 1500
            ),
            EnsembleShape(
                name: "\(name): many outputs, one without a tree",
                arithmetic: arithmetic,
                trees: 5,
                leaves: [20, 40],
                outputs: 6
            ),
            EnsembleShape(
                name: "\(name): categories",
                arithmetic: arithmetic,
                trees: 10,
                leaves: [31, 63, 100],
                categoricalOneIn: 2,
                categories: 40
            ),
            EnsembleShape(
                name: "\(name): many categories",
                arithmetic: arithmetic,
                trees: 30,
                leaves: [31, 64],
                features: 3,
                categoricalOneIn: 2,
                categories: 400
            ),
            EnsembleShape(
                name: "\(name): one feature",
                arithmetic: arithmetic,
                leaves: [31],
                features: 1,
                thresholds: 16
            ),
            EnsembleShape(
                name: "\(name): oblivious",
                arithmetic: arithmetic,
                trees: 18,
                leaves: [2, 64, 4, 256, 8, 32, 16, 128, 512],
                categoricalOneIn: 6
            ).grown(.oblivious),
            EnsembleShape(
                name: "\(name): oblivious, several groups in lanes",
                arithmetic: arithmetic,
                trees: 140,
                leaves: [64, 4, 256, 8, 32, 16, 128],
                features: 12
            ).grown(.oblivious),
            EnsembleShape(
                name: "\(name): several groups in lanes",
                arithmetic: arithmetic,
                trees: 150,
                leaves: [31, 8, 60, 17],
                features: 19
            ),
            EnsembleShape(
                name: "\(name): more columns than a table in lanes",
                arithmetic: arithmetic,
                trees: 70,
                leaves: [40],
                features: 80,
                thresholds: 6
            ),
            EnsembleShape(
                name: "\(name): trees that differ in their leaves alone",
                arithmetic: arithmetic,
                trees: 36,
                leaves: [31, 64, 1, 100],
                outputs: 3,
                alike: 3
            ),
            EnsembleShape(
                name: "\(name): oblivious, with leaves for each output",
                arithmetic: arithmetic,
                trees: 24,
                leaves: [64, 8],
                outputs: 4,
                alike: 4
            ).grown(.oblivious),
        ]
    }
}

extension EnsembleShape {
    fileprivate func grown(_ growth: Growth) -> Self {
        var shape = self
        shape.growth = growth
        return shape
    }
}
