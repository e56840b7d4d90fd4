import Foundation
import Testing

/// Runs the `leadline` that was built beside these tests.
enum LeadlineCommand {
    struct Answer {
        var status: Int32
        var output: String
        var errors: String
    }

    /// The program: tests and products are built into one folder.
    static let program: URL = {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("leadline")
    }()

    /// Runs it to its end.
    static func run(_ arguments: String..., in folder: URL? = nil) throws -> Answer {
        try run(arguments, in: folder)
    }

    /// Runs it to its end.
    static func run(_ arguments: [String], in folder: URL? = nil) throws -> Answer {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = folder
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // Answers are small: neither pipe fills up before the other is read.
        let outputData = output.fileHandleForReading.readDataToEndOfFile()
        let errorData = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Answer(
            status: process.terminationStatus,
            output: String(decoding: outputData, as: UTF8.self),
            errors: String(decoding: errorData, as: UTF8.self)
        )
    }

    /// Calls a closure with a new folder that is removed afterwards.
    static func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("leadline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }
}
