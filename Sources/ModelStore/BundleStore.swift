public import EnsembleKernels
internal import Foundation

/// A folder of models: each folder in it is a model, each folder in that a version.
///
/// A value without state: any number of them, in any number of processes, may look at one folder.
public struct BundleStore: Sendable {
    /// The folder.
    public let path: String

    /// The store in a folder, which need not be there before something is written.
    public init(path: String) { self.path = path }

    /// A model's versions, as their folders' names tell; none of them was looked into.
    public struct Listing: Sendable, Equatable {
        /// The model's name.
        public var name: String
        /// Its versions, newest first.
        public var versions: [String]

        /// A model and its versions.
        public init(name: String, versions: [String]) {
            self.name = name
            self.versions = versions
        }
    }

    /// A version or model that could not be loaded.
    public struct Failed: Sendable, Equatable {
        /// The model's name.
        public var name: String
        /// The version; empty if the model has none.
        public var version: String
        /// Why.
        public var error: BundleError
    }

    /// What a look for bundles brought.
    public struct Loaded: Sendable {
        /// The bundles that passed, by name.
        public var bundles: [LoadedBundle]
        /// The newer versions, or models, that did not.
        public var failed: [Failed]
    }

    /// Every model that has a version, by name.
    ///
    /// Reads folders only, so that it can be asked every second.
    /// - Throws: ``BundleError`` if the folder cannot be read.
    public func listing() throws -> [Listing] {
        guard FileManager.default.fileExists(atPath: path) else {
            throw BundleError(path: path, problem: "no such folder", remedy: "make it, or name another with --models")
        }
        guard isFolder(path) else {
            throw BundleError(path: path, problem: "this is a file", remedy: "name the folder of models with --models")
        }
        let names = try folderNames(in: path).filter(isPlainName).sorted()
        return try names.compactMap { name in
            let versions = try versions(ofModel: name)
            return versions.isEmpty ? nil : Listing(name: name, versions: versions.map(\.text))
        }
    }

    /// Loads one version of a model and checks all of it that serves.
    ///
    /// - Parameters:
    ///   - name: the model's name.
    ///   - version: the exact version.
    ///   - kernel: the kernel to serve with; the best that the processor can run if nil.
    ///   - isThorough: check every file, also those that serving does not look at: the model file, where a packed plan of it
    ///     serves, and plans for other kernels.
    /// - Returns: the bundle.
    /// - Throws: ``BundleError``.
    public func load(
        name: String,
        version: String,
        kernel: KernelName? = nil,
        isThorough: Bool = false
    ) throws -> LoadedBundle {
        guard isPlainName(name) else { throw BundleError(path: path, problem: "\"\(name)\" cannot name a model") }
        return try BundleReader(folder: join(path, name, version), name: name, version: version)
            .load(kernel, isThorough: isThorough)
    }

    /// Loads the newest version of a model that passes every check.
    ///
    /// - Parameters:
    ///   - name: the model's name.
    ///   - kernel: the kernel to serve with; the best that the processor can run if nil.
    ///   - isThorough: check every file, also those that serving does not look at.
    /// - Returns: the bundle, and the newer versions that did not pass.
    /// - Throws: ``BundleError`` if no version passes: the newest one's error.
    public func loadNewest(
        name: String,
        kernel: KernelName? = nil,
        isThorough: Bool = false
    ) throws -> (bundle: LoadedBundle, failed: [Failed]) {
        guard isPlainName(name) else { throw BundleError(path: path, problem: "\"\(name)\" cannot name a model") }
        var failed: [Failed] = []
        for version in try versions(ofModel: name) {
            do {
                return (try load(name: name, version: version.text, kernel: kernel, isThorough: isThorough), failed)
            } catch let error as BundleError {
                failed.append(Failed(name: name, version: version.text, error: error))
            }
        }
        throw failed.first?.error
            ?? noVersions(in: join(path, name))
    }

    /// Loads the newest version that passes of every model.
    ///
    /// - Parameter kernel: the kernel to serve with; the best that the processor can run if nil.
    /// - Returns: the bundles, and what did not pass.
    /// - Throws: ``BundleError`` if the folder cannot be read.
    public func loadAll(kernel: KernelName? = nil) throws -> Loaded {
        var loaded = Loaded(bundles: [], failed: [])
        for model in try listing() {
            do {
                let (bundle, failed) = try loadNewest(name: model.name, kernel: kernel)
                loaded.bundles.append(bundle)
                loaded.failed += failed
            } catch let error as BundleError {
                loaded.failed.append(Failed(name: model.name, version: model.versions[0], error: error))
            }
        }
        return loaded
    }

    /// Loads the bundle at a path that a user gave.
    ///
    /// That is a version's folder, or a model's folder for the version that a server would serve: the alias production's, or else
    /// the newest that passes. `FOLDER@ALIAS` is another alias's.
    ///
    /// - Parameters:
    ///   - path: the folder.
    ///   - kernel: the kernel to score with; the best that the processor can run if nil.
    ///   - isThorough: check every file, also those that serving does not look at.
    /// - Returns: the bundle.
    /// - Throws: ``BundleError``.
    public static func load(path: String, kernel: KernelName? = nil, isThorough: Bool = false) throws -> LoadedBundle {
        let whole = URL(fileURLWithPath: path).standardizedFileURL
        let place = whole.lastPathComponent.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        if place.count == 2, !isFolder(whole.path) {
            let store = BundleStore(path: whole.deletingLastPathComponent().path)
            let (name, alias) = (String(place[0]), String(place[1]))
            guard isPlainName(name), let version = try store.aliases(ofModel: name)[alias] else {
                let known = isPlainName(name) ? try store.aliases(ofModel: name).names : []
                throw BundleError(
                    path: path,
                    problem: "there is no such alias",
                    remedy: known.isEmpty
                        ? "the model has none; leadline models publish gives one"
                        : "there are \(known.joined(separator: ", "))"
                )
            }
            return try store.load(name: name, version: version, kernel: kernel, isThorough: isThorough)
        }
        guard isFolder(whole.path) else {
            throw BundleError(
                path: path,
                problem: FileManager.default.fileExists(atPath: path)
                    ? "this is a file; a bundle is a folder" : "no such folder",
                remedy: "name the folder of a model, such as models/leads"
            )
        }
        let outer = whole.deletingLastPathComponent()
        let isVersion =
            VersionName(whole.lastPathComponent) != nil
            || FileManager.default.fileExists(atPath: join(whole.path, manifestName))
        if isVersion {
            let store = BundleStore(path: outer.deletingLastPathComponent().path)
            return try store.load(
                name: outer.lastPathComponent,
                version: whole.lastPathComponent,
                kernel: kernel,
                isThorough: isThorough
            )
        }
        let store = BundleStore(path: outer.path)
        let name = whole.lastPathComponent
        if let version = try store.aliases(ofModel: name)[ModelAliases.production] {
            return try store.load(name: name, version: version, kernel: kernel, isThorough: isThorough)
        }
        return try store.loadNewest(name: name, kernel: kernel, isThorough: isThorough).bundle
    }

    /// What to say of a folder without a version: often it is the one above that was meant.
    private func noVersions(in folder: String) -> BundleError {
        let inside = (try? BundleStore(path: folder).listing()) ?? []
        return BundleError(
            path: folder,
            problem: "there is no version of a model here",
            remedy: inside.isEmpty
                ? "make one: leadline train … --out \(folder), or leadline import"
                : "name a model in it: " + inside.prefix(5).map { join(folder, $0.name) }.joined(separator: ", ")
        )
    }

    /// A model's versions, newest first; none if the model is not there.
    func versions(ofModel name: String) throws -> [VersionName] {
        let folder = join(path, name)
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        return try folderNames(in: folder).compactMap { VersionName($0) }.sorted(by: >)
    }
}

/// The names of the folders in a folder.
private func folderNames(in path: String) throws -> [String] {
    do {
        return try FileManager.default.contentsOfDirectory(atPath: path).filter { isFolder(join(path, $0)) }
    } catch {
        throw BundleError(path: path, problem: "the folder cannot be read: \(error.localizedDescription)")
    }
}

/// Whether the path, links followed, is a folder.
func isFolder(_ path: String) -> Bool {
    let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    return (try? url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
}

/// Path and names with slashes between.
func join(_ path: String, _ names: String...) -> String {
    names.reduce(path) { $0.hasSuffix("/") ? $0 + $1 : $0 + "/" + $1 }
}
