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
    /// An ONNX graph, by skl2onnx, onnxmltools or CatBoost.
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
    /// A file compressed by xz, lzma, bzip2, zlib, zstd or lz4, as joblib does.
    case compressed
    /// A zip archive (`.npz` and others).
    case zip
    /// A scikit-learn model by skops.
    case skops
    /// A MOJO of H2O's.
    case h2oMOJO = "h2o-mojo"
    /// A PyTorch model.
    case torch = "pytorch"
    /// A Keras model in a zip archive.
    case keras
    /// An HDF5 file (Keras, PyTables).
    case hdf5
    /// A SavedModel of TensorFlow's.
    case tensorFlow = "tensorflow"
    /// A part of a model of Yggdrasil's (YDF, TensorFlow Decision Forests).
    case yggdrasil
    /// Tensors by safetensors.
    case safetensors
    /// An R object by `saveRDS` or `save`.
    case rObject = "r-object"
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
        case .compressed: "compressed file"
        case .zip: "zip archive"
        case .skops: "scikit-learn by skops"
        case .h2oMOJO: "H2O MOJO"
        case .torch: "PyTorch"
        case .keras: "Keras"
        case .hdf5: "HDF5"
        case .tensorFlow: "TensorFlow SavedModel"
        case .yggdrasil: "Yggdrasil (YDF)"
        case .safetensors: "safetensors"
        case .rObject: "R object"
        case .numpyArray: "NumPy array"
        case .empty: "empty file"
        case .unknown: "unknown form"
        }
    }

    /// How to come by a file that can be read; nil for the kinds that can.
    public var remedy: String? {
        switch self {
        case .xgboostJSON, .xgboostUBJSON, .lightGBMText, .onnx, .catBoostBinary, .catBoostJSON: nil
        case .xgboostBinary:
            "load it with XGBoost 1.0 to 3.0 and save it again: booster.save_model(\"model.json\")"
        case .xgboostDumpJSON, .xgboostDumpText:
            "a dump lacks base score, objective and exact numbers; save with booster.save_model(\"model.json\")"
        case .lightGBMDumpJSON:
            "a dump is for people to look at; save with booster.save_model(\"model.txt\")"
        case .pmml, .treelite:
            "it was made from a model of another library, so go back to that one: booster.save_model(\"model.json\") of "
                + "XGBoost's or save_model(\"model.txt\") of LightGBM's"
        case .pickle:
            "a pickle runs code when it is loaded; open it in Python where you trust it and save the booster: "
                + "model.get_booster().save_model(\"model.json\") or model.booster_.save_model(\"model.txt\"), or "
                + "export a scikit-learn forest with skl2onnx"
        case .gzip:
            "unpack it first: gunzip FILE; if that gives a pickle (joblib compresses so) or an object of R's, save the "
                + "booster instead: booster.save_model(\"model.json\") in Python, xgb.save(model, \"model.json\") in R"
        case .compressed:
            "joblib compresses its pickles so: open it in Python where you trust it and save the booster: "
                + "model.get_booster().save_model(\"model.json\") or model.booster_.save_model(\"model.txt\"); "
                + "unpack it first if it is no pickle"
        case .skops:
            "open it in Python (skops.io.load) and save the booster: model.get_booster().save_model(\"model.json\") or "
                + "model.booster_.save_model(\"model.txt\")"
        case .h2oMOJO: "H2O exports no form that can be read; train with XGBoost or LightGBM themselves"
        case .torch, .keras, .hdf5, .tensorFlow, .safetensors:
            "this is no tree ensemble as far as its form tells; XGBoost JSON or UBJSON, LightGBM text, CatBoost cbm or "
                + "JSON and ONNX trees can be read"
        case .yggdrasil:
            "YDF exports no form that can be read; train with XGBoost or LightGBM, or ask YDF for its own C++ code"
        case .rObject:
            "open it in R and save the booster: xgb.save(model, \"model.json\") or lgb.save(model, \"model.txt\")"
        case .zip: "unpack it first, and give the model file inside"
        case .numpyArray: "these are rows; the model file comes first on the command line"
        case .empty: "the export may have failed; save the model again"
        case .unknown:
            "XGBoost JSON or UBJSON, LightGBM text, CatBoost cbm or JSON (all by save_model) and ONNX trees can be read"
        }
    }
}
