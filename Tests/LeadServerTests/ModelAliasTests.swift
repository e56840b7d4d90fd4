import LeadScoring
import LeadServer
import LeadWire
import ModelStore
import Testing

@Suite("Aliases, and which versions serve")
struct ModelAliasTests {
    private struct Damaged: Error {}

    /// A store that a test makes up, and what was loaded from it.
    private final class Store {
        var found: [String: [String]] = [:]
        var aliases: [String: String] = [:]
        var areAliasesDamaged = false
        var damaged: Set<String> = []
        var loads: [String] = []
        var catalog = ModelCatalog()

        @discardableResult
        func update(isForced: Bool = false) -> ModelCatalog.Outcome {
            catalog.update(
                found: found,
                isForced: isForced,
                aliases: { _ in
                    if areAliasesDamaged { throw Damaged() }
                    var read = ModelAliases()
                    for (alias, version) in aliases { read[alias] = version }
                    return read
                },
                load: { name, version in
                    loads.append(version)
                    guard !damaged.contains(version), let number = Int(version.dropFirst()) else { throw Damaged() }
                    return try TestModel.make(name: name, version: number)
                }
            )
        }

        func version(of name: String) -> String? { try? catalog.directory.model(named: name).version }
    }

    @Test("without aliases the newest that loads serves, and an older one if it does not")
    func newest() {
        let store = Store()
        store.found = ["leads": ["v3", "v2", "v1"]]
        store.damaged = ["v3"]
        let outcome = store.update()
        #expect(store.version(of: "leads") == "v2" && outcome.failures.count == 1 && outcome.hasChanged)
        #expect(store.version(of: "leads@production") == nil)
        #expect(store.catalog.problems.isEmpty)
    }

    @Test("with production its version serves, newer ones wait, and a version under several names is loaded once")
    func pinned() {
        let store = Store()
        store.found = ["leads": ["v2", "v1"]]
        store.aliases = ["production": "v1", "candidate": "v2", "last": "v1"]
        store.update()
        #expect(store.version(of: "leads") == "v1" && store.version(of: "leads@production") == "v1")
        #expect(store.version(of: "leads@candidate") == "v2" && store.version(of: "leads@last") == "v1")
        #expect(store.loads == ["v1", "v2"])
        store.found = ["leads": ["v3", "v2", "v1"]]
        #expect(!store.update().hasChanged)
        // The candidate becomes production: nothing is loaded for it.
        store.aliases["production"] = "v2"
        #expect(store.update().hasChanged)
        #expect(store.version(of: "leads") == "v2" && store.version(of: "leads@last") == "v1")
        #expect(store.loads == ["v1", "v2"] && !store.update().hasChanged)
        store.aliases = [:]
        store.update()
        #expect(store.version(of: "leads") == "v3" && store.version(of: "leads@last") == nil)
    }

    @Test("a production that cannot be loaded is never another version: what serves stays, and at start nothing does")
    func unloadable() {
        let store = Store()
        store.found = ["leads": ["v2", "v1"], "others": ["v1"]]
        store.aliases = ["production": "v2"]
        store.damaged = ["v2"]
        // The double knows one set of aliases for all names: "others" lacks that version too.
        store.update()
        #expect(store.version(of: "leads") == nil)
        #expect(store.catalog.problems["leads"]?.contains("production is v2") == true)
        store.aliases = ["production": "v1"]
        store.update()
        #expect(store.version(of: "leads") == "v1" && store.catalog.problems.isEmpty)
        store.aliases = ["production": "v2"]
        let outcome = store.update(isForced: true)
        #expect(store.version(of: "leads") == "v1" && outcome.failures.count == 2)
        #expect(store.catalog.problems["leads"]?.contains("v1 stays") == true && outcome.hasChanged)
        #expect(store.catalog.directory.problems == store.catalog.problems)
        // Told once; tried again when asked to.
        #expect(store.update().failures.isEmpty)
        store.damaged = []
        store.update(isForced: true)
        #expect(store.version(of: "leads") == "v2" && store.catalog.problems.isEmpty)
    }

    @Test("an alias whose version cannot be loaded stands for what it did, and the others do not care")
    func otherAlias() {
        let store = Store()
        store.found = ["leads": ["v3", "v2", "v1"]]
        store.aliases = ["production": "v1", "candidate": "v2"]
        store.update()
        store.damaged = ["v3"]
        store.aliases = ["production": "v2", "candidate": "v3", "fresh": "v3"]
        store.update()
        #expect(store.version(of: "leads") == "v2" && store.version(of: "leads@candidate") == "v2")
        #expect(store.version(of: "leads@fresh") == nil)
        #expect(store.catalog.problems["leads"]?.contains("candidate is v3") == true)
    }

    @Test("aliases that cannot be read leave what serves as it is, and are told once")
    func damagedAliases() {
        let store = Store()
        store.found = ["leads": ["v1"]]
        store.aliases = ["production": "v1", "candidate": "v1"]
        store.update()
        store.areAliasesDamaged = true
        store.found = ["leads": ["v2", "v1"]]
        let outcome = store.update()
        #expect(outcome.failures.count == 1 && outcome.hasChanged)
        #expect(store.version(of: "leads") == "v1" && store.version(of: "leads@candidate") == "v1")
        let again = store.update()
        #expect(again.failures.isEmpty && !again.hasChanged)
        store.areAliasesDamaged = false
        #expect(store.update().hasChanged && store.catalog.problems.isEmpty)
    }

    @Test("aliases that cannot be read at the start keep their model out of service, until they can be or it is gone")
    func damagedAtStart() {
        let store = Store()
        store.found = ["leads": ["v1"]]
        store.areAliasesDamaged = true
        #expect(store.update().failures.count == 1)
        #expect(store.version(of: "leads") == nil && store.catalog.problems["leads"] != nil)
        store.found = [:]
        #expect(!store.update().hasChanged)
        #expect(store.update(isForced: true).hasChanged && store.catalog.problems.isEmpty)
        store.found = ["leads": ["v1"]]
        store.areAliasesDamaged = false
        store.update()
        #expect(store.version(of: "leads") == "v1")
    }

    @Test("an action is a strict object, whatever its kind")
    func actions() throws {
        func read(_ kind: ModelAction.Kind, _ text: String) -> ModelAction? {
            try? ModelAction(kind, parsing: Array(text.utf8))
        }
        #expect(read(.load, #"{"version":"v"}"#) == .load(version: "v"))
        #expect(read(.publish, #"{"version":"v"}"#) == .publish(version: "v", alias: "production", reason: nil))
        #expect(
            read(.publish, #"{"reason":"r","alias":"a","version":"v"}"#)
                == .publish(version: "v", alias: "a", reason: "r")
        )
        #expect(read(.rollback, "{}") == .rollBack(alias: "production", reason: nil))
        #expect(read(.unalias, #"{"alias":"a"}"#) == .unalias(alias: "a", reason: nil))
        let bad: [(ModelAction.Kind, String)] = [
            (.load, "{}"), (.load, #"{"version":"v","alias":"a"}"#), (.load, #"{"version":1}"#), (.load, "[]"),
            (.load, ""),
            (.publish, #"{"alias":"a"}"#), (.publish, #"{"version":"v","aliases":"a"}"#),
            (.publish, #"{"version":"v","alias":"a@b"}"#), (.publish, #"{"version":"v","reason":""}"#),
            (.publish, #"{"version":"v","version":"w"}"#), (.publish, #"{"version":"v"} {}"#),
            (.publish, #"{"version":"v","reason":"\#(String(repeating: "r", count: 501))"}"#),
            (.rollback, #"{"version":"v"}"#), (.unalias, "{}"), (.unalias, #"{"alias":null}"#),
        ]
        for (kind, text) in bad { #expect(read(kind, text) == nil, "\(kind) took \(text)") }
    }
}
