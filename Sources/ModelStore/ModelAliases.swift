internal import ByteKit

/// Which version each alias of a model names: what `aliases.json` in the model's folder holds.
///
///     {"candidate": "000003-9f3ac2d1", "production": "000002-5be0c1f2"}
public struct ModelAliases: Sendable, Equatable {
    /// The alias whose version the bare name of the model means.
    public static let production = "production"
    /// The alias that a version on trial usually has.
    public static let candidate = "candidate"
    /// The most aliases that a model may have.
    public static let countMax = 32
    /// The most bytes that the file may have.
    static let bytesMax = 64 << 10
    /// The file's name.
    static let fileName = "aliases.json"

    /// The version of each alias.
    public private(set) var versions: [String: String] = [:]

    /// No aliases.
    public init() {}

    /// The version that an alias names; nil if there is no such alias.
    public subscript(_ alias: String) -> String? {
        get { versions[alias] }
        set { versions[alias] = newValue }
    }

    /// The aliases in order.
    public var names: [String] { versions.keys.sorted() }

    /// The aliases of a version in order.
    public func names(of version: String) -> [String] { names.filter { versions[$0] == version } }

    /// Whether a text can be an alias: the rule of models' names.
    public static func canBe(_ name: String) -> Bool { isPlainName(name) }

    /// The file's bytes: an alias a line, in order.
    func encoded() -> [UInt8] {
        // Neither aliases nor versions have anything that JSON escapes.
        let lines = names.map { "  \"\($0)\": \"\(versions[$0] ?? "")\"" }
        return Array((lines.isEmpty ? "{}\n" : "{\n" + lines.joined(separator: ",\n") + "\n}\n").utf8)
    }

    /// Reads the file strictly.
    /// - Parameters:
    ///   - bytes: all of it.
    ///   - path: where it is, for errors.
    /// - Throws: ``BundleError``.
    init(parsing bytes: [UInt8], path: String) throws(BundleError) {
        func damaged(_ problem: String) -> BundleError {
            BundleError(
                path: path,
                problem: problem,
                remedy: "write it as {\"production\": \"VERSION\"}, or take it away and publish again"
            )
        }
        guard bytes.count <= Self.bytesMax else { throw damaged("\(bytes.count) bytes are too many for aliases") }
        let value: JSONValue
        do throws(JSONValue.SyntaxError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw damaged("byte \(error.byteOffset): \(error.text)")
        }
        guard case .object(let members) = value else { throw damaged("this is \(value.kindName), not an object") }
        guard members.count <= Self.countMax else {
            throw damaged("\(members.count) aliases; at most \(Self.countMax)")
        }
        for member in members {
            guard Self.canBe(member.name) else { throw damaged("\"\(member.name.prefix(100))\" cannot be an alias") }
            guard case .string(let version) = member.value, VersionName(version) != nil else {
                throw damaged("\"\(member.name)\" does not name a version, such as 000001-5be0c1f2")
            }
            versions[member.name] = version
        }
    }
}
