import EnsembleFormats
import EnsembleKernels
import Foundation
import Testing
import TreeEnsemble

/// ONNX models against ONNX Runtime on one thread: margins equal bit for bit, predictions within 4 units in the last
/// place.
@Suite("Conformance with ONNX Runtime")
struct ONNXConformanceTests {
    /// The models that `ONNX/generate.py` made, with ONNX Runtime's answers.
    static let own: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".onnx") }.map { String($0.dropLast(5)) }.sorted()
    }()

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("ONNX")

    @Test("there are models of all kinds")
    func isComplete() { #expect(Self.own.count >= 50) }

    @Test("models of exporters and every mode of nodes agree", arguments: own)
    func agreement(name: String) throws {
        let model = try Data(contentsOf: Self.folder.appendingPathComponent(name + ".onnx"))
        let ensemble = try ModelFile.read([UInt8](model), name: name)
        let text = try String(contentsOf: Self.folder.appendingPathComponent(name + ".csv"), encoding: .utf8)
        var lines = text.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
        let header = lines.removeFirst()
        let features = header.count { $0.hasPrefix("x") }
        let margins = header.count { $0.hasPrefix("m") }
        #expect(ensemble.featureCount == features)
        let evaluator = try ReferenceEvaluator(ensemble)
        for (row, line) in lines.enumerated() {
            let found = evaluator.margins(of: line[..<features].map { Double($0) ?? .nan })
            let place = "\(name), row \(row)"
            if margins > 0 {
                let isNarrow = isNarrow(ensemble, isMargin: true)
                compare(found, line[features..<features + margins], isNarrow: isNarrow, ulps: 0, place + ": margin")
            }
            let predictions = ensemble.predictions(fromMargins: found)
            let isNarrow = isNarrow(ensemble, isMargin: false)
            compare(predictions, line[(features + margins)...], isNarrow: isNarrow, ulps: 4, place + ": prediction")
        }
    }

    /// What ONNX Runtime gives out: float64 only for a `TreeEnsemble` over float64, and not through a softmax.
    private func isNarrow(_ ensemble: Ensemble, isMargin: Bool) -> Bool {
        ensemble.arithmetic.sum == .float32 || !ensemble.objective.hasPrefix("TreeEnsemble ")
            || !isMargin && ensemble.transform != .identity
    }

    /// Compares outputs; of a pair for two classes, one output stands for the second.
    /// - Returns: whether all are right.
    @discardableResult
    private func compare(
        _ found: [Double],
        _ wanted: ArraySlice<String>,
        isNarrow: Bool,
        ulps: Double,
        _ place: String
    ) -> Bool {
        let wanted = found.count == 1 ? wanted.suffix(1) : wanted
        #expect(found.count == wanted.count, "\(place)")
        var areRight = found.count == wanted.count
        for (one, text) in zip(found, wanted) {
            let isRight: Bool
            if isNarrow, let other = Float(text) {
                let one = Float(one)
                isRight = one == other || one.isNaN && other.isNaN || abs(one - other) <= Float(ulps) * other.ulp
            } else if let other = Double(text) {
                isRight = one == other || one.isNaN && other.isNaN || abs(one - other) <= ulps * other.ulp
            } else {
                isRight = false
            }
            #expect(isRight, "\(place) is \(one), wanted \(text)")
            areRight = areRight && isRight
        }
        return areRight
    }

    /// Compares a model of others on plain rows and on edge rows, and every kernel with the reference.
    func verdict(_ item: SharedModels.Case) throws -> ConformanceTable.Verdict {
        let model = try #require(item.model)
        let ensemble = try ModelFile.read(SharedModels.bytes(model), name: model)
        let evaluator = try ReferenceEvaluator(ensemble)
        let isNarrow = isNarrow(ensemble, isMargin: false)
        var (rows, off) = (0, 0)
        for (input, expected) in [(item.input, item.expected), (item.edgeInput, item.edgeExpected)] {
            guard let input, let expected else { continue }
            let (header, answers) = try SharedModels.table(expected)
            let columns = header.indices.filter { !header[$0].contains("label") }
            let inputs = try SharedModels.table(input).rows.map {
                $0.prefix(ensemble.featureCount).map(SharedModels.number)
            }
            #expect(inputs.count == answers.count)
            for (row, answer) in zip(inputs, answers) {
                let predictions = ensemble.predictions(fromMargins: evaluator.margins(of: row))
                let wanted = columns.map { answer[$0] }[...]
                let place = "\(item.id), \(input), row \(rows)"
                if !compare(predictions, wanted, isNarrow: isNarrow, ulps: 4, place) { off += 1 }
                rows += 1
            }
            off += try ConformanceTests.compareKernels(evaluator, inputs, model)
        }
        #expect(rows > 0, "\(item.id) has no rows")
        return off == 0 && rows > 0 ? .agreed(rows: rows) : .differs(rows: rows)
    }

    @Test("models that CatBoost converted agree with CatBoost")
    func converted() throws {
        for item in SharedModels.cases {
            guard let file = item.convertedOnnx, let input = item.input, let expected = item.expected else { continue }
            let ensemble = try ModelFile.read(SharedModels.bytes(file), name: file)
            print("\(file): \(ensemble.featureCount) features, \(try SharedModels.table(expected).header)")
            let evaluator = try ReferenceEvaluator(ensemble)
            let (header, answers) = try SharedModels.table(expected)
            let raw = try #require(header.firstIndex { $0.hasPrefix("raw") })
            for (row, answer) in zip(try SharedModels.table(input).rows, answers) {
                let margins = evaluator.margins(of: row.map(SharedModels.number))
                let wanted = SharedModels.number(answer[raw])
                #expect(abs((margins.last ?? .nan) - wanted) <= 1e-5 * max(1, abs(wanted)), "\(file)")
            }
        }
    }
}
