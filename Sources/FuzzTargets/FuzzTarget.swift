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
    /// Messages of the wire, from a peer.
    case wire
    /// What a peer says to an HTTP/2 server, after TLS.
    case http2
    /// Bodies of JSON.
    case json
    /// HTTP/1.1 requests to the admin listener.
    case plainRequest = "plain-request"
    /// What a peer says to a TLS server.
    case tls
    /// Files of certificates and keys.
    case pem

    /// Whether inputs are conversations of HTTP/2, for a mutation to change by frames.
    public var hasFrames: Bool { self == .http2 }

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
        case .wire: return try WireExamination.run(bytes)
        case .http2: return try HTTP2Examination.run(bytes)
        case .json: return try JSONExamination.run(bytes)
        case .plainRequest: return try PlainRequestExamination.run(bytes)
        case .tls: return try TLSExamination.run(bytes)
        case .pem: return try PEMExamination.run(bytes)
        case .xgboostJSON, .xgboostUBJSON, .lightGBMText, .onnx, .catBoostBinary, .catBoostJSON: break
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
