import EnsembleKernels
import Foundation
import LeadScoring
import ModelStore
import Testing

@Suite struct PlanTests {
    private static let plan = "plan-registers.bin"
    private static let columns: [[Double]] = [[0, 1, 1], [0, 3, .nan], [0, 0, 0]]

    /// Whether the processor's best kernel is of the kind that plans are written for.
    private static var isForHere: Bool {
        EnsembleKernel.supportedByProcessor.first?.planKind == .registers
    }

    /// A bundle in a store of its own, and the file of its plan.
    private func bundle() throws -> (StoreFixture, LoadedBundle, URL) {
        let fixture = try StoreFixture()
        let bundle = try fixture.store.write(StoreFixture.draft(), name: "leads")
        return (fixture, bundle, fixture.file(bundle, Self.plan))
    }

    private func expectScores(_ bundle: LoadedBundle) throws {
        #expect(try bundle.model.score(columns: Self.columns, asOfDays: 0).margins == [-1, 1.5, 0.5])
    }

    @Test(.enabled(if: isForHere)) func `a bundle is served from its plan, whatever its model file holds`() throws {
        let (fixture, written, _) = try bundle()
        #expect(written.plan == .used(file: Self.plan) && written.notice == nil)
        let file = fixture.file(written, "model.txt")
        try Data([UInt8](repeating: 0x20, count: fixture.bytes(written, "model.txt").count)).write(to: file)
        let loaded = try fixture.store.load(name: "leads", version: written.version)
        #expect(loaded.plan == .used(file: Self.plan))
        try expectScores(loaded)
        #expect(loaded.model.kernel.outline.treeCount == 1 && loaded.model.kernel.outline.leafCount == 3)
        // A kernel of another kind needs the model file, and finds it damaged.
        #expect(throws: BundleError.self) {
            _ = try fixture.store.load(name: "leads", version: written.version, isThorough: true)
        }
        if KernelName.portable.planKind != .registers {
            #expect(throws: BundleError.self) {
                _ = try fixture.store.load(name: "leads", version: written.version, kernel: .portable)
            }
        }
    }

    @Test(arguments: KernelName.allCases.filter { $0.missingOnThisProcessor.isEmpty })
    func `every kernel serves the bundle, with a plan of its kind or without`(kernel: KernelName) throws {
        let (fixture, written, _) = try bundle()
        let loaded = try fixture.store.load(name: "leads", version: written.version, kernel: kernel)
        #expect(loaded.plan == (kernel.planKind == .registers ? .used(file: Self.plan) : .absent))
        #expect(loaded.notice == nil)
        try expectScores(loaded)
    }

    @Test(.enabled(if: isForHere)) func `a damaged plan is told of, and the model file serves`() throws {
        let (fixture, written, file) = try bundle()
        let good = try fixture.bytes(written, Self.plan)
        func expectRefusal(_ words: String) throws {
            let loaded = try fixture.store.load(name: "leads", version: written.version)
            guard case .refused(let name, let reason) = loaded.plan else {
                Issue.record("\(loaded.plan) instead of a refusal: \(words)")
                return
            }
            #expect(name == Self.plan && (words.isEmpty || reason.contains(words)), "\(reason)")
            #expect(loaded.notice?.contains(Self.plan) == true)
            try expectScores(loaded)
        }
        for length in [0, 1, 64, good.count / 2, good.count - 1] {
            try Data(good.prefix(length)).write(to: file)
            try expectRefusal(length == 0 ? "empty" : "bytes instead of \(good.count)")
        }
        for place in stride(from: 0, to: good.count, by: 97) {
            var bent = good
            bent[place] ^= 0x11
            try Data(bent).write(to: file)
            try expectRefusal(place < 32 ? "" : "digest")
        }
        try FileManager.default.removeItem(at: file)
        try expectRefusal("cannot be opened")
        try Data(good).write(to: URL(fileURLWithPath: fixture.path + "/aside"))
        try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: fixture.path + "/aside")
        try expectRefusal("cannot be opened")
        try FileManager.default.removeItem(at: file)
        try Data(good).write(to: file)
        #expect(try fixture.store.load(name: "leads", version: written.version).plan == .used(file: Self.plan))
    }

    @Test(.enabled(if: isForHere)) func `a plan of another model is not used, though its digest is right`() throws {
        let (fixture, written, _) = try bundle()
        let other = try fixture.store.write(StoreFixture.draft(leaf: -3), name: "other")
        let version = try forge(fixture, written, plan: try fixture.bytes(other, Self.plan))
        let loaded = try fixture.store.load(name: "leads", version: version)
        #expect(loaded.plan == .refused(file: Self.plan, reason: "it was made from another model file"))
        try expectScores(loaded)
    }

    @Test(.enabled(if: isForHere)) func `a plan that scores golden rows otherwise is not used`() throws {
        let (fixture, written, _) = try bundle()
        let other = try fixture.store.write(StoreFixture.draft(leaf: -3), name: "other")
        // The other model's plan says that it is this one's.
        var plan = try fixture.bytes(other, Self.plan)
        plan.replaceSubrange(32..<64, with: try fixture.bytes(written, Self.plan)[32..<64])
        let version = try forge(fixture, written, plan: plan)
        let loaded = try fixture.store.load(name: "leads", version: version)
        guard case .refused(_, let reason) = loaded.plan else {
            Issue.record("\(loaded.plan) instead of a refusal")
            return
        }
        #expect(reason.contains("golden row"), "\(reason)")
        try expectScores(loaded)
    }

    @Test(.enabled(if: isForHere)) func `a plan of another version or kind is not used`() throws {
        let (fixture, written, _) = try bundle()
        for (place, byte, words) in [(12, UInt8(1), "version 1"), (16, 9, "unknown kind"), (8, 1, "byte order")] {
            var plan = try fixture.bytes(written, Self.plan)
            plan[place] = byte
            let version = try forge(fixture, written, plan: plan)
            let loaded = try fixture.store.load(name: "leads", version: version)
            #expect(loaded.notice?.contains(words) == true, "\(loaded.plan)")
            try expectScores(loaded)
        }
        var plan = try fixture.bytes(written, Self.plan)
        plan[16] = 0
        let loaded = try fixture.store.load(name: "leads", version: try forge(fixture, written, plan: plan))
        #expect(loaded.plan == .absent && loaded.notice == nil)
    }

    @Test func `a bundle without a plan loads, and one with several takes what fits`() throws {
        let (fixture, written, _) = try bundle()
        let without = try fixture.forge(written, number: 2) { manifest in
            let files = manifest["files"] as? [[String: Any]] ?? []
            manifest["files"] = files.filter { $0["role"] as? String != "plan" }
        }
        let loaded = try fixture.store.load(name: "leads", version: without)
        #expect(loaded.plan == .absent && loaded.notice == nil)
        try expectScores(loaded)
        // A plan of a kind that is not this kernel's stands before its own.
        let several = try fixture.forge(written, number: 3) { manifest in
            var files = manifest["files"] as? [[String: Any]] ?? []
            files.insert(
                ["name": "report.json", "role": "plan", "bytes": 11, "sha256": files[2]["sha256"] ?? ""],
                at: 0
            )
            files.removeAll { $0["role"] as? String == "report" }
            manifest["files"] = files
        }
        let chosen = try fixture.store.load(name: "leads", version: several)
        if Self.isForHere { #expect(chosen.plan == .used(file: Self.plan)) }
        try expectScores(chosen)
    }

    /// The bundle with another plan under the plan's name, and a manifest that says so.
    private func forge(_ fixture: StoreFixture, _ bundle: LoadedBundle, plan: [UInt8]) throws -> String {
        let version = try fixture.forge(bundle, number: 2) { manifest in
            var files = manifest["files"] as? [[String: Any]] ?? []
            for index in files.indices where files[index]["role"] as? String == "plan" {
                files[index]["bytes"] = plan.count
                files[index]["sha256"] = hexadecimalDigest(Data(plan))
            }
            manifest["files"] = files
        }
        let path = "\(fixture.path)/\(bundle.name)/\(version)/\(Self.plan)"
        try Data(plan).write(to: URL(fileURLWithPath: path))
        return version
    }
}
