import EnsembleFormats
import EnsembleKernels
import Testing
import TreeEnsemble

@Suite("CatBoost models")
struct CatBoostReaderTests {
    static let files =
        CatBoostFixtures.names.flatMap { [$0 + ".cbm", $0 + ".json"] }
        + CatBoostFixtures.binaryNames.map { $0 + ".cbm" }

    @Test("raw values are CatBoost's, bit for bit, from the reference and from every kernel", arguments: files)
    func agreement(file: String) throws {
        let name = String(file[..<(file.lastIndex(of: ".") ?? file.endIndex)])
        let answers = try CatBoostFixtures.Answers(name)
        let ensemble = try ModelFile.read(CatBoostFixtures.bytes(file), name: file)
        #expect(ensemble.featureNames == answers.columns)
        let rows = answers.values(for: ensemble)
        let evaluator = try ReferenceEvaluator(ensemble)
        for (index, row) in rows.enumerated() {
            let margins = evaluator.margins(of: row)
            #expect(
                margins.map(\.bitPattern) == answers.raw[index].map(\.bitPattern),
                "\(file), row \(index): \(margins), wanted \(answers.raw[index])"
            )
            // CatBoost gives both probabilities of two classes; its own exp is another than the C library's.
            let predictions = ensemble.predictions(fromMargins: margins)
            let wanted = answers.predictions[index].suffix(predictions.count)
            #expect(
                zip(predictions, wanted).allSatisfy { abs($0 - $1) <= 1e-14 * max(1, abs($1)) },
                "\(file), row \(index)"
            )
        }
        // Passes of derived columns end at 512 rows; blocks of the kernels elsewhere.
        let many = (0..<1_100).map { rows[$0 % rows.count] }
        let wanted = many.indices.map { answers.raw[$0 % rows.count] }
        for kernel in EnsembleKernel.supportedByProcessor {
            let packed = try EnsembleKernel(ensemble, kernel: kernel)
            let scratch = KernelScratch()
            for count in [1, 2, 7, 48, 64, 511, 512, 513, 1_100] {
                for isRowMajor in [true, false] {
                    let width = ensemble.featureCount
                    var matrix = [Double](repeating: 0, count: count * width)
                    for row in 0..<count {
                        for column in 0..<width {
                            matrix[isRowMajor ? row * width + column : column * count + row] = many[row][column]
                        }
                    }
                    var margins = [Double](repeating: 9, count: count * ensemble.outputCount)
                    var span = margins.mutableSpan
                    packed.margins(
                        rows: count,
                        values: matrix.span,
                        layout: isRowMajor ? .rowMajor(stride: width) : .featureMajor(stride: count),
                        scratch: scratch,
                        into: &span
                    )
                    let isSame = margins.map(\.bitPattern) == wanted[..<count].joined().map(\.bitPattern)
                    #expect(isSame, "\(file), \(kernel.rawValue), \(count) rows")
                }
            }
        }
    }

    @Test(
        "both forms of a model make the same ensemble, but for the name of the form",
        arguments: CatBoostFixtures.names
    )
    func sameEnsemble(name: String) throws {
        let binary = try ModelFile.read(CatBoostFixtures.bytes(name + ".cbm"))
        var text = try ModelFile.read(CatBoostFixtures.bytes(name + ".json"))
        #expect(binary.provenance.format == "catboost-cbm" && text.provenance.format == "catboost-json")
        text.provenance.format = binary.provenance.format
        let isSame = binary == text
        #expect(isSame)
    }

    @Test("texts of every length have CatBoost's hashes")
    func hashes() throws {
        let text = String(decoding: try CatBoostFixtures.bytes("hashes.csv"), as: UTF8.self)
        var lengths: Set<Int> = []
        for line in text.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            let word = String(fields[0])
            #expect(CategoryHash.of(word) == UInt32(fields[1]), "\(word)")
            if let number = Int(word) { #expect(CategoryHash.of(decimalTextOf: number) == UInt32(fields[1])) }
            lengths.insert(word.utf8.count)
        }
        #expect(lengths.isSuperset(of: [0, 1, 2, 3, 4, 7, 8, 16, 17, 32, 33, 64, 65, 128, 129, 200]))
        #expect(CategoryHash.empty == CategoryHash.of(""))
        #expect(CategoryHash.of(decimalTextOf: .min) == CategoryHash.of("-9223372036854775808"))
        #expect(CategoryHash.of(value: .nan) == CategoryHash.empty && CategoryHash.of(value: -1) == CategoryHash.empty)
        #expect(CategoryHash.of(value: 4_294_967_295) == .max && CategoryHash.of(value: 1e300) == CategoryHash.empty)
        #expect(CategoryHash.of(number: -3) == CategoryHash.of("-3"))
        #expect(CategoryHash.of(number: .infinity) == CategoryHash.empty)
    }

    @Test("float rows hold whole numbers as categories")
    func floatCategories() throws {
        let ensemble = try ModelFile.read(CatBoostFixtures.bytes("integers.cbm"))
        let answers = try CatBoostFixtures.Answers("integers")
        let kernel = try EnsembleKernel(ensemble)
        let scratch = KernelScratch()
        var compared = 0
        for (row, raw) in zip(answers.rows, answers.raw) {
            // Larger numbers than float32 holds are for doubles and text.
            let values = row.map { $0.isEmpty ? Float.nan : Float($0) ?? .nan }
            guard values.dropFirst().allSatisfy({ abs($0) < 1e6 }) else { continue }
            var margin = [0.0]
            var span = margin.mutableSpan
            kernel.margins(
                rows: 1,
                values: values.span,
                layout: .rowMajor(stride: values.count),
                scratch: scratch,
                into: &span
            )
            #expect(margin[0].bitPattern == raw[0].bitPattern)
            compared += 1
        }
        #expect(compared > 20)
    }

    @Test("what the model is made of is told")
    func description() throws {
        let combined = try ModelFile.read(CatBoostFixtures.bytes("combinations.cbm"))
        #expect(combined.provenance.library == "catboost" && combined.provenance.libraryVersion == "1.2.10")
        #expect(combined.objective == "Logloss" && combined.transform == .sigmoid64(scale: 1))
        #expect(combined.derivedFeatures?.categoryColumns == [3, 4, 5])
        let combinations = try #require(combined.derivedFeatures).combinations
        #expect(combinations.contains { $0.columns.count > 1 })
        #expect(combinations.contains { !$0.borders.isEmpty })
        #expect(combinations.contains { !$0.categories.isEmpty })
        let uses = combined.featureUse()
        #expect(uses[3].derivedSplits > 0 && uses[3].splits == uses[3].derivedSplits)
        let classes = try ModelFile.read(CatBoostFixtures.bytes("classes.json"))
        #expect(classes.outputCount == 4 && classes.transform == .softmax64)
        #expect(
            classes.trees[0].nodes == classes.trees[3].nodes && classes.trees.prefix(4).map(\.output) == [0, 1, 2, 3]
        )
        let borders = try ModelFile.read(CatBoostFixtures.bytes("borders.cbm"))
        #expect(borders.sumScale == .times(0.7) && borders.baseMargins == [1.3] && borders.derivedFeatures == nil)
        #expect(try ModelFile.read(CatBoostFixtures.bytes("poisson.cbm")).transform == .exp64)
    }

    @Test("each level of an oblivious tree has one split, the last one at the root")
    func levels() throws {
        let ensemble = try ModelFile.read(CatBoostFixtures.bytes("deep.cbm"))
        #expect(ensemble.depth == 10)
        for tree in ensemble.trees {
            var start = 0
            while start < tree.nodes.count {
                let level = tree.nodes[start..<2 * start + 1]
                #expect(level.allSatisfy { $0.feature == level[start].feature && $0.test == level[start].test })
                start = 2 * start + 1
            }
        }
    }
}
