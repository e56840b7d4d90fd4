import ByteKit
import Foundation
import LeadScoring
import LeadServer
import LeadTypes
import Logging
import ModelStore

/// A server of a folder of bundles, whose admin listener speaks TLS.
///
/// Three versions of `leads` are there, whose margins tell which: 1, 2 or 3, and a half more from five visits on.
final class StoreServer {
    let server: LeadServer
    let store: BundleStore
    let versions: [String]
    let path: String
    static let folder = TestFolder.shared.path

    // `policy` has rules as JSON; `prepare` is done to the store before the server starts.
    init(
        policy: String = StoreServer.publisher,
        usesTLS: Bool = true,
        asksForCertificates: Bool = true,
        certificates: String = StoreServer.folder,
        actionTimeout: Duration = .seconds(60),
        loadSeconds: Double = 0,
        prepare: (BundleStore, [String]) throws -> Void = { _, _ in }
    ) throws {
        path = FileManager.default.temporaryDirectory.path + "/leadline-control-\(UUID().uuidString)"
        store = BundleStore(path: path)
        let store = store
        versions = try (1...3).map { try store.write(Self.draft($0), name: "leads").version }
        try prepare(store, versions)
        try Data(#"{"rules": [\#(policy)]}"#.utf8).write(to: URL(fileURLWithPath: path + "/policy.json"))
        var configuration = ServerConfiguration(
            modelsPath: path,
            certificatePath: certificates + "/server.pem",
            privateKeyPath: certificates + "/server.key",
            workers: 2
        )
        configuration.listen = "127.0.0.1:0"
        configuration.admin = "127.0.0.1:0"
        configuration.adminUsesTLS = usesTLS
        configuration.clientAuthorityPath = asksForCertificates ? Self.folder + "/ca.pem" : nil
        configuration.clientCertificatesAreOptional = asksForCertificates
        configuration.policyPath = path + "/policy.json"
        configuration.pollInterval = .milliseconds(50)
        configuration.actionTimeout = actionTimeout
        var source = ModelSource.folder(path) { _ in }
        let load = source.load
        let newest = versions[2]
        source.load = { name, version in
            // What the server starts with is there at once.
            if version != newest { Thread.sleep(forTimeInterval: loadSeconds) }
            return try load(name, version)
        }
        server = try LeadServer(
            configuration,
            source: source,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    deinit {
        _ = server.stop()
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The rule that the tests' client may publish `leads` by; who has no certificate may have them scored.
    static let publisher =
        #"{"identity":"spiffe://leadline.development/*","roles":["score","read","publish"],"models":["leads"]},"#
        + #"{"identity":"anonymous","roles":["score"]}"#

    static let certificate = (chain: folder + "/client.pem", key: folder + "/client.key")

    func scoringClient() throws -> TestClient {
        try TestClient(to: server.listenAddress, authority: Self.folder + "/ca.pem")
    }

    /// A connection to the admin listener; with the certificate of one who may publish, unless told otherwise.
    func connection(
        usesTLS: Bool = true,
        certificate: (chain: String, key: String)? = StoreServer.certificate
    ) throws -> AdminConnection {
        try AdminConnection(
            to: server.adminAddress ?? "",
            authority: usesTLS ? Self.folder + "/ca.pem" : nil,
            certificate: certificate
        )
    }

    func get(_ path: String) throws -> AdminConnection.Answer {
        try connection().exchange("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
    }

    func post(_ path: String, _ body: String) throws -> AdminConnection.Answer {
        try connection().exchange(Self.post(path, body))
    }

    /// The bytes of a request.
    static func post(_ path: String, _ body: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            + body
    }

    func publish(_ index: Int, as alias: String = "production") throws -> AdminConnection.Answer {
        try post("/v1/models/leads/publish", #"{"version":"\#(versions[index])","alias":"\#(alias)"}"#)
    }

    private static func draft(_ number: Int) -> BundleDraft {
        let tree = [
            "num_leaves=2", "num_cat=0", "split_feature=0", "split_gain=1", "threshold=4.5", "decision_type=2",
            "left_child=-1", "right_child=-2", "leaf_value=\(number) \(number).5", "leaf_count=1 1", "internal_value=0",
            "is_linear=0", "shrinkage=1",
        ]
        let block = "Tree=0\n" + tree.joined(separator: "\n") + "\n\n\n"
        let head = [
            "tree", "version=v4", "num_class=1", "num_tree_per_iteration=1", "label_index=0", "max_feature_idx=0",
            "objective=binary sigmoid:1", "feature_names=visits", "feature_infos=[0:1]",
            "tree_sizes=\(block.utf8.count)",
        ]
        return BundleDraft(
            modelBytes: Array((head.joined(separator: "\n") + "\n\n" + block + "end of trees\n").utf8),
            recipe: ScoringRecipe(
                schema: TestModel.schema,
                features: [FeatureRule(column: "visits", preparation: .number)],
                calibration: .platt(slope: 1, intercept: 0),
                scale: .probability,
                tiers: [TierCut(name: "A", minimumProbability: 0.9), TierCut(name: "B", minimumProbability: 0)]
            ),
            source: .init(how: "imported", tool: "test")
        )
    }
}
