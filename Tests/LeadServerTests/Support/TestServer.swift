import ByteKit
import Foundation
import LeadScoring
import LeadServer
import LeadTypes
import LeadWire
import Logging
import Reactor
import TLSTransport
import TreeEnsemble

/// A server on loopback with small models, and certificates that all tests of the process share.
///
/// A class: as a noncopyable struct with a deinit it lost its folder in optimised builds (Swift 6.3.1).
final class TestServer {
    let server: LeadServer
    let folder: TestFolder

    init(
        workers: Int = 1,
        models: [LeadModel]? = nil,
        limits: ServerLimits = ServerLimits(),
        certificates: String? = nil,
        clientAuthority: String? = nil,
        clientsAreOptional: Bool = false,
        policy: String? = nil,
        drainTimeout: Duration = .seconds(5),
        log: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) throws {
        folder = TestFolder.shared
        var configuration = ServerConfiguration(
            modelsPath: "unused",
            certificatePath: (certificates ?? folder.path) + "/server.pem",
            privateKeyPath: (certificates ?? folder.path) + "/server.key",
            workers: workers
        )
        configuration.listen = "127.0.0.1:0"
        configuration.admin = "127.0.0.1:0"
        configuration.limits = limits
        configuration.clientAuthorityPath = clientAuthority
        configuration.clientCertificatesAreOptional = clientsAreOptional
        configuration.policyPath = policy
        configuration.pollInterval = .milliseconds(50)
        configuration.drainTimeout = drainTimeout
        let models = try models ?? [TestModel.make(version: 1)]
        let byName = Dictionary(models.map { ($0.name, $0) }) { first, _ in first }
        let source = ModelSource(
            find: { byName.mapValues { [$0.version] } },
            load: { name, _ in byName[name]! }
        )
        server = try LeadServer(
            configuration,
            source: source,
            log: log
        )
    }

    deinit { _ = server.stop() }

    func client(atMostSeconds seconds: Double = 5) throws -> TestClient {
        try TestClient(to: server.listenAddress, authority: folder.path + "/ca.pem", seconds: seconds)
    }
}

/// A folder with certificates, made once a process.
final class TestFolder: Sendable {
    static let shared = TestFolder()
    let path: String

    private init() {
        path =
            FileManager.default.temporaryDirectory.path
            + "/leadline-server-tests-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        do {
            _ = try DevelopmentCertificates.create(in: path)
        } catch {
            fatalError("no certificates: \(error)")
        }
    }
}

/// A model whose margin tells its version: `version` where visits < 5, `version + 0.5` elsewhere.
enum TestModel {
    static let schema = LeadSchema(columns: [
        LeadColumn(name: "visits", kind: .number),
        LeadColumn(name: "opted", kind: .boolean),
        LeadColumn(name: "source", kind: .category, levels: ["ads", "web"]),
        LeadColumn(name: "created", kind: .date),
    ])

    // `copies` are trees that add nothing, to make the work longer.
    static func make(name: String = "leads", version: Int, copies: Int = 0) throws -> LeadModel {
        func tree(_ left: Double, _ right: Double) -> Tree {
            Tree(
                output: 0,
                nodes: [Node(feature: 0, test: .threshold(5), missing: .nan, defaultLeft: true, left: ~0, right: ~1)],
                leafValues: [left, right]
            )
        }
        let ensemble = Ensemble(
            provenance: Provenance(library: "test", libraryVersion: "1", format: "none"),
            objective: "binary:logistic",
            featureNames: ["visits"],
            outputCount: 1,
            arithmetic: .float32LessThan,
            baseMargins: [0],
            trees: [tree(Double(version), Double(version) + 0.5)] + Array(repeating: tree(0, 0), count: copies),
            transform: .sigmoid32
        )
        let recipe = ScoringRecipe(
            schema: schema,
            features: [FeatureRule(column: "visits", preparation: .number)],
            calibration: .identity,
            scale: .probability,
            tiers: [TierCut(name: "A", minimumProbability: 0.9), TierCut(name: "B", minimumProbability: 0)]
        )
        return try LeadModel(name: name, version: "v\(version)", recipe: recipe, ensemble: ensemble)
    }

    /// A request with these visits; the other columns are missing.
    static func request(
        _ visits: [Double],
        id: UInt64 = 1,
        model: String = "",
        version: String = "",
        fingerprint: UInt64? = nil,
        deadline: UInt32 = 0
    ) throws -> [UInt8] {
        var encoder = try ScoreRequestEncoder(
            requestID: id,
            model: model,
            version: version,
            fingerprint: fingerprint ?? schema.fingerprint,
            rows: visits.count,
            columnCount: 4,
            deadlineMicroseconds: deadline
        )
        encoder.add(visits)
        for _ in 1..<4 { encoder.add([Double](repeating: .nan, count: visits.count)) }
        return try encoder.finish()
    }
}
