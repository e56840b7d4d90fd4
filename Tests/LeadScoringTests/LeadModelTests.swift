import ByteKit
import EnsembleKernels
import LeadScoring
import LeadTypes
import LeadWire
import Testing
import TreeEnsemble

@Suite struct LeadModelTests {
    @Test(arguments: 1...120 as ClosedRange<UInt64>)
    func `the engine gives the slow scorer's bits for any recipe and batch`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let drawn = RandomModel(using: &random)
        let slow = try SlowScorer(drawn.recipe, drawn.ensemble)
        let workspace = ScoringWorkspace()
        var results = ScoreColumns()
        for kernel in EnsembleKernel.supportedByProcessor {
            let model = try LeadModel(
                name: "m",
                version: "1",
                recipe: drawn.recipe,
                ensemble: drawn.ensemble,
                kernel: kernel
            )
            for rows in [1, 7, 63, 64, 65, 511, 512, 513, 1_100].shuffled(using: &random).prefix(3) {
                let columns = drawn.columns(
                    rows: rows,
                    impossibleOneIn: Bool.random(using: &random) ? 20 : 0,
                    using: &random
                )
                let message = try drawn.message(columns, bins: model.bins, using: &random)
                var request = ScoreRequest()
                try request.decode(message.rawBytes)
                try model.check(request)
                results.reset(rows: rows)
                // In one call or in slices: the same.
                let slice = Bool.random(using: &random) ? rows : Int.random(in: 1...rows, using: &random)
                for first in stride(from: 0, to: rows, by: slice) {
                    model.score(
                        request,
                        message: message.rawBytes,
                        rows: first..<min(first + slice, rows),
                        asOfDays: 20_010.3,
                        workspace: workspace,
                        into: &results
                    )
                }
                for row in 0..<rows {
                    let wanted = slow.score(row: columns.map { $0[row] }, asOfDays: 20_010.3)
                    #expect(results.result(row) == wanted, "seed \(seed), \(kernel), row \(row) of \(rows)")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `two batches in slices, turn by turn, with a dictionary of a string a row, are looked up once each`() throws {
        let levels = (0..<200).map { "level \($0)" }
        let tree = Tree(
            output: 0,
            nodes: [Node(feature: 0, test: .threshold(100), missing: .nan, defaultLeft: true, left: ~0, right: ~1)],
            leafValues: [-1, 1]
        )
        let ensemble = Ensemble(
            provenance: Provenance(library: "test", libraryVersion: "1", format: "none"),
            objective: "binary:logistic",
            featureNames: ["source"],
            outputCount: 1,
            arithmetic: .float32LessThan,
            baseMargins: [0],
            trees: [tree],
            transform: .sigmoid32
        )
        let recipe = ScoringRecipe(
            schema: LeadSchema(columns: [LeadColumn(name: "source", kind: .category, levels: levels)]),
            features: [FeatureRule(column: "source", preparation: .category(unseen: 0))],
            calibration: .identity,
            scale: .probability,
            tiers: [TierCut(name: "A", minimumProbability: 0)]
        )
        let model = try LeadModel(name: "m", version: "1", recipe: recipe, ensemble: ensemble)
        let (rows, slice) = (6_000, 16)
        let codes = [(0..<rows).map { $0 % 300 }, (0..<rows).map { ($0 * 7 + 5) % 250 }]
        let messages = try codes.map { codes in
            var encoder = try ScoreRequestEncoder(
                requestID: 1,
                fingerprint: recipe.schema.fingerprint,
                rows: rows,
                columnCount: 1
            )
            // Spaces at the end make each row's string its own, and mean nothing.
            try encoder.add(
                strings: codes.enumerated().map { row, code in
                    "level \(code)" + String(repeating: " ", count: row / 200 % 6)
                        + String(repeating: "\t", count: row / 1_200)
                }
            )
            return try encoder.finish()
        }
        var requests = [ScoreRequest(), ScoreRequest()]
        var results = [ScoreColumns(), ScoreColumns()]
        let workspace = ScoringWorkspace()
        for turn in 0..<2 {
            let message = messages[turn]
            try requests[turn].decode(message.rawBytes)
            try model.check(requests[turn])
            results[turn].reset(rows: rows)
        }
        for first in stride(from: 0, to: rows, by: slice) {
            for turn in 0..<2 {
                let message = messages[turn]
                model.score(
                    requests[turn],
                    message: message.rawBytes,
                    rows: first..<min(first + slice, rows),
                    asOfDays: 0,
                    workspace: workspace,
                    into: &results[turn]
                )
            }
        }
        for turn in 0..<2 {
            #expect(results[turn].margins == codes[turn].map { $0 >= 100 && $0 < 200 ? 1 : -1 })
        }
    }

    @Test func `the same columns in any encoding give the same bits`() throws {
        var random = SplitMix(seed: 77)
        for _ in 0..<10 {
            let drawn = RandomModel(using: &random)
            let model = try LeadModel(name: "m", version: "1", recipe: drawn.recipe, ensemble: drawn.ensemble)
            let columns = drawn.columns(rows: 70, impossibleOneIn: 0, using: &random)
            var all: [ScoreColumns] = []
            for _ in 0..<4 {
                let message = try drawn.message(columns, bins: model.bins, using: &random)
                all.append(try scoreAll(model, message))
            }
            for other in all.dropFirst() {
                for row in 0..<70 { #expect(other.result(row) == all[0].result(row)) }
            }
        }
    }

    @Test func `a batch for another schema is refused with the fingerprint it should have had`() throws {
        let model = try small()
        var encoder = try ScoreRequestEncoder(requestID: 1, fingerprint: 1, rows: 1, columnCount: 2)
        encoder.add([1])
        encoder.add([1])
        let refusal = #expect(throws: WireError.self) { try scoreAll(model, try encoder.finish()) }
        #expect(refusal?.code == .schemaMismatch)
        #expect(refusal?.expectedFingerprint == model.schema.fingerprint)
    }

    @Test func `too few columns and strings for a number are refused`() throws {
        let model = try small()
        let fingerprint = model.schema.fingerprint
        var short = try ScoreRequestEncoder(requestID: 1, fingerprint: fingerprint, rows: 1, columnCount: 1)
        short.add([1])
        #expect(#expect(throws: WireError.self) { try scoreAll(model, try short.finish()) }?.code == .columnCount)
        var strings = try ScoreRequestEncoder(requestID: 1, fingerprint: fingerprint, rows: 1, columnCount: 2)
        try strings.add(strings: ["1"])
        strings.add([0])
        let refusal = #expect(throws: WireError.self) { try scoreAll(model, try strings.finish()) }
        #expect(refusal?.code == .columnKind)
        #expect(refusal?.column == 0)
    }

    @Test func `a margin that is not a number gets no score`() throws {
        let model = try small(leaves: [.nan, .infinity, 0.25])
        let scored = try scoreAll(model, message(for: model, [[-5, 0.5, 9], [0, 0, 0]]))
        #expect(scored.statuses == [1, 0, 0])
        #expect(scored.margins[0].isNaN && scored.probabilities[0].isNaN)
        #expect(scored.margins[1] == .infinity && scored.probabilities[1] == 1 && scored.tiers[1] == 0)
        #expect(scored.scores == [255, 100, 56])
        #expect(scored.tiers == [255, 0, 1])
    }

    @Test func `rows that are not reached keep the mark of a passed deadline`() throws {
        let model = try small()
        let bytes = try message(for: model, [[1, 2, 3], [0, 0, 0]])
        var request = ScoreRequest()
        try request.decode(bytes.rawBytes)
        var results = ScoreColumns()
        results.reset(rows: 3)
        let workspace = ScoringWorkspace()
        model.score(request, message: bytes.rawBytes, rows: 0..<2, asOfDays: 0, workspace: workspace, into: &results)
        #expect(results.statuses == [0, 0, 2])
        #expect(results.scores[2] == 255 && results.tiers[2] == 255 && results.probabilities[2].isNaN)
        results.reset(rows: 2)
        #expect(results.statuses == [2, 2])
        #expect(results.margins.count == 2 && results.margins[0].isNaN)
    }

    @Test func `an objective without a probability needs a calibration`() throws {
        var (recipe, ensemble) = parts()
        ensemble.transform = .identity
        #expect(throws: InvalidRecipe.self) {
            try LeadModel(name: "m", version: "1", recipe: recipe, ensemble: ensemble)
        }
        recipe.calibration = .platt(slope: 1, intercept: 0)
        _ = try LeadModel(name: "m", version: "1", recipe: recipe, ensemble: ensemble)
    }

    @Test func `a directory finds models by name and version`() throws {
        let (recipe, ensemble) = parts()
        let models = try [("a", "2"), ("a", "1"), ("b", "1")].map {
            try LeadModel(name: $0.0, version: $0.1, recipe: recipe, ensemble: ensemble, kernel: .portable)
        }
        let both = ModelDirectory(models: models)
        #expect(both.names == ["a", "b"])
        #expect(try both.model(named: "a") === models[0])
        #expect(try both.model(named: "a", version: "1") === models[1])
        #expect(#expect(throws: WireError.self) { try both.model(named: "") }?.code == .unknownModel)
        #expect(#expect(throws: WireError.self) { try both.model(named: "c") }?.code == .unknownModel)
        #expect(#expect(throws: WireError.self) { try both.model(named: "b", version: "2") }?.code == .unknownVersion)
        #expect(try ModelDirectory(models: models, defaultName: "b").model(named: "") === models[2])
        #expect(try ModelDirectory(models: [models[2]]).model(named: "", version: "1") === models[2])
        let empty = ModelDirectory(models: [])
        #expect(#expect(throws: WireError.self) { try empty.model(named: "a") }?.code == .notReady)
    }

    // A model of a number and a category, with one tree of three leaves: below 0, below 1, the rest.
    private func parts(leaves: [Double] = [-1, 0, 0.25]) -> (ScoringRecipe, Ensemble) {
        let recipe = ScoringRecipe(
            schema: LeadSchema(columns: [
                LeadColumn(name: "n", kind: .number), LeadColumn(name: "c", kind: .category, levels: ["x"]),
            ]),
            features: [
                FeatureRule(column: "n", preparation: .number),
                FeatureRule(column: "c", preparation: .category(unseen: nil)),
            ],
            calibration: .identity,
            scale: .probability,
            tiers: [TierCut(name: "A", minimumProbability: 0.75), TierCut(name: "B", minimumProbability: 0)]
        )
        func node(_ threshold: Double, _ left: Int32, _ right: Int32) -> Node {
            Node(feature: 0, test: .threshold(threshold), missing: .nan, defaultLeft: true, left: left, right: right)
        }
        let ensemble = Ensemble(
            provenance: Provenance(library: "hand", libraryVersion: "1", format: "none"),
            objective: "binary:logistic",
            featureNames: ["n", "c"],
            outputCount: 1,
            arithmetic: .float32LessThan,
            baseMargins: [0],
            trees: [Tree(output: 0, nodes: [node(0, ~0, 1), node(1, ~1, ~2)], leafValues: leaves)],
            transform: .sigmoid32
        )
        return (recipe, ensemble)
    }

    private func small(leaves: [Double] = [-1, 0, 0.25]) throws -> LeadModel {
        let (recipe, ensemble) = parts(leaves: leaves)
        return try LeadModel(name: "m", version: "1", recipe: recipe, ensemble: ensemble)
    }

    private func message(for model: LeadModel, _ columns: [[Double]]) throws -> [UInt8] {
        var encoder = try ScoreRequestEncoder(
            requestID: 1,
            fingerprint: model.schema.fingerprint,
            rows: columns[0].count,
            columnCount: columns.count
        )
        for column in columns { encoder.add(column) }
        return try encoder.finish()
    }

    private func scoreAll(_ model: LeadModel, _ message: [UInt8]) throws -> ScoreColumns {
        var request = ScoreRequest()
        try request.decode(message.rawBytes)
        try model.check(request)
        var results = ScoreColumns()
        results.reset(rows: request.rows)
        model.score(
            request,
            message: message.rawBytes,
            rows: 0..<request.rows,
            asOfDays: 20_000,
            workspace: ScoringWorkspace(),
            into: &results
        )
        return results
    }
}

extension ScoreColumns {
    /// A row's results as bits.
    func result(_ row: Int) -> SlowScorer.Result {
        SlowScorer.Result(
            margin: margins[row].bitPattern,
            probability: probabilities[row].bitPattern,
            score: scores[row],
            tier: tiers[row],
            status: statuses[row]
        )
    }
}
