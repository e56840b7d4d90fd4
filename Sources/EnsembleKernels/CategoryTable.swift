internal import CShims

/// What is left of a ``CategoryTable`` once it is packed.
struct PackedCategories: Sendable {
    var feature: Int
    var firstColumn: Int
    var columnCount: Int
    /// The class of each category from 0 on.
    var classes: [UInt8]
}

/// Categories of a feature, sorted into classes that some nodes cannot tell apart, and the code columns that hold them.
///
/// A column's codes are 0...63, so that a node is one 64-bit set: 63 classes, and 63 for "another column's class".
/// A set of categories is given as its words, one bit a category, lowest first, the last one not 0.
struct CategoryTable {
    static let classesPerColumn = Int(CShimsClassesPerColumn)
    static let elsewhere = classesPerColumn
    /// Beyond this many classes the nodes of a feature are shared out among several tables.
    static let classesMax = 4 * classesPerColumn

    let feature: Int
    /// The class of each category from 0 on.
    private(set) var classes: [UInt8] = []
    /// The class of a category past ``classes``, negative or too large: in no set.
    static let unseenClass: UInt8 = 1
    /// The class of a missing category.
    static let missingClass: UInt8 = 0
    /// One category of each class (-1 for unseen and missing ones), by class.
    private var examples: [Int32] = [-1, -1]
    private(set) var firstColumn = 0

    init(feature: Int) { self.feature = feature }

    var classCount: Int { examples.count }
    var columnCount: Int { (classCount + Self.classesPerColumn - 1) / Self.classesPerColumn }

    mutating func placeColumns(from column: Int) { firstColumn = column }

    var packed: PackedCategories {
        PackedCategories(feature: feature, firstColumn: firstColumn, columnCount: columnCount, classes: classes)
    }

    /// Tells members and others of one more set apart.
    ///
    /// - Returns: false, and nothing changed, if that takes more than ``classesMax`` classes.
    mutating func add(_ words: Span<UInt32>, categoriesMax: Int) -> Bool {
        var categories = 0
        if words.count > 0 {
            let last = words.count - 1
            categories = min(last * 32 + 32 - words[last].leadingZeroBitCount, categoriesMax)
        }
        // Where each category is a class of its own, nothing is left to be told apart.
        if categories <= classes.count, classCount == classes.count + 2 { return true }
        var refined = classes
        while refined.count < categories { refined.append(Self.unseenClass) }
        var newClasses = examples
        // The half of a class that differs from the class's example moves to a class of its own.
        var movedTo = [UInt8](repeating: 0, count: newClasses.count)
        let isIn = newClasses.map { Self.isIn(words, $0) }
        for category in refined.indices {
            let old = Int(refined[category])
            guard Self.isIn(words, Int32(category)) != isIn[old] else { continue }
            if movedTo[old] == 0 {
                guard newClasses.count < Self.classesMax else { return false }
                movedTo[old] = UInt8(newClasses.count)
                newClasses.append(Int32(category))
            }
            refined[category] = movedTo[old]
        }
        classes = refined
        examples = newClasses
        return true
    }

    /// Appends, column by column, the codes that belong to a set's members.
    ///
    /// - Parameters:
    ///   - words: the set, which was added.
    ///   - missingIsIn: whether a missing category counts as a member.
    ///   - codes: takes a word a column.
    func appendCodes(of words: Span<UInt32>, missingIsIn: Bool, to codes: inout [UInt64]) {
        let first = codes.count
        codes.append(contentsOf: repeatElement(0, count: columnCount))
        if missingIsIn { codes[first] = 1 << UInt64(Self.missingClass) }
        // A class is in the set as a whole or not at all.
        for index in words.indices {
            var word = words[index]
            while word != 0 {
                let category = index * 32 + word.trailingZeroBitCount
                word &= word - 1
                guard category < classes.count else { return }
                let column = Int(classes[category]) / Self.classesPerColumn
                codes[first + column] |= 1 << (UInt64(classes[category]) - UInt64(column * Self.classesPerColumn))
            }
        }
    }

    /// All codes of one column that are classes.
    func allCodes(inColumn column: Int) -> UInt64 { 1 << UInt64(classCount(inColumn: column)) - 1 }

    private func classCount(inColumn column: Int) -> Int {
        min(Self.classesPerColumn, classCount - column * Self.classesPerColumn)
    }

    private static func isIn(_ words: Span<UInt32>, _ category: Int32) -> Bool {
        let word = Int(category >> 5)
        return word >= 0 && word < words.count && words[word] >> UInt32(category & 31) & 1 == 1
    }
}
