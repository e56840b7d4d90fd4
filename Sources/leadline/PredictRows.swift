internal import EnsembleFormats
internal import LeadTable
internal import TreeEnsemble

/// The rows that `leadline predict` evaluates: a NumPy array, or a table of separated values.
enum PredictRows {
    /// Reads the rows of a file as an array of the shape (rows, features) that an evaluator takes as it is.
    ///
    /// In the categorical columns of a CatBoost model a table holds texts, and an array whole numbers, which are
    /// categories by their decimal text, as in CatBoost's own Python package; hashes come out.
    /// - Parameters:
    ///   - path: the file, `.npy` or a table with a header line.
    ///   - ensemble: the model.
    ///   - model: the model's path, for messages.
    /// - Returns: the array.
    /// - Throws: ``Failure`` or `TableError` with the place.
    static func read(_ path: String, for ensemble: Ensemble, _ model: String) throws -> NumpyArray {
        let bytes = try readWholeFile(path)
        guard ModelFile.recognise(bytes) == .numpyArray else {
            // What neither is an array nor looks like text is more likely a mistaken file than a table.
            guard bytes.starts(with: [0x1F, 0x8B]) || !bytes.prefix(512).contains(0) else {
                throw Failure("\(path) is neither a .npy file nor a table of separated values")
            }
            return try table(LeadTable(bytes: bytes, fileName: path), ensemble, model)
        }
        let array: NumpyArray
        do {
            array = try NumpyArray(reading: bytes)
        } catch {
            throw Failure("\(path): \(error)")
        }
        guard array.shape.count == 2, array.shape[1] == ensemble.featureCount,
            let categories = ensemble.derivedFeatures?.categoryColumns, !categories.isEmpty
        else { return array }
        return try hashed(array, categories, path)
    }

    /// Columns by the model's names, or in its order where the table has none of those names.
    private static func table(_ table: LeadTable, _ ensemble: Ensemble, _ model: String) throws -> NumpyArray {
        let names = ensemble.featureNames
        var columns = names.map { table.column(named: $0) }
        if columns.allSatisfy({ $0 == nil }), table.columnNames.count == names.count {
            columns = names.indices.map { $0 }
        }
        if let absent = columns.firstIndex(of: nil) {
            throw Failure(
                "\(table.fileName) has no column \"\(names[absent])\", which \(model) wants; leadline inspect \(model) "
                    + "lists its features"
            )
        }
        let categories = Set(ensemble.derivedFeatures?.categoryColumns ?? [])
        let width = names.count
        let (count, overflow) = table.rowCount.multipliedReportingOverflow(by: width)
        guard !overflow, count <= 1 << 33 else { throw Failure("\(table.fileName) has too many rows; split the file") }
        var values = [Double](repeating: 0, count: count)
        for (feature, column) in columns.enumerated() {
            guard let column else { continue }
            let read =
                categories.contains(feature)
                ? table.hashes(ofColumn: column)
                : try table.numbers(ofColumn: column, missing: MissingTokens(["nan", "NaN"]))
            for row in read.indices { values[row * width + feature] = read[row] }
        }
        return NumpyArray(shape: [table.rowCount, width], values: .float64(values))
    }

    private static func hashed(_ array: NumpyArray, _ categories: [Int], _ path: String) throws -> NumpyArray {
        let width = array.shape[1]
        var values: [Double]
        switch array.values {
        case .float32(let narrow): values = narrow.map(Double.init)
        case .float64(let wide): values = wide
        }
        for row in 0..<array.shape[0] {
            for column in categories {
                let value = values[row * width + column]
                if value.isNaN { continue }
                guard let number = Int(exactly: value) else {
                    throw Failure(
                        "\(path), row \(row), column \(column): \(value) is no category; a category is a whole number, or "
                            + "text in a table of separated values"
                    )
                }
                values[row * width + column] = Double(CategoryHash.of(decimalTextOf: number))
            }
        }
        return NumpyArray(shape: array.shape, values: .float64(values))
    }
}
