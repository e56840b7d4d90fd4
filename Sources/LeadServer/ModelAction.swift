internal import ByteKit
internal import ModelStore
internal import Synchronization

/// What an operator has done to a model through the admin listener.
package enum ModelAction: Equatable, Sendable {
    /// A version is loaded and checked, and not served.
    case load(version: String)
    /// An alias is given a version.
    case publish(version: String, alias: String, reason: String?)
    /// An alias is given the version that it had before.
    case rollBack(alias: String, reason: String?)
    /// An alias is taken away.
    case unalias(alias: String, reason: String?)

    /// The kinds of actions, by the last part of their paths.
    package enum Kind: String, CaseIterable, Sendable {
        /// See ``ModelAction/load(version:)``.
        case load
        /// See ``ModelAction/publish(version:alias:reason:)``.
        case publish
        /// See ``ModelAction/rollBack(alias:reason:)``.
        case rollback
        /// See ``ModelAction/unalias(alias:reason:)``.
        case unalias

        /// The members that its body may have.
        var members: [String] {
            switch self {
            case .load: ["version"]
            case .publish: ["version", "alias", "reason"]
            case .rollback, .unalias: ["alias", "reason"]
            }
        }
    }

    /// What kind of action it is.
    package var kind: Kind {
        switch self {
        case .load: .load
        case .publish: .publish
        case .rollBack: .rollback
        case .unalias: .unalias
        }
    }

    /// A body that asks for no such action.
    package struct BadBody: Error, Equatable {
        /// What is wrong.
        package var text: String
    }

    /// Reads the body of a request strictly.
    package init(_ kind: Kind, parsing body: [UInt8]) throws(BadBody) {
        let value: JSONValue
        do throws(JSONValue.SyntaxError) {
            value = try JSONValue(parsing: body)
        } catch {
            throw BadBody(text: "byte \(error.byteOffset): \(error.text)")
        }
        guard case .object(let members) = value else {
            throw BadBody(text: "the body is \(value.kindName), not an object")
        }
        var texts: [String: String] = [:]
        for member in members {
            // A name that is too long to be one of ours is not compared: see `UTF8Key` for what that may cost.
            guard member.name.utf8.count <= 32, kind.members.contains(member.name) else {
                let known = kind.members.joined(separator: ", ")
                throw BadBody(
                    text: "there is no member \"\(member.name.utf8.count > 32 ? "…" : member.name)\"; \(known)"
                )
            }
            guard case .string(let text) = member.value else {
                throw BadBody(text: "\"\(member.name)\" is a string, not \(member.value.kindName)")
            }
            let bytesMax = member.name == "reason" ? PublicationRecord.reasonBytesMax : 100
            guard !text.isEmpty, text.utf8.count <= bytesMax else {
                throw BadBody(text: "\"\(member.name)\" has 1 to \(bytesMax) bytes")
            }
            texts[member.name] = text
        }
        func needed(_ name: String) throws(BadBody) -> String {
            guard let text = texts[name] else { throw BadBody(text: "\"\(name)\" is missing") }
            return text
        }
        let alias = texts["alias"] ?? ModelAliases.production
        guard ModelAliases.canBe(alias) else {
            throw BadBody(text: "\"alias\" has letters, digits, '.', '_' and '-', the first no '.'")
        }
        switch kind {
        case .load: self = .load(version: try needed("version"))
        case .publish: self = .publish(version: try needed("version"), alias: alias, reason: texts["reason"])
        case .rollback: self = .rollBack(alias: alias, reason: texts["reason"])
        case .unalias: self = .unalias(alias: try needed("alias"), reason: texts["reason"])
        }
    }
}

/// What became of actions, by kind.
final class ActionCounts: Sendable {
    /// What an action came to.
    enum Outcome: String, CaseIterable {
        /// It was carried out.
        case done
        /// It was not begun: who asked may not, or it cannot be.
        case refused
        /// It was begun, and what it needs did not work.
        case failed
    }

    private struct Key: Hashable {
        var kind: ModelAction.Kind
        var outcome: Outcome
    }

    private let counts = Mutex<[Key: Int]>([:])

    /// Counts one.
    func add(_ kind: ModelAction.Kind, _ outcome: Outcome) {
        counts.withLock { $0[Key(kind: kind, outcome: outcome), default: 0] += 1 }
    }

    /// How many there were.
    subscript(_ kind: ModelAction.Kind, _ outcome: Outcome) -> Int {
        counts.withLock { $0[Key(kind: kind, outcome: outcome)] ?? 0 }
    }
}
