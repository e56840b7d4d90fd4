import ByteKit
import Foundation
import LeadServer
import LeadWire
import ModelStore
import Synchronization
import TLSTransport
import Testing

@Suite("The control plane", .serialized, .timeLimit(.minutes(5)))
struct ControlTests {
    /// Scores a lead of a model, and tells version, epoch and margin, or the error.
    private func score(
        _ client: TestClient,
        _ model: String,
        version: String = ""
    ) throws -> (version: String, epoch: UInt64, margin: Double?, error: WireError?) {
        let response = try client.request(
            "POST",
            WireFormat.scorePath,
            contentType: WireFormat.contentType,
            body: try TestModel.request([1], model: model, version: version)
        )
        let answer = try #require(try answers(in: response.body).first)
        return (answer.reply?.version ?? "", answer.reply?.epoch ?? 0, answer.reply?.margins.first, answer.error)
    }

    @Test("a version is published, named, rolled back and unnamed, and each answer comes when it is so")
    func actions() throws {
        let server = try StoreServer()
        let versions = server.versions
        let client = try server.scoringClient()
        #expect(try score(client, "leads").version == versions[2], "without aliases the newest serves")
        let first = try server.publish(0)
        #expect(first.status == 200 && first["version"] == .string(versions[0]), "\(first.body)")
        #expect(first["previous"] == .string(versions[2]) && first["changed"] == .bool(true))
        #expect(try score(client, "leads").margin == 1)
        #expect(try server.publish(1).status == 200)
        let scored = try score(client, "leads")
        #expect(scored.version == versions[1] && scored.margin == 2)
        #expect(try server.publish(2, as: "candidate").status == 200)
        #expect(try score(client, "leads@candidate").margin == 3 && score(client, "leads").margin == 2)
        #expect(try score(client, "leads", version: versions[2]).margin == 3)
        let unknown = try score(client, "leads@nobody").error
        #expect(unknown?.code == .unknownModel && unknown?.text.contains("candidate, production") == true)
        let json = try client.request(
            "POST",
            WireFormat.scorePath,
            contentType: "application/json",
            body: Array(#"{"model":"leads@candidate","leads":[{"visits":9}]}"#.utf8)
        )
        #expect(json.text.contains(versions[2]) && json.text.contains("\"margin\":3.5"), "\(json.text)")

        let back = try server.post("/v1/models/leads/rollback", #"{"reason":"worse"}"#)
        #expect(back.status == 200 && back["version"] == .string(versions[0]), "\(back.body)")
        let after = try score(client, "leads")
        #expect(after.margin == 1 && .number(Double(after.epoch)) == back["epoch"])
        #expect(try server.post("/v1/models/leads/unalias", #"{"alias":"candidate"}"#).status == 200)
        #expect(try score(client, "leads@candidate").error?.code == .unknownModel)
        #expect(try server.post("/v1/models/leads/unalias", #"{"alias":"candidate"}"#).status == 404)
        let records = try server.store.publications(ofModel: "leads", last: 20)
        #expect(records.map(\.action) == [.unalias, .rollBack, .alias, .publish, .publish])
        #expect(records[1].reason == "worse" && records[1].who == "spiffe://leadline.development/client")
        let metrics = try server.get("/metrics").body
        for line in [
            #"action="publish",outcome="done"} 3"#, #"action="unalias",outcome="refused"} 1"#,
            #"action="rollback",outcome="done"} 1"#,
        ] {
            #expect(metrics.contains("leadline_admin_actions_total{" + line), "\(line) is missing")
        }
    }

    @Test(
        "load tells what a version would cost and serves nothing; a damaged one is refused, and publishing it changes nothing"
    )
    func load() throws {
        let server = try StoreServer()
        let (versions, path) = (server.versions, "/v1/models/leads/load")
        let report = try server.post(path, #"{"version":"\#(versions[0])"}"#)
        #expect(report.status == 200, "\(report.body)")
        for member in ["milliseconds", "goldenRows", "packedBytes", "warnings", "kernel"] {
            #expect(report[member] != nil)
        }
        #expect(try server.get("/v1/models").body.contains(#""epoch":1,"#))
        let file = server.path + "/leads/" + versions[0] + "/golden.bin"
        var golden = try Data(contentsOf: URL(fileURLWithPath: file))
        golden[golden.count - 1] ^= 1
        try golden.write(to: URL(fileURLWithPath: file))
        #expect(try server.post(path, #"{"version":"\#(versions[0])"}"#).status == 422)
        let refused = try server.publish(0)
        #expect(refused.status == 422 && refused.body.contains("golden.bin"), "\(refused.body)")
        #expect(try server.store.aliases(ofModel: "leads") == ModelAliases())
        #expect(try server.store.publications(ofModel: "leads", last: 1).isEmpty)
        #expect(try server.post(path, #"{"version":"000009-00000000"}"#).status == 404)
        #expect(try server.post("/v1/models/nobody/load", #"{"version":"000009-00000000"}"#).status == 403)
        #expect(try server.get("/v1/models").body.contains(#""epoch":1,"#))
        #expect(try server.post("/v1/models/leads/rollback", "{}").status == 404, "there is no alias to roll back")
    }

    @Test("a store that cannot be written, or is damaged, says so, and what serves stays")
    func storeFailure() throws {
        let server = try StoreServer()
        #expect(try server.publish(0).status == 200)
        try Data("{".utf8).write(to: URL(fileURLWithPath: server.path + "/leads/aliases.json"))
        let answer = try server.publish(1)
        #expect(answer.status == 500 && answer.body.contains("aliases.json"), "\(answer.body)")
        let client = try server.scoringClient()
        #expect(try score(client, "leads").margin == 1)
        let isTold = eventually {
            (try? server.get("/readyz/leads").body.contains("its aliases cannot be read")) ?? false
        }
        #expect(isTold)
        #expect(try client.request("GET", "/readyz/leads").status == 200)
    }

    @Test(
        "what is written into the store beside the server serves within a poll; a bad pin is told and changes nothing"
    )
    func noticed() throws {
        let server = try StoreServer { store, versions in
            _ = try store.publish(versions[1], ofModel: "leads", by: "test")
        }
        let client = try server.scoringClient()
        #expect(try score(client, "leads").margin == 2)
        _ = try server.store.publish(server.versions[0], ofModel: "leads", by: "test")
        #expect(eventually { (try? score(client, "leads").margin) == 1 })
        let text = #"{"production": "000009-00000000"}"#
        try Data(text.utf8).write(to: URL(fileURLWithPath: server.path + "/leads/aliases.json"))
        #expect(eventually { (try? server.get("/readyz/leads").body.contains("000009-00000000")) ?? false })
        #expect(try score(client, "leads").margin == 1)
        #expect(try server.get("/readyz/leads").status == 200)
    }

    @Test("a model whose production cannot be loaded is not served at start, and others are")
    func badAtStart() throws {
        let server = try StoreServer { store, versions in
            let other = store.path + "/other"
            try FileManager.default.copyItem(atPath: store.path + "/leads", toPath: other)
            try Data(#"{"production": "000009-00000000"}"#.utf8)
                .write(to: URL(fileURLWithPath: store.path + "/leads/aliases.json"))
        }
        let client = try server.scoringClient()
        #expect(try score(client, "leads").error?.code == .unknownModel)
        #expect(try score(client, "other").margin == 3)
        let readiness = try client.request("GET", "/readyz/leads")
        #expect(readiness.status == 503 && readiness.text.contains("nothing is served"), "\(readiness.text)")
        #expect(try client.request("GET", "/readyz").status == 200)
        #expect(try server.publish(1).status == 200)
        #expect(try score(client, "leads").margin == 2)
    }

    @Test(
        "no request fails during a hundred publications, epochs never fall, and each version serves when its answer comes"
    )
    func underLoad() throws {
        let server = try StoreServer()
        #expect(try server.publish(0).status == 200)
        #expect(try server.publish(0, as: "candidate").status == 200)
        let stop = Atomic<Bool>(false)
        let done = Atomic<Int>(0)
        let failures = Atomic<Int>(0)
        let address = server.server.listenAddress
        let thread = Thread {
            var epoch: UInt64 = 0
            guard let client = try? TestClient(to: address, authority: StoreServer.folder + "/ca.pem") else { return }
            while !stop.load(ordering: .acquiring) {
                for name in ["leads", "leads@candidate", "leads@production"] {
                    let scored = try? score(client, name)
                    if scored?.error != nil || scored?.margin == nil || scored?.epoch ?? 0 < epoch {
                        failures.add(1, ordering: .relaxed)
                    }
                    epoch = scored?.epoch ?? epoch
                    done.add(1, ordering: .relaxed)
                }
            }
            stop.store(false, ordering: .releasing)
        }
        thread.start()
        let client = try server.scoringClient()
        var epoch = 0.0
        for round in 1...100 {
            let answer = try server.publish(round % 3)
            #expect(answer.status == 200, "\(answer.body)")
            guard case .number(let published)? = answer["epoch"] else { continue }
            #expect(published > epoch)
            epoch = published
            let scored = try score(client, "leads")
            #expect(scored.version == server.versions[round % 3] && Double(scored.epoch) >= epoch)
            #expect(try score(client, "leads@candidate").margin == 1)
        }
        stop.store(true, ordering: .releasing)
        #expect(eventually { !stop.load(ordering: .acquiring) })
        #expect(failures.load(ordering: .relaxed) == 0 && done.load(ordering: .relaxed) > 100)
    }

    @Test("pages tell models, versions, aliases, publications and figures")
    func pages() throws {
        let server = try StoreServer()
        _ = try server.publish(0)
        _ = try server.publish(1, as: "candidate")
        let models = try server.get("/v1/models")
        #expect(
            models.status == 200 && models.body.contains(#""names":["leads","leads@production"]"#),
            "\(models.body)"
        )
        #expect(models.body.contains(#""names":["leads@candidate"]"#) && models.body.contains(#""versionCount":3"#))
        let model = try server.get("/v1/models/leads")
        guard case .array(let publications)? = model["publications"] else {
            Issue.record("\(model.body)")
            return
        }
        #expect(publications.map { $0["action"] } == [.string("alias"), .string("publish")])
        #expect(model["served"] == .string(server.versions[0]))
        #expect(model["versions"] == .array(server.versions.reversed().map { .string($0) }))
        #expect(try server.get("/v1/models/nobody").status == 403)
        #expect(try server.get("/v1/models/leads@candidate/schema").body.contains(server.versions[1]))
        _ = try score(server.scoringClient(), "leads")
        let stats = try server.get("/v1/stats")
        #expect(stats["requests"] == .number(1) && stats["rows"] == .number(1), "\(stats.body)")
        #expect(stats["stages"]?["score"]?["count"] == .number(1))
        #expect(stats["errors"] == .object([]) && stats.body.utf8.count < 8_192)
    }

    @Test("while a load takes long, health is answered, who waits is told in time, and what was not begun is not done")
    func longLoad() throws {
        let server = try StoreServer(actionTimeout: .milliseconds(400), loadSeconds: 1.5)
        func send(_ index: Int) throws -> AdminConnection {
            let connection = try server.connection()
            let body = #"{"version":"\#(server.versions[index])"}"#
            try connection.send(Array(StoreServer.post("/v1/models/leads/publish", body).utf8))
            return connection
        }
        let long = try send(0)
        // The control thread has it before the next one comes.
        #expect(eventually { (try? server.get("/healthz").status) == 200 })
        let late = try send(1)
        let started = ContinuousClock.now
        for path in ["/healthz", "/metrics", "/v1/stats", "/v1/models/leads"] {
            #expect(try server.get(path).status == 200)
        }
        #expect(ContinuousClock.now - started < .milliseconds(400))
        let (longAnswer, lateAnswer) = (try long.answer(), try late.answer())
        #expect(longAnswer?.status == 504 && longAnswer?.body.contains("goes on") == true)
        #expect(lateAnswer?.status == 503 && lateAnswer?.body.contains("not begun") == true)
        let client = try server.scoringClient()
        #expect(eventually { (try? score(client, "leads").margin) == 1 })
        usleep(200_000)
        #expect(try server.store.publications(ofModel: "leads", last: 20).map(\.version) == [server.versions[0]])
    }

    @Test("new certificates hold for both listeners")
    func certificates() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/leadline-control-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try DevelopmentCertificates.create(in: folder)
        let server = try StoreServer(certificates: folder)
        func isTrusted(_ address: String, by authority: String, _ spoken: ApplicationProtocol) -> Bool {
            let connection = try? AdminConnection(
                to: address,
                authority: authority,
                certificate: nil,
                speaking: spoken
            )
            return connection?.hasEnded == false
        }
        let old = folder + "/old.pem"
        try FileManager.default.copyItem(atPath: folder + "/ca.pem", toPath: old)
        let admin = try #require(server.server.adminAddress)
        #expect(isTrusted(admin, by: old, .http1))
        _ = try DevelopmentCertificates.create(in: folder, replacesExisting: true)
        server.server.reload()
        #expect(eventually { isTrusted(admin, by: folder + "/ca.pem", .http1) })
        #expect(eventually { isTrusted(server.server.listenAddress, by: folder + "/ca.pem", .http2) })
        #expect(!isTrusted(admin, by: old, .http1))
    }
}
