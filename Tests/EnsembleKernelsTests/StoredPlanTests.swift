import EnsembleKernels
import Foundation
import Testing
import TreeEnsemble

@Suite("A stored plan scores as the ensemble it was packed from, or is refused")
struct StoredPlanTests {
    private static let digest = [UInt8](0..<32)

    /// Small ensembles that between them have every kind of block.
    private static let small: [EnsembleShape] = [
        EnsembleShape(
            name: "lanes",
            arithmetic: .float32LessThan,
            trees: 9,
            leaves: [5, 40, 2, 17],
            features: 3,
            outputs: 2
        ),
        EnsembleShape(
            name: "lookups and walks",
            arithmetic: .float64LessOrEqual,
            trees: 6,
            leaves: [6, 260, 1, 35],
            features: 3,
            thresholds: 9,
            categoricalOneIn: 3,
            categories: 9
        ),
        EnsembleShape(
            name: "levels",
            arithmetic: .catBoost,
            trees: 3,
            leaves: [8, 64],
            features: 2,
            growth: .oblivious,
            thresholds: 5
        ),
        EnsembleShape(name: "large trees alone", arithmetic: .float32LessThan, trees: 2, leaves: [300], features: 2),
    ]

    @Test(
        "at every shape, on every kernel and in every form",
        arguments: EnsembleShape.ofParity + LargeTreeTests.shapes + small
    )
    func roundTrip(_ shape: EnsembleShape) throws {
        var generator = SeededGenerator(seed: 21)
        let random = RandomEnsemble(shape, using: &generator)
        try compare(random.ensemble, random.rows(130, using: &generator), "\(shape), seed 21")
    }

    /// What fuzzers of plans start from.
    ///
    /// With `LEADLINE_RENEW_CORPUS` set it is written, as a new version of plans needs.
    @Test("is made of the same bytes as ever", arguments: small, [PlanKind.registers, .memory])
    func corpus(_ shape: EnsembleShape, _ kind: PlanKind) throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Corpus/plan")
            .appendingPathComponent("\(shape.name.replacing(" ", with: "-"))-\(kind).bin")
        var generator = SeededGenerator(seed: 21)
        let ensemble = RandomEnsemble(shape, using: &generator).ensemble
        let bytes = try #require(try StoredPlan.bytes(of: ensemble, for: kind, modelDigest: Self.digest))
        if ProcessInfo.processInfo.environment["LEADLINE_RENEW_CORPUS"] != nil { try Data(bytes).write(to: file) }
        #expect(try [UInt8](Data(contentsOf: file)) == bytes, "\(file.lastPathComponent)")
    }

    @Test("with features that are computed first")
    func derived() throws {
        try compare(Self.withDerivedFeatures, Self.hashedRows, "derived features")
    }

    private func compare(_ ensemble: Ensemble, _ rows: [[Double]], _ place: String) throws {
        for name in EnsembleKernel.supportedByProcessor {
            let file = try #require(try StoredPlan.bytes(of: ensemble, for: name.planKind, modelDigest: Self.digest))
            #expect(file == (try StoredPlan.bytes(of: ensemble, for: name.planKind, modelDigest: Self.digest)))
            for form in [nil] + EvaluationForm.allCases as [EvaluationForm?] {
                let packed = try EnsembleKernel(ensemble, kernel: name, form: form)
                let loaded = try EnsembleKernel(
                    stored: StoredPlan(copying: file),
                    modelDigest: Self.digest,
                    kernel: name,
                    form: form
                )
                #expect(loaded.outline == EnsembleOutline(ensemble))
                #expect(loaded.packedByteCount == packed.packedByteCount && loaded.columnCount == packed.columnCount)
                let scratch = KernelScratch()
                for rowForm in RowForm.allCases {
                    for count in [1, 8, 40, 130] {
                        let part = Array(rows.prefix(count))
                        let expected = kernelMargins(packed, part, rowForm, scratch)
                        let difference = firstDifference(kernelMargins(loaded, part, rowForm, scratch), expected)
                        #expect(
                            difference == nil,
                            "\(name), \(form?.rawValue ?? "any"), \(rowForm), \(count), \(place)"
                        )
                    }
                }
            }
        }
    }

    @Test("with all that it says of itself")
    func outline() throws {
        var generator = SeededGenerator(seed: 1)
        var ensemble = RandomEnsemble(Self.small[1], using: &generator).ensemble
        ensemble.objective = "größer"
        ensemble.averageDivisor = 3
        for scale: SumScale in [.none, .dividedBy(3), .times(0.25)] {
            for transform: OutputTransform in [
                .sigmoid64(scale: 0.3), .scaledExp32(factor: 1.5), .probit32, .softmax32,
            ] {
                ensemble.sumScale = scale
                ensemble.transform = transform
                #expect(try load(plan(ensemble)).outline == EnsembleOutline(ensemble))
            }
        }
    }

    @Test("and is refused when cut anywhere, or longer")
    func cut() throws {
        for shape in Self.small {
            let file = try plan(shape).file
            for length in Array(0..<min(2000, file.count)) + Array(stride(from: 2000, to: file.count, by: 61)) {
                #expect(throws: StoredPlanError.self, "\(length) bytes") { try load(Array(file[..<length])) }
            }
            #expect(throws: StoredPlanError.self) { try load(file + [UInt8](repeating: 0, count: 64)) }
        }
    }

    /// Each byte in turn, as far as time allows: every one of those before the leaves of a small plan.
    @Test("and reads nothing outside itself whichever byte is another", arguments: small)
    func flipped(_ shape: EnsembleShape) throws {
        let (file, rows) = try plan(shape)
        let trial = Trial(rows)
        let step = max(1, file.count / 12_000)
        for at in stride(from: 0, to: file.count, by: step) {
            var damaged = file
            damaged[at] ^= at % 3 == 0 ? 0xff : at % 3 == 1 ? 0x01 : 0x80
            trial.run(damaged)
        }
        #expect(trial.scored > 0 && trial.refused > 0, "\(trial.scored) scored, \(trial.refused) refused")
    }

    @Test("and reads nothing outside itself whatever numbers are others", arguments: 1...8 as ClosedRange<UInt64>)
    func damaged(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let numbers: [UInt32] = [.max, 1 << 31, 1 << 16, 65_535, 513, 256, 64, 63, 2, 1, 0]
        for shape in Self.small {
            let (file, rows) = try plan(shape)
            let trial = Trial(rows)
            for _ in 0..<800 {
                var damaged = file
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    let at = Int.random(in: 0..<file.count / 4, using: &generator) * 4
                    var number = numbers.randomElement(using: &generator) ?? 0
                    // Another of the plan's own numbers is the likeliest to pass.
                    if Bool.random(using: &generator) {
                        let from = Int.random(in: 0..<file.count / 4, using: &generator) * 4
                        number = (0..<4).reduce(0) { $0 | UInt32(file[from + $1]) << UInt32(8 * $1) }
                    }
                    for byte in 0..<4 { damaged[at + byte] = UInt8(truncatingIfNeeded: number >> UInt32(8 * byte)) }
                }
                trial.run(damaged)
            }
            #expect(trial.scored > 0 && trial.refused > 0, "\(shape), seed \(seed)")
        }
    }

    @Test("and says why it is refused")
    func reasons() throws {
        let file = try plan(Self.small[0]).file
        func refusal(_ change: (inout [UInt8]) -> Void, digest: [UInt8] = Self.digest) -> String {
            var changed = file
            change(&changed)
            do {
                _ = try EnsembleKernel(stored: StoredPlan(copying: changed), modelDigest: digest)
                return "none"
            } catch {
                return "\(error)"
            }
        }
        #expect(refusal { $0[0] = 0 } == "this is no packed plan")
        #expect(refusal { $0.swapAt(8, 11) } == "it was packed on a processor of the other byte order")
        #expect(refusal { $0[12] = 9 } == "it is of version 9; this program reads version 2")
        #expect(refusal { $0[16] ^= 3 }.hasPrefix("it was packed for other kernels"))
        #expect(refusal({ _ in }, digest: [UInt8](repeating: 0, count: 32)) == "it was made from another model file")
        #expect(refusal { _ in } == "none")
    }

    @Test("is refused if trees in lanes look at a column that is not there")
    func laneColumns() throws {
        guard let name = EnsembleKernel.supportedByProcessor.first(where: { $0.planKind == .registers }) else { return }
        var generator = SeededGenerator(seed: 4)
        let ensemble = RandomEnsemble(Self.small[0], using: &generator).ensemble
        let made = try StoredPlan.bytes(of: ensemble, for: .registers, modelDigest: Self.digest)
        let file = try #require(made)
        #expect(try EnsembleKernel(ensemble, kernel: name).columnCount < 100)
        // By block its offset, then its bytes; the lanes' columns are block 26.
        func number(_ place: Int) -> Int { (0..<8).reduce(0) { $0 | Int(file[place + $1]) << (8 * $1) } }
        let (offset, count) = (number(64 + 16 * 26), number(72 + 16 * 26))
        try #require(count == 128)
        for column in [UInt8(100), 127, 255] {
            var changed = file
            changed[offset + 127] = column
            #expect(throws: StoredPlanError.self, "column \(column)") {
                try EnsembleKernel(stored: StoredPlan(copying: changed), modelDigest: Self.digest, kernel: name)
            }
        }
    }

    @Test("is refused if levels in lanes make up leaves that are not there")
    func laneLevels() throws {
        guard let name = EnsembleKernel.supportedByProcessor.first(where: { $0.planKind == .registers }) else { return }
        let (file, _) = try plan(Self.small[2])
        func number(_ place: Int) -> Int { (0..<8).reduce(0) { $0 | Int(file[place + $1]) << (8 * $1) } }
        // Slots are block 23: places, keys and bits of 64 trees, of which the third tree has 8 leaves and so three levels.
        let (offset, count) = (number(64 + 16 * 23), number(72 + 16 * 23))
        try #require(count % 192 == 0 && count > 0)
        #expect(throws: Never.self) {
            try EnsembleKernel(stored: StoredPlan(copying: file), modelDigest: Self.digest, kernel: name)
        }
        for bits in [UInt8(64), 128, 255] {
            var changed = file
            changed[offset + 128 + 2] = bits
            #expect(throws: StoredPlanError.self, "bits \(bits)") {
                try EnsembleKernel(stored: StoredPlan(copying: changed), modelDigest: Self.digest, kernel: name)
            }
        }
    }

    @Test("from a file as from memory")
    func readFile() throws {
        let (file, rows) = try plan(Self.small[1])
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            "plan-\(UInt64.random(in: 0 ... .max))"
        )
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(file).write(to: path)
        let stored = try StoredPlan(readingFile: path.path)
        #expect(stored.withBytes { $0.byteCount } == file.count)
        let kernel = try EnsembleKernel(stored: stored, modelDigest: Self.digest)
        // What becomes of the file is nothing to the kernel: cut off in place, written to, gone.
        let handle = try FileHandle(forWritingTo: path)
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: [UInt8](repeating: 0xFF, count: file.count))
        try handle.close()
        let form = RowForm.allCases[0]
        let expected = kernelMargins(try load(file), rows, form, KernelScratch())
        #expect(firstDifference(kernelMargins(kernel, rows, form, KernelScratch()), expected) == nil)
        #expect(throws: StoredPlanError.self) { try StoredPlan(readingFile: path.path, byteCount: file.count - 1) }
        try FileManager.default.removeItem(at: path)
        #expect(throws: StoredPlanError.self) { try StoredPlan(readingFile: path.path) }
        #expect(throws: StoredPlanError.self) { try StoredPlan(readingFile: "/") }
    }

    @Test("and is not made of what needs raw values")
    func rawValues() throws {
        let leaf = LinearLeaf(constant: 1, features: [0], coefficients: [2])
        var ensemble = Self.withDerivedFeatures
        ensemble.derivedFeatures = nil
        ensemble.trees = [Tree(output: 0, nodes: [], leafValues: [1], linearLeaves: [leaf])]
        #expect(try StoredPlan.bytes(of: ensemble, for: .registers, modelDigest: Self.digest) == nil)
    }

    private func load(_ file: [UInt8]) throws -> EnsembleKernel {
        try EnsembleKernel(stored: StoredPlan(copying: file), modelDigest: Self.digest)
    }

    private func plan(_ ensemble: Ensemble) throws -> [UInt8] {
        let kind = try EnsembleKernel(ensemble).kernel.planKind
        return try #require(try StoredPlan.bytes(of: ensemble, for: kind, modelDigest: Self.digest))
    }

    private func plan(_ shape: EnsembleShape) throws -> (file: [UInt8], rows: [[Double]]) {
        var generator = SeededGenerator(seed: 4)
        let random = RandomEnsemble(shape, using: &generator)
        return (try plan(random.ensemble), random.rows(65, using: &generator))
    }

    /// What becomes of damaged plans; that the process goes on is what is tested.
    private final class Trial {
        private let rows: [[Double]]
        private let scratch = KernelScratch()
        private(set) var scored = 0
        private(set) var refused = 0

        init(_ rows: [[Double]]) { self.rows = rows }

        func run(_ plan: [UInt8]) {
            let stored = StoredPlan(copying: plan)
            for form in EvaluationForm.allCases {
                guard let kernel = try? EnsembleKernel(stored: stored, modelDigest: StoredPlanTests.digest, form: form),
                    kernel.featureCount == rows[0].count, kernel.outputCount <= 8
                else {
                    refused += 1
                    return
                }
                scored += 1
                _ = kernelMargins(kernel, Array(rows.prefix(3)), RowForm.allCases[0], scratch)
                _ = kernelMargins(kernel, rows, RowForm.allCases[3], scratch)
            }
        }
    }

    /// Trees over a number, a category and what is computed from both.
    private static var withDerivedFeatures: Ensemble {
        let hashes = (0..<5).map { CategoryHash.of("c\($0)") }
        let keys = (0..<5).flatMap { category in
            [UInt64(0), 1].map {
                CategoryCombination.folded(CategoryCombination.folded(0, category: hashes[category]), $0)
            }
        }
        let derived = DerivedFeatures(
            categoryColumns: [1],
            combinations: [
                CategoryCombination(
                    columns: [1],
                    borders: [BorderCondition(column: 0, border: 0.5, missingIsAbove: true)],
                    categories: [],
                    keys: keys.sorted()
                )
            ],
            features: [
                .isCategory(CategoryCondition(column: 1, hash: hashes[2])),
                .statistic(
                    CategoryStatistic(
                        combination: 0,
                        kind: "Borders",
                        values: (0..<10).map { Float($0) / 8 },
                        otherwise: 0.5
                    )
                ),
            ]
        )
        func node(_ feature: Int32, _ threshold: Double, _ left: Int32, _ right: Int32) -> Node {
            Node(
                feature: feature,
                test: .threshold(threshold),
                missing: .nan,
                defaultLeft: true,
                left: left,
                right: right
            )
        }
        let nodes = [node(0, 0.25, 1, 2), node(2, 0.5, ~0, ~1), node(3, 0.375, ~2, ~3)]
        return Ensemble(
            provenance: Provenance(library: "l", libraryVersion: "0", format: "f"),
            objective: "o",
            featureNames: ["number", "category"],
            outputCount: 1,
            arithmetic: .catBoost,
            baseMargins: [0.5],
            sumScale: .times(1.5),
            derivedFeatures: derived,
            trees: [
                Tree(output: 0, nodes: nodes, leafValues: [1, 2, 4, 8]),
                Tree(output: 0, nodes: [node(3, 0.75, ~0, ~1)], leafValues: [16, 32]),
            ],
            transform: .identity
        )
    }

    private static var hashedRows: [[Double]] {
        (0..<130).map { row in
            let category: Double = row % 6 == 5 ? .nan : Double(CategoryHash.of("c\(row % 6)"))
            return [Double(row % 7) / 8, category]
        }
    }
}
