internal import CXGBoost
internal import Foundation

/// A call into XGBoost's library that failed, in the library's own words.
struct XGBoostFailure: Error, CustomStringConvertible {
    let call: String
    let words: String

    var description: String {
        let line = words.split(separator: "\n").first.map(String.init) ?? "no reason given"
        return "XGBoost failed in \(call): \(line)"
    }
}

/// Turns the status of a call into an error; the library's last error belongs to the thread, so this asks at once.
private func check(_ status: Int32, _ call: String) throws {
    guard status != 0 else { return }
    // Safety: XGBGetLastError returns a terminated string that lives until this thread's next call; it is copied here.
    throw XGBoostFailure(call: call, words: unsafe String(cString: XGBGetLastError()))
}

/// Which version of the library is in use, for example `1.7.4`.
func xgboostVersion() -> String {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    // Safety: the three addresses are of locals that outlive the call, which writes one integer to each.
    unsafe XGBoostVersion(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
}

/// How XGBoost is told to treat a feature.
enum XGBoostFeatureType: String {
    /// Any number.
    case quantity = "q"
    /// A whole number.
    case integer = "i"
    /// A code of a category; only the trees' sets of codes look at it.
    case category = "c"
}

/// Rows of features with their labels as XGBoost holds them; freed exactly once.
@safe
final class XGBoostMatrix {
    fileprivate let handle: DMatrixHandle
    let rowCount: Int

    /// Copies the rows.
    /// - Parameters:
    ///   - values: row after row, NaN where missing.
    ///   - labels: 0 or 1 for each row.
    ///   - names: the features' names.
    ///   - types: how to treat them.
    ///   - threads: how many threads may copy.
    /// - Throws: ``XGBoostFailure``.
    init(values: [Float], labels: [Float], names: [String], types: [XGBoostFeatureType], threads: Int) throws {
        precondition(values.count == labels.count * names.count && names.count == types.count)
        var made: DMatrixHandle?
        // Safety: the buffer holds labels.count × names.count floats, the size told, and outlives the call, which copies.
        let status = unsafe values.withUnsafeBufferPointer { buffer in
            unsafe XGDMatrixCreateFromMat_omp(
                buffer.baseAddress,
                UInt64(labels.count),
                UInt64(names.count),
                .nan,
                &made,
                Int32(threads)
            )
        }
        try check(status, "XGDMatrixCreateFromMat_omp")
        guard let matrix = unsafe made else {
            throw XGBoostFailure(call: "XGDMatrixCreateFromMat_omp", words: "no matrix")
        }
        unsafe handle = matrix
        rowCount = labels.count
        try setInfo("feature_name", names)
        try setInfo("feature_type", types.map(\.rawValue))
        // Safety: as above; the call copies labels.count floats.
        try check(
            unsafe labels.withUnsafeBufferPointer {
                unsafe XGDMatrixSetFloatInfo(matrix, "label", $0.baseAddress, UInt64($0.count))
            },
            "XGDMatrixSetFloatInfo"
        )
    }

    deinit {
        // Safety: the handle was made by `init` and is freed here only.
        unsafe XGDMatrixFree(handle)
    }

    private func setInfo(_ field: String, _ words: [String]) throws {
        // Safety: strdup makes terminated copies that live until the loop below frees them, after the call that copies them.
        var copies: [UnsafePointer<CChar>?] = unsafe words.map { word in
            unsafe UnsafePointer(strdup(word))
        }
        defer { unsafe copies.forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) } }
        let status = unsafe copies.withUnsafeMutableBufferPointer {
            unsafe XGDMatrixSetStrFeatureInfo(handle, field, $0.baseAddress, UInt64($0.count))
        }
        try check(status, "XGDMatrixSetStrFeatureInfo(\(field))")
    }
}

/// An ensemble as XGBoost grows it; freed exactly once, used by one thread.
@safe
final class XGBoostBooster {
    private let handle: BoosterHandle
    /// Keeps alive what the library holds references to.
    private let matrices: [XGBoostMatrix]

    /// An empty ensemble for these matrices.
    init(parameters: [(String, String)], matrices: [XGBoostMatrix]) throws {
        var handles: [DMatrixHandle?] = unsafe matrices.map { unsafe $0.handle }
        var made: BoosterHandle?
        // Safety: the array of handles outlives the call, which copies it; `matrices` keeps what they stand for alive.
        let status = unsafe handles.withUnsafeMutableBufferPointer {
            unsafe XGBoosterCreate($0.baseAddress, UInt64($0.count), &made)
        }
        try check(status, "XGBoosterCreate")
        guard let booster = unsafe made else { throw XGBoostFailure(call: "XGBoosterCreate", words: "no booster") }
        unsafe handle = booster
        self.matrices = matrices
        for (name, value) in parameters {
            // Safety: Swift passes both strings as terminated copies that outlive the call.
            try check(unsafe XGBoosterSetParam(handle, name, value), "XGBoosterSetParam(\(name)=\(value))")
        }
    }

    private init(adopting handle: BoosterHandle) {
        unsafe self.handle = handle
        matrices = []
    }

    deinit {
        // Safety: the handle was made by an initialiser and is freed here only.
        unsafe XGBoosterFree(handle)
    }

    /// Grows the trees of one more round.
    func grow(round: Int, on matrix: XGBoostMatrix) throws {
        // Safety: both handles are alive, each kept by its owner.
        try check(unsafe XGBoosterUpdateOneIter(handle, Int32(round), matrix.handle), "XGBoosterUpdateOneIter")
    }

    /// The evaluation metric on each matrix after a round.
    func metrics(round: Int, on matrices: [XGBoostMatrix]) throws -> [Double] {
        var handles: [DMatrixHandle?] = unsafe matrices.map { unsafe $0.handle }
        let names = matrices.indices.map { "m\($0)" }
        // Safety: strdup's copies live until freed below, after the call.
        var copies: [UnsafePointer<CChar>?] = unsafe names.map { unsafe UnsafePointer(strdup($0)) }
        defer { unsafe copies.forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) } }
        var text: UnsafePointer<CChar>?
        // Safety: both arrays have `matrices.count` elements, the length told, and outlive the call; the text belongs to the
        // booster until its next call and is copied below.
        let status = unsafe handles.withUnsafeMutableBufferPointer { handles in
            unsafe copies.withUnsafeMutableBufferPointer { names in
                unsafe XGBoosterEvalOneIter(
                    handle,
                    Int32(round),
                    handles.baseAddress,
                    names.baseAddress,
                    UInt64(handles.count),
                    &text
                )
            }
        }
        try check(status, "XGBoosterEvalOneIter")
        // For example "[12]\tm0-logloss:0.2581\tm1-logloss:0.2713".
        let words = unsafe text.map { unsafe String(cString: $0) } ?? ""
        let values = words.split(separator: "\t").dropFirst().compactMap { part in
            part.split(separator: ":").last.flatMap { Double($0) }
        }
        guard values.count == matrices.count else {
            throw XGBoostFailure(call: "XGBoosterEvalOneIter", words: "unexpected answer '\(words)'")
        }
        return values
    }

    /// The ensemble's first rounds as an ensemble of its own.
    func firstRounds(_ count: Int) throws -> XGBoostBooster {
        var made: BoosterHandle?
        // Safety: the handle is alive; the new booster is a copy, owned by what is returned.
        try check(unsafe XGBoosterSlice(handle, 0, Int32(count), 1, &made), "XGBoosterSlice")
        guard let slice = unsafe made else { throw XGBoostFailure(call: "XGBoosterSlice", words: "no booster") }
        return unsafe XGBoostBooster(adopting: slice)
    }

    /// The margin of each row: base margin and leaves, before any transform.
    func margins(_ matrix: XGBoostMatrix) throws -> [Float] {
        let configuration =
            #"{"type":1,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":true}"#
        var shape: UnsafePointer<UInt64>?
        var dimensions: UInt64 = 0
        var values: UnsafePointer<Float>?
        // Safety: the outputs belong to the booster until its next call; the values are copied here, as many as rows, which
        // the shape is checked to say.
        try check(
            unsafe XGBoosterPredictFromDMatrix(handle, matrix.handle, configuration, &shape, &dimensions, &values),
            "XGBoosterPredictFromDMatrix"
        )
        guard let shape = unsafe shape, let values = unsafe values, dimensions >= 1 else {
            throw XGBoostFailure(call: "XGBoosterPredictFromDMatrix", words: "no result")
        }
        let count = (0..<Int(dimensions)).reduce(1) { unsafe $0 * Int(shape[$1]) }
        guard count == matrix.rowCount else {
            throw XGBoostFailure(
                call: "XGBoosterPredictFromDMatrix",
                words: "\(count) results for \(matrix.rowCount) rows"
            )
        }
        return unsafe Array(UnsafeBufferPointer(start: values, count: count))
    }

    /// The ensemble in UBJSON, as XGBoost would write it to a file.
    func model() throws -> [UInt8] {
        var count: UInt64 = 0
        var bytes: UnsafePointer<CChar>?
        // Safety: the bytes belong to the booster until its next call; `count` of them are copied here.
        try check(
            unsafe XGBoosterSaveModelToBuffer(handle, #"{"format":"ubj"}"#, &count, &bytes),
            "XGBoosterSaveModelToBuffer"
        )
        guard let bytes = unsafe bytes else {
            throw XGBoostFailure(call: "XGBoosterSaveModelToBuffer", words: "no bytes")
        }
        return unsafe Array(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
    }

    /// The sum of the gains of all splits on each of so many features.
    func totalGains(featureCount count: Int) throws -> [Double] {
        // Plain names, in place of the true ones, make the answer independent of what a name may hold.
        let names = (0..<count).map { "\"\($0)\"" }.joined(separator: ",")
        let configuration = #"{"importance_type":"total_gain","feature_names":["# + names + "]}"
        var featureCount: UInt64 = 0
        var features: UnsafeMutablePointer<UnsafePointer<CChar>?>?
        var dimensions: UInt64 = 0
        var shape: UnsafePointer<UInt64>?
        var scores: UnsafePointer<Float>?
        // Safety: the outputs belong to the library's thread-local store until the next call; for trees there are
        // `featureCount` names and as many scores, all copied here.
        try check(
            unsafe XGBoosterFeatureScore(
                handle,
                configuration,
                &featureCount,
                &features,
                &dimensions,
                &shape,
                &scores
            ),
            "XGBoosterFeatureScore"
        )
        var gains = [Double](repeating: 0, count: count)
        guard let features = unsafe features, let scores = unsafe scores else { return gains }
        for index in 0..<Int(featureCount) {
            guard let name = unsafe features[index], let feature = unsafe Int(String(cString: name)) else { continue }
            if gains.indices.contains(feature) { unsafe gains[feature] = Double(scores[index]) }
        }
        return gains
    }
}
