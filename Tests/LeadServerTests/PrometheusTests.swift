import Foundation
import LeadServer
import LeadTypes
import LeadWire
import Reactor
import Testing

/// Debian's package prometheus has both programs; where they are not, these tests are reported as skipped.
private let prometheus = "/usr/bin/prometheus"
private let promtool = "/usr/bin/promtool"
private let isInstalled = [prometheus, promtool].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }

@Suite("Prometheus", .enabled(if: isInstalled, "Prometheus is not installed"), .serialized)
struct PrometheusTests {
    /// The alerts that OPERATING.md hands out.
    private static let rules = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("proto-docs/operating/alerts.yml").path

    @Test("likes the metrics: its linter finds nothing")
    func linter() throws {
        let server = try TestServer()
        _ = try server.client().request("GET", "/healthz")
        let page = try server.adminPage("/metrics")
        let body = try #require(page.range(of: "\r\n\r\n")).upperBound
        try check(["check", "metrics"], input: String(page[body...]))
    }

    @Test("takes the alerts")
    func alerts() throws { try check(["check", "rules", Self.rules], input: "") }

    @Test("scrapes a server and can be asked what it did, with the alerts evaluated")
    func scrape() throws {
        let server = try TestServer()
        let client = try server.client()
        for _ in 0..<3 {
            _ = try client.request(
                "POST",
                WireFormat.scorePath,
                contentType: WireFormat.contentType,
                body: try TestModel.request([1, 2, 3])
            )
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "prometheus-\(UInt64.random(in: 0 ... .max))"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let configuration = """
            global: {scrape_interval: 100ms, scrape_timeout: 100ms, evaluation_interval: 100ms}
            rule_files: [\(Self.rules)]
            scrape_configs:
              - job_name: leadline
                static_configs: [{targets: ['\(try #require(server.server.adminAddress))']}]

            """
        let file = folder.appendingPathComponent("prometheus.yml")
        try Data(configuration.utf8).write(to: file)
        let port = try freePort()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: prometheus)
        process.arguments = [
            "--config.file=\(file.path)", "--storage.tsdb.path=\(folder.appendingPathComponent("data").path)",
            "--web.listen-address=127.0.0.1:\(port)", "--log.level=error",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        func ask(_ path: String) -> String { (try? AdminPage.read(path, at: "127.0.0.1:\(port)")) ?? "no answer" }
        var said = ""
        let isScraped = eventually(seconds: 30) {
            said = ask("/api/v1/query?query=leadline_rows_scored_total")
            return said.contains("\"9\"]")
        }
        #expect(isScraped, "\(said)")
        #expect(ask("/api/v1/query?query=up").contains("\"1\"]"))
        let rules = ask("/api/v1/rules")
        #expect(rules.contains("LeadlineNotReady") && !rules.contains("\"health\":\"err\""), "\(rules)")
    }

    /// A port that nobody listens on now.
    private func freePort() throws -> UInt16 {
        let listener = try TCPListener(binding: try SocketAddress.resolve("127.0.0.1:0")[0], sharesPort: false)
        return try #require(listener.address.description.split(separator: ":").last.flatMap { UInt16($0) })
    }

    private func check(_ arguments: [String], input text: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: promtool)
        process.arguments = arguments
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let words = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(words)")
    }
}
