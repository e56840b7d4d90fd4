import Foundation
import Testing

/// Models trained by others, with what the official library predicts for rows of theirs.
///
/// They lie outside the project: in the folder `models` of `$LEADLINE_SHARED`, or of `shared` beside the checkout.
enum SharedModels {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var id: String
        var format: String
        var model: String?
        var features: [String]?
        var input: String?
        var expected: String?
        var edgeInput: String?
        var edgeExpected: String?
        var alsoUbj: String?
        var convertedJson: String?
        var convertedOnnx: String?

        var testDescription: String { id }
        var mustBeRefused: Bool { features?.contains("must_be_refused") ?? false }
    }

    private struct Manifest: Decodable {
        var cases: [Case]
    }

    /// The folder, or nil where there is none.
    static let folder: URL? = {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let shared =
            ProcessInfo.processInfo.environment["LEADLINE_SHARED"].map { URL(fileURLWithPath: $0) }
            ?? package.deletingLastPathComponent().appendingPathComponent("shared")
        let models = shared.appendingPathComponent("models")
        return FileManager.default.fileExists(atPath: models.appendingPathComponent("manifest.json").path)
            ? models : nil
    }()

    /// All cases; none, said aloud, where there is no folder.
    static let cases: [Case] = {
        guard let folder else {
            print(
                """
                ======================================================================
                SKIPPED: conformance with XGBoost and LightGBM. There is no folder
                "shared" beside the checkout; set LEADLINE_SHARED to one that has
                models/manifest.json.
                ======================================================================
                """
            )
            return []
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            let data = try Data(contentsOf: folder.appendingPathComponent("manifest.json"))
            return try decoder.decode(Manifest.self, from: data).cases
        } catch {
            fatalError("models/manifest.json cannot be read: \(error)")
        }
    }()

    /// The bytes of a file of the folder.
    static func bytes(_ path: String) throws -> [UInt8] {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        return [UInt8](try Data(contentsOf: folder.appendingPathComponent(path)))
    }

    /// Whether a path of the folder is a folder itself.
    static func isFolder(_ path: String) -> Bool {
        let url = folder?.appendingPathComponent(path)
        return (try? url?.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
    }

    /// A table of numbers: its header, and the fields of each row as text.
    static func table(_ path: String) throws -> (header: [String], rows: [[String]]) {
        let text = String(decoding: try bytes(path), as: UTF8.self)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
        }
        if lines.last == [""] { lines.removeLast() }
        return (lines[0], Array(lines.dropFirst()))
    }

    /// A field as a number; an empty one is missing.
    static func number(_ field: String) -> Double { field.isEmpty ? .nan : Double(field) ?? .nan }
}
