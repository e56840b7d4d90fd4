import EnsembleFormats
import FuzzTargets
import Testing
import TreeEnsemble

@Suite("Attacks on the CatBoost readers", .timeLimit(.minutes(5)))
struct CatBoostAttackTests {
    static let files = ["small-oblivious.cbm", "small-oblivious.json", "small-free.cbm", "small-free.json"]

    /// A row of hashes.
    @discardableResult
    private func survives(_ bytes: [UInt8], packs: Bool, _ context: @autoclosure () -> String) -> Bool {
        Attack.survives(bytes, value: 2_411_623_456, packs: packs, context())
    }

    @Test("a file cut at any byte is refused", arguments: files)
    func cuts(file: String) throws {
        let bytes = try CatBoostFixtures.bytes(file)
        #expect(survives(bytes, packs: true, file))
        for length in 0..<bytes.count {
            #expect(!survives(Array(bytes[..<length]), packs: false, file), "\(file) cut at \(length) was read")
        }
        #expect(!survives(bytes + [0], packs: false, file), "a byte behind the end was passed over")
    }

    @Test("one bit turned anywhere", arguments: files)
    func bitFlips(file: String) throws {
        let bytes = try CatBoostFixtures.bytes(file)
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                survives(changed, packs: (index * 8 + bit) % 16 == 0, "\(file), bit \(bit) of byte \(index)")
            }
        }
    }

    @Test(
        "each word of a binary file made huge, negative or one off",
        arguments: ["small-oblivious.cbm", "small-free.cbm"]
    )
    func words(file: String) throws {
        let bytes = try CatBoostFixtures.bytes(file)
        for index in 4..<bytes.count - 4 {
            let old = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[index + $1]) << UInt32(8 * $1) }
            for word in [0, 1, 0x7FFF_FFFF, 0x8000_0000, .max, old &+ 1, old &- 1, UInt32(bytes.count - index)] {
                var changed = bytes
                changed.replaceSubrange(index..<index + 4, with: FlatDocument.little(word, 4))
                survives(changed, packs: false, "\(file), \(word) at byte \(index)")
            }
        }
    }

    @Test("bytes changed, dropped, doubled and moved at random", arguments: files)
    func randomChanges(file: String) throws {
        let bytes = try CatBoostFixtures.bytes(file)
        let target: FuzzTarget = file.hasSuffix("cbm") ? .catBoostBinary : .catBoostJSON
        Attack.randomChanges(of: bytes, words: target.words) { changed, round, context in
            survives(changed, packs: round % 4 == 0, "\(file), \(context)")
        }
    }

    private func refusal(_ change: (inout CatBoostFile) -> Void) -> String {
        var file = CatBoostFile()
        change(&file)
        do throws(ModelFileError) {
            _ = try ModelFile.read(file.bytes)
            return "it was read"
        } catch {
            return error.problem
        }
    }

    @Test("a file made by hand is read")
    func handmade() throws {
        let ensemble = try ModelFile.read(CatBoostFile().bytes)
        #expect(ensemble.featureNames == ["n", "c"] && ensemble.derivedFeatures?.categoryColumns == [1])
        #expect(try ReferenceEvaluator(ensemble).margins(of: [0.5, 0]) == [1])
        #expect(try ReferenceEvaluator(ensemble).margins(of: [0.6, 0]) == [2])
        var counted = CatBoostFile()
        let key = CategoryCombination.folded(0, category: 7)
        counted.useStatistic(
            kind: 4,
            table: [
                1: CatBoostFile.keys([(key, 0)], slots: 2), 2: .numbers(count: 4, bytes: [9, 0, 0, 0]), 3: .integer(2),
            ]
        )
        let evaluator = try ReferenceEvaluator(ModelFile.read(counted.bytes))
        // 9 / (2 + 1) is above the border, 0 / 3 is not.
        #expect(evaluator.margins(of: [7]) == [2] && evaluator.margins(of: [8]) == [1])
    }

    @Test("what is wrong is said")
    func words() {
        #expect(refusal { $0.core[0] = .text("FlatbuffersModel_v2") }.contains("another version"))
        #expect(refusal { $0.trees[12] = .vector([.table([:])]) } == "the model has text features")
        #expect(refusal { $0.trees[18] = .vector([.table([:])]) } == "the model has embedding features")
        #expect(refusal { $0.core[3] = .vector([.text("magic_v9")]) }.contains("a part \"magic_v9\" that is not known"))
        #expect(refusal { $0.core[3] = .vector([.text("static_provider_v1")]) }.contains("ends before the length"))
        #expect(refusal { $0.tail = [0] }.contains("1 bytes follow"))
        #expect(refusal { $0.trees[0] = .integer(0) }.contains("0 outputs"))
        #expect(refusal { $0.trees[0] = .integer(1 << 20) }.contains("too few leaf values"))
        #expect(refusal { $0.trees[1] = .integers([1]) }.contains("split 1 of 1"))
        #expect(refusal { $0.trees[2] = .integers([17]) }.contains("17 nodes"))
        #expect(refusal { $0.trees[3] = .integers([1]) }.contains("not from 0"))
        #expect(refusal { $0.trees[8] = .doubles([1, 2, 3]) }.contains("3 leaf values"))
        #expect(refusal { $0.trees[14] = .double(.infinity) }.contains("not finite"))
        #expect(refusal { $0.trees[16] = .doubles([1, 2]) }.contains("2 biases for 1 outputs"))
        let unsorted = FlatDocument.vector([.table([1: .integer(0), 2: .integer(0), 3: .floats([1, 0])])])
        #expect(refusal { $0.trees[5] = unsorted }.contains("below the one before it"))
        let far = FlatDocument.vector([.table([1: .integer(0), 2: .integer(.max), 3: .floats([1])])])
        #expect(refusal { $0.trees[5] = far }.contains("at most 1048576"))
        let same = FlatDocument.vector([.table([1: .integer(0), 2: .integer(1), 3: .floats([1])])])
        #expect(refusal { $0.trees[5] = same }.contains("two features are made from column 1"))
        #expect(refusal { $0.useStatistic(kind: 0, table: nil) }.contains("no table for the statistic Borders"))
        #expect(refusal { $0.useStatistic(kind: 9, table: nil) }.contains("unknown kind 9"))
        let blob = FlatDocument.numbers(count: 8, bytes: [UInt8](repeating: 1, count: 8))
        func table(_ keys: FlatDocument, classes: Int32 = 2) -> [Int: FlatDocument] {
            [1: keys, 2: blob, 4: .integer(classes)]
        }
        let keys = CatBoostFile.keys([(5, 0)], slots: 2)
        #expect(refusal { $0.useStatistic(kind: 0, table: table(keys)) } == "it was read")
        #expect(refusal { $0.useStatistic(kind: 1, table: table(keys), targetBorder: 2) }.contains("border 2 of 2"))
        #expect(refusal { $0.useStatistic(kind: 1, table: table(keys, classes: -1)) }.contains("-1 classes"))
        let outside = CatBoostFile.keys([(5, 1)], slots: 2)
        #expect(refusal { $0.useStatistic(kind: 0, table: table(outside)) }.contains("entry 1 of 1"))
        let twice = CatBoostFile.keys([(5, 0), (5, 0)], slots: 4)
        #expect(refusal { $0.useStatistic(kind: 0, table: table(twice)) }.contains("a key twice"))
        #expect(
            refusal { $0.useStatistic(kind: 0, table: table(CatBoostFile.keys([], slots: 3))) }.contains("36 bytes")
        )
    }

    /// Steps as pairs of distances.
    private func steps(_ pairs: [(UInt16, UInt16)]) -> FlatDocument {
        .numbers(
            count: pairs.count,
            bytes: pairs.flatMap { FlatDocument.little($0.0, 2) + FlatDocument.little($0.1, 2) }
        )
    }

    @Test("steps of trees that are not oblivious: children shared, lost or outside are refused")
    func steps() throws {
        func problem(_ pairs: [(UInt16, UInt16)], leaves: [Int32], values: Int) -> String {
            refusal {
                $0.trees[1] = .integers([Int32](repeating: 0, count: pairs.count))
                $0.trees[2] = .integers([Int32(pairs.count)])
                $0.trees[10] = steps(pairs)
                $0.trees[11] = .integers(leaves)
                $0.trees[8] = .doubles((0..<values).map(Double.init))
            }
        }
        #expect(problem([(1, 2), (0, 0), (0, 0)], leaves: [-1, 0, 1], values: 2) == "it was read")
        // A node that stops on one side has a leaf of its own there.
        #expect(problem([(0, 1), (0, 0)], leaves: [0, 1], values: 2) == "it was read")
        #expect(problem([(1, 1), (0, 0)], leaves: [-1, 0], values: 1).contains("reached twice"))
        #expect(problem([(1, 3), (0, 0), (0, 0)], leaves: [-1, 0, 1], values: 2).contains("leads to node 3 of 3"))
        #expect(problem([(1, 2), (0, 0), (0, 0)], leaves: [-1, 0, 0], values: 1).contains("same values"))
        #expect(problem([(1, 2), (0, 0), (0, 0)], leaves: [-1, 0, -1], values: 2).contains("leaf value 4294967295"))
        #expect(problem([(1, 2), (0, 0), (0, 0)], leaves: [-1, 0], values: 2).contains("leaf numbers"))
    }

    @Test("a small file cannot claim large memory or long time")
    func amplification() {
        // A hundred thousand references to one feature of a hundred thousand borders.
        let feature = FlatDocument.table([1: .integer(0), 2: .integer(0), 3: .floats((0..<100_000).map(Float.init))])
        let shared = FlatDocument.references(count: 100_000, to: feature)
        #expect(refusal { $0.trees[5] = shared }.contains("over and over"))
        // Thousands of statistics of a table of thousands of keys, each of them in use.
        let count = 4_000
        let statistic = FlatDocument.table([0: .table([0: CatBoostFile.base(4)]), 1: .floats([0.5])])
        let large = refusal {
            let keys = CatBoostFile.keys((0..<2_000).map { (UInt64($0), 0) }, slots: 4_096)
            $0.useStatistic(kind: 4, table: [1: keys, 2: .numbers(count: 4, bytes: [1, 0, 0, 0]), 3: .integer(1)])
            $0.trees[7] = .references(count: count, to: statistic)
            $0.trees[1] = .integers((0..<Int32(count)).map { $0 })
            $0.trees[2] = .integers([Int32](repeating: 1, count: count))
            $0.trees[3] = .integers((0..<Int32(count)).map { $0 })
            $0.trees[8] = .doubles([Double](repeating: 1, count: 2 * count))
        }
        #expect(large.contains("its statistics have more than"))
        let wide = refusal {
            $0.useStatistic(kind: 4, table: [1: CatBoostFile.keys([], slots: 2), 3: .integer(1)])
            let parts = FlatDocument.integers([Int32](repeating: 0, count: 65))
            let base = FlatDocument.table([0: .table([0: parts]), 1: .byte(4)])
            $0.trees[7] = .vector([.table([0: .table([0: base]), 1: .floats([0.5])])])
        }
        #expect(wide.contains("a combination of 65 features"))
    }

    @Test("JSON without tables of statistics says to save the model as cbm; deep trees end at the limit of nesting")
    func json() throws {
        let text = String(decoding: try CatBoostFixtures.bytes("small-oblivious.json"), as: UTF8.self)
        let cut = text.replacing("\"ctr_data\"", with: "\"other\"")
        let error = #expect(throws: ModelFileError.self) { try ModelFile.read(Array(cut.utf8)) }
        #expect(error?.problem.contains("no table for the statistic") == true, "\(String(describing: error))")
        #expect(error?.remedy.contains("model.save_model(\"model.cbm\")") == true)
        let targets = #expect(throws: ModelFileError.self) {
            try ModelFile.read(CatBoostFixtures.bytes("targets.json"))
        }
        #expect(targets?.problem.contains("several targets") == true, "\(String(describing: targets))")
        let deep = "{\"features_info\":{},\"trees\":[" + String(repeating: "{\"left\":", count: 100_000)
        let nested = #expect(throws: ModelFileError.self) { try ModelFile.read(Array(deep.utf8)) }
        #expect(nested?.problem == "nested more than 64 deep")
    }
}
