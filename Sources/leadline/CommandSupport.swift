internal import ByteKit
internal import Foundation

/// A failure the operator can act on: what, where, and the remedy.
///
/// The command prints it and leaves with 1.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Writes text to standard error as it is.
func writeToStandardError(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
}

/// A text and a line end on standard output, at once.
/// - Throws: ``Failure`` when it cannot be written: the disk is full, say.
func printText(_ text: String) throws { try writeToStandardOutput(Array((text + "\n").utf8)) }

/// Writes bytes to standard output.
/// - Throws: ``Failure`` when it cannot be written.
func writeToStandardOutput(_ bytes: [UInt8]) throws {
    do {
        try FileHandle.standardOutput.write(contentsOf: Data(bytes))
    } catch {
        throw Failure("standard output cannot be written: \(reason(error))")
    }
}

/// One JSON object on one line of standard output, keys `like_this` and in order, at once (not when a buffer is full).
func printJSONLine(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "Infinity",
        negativeInfinity: "-Infinity",
        nan: "NaN"
    )
    try writeToStandardOutput([UInt8](try encoder.encode(value)) + [UInt8(ascii: "\n")])
}

/// Whether the path, links followed, is a folder.
func isFolder(_ path: String) -> Bool {
    let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    return (try? url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
}

/// The bytes of a whole file.
/// - Parameter path: as the user wrote it.
/// - Returns: every byte.
/// - Throws: ``Failure`` that names the path and what stands in the way.
func readWholeFile(_ path: String) throws -> [UInt8] {
    guard FileManager.default.fileExists(atPath: path) else { throw Failure("\(path): no such file") }
    guard !isFolder(path) else { throw Failure("\(path) is a folder; name a file in it") }
    guard FileManager.default.isReadableFile(atPath: path) else {
        throw Failure("\(path): permission denied; make it readable for this user")
    }
    do {
        return try [UInt8](contentsOfFile: path)
    } catch {
        throw Failure("\(path) cannot be read: \(error)")
    }
}

/// Writes a whole file, or leaves the old one as it was.
///
/// A pipe or a device (`/dev/stdout`) is written to, not replaced by a file of its name.
/// - Throws: ``Failure`` that names the path and what stands in the way.
func writeWholeFile(_ path: String, _ bytes: [UInt8]) throws {
    try checkWritable(path)
    do {
        if FileManager.default.fileExists(atPath: path), !isPlainFile(path) {
            try FileHandle(forWritingTo: URL(fileURLWithPath: path)).write(contentsOf: Data(bytes))
        } else {
            try Data(bytes).write(to: URL(fileURLWithPath: path).resolvingSymlinksInPath(), options: .atomic)
        }
    } catch {
        throw Failure("\(path) cannot be written: \(reason(error))")
    }
}

/// Makes sure, before long work, that a file could be written afterwards.
/// - Throws: ``Failure`` that names the path and what stands in the way.
func checkWritable(_ path: String) throws {
    let files = FileManager.default
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard !path.isEmpty else { throw Failure("a file to write to has an empty name") }
    guard !isFolder(path) else { throw Failure("\(path) is a folder; name a file in it") }
    guard files.fileExists(atPath: folder) else {
        throw Failure("\(path) cannot be written: there is no folder \(folder); make it, or name another")
    }
    // A file is replaced by a new one, which takes a writable folder; what is no plain file is written to itself.
    let place = files.fileExists(atPath: path) && !isPlainFile(path) ? path : folder
    guard files.isWritableFile(atPath: place) else {
        throw Failure(
            "\(path) cannot be written: permission denied; make \(place) writable for this user, or name another"
        )
    }
}

/// Whether the path, links followed, is a file of bytes that stay: no folder, pipe or device.
private func isPlainFile(_ path: String) -> Bool {
    // What stands behind /dev/stdout may be a file that the shell holds open: it too is to be written to, not replaced.
    guard !path.hasPrefix("/dev/"), !path.hasPrefix("/proc/") else { return false }
    let whole = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    return (try? FileManager.default.attributesOfItem(atPath: whole)[.type] as? FileAttributeType) == .typeRegular
}

/// The system's own words for an error, such as "No space left on device", where there are some.
private func reason(_ error: any Error) -> String {
    let outer = error as NSError
    let inner = outer.userInfo[NSUnderlyingErrorKey] as? NSError ?? outer
    let words = (inner.domain == NSPOSIXErrorDomain ? inner : outer).localizedDescription
    let preamble = "The operation could not be completed. "
    return words.hasPrefix(preamble) ? String(words.dropFirst(preamble.count)) : words
}

/// One line on standard error that is written over itself while something takes long.
///
/// It appears after a second, at most ten times a second, and only if standard error is a terminal.
struct ProgressLine {
    private let label: String
    private let isShown: Bool
    private let started = ContinuousClock.now
    private var lastShown: ContinuousClock.Instant?

    /// A line that starts with these words.
    init(_ label: String, isShown: Bool = isatty(2) == 1) {
        self.label = label
        self.isShown = isShown
    }

    /// Says how far the work is.
    mutating func update(_ done: Int, of all: Int) {
        let percent = all > 0 ? " (\(done * 100 / all) %)" : ""
        show("\(done) of \(all)\(percent)")
    }

    private mutating func show(_ state: String) {
        let now = ContinuousClock.now
        guard isShown, now - started > .seconds(1), now - (lastShown ?? started) > .milliseconds(100) else { return }
        lastShown = now
        writeToStandardError("\r\u{1B}[K\(label): \(state)")
    }

    /// Says how far work is that ends by itself, at the latest after so many steps.
    mutating func update(_ done: Int, atMost most: Int) { show("\(done), at most \(most)") }

    /// Takes the line away.
    func finish() {
        if lastShown != nil { writeToStandardError("\r\u{1B}[K") }
    }
}
