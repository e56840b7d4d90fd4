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

    /// Loads and checks everything, in the order of the specification.
    func load(_ kernel: KernelName?) throws -> LoadedBundle {
        guard let versionName = VersionName(version) else {
            throw BundleError(
                path: folder,
                problem: "\"\(version)\" is no version's name",
                remedy: "a bundle's folder keeps the name it was written with, such as 000001-5be0c1f2"
            )
        }
        let manifest = try readManifest(versionName)
        let files = try readFiles(of: manifest)
        let model = try readModel(manifest, files)
        guard let golden = manifest.file(role: "golden") else {
            throw BundleError(path: folder, problem: "there are no golden rows")
        }
        let lead: LeadModel
        do {
            lead = try LeadModel(
                name: name,
                version: version,
                recipe: manifest.recipe,
                ensemble: model,
                kernel: kernel
            )
        } catch {
            throw BundleError(path: join(folder, manifestName), problem: "\(error)")
        }
        let goldenPath = join(folder, golden.name)
        let rows = try GoldenRows.decode(
            files[golden.name] ?? [],
            columnCount: manifest.recipe.schema.columns.count,
            path: goldenPath
        )
        try rows.check(lead, path: goldenPath)
        return LoadedBundle(
            path: folder,
            name: name,
            version: version,
            manifest: manifest,
            model: lead,
            goldenRows: rows,
            report: manifest.file(role: "report").flatMap { files[$0.name] }
        )
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

    /// The files by name.
    ///
    /// All lengths are compared before the first byte is read.
    private func readFiles(of manifest: BundleManifest) throws -> [String: [UInt8]] {
        for file in manifest.files {
            let path = join(folder, file.name)
            let size = try sizeOfRegularFile(path)
            guard size == file.bytes else {
                throw damaged(path, "\(size) bytes instead of \(file.bytes)")
            }
        }
        var contents: [String: [UInt8]] = [:]
        for file in manifest.files {
            let path = join(folder, file.name)
            let bytes = try read(path)
            guard SHA256Digest.hexadecimal(of: bytes) == file.sha256 else {
                throw damaged(path, "its digest is not the one in the manifest")
            }
            contents[file.name] = bytes
        }
        return contents
    }

    private func readModel(_ manifest: BundleManifest, _ files: [String: [UInt8]]) throws -> Ensemble {
        guard let file = manifest.file(role: "model"), let bytes = files[file.name] else {
            throw BundleError(path: folder, problem: "there is no model file")
        }
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
