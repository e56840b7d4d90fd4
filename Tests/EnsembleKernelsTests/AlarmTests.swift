import EnsembleKernels
import Testing
import TreeEnsemble

/// An alarm that cannot ring proves nothing: a kernel that is wrong in one place must fail the comparison that the parity
/// suite makes.
///
/// No fault is built into a kernel, not even switched off. Instead a kernel is packed from an ensemble that differs in one
/// place, so that its packed form is wrong in that place alone: a leaf, the sides of a node, where missing values go, a
/// threshold (what the quantiser counts by), a bit of a category set (what classes are made of), the output of a tree.
@Suite("The parity suite's alarm rings")
struct AlarmTests {
    enum Fault: String, CaseIterable, Sendable {
        case leaf, sides, missing, threshold, category, output
    }

    private struct Case: Sendable, CustomTestStringConvertible {
        var fault: Fault
        var arithmetic: Arithmetic
        var testDescription: String { "\(fault.rawValue), \(arithmetic.sum)" }
    }

    private static let cases = Fault.allCases.flatMap { fault in
        [Arithmetic.float32LessThan, .float64LessOrEqual].map { Case(fault: fault, arithmetic: $0) }
    }

    @Test("for one wrong place in any tree, with one row, with a few and with many", arguments: cases)
    private func oneWrongPlace(_ item: Case) throws {
        var generator = SeededGenerator(seed: 42)
        // Sixteen trees of up to 64 leaves go in lanes and in slices; those of 300 leaves are walked.
        for leaves in [[31, 64, 40, 9], [300, 31]] {
            let shape = EnsembleShape(
                name: "alarm",
                arithmetic: item.arithmetic,
                trees: 16,
                leaves: leaves,
                outputs: 2,
                categoricalOneIn: 4
            )
            let right = RandomEnsemble(shape, using: &generator)
            let rows = right.rows(1_000, using: &generator)
            var trees = 0
            for tree in right.ensemble.trees.indices where try rings(item.fault, tree, right.ensemble, rows) {
                trees += 1
            }
            // A tree may have no threshold that a row comes near to, or no set; most have.
            #expect(trees >= 12, "\(item.fault) tried in \(trees) of 16 trees")
        }
    }

    /// False where no row tells the fault.
    private func rings(_ fault: Fault, _ tree: Int, _ right: Ensemble, _ rows: [[Double]]) throws -> Bool {
        let reference = try ReferenceEvaluator(right)
        for form in [RowForm.allCases[0], RowForm.allCases[3]] {
            let expected = rows.map { referenceMargins(reference, [$0], form) }
            let found = try Self.variants(fault, tree, right).lazy.compactMap { wrong -> (Ensemble, [Int])? in
                let other = try ReferenceEvaluator(wrong)
                let rows = rows.indices.filter { referenceMargins(other, [rows[$0]], form) != expected[$0] }
                return rows.isEmpty ? nil : (wrong, rows)
            }.first
            guard let (wrong, changed) = found else { return false }
            let scratch = KernelScratch()
            let first = changed[0]
            // The last is a row that is wrong: alone, after two others, and at the end of a pass and a half.
            let batches = [[first], [0, 1, first], Array(rows.indices.prefix(767)) + [first]]
            for name in EnsembleKernel.supportedByProcessor {
                let kernel = try EnsembleKernel(wrong, kernel: name)
                for batch in batches {
                    let margins = kernelMargins(kernel, batch.map { rows[$0] }, form, scratch)
                    let difference = firstDifference(margins, batch.flatMap { expected[$0] })
                    #expect(difference != nil, "\(name.rawValue), \(form), \(fault), tree \(tree), \(batch.count) rows")
                }
            }
        }
        return true
    }

    @Test("for one margin that is off by one bit")
    func oneBit() {
        let expected = (0..<300).map { Double($0) / 7 }
        for place in [0, 177, 299] {
            var corrupted = expected
            corrupted[place] = corrupted[place].nextUp
            #expect(firstDifference(corrupted, expected)?.hasPrefix("margin \(place) ") == true)
        }
        #expect(firstDifference([0.0], [-0.0]) != nil)
        #expect(firstDifference([.nan], [0]) != nil)
        #expect(firstDifference([], [0]) != nil)
    }

    /// Ensembles that are wrong in one place of the tree: the root's first, then others, which fewer rows reach.
    private static func variants(_ fault: Fault, _ tree: Int, _ right: Ensemble) -> [Ensemble] {
        func changed(_ count: Int, _ change: (inout Tree, Int) -> Void) -> [Ensemble] {
            (0..<min(count, 64)).map { place in
                var wrong = right
                change(&wrong.trees[tree], place)
                return wrong
            }
        }
        let it = right.trees[tree]
        switch fault {
        case .leaf:
            return changed(it.leafValues.count) { tree, leaf in
                // As little as the sum's precision is sure to show.
                tree.leafValues[leaf] = Double(Float(tree.leafValues[leaf] + 0.001))
            }
        case .sides:
            return changed(1) { tree, node in
                let (left, right) = (tree.nodes[node].left, tree.nodes[node].right)
                (tree.nodes[node].left, tree.nodes[node].right) = (right, left)
            }
        case .missing: return changed(it.nodes.count) { tree, node in tree.nodes[node].defaultLeft.toggle() }
        case .output: return changed(1) { tree, _ in tree.output = 1 - tree.output }
        case .threshold:
            return changed(it.nodes.count) { tree, node in
                guard case .threshold(let threshold) = tree.nodes[node].test, abs(threshold) < 1e30 else { return }
                tree.nodes[node].test = .threshold(Double(Float(threshold).nextUp.nextUp))
            }
        case .category:
            return changed(it.categorySets.count * 8) { tree, place in
                let set = place / 8
                guard !tree.categorySets[set].words.isEmpty else { return }
                tree.categorySets[set].words[0] ^= 1 << UInt32(place % 8 * 3)
            }
        }
    }
}
