internal import LeadScoring
internal import LeadTable
internal import LeadTypes

/// Which columns a model learns from, and how each becomes a feature.
struct FeaturePlan {
    private(set) var columns: [LeadColumn] = []
    private(set) var features: [FeatureRule] = []
    private(set) var types: [XGBoostFeatureType] = []
    private(set) var reports: [TrainingReport.Column] = []
    /// The calendar date that other dates count from.
    private let referenceDate: String?

    /// The columns as a schema.
    var schema: LeadSchema { LeadSchema(columns: columns) }

    /// Codes of a category at most, the one for all other texts included, so that a code fits a byte.
    static let levelsMax = 254
    /// Training leads a text needs to be a level of its own.
    static let levelRowsMin = 10

    /// Plans by what the columns hold; levels by the training leads alone, as scoring will meet texts it has not seen.
    init(_ table: LeadTable, _ options: TrainingOptions, profiles: [ColumnProfile], trainingRows: [Int]) throws {
        let missing = MissingTokens(options.missingTokens)
        referenceDate = profiles.first { $0.name == options.dateColumn && $0.meaning == .date }?.name
        for (index, profile) in profiles.enumerated() {
            var report = TrainingReport.Column(profile, rows: table.rowCount)
            if profile.name == options.labelColumn {
                report.use = .label
            } else if profile.name == options.idColumn {
                report.use = .id
            } else if profile.name == options.dateColumn {
                report.use = .date
            } else if options.excludedColumns.contains(profile.name) {
                report.use = .excluded
                report.notes = ["Excluded as asked."]
            } else if profile.isUsable {
                add(profile, index, table, options, missing, trainingRows, &report)
            }
            reports.append(report)
        }
        // A date that others count from travels with them.
        let isReference = features.contains { if case .daysAfter = $0.preparation { true } else { false } }
        if isReference, let date = referenceDate { columns.append(LeadColumn(name: date, kind: .date)) }
        guard !features.isEmpty else {
            throw TrainingRefusal(
                "\(table.fileName): no column is left to learn from; see what each was taken for, and exclude less"
            )
        }
    }

    private mutating func add(
        _ profile: ColumnProfile,
        _ index: Int,
        _ table: LeadTable,
        _ options: TrainingOptions,
        _ missing: MissingTokens,
        _ trainingRows: [Int],
        _ report: inout TrainingReport.Column
    ) {
        let name = profile.name
        switch profile.meaning {
        case .number:
            columns.append(LeadColumn(name: name, kind: .number))
            features.append(FeatureRule(column: name, preparation: .number))
            types.append(.quantity)
        case .boolean:
            columns.append(LeadColumn(name: name, kind: .boolean))
            features.append(FeatureRule(column: name, preparation: .boolean))
            types.append(.integer)
        case .date:
            guard let reference = referenceDate else {
                report.use = .unused
                report.notes.append(
                    "A date by itself does not carry over to later leads; with --date it counts from that date."
                )
                return
            }
            columns.append(LeadColumn(name: name, kind: .date))
            let featureName = Self.free(name + " days after " + reference, among: features)
            features.append(
                FeatureRule(name: featureName, column: name, preparation: .daysAfter(reference: reference))
            )
            types.append(.quantity)
        case .category:
            let levels = Self.levels(profile, index, table, missing, trainingRows)
            guard let levels else {
                report.use = .unused
                report.notes.append("No text comes in \(Self.levelRowsMin) or more training leads.")
                return
            }
            columns.append(LeadColumn(name: name, kind: .category, levels: levels.texts))
            features.append(FeatureRule(column: name, preparation: .category(unseen: levels.other)))
            types.append(.category)
            report.levels = levels.texts.count
            if levels.rareTexts > 0 {
                report.notes.append(
                    levels.other == nil
                        ? "Rare texts (\(levels.rareTexts)) count as missing."
                        : "Rare texts (\(levels.rareTexts)) share the level '\(levels.texts.last ?? "")'."
                )
            }
        case .id, .text, .constant, .empty: return
        }
        report.use = .feature
    }

    /// The levels of a category, the commonest first, ties by name; a level for the rest when the rest is common enough to learn from.
    private static func levels(
        _ profile: ColumnProfile,
        _ index: Int,
        _ table: LeadTable,
        _ missing: MissingTokens,
        _ trainingRows: [Int]
    ) -> (texts: [String], other: Int?, rareTexts: Int)? {
        let all = profile.levels.map(\.text)
        let codes = table.levels(ofColumn: index, among: all, missing: missing)
        var counts = [Int](repeating: 0, count: all.count)
        for row in trainingRows where !codes[row].isNaN { counts[Int(codes[row])] += 1 }
        let order = all.indices.sorted { (counts[$1], all[$0]) < (counts[$0], all[$1]) }
        let common = order.filter { counts[$0] >= levelRowsMin }.prefix(levelsMax - 1)
        guard !common.isEmpty else { return nil }
        var texts = common.map { all[$0] }
        let rest = order.dropFirst(common.count).filter { counts[$0] > 0 }
        let restRows = rest.reduce(0) { $0 + counts[$1] }
        guard restRows >= levelRowsMin else { return (texts, nil, rest.count) }
        var other = "(other)"
        while all.contains(other) { other = "(" + other + ")" }
        texts.append(other)
        return (texts, texts.count - 1, rest.count)
    }

    private static func free(_ name: String, among features: [FeatureRule]) -> String {
        var name = name
        while features.contains(where: { $0.name == name }) { name += "'" }
        return name
    }
}
