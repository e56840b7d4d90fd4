internal import ByteKit
internal import LeadWire
internal import TreeEnsemble

/// For each string of a batch's dictionaries, the value that the feature gets.
struct StringMeanings: Sendable {
    /// The values, feature after feature.
    private(set) var values: [Double] = []
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
            guard request.columns[column].encoding.isDictionary, let table = plan.levels[feature] else { continue }
            switch plan.steps[feature] {
            case .category(_, let unseen):
                request.forEachDictionaryPlace(column, of: message) { _, place in
                    switch table.meaning(of: message, place) {
                    case .level(let code): values.append(Double(code))
                    case .missing: values.append(.nan)
                    case .unseen: values.append(Double(unseen))
                    }
                }
            case .categoryHash:
                request.forEachDictionaryPlace(column, of: message) { _, place in
                    let isMissing = table.meaning(of: message, place) == .missing
                    let hash = CategoryHash.of(count: place.count) { message.byte(at: place.lowerBound + $0) }
                    values.append(isMissing ? .nan : Double(hash))
                }
            default: continue
            }
        }
        areKnown = true
    }
}
