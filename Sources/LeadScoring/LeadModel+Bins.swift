internal import EnsembleKernels
public import LeadTypes
internal import Synchronization

/// The bins of a model's columns, made when they are first asked for: a message with values never needs them.
final class BinTables: Sendable {
    /// By column of the schema; nil where a value is more than its bin.
    let bins: [ColumnBins?]
    /// By column, a value in each bin.
    let values: [[Double]]

    init(_ kernel: EnsembleKernel, _ plan: FeaturePlan, _ schema: LeadSchema) {
        let features = kernel.featureEdges()
        bins = schema.columns.indices.map { column in
            guard schema.columns[column].kind == .number else { return nil }
            var edges: Set<Double> = []
            for (feature, source) in plan.columns.enumerated() where source == column && plan.steps[feature] != .unread
            {
                guard plan.steps[feature] == .number, let own = features[feature] else { return nil }
                edges.formUnion(own.edges)
            }
            guard edges.count <= ColumnBins.edgesMax, edges.allSatisfy(\.isFinite) else { return nil }
            let known = features.lazy.compactMap { $0 }.first
            return ColumnBins(
                edges: edges.sorted(),
                side: known?.passesEqual ?? true ? .right : .left,
                areSingle: known?.areSingle ?? false
            )
        }
        values = bins.map { $0?.values ?? [] }
    }
}

extension LeadModel {
    /// By column of the schema, the bins that may be sent for its values; nil for columns whose values must be sent.
    ///
    /// Any thread; the first call makes them, in some milliseconds for a large model.
    public var bins: [ColumnBins?] { binTables.bins }

    var binTables: BinTables {
        if let made = lazyBins.load() { return made }
        return lazyBins.storeIfNil(BinTables(kernel, plan, schema))
    }
}
