internal import ByteKit
internal import Dispatch
internal import EnsembleKernels
internal import LeadScoring
internal import Synchronization

/// Makes a model of a packed plan, without its model file.
///
/// The plan's digest is computed beside all else, from the beginning: any bytes can be checked and scored, and nothing is
/// served before it is compared.
struct PlanReader {
    private let path: String
    private let file: BundleManifest.File
    private let stored: StoredPlan
    private let digest: DigestBeside

    /// Why a plan is not used.
    private struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads a plan, and begins with its digest; nil if the plan is for other kernels.
    ///
    /// - Parameters:
    ///   - path: where the plan is.
    ///   - file: what the manifest says of it.
    ///   - kernel: the kernel to serve with; the best that the processor can run if nil.
    /// - Throws: why the plan cannot be used.
    init?(path: String, file: BundleManifest.File, _ kernel: KernelName?) throws {
        stored = try StoredPlan(readingFile: path, byteCount: file.bytes)
        let wanted = (kernel ?? EnsembleKernel.supportedByProcessor.first ?? .portable).planKind
        guard try stored.kind() == wanted else { return nil }
        self.path = path
        self.file = file
        digest = DigestBeside(stored)
    }

    /// The file's name.
    var name: String { file.name }

    /// Waits until nothing reads the plan beside the caller.
    func finish() { _ = digest.value() }

    /// The model, once the plan is known to be whole, and has scored the golden rows.
    /// - Parameters:
    ///   - name: the model's name.
    ///   - version: its version.
    ///   - recipe: its recipe.
    ///   - modelFile: what the manifest says of the model file that the plan must be of.
    ///   - kernel: as above.
    ///   - golden: the golden rows.
    /// - Returns: the model.
    /// - Throws: why the plan cannot be used.
    func model(
        name: String,
        version: String,
        _ recipe: ScoringRecipe,
        of modelFile: BundleManifest.File,
        _ kernel: KernelName?,
        _ golden: GoldenRows
    ) throws -> LeadModel {
        guard let modelDigest = SHA256Digest.bytes(hexadecimal: modelFile.sha256) else {
            throw Refusal(description: "the model file has no proper digest")
        }
        let model: LeadModel
        do {
            let packed = try EnsembleKernel(stored: stored, modelDigest: modelDigest, kernel: kernel)
            model = try LeadModel(name: name, version: version, recipe: recipe, kernel: packed)
            try golden.check(model, path: path)
        } catch {
            // A damaged plan says nothing of worth about itself.
            guard digest.value() == file.sha256 else { throw Self.damaged }
            throw error
        }
        guard digest.value() == file.sha256 else { throw Self.damaged }
        return model
    }

    private static let damaged = Refusal(description: "its digest is not the one in the manifest")
}

/// The SHA-256 of a plan, computed on another thread.
private final class DigestBeside: Sendable {
    private let digits = Mutex("")
    private let work = DispatchGroup()

    init(_ plan: StoredPlan) {
        DispatchQueue.global(qos: .userInitiated).async(group: work) { [self] in
            let found = plan.withBytes { SHA256Digest.hexadecimal(of: $0) }
            digits.withLock { $0 = found }
        }
    }

    /// The digest as hexadecimal digits, once it is known.
    func value() -> String {
        work.wait()
        return digits.withLock { $0 }
    }
}
