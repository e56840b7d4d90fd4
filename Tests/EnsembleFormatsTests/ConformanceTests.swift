import EnsembleFormats
import EnsembleKernels
import Testing
import TreeEnsemble

/// Every shared model against the predictions of the library that trained it.
///
/// The rule: XGBoost margins are equal bit for bit in float32, LightGBM's and CatBoost's raw values bit for bit in
/// double (their sum has one order). Predictions may differ by a few units in the last place, for `exp` is the C
/// library's.
@Suite("Conformance with XGBoost, LightGBM and CatBoost", .serialized)
struct ConformanceTests {
    private static let readable: Set<String> = ["xgboost-json", "xgboost-ubj", "lightgbm-text", "catboost-cbm"]

    @Test("every model agrees with its library, or is refused with a reason")
    func agreement() throws {
        var table = ConformanceTable()
        for item in SharedModels.cases {
            if item.format == "onnx", !item.mustBeRefused {
                // ONNX models have no margins to compare with; their predictions stand for them.
                table.add(item, item.model ?? "", try ONNXConformanceTests().verdict(item))
                continue
            }
            guard let model = item.model, !SharedModels.isFolder(model) else {
                table.add(item, item.model ?? "", .skipped("its model is a folder, not a file"))
                continue
            }
            var files = [model]
            if let twin = item.alsoUbj { files.append(twin) }
            if let converted = item.convertedJson, ["xgboost-binary", "catboost-cbm"].contains(item.format) {
                files.append(converted)
            }
            for file in files {
                let bytes = try SharedModels.bytes(file)
                let ensemble: Ensemble
                do {
                    ensemble = try ModelFile.read(bytes, name: file)
                } catch {
                    let isExpected =
                        item.mustBeRefused || !Self.readable.contains(item.format)
                    #expect(isExpected, "\(item.id): \(error)")
                    #expect(!error.problem.isEmpty && !error.remedy.isEmpty, "\(error)")
                    table.add(item, file, .refused("\(error.problem); \(error.remedy)"))
                    continue
                }
                #expect(!item.mustBeRefused, "\(item.id) must be refused")
                var (rows, off) = (0, 0)
                for (input, expected) in [(item.input, item.expected), (item.edgeInput, item.edgeExpected)] {
                    guard let input, let expected else { continue }
                    let figures = try compare(ensemble, file, input, expected)
                    rows += figures.rows
                    off += figures.off
                }
                #expect(rows > 0, "\(item.id) has no rows to compare")
                table.add(item, file, off == 0 && rows > 0 ? .agreed(rows: rows) : .differs(rows: rows))
            }
        }
        if !SharedModels.cases.isEmpty { print(table.text) }
    }

    /// Compares margins and predictions of each row; rows and kernels that are off are counted together.
    private func compare(
        _ ensemble: Ensemble,
        _ file: String,
        _ input: String,
        _ expected: String
    ) throws -> (rows: Int, off: Int) {
        let rows = try SharedModels.table(input).rows
        let (header, answers) = try SharedModels.table(expected)
        #expect(rows.count == answers.count)
        let marginColumns = header.indices.filter { header[$0].hasPrefix("margin") || header[$0].hasPrefix("raw") }
        var predictionColumns = header.indices.filter { header[$0].hasPrefix("pred") }
        // CatBoost tells both probabilities of two classes.
        if ensemble.provenance.library == "catboost" {
            predictionColumns = header.indices.filter { header[$0].hasPrefix("prob") }.suffix(ensemble.outputCount)
        }
        #expect(marginColumns.count == ensemble.outputCount, "\(expected): \(header)")
        let evaluator = try ReferenceEvaluator(ensemble)
        let kernelsOff = try Self.compareKernels(evaluator, rows.map { $0.map(SharedModels.number) }, file)
        var wrong = 0
        for (index, (row, answer)) in zip(rows, answers).enumerated() {
            let values = row.map(SharedModels.number)
            let margins = evaluator.margins(of: values)
            let wanted = marginColumns.map { SharedModels.number(answer[$0]) }
            let predictions = ensemble.predictions(fromMargins: margins)
            let wantedPredictions = predictionColumns.map { SharedModels.number(answer[$0]) }
            let isRight =
                margins.elementsEqual(wanted) { isSame($0, $1, ensemble.arithmetic) }
                && (wantedPredictions.isEmpty
                    || predictions.elementsEqual(wantedPredictions) { isClose($0, $1, ensemble.arithmetic) })
            if !isRight {
                wrong += 1
                if wrong <= 3 {
                    Issue.record(
                        """
                        \(file), \(input), row \(index): margins \(margins), wanted \(wanted); \
                        predictions \(predictions), wanted \(wantedPredictions)
                        """
                    )
                }
            }
        }
        #expect(wrong == 0, "\(file), \(input): \(wrong) of \(rows.count) rows are off")
        return (rows.count, wrong + kernelsOff)
    }

    /// Compares every kernel that runs here with the reference evaluator, bit for bit, on doubles and on floats.
    /// - Returns: how many are off.
    static func compareKernels(_ evaluator: ReferenceEvaluator, _ rows: [[Double]], _ file: String) throws -> Int {
        var off = 0
        let doubles = rows.flatMap { $0 }
        let floats = doubles.map { Float($0) }
        let wanted = rows.flatMap(evaluator.margins(of:)).map(\.bitPattern)
        let narrowed = rows.flatMap { evaluator.margins(of: $0.map { Double(Float($0)) }) }.map(\.bitPattern)
        for name in EnsembleKernel.supportedByProcessor {
            let kernel = try EnsembleKernel(evaluator.ensemble, kernel: name)
            let layout = MatrixLayout.rowMajor(stride: kernel.featureCount)
            let scratch = KernelScratch()
            var margins = [Double](repeating: .nan, count: wanted.count)
            var span = margins.mutableSpan
            kernel.margins(rows: rows.count, values: doubles.span, layout: layout, scratch: scratch, into: &span)
            #expect(margins.map(\.bitPattern) == wanted, "\(file): the kernel \(name.rawValue) is off")
            var ofFloats = [Double](repeating: .nan, count: wanted.count)
            var floatSpan = ofFloats.mutableSpan
            kernel.margins(rows: rows.count, values: floats.span, layout: layout, scratch: scratch, into: &floatSpan)
            #expect(ofFloats.map(\.bitPattern) == narrowed, "\(file): the kernel \(name.rawValue) is off for floats")
            if margins.map(\.bitPattern) != wanted || ofFloats.map(\.bitPattern) != narrowed { off += 1 }
        }
        return off
    }

    private func isSame(_ one: Double, _ other: Double, _ arithmetic: Arithmetic) -> Bool {
        if one.isNaN && other.isNaN { return true }
        return switch arithmetic.sum {
        case .float32: Float(one).bitPattern == Float(other).bitPattern && Double(Float(one)) == one
        case .float64: one.bitPattern == other.bitPattern
        }
    }

    private func isClose(_ one: Double, _ other: Double, _ arithmetic: Arithmetic) -> Bool {
        if one == other || one.isNaN && other.isNaN { return true }
        return switch arithmetic.sum {
        case .float32: abs(Float(one) - Float(other)) <= 4 * Float(other).ulp
        case .float64: abs(one - other) <= 4 * other.ulp
        }
    }
}
