import Foundation
import ModelStore
import Testing

@Suite("Aliases and publications in the store")
struct PublicationTests {
    private let fixture: StoreFixture
    private let versions: [String]
    private var store: BundleStore { fixture.store }
    private var folder: String { fixture.path + "/leads" }

    init() throws {
        fixture = try StoreFixture()
        let store = fixture.store
        versions = try (1...3).map { try store.write(StoreFixture.draft(leaf: -Double($0)), name: "leads").version }
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
    }

    private func read(_ name: String) throws -> String {
        try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
    }

    @discardableResult
    private func publish(_ index: Int, as alias: String = "production") throws -> PublicationChange {
        try store.publish(versions[index], as: alias, ofModel: "leads", by: "test", reason: "because")
    }

    @discardableResult
    private func rollBack(_ alias: String = "production") throws -> PublicationChange {
        let expected = try store.rollBackTarget(alias, ofModel: "leads")
        return try store.rollBack(alias, ofModel: "leads", expecting: expected, by: "test")
    }

    @Test("without the file there are no aliases; what is published is told with who, when, why, and what was before")
    func publishes() throws {
        #expect(try store.aliases(ofModel: "leads") == ModelAliases())
        let time = Date(timeIntervalSince1970: 1_769_862_605)
        let change = try store.publish(versions[0], ofModel: "leads", by: "test", reason: "first", at: time)
        #expect(change.aliases.versions == ["production": versions[0]])
        try publish(1)
        try publish(2, as: "candidate")
        #expect(try store.aliases(ofModel: "leads").versions == ["production": versions[1], "candidate": versions[2]])
        #expect(
            try read("aliases.json")
                == "{\n  \"candidate\": \"\(versions[2])\",\n  \"production\": \"\(versions[1])\"\n}\n"
        )
        let records = try store.publications(ofModel: "leads", last: 20)
        #expect(records.map(\.action) == [.alias, .publish, .publish])
        #expect(records.map(\.version) == [versions[2], versions[1], versions[0]])
        #expect(records.map(\.previous) == [nil, versions[0], nil])
        #expect(records[2].time == "2026-01-31T12:30:05Z" && records[2].who == "test" && records[2].reason == "first")
        #expect(try store.publications(ofModel: "leads", last: 1) == [records[0]])
    }

    @Test("what is so already is not written again")
    func idempotent() throws {
        try publish(0)
        let log = try read("publications.jsonl")
        #expect(try publish(0).record == nil)
        #expect(try read("publications.jsonl") == log)
    }

    @Test("roll-backs go further and further back, and a publication after one counts as any other")
    func rollsBack() throws {
        for index in 0...2 { try publish(index) }
        #expect(try rollBack().aliases["production"] == versions[1])
        #expect(try rollBack().aliases["production"] == versions[0])
        #expect { try rollBack() } throws: { ($0 as? PublicationRefused)?.kind == .nothingBefore }
        try publish(2)
        #expect(try rollBack().aliases["production"] == versions[0])
        #expect(try store.publications(ofModel: "leads", last: 1).first?.action == .rollBack)
        #expect { try rollBack("candidate") } throws: { ($0 as? PublicationRefused)?.kind == .unknownAlias }
    }

    @Test("an alias that somebody has changed meanwhile is not rolled back")
    func meanwhile() throws {
        try publish(0)
        try publish(1)
        let expected = try store.rollBackTarget("production", ofModel: "leads")
        try publish(2)
        #expect {
            _ = try store.rollBack("production", ofModel: "leads", expecting: expected, by: "test")
        } throws: { ($0 as? PublicationRefused)?.kind == .changedMeanwhile }
        #expect(try store.aliases(ofModel: "leads")["production"] == versions[2])
    }

    @Test("an alias is taken away, once")
    func unaliases() throws {
        try publish(0)
        #expect(try store.unalias("production", ofModel: "leads", by: "test").aliases == ModelAliases())
        #expect(try read("aliases.json") == "{}\n")
        #expect {
            _ = try store.unalias("production", ofModel: "leads", by: "test")
        } throws: { ($0 as? PublicationRefused)?.kind == .unknownAlias }
    }

    @Test("models, versions, aliases and reasons that cannot be are refused with a remedy, and nothing is written")
    func refuses() throws {
        func refusal(_ body: () throws -> PublicationChange) -> PublicationRefused.Kind? {
            do {
                _ = try body()
                return nil
            } catch {
                return (error as? PublicationRefused)?.kind
            }
        }
        let (store, version) = (store, versions[0])
        #expect(refusal { try store.publish(version, ofModel: "nobody", by: "x") } == .unknownModel)
        #expect(refusal { try store.publish(version, ofModel: "../leads", by: "x") } == .unknownModel)
        #expect(refusal { try store.publish("000009-00000000", ofModel: "leads", by: "x") } == .unknownVersion)
        #expect(refusal { try store.publish("..", ofModel: "leads", by: "x") } == .unknownVersion)
        for alias in ["", ".x", "a/b", "a@b", "a b", String(repeating: "a", count: 101)] {
            #expect(refusal { try store.publish(version, as: alias, ofModel: "leads", by: "x") } == .invalid)
        }
        let long = String(repeating: "é", count: 251)
        #expect(refusal { try store.publish(version, ofModel: "leads", by: "x", reason: long) } == .invalid)
        #expect(!FileManager.default.fileExists(atPath: folder + "/aliases.json"))
        #expect(try store.publications(ofModel: "leads", last: 20).isEmpty)
        for number in 1...ModelAliases.countMax { try publish(0, as: "a\(number)") }
        #expect(refusal { try store.publish(version, as: "more", ofModel: "leads", by: "x") } == .invalid)
    }

    @Test(
        "a damaged aliases.json is refused with its path and a remedy, by readers and writers",
        arguments: [
            "", "[]", "{", #"{"production": 1}"#, #"{"production": "newest"}"#, #"{"a/b": "000001-5be0c1f2"}"#,
            #"{"production": null}"#, #"{"a":"000001-5be0c1f2","a":"000002-5be0c1f2"}"#,
            #"{"production":"000001-5be0c1f2"} x"#, String(repeating: " ", count: 70_000),
            "{" + (0...32).map { #""a\#($0)":"000001-5be0c1f2""# }.joined(separator: ",") + "}",
        ]
    )
    func damagedAliases(_ text: String) throws {
        try write(text, to: "aliases.json")
        let store = store
        func isTold(_ error: any Error) -> Bool {
            guard let error = error as? BundleError else { return false }
            return error.path.hasSuffix("leads/aliases.json") && !error.remedy.isEmpty
        }
        #expect { _ = try store.aliases(ofModel: "leads") } throws: { isTold($0) }
        #expect { try publish(0) } throws: { isTold($0) }
        #expect(try read("aliases.json") == text)
        #expect(!FileManager.default.fileExists(atPath: folder + "/publications.jsonl"))
    }

    @Test(
        "a damaged log is refused with the line's place, and nothing is published",
        arguments: [
            "x\n", "{}\n", #"{"action":"publish","alias":"production","time":"t","who":"w"}"# + "\n",
            #"{"action":"unalias","alias":"production","time":"t","who":"w","more":"m"}"# + "\n",
            #"{"action":"sell","alias":"production","time":"t","version":"000001-5be0c1f2","who":"w"}"# + "\n",
            #"{"action":"publish","alias":"production","time":1,"version":"000001-5be0c1f2","who":"w"}"# + "\n",
        ]
    )
    func damagedLog(_ line: String) throws {
        try publish(0)
        let whole = try read("publications.jsonl")
        try write(whole + line, to: "publications.jsonl")
        #expect { try publish(1) } throws: { error in
            let error = error as? BundleError
            return error?.problem.contains("byte \(whole.utf8.count)") == true && error?.remedy.isEmpty == false
        }
        #expect(try store.aliases(ofModel: "leads")["production"] == versions[0])
    }

    /// The record is written first, then the aliases: see `BundleStore.change`.
    @Test("a crash after the record leaves what serves as it was, and the next change goes on from there")
    func crashBetween() throws {
        try publish(0)
        try publish(1)
        let aliases = try read("aliases.json")
        try publish(2)
        // As if the process had ended before the rename.
        try write(aliases, to: "aliases.json")
        #expect(try store.aliases(ofModel: "leads")["production"] == versions[1])
        // The record of what did not come to be names another version than the alias has, and does not count.
        #expect(try store.rollBackTarget("production", ofModel: "leads").target == versions[0])
        #expect(try publish(2).record?.previous == versions[1])
        #expect(try rollBack().aliases["production"] == versions[1])
    }

    @Test("a record cut at any byte is no record, and the next writer takes its place")
    func tornRecord() throws {
        try publish(0)
        let first = try read("publications.jsonl")
        try publish(1)
        let (both, aliases) = (try read("publications.jsonl"), try read("aliases.json"))
        for count in first.utf8.count..<both.utf8.count {
            try write(String(decoding: both.utf8.prefix(count), as: UTF8.self), to: "publications.jsonl")
            try write(aliases, to: "aliases.json")
            #expect(try store.publications(ofModel: "leads", last: 20).count == 1, "cut at \(count)")
            try publish(2)
            let records = try store.publications(ofModel: "leads", last: 20)
            #expect(records.map(\.version) == [versions[2], versions[0]], "cut at \(count)")
        }
    }

    @Test("of many writers at once each is on record, and every state was one that somebody wrote")
    func manyWriters() throws {
        let (store, versions, writers, rounds) = (store, versions, 6, 15)
        DispatchQueue.concurrentPerform(iterations: writers) { writer in
            for round in 0..<rounds {
                let version = versions[(writer + round) % 3]
                let name = "w\(writer)"
                _ = try? store.publish(version, as: name, ofModel: "leads", by: "\(writer)", reason: "\(round)")
                _ = try? store.publish(version, ofModel: "leads", by: "\(writer)", reason: "\(round)")
                _ = try? store.aliases(ofModel: "leads")
            }
        }
        let aliases = try store.aliases(ofModel: "leads")
        for writer in 0..<writers { #expect(aliases["w\(writer)"] == versions[(writer + rounds - 1) % 3]) }
        let records = try store.publications(ofModel: "leads", last: 1_000)
        #expect(records.count { $0.action == .alias } == writers * rounds)
        var production: String?
        for record in records.reversed() where record.alias == "production" {
            #expect(record.previous == production, "a publication was lost between")
            production = record.version
        }
        #expect(aliases["production"] == production)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(Set(files) == Set(versions + [".lock", "aliases.json", "publications.jsonl"]))
    }

    @Test("files of aliases are no models and no versions")
    func listing() throws {
        try publish(0)
        #expect(try store.listing() == [.init(name: "leads", versions: versions.reversed())])
    }
}
