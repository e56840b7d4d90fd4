import TreeEnsemble

/// How a categorical node splits: which categories are in its set, and what a missing one counts as.
struct CategorySplit: Hashable {
    /// The set's words without trailing zeros.
    let words: [UInt32]
    /// Whether a missing category goes where the set's members go.
    let missingIsIn: Bool

    init(_ node: Node, _ set: CategorySet, membersGoLeft: Bool) {
        var words = set.words
        while words.last == 0 { words.removeLast() }
        self.words = words
        missingIsIn = node.missing == .nan && node.defaultLeft == membersGoLeft
    }

    func contains(_ category: Int) -> Bool {
        category / 32 < words.count && words[category / 32] >> UInt32(category % 32) & 1 == 1
    }
}

/// Categories of a feature, sorted into classes that some nodes cannot tell apart, and the code columns that hold them.
///
/// A column's codes are 0...63, so that a node is one 64-bit set: 63 classes, and 63 for "another column's class".
struct CategoryTable {
    static let classesPerColumn = 63
    static let elsewhere = 63
    /// Beyond this many classes the nodes of a feature are shared out among several tables.
    static let classesMax = 4 * classesPerColumn

    let feature: Int
    /// The class of each category from 0 on.
    private(set) var classes: [UInt8] = []
    /// The class of a category past ``classes``, negative or too large: in no set.
    private(set) var unseenClass: UInt8 = 0
    /// The class of a missing category, which is always class 0.
    static let missingClass: UInt8 = 0
    /// One category of each class (-1 for unseen ones), by class; the missing class has none.
    private var examples: [Int?] = [nil, -1]
    private(set) var firstColumn = 0

    init(feature: Int) {
        self.feature = feature
        unseenClass = 1
    }

    var classCount: Int { examples.count }
    var columnCount: Int { (classCount + Self.classesPerColumn - 1) / Self.classesPerColumn }

    mutating func placeColumns(from column: Int) { firstColumn = column }

    /// Tells members and others of one more split apart.
    ///
    /// - Returns: false, and nothing changed, if that takes more than ``classesMax`` classes.
    mutating func add(_ split: CategorySplit, categoriesMax: Int) -> Bool {
        var refined = classes
        let categories = min(split.words.count * 32, categoriesMax)
        while refined.count < categories { refined.append(unseenClass) }
        var newClasses = examples
        // The half of a class that differs from the class's example moves to a class of its own.
        var movedTo = [UInt8](repeating: 0, count: newClasses.count)
        for category in refined.indices {
            let old = Int(refined[category])
            guard split.contains(category) != isIn(split, examples[old]) else { continue }
            if movedTo[old] == 0 {
                guard newClasses.count < Self.classesMax else { return false }
                movedTo[old] = UInt8(newClasses.count)
                newClasses.append(category)
            }
            refined[category] = movedTo[old]
        }
        classes = refined
        examples = newClasses
        return true
    }

    /// The codes of one column (0-based within the table) that belong to a split's members, or to the others.
    func codes(of split: CategorySplit, members: Bool, column: Int) -> UInt64 {
        var codes: UInt64 = 0
        let first = column * Self.classesPerColumn
        for code in 0..<min(Self.classesPerColumn, classCount - first) where isMember(split, first + code) == members {
            codes |= 1 << UInt64(code)
        }
        return codes
    }

    private func isMember(_ split: CategorySplit, _ classNumber: Int) -> Bool {
        classNumber == Int(Self.missingClass) ? split.missingIsIn : isIn(split, examples[classNumber])
    }

    private func isIn(_ split: CategorySplit, _ category: Int?) -> Bool {
        guard let category, category >= 0 else { return false }
        return split.contains(category)
    }
}

/// The categorical code columns of an ensemble.
struct CategoryColumns {
    private(set) var tables: [CategoryTable] = []
    private var tableOfSplit: [[CategorySplit: Int]]

    /// Columns for all categorical nodes; column numbers are handed out from `nextColumn` on.
    init(_ ensemble: Ensemble, nextColumn: inout Int) {
        // A larger number is in no set, whatever the set's bits say: see `ReferenceEvaluator`.
        let categoriesMax = ensemble.arithmetic.values == .float32 ? 1 << 24 : Int(Int32.max)
        tableOfSplit = [[CategorySplit: Int]](repeating: [:], count: ensemble.featureCount)
        var open = [Int?](repeating: nil, count: ensemble.featureCount)
        for tree in ensemble.trees {
            for node in tree.nodes {
                guard let split = Self.split(node, tree)?.split else { continue }
                let feature = Int(node.feature)
                guard tableOfSplit[feature][split] == nil else { continue }
                if let index = open[feature], tables[index].add(split, categoriesMax: categoriesMax) {
                    tableOfSplit[feature][split] = index
                    continue
                }
                var table = CategoryTable(feature: feature)
                let fits = table.add(split, categoriesMax: categoriesMax)
                precondition(fits, "one set makes two classes")
                open[feature] = tables.count
                tableOfSplit[feature][split] = tables.count
                tables.append(table)
            }
        }
        for index in tables.indices {
            tables[index].placeColumns(from: nextColumn)
            nextColumn += tables[index].columnCount
        }
    }

    /// The split of a categorical node, and whether members of its set go left; nil for a numeric node.
    static func split(_ node: Node, _ tree: Tree) -> (split: CategorySplit, membersGoLeft: Bool)? {
        switch node.test {
        case .threshold, .equalsLeft: nil
        case .inSetLeft(let set):
            (CategorySplit(node, tree.categorySets[Int(set)], membersGoLeft: true), true)
        case .inSetRight(let set):
            (CategorySplit(node, tree.categorySets[Int(set)], membersGoLeft: false), false)
        }
    }

    /// The table that tells a split's members from the others.
    func table(of split: CategorySplit, feature: Int) -> CategoryTable {
        guard let index = tableOfSplit[feature][split] else {
            preconditionFailure("every category set of the ensemble is in a table")
        }
        return tables[index]
    }
}
