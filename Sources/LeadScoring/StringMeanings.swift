internal import LeadWire

/// For each string of a batch's dictionaries, the value that the feature gets.
struct StringMeanings: Sendable {
    /// The values, feature after feature.
    private(set) var values: [Float] = []
    /// For each feature where its strings begin in `values`.
    private(set) var starts: [Int] = []
    /// Whether they are those of the batch under way.
    private(set) var areKnown = false

    /// Strings whose memory is kept for the next batch.
    private static let keptMax = 1 << 16

    /// A new batch begins.
    mutating func forget() {
        values.removeAll(keepingCapacity: values.count <= Self.keptMax)
        starts.removeAll(keepingCapacity: true)
        areKnown = false
    }

    /// Looks all strings of a batch up.
    mutating func lookUp(_ plan: FeaturePlan, _ request: borrowing ScoreRequest, _ message: RawSpan) {
        forget()
        for feature in plan.columns.indices {
            starts.append(values.count)
            let column = plan.columns[feature]
            guard request.columns[column].encoding.isDictionary, let table = plan.levels[feature],
                case .category(_, let unseen) = plan.steps[feature]
            else { continue }
            request.forEachDictionaryPlace(column, of: message) { _, place in
                switch table.meaning(of: message, place) {
                case .level(let code): values.append(Float(code))
                case .missing: values.append(.nan)
                case .unseen: values.append(unseen)
                }
            }
        }
        areKnown = true
    }
}
