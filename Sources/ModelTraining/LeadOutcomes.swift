internal import LeadScoring
internal import LeadTable

/// The outcome of each lead, read from the label column.
struct LeadOutcomes {
    /// True for converted; nil where the outcome is not known.
    let outcomes: [Bool?]
    let label: LabelDescription
    /// The texts that count as not converted, the commonest first.
    let negativeValues: [String]

    /// Leads of either outcome below which nothing is learned.
    static let eachOutcomeMin = 40
    /// Leads of either outcome below which the figures are weak evidence.
    static let eachOutcomeFew = 500

    init(_ table: LeadTable, _ options: TrainingOptions) throws {
        let column = try table.requiredColumn(named: options.labelColumn)
        let missing = MissingTokens(options.missingTokens)
        let profile = table.profile(ofColumn: column, missing: missing)
        let name = options.labelColumn
        guard profile.meaning != .empty else {
            throw TrainingRefusal(
                "\(table.fileName): the label column '\(name)' is empty; give leads whose outcome is known"
            )
        }
        // The column's own texts, whatever it was taken for.
        var counts: [String: Int] = [:]
        var texts: [String?] = []
        texts.reserveCapacity(table.rowCount)
        for row in 0..<table.rowCount {
            let text = table.trimmedText(row: row, column: column, missing: missing)
            if let text { counts[text, default: 0] += 1 }
            texts.append(text)
        }
        let values = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        let positives: Set<String>
        if let positive = options.positiveValue {
            guard counts[positive] != nil else {
                throw TrainingRefusal(
                    "\(table.fileName): no row has '\(positive)' in the label column '\(name)'; it holds \(Self.list(values))"
                )
            }
            positives = [positive]
        } else {
            let readings = values.map { Self.obviousOutcome($0) }
            guard readings.allSatisfy({ $0 != nil }) else {
                throw TrainingRefusal(
                    "\(table.fileName): the label column '\(name)' holds \(Self.list(values)); "
                        + "say which one means converted with --positive"
                )
            }
            positives = Set(values.filter { Self.obviousOutcome($0) == true })
        }
        negativeValues = values.filter { !positives.contains($0) }
        guard !positives.isEmpty, !negativeValues.isEmpty else {
            throw TrainingRefusal(
                "\(table.fileName): every outcome in the label column '\(name)' is '\(values[0])'; "
                    + "there must be leads that converted and leads that did not"
            )
        }
        outcomes = texts.map { text in text.map { positives.contains($0) } }
        label = LabelDescription(
            column: name,
            positive: options.positiveValue ?? values.first { positives.contains($0) } ?? ""
        )
        let positiveCount = outcomes.count { $0 == true }
        let negativeCount = outcomes.count { $0 == false }
        guard min(positiveCount, negativeCount) >= Self.eachOutcomeMin else {
            throw TrainingRefusal(
                "\(table.fileName): \(positiveCount) leads converted and \(negativeCount) did not; at least "
                    + "\(Self.eachOutcomeMin) of each are needed, for with fewer the figures would be chance; give more history"
            )
        }
    }

    /// What 1 and 0, and words for yes and no, say by themselves.
    private static func obviousOutcome(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "y", "t": true
        case "false", "no", "n", "f": false
        default:
            switch Double(text) {
            case 1: true
            case 0: false
            default: nil
            }
        }
    }

    private static func list(_ values: [String]) -> String {
        values.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
            + (values.count > 8 ? " and \(values.count - 8) more" : "")
    }
}
