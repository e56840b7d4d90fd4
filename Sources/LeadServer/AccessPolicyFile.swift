internal import ByteKit
internal import Foundation

/// A policy file that cannot be used.
package struct AccessPolicyError: Error, CustomStringConvertible {
    /// What is wrong, where, and what would be right.
    package let description: String
}

extension AccessPolicy {
    /// The policy of a JSON file.
    ///
    ///     {"rules": [{"identity": "spiffe://example.org/scorer", "roles": ["score", "read"], "models": ["leads*"],
    ///                 "rowsPerSecond": 2000000, "bytesInFlight": 67108864}]}
    ///
    /// - Parameter path: the file.
    /// - Throws: ``AccessPolicyError``, with line and column.
    package convenience init(file path: String) throws(AccessPolicyError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw AccessPolicyError(description: "policy file \(path): \(error.localizedDescription)")
        }
        do throws(PolicyReader.Mistake) {
            self.init(try PolicyReader.rules([UInt8](data)))
        } catch {
            throw AccessPolicyError(description: "policy file \(path): \(error.text)")
        }
    }
}

/// Reads the rules of a policy, strictly: a misspelt member would be a door left open.
private enum PolicyReader {
    struct Mistake: Error {
        var text: String
    }

    static func rules(_ bytes: [UInt8]) throws(Mistake) -> [AccessRule] {
        let value: JSONValue
        do throws(JSONValue.SyntaxError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            let before = bytes.prefix(error.byteOffset)
            let line = before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
            let column = before.count - ((before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }) ?? 0) + 1
            throw Mistake(text: "line \(line), column \(column): \(error.text)")
        }
        guard case .object(let members) = value, members.count == 1, members[0].name == "rules",
            case .array(let list) = members[0].value
        else { throw Mistake(text: #"it is {"rules": […]} with a list of rules, and nothing else"#) }
        var rules: [AccessRule] = []
        for (index, item) in list.enumerated() { rules.append(try rule(item, "rule \(index + 1)")) }
        return rules
    }

    private static func rule(_ value: JSONValue, _ place: String) throws(Mistake) -> AccessRule {
        guard case .object(let members) = value else {
            throw Mistake(text: "\(place) is \(value.kindName), not an object")
        }
        var rule = AccessRule(identity: "", roles: [], models: ["*"])
        for member in members {
            let inside = "\(place), \(member.name)"
            switch (member.name, member.value) {
            case ("identity", .string(let text)) where !text.isEmpty: rule.identity = text
            case ("roles", .array(let list)):
                for item in list {
                    guard case .string(let text) = item, let role = AccessRole(rawValue: text) else {
                        let known = AccessRole.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " and ")
                        throw Mistake(text: "\(inside): there are \(known)")
                    }
                    rule.roles.insert(role)
                }
            case ("models", .array(let list)):
                rule.models = []
                for item in list {
                    guard case .string(let text) = item, !text.isEmpty else {
                        throw Mistake(text: "\(inside): a list of names, or of their beginnings followed by *")
                    }
                    rule.models.append(text)
                }
            case ("rowsPerSecond", .number(let number)) where number >= 1 && number <= 1e15:
                rule.rowsPerSecond = number
            case ("bytesInFlight", .number(let number))
            where number >= 1 && number <= 1e15 && number == number.rounded():
                rule.bytesInFlight = Int(number)
            case ("identity", _), ("roles", _), ("models", _), ("rowsPerSecond", _), ("bytesInFlight", _):
                throw Mistake(text: "\(inside): not with \(member.value.kindName) like this")
            default:
                throw Mistake(
                    text:
                        "\(inside): there is no such member; a rule has identity, roles, models, rowsPerSecond and bytesInFlight"
                )
            }
        }
        guard !rule.identity.isEmpty else { throw Mistake(text: "\(place): it names no identity; \"*\" is everybody") }
        return rule
    }
}
