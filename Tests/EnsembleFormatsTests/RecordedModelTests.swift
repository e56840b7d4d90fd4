import EnsembleFormats
import EnsembleKernels
import Foundation
import Testing
import TreeEnsemble

/// A small model as a library wrote it, and what the same library makes of a few rows.
///
/// They were trained for these tests on random numbers, for parts of the formats that the shared models lack.
struct RecordedModel: Sendable, CustomTestStringConvertible {
    var name: String
    /// Whether ``text`` is bytes as base64.
    var isBase64 = false
    var text: String
    var rows: [[Double]]
    /// Bits of the margins: of a float for XGBoost, of a double for LightGBM.
    var margins: [[UInt64]]
    var predictions: [[Double]]

    var testDescription: String { name }

    var bytes: [UInt8] {
        isBase64 ? [UInt8](Data(base64Encoded: text) ?? Data()) : Array((text + "\n").utf8)
    }
}

@Suite("Recorded models")
struct RecordedModelTests {
    @Test(
        "have the margins that their library gave them, to the bit, on every kernel",
        arguments: RecordedModel.xgboost + RecordedModel.lightGBM
    )
    func margins(_ model: RecordedModel) throws {
        let ensemble = try ModelFile.read(model.bytes, name: model.name)
        let isFloat = ensemble.arithmetic.sum == .float32
        let reference = try ReferenceEvaluator(ensemble)
        for (index, row) in model.rows.enumerated() {
            let margins = reference.margins(of: row)
            let bits = margins.map { isFloat ? UInt64(Float($0).bitPattern) : $0.bitPattern }
            #expect(bits == model.margins[index], "\(model.name), row \(index): \(margins)")
            let predictions = ensemble.predictions(fromMargins: margins)
            #expect(predictions.count == model.predictions[index].count)
            for (found, wanted) in zip(predictions, model.predictions[index]) {
                let unit = isFloat ? Double(Float(wanted).ulp) : wanted.ulp
                #expect(
                    found == wanted || abs(found - wanted) <= 4 * unit,
                    "\(model.name), row \(index): \(predictions)"
                )
            }
        }
        for name in EnsembleKernel.supportedByProcessor {
            let margins = margins(of: model.rows, try EnsembleKernel(ensemble, kernel: name))
            let bits = margins.map { isFloat ? UInt64(Float($0).bitPattern) : $0.bitPattern }
            #expect(bits == model.margins.flatMap { $0 }, "\(model.name), \(name.rawValue)")
        }
    }

    private func margins(of rows: [[Double]], _ kernel: EnsembleKernel) -> [Double] {
        let values = rows.flatMap { $0 }
        let layout = MatrixLayout.rowMajor(stride: kernel.featureCount)
        var margins = [Double](repeating: .nan, count: rows.count * kernel.outputCount)
        var span = margins.mutableSpan
        kernel.margins(rows: rows.count, values: values.span, layout: layout, scratch: KernelScratch(), into: &span)
        return margins
    }

    @Test("with vectors at their leaves become one tree an output, with the same nodes side by side")
    func vectors() throws {
        let models = RecordedModel.xgboost.filter { $0.name.contains("vectors") }
        #expect(models.count == 4)
        for model in models {
            let ensemble = try ModelFile.read(model.bytes)
            for first in stride(from: 0, to: ensemble.trees.count, by: ensemble.outputCount) {
                let group = ensemble.trees[first..<first + ensemble.outputCount]
                #expect(group.map(\.output) == Array(0..<ensemble.outputCount), "\(model.name)")
                #expect(group.allSatisfy { $0.nodes == ensemble.trees[first].nodes }, "\(model.name)")
            }
        }
    }

    @Test("cut at any byte are refused, but for a tail that says nothing")
    func cuts() {
        for model in RecordedModel.xgboost + RecordedModel.lightGBM {
            let bytes = model.bytes
            let tail = bytes.count - (model.text.hasPrefix("tree") ? 80 : 1)
            for length in 0..<tail {
                #expect(throws: ModelFileError.self, "\(model.name) cut at \(length)") {
                    try ModelFile.read(Array(bytes[..<length]))
                }
            }
        }
    }
}
