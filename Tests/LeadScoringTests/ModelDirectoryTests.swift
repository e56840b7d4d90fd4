import EnsembleKernels
import LeadScoring
import LeadWire
import Testing

@Suite("A directory of models with aliases")
struct ModelDirectoryTests {
    private let models: [LeadModel]
    private let directory: ModelDirectory

    init() throws {
        var random = SplitMix(seed: 5)
        let made = RandomModel(using: &random)
        models = try [("a", "1"), ("a", "2"), ("b", "1")].map { name, version in
            try LeadModel(name: name, version: version, recipe: made.recipe, ensemble: made.ensemble, kernel: .portable)
        }
        directory = ModelDirectory(
            models: models,
            aliases: [.init("production", of: models[0]), .init("candidate", of: models[1])]
        )
    }

    private func error(_ name: String, _ version: String = "") -> WireError? {
        do throws(WireError) {
            _ = try directory.model(named: name, version: version)
            return nil
        } catch {
            return error
        }
    }

    @Test("a bare name is the first of its models, an alias its own version, and an exact version any in service")
    func finds() throws {
        #expect(try directory.model(named: "a") === models[0])
        #expect(try directory.model(named: "a@production") === models[0])
        #expect(try directory.model(named: "a@candidate") === models[1])
        #expect(try directory.model(named: "a@candidate", version: "2") === models[1])
        #expect(try directory.model(named: "a", version: "2") === models[1])
        #expect(directory.aliases(of: models[0]) == ["production"])
    }

    @Test("an alias that is not there is an unknown model, with those that are")
    func unknown() {
        #expect(error("a@x")?.code == .unknownModel && error("a@x")?.text.contains("candidate, production") == true)
        #expect(error("b@x")?.text.contains("b has none") == true)
        #expect(error("c@x")?.code == .unknownModel && error("@x")?.code == .unknownModel)
        #expect(error("a@")?.code == .unknownModel && error("a@candidate@x")?.code == .unknownModel)
        #expect(error("a@candidate", "1")?.code == .unknownVersion)
    }
}
