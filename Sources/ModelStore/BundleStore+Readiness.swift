internal import Foundation

extension BundleStore {
    /// Makes sure, before long work, that a version of this model could be written afterwards.
    ///
    /// Makes the store's folder if it is not there.
    /// - Parameter name: the model's name.
    /// - Throws: ``BundleError`` when the name cannot be one, or the folder cannot be made or written to.
    public func makeReady(name: String) throws(BundleError) {
        guard isPlainName(name) else {
            throw BundleError(
                path: path,
                problem: "\"\(name)\" cannot name a model",
                remedy: "use 1 to 100 letters, digits, '.', '_' and '-', the first no '.'"
            )
        }
        let folder = URL(fileURLWithPath: path).appendingPathComponent(name).path
        let above = URL(fileURLWithPath: path)
        guard !FileManager.default.fileExists(atPath: above.path) || ModelStore.isFolder(above.path) else {
            throw BundleError(path: path, problem: "this is a file, not a folder for models", remedy: "choose another")
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw BundleError(
                path: path,
                problem: "the folder cannot be made: \(error.localizedDescription)",
                remedy: "choose another, or make its parent writable"
            )
        }
        var isFolder = false
        if let kind = try? FileManager.default.attributesOfItem(atPath: folder)[.type] as? FileAttributeType {
            isFolder = kind == .typeDirectory || kind == .typeSymbolicLink
            guard isFolder else {
                throw BundleError(path: folder, problem: "this is no folder", remedy: "name another model")
            }
        }
        guard FileManager.default.isWritableFile(atPath: isFolder ? folder : path) else {
            throw BundleError(
                path: isFolder ? folder : path,
                problem: "permission denied",
                remedy: "make the folder writable for this user"
            )
        }
    }
}
