internal import ByteKit
internal import Foundation

/// What was done to an alias, by whom and when: a line of `publications.jsonl`.
public struct PublicationRecord: Sendable, Equatable, Codable {
    /// What was done.
    public enum Action: String, Sendable, Codable, CaseIterable {
        /// `production` was given a version.
        case publish
        /// An alias was given the version that it had before.
        case rollBack = "roll-back"
        /// Another alias was given a version.
        case alias
        /// An alias was taken away.
        case unalias
    }

    /// When, in UTC: `2026-01-31T12:30:05Z`.
    public var time: String
    /// By whom: a client's identity, or the user of the command line.
    public var who: String
    /// What.
    public var action: Action
    /// To which alias.
    public var alias: String
    /// The version that it names now; nil where it was taken away.
    public var version: String?
    /// The version that it named before; nil if it was not there.
    public var previous: String?
    /// Why, in the words of whoever did it; nil if they gave none.
    public var reason: String?

    /// The most bytes of a reason.
    public static let reasonBytesMax = 500
    /// The most bytes of who did it; what is more is left off.
    public static let whoBytesMax = 300

    init(
        _ action: Action,
        _ alias: String,
        version: String?,
        previous: String?,
        by who: String,
        reason: String?,
        at time: Date
    ) {
        self.time = time.formatted(.iso8601)
        self.who = Self.cut(who)
        self.action = action
        self.alias = alias
        self.version = version
        self.previous = previous
        self.reason = reason
    }

    private static func cut(_ who: String) -> String {
        var scalars = who.unicodeScalars
        while scalars.reduce(0, { $0 + UTF8.width($1) }) > whoBytesMax { scalars.removeLast() }
        return String(scalars)
    }

    /// The line, its end included.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }

    /// Reads a line strictly; nil for what is none.
    init?(parsing line: [UInt8]) {
        guard case .object(let members)? = try? JSONValue(parsing: line) else { return nil }
        var texts: [String: String] = [:]
        for member in members {
            guard case .string(let text) = member.value else { return nil }
            texts[member.name] = text
        }
        guard let time = texts.removeValue(forKey: "time"), let who = texts.removeValue(forKey: "who"),
            let action = texts.removeValue(forKey: "action").flatMap(Action.init),
            let alias = texts.removeValue(forKey: "alias"), ModelAliases.canBe(alias)
        else { return nil }
        self.time = time
        self.who = who
        self.action = action
        self.alias = alias
        version = texts.removeValue(forKey: "version")
        previous = texts.removeValue(forKey: "previous")
        reason = texts.removeValue(forKey: "reason")
        let versions = [version, previous].compactMap { $0 }
        guard texts.isEmpty, versions.allSatisfy({ VersionName($0) != nil }), (version == nil) == (action == .unalias)
        else { return nil }
    }
}
