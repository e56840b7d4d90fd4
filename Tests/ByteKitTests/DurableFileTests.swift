import ByteKit
import Foundation
import Synchronization
import Testing

@Suite("Durable files and locks")
struct DurableFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/durable-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test("a file is replaced whole, and nothing is left beside it")
    func replaces() throws {
        try withFolder { folder in
            let path = folder + "/file"
            for text in ["first", "", "a longer one", "x"] {
                try DurableFile.replace(path, with: Array(text.utf8))
                #expect(try [UInt8](contentsOfFile: path) == Array(text.utf8))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        }
    }

    @Test("a failure to replace leaves no draft, and says what the system says")
    func failure() throws {
        try withFolder { folder in
            // A folder with something in it cannot be replaced by a file.
            try FileManager.default.createDirectory(atPath: folder + "/file/x", withIntermediateDirectories: true)
            #expect(throws: FileError.self) { try DurableFile.replace(folder + "/file", with: [1]) }
            #expect(throws: FileError.self) { try DurableFile.replace(folder + "/missing/file", with: [1]) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        }
    }

    @Test("bytes are added where the whole part ends, and the tail tells what is there")
    func appends() throws {
        try withFolder { folder in
            let path = folder + "/log"
            #expect(try DurableFile.tail(of: path, atMost: 10) == nil)
            try DurableFile.append(Array("one\ntw".utf8), to: path, at: 0)
            try DurableFile.append(Array("two\n".utf8), to: path, at: 4)
            let tail = try #require(try DurableFile.tail(of: path, atMost: 5))
            #expect(String(decoding: tail.bytes, as: UTF8.self) == "\ntwo\n" && tail.offset == 3)
            #expect(try DurableFile.tail(of: path, atMost: 100)?.offset == 0)
        }
    }

    @Test("of many threads one has the lock at a time, and one that waits too long is told")
    func excludes() throws {
        try withFolder { folder in
            let path = folder + "/.lock"
            let inside = Atomic<Int>(0)
            let entries = Atomic<Int>(0)
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                for _ in 0..<20 {
                    guard let lock = try? FileLock(path, waitAtMost: 20_000) else { continue }
                    if inside.add(1, ordering: .sequentiallyConsistent).newValue == 1 {
                        entries.add(1, ordering: .relaxed)
                    }
                    inside.subtract(1, ordering: .sequentiallyConsistent)
                    lock.release()
                }
            }
            #expect(entries.load(ordering: .relaxed) == 160)
            let lock = try FileLock(path, waitAtMost: 0)
            #expect { _ = try FileLock(path, waitAtMost: 20) } throws: { ($0 as? FileError)?.isTaken == true }
            lock.release()
            _ = try FileLock(path, waitAtMost: 0)
        }
    }
}
