import Foundation

/// Runs the `leadline` that was built beside the tests, in a folder of its own.
final class CommandRunner: Sendable {
    /// What a run left.
    struct Result {
        var status: Int32
        var output: [UInt8]
        var errors: String

        var text: String { String(decoding: output, as: UTF8.self) }
    }

    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("leadline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    static var program: URL {
        Bundle.main.bundleURL.appendingPathComponent("leadline")
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// Writes a file into the folder.
    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    /// Runs to the end; relative paths are in the folder.
    func run(_ arguments: String...) throws -> Result { try run(arguments) }

    /// Runs to the end; relative paths are in the folder.
    func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Result {
        let (output, errors) = (path(UUID().uuidString), path(UUID().uuidString))
        for file in [output, errors] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: [UInt8](try Data(contentsOf: URL(fileURLWithPath: output))),
            errors: try String(contentsOfFile: errors, encoding: .utf8)
        )
    }
}

/// A `leadline serve` that runs until it is stopped.
final class RunningServer {
    private let process = Process()
    private let output = Pipe()
    let address: String
    let admin: String?

    /// Starts it and waits for the line that says where it listens.
    convenience init(_ runner: CommandRunner, _ arguments: String...) throws { try self.init(runner, arguments) }

    /// Starts it and waits for the line that says where it listens.
    init(_ runner: CommandRunner, _ arguments: [String]) throws {
        process.executableURL = CommandRunner.program
        process.arguments = ["serve"] + arguments
        process.currentDirectoryURL = runner.folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var line = Data()
        while !line.contains(0x0A) {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw CocoaError(.fileReadUnknown) }
            line += more
        }
        struct Ready: Decodable {
            var ready: Bool
            var listen: String
            var admin: String?
        }
        let ready = try JSONDecoder().decode(Ready.self, from: line)
        (address, admin) = (ready.listen, ready.admin)
    }

    /// Starts one worker on free ports of loopback, with the folder's `models` and `certs`.
    convenience init(_ runner: CommandRunner) throws {
        try self.init(
            runner,
            "--models",
            "models",
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
            "--tls-cert",
            "certs/server.pem",
            "--tls-key",
            "certs/server.key",
            "--workers",
            "1"
        )
    }

    /// Asks it to end, and tells its exit status.
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    deinit { if process.isRunning { process.terminate() } }
}
