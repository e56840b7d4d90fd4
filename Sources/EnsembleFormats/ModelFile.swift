public import TreeEnsemble

/// Model files of other libraries: recognised by content, read into an ``TreeEnsemble/Ensemble``, or refused by name.
public enum ModelFile {
    /// The most features an ensemble may have; the names alone would fill memory otherwise.
    public static let featuresMax = 1 << 20
    /// The most outputs (classes or targets) an ensemble may have.
    public static let outputsMax = 1 << 14

    /// Reads a model file.
    ///
    /// The ensemble is complete and valid: every index is in range, every node is reached once. Time and memory are
    /// bounded by the size of the file, whatever it holds.
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - name: the file's name, for errors.
    ///   - parsed: called once the ensemble is read and before it is validated, for who takes the time of both.
    /// - Returns: the ensemble, validated.
    /// - Throws: ``ModelFileError``: what is wrong, where, and what to do; also for every kind and feature that is
    ///   recognised but not supported.
    public static func read(
        _ bytes: [UInt8],
        name: String = "",
        parsed: () -> Void = {}
    ) throws(ModelFileError) -> Ensemble {
        do throws(ModelFileError) {
            return try ensemble(from: bytes, kind: recognise(bytes), parsed)
        } catch {
            var named = error
            named.name = name
            throw named
        }
    }

    private static func ensemble(
        from bytes: [UInt8],
        kind: ModelFileKind,
        _ parsed: () -> Void
    ) throws(ModelFileError) -> Ensemble {
        if let remedy = kind.remedy {
            throw ModelFileError(kind: kind, position: .file, problem: "cannot be read", remedy: remedy)
        }
        let ensemble =
            switch kind {
            case .xgboostUBJSON: try XGBoostReader.ensemble(from: UBJSONReader(bytes))
            case .lightGBMText: try LightGBMReader.ensemble(from: bytes)
            case .onnx: try ONNXReader.ensemble(from: bytes)
            case .catBoostBinary: try CatBoostBinaryReader.model(from: bytes).ensemble()
            case .catBoostJSON: try CatBoostJSONReader.model(from: bytes).ensemble()
            default: try XGBoostReader.ensemble(from: JSONReader(bytes))
            }
        parsed()
        do throws(InvalidEnsemble) {
            try ensemble.validate()
        } catch {
            throw ModelFileError(
                kind: kind,
                position: .file,
                problem: error.description,
                remedy: "the file is damaged; save the model again"
            )
        }
        return ensemble
    }
}
