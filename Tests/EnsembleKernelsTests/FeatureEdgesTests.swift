import Testing
import TreeEnsemble

#if !LEADLINE_WIDE_LANES
import EnsembleKernels
#endif

@Suite("The edges that a feature's values are compared with")
struct FeatureEdgesTests {
    @Test("values between the same edges give the same bits", arguments: EnsembleShape.ofParity)
    func bins(_ shape: EnsembleShape) throws {
        for seed in 1...3 as ClosedRange<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let random = RandomEnsemble(shape, using: &generator)
            let kernel = try EnsembleKernel(random.ensemble)
            let edges = kernel.featureEdges()
            #expect(edges.count == kernel.featureCount)
            let rows = random.rows(200, using: &generator)
            let others = rows.map { row in
                row.indices.map { feature in edges[feature].map { Self.another(row[feature], $0) } ?? row[feature] }
            }
            #expect(shape.categoricalOneIn > 0 || edges.allSatisfy { $0 != nil })
            #expect(zip(rows, others).contains { $0 != $1 } || shape.trees == 0 || edges.allSatisfy { $0 == nil })
            let form = RowForm(isFloat: random.ensemble.arithmetic.values == .float32, isRowMajor: true, gap: 0)
            let scratch = KernelScratch()
            let margins = kernelMargins(kernel, rows, form, scratch)
            let same = kernelMargins(kernel, others, form, scratch)
            #expect(margins.map(\.bitPattern) == same.map(\.bitPattern), "\(shape), seed \(seed)")
        }
    }

    /// A value of the same bin, as far from this one as can be.
    private static func another(_ value: Double, _ edges: FeatureEdges) -> Double {
        guard !value.isNaN else { return value }
        let value = edges.areSingle ? Double(Float(value)) : value
        let bin = edges.edges.count { edges.passesEqual ? $0 <= value : $0 < value }
        if edges.passesEqual { return bin > 0 ? edges.edges[bin - 1] : -.infinity }
        return bin < edges.edges.count ? edges.edges[bin] : .infinity
    }
}
