import Foundation
import LeadScoring
import LeadTypes
import ModelStore

/// A folder that goes away with the test, and small models to put into it.
final class StoreFixture {
    let path: String
    var store: BundleStore { BundleStore(path: path) }

    init() throws {
        path = NSTemporaryDirectory() + "leadline-store-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A LightGBM model of `visits <= 0.5 ? leaf : (source <= 1 ? 0.5 : 1.5)`.
    static func model(leaf: Double = -1, objective: String = "binary sigmoid:1") -> [UInt8] {
        let tree = [
            "num_leaves=3", "num_cat=0", "split_feature=0 1", "split_gain=1 1", "threshold=0.5 1", "decision_type=2 10",
            "left_child=-1 -2", "right_child=1 -3", "leaf_value=\(leaf) 0.5 1.5", "leaf_count=1 1 1",
            "internal_value=0 0", "is_linear=0", "shrinkage=1",
        ]
        let block = "Tree=0\n" + tree.joined(separator: "\n") + "\n\n\n"
        let head = [
            "tree", "version=v4", "num_class=1", "num_tree_per_iteration=1", "label_index=0", "max_feature_idx=1",
            "objective=\(objective)", "feature_names=visits source", "feature_infos=[0:1] [0:1]",
            "tree_sizes=\(block.utf8.count)",
        ]
        return Array((head.joined(separator: "\n") + "\n\n" + block + "end of trees\n").utf8)
    }

    static let recipe = ScoringRecipe(
        schema: LeadSchema(columns: [
            LeadColumn(name: "visits", kind: .number),
            LeadColumn(name: "source", kind: .category, levels: ["Ads", "Fair", "Other"]),
            LeadColumn(name: "seen", kind: .date),
        ]),
        features: [
            FeatureRule(column: "visits", preparation: .number),
            FeatureRule(column: "source", preparation: .category(unseen: 2)),
        ],
        calibration: .platt(slope: 1.1, intercept: -0.2),
        scale: .percentile(cuts: (0..<100).map { Double($0) / 50 - 1 }),
        tiers: [TierCut(name: "A", minimumProbability: 0.7), TierCut(name: "B", minimumProbability: 0)]
    )

    static func draft(leaf: Double = -1, report: String? = #"{"auc":0.9}"#) -> BundleDraft {
        BundleDraft(
            modelBytes: model(leaf: leaf),
            recipe: recipe,
            source: .init(how: "imported", tool: "test", details: ["file": "model.txt"]),
            report: report.map { Array($0.utf8) },
            figures: ["testAUC": 0.9]
        )
    }

    func file(_ bundle: LoadedBundle, _ name: String) -> URL { URL(fileURLWithPath: bundle.path + "/" + name) }

    func bytes(_ bundle: LoadedBundle, _ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: file(bundle, name)))
    }

    /// Writes a bundle whose manifest was changed, under the name that fits its digest; returns its version.
    func forge(_ bundle: LoadedBundle, number: Int, change: (inout [String: Any]) -> Void) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: file(bundle, "manifest.json")))
        var manifest = object as? [String: Any] ?? [:]
        change(&manifest)
        return try forge(bundle, number: number, manifest: JSONSerialization.data(withJSONObject: manifest))
    }

    func forge(_ bundle: LoadedBundle, number: Int, manifest: Data) throws -> String {
        let version = "00000\(number)-\(hexadecimalDigest(manifest).prefix(8))"
        let folder = path + "/" + bundle.name + "/" + version
        try FileManager.default.copyItem(atPath: bundle.path, toPath: folder)
        try manifest.write(to: URL(fileURLWithPath: folder + "/manifest.json"))
        return version
    }
}
