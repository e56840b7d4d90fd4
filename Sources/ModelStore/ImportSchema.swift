internal import Foundation
public import LeadScoring

/// What a model trained elsewhere wants to be fed, as a schema file says it; `proto-docs/MODEL-BUNDLE.md`, section 10.
public struct ImportSchema: Sendable, Equatable {
    /// The raw columns of a batch in order.
    public var columns: [Column]
    /// The column that tells people which lead a row is.
    public var id: String?
    /// Words that mean missing, besides the empty one.
    public var missing: [String]
    /// What the probability is the probability of.
    public var label: LabelDescription?

    /// One raw column, and the feature made from it.
    public struct Column: Sendable, Equatable, Decodable {
        /// The column's name.
        public var name: String
        /// `number`, `boolean`, `category` or `date`; nil for a number.
        public var kind: String?
        /// A category's levels in the order of the codes that the model was trained with.
        public var levels: [String]?
        /// The feature's name in the model; nil for the column's own.
        public var feature: String?
        /// How the feature is made, in the words of a bundle's recipe, or `none` for no feature; nil for the kind's own.
        public var rule: String?
        /// The level that stands for those that are not listed; nil for missing.
        public var unseen: String?
        /// The date column that `days-after` counts from.
        public var reference: String?
    }

    /// Reads a schema file.
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - path: where it is, for errors.
    /// - Throws: ``BundleError`` with the place in the file; also for a field that is not known, which is likely a slip.
    public init(json bytes: [UInt8], path: String) throws {
        do {
            let file = try JSONDecoder().decode(File.self, from: Data(bytes))
            columns = file.columns
            id = file.id
            missing = file.missing ?? []
            label = file.label
        } catch let error as DecodingError {
            throw BundleError(path: path, problem: words(for: error), remedy: Self.remedy)
        }
        try checkFields(bytes, path)
    }

    private struct File: Decodable {
        var columns: [Column]
        var id: String?
        var missing: [String]?
        var label: LabelDescription?
    }

    private static let remedy = "leadline import --help shows a schema file"

    private func checkFields(_ bytes: [UInt8], _ path: String) throws {
        let top = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
        try check(top, ["columns", "id", "missing", "label"], "the schema", path)
        let known: Set = ["name", "kind", "levels", "feature", "rule", "unseen", "reference"]
        for (index, column) in (top["columns"] as? [[String: Any]] ?? []).enumerated() {
            try check(column, known, "column \(index) (\"\(columns[index].name)\")", path)
        }
    }

    private func check(_ object: [String: Any], _ known: Set<String>, _ place: String, _ path: String) throws {
        for key in object.keys.sorted() where !known.contains(key) {
            throw BundleError(
                path: path,
                problem: "\(place) has the unknown field \"\(key)\"",
                remedy: "known are \(known.sorted().joined(separator: ", "))"
            )
        }
    }
}
