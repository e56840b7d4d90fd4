internal import Foundation
public import LeadScoring

/// What a bundle is, as `manifest.json` says it; `proto-docs/MODEL-BUNDLE.md` is the specification.
public struct BundleManifest: Codable, Sendable, Equatable {
    /// Always ``formatName``.
    public var format = Self.formatName
    /// The format's version.
    public var formatVersion = Self.newestFormat
    /// Abilities that a reader must have to serve the bundle correctly.
    public var requires: [String] = []
    /// Where the model came from.
    public var source: Source
    /// Every file of the bundle but the manifest.
    public var files: [File]
    /// What turns columns into scores.
    public var recipe: ScoringRecipe
    /// Figures of the report that lists show.
    public var figures: [String: Double]

    /// The word that `format` holds.
    public static let formatName = "leadline-bundle"
    /// The newest format that this code reads, and the one it writes.
    public static let newestFormat = 1
    /// The most bytes a manifest may have.
    static let bytesMax = 64 << 20

    /// Where a model came from.
    public struct Source: Codable, Sendable, Equatable {
        /// `trained` or `imported`.
        public var how: String
        /// The program that wrote the bundle, with its version.
        public var tool: String
        /// File names, digests, parameters: for people.
        public var details: [String: String]

        /// A source of these words.
        public init(how: String, tool: String, details: [String: String] = [:]) {
            self.how = how
            self.tool = tool
            self.details = details
        }
    }

    /// One file of a bundle.
    public struct File: Codable, Sendable, Equatable {
        /// Its name in the bundle's folder.
        public var name: String
        /// What it is: `model`, `golden`, `report`, `plan`, or something that a later reader knows.
        public var role: String
        /// Its length.
        public var bytes: Int
        /// Its SHA-256, as 64 lower-case hexadecimal digits.
        public var sha256: String
    }

    /// The manifest's bytes: keys in order, the same for the same content.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }

    /// Reads and checks a manifest; the files themselves are not looked at.
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - path: where it is, for errors.
    /// - Returns: the manifest.
    /// - Throws: ``BundleError``.
    static func decode(_ bytes: [UInt8], path: String) throws -> BundleManifest {
        let data = Data(bytes)
        do {
            let manifest: BundleManifest
            do {
                manifest = try JSONDecoder().decode(BundleManifest.self, from: data)
            } catch {
                // What another version of the format holds need not look like this one's.
                try JSONDecoder().decode(Head.self, from: data).check(path: path)
                throw error
            }
            try Head(manifest).check(path: path)
            try manifest.checkFiles(path: path)
            return manifest
        } catch let error as DecodingError {
            throw BundleError(
                path: path,
                problem: "the manifest cannot be read: \(words(for: error))",
                remedy: "copy the bundle again from where it was made"
            )
        }
    }

    /// The part that every version of the format has.
    private struct Head: Decodable {
        var format: String
        var formatVersion: Int
        var requires: [String]
        var source: Source?

        init(_ manifest: BundleManifest) {
            format = manifest.format
            formatVersion = manifest.formatVersion
            requires = manifest.requires
            source = manifest.source
        }

        /// Whether this program can read and serve the rest.
        func check(path: String) throws(BundleError) {
            guard format == formatName else {
                throw BundleError(path: path, problem: "this is no manifest of a bundle (format \"\(format)\")")
            }
            let remedy = "use the program that wrote it: \(source?.tool ?? "a newer leadline")"
            guard (1...newestFormat).contains(formatVersion) else {
                throw BundleError(
                    path: path,
                    problem: "bundle format \(formatVersion); this program reads up to \(newestFormat)",
                    remedy: remedy
                )
            }
            if let ability = requires.first {
                throw BundleError(
                    path: path,
                    problem: "the bundle requires \"\(ability)\", which this program does not have",
                    remedy: remedy
                )
            }
        }
    }

    /// The role of a packed plan, of which there may be any number: one a kind of kernels.
    static let planRole = "plan"

    /// The only file of a role, if there is one.
    func file(role: String) -> File? { files.first { $0.role == role } }

    private func checkFiles(path: String) throws(BundleError) {
        var names: Set<String> = []
        for file in files {
            guard isPlainName(file.name), file.name != manifestName, names.insert(file.name).inserted else {
                throw BundleError(path: path, problem: "\"\(file.name)\" cannot be the name of a file of a bundle")
            }
            guard file.bytes >= 0, file.sha256.utf8.count == 64 else {
                throw BundleError(path: path, problem: "\(file.name) has no proper length or digest")
            }
        }
        for role in ["model", "golden", "report"] {
            let count = files.count { $0.role == role }
            guard count == 1 || count == 0 && role == "report" else {
                throw BundleError(path: path, problem: "\(count) files have the role \"\(role)\"; there must be one")
            }
        }
    }
}

/// The name of the manifest's file.
let manifestName = "manifest.json"

/// Whether a name is safe as that of a file or a model: letters, digits, `.`, `_`, `-`, not `.` first, at most 100.
func isPlainName(_ name: String) -> Bool {
    guard (1...100).contains(name.utf8.count), name.utf8.first != UInt8(ascii: ".") else { return false }
    return name.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// A decoding error as one line: the place, and what is wrong there.
func words(for error: DecodingError) -> String {
    func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        return path.isEmpty ? "at the top" : "at \(path)"
    }
    switch error {
    case .keyNotFound(let key, let context): return "\(place(context)) the field \"\(key.stringValue)\" is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
        return "\(place(context)): \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
}
