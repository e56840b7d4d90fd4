internal import ArgumentParser
internal import EnsembleFormats
internal import EnsembleKernels
internal import TreeEnsemble

/// A bare evaluator: rows in, margins or predictions out.
struct Predict: ParsableCommand {
    enum Output: String, ExpressibleByArgument, CaseIterable {
        case margin, probability
    }

    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Evaluate a model on plain rows of numbers.",
        discussion: """
            MODEL is an XGBoost JSON or UBJSON, a LightGBM text, a CatBoost cbm or JSON, or an ONNX file. ROWS is a .npy file \
            of float32 or float64 numbers of the shape (rows, features), in the model's order of features, where NaN is \
            missing; or a table of separated values with the features' names in its header line, where an empty field \
            is missing. OUT gets float64 numbers of the shape (rows), or (rows, outputs) if the model has several \
            outputs.

            A CatBoost model's categories are text in a table (an empty field is the empty text), and whole numbers in \
            a .npy file.

            A margin is the sum before the objective's transform; for a LightGBM random forest it is the sum over the \
            trees, as predict(raw_score=True) gives it. A probability is the model's own prediction, whatever its \
            objective makes of the margin.

            Example:
              leadline predict model.json rows.npy --output probability -o out.npy
              leadline predict model.cbm rows.csv -o out.npy
            """
    )

    @Argument(help: ArgumentHelp("The model.", valueName: "model"))
    var model: String

    @Argument(help: ArgumentHelp("The rows: a .npy file, or a table of separated values.", valueName: "rows"))
    var rows: String

    @Option(help: "What to write.")
    var output: Output = .margin

    @Option(name: [.customShort("o"), .customLong("out")], help: ArgumentHelp("Where to write.", valueName: "file"))
    var out: String

    @Option(help: "What evaluates; \"reference\" is the slow definition.")
    var kernel: EvaluatorChoice = .best

    func run() throws {
        try checkWritable(out)
        let ensemble = try ModelFile.read(readWholeFile(model), name: model)
        let array = try PredictRows.read(rows, for: ensemble, model)
        let rowCount = try countRows(array, ensemble)
        let margins = try evaluate(array, rowCount, Evaluator(ensemble, kernel))
        try writeWholeFile(out, result(margins, rowCount, ensemble).fileBytes())
    }

    private func countRows(_ array: NumpyArray, _ ensemble: Ensemble) throws -> Int {
        guard array.shape.count == 2 else {
            let shape = array.shape.map(String.init).joined(separator: ", ")
            throw Failure("\(rows) has the shape (\(shape)); the shape (rows, features) is needed: rows.reshape(-1, n)")
        }
        guard array.shape[1] == ensemble.featureCount else {
            throw Failure(
                "\(rows) has \(array.shape[1]) numbers a row, \(model) has \(ensemble.featureCount) features; "
                    + "leadline inspect \(model) lists them in order"
            )
        }
        return array.shape[0]
    }

    private func evaluate(_ array: NumpyArray, _ rowCount: Int, _ evaluator: Evaluator) throws -> [Double] {
        let outputs = evaluator.ensemble.outputCount
        let width = evaluator.ensemble.featureCount
        let (count, overflow) = rowCount.multipliedReportingOverflow(by: outputs)
        guard !overflow, count <= 1 << 33 else {
            throw Failure("\(rows) has \(rowCount) rows, too many for \(outputs) outputs each; split the file")
        }
        var margins: [Double] = []
        margins.reserveCapacity(count)
        var progress = ProgressLine("rows")
        let scratch = KernelScratch()
        for start in stride(from: 0, to: rowCount, by: Self.blockRows) {
            let end = min(start + Self.blockRows, rowCount)
            var found = [Double](repeating: 0, count: (end - start) * outputs)
            var block = found.mutableSpan
            let range = start * width..<end * width
            switch array.values {
            case .float32(let values):
                let span = values.span.extracting(range)
                evaluator.margins(rows: end - start, values: span, scratch: scratch, into: &block)
            case .float64(let values):
                let span = values.span.extracting(range)
                evaluator.margins(rows: end - start, values: span, scratch: scratch, into: &block)
            }
            margins.append(contentsOf: found)
            progress.update(end, of: rowCount)
        }
        progress.finish()
        return margins
    }

    private func result(_ margins: [Double], _ rowCount: Int, _ ensemble: Ensemble) -> NumpyArray {
        let outputs = ensemble.outputCount
        guard output == .probability else {
            return NumpyArray(shape: outputs == 1 ? [rowCount] : [rowCount, outputs], values: .float64(margins))
        }
        let perRow = ensemble.transform.predictionCount(outputs: outputs)
        var predictions: [Double] = []
        predictions.reserveCapacity(rowCount * perRow)
        for row in 0..<rowCount {
            let sums = Array(margins[row * outputs..<(row + 1) * outputs])
            predictions.append(contentsOf: ensemble.predictions(fromMargins: sums))
        }
        return NumpyArray(shape: perRow == 1 ? [rowCount] : [rowCount, perRow], values: .float64(predictions))
    }

    /// Rows between two looks at the clock.
    private static let blockRows = 8_192
}
