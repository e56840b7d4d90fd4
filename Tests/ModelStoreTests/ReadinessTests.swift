import Foundation
import ModelStore
import Testing

@Suite struct ReadinessTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ready-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    @Test func folderIsMadeAndAModelMayBeWritten() throws {
        try withFolder { folder in
            try BundleStore(path: folder + "/a/b").makeReady(name: "leads")
            #expect(FileManager.default.fileExists(atPath: folder + "/a/b"))
        }
    }

    @Test(arguments: ["", "bad name", ".hidden", "a/b", "ü"])
    func nameThatCannotBeOneIsRefused(name: String) throws {
        try withFolder { folder in
            let error = try #require(throws: BundleError.self) { try BundleStore(path: folder).makeReady(name: name) }
            #expect(error.description.contains("cannot name a model"))
        }
    }

    @Test func fileInThePlaceOfAFolderIsRefused() throws {
        try withFolder { folder in
            try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/leads"))
            let error = try #require(throws: BundleError.self) {
                try BundleStore(path: folder).makeReady(name: "leads")
            }
            #expect(error.description.contains("no folder"))
            #expect(throws: BundleError.self) { try BundleStore(path: folder + "/leads").makeReady(name: "x") }
        }
    }
}
