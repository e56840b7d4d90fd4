internal import TreeEnsemble

/// Derived features for a pass of rows: from raw columns to the float32 columns that the trees look at.
///
/// Flat tables throughout: combinations, conditions and statistics are ranges of arrays, keys lie in one array of slots
/// with open addressing. Immutable, so any number of threads may use it, each with memory of its own. The bits are
/// those of `DerivedFeatures.values(of:)`.
struct DerivedColumns: ~Copyable, Sendable {
    /// Rows of a pass, a multiple of 8: 512, or fewer of very many columns.
    let passRows: Int
    /// What keys are spread over slots by: odd, and another each time, so that no file can hold keys that all meet in
    /// one slot.
    private let multiplier: UInt64

    /// Columns of the raw matrix.
    let featureCount: Int
    /// Raw and derived columns.
    let columnCount: Int
    /// Raw columns that hold categories.
    private let categoryColumns: [Int32]
    private let isCategory: [Bool]
    private let combinations: [Combination]
    /// Numbers of categorical columns, those of a combination side by side.
    private let foldedCategories: [Int32]
    private let borders: [Border]
    /// Conditions of combinations, then those that are features themselves.
    private let conditions: [Condition]
    private let firstFeatureCondition: Int
    private let statistics: [Statistic]
    /// Keys with open addressing, a power of two of slots a combination; `nobodysKey` where free.
    private let slots: [UInt64]
    /// The place among the combination's values of the key in each slot.
    private let places: [Int32]
    private let values: [Float]

    private struct Combination {
        var categories = 0..<0
        var borders = 0..<0
        var conditions = 0..<0
        var statistics = 0..<0
        var firstSlot = 0
        /// How far a spread key is shifted to become the number of a slot.
        var slotShift: UInt64 = 0
        var slotMask = 0
    }

    private struct Border {
        var column: Int32
        var border: Float
        var missingIsAbove: Bool
    }

    /// Whether a categorical column holds a hash; for a feature also where its column is.
    private struct Condition {
        var category: Int32
        var hash: UInt32
        var target: Int32 = -1
    }

    private struct Statistic {
        var target: Int32
        var firstValue: Int
        var otherwise: Float
    }

    /// The columns of valid features.
    init(_ derived: DerivedFeatures, featureCount: Int) {
        self.featureCount = featureCount
        columnCount = featureCount + derived.features.count
        // A file of a few bytes may claim a million columns.
        let width = max(columnCount + derived.categoryColumns.count, 1)
        passRows = min(Self.passRowsMax, max(8, Self.passValuesMax / width & ~7))
        let multiplier = UInt64.random(in: .min ... .max) | 1
        self.multiplier = multiplier
        categoryColumns = derived.categoryColumns.map { Int32($0) }
        var isCategory = [Bool](repeating: false, count: featureCount)
        var number = [Int32](repeating: -1, count: featureCount)
        for (index, column) in derived.categoryColumns.enumerated() {
            isCategory[column] = true
            number[column] = Int32(index)
        }
        self.isCategory = isCategory
        var combinations: [Combination] = []
        var foldedCategories: [Int32] = []
        var borders: [Border] = []
        var conditions: [Condition] = []
        var statistics: [Statistic] = []
        var slots: [UInt64] = []
        var places: [Int32] = []
        var values: [Float] = []
        var statisticsOf = [[Int]](repeating: [], count: derived.combinations.count)
        for (index, feature) in derived.features.enumerated() {
            if case .statistic(let statistic) = feature { statisticsOf[statistic.combination].append(index) }
        }
        for (index, source) in derived.combinations.enumerated() {
            var combination = Combination()
            combination.categories = foldedCategories.count..<foldedCategories.count + source.columns.count
            foldedCategories += source.columns.map { number[$0] }
            combination.borders = borders.count..<borders.count + source.borders.count
            borders += source.borders.map {
                Border(column: Int32($0.column), border: $0.border, missingIsAbove: $0.missingIsAbove)
            }
            combination.conditions = conditions.count..<conditions.count + source.categories.count
            conditions += source.categories.map { Condition(category: number[$0.column], hash: $0.hash) }
            combination.firstSlot = slots.count
            var slotCount = 2
            while slotCount < 2 * source.keys.count { slotCount *= 2 }
            combination.slotMask = slotCount - 1
            combination.slotShift = UInt64(64 - slotCount.trailingZeroBitCount)
            slots += repeatElement(CategoryCombination.nobodysKey, count: slotCount)
            places += repeatElement(-1, count: slotCount)
            for (place, key) in source.keys.enumerated() {
                var slot = slotNumber(key &* multiplier, combination.slotShift)
                while slots[combination.firstSlot + slot] != CategoryCombination.nobodysKey {
                    slot = (slot + 1) & combination.slotMask
                }
                slots[combination.firstSlot + slot] = key
                places[combination.firstSlot + slot] = Int32(place)
            }
            let first = statistics.count
            for feature in statisticsOf[index] {
                guard case .statistic(let statistic) = derived.features[feature] else { continue }
                statistics.append(
                    Statistic(
                        target: Int32(featureCount + feature),
                        firstValue: values.count,
                        otherwise: statistic.otherwise
                    )
                )
                values += statistic.values
            }
            combination.statistics = first..<statistics.count
            combinations.append(combination)
        }
        firstFeatureCondition = conditions.count
        for (index, feature) in derived.features.enumerated() {
            guard case .isCategory(let condition) = feature else { continue }
            conditions.append(
                Condition(
                    category: number[condition.column],
                    hash: condition.hash,
                    target: Int32(featureCount + index)
                )
            )
        }
        self.combinations = combinations
        self.foldedCategories = foldedCategories
        self.borders = borders
        self.conditions = conditions
        self.statistics = statistics
        self.slots = slots
        self.places = places
        self.values = values
    }

    /// Bytes that computing touches.
    var byteCount: Int {
        slots.count * 12 + values.count * 4 + borders.count * MemoryLayout<Border>.stride
            + conditions.count * MemoryLayout<Condition>.stride + statistics.count * MemoryLayout<Statistic>.stride
    }

    /// Bytes of working memory for a pass.
    var workByteCount: Int {
        passRows * (8 + 4 + (columnCount + categoryColumns.count) * 4)
    }

    private static let passRowsMax = 512
    /// Values of a pass, if that is more than eight rows.
    private static let passValuesMax = 1 << 22
}

/// The slot where the search for a key begins: the high bits of a product, which all of the key's bits go into.
@inline(__always)
private func slotNumber(_ product: UInt64, _ shift: UInt64) -> Int { Int(truncatingIfNeeded: product >> shift) }

/// A value of a categorical column, as the hash that it means.
protocol CategoryValue: BinaryFloatingPoint {
    var categoryHash: UInt32 { get }
}

extension Double: CategoryValue {
    var categoryHash: UInt32 { CategoryHash.of(value: self) }
}

extension Float: CategoryValue {
    var categoryHash: UInt32 { CategoryHash.of(number: self) }
}

// MARK: - A pass

extension DerivedColumns {
    /// Working memory of a pass, cut up.
    @unsafe
    private struct Work {
        let keys: UnsafeMutablePointer<UInt64>
        let places: UnsafeMutablePointer<Int32>
        /// ``passRows`` a categorical column.
        let hashes: UnsafeMutablePointer<UInt32>
        /// ``passRows`` a column, raw and derived.
        let columns: UnsafeMutablePointer<Float>
    }

    /// Fills in all columns for a pass of rows.
    ///
    /// - Parameters:
    ///   - pass: the raw matrix from the pass's first row on.
    ///   - count: at most ``passRows``.
    ///   - memory: ``workByteCount`` bytes, aligned to 64.
    /// - Returns: the columns: a value a row, ``passRows`` from one column to the next.
    func fill<Value: CategoryValue>(
        _ pass: RowSource<Value>,
        count: Int,
        memory: UnsafeMutableRawPointer
    ) -> UnsafeMutablePointer<Float> {
        // Safety: the parts add up to `workByteCount`; every index below is a column's or row's within them, and the
        // caller made sure that the matrix covers `count` rows.
        let rows = passRows
        let work = unsafe Work(
            keys: memory.assumingMemoryBound(to: UInt64.self),
            places: (memory + rows * 8).assumingMemoryBound(to: Int32.self),
            hashes: (memory + rows * 12).assumingMemoryBound(to: UInt32.self),
            columns: (memory + rows * (12 + categoryColumns.count * 4)).assumingMemoryBound(to: Float.self)
        )
        let isCategory = self.isCategory.span
        for column in 0..<featureCount {
            let to = unsafe work.columns + column * rows
            if isCategory[column] {
                unsafe to.update(repeating: 0, count: count)
            } else {
                let from = unsafe pass.start + column * pass.featureStride
                for row in 0..<count { unsafe to[row] = Float(from[row * pass.rowStride]) }
            }
        }
        let categories = categoryColumns.span
        for index in categories.indices {
            let from = unsafe pass.start + Int(categories[index]) * pass.featureStride
            let to = unsafe work.hashes + index * rows
            for row in 0..<count { unsafe to[row] = from[row * pass.rowStride].categoryHash }
        }
        let conditions = conditions.span
        for index in firstFeatureCondition..<conditions.count {
            let condition = conditions[index]
            let from = unsafe work.hashes + Int(condition.category) * rows
            let to = unsafe work.columns + Int(condition.target) * rows
            for row in 0..<count { unsafe to[row] = from[row] == condition.hash ? 1 : 0 }
        }
        let combinations = combinations.span
        for index in combinations.indices {
            let combination = combinations[index]
            unsafe fold(combination, work, count: count)
            unsafe find(combination, work, count: count)
            unsafe look(up: combination, work, count: count)
        }
        return unsafe work.columns
    }

    /// Keys of a combination, row by row.
    private func fold(_ combination: Combination, _ work: Work, count: Int) {
        let rows = passRows
        let keys = unsafe work.keys
        unsafe keys.update(repeating: 0, count: count)
        let categories = foldedCategories.span
        for index in combination.categories {
            let from = unsafe work.hashes + Int(categories[index]) * rows
            for row in 0..<count { unsafe keys[row] = CategoryCombination.folded(keys[row], category: from[row]) }
        }
        let borders = borders.span
        for index in combination.borders {
            let border = borders[index]
            let from = unsafe work.columns + Int(border.column) * rows
            for row in 0..<count {
                let value = unsafe from[row]
                let isAbove = value > border.border || value.isNaN && border.missingIsAbove
                unsafe keys[row] = CategoryCombination.folded(keys[row], isAbove ? 1 : 0)
            }
        }
        let conditions = conditions.span
        for index in combination.conditions {
            let condition = conditions[index]
            let from = unsafe work.hashes + Int(condition.category) * rows
            for row in 0..<count {
                let holds = unsafe from[row] == condition.hash
                unsafe keys[row] = CategoryCombination.folded(keys[row], holds ? 1 : 0)
            }
        }
    }

    /// The places of keys among a combination's values; -1 where nothing is known of them.
    private func find(_ combination: Combination, _ work: Work, count: Int) {
        let slots = slots.span.extracting(combination.firstSlot...(combination.firstSlot + combination.slotMask))
        let places = places.span.extracting(combination.firstSlot...(combination.firstSlot + combination.slotMask))
        let mask = combination.slotMask
        let multiplier = multiplier
        for row in 0..<count {
            let key = unsafe work.keys[row]
            var slot = slotNumber(key &* multiplier, combination.slotShift)
            // At most half the slots are taken, so that a free one ends the search; it has no place.
            while slots[slot] != key, slots[slot] != CategoryCombination.nobodysKey { slot = (slot + 1) & mask }
            unsafe work.places[row] = places[slot]
        }
    }

    private func look(up combination: Combination, _ work: Work, count: Int) {
        let statistics = statistics.span
        let values = values.span
        let rows = passRows
        for index in combination.statistics {
            let statistic = statistics[index]
            let to = unsafe work.columns + Int(statistic.target) * rows
            for row in 0..<count {
                let place = Int(unsafe work.places[row])
                unsafe to[row] = place < 0 ? statistic.otherwise : values[statistic.firstValue + place]
            }
        }
    }
}
