internal import ArgumentParser
internal import Foundation

/// The settings of `leadline serve`, from a file, the environment and the command line, the later before the earlier.
///
/// Each has the name of its option: `--max-rows 1000`, `LEADLINE_MAX_ROWS=1000`, or a line `max-rows = 1000` in the file. Which
/// there are, the command itself tells, so that no list of them can be wrong.
struct ServeSettings {
    /// One setting, and where it was said.
    private struct Word {
        var value: String
        var origin: String
    }

    /// What the command says of an option.
    private struct Known {
        var name: String
        var defaultValue: String?
        var isFlag: Bool
    }

    private let known: [Known]
    private var words: [String: Word] = [:]
    private let commandLine: [String]

    /// The options that are about settings, and can stand nowhere but on the command line.
    private static let onlyOnCommandLine: Set<String> = ["config", "print-config", "help", "version"]
    private static let prefix = "LEADLINE_"

    /// Gathers the settings.
    /// - Parameters:
    ///   - arguments: of the command line, after `serve`.
    ///   - environment: of the process.
    /// - Throws: `ValidationError` that names file and line.
    init(_ arguments: [String], environment: [String: String]) throws {
        commandLine = arguments
        known = try Self.options()
        let path = Self.value(of: "config", in: arguments) ?? environment["LEADLINE_CONFIG"]
        if let path { try read(path) }
        for option in settable {
            let name = Self.prefix + option.name.uppercased().replacingOccurrences(of: "-", with: "_")
            if let value = environment[name] { words[option.name] = Word(value: value, origin: "environment \(name)") }
        }
        for option in settable {
            let value =
                option.isFlag
                ? (arguments.contains("--\(option.name)") ? "true" : nil) : Self.value(of: option.name, in: arguments)
            if let value { words[option.name] = Word(value: value, origin: "command line") }
        }
        for (name, word) in words where known.contains(where: { $0.name == name && $0.isFlag }) {
            guard ["true", "false"].contains(word.value) else {
                throw ValidationError("\(word.origin): '\(name)' is true or false, not '\(word.value)'")
            }
        }
    }

    /// The arguments for the command: those of file and environment that the command line does not overrule, then its own.
    var arguments: [String] {
        let given = settable.compactMap { option -> String? in
            guard let word = words[option.name], word.origin != "command line" else { return nil }
            guard !option.isFlag else { return word.value == "true" ? "--\(option.name)" : nil }
            return "--\(option.name)=\(word.value)"
        }
        return given + commandLine
    }

    /// Where the options were said that a message of the parser names, if not on the command line.
    func origins(in message: String) -> [String] {
        // What follows the first line is the usage, which names more.
        let message = message.prefix { $0 != "\n" }
        return settable.compactMap { option in
            guard let word = words[option.name], word.origin != "command line" else { return nil }
            let isNamed = message.range(of: "--\(option.name)(?![a-z-])", options: .regularExpression) != nil
            return isNamed ? "--\(option.name) comes from: \(word.origin)" : nil
        }
    }

    /// All settings as they are in force, and where each comes from.
    var table: String {
        let rows = settable.map { option -> (String, String, String) in
            let word = words[option.name]
            return (
                option.name, word?.value ?? option.defaultValue ?? (option.isFlag ? "false" : "(none)"),
                word?.origin ?? "default"
            )
        }
        let widths = (rows.map(\.0.count).max() ?? 0, rows.map(\.1.count).max() ?? 0)
        return rows.map { name, value, origin in
            name.padding(toLength: widths.0, withPad: " ", startingAt: 0) + " = "
                + value.padding(toLength: widths.1, withPad: " ", startingAt: 0) + "  # " + origin
        }
        .joined(separator: "\n")
    }

    private var settable: [Known] { known.filter { !Self.onlyOnCommandLine.contains($0.name) } }

    /// Reads a file of lines `name = value`; a line that begins with # says nothing.
    private mutating func read(_ path: String) throws {
        let text = String(decoding: try readWholeFile(path), as: UTF8.self)
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = line.trimmingCharacters(in: .whitespaces)
            guard !content.isEmpty, !content.hasPrefix("#") else { continue }
            let place = "\(path), line \(index + 1)"
            guard let sign = content.firstIndex(of: "=") else {
                throw ValidationError("\(place): '\(content)' is no setting; write NAME = VALUE, as in max-rows = 1000")
            }
            let name = content[..<sign].trimmingCharacters(in: .whitespaces)
            let value = content[content.index(after: sign)...].trimmingCharacters(in: .whitespaces)
            guard settable.contains(where: { $0.name == name }) else {
                throw ValidationError(
                    "\(place): there is no setting '\(name)'\(suggestion(for: name)); see leadline serve --help"
                )
            }
            if let before = words[name] {
                throw ValidationError("\(place): '\(name)' was set before, in \(before.origin); take one of them out")
            }
            words[name] = Word(value: value, origin: place)
        }
    }

    private func suggestion(for name: String) -> String {
        let near = settable.map { (name: $0.name, distance: Self.distance($0.name, name)) }.min {
            $0.distance < $1.distance
        }
        return near.map { $0.distance <= 3 ? "; is '\($0.name)' meant" : "" } ?? ""
    }

    /// How many characters have to be added, removed or replaced (Levenshtein).
    private static func distance(_ from: String, _ to: String) -> Int {
        let (from, to) = (Array(from.utf8), Array(to.utf8))
        var row = Array(0...to.count)
        for (index, byte) in from.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in to.indices {
                let cost = diagonal + (to[column] == byte ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(cost, row[column] + 1, diagonal + 1)
            }
        }
        return row[to.count]
    }

    /// The last value of an option on the command line.
    private static func value(of name: String, in arguments: [String]) -> String? {
        var found: String?
        for (index, argument) in arguments.enumerated() {
            if argument == "--\(name)", index + 1 < arguments.count { found = arguments[index + 1] }
            if argument.hasPrefix("--\(name)=") { found = String(argument.dropFirst(name.count + 3)) }
        }
        return found
    }

    /// The options of the command, as its parser knows them.
    private static func options() throws -> [Known] {
        struct Help: Decodable {
            struct Command: Decodable { var arguments: [Argument]? }
            struct Argument: Decodable {
                struct Name: Decodable { var name: String }
                var kind: String
                var preferredName: Name?
                var defaultValue: String?
            }
            var command: Command
        }
        let help = try JSONDecoder().decode(Help.self, from: Data(Serve._dumpHelp().utf8))
        return (help.command.arguments ?? []).compactMap { argument in
            argument.preferredName.map {
                Known(name: $0.name, defaultValue: argument.defaultValue, isFlag: argument.kind == "flag")
            }
        }
    }
}
