import ByteKit
import Foundation
import LeadClient
import LeadWire
import TLSTransport
import Testing

/// A request as it went over the network, and the reply that came: what other clients (curl, h2load) are tried with.
///
/// `model.txt` is a LightGBM model of three small trees made for this; `request.bin` is what `leadline score
/// --save-requests` writes for `leads.csv`.
@Suite("The recorded request", .timeLimit(.minutes(2)))
struct RecordedRequestTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Recorded")

    private static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    @Test("a server that imported the model gives the recorded reply, and the same leads make the recorded request")
    func recorded() async throws {
        let runner = try CommandRunner()
        let (model, leads) = (Self.folder.path + "/model.txt", Self.folder.path + "/leads.csv")
        let imported = try runner.run("import", model, "--out", "models/recorded")
        #expect(imported.status == 0, "\(imported.errors)")
        let saved = try runner.run(
            "score",
            "--model",
            "models/recorded",
            leads,
            "--as-of",
            "2026-11-21",
            "--save-requests",
            "requests"
        )
        #expect(saved.status == 0, "\(saved.errors)")
        let page = try runner.run("inspect", "--json", "models/recorded")
        let inspected = try JSONSerialization.jsonObject(with: Data(page.output))
        let readiness = try #require((inspected as? [String: Any])?["readiness"] as? [String: Any])
        let plans = try #require(readiness["plans"] as? [[String: Any]])
        #expect(plans.count == 1 && plans[0]["file"] as? String == "plan-registers.bin", "\(readiness)")
        #expect(plans[0]["kind"] as? String == "registers" && plans[0]["reason"] == nil, "\(readiness)")
        #expect(readiness["again_milliseconds"] as? Double ?? 0 > 0, "\(readiness)")
        let request = try Self.bytes("request.bin")
        #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: runner.path("requests/request-1.bin")))) == request)

        #expect(try runner.run("certs", "certs").status == 0)
        let server = try RunningServer(runner)
        let client = try LeadClient(
            LeadClientConfiguration(
                server: "https://\(server.address)",
                tls: TLSClientConfiguration(authorityPath: runner.path("certs/ca.pem"))
            )
        )
        let reply = try await client.score(request).reply
        client.close()
        #expect(server.stop() == 0)
        let bytes = try Self.bytes("reply.bin")
        // The version's digest stands for the packed plan too, which another release may pack otherwise.
        var recorded = try ScoreReply.decode(bytes.rawBytes)
        #expect(recorded.version.prefix(7) == reply.version.prefix(7))
        recorded.version = reply.version
        #expect(recorded == reply)
        // Worked by hand from model.txt: the first lead goes left everywhere, -1.25 + 0.625 - 0.3.
        #expect(reply.margins.first == -1.25 + 0.625 - 0.3)
        #expect(reply.rows == 8 && reply.tiers == [1, 0, 0, 0, 0, 0, 1, 0])
    }
}
