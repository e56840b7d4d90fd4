import TreeEnsemble

/// The categorical code columns of an ensemble.
struct CategoryColumns {
    private(set) var tables: [CategoryTable] = []
    private var splits = DistinctSplits()
    /// By split its table.
    private var tableOfSplit: [Int] = []
    /// By split its first set among ``memberSets``.
    private var firstSets: [Int] = []
    private var memberSets: [UInt64] = []

    /// Columns for all categorical nodes.
    ///
    /// - Parameters:
    ///   - ensemble: what is packed.
    ///   - places: takes each categorical node's split, by node of all trees.
    ///   - nextColumn: the next column's number; column numbers are handed out from it on.
    init(_ ensemble: Ensemble, places: inout [NodePlace], nextColumn: inout Int) {
        // A larger number is in no set, whatever the set's bits say: see `ReferenceEvaluator`.
        let categoriesMax = ensemble.arithmetic.values == .float32 ? 1 << 24 : Int(Int32.max)
        var open = [Int?](repeating: nil, count: ensemble.featureCount)
        var at = 0
        for tree in ensemble.trees {
            let nodes = tree.nodes.span
            if !tree.categorySets.isEmpty {
                for index in nodes.indices {
                    guard let place = splits.place(of: nodes[index], tree) else { continue }
                    places[at + index] = place
                    if Int(place.number) == tableOfSplit.count {
                        addNewest(Int(nodes[index].feature), categoriesMax, &open)
                    }
                }
            }
            at += nodes.count
        }
        for index in tables.indices {
            tables[index].placeColumns(from: nextColumn)
            nextColumn += tables[index].columnCount
        }
        for (split, table) in tableOfSplit.enumerated() {
            firstSets.append(memberSets.count)
            let words = splits.words(split)
            tables[table].appendCodes(
                of: words.span,
                missingIsIn: splits.missingIsIn(split),
                to: &memberSets
            )
        }
    }

    /// Finds a table for the split that was numbered last.
    private mutating func addNewest(_ feature: Int, _ categoriesMax: Int, _ open: inout [Int?]) {
        let words = splits.words(tableOfSplit.count)
        if let index = open[feature], tables[index].add(words.span, categoriesMax: categoriesMax) {
            tableOfSplit.append(index)
            return
        }
        var table = CategoryTable(feature: feature)
        let fits = table.add(words.span, categoriesMax: categoriesMax)
        precondition(fits, "one set makes two classes")
        open[feature] = tables.count
        tableOfSplit.append(tables.count)
        tables.append(table)
    }

    /// Splits in all.
    var splitCount: Int { tableOfSplit.count }

    /// Which of ``tables`` knows a split.
    func table(ofSplit split: Int) -> Int { tableOfSplit[split] }

    /// Where a split's columns are.
    func columns(ofSplit split: Int) -> Range<Int> {
        let table = tables[tableOfSplit[split]]
        return table.firstColumn..<table.firstColumn + table.columnCount
    }

    /// Appends, by column of the split, the codes whose rows go right.
    func appendSets(of place: NodePlace, to sets: inout [UInt64]) {
        for column in 0..<tables[tableOfSplit[Int(place.number)]].columnCount {
            sets.append(codes(of: place, goingRight: true, inColumn: column))
        }
    }

    /// The codes of one column of the split whose rows go right, or those whose rows go left.
    func codes(of place: NodePlace, goingRight: Bool, inColumn column: Int) -> UInt64 {
        let split = Int(place.number)
        let members = memberSets[firstSets[split] + column]
        if goingRight == (place.test == .membersRight) { return members }
        return tables[tableOfSplit[split]].allCodes(inColumn: column) & ~members
    }
}

/// The distinct splits of each feature: which categories are in a node's set, and what a missing one counts as.
///
/// They are numbered in the order in which they are met.
private struct DistinctSplits {
    private struct Split {
        var feature: Int32
        /// Whether a missing category goes where the set's members go.
        var missingIsIn: Bool
        /// Its words among all, without trailing zeros.
        var words: Range<Int>
    }

    private var splits: [Split] = []
    private var allWords: [UInt32] = []
    private var table = NumberTable()

    func missingIsIn(_ number: Int) -> Bool { splits[number].missingIsIn }

    func words(_ number: Int) -> ArraySlice<UInt32> { allWords[splits[number].words] }

    /// A node's place, a new number's if no node split like it before; nil for a node that looks up no category.
    mutating func place(of node: Node, _ tree: Tree) -> NodePlace? {
        switch node.test {
        case .threshold, .equalsLeft: nil
        case .inSetLeft(let set):
            NodePlace(number: number(of: node, tree, Int(set), membersGoLeft: true), key: 0, test: .membersLeft)
        case .inSetRight(let set):
            NodePlace(number: number(of: node, tree, Int(set), membersGoLeft: false), key: 0, test: .membersRight)
        }
    }

    private mutating func number(of node: Node, _ tree: Tree, _ set: Int, membersGoLeft: Bool) -> UInt32 {
        let all = tree.categorySets[set].words
        let words = all.span.extracting(first: (all.lastIndex { $0 != 0 } ?? -1) + 1)
        let missingIsIn = node.missing == .nan && node.defaultLeft == membersGoLeft
        var hash = table.hash(UInt64(UInt32(bitPattern: node.feature)) << 1 | (missingIsIn ? 1 : 0), 0)
        for index in words.indices { hash = table.hash(UInt64(words[index]), hash) }
        var slot = table.firstSlot(hash)
        while let number = table.number(at: slot) {
            let known = splits[number]
            if table.hash(of: number) == hash, known.feature == node.feature, known.missingIsIn == missingIsIn,
                isEqual(known.words, words)
            {
                return UInt32(number)
            }
            slot = table.slot(after: slot)
        }
        let start = allWords.count
        for index in words.indices { allWords.append(words[index]) }
        splits.append(Split(feature: node.feature, missingIsIn: missingIsIn, words: start..<allWords.count))
        return table.add(hash, at: slot)
    }

    private func isEqual(_ range: Range<Int>, _ words: Span<UInt32>) -> Bool {
        guard range.count == words.count else { return false }
        for index in words.indices where allWords[range.lowerBound + index] != words[index] { return false }
        return true
    }
}
