import EnsembleKernels
import Foundation
import LeadScoring
import ModelStore
import Testing

@Suite struct BundleStoreTests {
    @Test func `a bundle that was written is loaded with the same model`() throws {
        let fixture = try StoreFixture()
        let written = try fixture.store.write(StoreFixture.draft(), name: "leads")
        let loaded = try fixture.store.load(name: "leads", version: written.version)
        #expect(written.version.hasPrefix("000001-") && written.version.utf8.count == 15)
        #expect(loaded.manifest == written.manifest)
        #expect(loaded.model.recipe == StoreFixture.recipe)
        #expect(loaded.model.name == "leads" && loaded.model.version == written.version)
        #expect(loaded.goldenRows.expected.rows == GoldenRows.rowsMax)
        #expect(loaded.report == Array(#"{"auc":0.9}"#.utf8))
        #expect(try fixture.bytes(loaded, "model.txt") == StoreFixture.model())
        let results = try loaded.model.score(columns: [[0, 1, 1], [0, 3, .nan], [0, 0, 0]], asOfDays: 0)
        #expect(results.margins == [-1, 1.5, 0.5])
    }

    @Test func `every path that names the bundle loads it`() throws {
        let fixture = try StoreFixture()
        let version = try fixture.store.write(StoreFixture.draft(), name: "leads").version
        for path in ["/leads", "/leads/", "/leads/\(version)", "/leads/\(version)/"] {
            let bundle = try BundleStore.load(path: fixture.path + path)
            #expect(bundle.name == "leads" && bundle.version == version)
        }
        for path in ["/none", "/leads/\(version)/model.txt", ""] {
            #expect(throws: BundleError.self) { try BundleStore.load(path: fixture.path + path) }
        }
    }

    @Test func `a model's folder is the version that would be served, and an alias behind it another`() throws {
        let fixture = try StoreFixture()
        let versions = try (0..<3).map {
            try fixture.store.write(StoreFixture.draft(leaf: Double(-$0) - 1), name: "leads").version
        }
        func version(_ path: String) throws -> String { try BundleStore.load(path: fixture.path + path).version }
        #expect(try version("/leads") == versions[2])
        for (alias, version) in [("production", versions[0]), ("candidate", versions[1])] {
            _ = try fixture.store.publish(version, as: alias, ofModel: "leads", by: "test")
        }
        #expect(try version("/leads") == versions[0] && version("/leads/") == versions[0])
        #expect(try version("/leads@candidate") == versions[1] && version("/leads@production") == versions[0])
        #expect(try version("/leads/\(versions[2])") == versions[2])
        for path in ["/leads@", "/leads@none", "/none@candidate", "/@candidate", "/leads@a/b"] {
            #expect(throws: BundleError.self) { try BundleStore.load(path: fixture.path + path) }
        }
    }

    @Test func `versions count upwards and the newest is listed first`() throws {
        let fixture = try StoreFixture()
        let versions = try (0..<3).map {
            try fixture.store.write(StoreFixture.draft(leaf: Double(-$0) - 1), name: "leads").version
        }
        #expect(versions.map { $0.prefix(6) } == ["000001", "000002", "000003"])
        let listing = try fixture.store.listing()
        #expect(listing == [BundleStore.Listing(name: "leads", versions: versions.reversed())])
        #expect(try fixture.store.loadNewest(name: "leads").bundle.version == versions[2])
    }

    @Test func `the same content is not written twice, but again when it is damaged`() throws {
        let fixture = try StoreFixture()
        let first = try fixture.store.write(StoreFixture.draft(), name: "leads")
        #expect(try fixture.store.write(StoreFixture.draft(), name: "leads").version == first.version)
        try Data("x".utf8).write(to: fixture.file(first, "model.txt"))
        let second = try fixture.store.write(StoreFixture.draft(), name: "leads")
        #expect(second.version == "000002" + first.version.dropFirst(6))
    }

    @Test func `the same draft gives the same bytes in another store`() throws {
        let (one, two) = (try StoreFixture(), try StoreFixture())
        let first = try one.store.write(StoreFixture.draft(), name: "a")
        let second = try two.store.write(StoreFixture.draft(), name: "b")
        #expect(first.version == second.version)
        for file in ["manifest.json", "model.txt", "golden.bin", "report.json", "plan-registers.bin"] {
            #expect(try one.bytes(first, file) == two.bytes(second, file))
        }
    }

    @Test(arguments: ["manifest.json", "model.txt", "golden.bin", "report.json", "plan-registers.bin"])
    func `a file that is cut, changed, longer, gone or a link is refused by name`(file: String) throws {
        let fixture = try StoreFixture()
        let bundle = try fixture.store.write(StoreFixture.draft(), name: "leads")
        let good = try fixture.bytes(bundle, file)
        let url = fixture.file(bundle, file)
        func refused() {
            // Of the model and its plan serving looks at one: a thorough look is at both.
            let error = #expect(throws: BundleError.self) {
                _ = try fixture.store.load(name: "leads", version: bundle.version, isThorough: true)
            }
            #expect(error?.path.hasSuffix(file) == true, "\(String(describing: error))")
        }
        for length in [0, 1, good.count / 2, good.count - 1] {
            try Data(good.prefix(length)).write(to: url)
            refused()
        }
        try Data(good + [0]).write(to: url)
        refused()
        for place in stride(from: 0, to: good.count, by: max(1, good.count / 23)) {
            var bent = good
            bent[place] ^= 0x20
            try Data(bent).write(to: url)
            refused()
        }
        try FileManager.default.removeItem(at: url)
        refused()
        try Data(good).write(to: URL(fileURLWithPath: fixture.path + "/aside"))
        try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: fixture.path + "/aside")
        refused()
        try FileManager.default.removeItem(at: url)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        refused()
        try FileManager.default.removeItem(at: url)
        try Data(good).write(to: url)
        _ = try fixture.store.load(name: "leads", version: bundle.version)
    }

    @Test func `the newest version that passes is loaded and the others are reported`() throws {
        let fixture = try StoreFixture()
        let good = try fixture.store.write(StoreFixture.draft(), name: "leads")
        let bad = try fixture.store.write(StoreFixture.draft(leaf: -2), name: "leads")
        try Data("x".utf8).write(to: fixture.file(bad, "golden.bin"))
        let (bundle, failed) = try fixture.store.loadNewest(name: "leads")
        #expect(bundle.version == good.version)
        #expect(failed.map(\.version) == [bad.version])
        _ = try fixture.store.write(StoreFixture.draft(), name: "other")
        try FileManager.default.removeItem(at: fixture.file(good, "manifest.json"))
        let all = try fixture.store.loadAll()
        #expect(all.bundles.map(\.name) == ["other"])
        #expect(all.failed.map(\.name) == ["leads"])
        #expect(throws: BundleError.self) { try fixture.store.loadNewest(name: "leads") }
        #expect(throws: BundleError.self) { try fixture.store.loadNewest(name: "none") }
    }

    @Test func `half-written folders and strangers are not looked at, and old ones are removed`() throws {
        let fixture = try StoreFixture()
        let manager = FileManager.default
        let names = ["leads/.tmp-1-a", "leads/.tmp-2-b", "leads/notes", "leads/1-9f3ac2d1", "leads/000009-XYZ", ".git"]
        for name in names {
            try manager.createDirectory(atPath: fixture.path + "/" + name, withIntermediateDirectories: true)
        }
        try Data().write(to: URL(fileURLWithPath: fixture.path + "/README"))
        let day = Date(timeIntervalSinceNow: -100_000)
        try manager.setAttributes([.modificationDate: day], ofItemAtPath: fixture.path + "/leads/.tmp-1-a")
        #expect(try fixture.store.listing().isEmpty)
        let bundle = try fixture.store.write(StoreFixture.draft(), name: "leads")
        #expect(bundle.version.hasPrefix("000001-"))
        #expect(try fixture.store.listing().map(\.versions) == [[bundle.version]])
        let left = try manager.contentsOfDirectory(atPath: fixture.path + "/leads").filter { $0.hasPrefix(".") }
        #expect(left == [".tmp-2-b"])
    }

    @Test func `writers at once leave whole bundles only`() async throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        let versions = try await withThrowingTaskGroup(of: String.self) { group in
            for writer in 0..<12 {
                group.addTask {
                    try store.write(StoreFixture.draft(leaf: Double(writer % 4) - 9), name: "leads").version
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        let listing = try store.listing()
        #expect(Set(listing[0].versions) == versions)
        for version in versions { _ = try store.load(name: "leads", version: version) }
        let left = try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/leads")
        #expect(left.allSatisfy { !$0.hasPrefix(".") })
    }

    @Test(arguments: ["", ".", "..", "a/b", "../x", ".hidden", "a b", "é", String(repeating: "x", count: 101)])
    func `a name that could lead elsewhere is refused`(name: String) throws {
        let fixture = try StoreFixture()
        #expect(throws: BundleError.self) { try fixture.store.write(StoreFixture.draft(), name: name) }
        #expect(throws: BundleError.self) { try fixture.store.load(name: name, version: "000001-00000000") }
        #expect(throws: BundleError.self) { try fixture.store.load(name: "leads", version: name) }
    }

    @Test func `a folder that cannot be written leaves an error and nothing else`() throws {
        let fixture = try StoreFixture()
        try Data().write(to: URL(fileURLWithPath: fixture.path + "/leads"))
        let error = #expect(throws: BundleError.self) {
            try fixture.store.write(StoreFixture.draft(), name: "leads")
        }
        #expect(error?.path == fixture.path + "/leads")
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path) == ["leads"])
    }

    @Test func `a recipe that does not fit the model is not written`() throws {
        let fixture = try StoreFixture()
        var draft = StoreFixture.draft()
        draft.recipe.features.removeLast()
        #expect(throws: InvalidRecipe.self) { try fixture.store.write(draft, name: "leads") }
        draft = StoreFixture.draft()
        draft.goldenColumns = [[Double]](repeating: [Double](repeating: 0, count: 65), count: 3)
        #expect(throws: BundleError.self) { try fixture.store.write(draft, name: "leads") }
        #expect(try fixture.store.listing().isEmpty)
    }

    @Test(arguments: ["000001-9f3ac2d1", "999999-00000000", "1000000-abcdef01"])
    func `a version's name is read and written the same`(text: String) throws {
        #expect(VersionName(text)?.text == text)
    }

    @Test(arguments: [
        "", "1-9f3ac2d1", "000001", "000001-9F3AC2D1", "000001-9f3ac2d", "0000001-9f3ac2d1", "-00001-abcdef01",
    ])
    func `what is no version's name is none`(text: String) { #expect(VersionName(text) == nil) }

    @Test func `versions sort by number`() throws {
        let names = try ["000010-00000000", "1000000-00000000", "000009-ffffffff", "000010-00000001"].map {
            try #require(VersionName($0))
        }
        #expect(names.sorted().map(\.number) == [9, 10, 10, 1_000_000])
    }
}
