import ByteKit
import EnsembleKernels
import Foundation
import LeadScoring
import LeadTypes
import ModelStore
import Testing
import TreeEnsemble

@Suite struct HostileBundleTests {
    /// A change to a good manifest, and a part of what its refusal says.
    struct Flaw: Sendable, CustomTestStringConvertible {
        var words: String
        var change: @Sendable (inout [String: Any]) -> Void
        var testDescription: String { words }

        /// A change to the file of this number (golden, model, report).
        static func file(_ number: Int, _ key: String, _ value: any Sendable, _ words: String) -> Flaw {
            Flaw(words: words) { manifest in
                var files = manifest["files"] as? [[String: Any]] ?? []
                files[number][key] = value
                manifest["files"] = files
            }
        }

        static func recipe(_ key: String, _ value: any Sendable, _ words: String) -> Flaw {
            Flaw(words: words) { manifest in
                var recipe = manifest["recipe"] as? [String: Any] ?? [:]
                recipe[key] = value
                manifest["recipe"] = recipe
            }
        }
    }

    @Test(arguments: [
        Flaw(words: "no manifest of a bundle") { $0["format"] = "zip" },
        Flaw(words: "bundle format 2") { $0["formatVersion"] = 2 },
        Flaw(words: "bundle format 0") { $0["formatVersion"] = 0 },
        Flaw(words: "formatVersion") { $0["formatVersion"] = "1" },
        Flaw(words: "requires \"grid\"") { $0["requires"] = ["grid"] },
        Flaw(words: "\"files\" is missing") { $0["files"] = nil },
        Flaw(words: "files") { $0["files"] = "all" },
        Flaw(words: "0 files have the role \"model\"") { $0["files"] = [] as [Any] },
        Flaw(words: "recipe") { $0["recipe"] = [1, 2, 3] },
        .file(1, "name", "../../../etc/passwd", "cannot be the name of a file"),
        .file(1, "name", "/etc/passwd", "cannot be the name of a file"),
        .file(1, "name", ".", "cannot be the name of a file"),
        .file(1, "name", "a\u{0}b", "cannot be the name of a file"),
        .file(1, "name", "golden.bin", "cannot be the name of a file"),
        .file(1, "name", "manifest.json", "cannot be the name of a file"),
        .file(1, "role", "golden", "files have the role"),
        .file(1, "bytes", -1, "no proper length"),
        .file(1, "bytes", 1 << 50, "bytes instead of"),
        .file(1, "bytes", 1.5, "the manifest cannot be read"),
        .file(1, "sha256", "", "no proper length or digest"),
        .file(1, "sha256", String(repeating: "0", count: 64), "its digest is not the one"),
        .recipe("features", [] as [String], "0 feature rules"),
        .recipe("tiers", [] as [String], "0 tiers"),
        .recipe("outputIndex", 1, "output 1 of an ensemble that has 1"),
        .recipe("calibration", ["kind": "magic"], "does not know the calibration"),
        .recipe("scale", ["kind": "percentile"], "cuts"),
        .recipe("schema", ["name": "x"], "recipe.schema"),
    ])
    func `a manifest with a proper digest but wrong content is refused`(flaw: Flaw) throws {
        let fixture = try StoreFixture()
        let good = try fixture.store.write(StoreFixture.draft(), name: "leads")
        let version = try fixture.forge(good, number: 2, change: flaw.change)
        let error = #expect(throws: BundleError.self) { try fixture.store.load(name: "leads", version: version) }
        #expect(error?.description.contains(flaw.words) == true, "\(String(describing: error))")
        #expect(try fixture.store.loadNewest(name: "leads").bundle.version == good.version)
    }

    @Test(arguments: [
        "", "{", "[]", "null", "\u{FEFF}{}", String(repeating: "[", count: 100_000), "{\"format\":1e999}",
    ])
    func `a manifest that is no JSON object is refused`(text: String) throws {
        let fixture = try StoreFixture()
        let good = try fixture.store.write(StoreFixture.draft(), name: "leads")
        let version = try fixture.forge(good, number: 2, manifest: Data(text.utf8))
        #expect(throws: BundleError.self) { try fixture.store.load(name: "leads", version: version) }
    }

    @Test func `unknown fields and files of unknown roles are no obstacle`() throws {
        let fixture = try StoreFixture()
        let good = try fixture.store.write(StoreFixture.draft(), name: "leads")
        let version = try fixture.forge(good, number: 2) { manifest in
            manifest["grid"] = ["rows": 3]
            var files = manifest["files"] as? [[String: Any]] ?? []
            files[2]["role"] = "reasons"
            manifest["files"] = files
        }
        let bundle = try fixture.store.load(name: "leads", version: version)
        #expect(bundle.report == nil)
        #expect(bundle.manifest.files[2].role == "reasons")
    }

    /// Golden rows in which one result was changed.
    @Test(arguments: [("margin", 0), ("probability", 1), ("score", 2), ("tier", 3), ("status", 4)])
    func `a golden row that a model does not reproduce is named`(part: String, number: Int) throws {
        let fixture = try StoreFixture()
        let good = try fixture.store.write(StoreFixture.draft(), name: "leads")
        var golden = try fixture.bytes(good, "golden.bin")
        let rows = GoldenRows.rowsMax
        let results = 24 + rows * 8 * 3
        golden[results + [8 * 5, 8 * rows + 4 * 5, 12 * rows + 5, 13 * rows + 5, 14 * rows + 5][number]] ^= 1
        let digest = SHA256Digest.hexadecimal(of: golden)
        let version = try fixture.forge(good, number: 2) { manifest in
            var files = manifest["files"] as? [[String: Any]] ?? []
            files[0]["sha256"] = digest
            manifest["files"] = files
        }
        try Data(golden).write(to: URL(fileURLWithPath: fixture.path + "/leads/\(version)/golden.bin"))
        for kernel in EnsembleKernel.supportedByProcessor {
            let error = #expect(throws: BundleError.self) {
                try fixture.store.load(name: "leads", version: version, kernel: kernel)
            }
            #expect(error?.problem.hasPrefix("golden row 5 on the kernel \(kernel.rawValue): \(part)") == true)
        }
    }

    @Test func `golden rows of no columns are refused`() throws {
        let results = ScoreColumns(margins: [1], probabilities: [0.5], scores: [1], tiers: [0], statuses: [0])
        let golden = GoldenRows(columns: [], asOfDays: 0, expected: results)
        // No tree and no feature: a model that says the same of every lead.
        var recipe = StoreFixture.recipe
        recipe.schema = LeadSchema(columns: [])
        recipe.features = []
        let ensemble = Ensemble(
            provenance: Provenance(library: "hand", libraryVersion: "1", format: "none"),
            objective: "binary",
            featureNames: [],
            outputCount: 1,
            arithmetic: .float64LessOrEqual,
            baseMargins: [0],
            trees: [],
            transform: .sigmoid64(scale: 1)
        )
        let model = try LeadModel(name: "m", version: "1", recipe: recipe, ensemble: ensemble)
        #expect(throws: BundleError.self) { try golden.check(model, path: "golden") }
    }

    @Test func `golden rows cut anywhere, or of wild counts, are refused`() throws {
        let rows = GoldenRows(
            columns: [[1, .nan]],
            asOfDays: 0,
            expected: ScoreColumns(
                margins: [1, 2],
                probabilities: [0.5, 0.25],
                scores: [1, 2],
                tiers: [0, 1],
                statuses: [0, 0]
            )
        )
        let good = rows.encoded()
        let again = try GoldenRows.decode(good, columnCount: 1, path: "golden")
        #expect(again.expected == rows.expected && again.columns[0][0] == 1 && again.columns[0][1].isNaN)
        for length in 0..<good.count {
            #expect(throws: BundleError.self) {
                try GoldenRows.decode(Array(good.prefix(length)), columnCount: 1, path: "golden")
            }
        }
        #expect(throws: BundleError.self) { try GoldenRows.decode(good, columnCount: 2, path: "golden") }
        for place in 8..<16 {
            var wild = good
            wild[place] = 0xFF
            #expect(throws: BundleError.self) { try GoldenRows.decode(wild, columnCount: 1, path: "golden") }
        }
    }
}
