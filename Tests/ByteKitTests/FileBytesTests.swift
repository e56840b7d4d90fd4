import ByteKit
import Foundation
import Testing

@Suite("Whole files as bytes")
struct FileBytesTests {
    private func withFile(_ content: [UInt8], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bytes-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("file")
        try Data(content).write(to: file)
        try body(file.path)
    }

    @Test("a file is read whole, whatever its length", arguments: [0, 1, 4_095, 4_096, 200_001])
    func lengths(count: Int) throws {
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try withFile(content) { path in
            let bytes = try [UInt8](contentsOfFile: path)
            #expect(bytes == content)
        }
    }

    @Test("what tells no length is read until it ends")
    func unknownLength() throws {
        let status = try [UInt8](contentsOfFile: "/proc/self/status")
        #expect(String(decoding: status, as: UTF8.self).contains("VmHWM"))
        let pipe = Pipe()
        let content = [UInt8](repeating: 0x61, count: 300_000)
        let writer = Thread {
            pipe.fileHandleForWriting.write(Data(content))
            try? pipe.fileHandleForWriting.close()
        }
        writer.start()
        let bytes = try [UInt8](contentsOfFile: "/proc/self/fd/\(pipe.fileHandleForReading.fileDescriptor)")
        #expect(bytes == content)
    }

    @Test("a file that is not there, and a folder, are refused in the system's words")
    func refusals() throws {
        try withFile([]) { path in
            let missing = #expect(throws: FileError.self) { try [UInt8](contentsOfFile: path + ".not") }
            #expect(missing?.description == "No such file or directory")
            let folder = (path as NSString).deletingLastPathComponent
            let error = #expect(throws: FileError.self) { try [UInt8](contentsOfFile: folder) }
            #expect(error?.description == "Is a directory")
        }
    }
}
