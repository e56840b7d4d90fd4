internal import TreeEnsemble

/// What CatBoost's own `predict` makes of raw values, by the loss function that the file names.
enum CatBoostLoss {
    /// The transform that gives probabilities for a classifier and the default prediction for everything else
    /// (`libs/model/eval_processing.h`, and `_get_default_prediction_type` of the Python package).
    static func transform(_ loss: String, outputs: Int) -> OutputTransform {
        switch loss {
        case "Logloss", "CrossEntropy", "Focal", "MultiLogloss", "MultiCrossEntropy", "MultiClassOneVsAll":
            .sigmoid64(scale: 1)
        case "MultiClass": outputs > 1 ? .softmax64 : .sigmoid64(scale: 1)
        case "Poisson", "Tweedie": .exp64
        default: .identity
        }
    }

    /// The version in the text that CatBoost writes about itself; empty if there is none.
    ///
    /// Example: `Branch: tags/v1.2.10` gives `1.2.10`.
    static func version(in text: String) -> String {
        for mark in ["tags/v", "CatBoost release "] {
            let letters = Array(mark.utf8)
            let bytes = Array(text.utf8)
            guard bytes.count > letters.count,
                let start = (0..<bytes.count - letters.count).first(where: { bytes[$0...].starts(with: letters) })
            else { continue }
            let version = bytes[(start + letters.count)...].prefix {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".")
            }
            if !version.isEmpty { return String(decoding: version, as: UTF8.self) }
        }
        return ""
    }
}
