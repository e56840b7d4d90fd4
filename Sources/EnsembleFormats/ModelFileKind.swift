/// What a model file is, judged by its content and never by its name.
public enum ModelFileKind: String, Sendable, Equatable, CaseIterable {
    /// XGBoost's JSON, by `save_model("model.json")`.
    case xgboostJSON = "xgboost-json"
    /// XGBoost's UBJSON, by `save_model("model.ubj")`.
    case xgboostUBJSON = "xgboost-ubjson"
    /// LightGBM's text, by `save_model("model.txt")`.
    case lightGBMText = "lightgbm-text"
    /// XGBoost's old binary form, written by default before 2.1 and removed in 3.1.
    case xgboostBinary = "xgboost-binary"
    /// XGBoost's `dump_model` in JSON, made to be looked at.
    case xgboostDumpJSON = "xgboost-dump-json"
    /// XGBoost's `dump_model` in text, made to be looked at.
    case xgboostDumpText = "xgboost-dump-text"
    /// LightGBM's `dump_model`, made to be looked at.
    case lightGBMDumpJSON = "lightgbm-dump-json"
    /// An ONNX graph.
    case onnx
    /// CatBoost's own binary form.
    case catBoostBinary = "catboost-cbm"
    /// CatBoost's JSON export.
    case catBoostJSON = "catboost-json"
    /// A Python pickle, by `pickle` or `joblib`.
    case pickle
    /// Predictive Model Markup Language.
    case pmml
    /// A Treelite checkpoint.
    case treelite
    /// A file compressed by gzip.
    case gzip
    /// A zip archive (skops, MOJO, `.npz`).
    case zip
    /// A NumPy array: rows, no model.
    case numpyArray = "npy"
    /// An empty file.
    case empty
    /// Nothing that is known here.
    case unknown

    /// Whether ``ModelFile/read(_:name:)`` reads it.
    public var isReadable: Bool { remedy == nil }

    /// The name for people.
    public var label: String {
        switch self {
        case .xgboostJSON: "XGBoost JSON"
        case .xgboostUBJSON: "XGBoost UBJSON"
        case .lightGBMText: "LightGBM text"
        case .xgboostBinary: "XGBoost's old binary form"
        case .xgboostDumpJSON: "XGBoost dump_model JSON"
        case .xgboostDumpText: "XGBoost dump_model text"
        case .lightGBMDumpJSON: "LightGBM dump_model JSON"
        case .onnx: "ONNX"
        case .catBoostBinary: "CatBoost cbm"
        case .catBoostJSON: "CatBoost JSON"
        case .pickle: "Python pickle or joblib"
        case .pmml: "PMML"
        case .treelite: "Treelite checkpoint"
        case .gzip: "gzip"
        case .zip: "zip archive"
        case .numpyArray: "NumPy array"
        case .empty: "empty file"
        case .unknown: "unknown form"
        }
    }

    /// How to come by a file that can be read; nil for the kinds that can.
    public var remedy: String? {
        switch self {
        case .xgboostJSON, .xgboostUBJSON, .lightGBMText, .catBoostBinary, .catBoostJSON: nil
        case .xgboostBinary:
            "load it with XGBoost 1.0 to 3.0 and save it again: booster.save_model(\"model.json\")"
        case .xgboostDumpJSON, .xgboostDumpText:
            "a dump lacks base score, objective and exact numbers; save with booster.save_model(\"model.json\")"
        case .lightGBMDumpJSON:
            "a dump is for people to look at; save with booster.save_model(\"model.txt\")"
        case .onnx:
            "export from the library that trained it: XGBoost save_model(\"model.json\"), "
                + "LightGBM save_model(\"model.txt\"), CatBoost save_model(\"model.cbm\")"
        case .pmml, .treelite:
            "XGBoost JSON or UBJSON, LightGBM text and CatBoost cbm or JSON can be read; save the model so if it came "
                + "from one of these"
        case .pickle:
            "a pickle runs code when it is loaded; open it in Python where you trust it and save the booster: "
                + "model.get_booster().save_model(\"model.json\") or model.booster_.save_model(\"model.txt\")"
        case .gzip: "unpack it first: gunzip FILE"
        case .zip: "unpack it first, and give the model file inside"
        case .numpyArray: "these are rows; the model file comes first on the command line"
        case .empty: "the export may have failed; save the model again"
        case .unknown:
            "XGBoost JSON or UBJSON, LightGBM text and CatBoost cbm or JSON (all by save_model) can be read"
        }
    }
}
