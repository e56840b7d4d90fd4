import Foundation
import TreeEnsemble

/// The models in the folder `CatBoost`, made by `make_catboost.py` there, with what CatBoost predicts.
enum CatBoostFixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("CatBoost")

    /// Cases in both forms.
    static let names = [
        "numbers", "borders", "deep", "one-hot", "borders-ctr", "buckets-ctr", "mean-ctr", "counter-ctr",
        "target-borders",
        "integers", "combinations", "classes", "one-vs-all", "poisson", "lossguide", "depthwise", "small-oblivious",
        "small-free",
    ]
    /// Cases in the binary form alone: what only a GPU trains, made from the others, and what JSON does not tell.
    static let binaryNames = ["float-mean-ctr", "frequency-ctr", "denominator-ctr", "targets"]

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    /// Rows as text, and CatBoost's raw values and predictions.
    struct Answers {
        var columns: [String] = []
        var rows: [[String]] = []
        var raw: [[Double]] = []
        var predictions: [[Double]] = []

        init(_ name: String) throws {
            var lines = String(decoding: try bytes(name + ".csv"), as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false)
            if lines.last == "" { lines.removeLast() }
            let header = lines[0].split(separator: ",").map(String.init)
            columns = header.filter { !$0.hasPrefix("raw") && !$0.hasPrefix("pred") }
            for line in lines.dropFirst() {
                let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                rows.append(Array(fields[..<columns.count]))
                raw.append(header.indices.filter { header[$0].hasPrefix("raw") }.map { Double(fields[$0]) ?? .nan })
                predictions.append(
                    header.indices.filter { header[$0].hasPrefix("pred") }.map { Double(fields[$0]) ?? .nan }
                )
            }
        }

        /// The rows as an ensemble takes them: hashes in categorical columns, NaN for an empty number.
        func values(for ensemble: Ensemble) -> [[Double]] {
            let categories = Set(ensemble.derivedFeatures?.categoryColumns ?? [])
            return rows.map { row in
                row.indices.map { column in
                    if categories.contains(column) { return Double(CategoryHash.of(row[column])) }
                    return row[column].isEmpty ? .nan : Double(row[column]) ?? .nan
                }
            }
        }
    }
}
