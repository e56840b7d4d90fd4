internal import EnsembleFormats
internal import TreeEnsemble

/// A parser of bytes that others wrote, to be tried with any bytes at all.
///
/// A new parser is one more case here, its words in ``words``, and files in `Tests/Corpus/<name>`.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// XGBoost models as JSON.
    case xgboostJSON = "xgboost-json"
    /// XGBoost models as UBJSON.
    case xgboostUBJSON = "xgboost-ubjson"
    /// LightGBM models.
    case lightGBMText = "lightgbm-text"
    /// ONNX models.
    case onnx
    /// CatBoost models in its own binary form.
    case catBoostBinary = "catboost-cbm"
    /// CatBoost models as JSON.
    case catBoostJSON = "catboost-json"
    /// Tables of numbers.
    case npy
    /// Packed plans, as bundles keep them.
    case plan

    /// What a parser made of an input.
    public enum Outcome: Equatable, Sendable {
        /// It was read, and everything that was then done with it went well.
        case read
        /// It was refused, with these words.
        case refused(String)
    }

    /// Something that must not be.
    public struct Finding: Error, Equatable, CustomStringConvertible {
        /// What happened.
        public let description: String

        init(_ description: String) { self.description = description }
    }

    /// Words of the form, for a mutation to put in.
    public var words: [String] {
        switch self {
        case .xgboostJSON:
            [
                "{\"learner\":", "null", "NaN", "-Infinity", "1e999", "[]", "{}", "\\ud800",
                "\"num_feature\":\"1048576\"",
                "\"split_type\"", "\"categories_sizes\"", "\"gblinear\"", "\"dart\"", "\"size_leaf_vector\"",
                "2147483647",
            ]
        case .xgboostUBJSON:
            ["{L", "[$d#", "[$l#L", "[$U#i", "[#", "learner", "split_type", "gblinear", "dart", "\u{7F}", "Z", "SL"]
        case .lightGBMText:
            [
                "tree\n", "Tree=0\n", "num_leaves=1", "num_cat=1", "decision_type=", "cat_boundaries=0 2",
                "is_linear=1",
                "num_class=3", "max_feature_idx=1048575", "-nan", "inf", "1e-400", "end of trees", "average_output\n",
            ]
        case .onnx:
            [
                "nodes_modes", "BRANCH_LEQ", "BRANCH_MEMBER", "LEAF", "TreeEnsemble", "ai.onnx.ml", "SOFTMAX", "MIN",
                "Scaler",
            ]
        case .catBoostBinary:
            ["CBM1", "\u{4}\0\0\0", "FlabuffersModel_v1", "static_provider_v1", "Borders:prior_num=0", "{\"params\":"]
        case .catBoostJSON:
            [
                "\"oblivious_trees\":", "\"ctr_data\":{}", "\"split_type\":\"OnlineCtr\"",
                "\"nan_value_treatment\":\"AsTrue\"",
                "\"scale_and_bias\":[1,[0]]", "\"border\":1e999", "\"float_feature_index\":1048576", "null", "[]",
            ]
        case .plan: ["LDLPLAN1", "\u{3}\0\0\0", "\u{40}\0\0\0", "\u{7F}\u{7F}", "\u{1}\0\0\0"]
        case .npy:
            [
                "'descr': '<f8'", "'fortran_order': True", "'shape': (0, 9223372036854775807)", "(,)", "\u{93}NUMPY",
                "\n",
            ]
        }
    }

    /// Reads an input; of what can be read, tries everything that is done with it afterwards.
    ///
    /// - Parameters:
    ///   - bytes: anything.
    ///   - examination: keeps working memory from one input to the next, as a server's thread does.
    /// - Returns: what the parser made of it.
    /// - Throws: ``Finding``; a crash, a hang and hunger for memory are for the caller to notice.
    public func examine(_ bytes: [UInt8], _ examination: EnsembleExamination) throws(Finding) -> Outcome {
        switch self {
        case .npy: return try examineArray(bytes)
        case .plan: return try examination.run(plan: bytes, seed: Self.seed(of: bytes))
        default: break
        }
        let ensemble: Ensemble
        do throws(ModelFileError) {
            ensemble = try ModelFile.read(bytes, name: "input")
        } catch {
            guard !error.problem.isEmpty, !error.remedy.isEmpty else {
                throw Finding("refused without words: \(error)")
            }
            return .refused(error.problem)
        }
        try examination.run(ensemble, seed: Self.seed(of: bytes))
        return .read
    }

    /// What is written from an array is read as the same array.
    private func examineArray(_ bytes: [UInt8]) throws(Finding) -> Outcome {
        let array: NumpyArray
        do throws(NumpyArrayError) {
            array = try NumpyArray(reading: bytes)
        } catch {
            guard !error.description.isEmpty else { throw Finding("refused without words") }
            return .refused(error.description)
        }
        let written = array.fileBytes()
        let again = try? NumpyArray(reading: written)
        // NaN is not equal to itself: bytes are.
        guard again?.shape == array.shape, again?.fileBytes() == written else {
            throw Finding("an array of the shape \(array.shape) is written as another")
        }
        return .read
    }

    /// The same rows for the same bytes (FNV-1a).
    private static func seed(of bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
