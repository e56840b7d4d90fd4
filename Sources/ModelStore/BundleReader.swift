internal import ByteKit
internal import EnsembleFormats
internal import EnsembleKernels
internal import Foundation
internal import LeadScoring
internal import LeadTypes
internal import TreeEnsemble

/// Reads one bundle; nothing is believed before it is checked.
struct BundleReader {
    /// The bundle's folder.
    let folder: String
    /// The model's name.
    let name: String
    /// The version: the folder's name.
    let version: String

    /// Loads the bundle and checks what serves, in the order of the specification.
    /// - Parameters:
    ///   - kernel: the kernel to serve with; the best that the processor can run if nil.
    ///   - isThorough: check every file's digest, also those that serving does not look at.
    /// - Returns: the bundle.
    /// - Throws: ``BundleError``.
    func load(_ kernel: KernelName?, isThorough: Bool) throws -> LoadedBundle {
        guard let versionName = VersionName(version) else {
            throw BundleError(
                path: folder,
                problem: "\"\(version)\" is no version's name",
                remedy: "a bundle's folder keeps the name it was written with, such as 000001-5be0c1f2"
            )
        }
        let manifest = try readManifest(versionName)
        let plan = openPlan(manifest, kernel)
        // Nobody reads a plan any longer once it is not to be used.
        defer { plan.reader?.finish() }
        try checkLengths(of: manifest, isThorough: isThorough)
        let files = try readFiles(of: manifest, isThorough: isThorough)
        guard let golden = manifest.file(role: "golden"), let goldenBytes = files[golden.name] else {
            throw BundleError(path: folder, problem: "there are no golden rows")
        }
        let rows = try GoldenRows.decode(
            goldenBytes,
            columnCount: manifest.recipe.schema.columns.count,
            path: join(folder, golden.name)
        )
        let (model, use) = try readModel(manifest, plan, rows, goldenPath: join(folder, golden.name), kernel)
        return LoadedBundle(
            path: folder,
            name: name,
            version: version,
            manifest: manifest,
            model: model,
            goldenRows: rows,
            report: manifest.file(role: "report").flatMap { files[$0.name] },
            plan: use
        )
    }

    /// The first plan for the kernel, or what became of the plans that there are.
    private func openPlan(_ manifest: BundleManifest, _ kernel: KernelName?) -> (reader: PlanReader?, use: PlanUse) {
        var use = PlanUse.absent
        for file in manifest.files where file.role == BundleManifest.planRole {
            do {
                guard let reader = try PlanReader(path: join(folder, file.name), file: file, kernel) else { continue }
                return (reader, .used(file: file.name))
            } catch {
                use = .refused(file: file.name, reason: "\(error)")
            }
        }
        return (nil, use)
    }

    /// The model, with golden rows scored: by the packed plan, or else from the model file.
    private func readModel(
        _ manifest: BundleManifest,
        _ plan: (reader: PlanReader?, use: PlanUse),
        _ golden: GoldenRows,
        goldenPath: String,
        _ kernel: KernelName?
    ) throws -> (LeadModel, PlanUse) {
        guard let file = manifest.file(role: "model") else {
            throw BundleError(path: folder, problem: "there is no model file")
        }
        var use = plan.use
        if let reader = plan.reader {
            do {
                let recipe = manifest.recipe
                return (try reader.model(name: name, version: version, recipe, of: file, kernel, golden), use)
            } catch {
                use = .refused(file: reader.name, reason: "\(error)")
            }
        }
        let ensemble = try readEnsemble(file)
        let model: LeadModel
        do {
            model = try LeadModel(
                name: name,
                version: version,
                recipe: manifest.recipe,
                ensemble: ensemble,
                kernel: kernel
            )
        } catch {
            throw BundleError(path: join(folder, manifestName), problem: "\(error)")
        }
        try golden.check(model, path: goldenPath)
        return (model, use)
    }

    private func readManifest(_ versionName: VersionName) throws -> BundleManifest {
        let path = join(folder, manifestName)
        let size = try sizeOfRegularFile(path)
        guard size <= BundleManifest.bytesMax else {
            throw BundleError(path: path, problem: "\(size) bytes are too many for a manifest")
        }
        let bytes = try read(path)
        guard SHA256Digest.hexadecimal(of: bytes).hasPrefix(versionName.digest) else {
            throw BundleError(
                path: path,
                problem: "its digest does not begin with \(versionName.digest), as the folder's name says",
                remedy: "the file was changed or damaged; copy the bundle again from where it was made"
            )
        }
        return try BundleManifest.decode(bytes, path: path)
    }

    /// Compares all lengths before the first byte is read; those of plans only if all is to be checked.
    private func checkLengths(of manifest: BundleManifest, isThorough: Bool) throws {
        for file in manifest.files where isThorough || file.role != BundleManifest.planRole {
            let path = join(folder, file.name)
            let size = try sizeOfRegularFile(path)
            guard size == file.bytes else {
                throw damaged(path, "\(size) bytes instead of \(file.bytes)")
            }
        }
    }

    /// The files by name, but for the model and its plans, which are large and read when it is known which.
    private func readFiles(of manifest: BundleManifest, isThorough: Bool) throws -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for file in manifest.files {
            let isLarge = file.role == "model" || file.role == BundleManifest.planRole
            if isLarge, !isThorough { continue }
            let bytes = try readChecked(file)
            if !isLarge { contents[file.name] = bytes }
        }
        return contents
    }

    /// The bytes of a file of the digest that the manifest says.
    private func readChecked(_ file: BundleManifest.File) throws -> [UInt8] {
        let path = join(folder, file.name)
        let bytes = try read(path)
        guard SHA256Digest.hexadecimal(of: bytes) == file.sha256 else {
            throw damaged(path, "its digest is not the one in the manifest")
        }
        return bytes
    }

    private func readEnsemble(_ file: BundleManifest.File) throws -> Ensemble {
        let bytes = try readChecked(file)
        do throws(ModelFileError) {
            return try ModelFile.read(bytes, name: file.name)
        } catch {
            throw BundleError(path: folder, problem: error.description)
        }
    }

    /// The length of a file that is no link, folder or pipe.
    private func sizeOfRegularFile(_ path: String) throws -> Int {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            throw damaged(path, "the file is missing, or may not be read")
        }
        guard attributes[.type] as? FileAttributeType == .typeRegular, let size = attributes[.size] as? Int else {
            throw BundleError(path: path, problem: "this is no regular file; a bundle holds no links")
        }
        return size
    }

    private func read(_ path: String) throws -> [UInt8] {
        do {
            return try [UInt8](contentsOfFile: path)
        } catch {
            throw BundleError(path: path, problem: "cannot be read: \(error)")
        }
    }

    private func damaged(_ path: String, _ problem: String) -> BundleError {
        BundleError(
            path: path,
            problem: problem,
            remedy: "the bundle is damaged; copy it again from where it was made, or make it anew"
        )
    }
}
