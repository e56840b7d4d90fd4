import TreeEnsemble

/// A plan's numbers that are in none of its blocks.
struct PlanShape {
    var arithmetic = Arithmetic.float32LessThan
    /// What trees look at: raw columns and derived ones.
    var featureCount = 0
    /// Where each output's sum starts, or what comes last.
    var baseMargins: [Double] = []
    var sumScale = SumScale.none
    /// Outputs that no tree adds to keep their base margin as it is.
    var outputHasTree: [Bool] = []
    var treeCount = 0
    /// Byte columns.
    var columnCount = 0
    /// Wide columns, of two bytes.
    var wideColumnCount = 0
    /// Masks of all tests of sliced trees.
    var maskCount = 0

    var outputCount: Int { baseMargins.count }
}

/// A stored plan's head: what is known of the ensemble beside its trees, what is computed before them, and the plan's shape.
struct PlanHead {
    var outline = EnsembleOutline()
    var shape = PlanShape()
    var derived: DerivedFeatures?

    init(_ outline: EnsembleOutline, _ shape: PlanShape, _ derived: DerivedFeatures?) {
        self.outline = outline
        self.shape = shape
        self.derived = derived
    }

    /// The head's bytes.
    var bytes: [UInt8] {
        var coder = PlanCoder()
        var copy = self
        do throws(StoredPlanError) {
            try copy.code(&coder)
        } catch {
            preconditionFailure("what was packed can be written: \(error.description)")
        }
        return coder.bytes
    }

    /// Reads and checks a head.
    /// - Throws: ``StoredPlanError``.
    init(reading bytes: [UInt8]) throws(StoredPlanError) {
        var coder = PlanCoder(reading: bytes)
        try code(&coder)
        guard coder.isAtEnd else { throw StoredPlanError("the head has more than it should") }
        guard outline.outputCount >= 1, outline.outputCount == shape.baseMargins.count,
            outline.outputCount == shape.outputHasTree.count, outline.averageDivisor >= 1
        else { throw StoredPlanError("the head's outputs do not agree") }
        if case .dividedBy(let count) = shape.sumScale, count < 1 {
            throw StoredPlanError("the head divides sums by \(count)")
        }
        guard outline.featureCount <= PlanCheck.featuresMax else {
            throw StoredPlanError("it is for \(outline.featureCount) features")
        }
        if let derived {
            guard outline.arithmetic.values == .float32 else {
                throw StoredPlanError("derived features are for trees that compare float32")
            }
            do throws(InvalidEnsemble) {
                try derived.validate(featureCount: outline.featureCount)
            } catch {
                throw StoredPlanError(error.description)
            }
        }
        outline.hashedColumns = derived?.categoryColumns ?? []
        shape.arithmetic = outline.arithmetic
        shape.treeCount = outline.treeCount
        shape.featureCount = outline.featureCount + (derived?.features.count ?? 0)
    }

    /// What is in a head, in order.
    private mutating func code(_ coder: inout PlanCoder) throws(StoredPlanError) {
        try coder.code(&outline.provenance.library)
        try coder.code(&outline.provenance.libraryVersion)
        try coder.code(&outline.provenance.format)
        try coder.code(&outline.objective)
        try coder.code(count: &outline.featureCount)
        try coder.code(count: &outline.outputCount)
        try coder.code(count: &outline.treeCount)
        try coder.code(count: &outline.leafCount)
        try coder.code(count: &outline.averageDivisor)
        try coder.code(&outline.transform)
        try coder.code(&outline.arithmetic)
        try coder.code(&shape.sumScale)
        try coder.code(&shape.baseMargins)
        try coder.code(&shape.outputHasTree, blank: false) { coder, flag throws(StoredPlanError) in
            try coder.code(&flag)
        }
        try coder.code(count: &shape.columnCount)
        try coder.code(count: &shape.wideColumnCount)
        try coder.code(count: &shape.maskCount)
        var hasDerived = derived != nil
        try coder.code(&hasDerived)
        guard hasDerived else { return }
        var features = derived ?? DerivedFeatures(categoryColumns: [], combinations: [], features: [])
        try coder.code(&features)
        derived = features
    }
}

// MARK: - Parts of a head

extension PlanCoder {
    fileprivate mutating func code(_ arithmetic: inout Arithmetic) throws(StoredPlanError) {
        try code(&arithmetic.values, of: [.float32, .float64])
        try code(&arithmetic.comparison, of: [.lessThan, .lessOrEqual])
        try code(&arithmetic.hasZeroBand)
        try code(&arithmetic.sum, of: [.float32, .float64])
        // Plans are of sums alone.
        try code(&arithmetic.aggregate, of: [.sum])
        try code(&arithmetic.addsBaseLast)
    }

    fileprivate mutating func code(_ scale: inout SumScale) throws(StoredPlanError) {
        var (kind, factor, divisor) = (UInt8(0), 0.0, 0)
        switch scale {
        case .none: break
        case .times(let number): (kind, factor) = (1, number)
        case .dividedBy(let count): (kind, divisor) = (2, count)
        }
        try code(&kind, of: [0, 1, 2])
        try code(&factor)
        try code(&divisor)
        scale = kind == 0 ? .none : kind == 1 ? .times(factor) : .dividedBy(divisor)
    }

    /// Transforms without a number, by their place; new ones are added at the end.
    private static let plainTransforms: [OutputTransform] = [
        .identity, .sigmoid32, .softmax32, .argmax32, .exp32, .hinge32, .ascending32, .cumulativeSoftplus32, .softmax64,
        .exp64, .log1pExp64, .signedSquare64, .rounded32, .probability32, .logistic32, .softmaxFlat32, .softmaxZero32,
        .probit32,
    ]

    fileprivate mutating func code(_ transform: inout OutputTransform) throws(StoredPlanError) {
        var (kind, scale, factor, plain) = (UInt8(0), 0.0, Float(0), OutputTransform.identity)
        switch transform {
        case .sigmoid64(let number): (kind, scale) = (1, number)
        case .scaledExp32(let number): (kind, factor) = (2, number)
        default: plain = transform
        }
        try code(&kind, of: [0, 1, 2])
        try code(&scale)
        try code(&factor)
        try code(&plain, of: Self.plainTransforms)
        transform = kind == 0 ? plain : kind == 1 ? .sigmoid64(scale: scale) : .scaledExp32(factor: factor)
    }

    fileprivate mutating func code(_ derived: inout DerivedFeatures) throws(StoredPlanError) {
        try code(&derived.categoryColumns)
        let nothing = CategoryCombination(columns: [], borders: [], categories: [], keys: [])
        try code(&derived.combinations, blank: nothing) { coder, combination throws(StoredPlanError) in
            try coder.code(&combination)
        }
        let no = DerivedFeature.isCategory(CategoryCondition(column: 0, hash: 0))
        try code(&derived.features, blank: no) { coder, feature throws(StoredPlanError) in try coder.code(&feature) }
    }

    private mutating func code(_ combination: inout CategoryCombination) throws(StoredPlanError) {
        try code(&combination.columns)
        let border = BorderCondition(column: 0, border: 0, missingIsAbove: false)
        try code(&combination.borders, blank: border) { coder, border throws(StoredPlanError) in
            try coder.code(&border.column)
            try coder.code(&border.border)
            try coder.code(&border.missingIsAbove)
        }
        let category = CategoryCondition(column: 0, hash: 0)
        try code(&combination.categories, blank: category) { coder, condition throws(StoredPlanError) in
            try coder.code(&condition)
        }
        try code(&combination.keys)
    }

    private mutating func code(_ condition: inout CategoryCondition) throws(StoredPlanError) {
        try code(&condition.column)
        try code(&condition.hash)
    }

    private mutating func code(_ feature: inout DerivedFeature) throws(StoredPlanError) {
        var condition = CategoryCondition(column: 0, hash: 0)
        var statistic = CategoryStatistic(combination: 0, kind: "", values: [], otherwise: 0)
        var isStatistic = false
        switch feature {
        case .isCategory(let own): condition = own
        case .statistic(let own): (statistic, isStatistic) = (own, true)
        }
        try code(&isStatistic)
        guard isStatistic else {
            try code(&condition)
            feature = .isCategory(condition)
            return
        }
        try code(&statistic.combination)
        try code(&statistic.values)
        try code(&statistic.otherwise)
        feature = .statistic(statistic)
    }
}
