/// One of CatBoost's numbers that go with categories (a CTR), and the borders that trees compare it with.
struct CatBoostStatistic: Hashable {
    /// What a table is kept for.
    struct Base: Hashable {
        var projection: Projection
        var kind: Kind
        /// Which binarisation of the target was counted.
        var targetBinarisation: Int32 = 0
    }

    /// Categories and conditions that are looked up together.
    struct Projection: Hashable {
        var categories: [Int32] = []
        var borders: [Border] = []
        var oneHots: [OneHot] = []

        struct Border: Hashable {
            var feature: Int32
            var border: Float
        }

        struct OneHot: Hashable {
            var category: Int32
            var value: Int32
        }

        /// More parts than any tree has splits.
        static let partsMax = 64
        var partCount: Int { categories.count + borders.count + oneHots.count }
    }

    /// CatBoost's names, in the order of their numbers in the binary form.
    enum Kind: String, CaseIterable {
        case borders = "Borders"
        case buckets = "Buckets"
        case binarizedTargetMean = "BinarizedTargetMeanValue"
        case floatTargetMean = "FloatTargetMeanValue"
        case counter = "Counter"
        case featureFrequency = "FeatureFreq"
    }

    var base: Base
    var targetBorder: Int32 = 0
    var priorNumerator: Float = 0
    var priorDenominator: Float = 1
    var shift: Float = 0
    var scale: Float = 1
    var borders: [Float] = []

    /// The number that a count in a total stands for (`TModelCtr::Calc` of `libs/model/online_ctr.h`), in float32.
    func value(_ count: Float, of total: Float) -> Float {
        ((count + priorNumerator) / (total + priorDenominator) + shift) * scale
    }
}

/// What was counted for each key of a projection.
struct CatBoostTable {
    /// Ascending keys, and which entry each has.
    var keys: [(key: UInt64, entry: Int)] = []
    /// Counts, ``classCount`` an entry; for means one an entry.
    var counts: [Int32] = []
    /// Sums of the target, one an entry; for means only.
    var sums: [Float] = []
    /// Counts an entry has.
    var classCount = 1
    /// What counters are divided by.
    var denominator: Int32 = 0

    /// The number of a statistic for rows whose key is not listed.
    func otherwise(_ statistic: CatBoostStatistic) -> Float {
        switch statistic.base.kind {
        case .counter, .featureFrequency: statistic.value(0, of: Float(denominator))
        default: statistic.value(0, of: 0)
        }
    }

    /// The number of an entry.
    ///
    /// As `libs/model/static_ctr_provider.cpp` has it: counts are added as 32-bit integers and then become float32.
    /// - Precondition: ``problem(with:)`` found none, and the entry is one of ``keys``.
    func value(_ statistic: CatBoostStatistic, entry: Int) -> Float {
        switch statistic.base.kind {
        case .counter, .featureFrequency: return statistic.value(Float(counts[entry]), of: Float(denominator))
        case .binarizedTargetMean, .floatTargetMean: return statistic.value(sums[entry], of: Float(counts[entry]))
        case .buckets:
            let history = counts[entry * classCount..<(entry + 1) * classCount]
            let good = history[history.startIndex + Int(statistic.targetBorder)]
            return statistic.value(Float(good), of: Float(history.reduce(0, &+)))
        case .borders:
            let history = counts[entry * classCount..<(entry + 1) * classCount]
            // With two classes there is one border, whatever the statistic says.
            let border = classCount > 2 ? Int(statistic.targetBorder) : 0
            let good = history[(history.startIndex + border + 1)...].reduce(0, &+)
            return statistic.value(Float(good), of: Float(history.reduce(0, &+)))
        }
    }

    /// Puts the keys in order.
    /// - Throws: ``Flaw`` if one is there twice.
    mutating func sortKeys() throws(Flaw) {
        keys.sort { $0.key < $1.key }
        for place in keys.indices.dropFirst() where keys[place - 1].key == keys[place].key {
            throw Flaw("a table has a key twice")
        }
    }

    /// What is wrong with looking a statistic up here; nil if nothing is.
    func problem(with statistic: CatBoostStatistic) -> String? {
        switch statistic.base.kind {
        case .borders, .buckets:
            let isAmongClasses = statistic.targetBorder >= 0 && Int(statistic.targetBorder) < classCount
            return isAmongClasses ? nil : "target border \(statistic.targetBorder) of \(classCount) classes"
        default: return nil
        }
    }
}
